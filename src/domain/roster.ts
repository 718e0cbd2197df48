/**
 * The roster: the list of keys and roles that the banks of one site trust, signed by the site's root.
 * It holds public keys, hashes and ids, and no names: it travels, and is kept at every bank.
 *
 * Residents are not in it. Who is told about a parcel is cloud data.
 */
import { z } from 'zod';
import {
  type BankId,
  type CarrierId,
  type EpochId,
  isId,
  type PersonId,
  type SiteId,
  type TenantId,
} from './ids.ts';

export const ROSTER_VERSION = 1;
/** As many as a note may have signatures. */
export const ROOT_KEYS_MAX = 16;
/** Of the text of the key that signs the ledger's checkpoints. */
export const LEDGER_KEY_LENGTH_MAX = 200;

const id = <T extends string>(kind: Parameters<typeof isId>[0]) =>
  z.custom<T>((value) => typeof value === 'string' && isId(kind, value), `an id that begins with ${kind}_`);
/** base64url of so many bytes, in its one form: the bits left over in the last letter are zero. */
const base64urlOf = (bytes: number) => {
  const last = ['', '[AQgw]', '[AEIMQUYcgkosw048]'][bytes % 3] ?? '';
  const before = Math.ceil((bytes * 4) / 3) - (last === '' ? 0 : 1);
  return z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${before}}${last}$`), `base64url of ${bytes} bytes`);
};
/** SubjectPublicKeyInfo of a P-256 key: 91 bytes. */
const spki = base64urlOf(91);
/** An uncompressed P-256 point: 65 bytes. */
const point = base64urlOf(65);
const sha256Text = base64urlOf(32);
const atMs = z.int().min(0).max(8.64e15);
/** Each name once: a signer is shown one row a name, so a second entry would be signed unseen. */
const distinct = (names: readonly string[]) => new Set(names).size === names.length;

/**
 * What a bank does by rule. Part of the roster because a hostile cloud must not shorten a hold or raise a
 * limit. Times are whole units as named.
 */
export const policySchema = z.strictObject({
  /** A parcel waits this long before it is held for staff. */
  holdDays: z.int().min(1).max(90),
  /** A known courier may drop off while the bank has not heard the cloud for this long. */
  offlineDropOffHours: z.int().min(1).max(720),
  /** After the door was sensed open, the code opens it again within this time. */
  graceMinutes: z.int().min(1).max(120),
  kioskIdleSeconds: z.int().min(15).max(600),
  /** An expected opening is ajar after this. */
  ajarSeconds: z.int().min(15).max(3600),
  /** Wrong guesses that a kiosk takes a day before it asks for flat and code. */
  kioskGuessesPerDay: z.int().min(5).max(50),
  guessesPerGrantDay: z.int().min(3).max(10),
  courierGuessesPerDay: z.int().min(3).max(10),
  pulsesPerMinute: z.int().min(3).max(60),
  pulsesPerSession: z.int().min(1).max(3),
  /** An order has another code made for one parcel so often a day. */
  reissuesPerGrantDay: z.int().min(0).max(3),
  /** Where the cabinet senses occupancy, may a parcel that was seen and is seen no more end a session that nobody confirmed? */
  occupancyConfirms: z.boolean(),
  /** A courier's badge alone is never enough unless the site wrote so: then no personal code is asked for. */
  badgeAlone: z.boolean(),
});
export type Policy = z.infer<typeof policySchema>;

export const DEFAULT_POLICY: Policy = {
  holdDays: 7,
  offlineDropOffHours: 72,
  graceMinutes: 10,
  kioskIdleSeconds: 60,
  ajarSeconds: 90,
  kioskGuessesPerDay: 20,
  guessesPerGrantDay: 5,
  courierGuessesPerDay: 5,
  pulsesPerMinute: 12,
  pulsesPerSession: 3,
  reissuesPerGrantDay: 1,
  occupancyConfirms: true,
  badgeAlone: false,
};

export const rosterBank = z.strictObject({
  bank: id<BankId>('bank'),
  /** The bank's identity: signs batch heads, and its certificate request. */
  key: spki,
  /** To which a directory is sealed on its way down. */
  sealKey: point,
});

export const rosterCarrier = z.strictObject({
  carrier: id<CarrierId>('carrier'),
  /** The company's name; not personal. No control or direction characters: a signer reads it. */
  name: z
    .string()
    .max(60)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u),
  /** The carrier's own key, which may delegate couriers; null until the carrier has one. */
  key: spki.nullable(),
});

export const rosterCourier = z.strictObject({
  person: id<PersonId>('person'),
  carrier: id<CarrierId>('carrier'),
  /** SHA-256 of the badge's 128-bit secret, labelled (see `badgeHash` in `ledger/roster.ts`). */
  badgeHash: sha256Text,
  untilMs: atMs.nullable(),
});

/** People whose order keys a bank obeys. Empty until the authority capability fills it. */
export const rosterStaff = z.strictObject({
  person: id<PersonId>('person'),
  role: z.enum(['admin', 'registrar', 'super-admin']),
  key: spki,
});

export const rosterSchema = z.strictObject({
  v: z.literal(ROSTER_VERSION),
  tenant: id<TenantId>('tenant'),
  site: id<SiteId>('site'),
  version: z.int().min(1),
  madeAtMs: atMs,
  /** The keys that sign the next roster, and how many of them must. */
  root: z.strictObject({
    keys: z.array(spki).min(1).max(ROOT_KEYS_MAX).refine(distinct),
    k: z.int().min(1).max(ROOT_KEYS_MAX),
  }),
  banks: z
    .array(rosterBank)
    .max(1000)
    .refine((all) => distinct(all.map(({ bank }) => bank))),
  /** SHA-256 of the cloud's TLS server keys: today's, the next, and one that lies in a safe. */
  pins: z.strictObject({ current: sha256Text, next: sha256Text, offline: sha256Text.nullable() }),
  keys: z.strictObject({
    /** Record fields are sealed to it on their way up. */
    intake: point,
    /** Signs the notifier's short-lived epochs. */
    notifier: spki,
    /** Signs ledger checkpoints, once there is a transparency log. */
    ledger: z
      .string()
      .max(LEDGER_KEY_LENGTH_MAX)
      .regex(/^[!-~]+$/)
      .nullable(),
  }),
  carriers: z
    .array(rosterCarrier)
    .max(200)
    .refine((all) => distinct(all.map(({ carrier }) => carrier))),
  couriers: z
    .array(rosterCourier)
    .max(10_000)
    .refine(
      (all) => distinct(all.map(({ person }) => person)) && distinct(all.map((courier) => courier.badgeHash)),
    ),
  staff: z
    .array(rosterStaff)
    .max(1000)
    .refine((all) => distinct(all.map(({ key }) => key))),
  policy: policySchema,
});
export type Roster = z.infer<typeof rosterSchema>;
export type RosterCourier = z.infer<typeof rosterCourier>;

/** The notifier's key of one epoch: codes are sealed to it, and it is destroyed after. */
export const epochSchema = z.strictObject({
  v: z.literal(1),
  tenant: id<TenantId>('tenant'),
  epoch: id<EpochId>('epoch'),
  key: point,
  notBeforeMs: atMs,
  notAfterMs: atMs,
});
export type Epoch = z.infer<typeof epochSchema>;

export type RosterChange = { what: string; was: string; becomes: string };

/** What a signer must see before signing: every difference between two rosters, in plain rows. */
export function rosterChanges(before: Roster | null, after: Roster): RosterChange[] {
  const was = new Map(before ? rows(before) : []);
  const becomes = new Map(rows(after));
  const names = [...new Set([...was.keys(), ...becomes.keys()])].sort();
  return names
    .map((what) => ({ what, was: was.get(what) ?? '', becomes: becomes.get(what) ?? '' }))
    .filter((row) => row.was !== row.becomes);
}

function rows(roster: Roster): [string, string][] {
  return [
    ['version', String(roster.version)],
    ['made at', new Date(roster.madeAtMs).toISOString()],
    ['tenant', roster.tenant],
    ['site', roster.site],
    ...roster.root.keys.map((key, index): [string, string] => [`root key ${index + 1}`, key]),
    ['root signatures needed', String(roster.root.k)],
    ...roster.banks.map((bank): [string, string] => [
      `bank ${bank.bank}`,
      `key ${bank.key} sealKey ${bank.sealKey}`,
    ]),
    ...Object.entries(roster.pins).map(([name, pin]): [string, string] => [
      `server pin ${name}`,
      pin ?? 'none',
    ]),
    ...Object.entries(roster.keys).map(([name, key]): [string, string] => [`${name} key`, key ?? 'none']),
    ...roster.carriers.map((carrier): [string, string] => [
      `carrier ${carrier.carrier}`,
      `${carrier.name} key ${carrier.key ?? 'none'}`,
    ]),
    ...roster.couriers.map((courier): [string, string] => [
      `courier ${courier.person}`,
      `carrier ${courier.carrier} badge ${courier.badgeHash} until ${courier.untilMs ?? 'removed'}`,
    ]),
    ...roster.staff.map((person): [string, string] => [
      `staff ${person.person} key ${person.key}`,
      person.role,
    ]),
    ...Object.entries(roster.policy).map(([name, value]): [string, string] => [
      `policy ${name}`,
      String(value),
    ]),
  ];
}
