/** The time from `npm start`'s own command on a prepared data folder to the line that says it is ready. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const PROGRAM = join(import.meta.dirname, '../bin/holdfast.mjs');
const SECONDS_MAX = 5;
const READY_MS_MAX = 180_000;
const STOP_MS_MAX = 30_000;
const PORTS = 11;
const BASE_FIRST = 24_000;
const BASE_LAST = 32_000;

export async function startAgain(say: (line: string) => void): Promise<Row[]> {
  const data = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    say('start-again: preparing a data folder');
    const base = await freeBase();
    await startOnce(data, base);
    const measured = await measure(['start'], 0, async () => ({ start: [await startOnce(data, base)] }));
    const value = overRounds(measured, (round) => round.start);
    const { start } = measured.samples;
    return [
      {
        name: 'start-again',
        value,
        unit: 's',
        ratio: null,
        bar: SECONDS_MAX,
        better: 'lower',
        holds: measured.rounds.length >= ROUNDS_MIN && value <= SECONDS_MAX,
        median: median(start),
        p99: quantile(start, 0.99),
        rounds: measured.rounds.length,
        discarded: measured.discarded,
      },
    ];
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** Starts, waits until it is ready, stops again. Answers the seconds that the start took. */
async function startOnce(data: string, base: number): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'up', '--data', data, '--port', String(base)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    await ready(child);
    return (performance.now() - startMs) / 1000;
  } finally {
    await stop(child);
  }
}

function ready(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not ready after ${READY_MS_MAX / 1000} s:\n${said.join('\n')}`)),
      READY_MS_MAX,
    );
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (!line.startsWith('ready ')) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.on('exit', (status) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${status} before it was ready:\n${said.join('\n')}`));
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

/** A base from which on every port that `up` uses is free. */
async function freeBase(): Promise<number> {
  for (let base = BASE_FIRST; base < BASE_LAST; base += PORTS + 1) {
    const free = await Promise.all(Array.from({ length: PORTS }, (_, index) => isFree(base + index)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no block of free ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve(true)));
  });
}
