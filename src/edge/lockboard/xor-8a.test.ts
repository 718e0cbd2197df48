import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import vectors from '../../contract/vectors/lockboard/xor-8a.json' with { type: 'json' };
import { fromHex, hex } from '../../crypto/bytes.ts';
import { type Xor8aProfile, xor8aProfile } from '../config.ts';
import type { PulseAnswer } from './lockboard.ts';
import { FAMILIES, XOR_PROFILE, xorFrame } from './test-boards.ts';
import { now, readAll, torn, wire } from './test-wire.ts';
import { judgeFrame, type Xor8aFrame, xor8a, xor8aFamily } from './xor-8a.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const bytesOf = (text: string) => fromHex(text.replaceAll(' ', ''));
const read = (parts: readonly Uint8Array[], stateBytes = 3) =>
  readAll<Xor8aFrame>((held) => judgeFrame(held, stateBytes), parts);
const family = (change: Partial<Xor8aProfile> = {}) => xor8aFamily({ ...XOR_PROFILE, ...change });

test('every request that is sent is written byte for byte, and the others never', () => {
  const { encodePulse, encodeLook } = family();
  const sent = new Set<string>();
  for (let board = 0; board < 31; board++) {
    sent.add(hex(encodeLook(board)));
    for (let lock = 0; lock < 64; lock++) sent.add(hex(encodePulse({ board, lock })));
  }
  for (const vector of vectors.requests) {
    const place = { board: vector.board - 1, lock: (vector.lock ?? 0) - 1 };
    if (vector.do === 'open') assert.equal(hex(encodePulse(place)), hex(bytesOf(vector.hex)), vector.name);
    if (vector.do === 'query-all')
      assert.equal(hex(encodeLook(place.board)), hex(bytesOf(vector.hex)), vector.name);
  }
  for (const vector of vectors.neverSent) assert.ok(!sent.has(hex(bytesOf(vector.hex))), vector.name);
});

test('every answer to an open and every unasked frame is read, whole and byte by byte', () => {
  for (const { name, do: form, hex: text, board, lock, state } of [
    ...vectors.replies.filter((vector) => vector.do === 'opened'),
    ...vectors.unsolicited,
  ]) {
    const expected = [
      {
        is: form === 'opened' ? 'opened' : 'unasked',
        board,
        lock,
        state: Number.parseInt(state ?? '', 16),
      },
    ];
    const bytes = bytesOf(text);
    assert.deepEqual(read([bytes]), { frames: expected, garbled: 0 }, name);
    assert.deepEqual(read(torn(Array.from(bytes), [1])), { frames: expected, garbled: 0 }, name);
  }
});

test('every answer to a look is read in its order and polarity', () => {
  const looks = vectors.replies.filter((vector) => vector.do === 'all');
  assert.ok(looks.length > 0);
  for (const { name, hex: text, board, order, states = '', ones = [] } of looks) {
    const stateBytes = bytesOf(states).length;
    const [frame] = read(torn(Array.from(bytesOf(text)), [1]), stateBytes).frames;
    assert.ok(frame, name);
    for (const stateBitWhenClosed of [0, 1] as const) {
      const locks = family({
        locksPerBoard: 8 * stateBytes,
        stateBytes,
        stateOrder: order === 'first-first' ? 'first-first' : 'last-first',
        stateBitWhenClosed,
      }).readLook(frame, board - 1);
      const shut = Array.from({ length: 8 * stateBytes }, (_, lock) => lock + 1).filter(
        (lock) => locks?.closed[lock - 1],
      );
      const expected = Array.from({ length: 8 * stateBytes }, (_, lock) => lock + 1).filter(
        (lock) => (ones as number[]).includes(lock) === (stateBitWhenClosed === 1),
      );
      assert.deepEqual(shut, expected, name);
      assert.equal(locks?.occupied, null);
    }
  }
});

test('frames that sources print with a wrong XOR are no frames', () => {
  for (const { name, hex: text } of vectors.unsound) assert.deepEqual(read([bytesOf(text)]).frames, [], name);
});

test('the profile of the vectors is one', () => {
  const { baud: _, pulseMs: __, ...profile } = vectors.profile;
  assert.deepEqual(xor8aProfile.parse(profile), profile);
  assert.ok(!xor8aProfile.safeParse({ ...profile, stateBytes: 2 }).success, 'no room for 24 locks');
});

const byte = fc.nat(255);
const plain = { noNullPrototype: true };
const anyFrame: fc.Arbitrary<Xor8aFrame> = fc.oneof(
  fc.record(
    { is: fc.constantFrom('opened' as const, 'unasked' as const), board: byte, lock: byte, state: byte },
    plain,
  ),
  fc.record({ is: fc.constant('states' as const), board: byte, states: fc.tuple(byte, byte, byte) }, plain),
);
const bytesIn = (frame: Xor8aFrame): Uint8Array =>
  frame.is === 'states'
    ? xorFrame([0x80, frame.board, ...frame.states, 0x33])
    : xorFrame([frame.is === 'opened' ? 0x8a : 0x82, frame.board, frame.lock, frame.state]);
/** Noise in which no frame begins, so that what is read is known. */
const noise = fc.array(
  byte.filter((value) => value !== 0x80 && value !== 0x82 && value !== 0x8a),
  { maxLength: 12 },
);
const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });

test('frames come through noise, torn in any way, none lost and none made up', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, anyFrame), { maxLength: 6 }), cuts, (said, lengths) => {
      const bytes = said.flatMap(([before, frame]) => [...before, ...bytesIn(frame)]);
      const { frames, garbled } = read(torn(bytes, lengths));
      assert.deepEqual(
        frames,
        said.map(([, frame]) => frame),
      );
      assert.equal(
        garbled,
        said.reduce((total, [before]) => total + before.length, 0),
      );
    }),
    { seed },
  );
});

test('no bytes make the reader throw, and whatever it reads has its XOR', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      const all = hex(Uint8Array.from(parts.flatMap((part) => [...part])));
      for (const frame of read(parts).frames) assert.ok(all.includes(hex(bytesIn(frame))));
    }),
    { seed },
  );
});

test('one bit that flips on the wire is no frame', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(79), (frame, bit) => {
      const bytes = bytesIn(frame);
      const at = bit % (8 * bytes.length);
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      assert.ok(!read([bytes]).frames.some((found) => hex(bytesIn(found)) === hex(bytes)));
      assert.ok(read([bytes]).frames.every((found) => bytesIn(found).length < bytes.length));
    }),
    { seed },
  );
});

/** One pulse for board 1 lock 7 on a quiet bus; `said` is what comes back, 20 ms after the frame. */
async function pulse(
  said: readonly Uint8Array[],
  change: Partial<Xor8aProfile> = {},
): Promise<PulseAnswer | 'waiting'> {
  const b = wire((deps) => xor8a({ ...deps, profile: { ...XOR_PROFILE, ...change } }));
  const [, xor] = FAMILIES;
  b.connect();
  for (const board of [0, 1]) {
    b.say(xor?.look(board) ?? new Uint8Array());
    b.clock.advance(XOR_PROFILE.quietMs);
  }
  const answer = b.board.pulse({ board: 1, lock: 7 });
  b.clock.advance(20);
  for (const bytes of said) b.say(bytes);
  return now(answer);
}

test('what an answer to an open says is what the profile declares', async () => {
  const state = (byte: number) => [xorFrame([0x8a, 2, 8, byte])];
  for (const outcome of ['released', 'refused', 'failed', 'unknown'] as const) {
    const expected = { outcome, afterMs: 20, by: 'board' };
    assert.deepEqual(await pulse(state(0x00), { answer00: outcome }), expected);
    assert.deepEqual(await pulse(state(0x11), { answer11: outcome }), expected);
  }
  assert.equal(await pulse(state(0x22)), 'waiting', 'strict unless declared');
  assert.deepEqual(await pulse(state(0x22), { oddAnswer: 'released' }), {
    outcome: 'released',
    afterMs: 20,
    by: 'board',
  });
});

test('an odd answer still has to have its XOR, its board and its lock', async () => {
  const wrong = [
    Uint8Array.of(0x8a, 2, 8, 0x22, 0xff),
    xorFrame([0x8a, 1, 8, 0x22]),
    xorFrame([0x8a, 2, 9, 0x22]),
    xorFrame([0x9a, 2, 8, 0x22]),
  ];
  assert.equal(await pulse(wrong, { oddAnswer: 'released' }), 'waiting');
});

test('an adapter that hears itself: the echo of an open is no failed open', async () => {
  const echo = xorFrame([0x8a, 2, 8, 0x11]);
  const answered = xorFrame([0x8a, 2, 8, 0x00]);
  assert.equal(await pulse([echo], { echo: true }), 'waiting');
  assert.deepEqual(await pulse([echo, answered], { echo: true }), {
    outcome: 'released',
    afterMs: 20,
    by: 'board',
  });
  assert.deepEqual(
    await pulse([Uint8Array.of(0xff), echo.subarray(0, 2), echo.subarray(2), echo], { echo: true }),
    {
      outcome: 'failed',
      afterMs: 20,
      by: 'board',
    },
  );
});

test('noise that looks like the beginning of a longer frame hides no answer', async () => {
  const answered = xorFrame([0x8a, 2, 8, 0x00]);
  assert.deepEqual(await pulse([Uint8Array.of(0x80), answered]), {
    outcome: 'released',
    afterMs: 20,
    by: 'board',
  });
});

test('what a board says unasked settles nothing and makes the driver look', async () => {
  const b = wire((deps) => xor8a({ ...deps, profile: XOR_PROFILE }));
  const [, xor] = FAMILIES;
  b.connect();
  for (const board of [0, 1]) {
    b.say(xor?.look(board) ?? new Uint8Array());
    b.clock.advance(XOR_PROFILE.quietMs);
  }
  const { length } = b.looks;
  b.say(xorFrame([0x82, 2, 8, 0x00]));
  assert.equal(b.looks.length, length);
  assert.equal(b.written.at(-1)?.text, '80020033b1');
  b.say(xor?.look(1, [7]) ?? new Uint8Array());
  assert.equal(b.looks.at(-1)?.closed[7], false);
  const answer = b.board.pulse({ board: 0, lock: 0 });
  b.clock.advance(XOR_PROFILE.quietMs);
  b.say(xorFrame([0x82, 1, 1, 0x00]));
  assert.equal(await now(answer), 'waiting');
});

test('a board that never stops talking hides no other board', () => {
  const b = wire((deps) => xor8a({ ...deps, profile: XOR_PROFILE }));
  const [, xor] = FAMILIES;
  const unasked = xorFrame([0x82, 1, 1, 0x00]);
  b.answer = (frame) => {
    const board = (frame[1] ?? 0) - 1;
    const look = xor?.look(board, board === 1 ? [7] : []) ?? new Uint8Array();
    return Uint8Array.from([...unasked, ...look, ...unasked]);
  };
  b.connect();
  for (let ms = 0; ms < 3000; ms++) b.clock.advance(1);
  const others = b.looks.filter(({ board, closed }) => board === 1 && closed[7] === false);
  assert.ok(others.length > 0, `${b.looks.length} looks, none of them at the other board`);
});
