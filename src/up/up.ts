/**
 * `holdfast up`: the whole system on this machine, for development and trials. It prepares what a first
 * start needs, starts PostgreSQL, rig, cloud and edge as processes of their own, has the roster signed by
 * the very command that an operator types, and then only supervises.
 */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import type { Arguments } from '../../bin/holdfast.ts';
import { HoldfastError } from '../domain/errors.ts';
import { sleep, systemClock } from '../platform/clock.ts';
import { ownServers } from '../platform/config.ts';
import { abortWhenAsked, runUntilStopped } from '../platform/process.ts';
import { readState } from './kept.ts';
import { placesIn } from './places.ts';
import { portsFrom } from './ports.ts';
import { type OwnServers, type System, startSystem } from './system.ts';
import { waitFor } from './wait.ts';

const DEFAULT_PORT = 8080;
const BROKER_MS_MAX = 300_000;
const LAST_BASE = 65_535 - 16;

export async function runUp(given: Arguments): Promise<number> {
  const base = baseOf(given.values.port);
  const data = resolve(given.values.data ?? resolve(given.root, '.holdfast'));
  const startedMs = systemClock.monotonicMs();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  // A start can be broken off at any moment; what has begun by then is stopped in order.
  const asked = abortWhenAsked(() => say('stopping, once the step under way is done …'));
  let system: System;
  try {
    system = await startSystem({
      ...{ root: given.root, data, base, fresh: given.values.fresh, clock: systemClock, say },
      ...{ own: ownOf(data, say), signal: asked.signal },
    });
  } catch (error) {
    // A step that Ctrl-C broke off has nothing else to say; what had begun is stopped by now.
    if (!asked.signal.aborted) throw error;
    const isMade = readState(placesIn(data)).commissioned;
    say(
      `stopped before it was ready; ${isMade ? `start again with: ${againWith(given)}` : 'the next start begins anew'}`,
    );
    return 130;
  }
  if (asked.signal.aborted) {
    await system.stop();
    return 130;
  }
  printTable(system, say);
  say(
    `ready http://localhost:${portsFrom(base).start}   (${((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)} s; Ctrl-C stops)`,
  );
  const running = system;
  return new Promise((done) => {
    const stop = async () => {
      say('stopping …');
      await running.stop();
      say(`stopped. Parcels and records are kept; start again with: ${againWith(given)}`);
    };
    runUntilStopped({ stop }, { onStopped: done });
    // Only now: in between, a signal that nobody waits for would end this process at once.
    asked.release();
    keepAlive();
  });
}

/** What was given is given again; `--fresh` would empty what was just promised to be kept. */
function againWith({ values }: Arguments): string {
  const options = [
    values.data === undefined ? '' : ` --data ${inShell(values.data)}`,
    values.port === undefined ? '' : ` --port ${values.port}`,
  ].join('');
  return options === '' ? 'npm start' : `npm start --${options}`;
}

/** Single quotes take everything but themselves (POSIX shell, 2.2.2). */
function inShell(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The children hold this process only through their channels; a heartbeat makes that certain. */
async function keepAlive(): Promise<void> {
  for (;;) await sleep(systemClock, 3_600_000);
}

function baseOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const base = Number(text);
  if (!Number.isInteger(base) || base < 1024 || base > LAST_BASE) {
    throw new HoldfastError(
      'input-invalid',
      `--port takes a base from 1024 to ${LAST_BASE} (eleven ports are used from it on), not ${text}`,
    );
  }
  return base;
}

/** From the environment, as hosting services give it. */
function ownOf(data: string, say: (line: string) => void): OwnServers {
  const { databaseUrl, brokerUrl } = ownServers();
  if (brokerUrl === undefined) return { databaseUrl };
  const url = /^mqtts:\/\/127\.0\.0\.1:(\d{1,5})$/.exec(brokerUrl);
  const port = Number(url?.[1]);
  if (!url || port > 65_534)
    throw new HoldfastError(
      'input-invalid',
      'HOLDFAST_BROKER_URL is mqtts://127.0.0.1:PORT, a Mosquitto on this machine; banks then use PORT + 1',
    );
  const host = '127.0.0.1';
  const dir = resolve(data, 'cloud', 'broker');
  return {
    databaseUrl,
    broker: {
      host,
      port,
      mosquitto: { host, port: port + 1, dir },
      async ready(_, signal) {
        say(`waiting for your broker at ${brokerUrl}: mosquitto -c ${dir}/mosquitto.conf`);
        const holds = () => isListening(port);
        await waitFor({
          clock: systemClock,
          what: `a broker at ${brokerUrl}`,
          msMax: BROKER_MS_MAX,
          holds,
          signal,
        });
      },
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => done(false));
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
  });
}

function printTable(system: System, say: (line: string) => void): void {
  const { urls, signIns } = system.run;
  const rows: [string, string, string][] = [
    ['start page', urls.start, ''],
    ['kiosk', urls.kiosk, 'the screen at the cabinet'],
    ['rig', urls.rig, 'the cabinet, the badge, the phone'],
    [
      'resident',
      urls.resident,
      `flat ${signIns.resident.flat}, ${signIns.resident.email} (a link by e-mail)`,
    ],
    [
      'courier',
      urls.courier,
      `${signIns.courier.carrier}, badge ${signIns.courier.badge}, code ${signIns.courier.code}; here by mail to ${signIns.courier.email}`,
    ],
    [
      'admin',
      urls.admin,
      `${signIns.admin.email}  ${signIns.admin.password}  TOTP ${signIns.admin.totpSecret}`,
    ],
    ['signer', urls.signer, 'npm run holdfast -- admin roster sign'],
    ['api', urls.api, `also ${urls.https}`],
  ];
  say('');
  for (const [name, url, note] of rows) say(`  ${name.padEnd(11)} ${url.padEnd(34)} ${note}`.trimEnd());
  say('');
}
