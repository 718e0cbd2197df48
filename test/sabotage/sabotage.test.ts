/**
 * Proof that the tests are awake: each defence is broken in a child process, and the test that guards it
 * must fail there, and pass where nothing is broken. Where the same run of `npm test` has just seen it pass,
 * with nothing before it in its file that the child would leave out, that is the proof; else a child runs it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram } from '../../tools/peers.ts';
import { readSeen, showsGreen } from '../../tools/test-seen.ts';
import { EDITS, type Edit, ROOT } from './edits.ts';

/** Children keep a core busy for half of their time; the rest they wait for a server or for a time limit. */
const BROKEN_AT_ONCE = 2 * Math.max(2, availableParallelism());
/** What has to pass is not hurried: some of it counts seconds. */
const AT_ONCE = Math.max(2, availableParallelism());
const CHILD_MS_MAX = 180_000;
const HOOK = join(ROOT, 'test/sabotage/hook.ts');

type Result = { status: number | null; out: string; err: string };

/** Runs the named tests of one file, with `sabotage` applied or none. */
function runTests(file: string, names: readonly string[], sabotage: string | null): Promise<Result> {
  const escape = (name: string) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const patterns = names.map((name) => `--test-name-pattern=^${escape(name)}$`);
  const args = [...(sabotage === null ? [] : ['--import', HOOK]), '--test-reporter=tap', ...patterns, join(ROOT, file)];
  // NODE_TEST_CONTEXT would make the child report to this run instead of on its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: ROOT, env: { ...env, ...(sabotage === null ? {} : { HOLDFAST_SABOTAGE: sabotage }) }, timeout: CHILD_MS_MAX, killSignal: 'SIGKILL',
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes: Buffer) => {
    said.out += bytes.toString('utf8');
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said.err += bytes.toString('utf8');
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...said })));
}

/** A test that needs a program of others proves nothing where that is missing. */
const isMissing = (needs: string | undefined) =>
  needs !== undefined && findProgram([needs], process.env.PATH ?? '') === undefined;
const PROVABLE = EDITS.filter(({ needs }) => !isMissing(needs));
for (const needs of new Set(EDITS.map((edit) => edit.needs)))
  if (isMissing(needs)) console.log(`NOT RUN: ${needs}`);

/** Those last longest; begun last, one of them would hold up a run whose other core has nothing left to do. */
const wholeSystemsFirst = (edits: readonly Edit[]) => {
  const { whole = [], part = [] } = Object.groupBy(edits, ({ expects }) => (expects.file.startsWith('test/') ? 'whole' : 'part'));
  return [...whole, ...part];
};

const lines = (out: string, begin: string) => out.split('\n').filter((line) => line.startsWith(begin));

/** What this run has seen so far; nothing, where this file runs without the others. */
const seen = readSeen();
const namesIn = (edits: readonly Edit[]) => [...new Set(edits.map((edit) => edit.expects.test))];

test('with nothing broken every one of these tests passes', { concurrency: AT_ONCE }, async (t) => {
  const files = [...Map.groupBy(PROVABLE, (edit) => edit.expects.file)];
  const unseen = files.filter(([file, edits]) => !showsGreen(seen, { file, names: namesIn(edits) }));
  t.diagnostic(`${files.length} files; seen in this run: ${files.length - unseen.length}`);
  const runs = unseen.map(([file, edits]) =>
    t.test(file, async () => {
      const names = namesIn(edits);
      const { status, out, err } = await runTests(file, names, null);
      assert.equal(status, 0, out + err);
      const passed = lines(out, 'ok ').filter((line) => !line.includes('# SKIP'));
      assert.equal(passed.length, names.length, `each name is a test of ${file}:\n${passed.join('\n')}`);
    }),
  );
  await Promise.all(runs);
});

test('each broken defence turns its test red', { concurrency: BROKEN_AT_ONCE }, async (t) => {
  const runs = wholeSystemsFirst(PROVABLE).map(({ name, expects }) =>
    t.test(name, async () => {
      const { status, out, err } = await runTests(expects.file, [expects.test], name);
      assert.match(err, new RegExp(`^sabotaged: ${name}$`, 'm'), `the edit was applied:\n${out}${err}`);
      assert.notEqual(status, 0, `nobody noticed:\n${out}`);
      assert.equal(lines(out, 'not ok ').length, 1, out);
    }),
  );
  await Promise.all(runs);
});
