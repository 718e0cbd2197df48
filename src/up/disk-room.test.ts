import assert from 'node:assert/strict';
import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { refuseBelow, requireRoom } from './disk-room.ts';
import { startSystem } from './system.ts';

const MIB = 1024 * 1024;
const home = mkdtempSync(join(tmpdir(), 'holdfast-room-'));
after(() => rmSync(home, { recursive: true, force: true }));

const refusal = (given: Parameters<typeof refuseBelow>[0]): string | null => {
  try {
    refuseBelow(given);
    return null;
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'unavailable');
    return error.message;
  }
};

test('a nearly full disk is refused by name, with what is needed and what is left', () => {
  const first = refusal({ dir: '/srv/holdfast', first: true, freeBytes: 299.9 * MIB });
  assert.match(first ?? '', /\/srv\/holdfast .*first start needs 300 MiB and 299 are left.*--data DIR/);
  assert.match(
    refusal({ dir: '/x', first: false, freeBytes: 0 }) ?? '',
    /a start needs 150 MiB and 0 are left/,
  );
  assert.equal(refusal({ dir: '/x', first: false, freeBytes: 150 * MIB }), null);
  assert.equal(refusal({ dir: '/x', first: true, freeBytes: 300 * MIB }), null);
});

test('a folder that is not there yet stands on the disk of the nearest one that is', () => {
  assert.doesNotThrow(() => requireRoom(join(home, 'not', 'yet'), { first: false }));
});

test('a start asks before it does anything else, and leaves a nearly full disk as it was', async (t) => {
  // Beneath a file no folder can be made: a start that did not ask would end here, before it starts a process.
  const file = join(home, 'file');
  writeFileSync(file, '');
  const room = t.mock.method(fs, 'statfsSync', () => ({ bavail: 10, bsize: MIB }));
  syncBuiltinESMExports();
  t.after(() => {
    room.mock.restore();
    syncBuiltinESMExports();
  });
  const given = { root: home, data: join(file, 'data'), base: 18_080, fresh: false, clock: systemClock };
  await assert.rejects(
    startSystem({ ...given, say: () => {} }),
    /the disk of .* is nearly full: a first start needs 300 MiB and 10 are left/,
  );
  assert.ok(room.mock.callCount() > 0);
});
