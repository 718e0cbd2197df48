/** The admin app's interface: `/api/admin/…`, cookie `holdfast_admin`, tenant of the signed-in admin. */
import { z } from 'zod';
import { isTypeable } from '../../domain/flat.ts';
import { SUSPENSION_HOURS_MAX } from '../uplink.ts';
import { attentionAlarm } from './alarms.ts';
import { atMs, page } from './common.ts';

/** Text that people read: no control, format or unassigned characters (Unicode general category C). */
const readable = z.string().regex(/^\P{C}+$/u, 'text without control characters');

/** `POST sign-in`: password and TOTP in one step; 204 and a cookie, or 401 with one constant answer. */
export const signInRequest = z.strictObject({
  email: z.string().max(200),
  password: z.string().min(1).max(200),
  totp: z.string().regex(/^\d{6}$/),
});
/** `GET me`, `POST sign-out`. */
export const me = z.strictObject({
  name: z.string(),
  email: z.string(),
  role: z.enum(['admin', 'super-admin']),
  tenant: z.string(),
  signedInAtMs: atMs,
});

export const bankSummary = z.strictObject({
  id: z.string(),
  name: z.string(),
  site: z.string(),
  online: z.boolean(),
  lastHeardMs: atMs.nullable(),
  fingerprint: z.string().nullable(),
  /** Named by the roster that the bank has applied, or only vouched for by the cloud. */
  vouchedBy: z.enum(['site root', 'the cloud only']),
  lastSeq: z.int(),
  roster: z.strictObject({ desired: z.int(), applied: z.int(), appliedAtMs: atMs.nullable() }),
  free: z.strictObject({ S: z.int(), M: z.int(), L: z.int(), XL: z.int() }),
  occupied: z.int(),
  compartments: z.int(),
  /** When the newest certificate that was made for it ends; null before it was enrolled. */
  certificateUntilMs: atMs.nullable(),
  /** Since when it is out of service for good: nothing of it is taken any more. */
  outSinceMs: atMs.nullable(),
});
/** `GET banks?cursor&limit`, `GET banks/:id`. */
export const banks = page(bankSummary);

export const compartmentView = z.strictObject({
  n: z.int(),
  size: z.enum(['S', 'M', 'L', 'XL']),
  column: z.int(),
  row: z.int(),
  heightUnits: z.int(),
  accessible: z.boolean(),
  /** Metadata only: what is inside is nobody's business here. */
  state: z.enum(['empty', 'reserved', 'occupied', 'held', 'out-of-service']),
  door: z.enum(['open', 'closed', 'unknown']),
  parcel: z.string().nullable(),
  sinceMs: atMs.nullable(),
  /** Withdrawn from service, whatever lies inside. */
  withdrawn: z.boolean(),
  /** Until when its parcel may be collected, and whether that time is over. */
  untilMs: atMs.nullable(),
  overdue: z.boolean(),
  /** Conditions that stand at this door: forced, ajar, jammed, … */
  alarms: z.array(z.string()),
});
/** A suspension of the bank or of one door, as it was asked for, and what the bank made of it. */
export const suspensionView = z.strictObject({
  /** Null: the whole bank. */
  door: z.int().nullable(),
  askedAtMs: atMs,
  untilMs: atMs,
  /** The name of who asked; null: the operator, by a command. */
  by: z.string().nullable(),
  /** Asked and not yet heard of, in force, refused by the bank, or lifted while the bank still holds it. */
  state: z.enum(['asked', 'applied', 'refused', 'lifting']),
  /** The bank's reason, a word of the list of denials. */
  refused: z.string().nullable(),
});
export const bankDetail = bankSummary.extend({
  layoutColumns: z.int(),
  doors: z.array(compartmentView),
  /** In force, or asked for. Pauses of couriers stand with the couriers. */
  suspensions: z.array(suspensionView),
});
/**
 * `POST banks/:id/suspend`, `POST banks/:id/doors/:n/suspend`: nobody is served there, from when the bank is reached. A
 * bank gives the cloud 24 hours in all for its doors and each roster, and refuses what is longer.
 */
export const placeSuspension = z.strictObject({
  hours: z.int().min(1).max(SUSPENSION_HOURS_MAX),
  reason: readable.min(1).max(200),
});
/** `POST banks/:id/lift`, `POST banks/:id/doors/:n/lift`. */
export const placeLift = z.strictObject({ reason: readable.min(1).max(200) });

/** `GET map?cursor&limit`: every bank as its cabinet. */
export const bankOnMap = z.strictObject({
  id: z.string(),
  name: z.string(),
  site: z.string(),
  siteName: z.string(),
  online: z.boolean(),
  lastHeardMs: atMs.nullable(),
  outSinceMs: atMs.nullable(),
  layoutColumns: z.int(),
  doors: z.array(compartmentView),
  /** Conditions of the bank as a whole. */
  alarms: z.array(z.string()),
});
export const siteMap = page(bankOnMap);

export const parcelRow = z.strictObject({
  id: z.string(),
  tracking: z.string(),
  carrier: z.string(),
  courier: z.string(),
  recipient: z.string(),
  flat: z.string(),
  bank: z.string(),
  compartment: z.int(),
  size: z.enum(['S', 'M', 'L', 'XL']),
  /** `lost`: no record has ended it, and its bank is out of service for good. */
  state: z.enum(['accepted', 'waiting', 'collected', 'removed', 'held', 'not-deposited', 'lost']),
  /** Who answers for it now. */
  custody: z.enum(['courier', 'bank', 'recipient', 'staff']),
  depositedAtMs: atMs.nullable(),
  untilMs: atMs.nullable(),
  endedAtMs: atMs.nullable(),
});
/** `GET parcels?cursor&limit&state&bank`, and `GET parcels?overdue=true&bank`. */
export const parcels = page(parcelRow);

export const custodyEvent = z.strictObject({
  kind: z.string(),
  atMs,
  timeSource: z.string(),
  uncertaintyMs: z.int(),
  source: z.string(),
  seq: z.int(),
  /** base64url leaf hash of the record. */
  hash: z.string(),
  compartment: z.int().nullable(),
  who: z.string().nullable(),
  /** One plain sentence. */
  says: z.string(),
  custody: z.enum(['courier', 'bank', 'recipient', 'staff']).nullable(),
});
/** `GET parcels/:id`: the row, its timeline, and what checks out. */
export const parcelDetail = parcelRow.extend({
  timeline: z.array(custodyEvent),
  notices: z.array(
    z.strictObject({
      channel: z.enum(['sms', 'email']),
      what: z.string(),
      state: z.enum(['queued', 'sent', 'failed', 'dead']),
      tries: z.int(),
      atMs,
    }),
  ),
  verified: z.strictObject({
    chain: z.boolean(),
    head: z.boolean(),
    commitments: z.boolean(),
    vouchedBy: z.enum(['site root', 'the cloud only']),
  }),
});

export const personRow = z.strictObject({
  id: z.string(),
  role: z.enum(['resident', 'courier', 'admin', 'super-admin']),
  name: z.string(),
  flat: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  accessible: z.boolean(),
  /** Where a resident lives; null of everybody else. */
  site: z.string().nullable(),
});
/** `GET people?role&cursor&limit`, `POST people`, `PATCH people/:id`, `DELETE people/:id`. */
export const people = page(personRow).extend({
  /** Of the organisation: with several of them each resident is added to one. */
  sites: z.array(z.strictObject({ id: z.string(), name: z.string() })),
});
export const residentAdd = z.strictObject({
  name: readable.min(1).max(120),
  flat: readable
    .min(1)
    .max(40)
    .refine(isTypeable, 'a flat that the keys of a kiosk can type: with a letter or a digit'),
  email: z.email().max(200).nullable(),
  phone: z
    .string()
    .regex(/^\+[1-9][0-9]{6,14}$/)
    .nullable(),
  accessible: z.boolean().default(false),
});
/** The id of a site. Needed where the organisation has several, and may be left out where it has one. */
export const siteAsked = z.string().max(64).optional();
export const residentPost = residentAdd.extend({ site: siteAsked });

export const courierRow = z.strictObject({
  id: z.string(),
  name: z.string(),
  carrier: z.string(),
  /** In the applied roster, only in the desired one, suspended, or leaving with the next roster. */
  state: z.enum(['active', 'waiting-for-roster', 'suspended', 'removed']),
  suspendedUntilMs: atMs.nullable(),
});
/** `GET couriers?cursor&limit`. */
export const couriers = page(courierRow).extend({
  carriers: z.array(z.strictObject({ id: z.string(), name: z.string() })),
});
/** In the one form that a roster takes: the bits left over in the last letter are zero. */
export const badgeHash = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'base64url of 32 bytes');
/** `POST couriers`: the badge's secret is drawn in the page; only its hash comes here. */
export const courierAdd = z.strictObject({
  name: readable.min(1).max(120),
  email: z.email().max(200).nullable(),
  carrier: z.string(),
  badgeHash,
});
/** `POST couriers/:id/suspend`, `POST couriers/:id/lift`: at once, at every bank, for at most 24 h. `DELETE couriers/:id` also drafts a roster. */
export const suspension = z.strictObject({ reason: z.string().min(1).max(200) });

export const rosterState = z.strictObject({
  site: z.string(),
  siteName: z.string(),
  /** What waits for the root's signature, if anything: the command to type, and every change in it. */
  draft: z
    .strictObject({
      version: z.int(),
      hash: z.string(),
      command: z.string(),
      changes: z.array(z.strictObject({ what: z.string(), was: z.string(), becomes: z.string() })),
    })
    .nullable(),
  /** The last signed roster that the cloud holds. */
  desired: z
    .strictObject({ version: z.int(), hash: z.string(), signatures: z.int(), needed: z.int() })
    .nullable(),
  banks: z.array(
    z.strictObject({
      bank: z.string(),
      name: z.string(),
      applied: z.int(),
      appliedAtMs: atMs.nullable(),
      refused: z.string().nullable(),
    }),
  ),
  rootFingerprints: z.array(z.string()),
});
/** `GET rosters`. `GET rosters/:site/draft` (bearer of an operator token) and `PUT rosters/:site` carry the note for `holdfast admin roster sign`. */
export const rosters = z.strictObject({ items: z.array(rosterState) });
export const rosterDraft = z.strictObject({
  site: z.string(),
  rosterJson: z.string(),
  previousNote: z.string().nullable(),
});
export const rosterSubmit = z.strictObject({ note: z.string().max(1_048_576) });

export const noticeRow = z.strictObject({
  id: z.string(),
  channel: z.enum(['sms', 'email']),
  what: z.string(),
  recipient: z.string(),
  state: z.enum(['queued', 'sent', 'failed', 'dead']),
  tries: z.int(),
  lastError: z.string().nullable(),
  /** It was given up, and there is still something to say: its code lives. */
  canSendAgain: z.boolean(),
  atMs,
});
/** `GET notices`, `POST notices/:id/again`. */
export const notices = page(noticeRow);

/** `GET odds`: the live chance per kiosk-day that guessing finds a code. */
export const odds = z.strictObject({
  items: z.array(
    z.strictObject({
      bank: z.string(),
      liveCodes: z.int(),
      digits: z.int(),
      guessesPerDay: z.int(),
      perKioskDay: z.number(),
    }),
  ),
  fleetPerDay: z.number(),
});

/** `GET attention`: what needs a person, most urgent first. */
export const attention = z.strictObject({
  items: z.array(
    z.strictObject({
      kind: z.string(),
      severity: z.enum(['alarm', 'warning', 'note']),
      says: z.string(),
      atMs,
      link: z.string().nullable(),
      /** Where it is an alarm. */
      alarm: attentionAlarm.optional(),
    }),
  ),
});

/** `GET journal?bank&cursor&limit`: every record as it stands, newest first. */
export const journalRow = z.strictObject({
  source: z.string(),
  seq: z.int(),
  kind: z.string(),
  atMs,
  hash: z.string(),
  json: z.string(),
  batchLast: z.int().nullable(),
});
export const journal = page(journalRow);
/** `GET events`: server-sent events, event `changed` with `{ topics: string[] }`, so that a page asks again. */
export const changed = z.strictObject({ topics: z.array(z.string()) });
