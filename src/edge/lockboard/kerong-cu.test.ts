import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import vectors from '../../contract/vectors/lockboard/kerong-cu16.json' with { type: 'json' };
import { fromHex, hex } from '../../crypto/bytes.ts';
import {
  encodeStatus,
  encodeUnlock,
  judgeReply,
  type KerongReply,
  kerongCu,
  kerongFamily,
} from './kerong-cu.ts';
import { KERONG_PROFILE, kerongReply } from './test-boards.ts';
import { readAll, torn, wire } from './test-wire.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const bytesOf = (text: string) => fromHex(text.replaceAll(' ', ''));
const read = (parts: readonly Uint8Array[]) => readAll(judgeReply, parts);

test('every request vector is written byte for byte', () => {
  for (const vector of vectors.requests) {
    if (vector.do === 'unlock')
      assert.equal(
        hex(encodeUnlock(vector.board ?? 0, vector.lock ?? 0)),
        hex(bytesOf(vector.hex)),
        vector.name,
      );
    if (vector.do === 'status')
      assert.equal(hex(encodeStatus(vector.board ?? 0)), hex(bytesOf(vector.hex)), vector.name);
  }
});

test('every reply vector is read, whole and byte by byte', () => {
  for (const { name, hex: text, board, command, hooks, infrared } of vectors.replies) {
    const bytes = bytesOf(text);
    const expected = [{ board, lock: 0, command: Number.parseInt(command, 16), hooks, infrared }];
    assert.deepEqual(read([bytes]), { frames: expected, garbled: 0 }, name);
    assert.deepEqual(read(torn(Array.from(bytes), [1])), { frames: expected, garbled: 0 }, name);
    assert.equal(
      hex(kerongReply({ board, lock: 0, hooks, infrared, command: Number.parseInt(command, 16) })),
      hex(bytes),
      name,
    );
  }
});

const word = fc.nat(0xffff);
const nibble = fc.nat(15);
const anyReply = fc.record({ board: nibble, lock: nibble, hooks: word, infrared: word });
/** Noise in which no frame begins, so that what is read is known. */
const noise = fc.array(
  fc.nat(255).filter((byte) => byte !== 0x02),
  { maxLength: 12 },
);
const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });

test('replies come through noise, torn in any way, none lost and none made up', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, anyReply), { maxLength: 6 }), cuts, (said, lengths) => {
      const bytes = said.flatMap(([before, reply]) => [...before, ...kerongReply(reply)]);
      const { frames, garbled } = read(torn(bytes, lengths));
      assert.deepEqual(
        frames,
        said.map(([, reply]) => ({ ...reply, command: 0x35 })),
      );
      assert.equal(
        garbled,
        said.reduce((total, [before]) => total + before.length, 0),
      );
    }),
    { seed },
  );
});

test('no bytes make the reader throw, and whatever it reads has its sum', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      const all = hex(Uint8Array.from(parts.flatMap((part) => [...part])));
      for (const reply of read(parts).frames) assert.ok(all.includes(hex(kerongReply(reply))));
    }),
    { seed },
  );
});

test('one bit that flips on the wire is no reply', () => {
  fc.assert(
    fc.property(anyReply, fc.nat(71), (reply, bit) => {
      const bytes = kerongReply(reply);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.deepEqual(read([bytes]).frames, []);
    }),
    { seed },
  );
});

test('the answer to a question to all boards is none to ours', () => {
  const family = kerongFamily(KERONG_PROFILE);
  const toAll: KerongReply = { board: 0, lock: 0, command: 0x36, hooks: 1, infrared: 0 };
  assert.equal(family.readLook(toAll, 0), null);
  assert.equal(family.readPulse(toAll, { board: 0, lock: 0 }), null);
});

test('a board that says nothing to unlocks leaves every pulse unknown, without waiting', async () => {
  const b = wire((deps) => kerongCu({ ...deps, profile: { ...KERONG_PROFILE, unlockReply: 'none' } }));
  b.connect();
  for (const board of [0, 1]) {
    b.say(kerongReply({ board, lock: 0, hooks: 0xffff, infrared: 0 }));
    b.clock.advance(KERONG_PROFILE.quietMs);
  }
  const answer = b.board.pulse({ board: 0, lock: 1 });
  b.say(kerongReply({ board: 0, lock: 1, hooks: 0, infrared: 0 }));
  b.clock.advance(KERONG_PROFILE.quietMs);
  assert.deepEqual(await answer, { outcome: 'unknown', afterMs: KERONG_PROFILE.quietMs, by: 'time' });
});

test('an answer whose hook still shows the lock shut says what the profile declares', () => {
  const at = { board: 0, lock: 3 };
  const shut: KerongReply = { ...at, command: 0x35, hooks: 0xffff, infrared: 0 };
  for (const outcome of ['released', 'refused', 'failed', 'unknown'] as const) {
    const { readPulse } = kerongFamily({ ...KERONG_PROFILE, answerStillClosed: outcome });
    assert.equal(readPulse(shut, at), outcome);
    assert.equal(readPulse({ ...shut, hooks: 0xffff - 8 }, at), 'released');
  }
});

test('bits are read as the profile declares them', () => {
  for (const [hookBitWhenClosed, infraredBitWhenOccupied] of [
    [1, 1],
    [0, 0],
    [1, null],
  ] as const) {
    const profile = {
      ...KERONG_PROFILE,
      locksPerBoard: 12,
      hookBitWhenClosed,
      infraredBitWhenOccupied,
    };
    const locks = kerongFamily(profile).readLook(
      { board: 0, lock: 0, command: 0x35, hooks: 0b01, infrared: 0b10 },
      0,
    );
    assert.equal(locks?.closed.length, 12);
    assert.deepEqual(locks?.closed.slice(0, 2), hookBitWhenClosed === 1 ? [true, false] : [false, true]);
    if (infraredBitWhenOccupied === null) assert.equal(locks?.occupied, null);
    else
      assert.deepEqual(
        locks?.occupied?.slice(0, 2),
        infraredBitWhenOccupied === 1 ? [false, true] : [true, false],
      );
  }
});
