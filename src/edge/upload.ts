/**
 * The rules of the uplink, without a socket: what is signed when, which batch goes up, what an
 * acknowledgement ends, what is sent again. Batches go up one at a time, oldest first, and again until the
 * cloud has acknowledged them; what is lost on the way costs time and nothing else.
 *
 * `uplink.ts` drives it over MQTT; the simulator drives the same lines over a model network.
 */
import {
  type DownMessage,
  readDown,
  SEAL_INFO,
  type SealedBox,
  UPLINK_VERSION,
  type UpMessage,
} from '../contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Hpke } from '../crypto/hpke.ts';
import type { Denial } from '../domain/outcome.ts';
import { BATCH_RECORDS_MAX, type BatchHead, batchRoot, headHash, signHead } from '../ledger/batch.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { Behind } from './behind.ts';
import type { Certificates } from './certificates.ts';
import type { AgainBatch, JournalTip, SignedBatch } from './chain.ts';
import type { BankKeys } from './keys.ts';
import { type LogQuestion, logQuestion } from './plan/auditor.ts';
import type { Fallen, Heard } from './plan/downlink.ts';
import { type BankState, ONLY, rosterOf } from './plan/state.ts';

const RESEND_MS = 8_000;
const HELLO_MS = 500;
/** What the cloud lost of a hello, or the bank of its answer, is made good within this time. */
const HELLO_AGAIN_MS = 600_000;
const BATCH_BYTES = 400_000;
/** Twice within each hour in which a proof has to be demanded, so that one lost answer costs none. */
const LOG_ASK_MS = 1_700_000;
/** So long after a question that nobody answered the next one follows. */
const LOG_ASK_AGAIN_MS = 300_000;

/** What the upload needs of a journal. A head is durable when `keepHead` returns, an acknowledgement too. */
export type UploadJournal = {
  readonly tip: JournalTip;
  unsigned(count: number): { seq: number; bytes: Uint8Array }[];
  keepHead(head: { first: number; last: number; note: string; hash: string }): void;
  nextBatch(): SignedBatch | undefined;
  /** False when there was no room to note it: the batch is sent, and acknowledged, once more. */
  acknowledge(seq: number, box?: SealedBox | null): boolean;
  /** What a cloud is sent that has less than it had acknowledged. */
  headHashAt(last: number): string | undefined;
  batchAgain(after: number): AgainBatch | undefined;
  readonly keptFrom: number | undefined;
  forgetKept(upTo: number): void;
};

/** One connection at a time; `publish` answers false when there is none, and nothing was sent. */
export type UploadLink = { readonly connected: boolean; publish(message: UpMessage): boolean };

export type UploadDeps = {
  bank: string;
  keys: Pick<BankKeys, 'identity'>;
  journal: UploadJournal;
  hpke: Pick<Hpke, 'seal'>;
  link: UploadLink;
  certificates: Pick<Certificates, 'wanted' | 'asked' | 'answered'>;
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
  random: Random;
  log: Log;
  state: () => BankState;
  onHeard(heard: Heard): void;
  onUnheard(refused: { hash: string; bytes: number; text: string; reason: Denial }): void;
};

export class Upload {
  readonly #deps: UploadDeps;
  readonly #boot: string;
  readonly #behind: Behind;
  #sentLast = 0;
  /** What the last batch carried, for the time when the cloud may have lost it. */
  #sentBox: { last: number; box: SealedBox } | null = null;
  #sending = false;
  #again = false;
  #helloWaits = false;
  #helloMs = 0;
  #cancelHello: Cancel = () => {};
  #cancelResend: Cancel = () => {};
  #asked: { nonce: string; atMs: number } | null = null;
  /** What the cloud said of the time, and when. */
  #told: { cloudMs: number; atMs: number } | null = null;
  /** The last question about the log; answered ones have no nonce any more. */
  #log: { question: LogQuestion; atMs: number; nonce: string | null } | null = null;

  constructor(deps: UploadDeps) {
    this.#deps = deps;
    this.#boot = base64url(deps.random.bytes(12));
    this.#behind = new Behind(deps.journal);
  }

  /** A connection stands: nothing is known to have arrived, so everything is told and sent anew. */
  opened(): void {
    this.#sentLast = 0;
    this.#sayHello();
    this.#askTime();
    this.#askLog();
    this.#askCertificate();
    this.kick();
  }

  /**
   * To be called every now and then. A process of the cloud can die over a message while this bank's line
   * stands, so waiting for the next connection could leave the bank without its roster for days.
   */
  beat(): void {
    // Nobody answered the last question, so perhaps nobody heard what was told about then either.
    const unheard = this.#asked !== null;
    if (unheard || this.#deps.clock.monotonicMs() - this.#helloMs >= HELLO_AGAIN_MS) this.#sayHello();
    this.#askTime();
    this.#askLog();
    this.#askCertificate();
  }

  stop(): void {
    this.#cancelHello();
    this.#cancelResend();
  }

  /** There may be something to send. */
  kick(): void {
    void this.#send().catch((error: unknown) => {
      this.#deps.log.error('sending a batch failed', { error: (error as Error).message });
      // A head that found no room is signed again by itself: perhaps no other record comes to ask for it.
      this.#kickLater();
    });
  }

  #kickLater(): void {
    this.#cancelResend();
    this.#cancelResend = this.#deps.clock.after(RESEND_MS, () => {
      this.#sentLast = 0;
      this.kick();
    });
  }

  /** Tells what this bank holds; many reasons within a second make one message. */
  hello(): void {
    if (this.#helloWaits) return;
    this.#helloWaits = true;
    this.#cancelHello = this.#deps.clock.after(HELLO_MS, () => {
      this.#helloWaits = false;
      this.#sayHello();
      // What this bank holds may be a roster that names another log.
      this.#askLog();
    });
  }

  #sayHello(): void {
    const state = this.#deps.state();
    const { tip } = this.#deps.journal;
    const nonce = state.orderBook[ONLY]?.nonce;
    const { keptFrom } = this.#deps.journal;
    this.#helloMs = this.#deps.clock.monotonicMs();
    this.#publish({
      v: UPLINK_VERSION,
      type: 'hello',
      boot: this.#boot,
      lastSeq: tip.lastSeq,
      acknowledgedSeq: tip.acknowledgedSeq,
      roster: { version: rosterOf(state)?.version ?? 0, hash: state.roster[ONLY]?.hash ?? null },
      epoch: state.epoch[ONLY]?.epoch ?? null,
      directory: state.directory[ONLY]?.version ?? 0,
      suspensions: Object.keys(state.suspension),
      development: state.standing.development,
      ...(nonce === undefined ? {} : { orderNonce: nonce }),
      ...(keptFrom === undefined ? {} : { keptFrom }),
    });
  }

  refusal(of: { hash: string; reason: string }): void {
    this.#publish({ v: UPLINK_VERSION, type: 'refusal', of: of.hash, reason: of.reason });
  }

  #askTime(): void {
    const nonce = base64url(this.#deps.random.bytes(12));
    this.#asked = { nonce, atMs: this.#deps.clock.monotonicMs() };
    this.#publish({ v: UPLINK_VERSION, type: 'time', nonce });
  }

  /** Demands a proof that the log only grew, where the roster names one and it is time. */
  #askLog(): void {
    const question = logQuestion(this.#deps.state());
    if (!question) return;
    const atMs = this.#deps.clock.monotonicMs();
    const last = this.#log?.question.vkey === question.vkey ? this.#log : null;
    if (last && atMs - last.atMs < (last.nonce === null ? LOG_ASK_MS : LOG_ASK_AGAIN_MS)) return;
    const nonce = base64url(this.#deps.random.bytes(12));
    const { origin, from } = question;
    if (this.#publish({ v: UPLINK_VERSION, type: 'log-ask', nonce, origin, from }))
      this.#log = { question, atMs, nonce };
  }

  /** Asks for a certificate that lasts longer, where it is time. */
  #askCertificate(): void {
    const { certificates, clock } = this.#deps;
    const told = this.#told;
    const request = certificates.wanted(told && told.cloudMs + clock.monotonicMs() - told.atMs);
    if (request === undefined) return;
    if (this.#publish({ v: UPLINK_VERSION, type: 'certificate-ask', request })) certificates.asked();
  }

  /** Which question a message answers. Only the newest counts, and once: an old proof is no news of a log. */
  #questionOf(message: DownMessage): { question?: LogQuestion } {
    const log = this.#log;
    if (message.type !== 'log-proof' || log === null || log.nonce !== message.nonce) return {};
    this.#log = { ...log, nonce: null };
    return { question: log.question };
  }

  received(bytes: Uint8Array): void {
    const hash = base64url(sha256(bytes));
    const read = readDown(bytes);
    if (!read.ok)
      return this.#deps.onUnheard({
        hash,
        bytes: bytes.length,
        text: base64url(bytes.subarray(0, 4096)),
        reason: read.reason,
      });
    const { message } = read;
    if (message.type === 'ack') this.#acknowledged(message);
    if (message.type === 'batch-refused') this.#refused(message);
    if (message.type === 'certificate') this.#deps.certificates.answered(message);
    const forgot = this.#forgot(message);
    const fallen = this.#fallen(message);
    this.#deps.onHeard({
      message,
      hash,
      bytes: bytes.length,
      text: fromUtf8(bytes).slice(0, 4096),
      time: this.#timeOf(message),
      ...this.#questionOf(message),
      ...(fallen === undefined ? {} : { fallen }),
      ...(forgot ? { forgot } : {}),
    });
  }

  #publish(message: UpMessage): boolean {
    return this.#deps.link.publish(message);
  }

  #timeOf(message: DownMessage): Heard['time'] {
    if (message.type !== 'time' || message.nonce !== this.#asked?.nonce) return null;
    const nowMs = this.#deps.clock.monotonicMs();
    const tripMs = nowMs - this.#asked.atMs;
    this.#asked = null;
    this.#told = { cloudMs: message.atMs, atMs: nowMs };
    // The answer was made some time within the trip: its middle is the best guess, half the trip its error.
    return { atMs: Math.round(message.atMs + tripMs / 2), uncertaintyMs: Math.ceil(tripMs / 2) };
  }

  /** Somebody was erased. True when something was kept that had to go. */
  #forgot(message: DownMessage): boolean {
    if (message.type !== 'forget') return false;
    const { journal } = this.#deps;
    const before = journal.keptFrom;
    if (before === undefined || before > message.upTo) return false;
    journal.forgetKept(message.upTo);
    this.hello();
    // A disk without room for it is told again.
    return journal.keptFrom !== before;
  }

  #fallen(message: DownMessage): Fallen | undefined {
    if (message.type !== 'behind') return undefined;
    const fallen = this.#behind.claimed(message);
    if (fallen?.isOurs) this.#sendAtOnce();
    return fallen;
  }

  #refused({ reason, lastSeq }: { reason: string; lastSeq: number }): void {
    this.#deps.log.error('the cloud refused a batch', { reason, cloudHas: lastSeq });
    if (reason === 'batch-sealed-wrong' && this.#behind.withoutBox()) this.#sendAtOnce();
    // It has less than it had acknowledged: an answer to what this bank holds says how much.
    if (reason === 'batch-gap' && lastSeq < this.#deps.journal.tip.acknowledgedSeq) this.hello();
  }

  #sendAtOnce(): void {
    this.#cancelResend();
    this.#sentLast = 0;
    this.kick();
  }

  #acknowledged(ack: { lastSeq: number; head: string }): void {
    if (this.#behind.acknowledged(ack)) return this.#sendAtOnce();
    const batch = this.#deps.journal.nextBatch();
    if (batch?.last !== ack.lastSeq || batch.hash !== ack.head) return;
    const box = this.#sentBox?.last === batch.last ? this.#sentBox.box : null;
    if (!this.#deps.journal.acknowledge(ack.lastSeq, box)) return;
    this.#sentBox = null;
    this.#cancelResend();
    this.#sentLast = 0;
    this.kick();
  }

  /** A record that is written while a batch is made may be too late for it, and perhaps no other comes to ask. */
  async #send(): Promise<void> {
    this.#again = true;
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#again && this.#deps.link.connected) {
        this.#again = false;
        await this.#sendNext();
      }
    } finally {
      this.#sending = false;
    }
  }

  async #sendNext(): Promise<void> {
    const { journal, hpke, state } = this.#deps;
    const again = this.#behind.next();
    if (again) return this.#sendAgain(again);
    const intake = fromBase64url(rosterOf(state())?.keys.intake ?? '');
    // Fields leave this bank only sealed to the key that the roster names; without a roster they wait.
    if (!intake || intake.length === 0) return;
    const batch = journal.nextBatch() ?? this.#makeBatch();
    if (!batch || batch.last === this.#sentLast) return;
    const sealed = await hpke.seal(intake, utf8(JSON.stringify(batch.openings)), {
      info: SEAL_INFO.intake,
      aad: batch.hash,
    });
    const box = { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) };
    this.#sentBox = { last: batch.last, box };
    const { note: head, wishes: notices } = batch;
    const records = batch.records.map(fromUtf8);
    this.#sent(batch, { v: UPLINK_VERSION, type: 'batch', head, records, openings: box, notices });
  }

  /** As it was sent before, byte for byte, but for the notices: people were told then. */
  #sendAgain(batch: AgainBatch): void {
    if (batch.last === this.#sentLast) return;
    const { note: head, box: openings } = batch;
    const records = batch.records.map(fromUtf8);
    this.#sent(batch, { v: UPLINK_VERSION, type: 'batch', head, records, openings, notices: [] });
  }

  #sent({ last }: { last: number }, message: UpMessage): void {
    if (!this.#publish(message)) return;
    this.#sentLast = last;
    this.#kickLater();
  }

  /** Signs the head over the next records and keeps it before anything is sent. */
  #makeBatch(): SignedBatch | undefined {
    const { journal, keys, bank } = this.#deps;
    const waiting = journal.unsigned(BATCH_RECORDS_MAX);
    let bytes = 0;
    const records = waiting.filter((row) => {
      bytes += row.bytes.length;
      return bytes <= BATCH_BYTES;
    });
    const first = records[0]?.seq;
    const last = records.at(-1)?.seq;
    if (first === undefined || last === undefined) return undefined;
    const head: BatchHead = {
      bank,
      first,
      last,
      previous: journal.tip.lastHead,
      root: batchRoot(records.map((row) => row.bytes)),
    };
    journal.keepHead({ first, last, note: signHead({ head, key: keys.identity }), hash: headHash(head) });
    return journal.nextBatch();
  }
}
