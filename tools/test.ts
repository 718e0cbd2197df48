/**
 * `npm test`: the fast gates, then every test. Usage:
 *
 *   node bin/holdfast.mjs test [--long] [--seed N] [--name PATTERN] [part of a file's path …]
 *
 * With a part of a path only the files whose paths hold it run, and the gates are left out. Tests learn
 * what they need from the environment: HOLDFAST_PEERS (the programs found, with commas), HOLDFAST_SEED, HOLDFAST_LONG (true with --long).
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { FAST_GATES, ROOT, runGates } from './check.ts';
import { IMAGE_PEERS, LONG_PEERS, PEERS, preparePeers } from './peers.ts';
import { joined, type TestEvent } from './test-summary.ts';

/** Files whose tests start whole systems: processes, databases, browsers. The others are one process each. */
const WHOLE_SYSTEMS = /^test\/(journeys|faults|attacks|browser|interop|long|upgrade)\//;
const LONG = /^test\/long\//;
const GROUPS = [
  { name: 'parts', holds: (file: string) => !WHOLE_SYSTEMS.test(file), atOnce: 2 },
  // One at a time: such a test keeps both cores busy, and its patience is measured in seconds.
  { name: 'whole systems', holds: (file: string) => WHOLE_SYSTEMS.test(file), atOnce: 1 },
] as const;
/** Each of some hundred broken defences is a process of its own, often with a database of its own. */
const FILE_MS_MAX = 30 * 60_000;
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
    .sort();
}

/** All groups' events as one run, so that the summary at the end counts every test. */
async function* allEvents(files: readonly string[], options: Options): AsyncGenerator<TestEvent> {
  for (const group of GROUPS) {
    const members = files.filter(group.holds).map((file) => join(ROOT, file));
    if (members.length === 0) continue;
    yield* run({
      files: members,
      concurrency: group.atOnce,
      timeout: options.long ? LONG_FILE_MS_MAX : FILE_MS_MAX,
      cwd: ROOT,
      ...(options.name === undefined ? {} : { testNamePatterns: [new RegExp(options.name)] }),
    }) as AsyncIterable<TestEvent>;
  }
}

async function runTests(files: readonly string[], options: Options): Promise<number> {
  const summary = { failed: 0 };
  const lines = Readable.from(joined(allEvents(files, options), summary)).compose(new spec());
  for await (const chunk of lines) process.stdout.write(chunk);
  return summary.failed === 0 ? 0 : 1;
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
