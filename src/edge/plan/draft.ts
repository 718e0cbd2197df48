/**
 * A plan in the making. The planner's functions take a `Draft`, look at its state, and put into it what
 * shall be: changed entities, records, notice wishes, effects. Nothing outside sees it before it is done,
 * and the state that it began with is never edited.
 *
 * Records, wishes and entities become durable together, before the first effect (commit, then act).
 */
import type { NoticeWish } from '../../contract/uplink.ts';
import type { GrantId, PersonId, SessionId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import { told } from '../../domain/outcome.ts';
import type { RecordDraft, RecordTime } from '../../ledger/record.ts';
import type { BankState, Collection, Kept, Screen, Volatile } from './state.ts';

/** The two clocks of this machine, as they stood when the event came in. */
export type Moment = { wallMs: number; monotonicMs: number };

export type Effect =
  /** One unlock frame. Sent once; never again by itself. `seq` names the decision that allows it. */
  | { do: 'pulse'; compartment: number; board: number; lock: number; seq: number }
  /** Compare a presented code with the verifiers of `grants`; every one of them, whatever is found. */
  | {
      do: 'compare';
      seq: number;
      method: 'pin' | 'flat-and-pin' | 'qr';
      code: string;
      grants: readonly GrantId[];
    }
  | { do: 'compare-courier'; seq: number; courier: PersonId; code: string; verifier: string }
  | { do: 'make-courier-code'; courier: PersonId; code: string }
  /** Draw a code for a grant and seal it for the notifier. */
  | { do: 'mint'; grant: GrantId; session: SessionId | null; issue: number; epoch: string; key: string }
  | { do: 'open-directory'; version: number; enc: string; ciphertext: string }
  /** Tell the cloud why a message was refused. */
  | { do: 'tell-refusal'; hash: string; reason: Denial; text: string }
  /** Tell the cloud anew what this bank holds. */
  | { do: 'hello' };

export type Planned = {
  state: BankState;
  time: RecordTime;
  records: readonly RecordDraft[];
  /** `seq` of each is the record it travels with. */
  wishes: readonly NoticeWish[];
  effects: readonly Effect[];
};

export class Draft {
  state: BankState;
  readonly time: RecordTime;
  readonly moment: Moment;
  readonly records: RecordDraft[] = [];
  readonly wishes: NoticeWish[] = [];
  readonly effects: Effect[] = [];

  constructor(state: BankState, time: RecordTime, moment: Moment) {
    this.state = state;
    this.time = time;
    this.moment = moment;
  }

  get nowMs(): number {
    return this.time.atMs;
  }

  /** Adds a record and answers the sequence number that it will have. */
  record(draft: RecordDraft): number {
    this.records.push(draft);
    const seq = this.state.lastSeq + 1;
    this.state = { ...this.state, lastSeq: seq };
    return seq;
  }

  put<C extends Collection>(collection: C, key: string | number, entity: Kept[C][string]): void {
    this.state = { ...this.state, [collection]: { ...this.state[collection], [key]: entity } };
  }

  patch<C extends Collection>(collection: C, key: string | number, change: Partial<Kept[C][string]>): void {
    const entity = this.state[collection][key];
    if (entity === undefined) throw new Error(`there is no ${collection} ${key} to change`);
    this.put(collection, key, { ...entity, ...change } as Kept[C][string]);
  }

  drop(collection: Collection, key: string | number): void {
    const { [String(key)]: gone, ...rest } = this.state[collection] as Record<string, unknown>;
    if (gone !== undefined) this.state = { ...this.state, [collection]: rest };
  }

  volatile(change: Partial<Volatile>): void {
    this.state = { ...this.state, volatile: { ...this.state.volatile, ...change } };
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
  }

  show(screen: Screen, message: string | null = null): void {
    const { volatile } = this.state;
    this.volatile({
      screen,
      message,
      turn: volatile.turn + 1,
      activeMs: this.moment.monotonicMs,
      moves: 0,
    });
  }

  /** Leaves the screen as it is and says one thing to the person. */
  say(message: string | null): void {
    this.volatile({ message, turn: this.state.volatile.turn + 1, activeMs: this.moment.monotonicMs });
  }

  /** Says as much of a denial as a person may know. */
  deny(reason: Denial): void {
    this.say(told(reason));
  }

  done(): Planned {
    return {
      state: this.state,
      time: this.time,
      records: this.records,
      wishes: this.wishes,
      effects: this.effects,
    };
  }
}
