/**
 * A bank for the planner's tests: no disk, no wire, no timers. It plays the rim (answers effects), the
 * steel (doors and parcels) and the cloud (rosters, epochs), and holds every plan to the rules of
 * `test-rules.ts`. Nothing but tests imports it.
 */

import type { KioskAction, KioskScreen, KioskView } from '../../contract/kiosk.ts';
import type { DownMessage, NoticeWish } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint, newSigningKey } from '../../crypto/sign.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { type EpochId, type IdKind, type IdOf, idFrom } from '../../domain/ids.ts';
import { DEFAULT_POLICY, type Policy, type Roster } from '../../domain/roster.ts';
import { badgeText, pickUpText } from '../../domain/scan.ts';
import type { RecordDraft } from '../../ledger/record.ts';
import { badgeHash, signEpoch, signRoster } from '../../ledger/roster.ts';
import { startClock } from './clock.ts';
import type { Heard } from './downlink.ts';
import type { Effect, Moment, Planned } from './draft.ts';
import { type Event, plan } from './plan.ts';
import {
  type BankState,
  COLLECTIONS,
  type Compartment,
  type Door,
  emptyKept,
  freshVolatile,
  type Grant,
  type Kept,
  type Occupied,
  ONLY,
  type Session,
} from './state.ts';
import { checkPlan, deepFreeze, newLedger, type RuleLedger } from './test-rules.ts';
import { view } from './view.ts';

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const START_MS = 1_790_000_000_000 - (1_790_000_000_000 % DAY_MS) + 10 * HOUR_MS;

/** An id with a number in it, so that a failing test can be read. */
export function testId<K extends IdKind>(kind: K, number: number): IdOf[K] {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, number);
  return idFrom(kind, bytes);
}

const bytesOf = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const secret = (number: number): Uint8Array => bytesOf(16, number);

export const ROOT = newSigningKey();
export const NOTIFIER = newSigningKey();
export const STRANGER = newSigningKey();
const BANK_KEY = base64url(newSigningKey().publicKey);
const SEAL_KEY = base64url(newSigningKey().publicKey.subarray(-65));

export const TENANT = testId('tenant', 1);
export const SITE = testId('site', 1);
export const BANK = testId('bank', 1);
export const CARRIER = testId('carrier', 1);
export const COURIER = { person: testId('person', 100), badge: badgeText(secret(1)), code: '284917' };
export const SECOND_COURIER = { person: testId('person', 101), badge: badgeText(secret(2)), code: '739162' };
export const RESIDENT = { person: testId('person', 1), flat: '12', label: 'A. Okafor', accessible: false };
/** Asked for doors within reach. */
export const SEATED = { person: testId('person', 2), flat: '3B', label: 'R. Lindqvist', accessible: true };
export const FLATMATES = [
  { person: testId('person', 3), flat: '7', label: 'M. Castellanos', accessible: false },
  { person: testId('person', 4), flat: '7', label: 'T. Nakagawa', accessible: false },
];

export function rosterOf(change: Partial<Roster> = {}): Roster {
  return {
    v: 1,
    tenant: TENANT,
    site: SITE,
    version: 1,
    madeAtMs: START_MS,
    root: { keys: [base64url(ROOT.publicKey)], k: 1 },
    banks: [{ bank: BANK, key: BANK_KEY, sealKey: SEAL_KEY }],
    pins: { current: fingerprint(ROOT.publicKey), next: fingerprint(NOTIFIER.publicKey), offline: null },
    keys: { intake: SEAL_KEY, notifier: base64url(NOTIFIER.publicKey), ledger: null },
    carriers: [{ carrier: CARRIER, name: 'UPS', key: null }],
    couriers: [COURIER, SECOND_COURIER].map(({ person, badge }) => ({
      person,
      carrier: CARRIER,
      badgeHash: badgeHash(badge),
      untilMs: null,
    })),
    staff: [],
    policy: DEFAULT_POLICY,
    ...change,
  };
}

export function epochNote(number: number, notAfterMs: number, key = NOTIFIER): string {
  const epoch = {
    v: 1 as const,
    tenant: TENANT,
    epoch: testId('epoch', number) as EpochId,
    key: SEAL_KEY,
    notBeforeMs: START_MS - 1000 + number,
    notAfterMs,
  };
  return signEpoch(epoch, key);
}

export type KeptRecord = { record: RecordDraft; seq: number; atMs: number };

export class TestBank {
  state: BankState;
  wallMs = START_MS;
  monotonicMs = 1000;
  readonly records: KeptRecord[] = [];
  readonly wishes: NoticeWish[] = [];
  readonly effects: Effect[] = [];
  /** What the rim has not answered yet; empty unless `holdAnswers`. */
  pending: Event[] = [];
  holdAnswers = false;
  /** What boards do with a pulse: answer and open, answer only, open only, nothing. */
  boards: 'opens' | 'answers' | 'opens-silently' | 'silent' = 'opens';
  /** False: after a power cut the boards are slow with their first look. */
  looks = true;
  readonly codes = new Map<string, { pin: string; qr: string }>();
  readonly #ledger: RuleLedger = newLedger();
  #ids = 1000;

  constructor() {
    this.state = {
      ...emptyKept(),
      compartment: compartments(),
      standing: standing(),
      lastSeq: 0,
      volatile: freshVolatile(startClock(this.moment(), 0, undefined)),
    };
    this.do({
      type: 'started',
      build: base64url(bytesOf(32, 1)),
      first: true,
      layout: base64url(bytesOf(32, 2)),
    });
  }

  moment(): Moment {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs };
  }

  /** Plans one event, holds the plan to the rules, and answers its effects. */
  do(event: Event): Planned {
    const before = deepFreeze(this.state);
    const planned = plan(before, deepFreeze(event), this.moment());
    checkPlan({ before, event, planned, moment: this.moment(), ledger: this.#ledger });
    this.state = planned.state;
    planned.records.forEach((record, index) => {
      this.records.push({ record, seq: before.lastSeq + index + 1, atMs: planned.time.atMs });
    });
    this.wishes.push(...planned.wishes);
    this.effects.push(...planned.effects);
    for (const effect of planned.effects) for (const answer of this.#answers(effect)) this.#answered(answer);
    return planned;
  }

  #answered(answer: Event): void {
    if (this.holdAnswers) this.pending.push(answer);
    else this.do(answer);
  }

  deliver(): void {
    const due = this.pending;
    this.pending = [];
    for (const event of due) this.do(event);
  }

  fresh() {
    this.#ids++;
    return {
      session: testId('session', this.#ids),
      parcel: testId('parcel', this.#ids),
      grant: testId('grant', this.#ids),
      nonce: base64url(bytesOf(16, this.#ids % 256)),
    };
  }

  #answers(effect: Effect): Event[] {
    switch (effect.do) {
      case 'pulse':
        return this.#pulsed(effect);
      case 'compare': {
        const hits = effect.grants
          .map((id) => this.state.grant[id])
          .filter((grant) => grant !== undefined && this.#matches(grant, effect));
        const found = hits.find((grant) => grant?.state === 'live') ?? hits[0];
        return [
          {
            type: 'compared',
            seq: effect.seq,
            method: effect.method,
            grant: found?.id ?? null,
            fresh: this.fresh(),
          },
        ];
      }
      case 'compare-courier':
        return [
          {
            type: 'courier-compared',
            seq: effect.seq,
            courier: effect.courier,
            matches: effect.verifier === `verifier of ${effect.code}`,
          },
        ];
      case 'make-courier-code':
        return [
          { type: 'courier-code-made', courier: effect.courier, verifier: `verifier of ${effect.code}` },
        ];
      case 'mint':
        return [{ type: 'minted', answer: this.#mint(effect) }];
      case 'open-directory':
      case 'tell-refusal':
      case 'hello':
        return [];
    }
  }

  #pulsed(effect: Extract<Effect, { do: 'pulse' }>): Event[] {
    const answer: Event = {
      type: 'board-answered',
      answer: {
        compartment: effect.compartment,
        seq: effect.seq,
        outcome: 'released',
        afterMs: 12,
        by: 'board',
      },
    };
    const opened = this.#look(effect.compartment, 'open');
    if (this.boards === 'silent') return [];
    if (this.boards === 'answers') return [answer];
    return this.boards === 'opens' ? [answer, opened] : [opened];
  }

  #matches(grant: Grant, effect: Extract<Effect, { do: 'compare' }>): boolean {
    const codes = this.codes.get(grant.id);
    return codes !== undefined && effect.code === (effect.method === 'qr' ? codes.qr : codes.pin);
  }

  #mint(effect: Extract<Effect, { do: 'mint' }>) {
    const number = this.#ids++;
    const codes = {
      pin: String(100_000_000 + number),
      qr: pickUpText(new TextEncoder().encode(String(number).padStart(16, '0'))),
    };
    this.codes.set(effect.grant, codes);
    const wish = {
      reference: testId('notice', number),
      epoch: effect.epoch,
      codes: { enc: 'AA', ciphertext: 'AA' },
    };
    return {
      grant: effect.grant,
      issue: effect.issue,
      pinVerifier: `pin of ${effect.grant}`,
      qrVerifier: `qr of ${effect.grant}`,
      digits: 9,
      wish,
    };
  }

  /** The answer of time: nobody heard the board. */
  timeOut(session: Session): void {
    const seq = session.release?.seq ?? 0;
    this.do({
      type: 'board-answered',
      answer: { compartment: session.compartment, seq, outcome: 'unknown', afterMs: 500, by: 'time' },
    });
  }

  act(action: KioskAction): KioskView {
    this.do({ type: 'action', action, fresh: this.fresh() });
    return this.view();
  }

  view(): KioskView {
    return view(this.state, this.moment());
  }

  /** The screen, which must be `screen`. */
  on<S extends KioskScreen['screen']>(screen: S): Extract<KioskScreen, { screen: S }> {
    const { show } = this.view();
    if (show.screen !== screen)
      throw new Error(`the screen is ${JSON.stringify(this.view())}, not ${screen}`);
    return show as Extract<KioskScreen, { screen: S }>;
  }

  tick(): void {
    this.do({ type: 'tick', fresh: this.fresh() });
  }

  /** Lets time pass on both clocks, then ticks. */
  wait(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
    this.tick();
  }

  #look(n: number, door: Door, occupied: Occupied = this.compartment(n).occupied): Event {
    return { type: 'sensed', sensed: { compartment: n, door, occupied }, fresh: this.fresh() };
  }

  sense(n: number, door: Door, occupied?: Occupied): void {
    this.do(this.#look(n, door, occupied));
  }

  compartment(n: number): Compartment {
    const compartment = this.state.compartment[n];
    if (!compartment) throw new Error(`no compartment ${n}`);
    return compartment;
  }

  session(): Session {
    const [only, ...more] = Object.values(this.state.session);
    if (!only || more.length > 0) throw new Error('there is not exactly one session');
    return only;
  }

  hear(message: DownMessage, beside: Partial<Heard> = {}): Planned {
    const text = JSON.stringify(message);
    const hash = base64url(bytesOf(32, 9));
    return this.do({
      type: 'heard',
      heard: { message, hash, bytes: text.length, text, time: null, ...beside },
    });
  }

  hearTime(atMs: number): Planned {
    return this.hear(
      { v: 1, type: 'time', nonce: 'n'.repeat(16), atMs },
      { time: { atMs, uncertaintyMs: 20 } },
    );
  }

  roster(change: Partial<Roster> = {}, keys = [ROOT]): Planned {
    return this.hear({ v: 1, type: 'roster', note: signRoster(rosterOf(change), keys) });
  }

  epoch(number = 1, lastsMs = 7 * DAY_MS, key = NOTIFIER): Planned {
    return this.hear({ v: 1, type: 'epoch', note: epochNote(number, this.wallMs + lastsMs, key) });
  }

  directory(version = 1, entries = [RESIDENT, SEATED, ...FLATMATES]): void {
    this.do({ type: 'directory-opened', opened: { version, entries } });
  }

  /** Everything from the journal comes back; everything else is gone, and `offMs` have passed. */
  powerCut(offMs = 30_000): void {
    this.wallMs += offMs;
    this.monotonicMs = 5;
    this.pending = [];
    const kept = JSON.parse(
      JSON.stringify(Object.fromEntries(COLLECTIONS.map((name) => [name, this.state[name]]))),
    ) as Kept;
    const lastMs = this.records.at(-1)?.atMs ?? 0;
    this.state = {
      ...kept,
      standing: standing(),
      lastSeq: this.state.lastSeq,
      volatile: freshVolatile(startClock(this.moment(), lastMs, kept.clock[ONLY])),
    };
    this.do({
      type: 'started',
      build: base64url(bytesOf(32, 1)),
      first: false,
      layout: base64url(bytesOf(32, 2)),
    });
    this.boardsPresent();
    this.firstLook();
  }

  /** Every door is told once after a start, as it was left. */
  firstLook(): void {
    if (!this.looks) return;
    for (const { n, door, occupied } of Object.values(this.state.compartment))
      this.do({ type: 'sensed', sensed: { compartment: n, door, occupied }, fresh: this.fresh() });
  }

  boardsPresent(): void {
    for (const board of [0, 1]) this.do({ type: 'board', board, present: true });
  }

  /** The records of `kind`, oldest first. */
  told(kind: RecordDraft['kind']): RecordDraft[] {
    return this.records.filter(({ record }) => record.kind === kind).map(({ record }) => record);
  }

  lastDenial(): string | undefined {
    const decided = this.records.findLast(({ record }) => record.decision !== undefined)?.record.decision;
    return decided?.allow === false ? decided.reason : undefined;
  }

  /** The code of the newest grant. */
  newestCode(): { pin: string; qr: string } {
    const code = [...this.codes.values()].at(-1);
    if (!code) throw new Error('no code was made yet');
    return code;
  }
}

function standing(): BankState['standing'] {
  return {
    bank: BANK,
    tenant: TENANT,
    site: SITE,
    name: 'North lobby',
    layout: LAYOUT_24,
    key: BANK_KEY,
    sealKey: SEAL_KEY,
    fingerprint: base64url(bytesOf(32, 3)),
    rootKeys: [base64url(ROOT.publicKey)],
    rootSignatures: 1,
    development: true,
    pinDigits: 9,
  };
}

function compartments(): Record<string, Compartment> {
  return Object.fromEntries(
    LAYOUT_24.compartments.map(({ n, size, accessible, board, lock }) => [
      String(n),
      {
        n,
        size,
        accessible,
        board,
        lock,
        use: 'empty',
        withdrawn: null,
        parcel: null,
        session: null,
        door: 'unknown',
        doorSinceMs: 0,
        occupied: 'unsensed',
        expecting: null,
        ajar: false,
      },
    ]),
  );
}

/** A bank in service: roster, epoch, directory, both boards, every door shut and empty. */
export function bankInService(policy: Partial<Policy> = {}): TestBank {
  const bank = new TestBank();
  bank.boardsPresent();
  bank.roster({ policy: { ...DEFAULT_POLICY, ...policy } });
  bank.epoch();
  bank.directory();
  for (const { n } of LAYOUT_24.compartments) bank.sense(n, 'closed', 'no');
  return bank;
}

/** The courier signs in; the first time they choose their code. */
export function signIn(bank: TestBank, courier = COURIER): void {
  bank.act({ do: 'scan', text: courier.badge });
  const { first } = bank.on('courier-code');
  bank.act(
    first
      ? { do: 'courier-code-new', code: courier.code, again: courier.code }
      : { do: 'courier-code', code: courier.code },
  );
}

/** The two pulses that are left after the first, each once the one before has shown what it does. */
export function againAndAgain(bank: TestBank): void {
  for (let pulse = 2; pulse <= 3; pulse++) {
    bank.wait(3000);
    bank.act({ do: 'again' });
  }
}

let trackingNumber = 1000;

/** From the tracking screen to an open door. Answers the compartment. */
export function beginDropOff(
  bank: TestBank,
  of: { flat?: string; size?: 'S' | 'M' | 'L' | 'XL' } = {},
): number {
  bank.act({ do: 'tracking', text: `1Z999AA1${trackingNumber++}` });
  bank.act({ do: 'flat', text: of.flat ?? RESIDENT.flat });
  bank.act({ do: 'size', size: of.size ?? 'M' });
  return bank.on('drop-off').door.compartment;
}

/** A parcel in, the courier gone. Answers its compartment and its code. */
export function dropOff(
  bank: TestBank,
  of: { flat?: string; size?: 'S' | 'M' | 'L' | 'XL' } = {},
): { n: number; pin: string; qr: string } {
  signIn(bank);
  const n = beginDropOff(bank, of);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  bank.on('drop-off-done');
  bank.act({ do: 'leave' });
  return { n, ...bank.newestCode() };
}
