/** What a start refuses, and in which order it throws away what it may; no server is started for it. */
import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freeBase } from '../../test/site.ts';
import { systemClock } from '../platform/clock.ts';
import { MARK } from './folder.ts';
import { startSystem } from './system.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-system-'));
after(() => rmSync(home, { recursive: true, force: true }));

test('a fresh start that is broken off leaves no estate without its keys: that it was one goes first', async (t) => {
  const data = join(home, 'fresh');
  for (const name of ['cloud', 'edge', 'root']) mkdirSync(join(data, name), { recursive: true });
  for (const [name, text] of [
    [MARK, ''],
    ['secrets.json', '{}'],
    ['seeded.json', '{}'],
    ['state.json', '{"commissioned":true}'],
    ['root/site-root.key.pem', ''],
  ] as const)
    writeFileSync(join(data, name), text);
  const given = { root: home, data, base: await freeBase(), clock: systemClock };
  // The power goes at the first removal that empties the folder.
  const remove = fs.rmSync;
  const removal = t.mock.method(fs, 'rmSync', (...given: Parameters<typeof remove>) => {
    if (given[0] === join(data, 'postgres')) throw new Error('cut');
    remove(...given);
  });
  syncBuiltinESMExports();
  try {
    await assert.rejects(startSystem({ ...given, fresh: true, say: () => {} }), /^Error: cut$/);
  } finally {
    removal.mock.restore();
    syncBuiltinESMExports();
  }
  assert.ok(!existsSync(join(data, 'state.json')));
  assert.ok(existsSync(join(data, 'secrets.json')));
  // So the next start, which nobody asked to be fresh, begins anew, and knows no sign-in of the one before.
  const asked = new AbortController();
  const said: string[] = [];
  const say = (line: string) => {
    said.push(line);
    asked.abort(new Error('seen'));
  };
  await assert.rejects(startSystem({ ...given, fresh: false, say, signal: asked.signal }), /^Error: seen$/);
  assert.deepEqual(said, ['an earlier first start was broken off; beginning it anew']);
  assert.deepEqual(readdirSync(data).sort(), [MARK, 'cloud', 'edge', 'logs', 'rig', 'rig-phone']);
});

test('a path with a star in it, along which the cloud’s fence cannot be drawn, is refused before anything is made', async () => {
  const given = { base: 18_080, fresh: false, clock: systemClock, say: () => {} };
  for (const [root, data] of [
    [home, join(home, 'da*ta')],
    [join(home, 'st*r'), join(home, 'data')],
  ] as const) {
    await assert.rejects(startSystem({ ...given, root, data }), /has a \* in its name, which the fence/);
    assert.ok(!existsSync(data));
  }
});
