/**
 * The cloud's own connection to the broker, ours or an operator's: an ordinary MQTT client with a pinned
 * server key and the certificate of a cloud process. What could not be sent is not kept: every bank says
 * what it has when it connects, and is then told what it lacks.
 */
import { MqttClient } from 'mqtt';
import { ALL_UP_TOPICS, downTopic, readTopic, type DownMessage } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { connectPinned } from '../../platform/tls.ts';
import { CLOUD_NAME } from './broker.ts';

export type LinkConfig = {
  host: string;
  port: number;
  pins: readonly string[];
  client: { certificate: string; key: string };
  clock: Clock;
  random: Random;
  log: Log;
  onMessage(bank: string, payload: Uint8Array): void;
};

export type Link = {
  isUp(): boolean;
  send(bank: string, message: DownMessage): Promise<void>;
  stop(): Promise<void>;
};

const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 5_000;
const KEEPALIVE_S = 20;
const CONNECT_MS_MAX = 10_000;
const END_MS_MAX = 2_000;

export function openLink(config: LinkConfig): Link {
  const { clock, random } = config;
  const log = config.log.child('link');
  let client: MqttClient | null = null;
  let up = false;
  let stopped = false;
  let pauseMs = PAUSE_MS_FIRST;
  let cancelDial: Cancel = () => {};

  async function dial(): Promise<void> {
    try {
      const socket = await connectPinned(config);
      if (stopped) return void socket.destroy();
      const next = new MqttClient(() => socket, {
        clientId: `${CLOUD_NAME}-${base64url(random.bytes(9))}`,
        protocolVersion: 4,
        clean: true,
        keepalive: KEEPALIVE_S,
        reconnectPeriod: 0,
        connectTimeout: CONNECT_MS_MAX,
        queueQoSZero: false,
      });
      client = next;
      next.on('connect', () => subscribe(next));
      next.on('message', (topic, payload) => {
        const from = readTopic(topic);
        if (from?.way === 'up') config.onMessage(from.bank, new Uint8Array(payload));
      });
      next.on('error', (error) => log.warn('the connection to the broker failed', { error: error.message }));
      next.once('close', () => lost(next));
    } catch (error) {
      log.warn('the broker is not reached', { error: (error as Error).message });
      dialAgain();
    }
  }

  function subscribe(to: MqttClient): void {
    to.subscribe(ALL_UP_TOPICS, { qos: 1 }, (error, granted) => {
      if (error || granted?.[0]?.qos !== 1) {
        log.error('the broker does not let this process hear its banks');
        return void to.end(true);
      }
      pauseMs = PAUSE_MS_FIRST;
      up = true;
      log.info('connected to the broker');
    });
  }

  function lost(old: MqttClient): void {
    if (client !== old) return;
    client = null;
    up = false;
    old.removeAllListeners();
    // A late error of a closed client has nobody to tell and must not end the process.
    old.on('error', () => {});
    dialAgain();
  }

  function dialAgain(): void {
    if (stopped) return;
    cancelDial = clock.after(pauseMs / 2 + random.below(Math.ceil(pauseMs / 2) + 1), () => void dial());
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
  }

  void dial();
  return {
    isUp: () => up,
    async send(bank, message) {
      if (!client || !up) return;
      try {
        await client.publishAsync(downTopic(bank), JSON.stringify(message), { qos: 1 });
      } catch (error) {
        log.warn('a message was not taken by the broker', { bank, type: message.type, error: (error as Error).message });
      }
    },
    async stop() {
      stopped = true;
      up = false;
      cancelDial();
      const last = client;
      client = null;
      if (!last) return;
      const forced = clock.after(END_MS_MAX, () => void last.end(true));
      await last.endAsync();
      forced();
    },
  };
}
