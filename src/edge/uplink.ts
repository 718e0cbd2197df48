/**
 * The bank's side of the uplink: one outbound TLS 1.3 connection to a pinned server, MQTT 3.1.1 on it.
 * Batches go up one at a time, oldest first, and again until the cloud has acknowledged them; what is lost
 * on the way costs time and nothing else.
 */
import { MqttClient } from 'mqtt';
import {
  type DownMessage,
  downTopic,
  readDown,
  SEAL_INFO,
  UPLINK_VERSION,
  type UpMessage,
  upTopic,
} from '../contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { hpkeSeal } from '../crypto/hpke.ts';
import { privateKeyPem } from '../crypto/sign.ts';
import type { Denial } from '../domain/outcome.ts';
import { BATCH_RECORDS_MAX, type BatchHead, batchRoot, headHash, signHead } from '../ledger/batch.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { connectPinned } from '../platform/tls.ts';
import type { Journal } from './journal.ts';
import type { BankKeys } from './keys.ts';
import type { Heard } from './plan/downlink.ts';
import { type BankState, ONLY, rosterOf } from './plan/state.ts';

const PAUSE_MS_FIRST = 250;
const PAUSE_MS_MAX = 30_000;
const RESEND_MS = 8_000;
/** Often enough that a healthy line is never taken for a dead one (see `ONLINE_MS` of the view). */
const TIME_EVERY_MS = 40_000;
const KEEPALIVE_S = 20;
const HELLO_MS = 500;
const BATCH_BYTES = 400_000;

export type UplinkDeps = {
  bank: string;
  host: string;
  port: number;
  pins: () => readonly string[];
  certificate: string;
  keys: BankKeys;
  journal: Journal;
  clock: Clock;
  random: Random;
  log: Log;
  state: () => BankState;
  onHeard(heard: Heard): void;
  onUnheard(refused: { hash: string; bytes: number; text: string; reason: Denial }): void;
  onLink(up: boolean): void;
};

export class Uplink {
  readonly #deps: UplinkDeps;
  readonly #boot: string;
  #client: MqttClient | null = null;
  #stopped = false;
  #pauseMs = PAUSE_MS_FIRST;
  #sentLast = 0;
  #sending = false;
  #cancels: Cancel[] = [];
  #helloWaits = false;
  #cancelResend: Cancel = () => {};
  #asked: { nonce: string; atMs: number } | null = null;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
    this.#boot = base64url(deps.random.bytes(12));
  }

  start(): void {
    this.#cancels.push(this.#deps.clock.every(TIME_EVERY_MS, () => this.#askTime()));
    void this.#dial();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancelResend();
    await this.#client?.endAsync(true);
  }

  /** There may be something to send. */
  kick(): void {
    void this.#send().catch((error: unknown) =>
      this.#deps.log.error('sending a batch failed', { error: (error as Error).message }),
    );
  }

  /** Tells what this bank holds; many reasons within a second make one message. */
  hello(): void {
    if (this.#helloWaits) return;
    this.#helloWaits = true;
    this.#cancels.push(
      this.#deps.clock.after(HELLO_MS, () => {
        this.#helloWaits = false;
        this.#sayHello();
      }),
    );
  }

  #sayHello(): void {
    const state = this.#deps.state();
    const { tip } = this.#deps.journal;
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
    });
  }

  refusal(of: { hash: string; reason: string }): void {
    this.#publish({ v: UPLINK_VERSION, type: 'refusal', of: of.hash, reason: of.reason });
  }

  async #dial(): Promise<void> {
    if (this.#stopped) return;
    const { host, port, pins, certificate, keys, log, bank } = this.#deps;
    try {
      const socket = await connectPinned({
        host,
        port,
        pins: pins(),
        client: { certificate, key: privateKeyPem(keys.identity.privateKey) },
      });
      if (this.#stopped) return void socket.destroy();
      const client = new MqttClient(() => socket, {
        clientId: bank,
        protocolVersion: 4,
        clean: true,
        keepalive: KEEPALIVE_S,
        reconnectPeriod: 0,
        connectTimeout: 10_000,
        queueQoSZero: false,
      });
      this.#client = client;
      client.on('connect', () => this.#up(client));
      client.on('message', (_topic, payload) => this.#received(new Uint8Array(payload)));
      client.on('error', (error) => log.warn('the uplink failed', { error: error.message }));
      client.on('close', () => this.#down(client));
    } catch (error) {
      log.warn('the cloud is not reached', { error: (error as Error).message });
      this.#dialAgain();
    }
  }

  #dialAgain(): void {
    if (this.#stopped) return;
    const { clock, random } = this.#deps;
    // Jitter, so that a thousand banks do not come back in one second.
    const waitMs = this.#pauseMs / 2 + random.below(Math.ceil(this.#pauseMs / 2) + 1);
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
    this.#cancels.push(clock.after(waitMs, () => void this.#dial()));
  }

  #up(client: MqttClient): void {
    client.subscribe(downTopic(this.#deps.bank), { qos: 1 }, (error, granted) => {
      // A bank without its own topic is not connected, whatever the broker says.
      if (error || granted?.[0]?.qos !== 1) return void client.end(true);
      this.#pauseMs = PAUSE_MS_FIRST;
      this.#sentLast = 0;
      this.#deps.onLink(true);
      this.#sayHello();
      this.#askTime();
      this.kick();
    });
  }

  #down(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.removeAllListeners();
    // A late error of a closed client has nobody to tell and must not end the process.
    client.on('error', () => {});
    this.#deps.onLink(false);
    this.#dialAgain();
  }

  #publish(message: UpMessage): boolean {
    const client = this.#client;
    if (!client?.connected) return false;
    client.publish(upTopic(this.#deps.bank), JSON.stringify(message), { qos: 1 }, (error) => {
      if (error)
        this.#deps.log.warn('a message was not taken by the broker', {
          type: message.type,
          error: error.message,
        });
    });
    return true;
  }

  #askTime(): void {
    const nonce = base64url(this.#deps.random.bytes(12));
    this.#asked = { nonce, atMs: this.#deps.clock.monotonicMs() };
    this.#publish({ v: UPLINK_VERSION, type: 'time', nonce });
  }

  #received(bytes: Uint8Array): void {
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
    if (message.type === 'batch-refused')
      this.#deps.log.error('the cloud refused a batch', {
        reason: message.reason,
        cloudHas: message.lastSeq,
      });
    this.#deps.onHeard({
      message,
      hash,
      bytes: bytes.length,
      text: fromUtf8(bytes).slice(0, 4096),
      time: this.#timeOf(message),
    });
  }

  #timeOf(message: DownMessage): Heard['time'] {
    if (message.type !== 'time' || message.nonce !== this.#asked?.nonce) return null;
    const tripMs = this.#deps.clock.monotonicMs() - this.#asked.atMs;
    this.#asked = null;
    // The answer was made some time within the trip: its middle is the best guess, half the trip its error.
    return { atMs: Math.round(message.atMs + tripMs / 2), uncertaintyMs: Math.ceil(tripMs / 2) };
  }

  #acknowledged(ack: { lastSeq: number; head: string }): void {
    const batch = this.#deps.journal.nextBatch();
    if (batch?.last !== ack.lastSeq || batch.hash !== ack.head) return;
    if (!this.#deps.journal.acknowledge(ack.lastSeq)) return;
    this.#cancelResend();
    this.#sentLast = 0;
    this.kick();
  }

  async #send(): Promise<void> {
    if (this.#sending || !this.#client?.connected) return;
    this.#sending = true;
    try {
      await this.#sendNext();
    } finally {
      this.#sending = false;
    }
  }

  async #sendNext(): Promise<void> {
    const roster = rosterOf(this.#deps.state());
    const intake = fromBase64url(roster?.keys.intake ?? '');
    // Fields leave this bank only sealed to the key that the roster names; without a roster they wait.
    if (!intake || intake.length === 0) return;
    const batch = this.#deps.journal.nextBatch() ?? this.#makeBatch();
    if (!batch || batch.last === this.#sentLast) return;
    const sealed = await hpkeSeal(intake, utf8(JSON.stringify(batch.openings)), {
      info: SEAL_INFO.intake,
      aad: batch.hash,
    });
    const sent = this.#publish({
      v: UPLINK_VERSION,
      type: 'batch',
      head: batch.note,
      records: batch.records.map(fromUtf8),
      openings: { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) },
      notices: batch.wishes,
    });
    if (!sent) return;
    this.#sentLast = batch.last;
    this.#cancelResend();
    this.#cancelResend = this.#deps.clock.after(RESEND_MS, () => {
      this.#sentLast = 0;
      this.kick();
    });
  }

  /** Signs the head over the next records and keeps it before anything is sent. */
  #makeBatch() {
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
