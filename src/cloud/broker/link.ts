/**
 * The cloud's own connection to the broker, ours or an operator's: an ordinary MQTT client with a pinned
 * server key and the certificate of a cloud process. What could not be sent is not kept: every bank says
 * what it has when it connects, and is then told what it lacks.
 */
import { MqttClient } from 'mqtt';
import { type DownMessage, downTopic, readTopic, upTopic } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { connectPinned } from '../../platform/tls.ts';
import { CLOUD_NAME } from './acl.ts';

export type LinkConfig = {
  host: string;
  port: number;
  pins: readonly string[];
  /** What a cloud process shows; asked for before each connection. */
  client(): Promise<{ certificate: string; key: string }>;
  clock: Clock;
  random: Random;
  log: Log;
  onMessage(bank: string, payload: Uint8Array): void;
  /** Connected, again or for the first time: what was said meanwhile was said to nobody. */
  onUp(): void;
};

const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 5_000;
const KEEPALIVE_S = 20;
const CONNECT_MS_MAX = 10_000;
const END_MS_MAX = 2_000;
/** A broker that has not taken a message by then is as good as gone; the bank asks again for what it lacks. */
const TAKEN_MS_MAX = 10_000;
/** Topics in one SUBSCRIBE: far below the longest packet that a broker takes. */
const TOPICS_AT_ONCE = 200;
/** The code in a SUBACK for a topic that was refused (MQTT 3.1.1 section 3.9.3). */
const REFUSED = 128;

export class BrokerLink {
  readonly #config: LinkConfig;
  readonly #log: Log;
  #client: MqttClient | null = null;
  #up = false;
  #stopped = false;
  /** Banks that this process hears, whenever there is a connection. */
  readonly #served = new Set<string>();
  #pauseMs = PAUSE_MS_FIRST;
  #cancelDial: Cancel = () => {};

  /** Begins to connect; goes on until stopped. */
  constructor(config: LinkConfig) {
    this.#config = config;
    this.#log = config.log.child('link');
    void this.#dial();
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** Answers when the broker has the message, or will not have it: who sends waits for this, and others for them. */
  async send(bank: string, message: DownMessage): Promise<void> {
    const client = this.#client;
    if (!client || !this.#up) return;
    const why = await this.#isTaken(client, downTopic(bank), JSON.stringify(message));
    if (why !== null)
      this.#log.warn('a message was not taken by the broker', { bank, type: message.type, error: why });
  }

  /**
   * Null when it was, else why not. The client answers for what was under way when it is told to end, not when the
   * far side hangs up (mqtt.js, `_flushVolatile`), so the end of the connection is waited for as well.
   */
  #isTaken(client: MqttClient, topic: string, payload: string): Promise<string | null> {
    return new Promise((resolve) => {
      const closed = () => done('the connection ended');
      const cancel = this.#config.clock.after(TAKEN_MS_MAX, () => done('the broker did not answer in time'));
      const done = (why: string | null) => {
        client.removeListener('close', closed);
        cancel();
        resolve(why);
      };
      client.once('close', closed);
      client.publish(topic, payload, { qos: 1 }, (error) => done(error ? error.message : null));
    });
  }

  /** Hears these banks from now on. Answers when the broker has agreed, or when there is no connection to ask on. */
  async serve(banks: readonly string[]): Promise<void> {
    for (const bank of banks) this.#served.add(bank);
    if (this.#client && this.#up) await this.#subscribe(this.#client, banks);
  }

  /** Hears these banks no more. */
  async leave(banks: readonly string[]): Promise<void> {
    for (const bank of banks) this.#served.delete(bank);
    const client = this.#client;
    if (!client || !this.#up) return;
    for (let at = 0; at < banks.length; at += TOPICS_AT_ONCE)
      client.unsubscribe(banks.slice(at, at + TOPICS_AT_ONCE).map(upTopic));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#up = false;
    this.#cancelDial();
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    await new Promise<void>((resolve) => {
      // A second `end` of a client that is ending does nothing, so who waits in vain cuts the line itself.
      const cancelCut = this.#config.clock.after(END_MS_MAX, () => client.stream.destroy());
      const ended = () => {
        cancelCut();
        resolve();
      };
      client.once('close', ended);
      client.end(false, {}, ended);
    });
  }

  async #dial(): Promise<void> {
    try {
      const { host, port, pins } = this.#config;
      const socket = await connectPinned({ host, port, pins, client: await this.#config.client() });
      if (this.#stopped) return void socket.destroy();
      const client = new MqttClient(() => socket, {
        clientId: `${CLOUD_NAME}-${base64url(this.#config.random.bytes(9))}`,
        protocolVersion: 4,
        clean: true,
        keepalive: KEEPALIVE_S,
        reconnectPeriod: 0,
        connectTimeout: CONNECT_MS_MAX,
        queueQoSZero: false,
      });
      this.#client = client;
      client.on('connect', () => void this.#connected(client));
      client.on('message', (topic, payload) => {
        const from = readTopic(topic);
        if (from?.way === 'up') this.#config.onMessage(from.bank, new Uint8Array(payload));
      });
      client.on('error', (error) =>
        this.#log.warn('the connection to the broker failed', { error: error.message }),
      );
      client.once('close', () => this.#lost(client));
    } catch (error) {
      this.#log.warn('the broker is not reached', { error: (error as Error).message });
      this.#dialAgain();
    }
  }

  async #connected(client: MqttClient): Promise<void> {
    this.#up = true;
    this.#log.info('connected to the broker');
    await this.#subscribe(client, [...this.#served]);
    if (this.#client !== client || !this.#up) return;
    this.#pauseMs = PAUSE_MS_FIRST;
    this.#config.onUp();
  }

  /** A process that may not hear its banks is of no use to them: it breaks off, and they go to another. */
  async #subscribe(client: MqttClient, banks: readonly string[]): Promise<void> {
    for (let at = 0; at < banks.length; at += TOPICS_AT_ONCE) {
      const topics = banks.slice(at, at + TOPICS_AT_ONCE).map(upTopic);
      if (await isGranted(client, topics)) continue;
      if (client.connected) this.#log.error('the broker does not let this process hear its banks');
      client.end(true);
      return;
    }
  }

  #lost(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#up = false;
    client.removeAllListeners();
    // A late error of a closed client has nobody to tell and must not end the process.
    client.on('error', () => {});
    this.#dialAgain();
  }

  #dialAgain(): void {
    if (this.#stopped) return;
    const { clock, random } = this.#config;
    const waitMs = this.#pauseMs / 2 + random.below(Math.ceil(this.#pauseMs / 2) + 1);
    this.#cancelDial = clock.after(waitMs, () => void this.#dial());
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }
}

function isGranted(client: MqttClient, topics: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = () => resolve(false);
    client.once('close', closed);
    client.subscribe(topics, { qos: 1 }, (error, answers) => {
      client.removeListener('close', closed);
      resolve(!error && answers?.every(({ qos }) => (qos as number) !== REFUSED) === true);
    });
  });
}
