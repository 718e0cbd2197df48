/**
 * The rim of the planner: takes events one at a time, makes each plan durable, then carries its effects
 * out. What an effect answers comes back as an event. If the process dies between the commit and an effect,
 * the next start finds the decision without an answer and settles it as `unknown`; it never repeats it.
 */

import { readIJson } from '../contract/json.ts';
import { directoryEntries, type NoticeCodes, SEAL_INFO } from '../contract/uplink.ts';
import { base64url, fromBase64url, utf8 } from '../crypto/bytes.ts';
import type { Hpke } from '../crypto/hpke.ts';
import { holdKey } from '../crypto/key.ts';
import { HoldfastError } from '../domain/errors.ts';
import { idFrom } from '../domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { type CodeBook, courierVerifier, drawCode, findGrant, sameVerifier } from './codes.ts';
import { JournalFull } from './journal-disk.ts';
import type { BankKeys } from './keys.ts';
import type { LockBoard } from './lockboard/lockboard.ts';
import { MissedEvents } from './missed.ts';
import type { Effect, Moment, Planned } from './plan/draft.ts';
import type { FreshIds } from './plan/dropoff.ts';
import { type Event, plan } from './plan/plan.ts';
import { cameToNothing, withoutRoom } from './plan/room.ts';
import type { BankState } from './plan/state.ts';
import type { RoomWatch } from './room.ts';

/** What the executor needs of a journal: `commit` returns when a power cut changes nothing of the plan. */
export type ExecuteJournal = {
  commit(before: BankState, planned: Planned): unknown;
  keepRefused(hash: string, atMs: number, text: string): void;
};

/** Interfaces all, so that the simulator hands in a disk, a sealer and boards that can break at any step. */
export type ExecuteDeps = {
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  random: Random;
  log: Log;
  journal: ExecuteJournal;
  keys: Pick<BankKeys, 'codes' | 'seal'>;
  hpke: Hpke;
  boards: Pick<LockBoard, 'pulse'>;
  room: Pick<RoomWatch, 'freeKiB' | 'giveReserve'>;
  /** Called after every plan: the screen may have changed, records may wait for the uplink. */
  onPlanned(state: BankState, records: number): void;
  /** Tells the cloud why a message was refused. */
  onRefusal(refusal: { hash: string; reason: string }): void;
  onHello(): void;
  /** More happened without room than could be remembered: doors and boards must be looked at anew. */
  onForgotten(): void;
  /** The journal cannot be trusted any more: nothing may be decided, so the agent must stop. */
  onFatal(error: Error): void;
};

export class Executor {
  #state: BankState;
  #broken: Error | null = null;
  readonly #deps: ExecuteDeps;
  readonly #book: CodeBook;
  readonly #running = new Set<Promise<void>>();
  readonly #missed = new MissedEvents();

  constructor(deps: ExecuteDeps, state: BankState) {
    this.#deps = deps;
    this.#state = state;
    this.#book = { key: holdKey(deps.keys.codes), bank: state.standing.bank };
  }

  /** Why nothing is decided any more; `onFatal` was told. */
  get broken(): Error | null {
    return this.#broken;
  }

  /** True while something that happened could not be written down yet. */
  get isBehind(): boolean {
    return !this.#missed.isEmpty;
  }

  get state(): BankState {
    return this.#state;
  }

  moment(): Moment {
    return { wallMs: this.#deps.clock.nowMs(), monotonicMs: this.#deps.clock.monotonicMs() };
  }

  fresh(): FreshIds {
    const drawn = this.#deps.random.bytes(64);
    return {
      session: idFrom('session', drawn.subarray(0, 16)),
      parcel: idFrom('parcel', drawn.subarray(16, 32)),
      grant: idFrom('grant', drawn.subarray(32, 48)),
      nonce: base64url(drawn.subarray(48)),
    };
  }

  /**
   * Plans one event, commits it, and starts its effects. Returns when the commit has happened, or when it is
   * sure that there was no room for it: then nothing of it happened, and whoever asked is told so.
   */
  dispatch(event: Event): void {
    if (this.#broken) throw this.#broken;
    const moment = this.moment();
    if (this.#takeInTurn(event, moment)) return;
    // New work is refused from here; what is under way gets the reserve, and one more try.
    this.#deps.room.giveReserve();
    this.#state = withoutRoom(this.#state);
    this.#take({ type: 'room', freeKiB: this.#deps.room.freeKiB(), full: true }, moment);
    if (this.#takeInTurn(event, moment)) return;
    if (MissedEvents.holds(event)) this.#missed.keep({ event, moment });
    if (event.type === 'action') this.#state = cameToNothing(this.#state, 'action');
    if (event.type === 'compared' || event.type === 'courier-compared')
      this.#state = cameToNothing(this.#state, 'comparison');
    this.#deps.onPlanned(this.#state, 0);
  }

  /** What happened while there was no room comes first, in its order. */
  #takeInTurn(event: Event, moment: Moment): boolean {
    const caughtUp = this.#catchUp();
    if (!caughtUp && (MissedEvents.holds(event) || this.#missed.startWaits)) return false;
    return this.#take(event, moment);
  }

  #catchUp(): boolean {
    for (;;) {
      const missed = this.#missed.takeFirst();
      if (!missed) break;
      if (this.#take(missed.event, missed.moment)) continue;
      this.#missed.putBack(missed);
      return false;
    }
    if (this.#missed.takeLost()) this.#deps.onForgotten();
    return true;
  }

  /** False when there was no room: then the state is the one from before. */
  #take(event: Event, moment: Moment): boolean {
    const planned = plan(this.#state, event, moment);
    try {
      this.#deps.journal.commit(this.#state, planned);
    } catch (cause) {
      if (cause instanceof JournalFull) return false;
      throw this.#break(cause);
    }
    this.#state = planned.state;
    for (const effect of planned.effects) this.#start(effect);
    this.#deps.onPlanned(this.#state, planned.records.length);
    return true;
  }

  /** The state in memory is still the one on disk; what is unknown is whether the disk will ever answer. */
  #break(cause: unknown): Error {
    const why = cause instanceof Error ? cause.message : String(cause);
    const says = `the journal could not be written: ${why}. Nothing was opened for it, and this bank has stopped; see docs/runbooks/disk-full.md`;
    this.#broken = new HoldfastError('unavailable', says, { cause });
    this.#deps.onFatal(this.#broken);
    return this.#broken;
  }

  /** Waits until every effect under way has been answered. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #start(effect: Effect): void {
    const running = this.#act(effect).catch((error: unknown) => this.#failed(effect, error));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** A code that cannot be sealed is the cloud's fault and no reason to stop: its epoch is dropped. */
  #failed(effect: Effect, error: unknown): void {
    // A journal that broke was told of where it broke.
    if (this.#broken) return;
    if (effect.do !== 'mint') {
      return this.#deps.onFatal(error instanceof Error ? error : new Error(String(error)));
    }
    this.#deps.log.error('a code could not be sealed to the notifier', { epoch: effect.epoch });
    this.dispatch({ type: 'mint-failed', epoch: effect.epoch });
  }

  async #act(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'pulse':
        return this.#pulse(effect);
      case 'compare': {
        const grants = effect.grants
          .map((id) => this.#state.grant[id])
          .filter((grant) => grant !== undefined);
        const found = findGrant(this.#book, grants, effect);
        return this.#dispatchSoon({
          type: 'compared',
          seq: effect.seq,
          method: effect.method,
          grant: found?.id ?? null,
          fresh: this.fresh(),
        });
      }
      case 'compare-courier': {
        const made = courierVerifier(this.#book, effect.courier, effect.code);
        return this.#dispatchSoon({
          type: 'courier-compared',
          seq: effect.seq,
          courier: effect.courier,
          matches: sameVerifier(made, effect.verifier),
        });
      }
      case 'make-courier-code':
        return this.#dispatchSoon({
          type: 'courier-code-made',
          courier: effect.courier,
          verifier: courierVerifier(this.#book, effect.courier, effect.code),
        });
      case 'mint':
        return this.#mint(effect);
      case 'open-directory':
        return this.#openDirectory(effect);
      case 'tell-refusal':
        this.#deps.journal.keepRefused(effect.hash, this.#deps.clock.nowMs(), effect.text);
        return this.#deps.onRefusal(effect);
      case 'hello':
        return this.#deps.onHello();
    }
  }

  #dispatchSoon(event: Event): void {
    this.dispatch(event);
  }

  async #pulse(effect: Extract<Effect, { do: 'pulse' }>): Promise<void> {
    // The decision `effect.seq` is in the journal: from here a power cut leaves it without an answer.
    const answer = await this.#deps.boards.pulse(effect);
    this.dispatch({
      type: 'board-answered',
      answer: { compartment: effect.compartment, seq: effect.seq, ...answer },
    });
  }

  async #mint(effect: Extract<Effect, { do: 'mint' }>): Promise<void> {
    const { random } = this.#deps;
    const others = Object.values(this.#state.grant).filter(
      (grant) => grant.state === 'live' && grant.issue > 0,
    );
    const digits = this.#state.standing.pinDigits;
    const code = drawCode(this.#book, random, { grant: effect.grant, issue: effect.issue, digits, others });
    const reference = idFrom('notice', random.bytes(16));
    const codes: NoticeCodes = { v: 1, pin: code.pin, qr: code.qr };
    const key = fromBase64url(effect.key);
    if (!key) throw new Error('the epoch key is no base64url');
    const sealed = await this.#deps.hpke.seal(key, utf8(JSON.stringify(codes)), {
      info: SEAL_INFO.notice,
      aad: `${this.#state.standing.bank}\0${reference}`,
    });
    const box = { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) };
    this.dispatch({
      type: 'minted',
      answer: {
        grant: effect.grant,
        issue: effect.issue,
        pinVerifier: code.pinVerifier,
        qrVerifier: code.qrVerifier,
        digits,
        wish: { reference, epoch: effect.epoch, codes: box },
      },
    });
  }

  async #openDirectory(effect: Extract<Effect, { do: 'open-directory' }>): Promise<void> {
    const { keys, hpke } = this.#deps;
    const refused = { hash: '', bytes: effect.ciphertext.length, text: '' };
    const enc = fromBase64url(effect.enc);
    const ciphertext = fromBase64url(effect.ciphertext);
    const place = { info: SEAL_INFO.directory, aad: `${this.#state.standing.bank}\0${effect.version}` };
    const opened =
      enc && ciphertext ? await hpke.open(keys.seal.privateKey, { enc, ciphertext }, place) : undefined;
    const entries = opened === undefined ? undefined : readEntries(opened);
    if (!entries)
      return this.dispatch({
        type: 'directory-refused',
        refused: { ...refused, hash: base64url(new Uint8Array(32)) },
      });
    this.dispatch({ type: 'directory-opened', opened: { version: effect.version, entries } });
  }
}

function readEntries(bytes: Uint8Array) {
  try {
    const parsed = directoryEntries.safeParse(readIJson(bytes));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Sealed bytes that are no JSON are refused by the caller, by name.
    return undefined;
  }
}
