/** A bundle is checked in the cloud's own process before anybody is given it: the process goes on answering meanwhile. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkMade } from '../../src/cloud/export/check.ts';
import { sourceOf } from '../../src/cloud/export/test-bundle.ts';
import { verifyBundle } from '../../src/ledger/export/verify.ts';
import { makeBundle } from './made-bundle.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-breaths-'));
after(() => rmSync(home, { recursive: true, force: true }));

test('while forty thousand records are checked a timer goes on firing, and the verdict is the one of the whole at once', async (t) => {
  const { path } = makeBundle(join(home, 'made.tar'), 40_000);
  const beganMs = performance.now();
  let [turns, lastMs, longestMs] = [0, beganMs, 0];
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    turns += 1;
  };
  const timer = setInterval(look, 1);
  const checked = await checkMade({ path, bytes: statSync(path).size, content: (source) => source });
  clearInterval(timer);
  look();
  const tookMs = lastMs - beganMs;
  t.diagnostic(`${Math.round(tookMs)} ms, in ${turns} turns, the longest ${Math.round(longestMs)} ms`);
  assert.ok(checked.holds);
  assert.ok(longestMs < tookMs / 4, `the process did not answer for ${longestMs} of ${tookMs} ms`);
  assert.ok(turns > 20, `${turns} turns`);
  const noTrust = { rootKeys: [], signatures: 1, policy: undefined };
  assert.deepEqual(checked, verifyBundle(sourceOf(readFileSync(path)), noTrust));
});

test('what does not hold, and what cannot be read, give no verdict that holds', async () => {
  const { path } = makeBundle(join(home, 'cloud.tar'), 40, { changes: 10 });
  const made = { path, bytes: statSync(path).size };
  assert.equal((await checkMade({ ...made, content: (source) => source })).holds, false);
  const broken = () => ({
    size: made.bytes,
    read: () => {
      throw new Error('the disk is gone');
    },
  });
  await assert.rejects(checkMade({ ...made, content: broken }), /the disk is gone/);
});
