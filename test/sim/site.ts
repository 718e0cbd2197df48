/** Who and what there is in one simulated site: keys, banks, couriers, residents, and the signed roster. */
import { base64url } from '../../src/crypto/bytes.ts';
import type { HpkeKey } from '../../src/crypto/hpke.ts';
import { fingerprint, type SigningKey } from '../../src/crypto/sign.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { type EpochId, type IdKind, type IdOf, idFrom, type PersonId } from '../../src/domain/ids.ts';
import { DEFAULT_POLICY, type Policy, type Roster } from '../../src/domain/roster.ts';
import { badgeText, pinDigits } from '../../src/domain/scan.ts';
import type { Standing } from '../../src/edge/plan/state.ts';
import { badgeHash, signEpoch, signRoster } from '../../src/ledger/roster.ts';
import type { Chance } from './chance.ts';
import { drawHpkeKey, drawSigningKey, signAgain } from './keys.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export type Resident = { person: PersonId; flat: string; label: string; accessible: boolean };
export type SimCourier = { person: PersonId; badge: string; code: string };
export type SimKeys = { identity: SigningKey; seal: HpkeKey; codes: Uint8Array };
export type SiteBank = { id: IdOf['bank']; keys: SimKeys; standing: Standing };

export type Site = {
  tenant: IdOf['tenant'];
  site: IdOf['site'];
  banks: readonly SiteBank[];
  couriers: readonly SimCourier[];
  /** In the roster, with a time that ends during the run. */
  leaving: SimCourier;
  /** Struck off by the second roster. */
  struck: SimCourier;
  residents: readonly Resident[];
  policy: Policy;
  intake: HpkeKey;
  epochs: readonly { id: EpochId; key: HpkeKey; note: string }[];
  rosters: readonly { version: number; note: string }[];
  /** Either of the two root keys may sign alone. */
  roots: readonly SigningKey[];
  /** A key that no roster names. */
  stranger: SigningKey;
};

type Roots = readonly [SigningKey, SigningKey];
type Ids = <K extends IdKind>(kind: K) => IdOf[K];

export function makeSite(chance: Chance, of: { banks: number; startMs: number; hours: number }): Site {
  const id: Ids = (kind) => idFrom(kind, chance.bytes(16));
  const tenant = id('tenant');
  const site = id('site');
  const roots = [drawSigningKey(chance), drawSigningKey(chance)] as const;
  const stranger = drawSigningKey(chance);
  const notifier = drawSigningKey(chance);
  const intake = drawHpkeKey(chance);
  const policy = drawPolicy(chance);
  const banks = Array.from({ length: of.banks }, (_, index) =>
    makeBank(chance, { id, tenant, site, roots, name: `Bank ${index + 1}` }),
  );
  const couriers = Array.from({ length: 5 }, () => makeCourier(chance, id));
  const [leaving, struck] = [makeCourier(chance, id), makeCourier(chance, id)];
  const base = { tenant, site, roots, notifier, intake, banks, policy, carrier: id('carrier') };
  const entries = (all: readonly SimCourier[]) =>
    all.map((courier) => ({
      courier,
      untilMs: courier === leaving ? of.startMs + Math.min(of.hours / 4, 5) * HOUR_MS : null,
    }));
  const epochs = [0, 1].map((number) => {
    const key = drawHpkeKey(chance);
    const epoch = { id: id('epoch'), key };
    const notBeforeMs = of.startMs - HOUR_MS + number;
    const note = signEpoch(
      {
        v: 1,
        tenant,
        epoch: epoch.id,
        key: base64url(key.publicKey),
        notBeforeMs,
        notAfterMs: of.startMs + (7 + number) * DAY_MS,
      },
      notifier,
    );
    return { ...epoch, note: signAgain(note, notifier) };
  });
  const rosters = [
    {
      version: 1,
      note: rosterNote(base, { version: 1, couriers: entries([...couriers, leaving, struck]) }, of),
    },
    { version: 2, note: rosterNote(base, { version: 2, couriers: entries([...couriers, leaving]) }, of) },
  ];
  const residents = makeResidents(chance, id);
  const people = { couriers, leaving, struck, residents };
  return { tenant, site, banks, ...people, policy, intake, epochs, rosters, roots, stranger };
}

/** Limits of every size that a roster may set, so that budgets and grace times are reached and not only near. */
function drawPolicy(chance: Chance): Policy {
  return {
    ...DEFAULT_POLICY,
    holdDays: chance.between(1, 3),
    graceMinutes: chance.between(3, 10),
    kioskGuessesPerDay: chance.pick([8, 12, 20]),
    courierGuessesPerDay: chance.pick([3, 5]),
    pulsesPerMinute: chance.pick([3, 4]),
    occupancyConfirms: chance.of(0.7),
  };
}

type BankParts = {
  id: Ids;
  tenant: Site['tenant'];
  site: Site['site'];
  roots: Roots;
  name: string;
};

function makeBank(chance: Chance, { id, tenant, site, roots, name }: BankParts): SiteBank {
  const keys = { identity: drawSigningKey(chance), seal: drawHpkeKey(chance), codes: chance.bytes(32) };
  const bank = id('bank');
  const standing: Standing = {
    bank,
    tenant,
    site,
    name,
    layout: LAYOUT_24,
    key: base64url(keys.identity.publicKey),
    sealKey: base64url(keys.seal.publicKey),
    fingerprint: fingerprint(keys.identity.publicKey),
    rootKeys: roots.map(({ publicKey }) => base64url(publicKey)),
    rootSignatures: 1,
    development: true,
    pinDigits: pinDigits(LAYOUT_24.compartments.length, DEFAULT_POLICY.kioskGuessesPerDay),
  };
  return { id: bank, keys, standing };
}

function makeCourier(chance: Chance, id: Ids): SimCourier {
  return {
    person: id('person'),
    badge: badgeText(chance.bytes(16)),
    // Never a run nor one digit all along: those are refused when the code is set.
    code: `7${chance.between(1000, 9999)}3${chance.between(10, 99)}`,
  };
}

function makeResidents(chance: Chance, id: Ids): Resident[] {
  return Array.from({ length: 40 }, (_, index) => ({
    person: id('person'),
    // Two people share every eighth flat, so that the kiosk has to ask which one.
    flat: String(index % 8 === 7 ? index : index + 1),
    label: `R. ${index + 1}`,
    accessible: chance.of(0.1),
  }));
}

type RosterParts = {
  tenant: Site['tenant'];
  site: Site['site'];
  roots: Roots;
  notifier: SigningKey;
  intake: HpkeKey;
  banks: readonly SiteBank[];
  policy: Policy;
  carrier: IdOf['carrier'];
};

function rosterNote(
  parts: RosterParts,
  on: { version: number; couriers: { courier: SimCourier; untilMs: number | null }[] },
  at: { startMs: number },
): string {
  const { tenant, site, roots, notifier, intake, banks, policy, carrier } = parts;
  const [root] = roots;
  const roster: Roster = {
    v: 1,
    tenant,
    site,
    version: on.version,
    madeAtMs: at.startMs,
    root: { keys: roots.map(({ publicKey }) => base64url(publicKey)), k: 1 },
    banks: banks.map(({ id, standing }) => ({ bank: id, key: standing.key, sealKey: standing.sealKey })),
    pins: { current: fingerprint(root.publicKey), next: fingerprint(notifier.publicKey), offline: null },
    keys: { intake: base64url(intake.publicKey), notifier: base64url(notifier.publicKey), ledger: null },
    carriers: [{ carrier, name: 'UPS', key: null }],
    couriers: on.couriers.map(({ courier, untilMs }) => ({
      person: courier.person,
      carrier,
      badgeHash: badgeHash(courier.badge),
      untilMs,
    })),
    staff: [],
    policy,
  };
  return signAgain(signRoster(roster, [root]), root);
}
