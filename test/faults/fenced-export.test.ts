/**
 * A bundle under the flags that `up` gives the cloud: the permission model refuses calls that every other process may
 * make, so that what works in a test that has no fence may be impossible where it runs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openEnvelope } from '../../src/crypto/cms/envelope.ts';
import { tarMembers } from '../../src/ledger/export/tar.ts';
import { cloudFence } from '../../src/up/configs.ts';
import { placesIn } from '../../src/up/places.ts';
import { ROOT } from '../site.ts';

const data = mkdtempSync(join(tmpdir(), 'hf-fenced-'));
after(() => rmSync(data, { recursive: true, force: true }));
const places = placesIn(data);
for (const dir of [places.cloud, places.logs]) mkdirSync(dir, { recursive: true });

/** What this process was given to load first: an edit of the source that a test has to notice. It lies beside the tests. */
const PRELOADED = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? '', `--allow-fs-read=${join(ROOT, 'test', 'sabotage')}`] : [],
);
const PASSPHRASE = 'seven grey herons over Kiel';
const module = (path: string) => JSON.stringify(join(ROOT, 'src', path));

/** As `makeExport` goes about it, from the first part to the name. */
const makes = (out: string) => `
  import { newEnvelope } from ${module('crypto/cms/envelope.ts')};
  import { BundleParts, withBytesOf } from ${module('cloud/export/parts.ts')};
  const parts = new BundleParts(${JSON.stringify(out)});
  for (let at = 0; at < 300; at++) parts.add('proofs/' + at, 'proof ' + at);
  const ended = parts.end();
  const envelope = await newEnvelope({ is: 'passphrase', passphrase: ${JSON.stringify(PASSPHRASE)} });
  const packing = parts.pack('{}', ended, envelope);
  let step = packing.next();
  while (!step.done) step = packing.next();
  const whole = step.value;
  await withBytesOf(whole, async (source) => whole.content(source).read(0, 512));
  await parts.flush(whole);
  parts.take();
  await parts.name(whole);`;

test('the cloud as it is fenced can make a bundle: whole, under its name, for its owner alone, and nothing beside it', async () => {
  const out = join(places.cloud, 'export_x');
  const ran = spawnSync(
    process.execPath,
    [...cloudFence({ root: ROOT, places }), ...PRELOADED, '--input-type=module', '--eval', makes(out)],
    { encoding: 'utf8', cwd: ROOT },
  );
  // What the child says of itself, of an edit as well, is said by this process.
  process.stderr.write(ran.stderr);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(readdirSync(places.cloud), ['export_x']);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const bytes = new Uint8Array(readFileSync(out));
  const source = { size: bytes.length, read: (at: number, length: number) => bytes.slice(at, at + length) };
  const opened = await openEnvelope(source, { is: 'passphrase', passphrase: PASSPHRASE });
  assert.ok(opened.ok);
  const found = tarMembers(opened.content, 400);
  assert.ok(found.ok);
  assert.equal(found.members.length, 301);
});
