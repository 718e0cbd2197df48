/**
 * Between the kiosk's screen and the edge agent, over loopback HTTP (base port + 2).
 *
 * The agent decides which screen is shown; the page only draws it and sends what a person did. So a
 * page that was reloaded, a screen that was replaced and a power cut all come back to the truth, and
 * nothing that a page remembers outlives a session.
 *
 * `GET /api/view` answers the present view; `GET /api/events` streams it (server-sent events, event
 * `view`, data a `KioskView`); `POST /api/actions` takes one `KioskAction` and answers the view after it.
 * `GET /api/layout` answers the cabinet's drawing (`KioskLayout`), `GET /api/log` what this bank keeps of its
 * operator's log (`KioskLog`), and `GET /api/log/checkpoint` the head of it as a signed note. An action that does not belong to the
 * present screen is denied (`step-out-of-turn`) and changes nothing.
 */
import { z } from 'zod';
import { LOG_DISPUTES } from '../domain/conditions.ts';
import { CARRIERS, FORMAT_NAMES } from '../domain/tracking.ts';

const size = z.enum(['S', 'M', 'L', 'XL']);

const digits = z.string().regex(/^\d{4,12}$/);

export const kioskAction = z.discriminatedUnion('do', [
  /** Something was scanned or typed like a scanner does: a badge, a pick-up QR, a parcel's label. */
  z.strictObject({ do: z.literal('scan'), text: z.string().min(1).max(512) }),
  /** Home → pick-up: the PIN of a notice. */
  z.strictObject({ do: z.literal('pin'), pin: digits }),
  /** When the kiosk asks for more because too many codes were wrong today. */
  z.strictObject({ do: z.literal('flat-and-pin'), flat: z.string().min(1).max(40), pin: digits }),
  z.strictObject({ do: z.literal('courier-code'), code: digits }),
  /** First use of a badge: the courier chooses a code and types it twice. */
  z.strictObject({ do: z.literal('courier-code-new'), code: digits, again: digits }),
  z.strictObject({ do: z.literal('tracking'), text: z.string().min(1).max(60) }),
  z.strictObject({ do: z.literal('flat'), text: z.string().min(1).max(40) }),
  /** One of the `recipients` shown for the flat. */
  z.strictObject({ do: z.literal('recipient'), index: z.int().nonnegative() }),
  z.strictObject({ do: z.literal('size'), size }),
  /** Drop-off: the parcel is in and the door is shut. */
  z.strictObject({ do: z.literal('deposited') }),
  /** Drop-off: it does not fit. */
  z.strictObject({ do: z.literal('larger') }),
  /** Drop-off: this door does not open, give me another of the size. */
  z.strictObject({ do: z.literal('other-door') }),
  /** Staff at a door by order: what they found. */
  z.strictObject({ do: z.literal('found'), what: z.enum(['removed', 'left', 'empty']) }),
  /** Staff, by order: which clock is right. */
  z.strictObject({ do: z.literal('clock'), use: z.enum(['machine', 'bank']) }),
  /** Pick-up: I took it. */
  z.strictObject({ do: z.literal('collected') }),
  /** The door did not open, or fell shut: try the same door again, within the session. */
  z.strictObject({ do: z.literal('again') }),
  z.strictObject({
    do: z.literal('report'),
    what: z.enum(['not-received', 'door-did-not-open', 'not-my-parcel']),
  }),
  /** Back to the start; in a drop-off, nothing was put in. */
  z.strictObject({ do: z.literal('cancel') }),
  /** Courier: another parcel; or leave. */
  z.strictObject({ do: z.literal('next-parcel') }),
  z.strictObject({ do: z.literal('leave') }),
  /** Somebody is typing: the screen stays. Sent now and then, and changes nothing else. */
  z.strictObject({ do: z.literal('here') }),
]);
export type KioskAction = z.infer<typeof kioskAction>;

const door = z.strictObject({
  compartment: z.int().positive(),
  size,
  /** Which way to look, in words of the layout. */
  column: z.int().nonnegative(),
  row: z.int().nonnegative(),
  /** What is known of the latch: the answer to the pulse. An answer is not an open door. */
  latch: z.enum(['waiting', 'released', 'refused', 'failed', 'unknown']),
  /** It was sensed open in this session. */
  opened: z.boolean(),
  /** The latch was answered for some seconds ago, and the door was never sensed open. */
  stuck: z.boolean(),
  /** What is sensed of the door. */
  door: z.enum(['open', 'closed', 'unknown']),
  occupied: z.enum(['yes', 'no', 'unsensed']),
  /** May `again` be asked for? */
  again: z.boolean(),
  pulsesLeft: z.int().nonnegative(),
});

/**
 * Whose number a label carries, by its form and check digit; null where that is not known. `others`: it is
 * another carrier's than the courier's own. Carriers subcontract, so that is said and refused to nobody.
 */
const recognised = z.strictObject({
  carrier: z.enum(CARRIERS).nullable(),
  format: z.enum(FORMAT_NAMES).nullable(),
  others: z.boolean(),
});
export type Recognised = z.infer<typeof recognised>;

export const kioskScreen = z.discriminatedUnion('screen', [
  /** Type a PIN, show a QR, or scan a badge. `flatNeeded`: this kiosk wants flat and PIN today. */
  z.strictObject({
    screen: z.literal('home'),
    flatNeeded: z.boolean(),
    pinDigits: z.int(),
    /** A door that somebody left open; whoever stands here is asked to push it shut. */
    ajar: z.int().positive().nullable(),
  }),
  /** The bank cannot serve: no roster yet, power, boards, disk. */
  z.strictObject({ screen: z.literal('closed'), reason: z.string() }),
  z.strictObject({ screen: z.literal('courier-code'), carrier: z.string(), first: z.boolean() }),
  z.strictObject({ screen: z.literal('tracking'), carrier: z.string() }),
  z.strictObject({ screen: z.literal('flat'), tracking: z.string(), recognised }),
  z.strictObject({
    screen: z.literal('recipient'),
    tracking: z.string(),
    recognised,
    recipients: z.array(z.string()),
  }),
  /** `free`: how many empty compartments of each size are left. */
  z.strictObject({
    screen: z.literal('size'),
    tracking: z.string(),
    recognised,
    recipient: z.string(),
    free: z.strictObject({ S: z.int(), M: z.int(), L: z.int(), XL: z.int() }),
  }),
  /** Put it in and shut the door. `ask`: the door is shut, say whether it is in. */
  z.strictObject({
    screen: z.literal('drop-off'),
    tracking: z.string(),
    ask: z.boolean(),
    larger: z.boolean(),
    /** The door was never seen open after a release: another one may be asked for. */
    otherDoor: z.boolean(),
    door,
  }),
  z.strictObject({ screen: z.literal('drop-off-done'), tracking: z.string(), offline: z.boolean() }),
  /** Take it and shut the door. `ask`: the door is shut, say whether you took it. */
  z.strictObject({ screen: z.literal('pick-up'), ask: z.boolean(), door }),
  z.strictObject({ screen: z.literal('pick-up-done') }),
  /** Reported; staff are told, the door stays theirs. */
  z.strictObject({ screen: z.literal('reported'), offline: z.boolean(), notMine: z.boolean() }),
  /** Staff by order: look, take out or leave, shut the door and say which. `expected`: what should be inside. */
  z.strictObject({
    screen: z.literal('staff'),
    ask: z.boolean(),
    expected: z.enum(['parcel', 'nothing']),
    door,
  }),
  /** Staff by order: two clocks to choose from, beside the person's own watch. */
  z.strictObject({
    screen: z.literal('clock'),
    bankMs: z.int(),
    machineMs: z.int(),
    frozen: z.boolean(),
  }),
  z.strictObject({ screen: z.literal('staff-done'), done: z.enum(['removed', 'left', 'empty', 'clock']) }),
]);
export type KioskScreen = z.infer<typeof kioskScreen>;

export const kioskView = z.strictObject({
  v: z.literal(1),
  bank: z.string(),
  development: z.boolean(),
  /** Whether the cloud was heard lately; everything at the cabinet works without it. */
  online: z.boolean(),
  /** What the cloud shows of the operator's log contradicts what this cabinet remembers; everybody is told. */
  logDisputed: z.boolean(),
  /** Counts up with every change, so that a page can drop what comes late. */
  turn: z.int().nonnegative(),
  /** The last thing said to this person, gone with the screen: a denial's or a notice's code. */
  message: z.string().nullable(),
  /** When the screen goes home by itself, in the agent's monotonic remaining milliseconds. */
  idleMs: z.int().nonnegative().nullable(),
  show: kioskScreen,
});
export type KioskView = z.infer<typeof kioskView>;

export const kioskLayout = z.strictObject({
  name: z.string(),
  columns: z.int(),
  compartments: z.array(
    z.strictObject({
      n: z.int(),
      size,
      column: z.int(),
      row: z.int(),
      heightUnits: z.int(),
      middleCm: z.int(),
      accessible: z.boolean(),
    }),
  ),
});
export type KioskLayout = z.infer<typeof kioskLayout>;

/** `GET /api/health`: for supervisors and tests; holds nothing of persons. */
export const kioskHealth = z.strictObject({
  /** The journal has no room for new work. */
  full: z.boolean(),
  ready: z.boolean(),
  bank: z.string(),
  fingerprint: z.string(),
  rosterVersion: z.int(),
  online: z.boolean(),
  lastSeq: z.int(),
  acknowledgedSeq: z.int(),
  boards: z.array(z.strictObject({ board: z.int(), present: z.boolean() })),
  /** What an order for this bank must name, for who writes one without the cloud; null before there is one. */
  orderNonce: z.string().nullable(),
  /** What this bank, as an auditor, knows of its tenant's log. */
  log: z.strictObject({
    /**
     * `unnamed`: the roster names no log, so nothing is asked. `unseen`: nothing was shown yet. `late`: nothing
     * good was shown for a day, though the line stands.
     */
    is: z.enum(['unnamed', 'unseen', 'holds', 'late', 'disputed']),
    size: z.int().nullable(),
    root: z.string().nullable(),
    /** When it was last shown to hold. */
    atMs: z.int().nullable(),
  }),
});
export type KioskHealth = z.infer<typeof kioskHealth>;

/** `GET /api/log`: the head that this bank remembers, and both sides of what it disputed. Signed notes, public. */
export const kioskLog = z.strictObject({
  vkey: z.string().nullable(),
  note: z.string().nullable(),
  evidence: z.array(
    z.strictObject({
      vkey: z.string(),
      reason: z.enum(LOG_DISPUTES),
      /** The record that says so. */
      seq: z.int(),
      atMs: z.int(),
      remembered: z.string().nullable(),
      shown: z.string().nullable(),
      hashes: z.array(z.string()),
    }),
  ),
});
export type KioskLog = z.infer<typeof kioskLog>;
