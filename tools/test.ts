/**
 * `npm test`: the fast gates, then every test. Usage:
 *
 *   node bin/holdfast.mjs test [--long] [--seed N] [--name PATTERN] [part of a file's path …]
 *
 * With a part of a path only the files whose paths hold it run, and the gates are left out. Tests learn
 * what they need from the environment: HOLDFAST_PEERS (the programs found, with commas), HOLDFAST_SEED, HOLDFAST_LONG (true with --long).
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { FAST_GATES, ROOT, runGates } from './check.ts';
import { IMAGE_PEERS, LONG_PEERS, PEERS, preparePeers } from './peers.ts';
import { makeTestFolder } from './test-folder.ts';
import { keepSeen, noted, type SeenTest } from './test-seen.ts';
import { joined, type TestEvent } from './test-summary.ts';

/** What lasts longest is begun first, so that no core is idle while the last file ends. */
const LONGEST = [
  ...['test/sim/', 'test/faults/', 'test/attacks/', 'test/journeys/', 'test/upgrade/'],
  ...['test/verify/', 'test/deploy/', 'test/interop/', 'test/'],
];
const LONG = /^test\/long\//;
/** A person at a kiosk is waited for in seconds, and a browser keeps both cores of a small machine busy. */
const BROWSER = /^test\/browser\//;
/** It begins when the others have ended: it asks what they have shown, and fills the machine by itself. */
const SABOTAGE = 'test/sabotage/sabotage.test.ts';
/** A test of a whole system waits for its processes a good part of the time; its patience is measured in seconds, so no more. */
const AT_ONCE = Math.max(2, availableParallelism());
/** Those in a browser, and the long ones, which measure how much a machine does, have it to themselves. */
const ALONE = 1;
/** Each of more than five hundred broken defences is a process of its own, often with a database: half an hour of two cores. */
const FILE_MS_MAX = 45 * 60_000;
/** A thousand simulated days of a site take more than an hour on two cores. */
const LONG_FILE_MS_MAX = 4 * 60 * 60_000;

type Options = { long: boolean; seed: string | undefined; name: string | undefined; filters: string[] };

function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      seed: { type: 'string' },
      name: { type: 'string' },
    },
  });
  if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
    throw new Error('--seed takes a whole number');
  return { long: values.long, seed: values.seed, name: values.name, filters: positionals };
}

export function selectFiles(
  files: readonly string[],
  options: { long: boolean; filters: readonly string[] },
): string[] {
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => options.long || !LONG.test(file))
    .filter((file) => options.filters.length === 0 || options.filters.some((part) => file.includes(part)))
    .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

function rankOf(file: string): number {
  const rank = LONGEST.findIndex((folder) => file.startsWith(folder));
  return rank < 0 ? LONGEST.length : rank;
}

type Group = { files: readonly string[]; atOnce: number };

export function groupsOf(files: readonly string[]): Group[] {
  const isOther = (file: string) => file !== SABOTAGE && !LONG.test(file) && !BROWSER.test(file);
  return [
    { files: files.filter(isOther), atOnce: AT_ONCE },
    { files: files.filter((file) => BROWSER.test(file)), atOnce: ALONE },
    { files: files.filter((file) => file === SABOTAGE), atOnce: ALONE },
    { files: files.filter((file) => LONG.test(file)), atOnce: ALONE },
  ].filter((group) => group.files.length > 0);
}

type Running = { options: Options; signal: AbortSignal; seenFile: string };

/** All groups' events as one run, so that the summary at the end counts every test. */
async function* allEvents(
  files: readonly string[],
  { options, signal, seenFile }: Running,
): AsyncGenerator<TestEvent> {
  const seen: Map<string, SeenTest[]> = new Map();
  for (const group of groupsOf(files)) {
    if (signal.aborted) return;
    // With a pattern of names, what was seen of a file is not its whole run.
    if (options.name === undefined) keepSeen(seen, seenFile);
    const events = run({
      files: group.files.map((file) => join(ROOT, file)),
      concurrency: group.atOnce,
      timeout: options.long ? LONG_FILE_MS_MAX : FILE_MS_MAX,
      cwd: ROOT,
      signal,
      ...(options.name === undefined ? {} : { testNamePatterns: [new RegExp(options.name)] }),
    }) as AsyncIterable<TestEvent>;
    yield* noted(events, { root: ROOT, seen });
  }
}

async function runTests(files: readonly string[], options: Options): Promise<number> {
  const summary = { failed: 0 };
  const folder = makeTestFolder();
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  // A run that was stopped may never end its events: then nothing is left to wait for, and the process ends.
  process.once('exit', () => folder.remove());
  try {
    const events = allEvents(files, { options, signal: stopping.signal, seenFile: folder.seenFile });
    const lines = Readable.from(joined(events, summary)).compose(new spec());
    for await (const chunk of lines) process.stdout.write(chunk);
  } finally {
    folder.remove();
  }
  return summary.failed === 0 && !stopping.signal.aborted ? 0 : 1;
}

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  const files = selectFiles(
    globSync('{src,rig,web,tools,test}/**/*.test.ts', { cwd: ROOT, exclude: ['web/dist/**'] }),
    options,
  );
  if (files.length === 0) {
    console.log(`no test file's path holds ${options.filters.join(' or ')}`);
    return 1;
  }
  if (options.filters.length > 0) console.log('gates: left out, because files were named');
  else {
    const failed = await runGates(FAST_GATES);
    if (failed.length > 0) {
      console.log(`no test was run: first mend ${failed.join(', ')}`);
      return 1;
    }
  }
  const peers = options.long ? [...PEERS, ...LONG_PEERS, ...IMAGE_PEERS] : PEERS;
  const missing = await preparePeers(peers);
  for (const { name } of missing) console.log(`NOT RUN: ${name}`);
  if (missing.length > 0 && process.env.CI === 'true') {
    console.log('no test was run: on a build machine every peer has to be there');
    return 1;
  }
  const present = peers.filter((peer) => !missing.includes(peer)).map(({ name }) => name);
  process.env.HOLDFAST_PEERS = present.join(',');
  if (options.seed !== undefined) process.env.HOLDFAST_SEED = options.seed;
  if (options.long) process.env.HOLDFAST_LONG = 'true';
  // Some hundred processes read the same sources: each is stripped of its types and compiled once (module.enableCompileCache).
  process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules/.cache/compiled');
  console.log(`tests: ${files.length} files; peers: ${present.join(', ') || 'none'}`);
  return await runTests(files, options);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
