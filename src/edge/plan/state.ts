/**
 * What a bank knows. The planner reads it and answers a new one; the journal keeps every collection but
 * `volatile`, sealed, in the same transaction as the records that explain the change.
 *
 * Collections are maps from a key to an entity, replaced and never edited in place, so that the journal
 * finds what changed by identity.
 */

import type { DirectoryEntries } from '../../contract/uplink.ts';
import type { BankLayout, Size } from '../../domain/bank.ts';
import type { CarrierId, GrantId, OrderId, ParcelId, PersonId, SessionId } from '../../domain/ids.ts';
import type { Order } from '../../domain/order.ts';
import type { Outcome, Right } from '../../domain/outcome.ts';
import { DEFAULT_POLICY, type Epoch, type Policy, type Roster } from '../../domain/roster.ts';
import type { RecordTime } from '../../ledger/record.ts';
import type { LogEvidence, RememberedLog, StandingDispute } from './log-memory.ts';

export type Door = 'open' | 'closed' | 'unknown';
export type Occupied = 'yes' | 'no' | 'unsensed';

export type Compartment = {
  n: number;
  size: Size;
  accessible: boolean;
  board: number;
  lock: number;
  /** `held`: something may be inside that only staff may take out. */
  use: 'empty' | 'reserved' | 'occupied' | 'held';
  withdrawn: 'order' | 'jammed' | 'forced' | 'fault' | 'suspension' | null;
  parcel: ParcelId | null;
  /** The session that may open this door now. */
  session: SessionId | null;
  door: Door;
  doorSinceMs: number;
  occupied: Occupied;
  /** Seq of the release that the next opening answers; null when an opening would be forced. */
  expecting: number | null;
  ajar: boolean;
  /** It was forced, and no order has put it back into service since. Absent: not since this is written down. */
  forced?: true;
};

export type Parcel = {
  id: ParcelId;
  tracking: string;
  carrier: CarrierId;
  courier: PersonId;
  recipient: PersonId;
  /** The recipient's flat in its compared form. */
  flat: string;
  size: Size;
  compartment: number;
  state: 'accepted' | 'waiting' | 'held';
  /** Its courier said that it is inside, and the sensor saw nothing: alarmed until somebody or the sensor sees it. */
  doubted?: true;
};

export type Grant = {
  id: GrantId;
  parcel: ParcelId;
  compartment: number;
  recipient: PersonId;
  flat: string;
  /** Counts the codes made for it. 0: none yet, because there was no epoch to seal one to. */
  issue: number;
  pinVerifier: string | null;
  qrVerifier: string | null;
  untilMs: number;
  state: 'live' | 'spent' | 'held' | 'revoked';
  session: SessionId | null;
  endedAtMs: number | null;
  /** An order wants another code, which is not made yet. */
  reissue?: { order: OrderId; acceptedSeq: number };
  /** How often that was on the last day on which it was. */
  reissued?: { day: number; count: number };
};

export type Release = { seq: number; pulse: number; atMs: number; outcome: Outcome | null };

type SessionBase = {
  id: SessionId;
  compartment: number;
  /** `paused`: the person is not at the screen; the code, the badge or the claim brings it back. */
  state: 'open' | 'paused';
  openedSeq: number;
  pulses: number;
  release: Release | null;
  doorSensedOpen: boolean;
  /** The release before which an order put this door back into service: its latch is not judged by it any more. */
  judged?: number;
  /** The grace time's end, set anew by each opening of the door. */
  untilMs: number;
  /** What the person said while the door was still open; done when it shuts. */
  said: 'collected' | 'deposited' | Found | null;
  /** The person said it a second time against the sensor. */
  insisted: boolean;
};

export type PickUpSession = SessionBase & {
  work: Extract<Right, 'pick-up'>;
  grant: GrantId;
  parcel: ParcelId;
  person: PersonId;
  /** The sensor saw it behind the shut door as this began. Absent: it did not, or nobody knows; then it cannot miss it. */
  seenInside?: true;
};
export type DropOffSession = SessionBase & {
  work: Extract<Right, 'drop-off'>;
  grant: null;
  parcel: ParcelId;
  person: PersonId;
};
/** Staff at a door by order; `parcel` is what the bank believes to be inside. */
export type StaffSession = SessionBase & {
  work: Extract<Right, 'staff-release'>;
  grant: null;
  parcel: ParcelId | null;
  person: null;
  order: OrderId;
};
export type Session = PickUpSession | DropOffSession | StaffSession;

/** What staff found behind a door: they took it out, left it inside, or there was nothing. */
export type Found = 'removed' | 'left' | 'empty';

export type Courier = {
  person: PersonId;
  /** HMAC of the personal code; null before its first use. */
  verifier: string | null;
  guessDay: number;
  guesses: number;
  /** Doors that never opened for them on that day; absent before the first. */
  stuck?: { day: number; count: number };
};

export type Suspension = {
  id: string;
  scope: 'courier' | 'compartment' | 'bank';
  subject: string | null;
  compartment: number | null;
  untilMs: number;
};

/** When the cloud's power over one subject began, so that it ends 24 h later whatever the cloud repeats. */
export type SuspensionWindow = { sinceMs: number; rosterVersion: number };

/** Wrong guesses on `day` (days of the bank's time): of PINs at this kiosk, or of codes for one flat. */
export type Guesses = { day: number; count: number };

/** An accepted order that needs a person at the cabinet. `session`: the one that its claim has opened. */
export type WaitingOrder = {
  order: Order;
  /** Of the note's text, so that the same order with one signature more is known as the same. */
  hash: string;
  signers: readonly string[];
  acceptedSeq: number;
  /** When it lapses, by the clock of this bank. */
  untilMs: number;
  session: SessionId | null;
};

/**
 * What makes orders fresh: the nonce that the next one must name, the ids taken under it, and which signer
 * released a door when, for the limits.
 */
export type OrderBook = {
  nonce: string;
  drawnAtMs: number;
  taken: readonly string[];
  releases: readonly { signer: string; atMs: number }[];
};

export type KeptClock = {
  frozenSinceMs: number | null;
  followed: { day: number; ms: number };
  /** By order the clock went back: how far it has come since, and the latest time that the journal had by then. */
  setBack?: { toMs: number; fromMs: number };
};

export type Screen =
  | { at: 'home' }
  | { at: 'courier-code'; courier: PersonId }
  /** `doubted`: a number whose check digit was wrong; typed again, it is taken. */
  | { at: 'tracking'; courier: PersonId; doubted?: string }
  | { at: 'flat'; courier: PersonId; tracking: string }
  | { at: 'recipient'; courier: PersonId; tracking: string; choices: DirectoryEntries }
  | { at: 'size'; courier: PersonId; tracking: string; recipient: DirectoryEntries[number] }
  | { at: 'session'; session: SessionId; courier: PersonId | null }
  | { at: 'drop-off-done'; courier: PersonId; tracking: string }
  | { at: 'pick-up-done' }
  | { at: 'reported'; notMine: boolean }
  | { at: 'clock'; order: OrderId }
  | { at: 'staff-done'; done: Found | 'clock' };

/** Not kept: what a restart forgets, and must. */
export type Volatile = {
  screen: Screen;
  message: string | null;
  turn: number;
  activeMs: number;
  /** How often the door of this screen has moved since its person last did something here. */
  moves: number;
  /** Monotonic time of the start. */
  startedMs: number;
  /** A comparison is under way; a second attempt waits. `flat`: the one that was given beside a PIN. */
  comparing: { seq: number; flat: string | null } | null;
  boards: Readonly<Record<number, boolean>>;
  /** Compartments that were looked at since this start. What is kept of the others may be over. */
  looked: Readonly<Record<number, true>>;
  /** Bytes that were no frame, by board, since the record of `sinceMs` (monotonic) that told of some. */
  garbled: Readonly<Record<number, { sinceMs: number; bytes: number }>>;
  /** Monotonic time at which the cloud was last heard, null before the first word. */
  heardMs: number | null;
  /** Monotonic time since which the line stands; null while there is none. */
  linkedMs: number | null;
  /** Monotonic times of the pulses of the last minute. */
  pulsesMs: readonly number[];
  clock: ClockState;
  /** Attempts that were denied since `sinceMs` of the monotonic clock. */
  denied: { sinceMs: number; count: number };
  /** How often this hour (of the monotonic clock) a message from the cloud caused records. */
  downlink: { sinceMs: number; count: number };
  /** How many directories it had opened in this hour. */
  directories: { sinceMs: number; count: number };
  /** The journal has no room for new work. */
  full: boolean;
};

/**
 * The bank's time is `baseMs` plus what the monotonic clock has run since `monotonicMs`. The machine's wall
 * clock only starts it; after that a step of the wall clock changes nothing but freezes expiry.
 */
export type ClockState = {
  baseMs: number;
  monotonicMs: number;
  source: RecordTime['source'];
  uncertaintyMs: number;
  /** When an unexplained step froze expiry; null while it is not frozen. */
  frozenSinceMs: number | null;
  /** Wall minus bank time, as last seen: a jump of this is a step. */
  wallOffsetMs: number;
  /** How far the cloud's time was followed on `day`. */
  followed: { day: number; ms: number };
};

/** What is fixed when a bank is commissioned. */
export type Standing = {
  bank: string;
  tenant: string;
  site: string;
  name: string;
  layout: BankLayout;
  /** This bank's own keys as the roster must name them, base64url. */
  key: string;
  sealKey: string;
  /** SHA-256 of `key`, as it is shown at commissioning. */
  fingerprint: string;
  rootKeys: readonly string[];
  rootSignatures: number;
  development: boolean;
  pinDigits: number;
};

export type Kept = {
  compartment: Readonly<Record<string, Compartment>>;
  parcel: Readonly<Record<string, Parcel>>;
  grant: Readonly<Record<string, Grant>>;
  session: Readonly<Record<string, Session>>;
  courier: Readonly<Record<string, Courier>>;
  suspension: Readonly<Record<string, Suspension>>;
  window: Readonly<Record<string, SuspensionWindow>>;
  roster: Readonly<Record<string, { roster: Roster; hash: string; note: string; atMs: number }>>;
  epoch: Readonly<Record<string, Epoch>>;
  directory: Readonly<Record<string, { version: number; entries: DirectoryEntries }>>;
  guesses: Readonly<Record<string, Guesses>>;
  heard: Readonly<Record<string, { atMs: number }>>;
  /** Orders that were accepted and wait for whoever shows their claim, by their id. */
  order: Readonly<Record<string, WaitingOrder>>;
  orderBook: Readonly<Record<string, OrderBook>>;
  /** What of the clock a restart must not forget. */
  clock: Readonly<Record<string, KeptClock>>;
  /** Boards that were lost and have not answered since; outlives a power cut, so that the alarm ends. */
  lost: Readonly<Record<string, { board: number }>>;
  /** There while the alarm about the journal's room stands; outlives a power cut, so that it is raised once. */
  full: Readonly<Record<string, { sinceMs: number }>>;
  log: Readonly<Record<string, RememberedLog>>;
  logDispute: Readonly<Record<string, StandingDispute>>;
  /** The first and the newest of each reason, so that whoever repeats one pushes out no other. */
  logEvidence: Readonly<Record<string, LogEvidence>>;
};

export const COLLECTIONS = [
  'compartment',
  'parcel',
  'grant',
  'session',
  'courier',
  'suspension',
  'window',
  'roster',
  'epoch',
  'directory',
  'guesses',
  'heard',
  'order',
  'orderBook',
  'clock',
  'lost',
  'full',
  'log',
  'logDispute',
  'logEvidence',
] as const satisfies readonly (keyof Kept)[];
export type Collection = (typeof COLLECTIONS)[number];

export type BankState = Kept & { standing: Standing; lastSeq: number; volatile: Volatile };

/** Collections of one entity use this key. */
export const ONLY = 'only';

export function emptyKept(): Kept {
  return {
    compartment: {},
    parcel: {},
    grant: {},
    session: {},
    courier: {},
    suspension: {},
    window: {},
    roster: {},
    epoch: {},
    directory: {},
    guesses: {},
    heard: {},
    order: {},
    orderBook: {},
    clock: {},
    lost: {},
    full: {},
    log: {},
    logDispute: {},
    logEvidence: {},
  };
}

export function freshVolatile(clock: ClockState): Volatile {
  return {
    screen: { at: 'home' },
    message: null,
    turn: 0,
    activeMs: clock.monotonicMs,
    moves: 0,
    startedMs: clock.monotonicMs,
    comparing: null,
    boards: {},
    looked: {},
    garbled: {},
    heardMs: null,
    linkedMs: null,
    pulsesMs: [],
    clock,
    denied: { sinceMs: clock.monotonicMs, count: 0 },
    downlink: { sinceMs: clock.monotonicMs, count: 0 },
    directories: { sinceMs: clock.monotonicMs, count: 0 },
    full: false,
  };
}

export function rosterOf(state: BankState): Roster | undefined {
  return state.roster[ONLY]?.roster;
}

export function policyOf(state: BankState): Policy {
  return rosterOf(state)?.policy ?? DEFAULT_POLICY;
}

export function courierOf(state: BankState, person: PersonId): Courier {
  return state.courier[person] ?? { person, verifier: null, guessDay: 0, guesses: 0 };
}

export function compartmentOf(state: BankState, n: number): Compartment {
  const compartment = state.compartment[n];
  if (!compartment) throw new Error(`this bank has no compartment ${n}`);
  return compartment;
}

/** True when the person of `session` is at the screen: only then may it say or show something about it. */
export function isAttended(state: BankState, session: Session): boolean {
  return attended(state)?.id === session.id;
}

/** The session on the screen, if the screen is about one. */
export function attended(state: BankState): Session | undefined {
  const { screen } = state.volatile;
  return screen.at === 'session' ? state.session[screen.session] : undefined;
}
