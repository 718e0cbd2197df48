/**
 * The bank's side of the uplink: one outbound TLS 1.3 connection to a pinned server, MQTT 3.1.1 on it.
 * What is sent over it, and when, are the rules of `upload.ts`.
 */
import { MqttClient } from 'mqtt';
import { downTopic, type UpMessage, upTopic } from '../contract/uplink.ts';
import { hpke } from '../crypto/hpke.ts';
import { privateKeyPem } from '../crypto/sign.ts';
import type { Denial } from '../domain/outcome.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { connectPinned } from '../platform/tls.ts';
import type { Certificates } from './certificates.ts';
import type { BankKeys } from './keys.ts';
import type { Heard } from './plan/downlink.ts';
import type { BankState } from './plan/state.ts';
import { Upload, type UploadJournal } from './upload.ts';

const PAUSE_MS_FIRST = 250;
const PAUSE_MS_MAX = 30_000;
/** Often enough that a healthy line is never taken for a dead one (see `ONLINE_MS` of the view). */
const TIME_EVERY_MS = 40_000;
const KEEPALIVE_S = 20;

export type UplinkDeps = {
  bank: string;
  host: string;
  port: number;
  pins: () => readonly string[];
  certificates: Pick<Certificates, 'toShow' | 'taken' | 'refused' | 'wanted' | 'asked' | 'answered'>;
  keys: BankKeys;
  journal: UploadJournal;
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
  readonly #upload: Upload;
  #client: MqttClient | null = null;
  #stopped = false;
  #pauseMs = PAUSE_MS_FIRST;
  #cancelBeat: Cancel = () => undefined;
  /** Of the next dial alone: a bank without a line dials for months. */
  #cancelDial: Cancel = () => undefined;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
    const isConnected = () => this.#client?.connected === true;
    const link = {
      get connected() {
        return isConnected();
      },
      publish: (message: UpMessage) => this.#publish(message),
    };
    this.#upload = new Upload({ ...deps, hpke, link });
  }

  start(): void {
    this.#cancelBeat = this.#deps.clock.every(TIME_EVERY_MS, () => this.#upload.beat());
    void this.#dial();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelBeat();
    this.#cancelDial();
    this.#upload.stop();
    await this.#client?.endAsync(true);
  }

  /** There may be something to send. */
  kick(): void {
    this.#upload.kick();
  }

  /** Tells what this bank holds. */
  hello(): void {
    this.#upload.hello();
  }

  /** Tells why a message was refused. */
  refusal(of: { hash: string; reason: string }): void {
    this.#upload.refusal(of);
  }

  async #dial(): Promise<void> {
    if (this.#stopped) return;
    const { host, port, pins, certificates, keys, log, bank } = this.#deps;
    try {
      const certificate = await certificates.toShow();
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
      let isAgreed = false;
      client.on('connect', () => {
        isAgreed = true;
        certificates.taken();
        this.#up(client);
      });
      client.on('message', (_topic, payload) => this.#upload.received(new Uint8Array(payload)));
      client.on('error', (error) => log.warn('the uplink failed', { error: error.message }));
      client.on('close', () => {
        if (!isAgreed) certificates.refused();
        this.#down(client);
      });
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
    this.#cancelDial = clock.after(waitMs, () => void this.#dial());
  }

  #up(client: MqttClient): void {
    client.subscribe(downTopic(this.#deps.bank), { qos: 1 }, (error, granted) => {
      // A bank without its own topic is not connected, whatever the broker says.
      if (error || granted?.[0]?.qos !== 1) return void client.end(true);
      this.#pauseMs = PAUSE_MS_FIRST;
      this.#deps.onLink(true);
      this.#upload.opened();
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
}
