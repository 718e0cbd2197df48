import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import vectors from '../src/contract/vectors/lockboard/xor-8a.json' with { type: 'json' };
import { systemRandom } from '../src/platform/random.ts';
import type { BoardRequest, SeenLock } from './family.ts';
import { XOR8A, type Xor8aProfile, xor8aFamily } from './xor8a.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? systemRandom.below(2 ** 31));
console.log(`xor8a.test.ts seed ${seed}`);

const family = xor8aFamily(XOR8A);

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/** Wire numbers count from 1. */
function meantBy({ do: act, board, lock = 0 }: { do: string; board: number; lock?: number }): BoardRequest {
  if (act === 'open') return { do: 'unlock', board: board - 1, lock: lock - 1 };
  if (act === 'open-all') return { do: 'unlock-all', board: board - 1 };
  if (act === 'query-all') return { do: 'status', board: board - 1 };
  assert.equal(act, 'query-one');
  return { do: 'status', board: board - 1, lock: lock - 1 };
}

const requests = vectors.requests.map((given) => ({
  name: given.name,
  bytes: bytesOf(given.hex),
  means: meantBy(given),
}));

/** A board on which those locks (from 1) are closed, and no other. */
function closed(...locks: readonly number[]): (lock: number) => SeenLock {
  return (lock) => ({ closed: locks.includes(lock + 1), occupied: false });
}

const CLOSED = { '00': false, '11': true };

function isClosed(state: string | undefined): boolean {
  assert.ok(state === '00' || state === '11', state);
  return CLOSED[state];
}

test('every request of the vectors is understood, whole', () => {
  assert.equal(requests.length, 8);
  for (const { name, bytes, means } of requests) {
    assert.deepEqual(family.decoder().push(bytes), [means], name);
  }
});

test('of what a driver never sends, a board obeys "open all" and nothing else', () => {
  for (const { name, do: act, board, hex } of vectors.neverSent) {
    const means = act === 'open-all' ? [meantBy({ do: act, board })] : [];
    assert.deepEqual(family.decoder().push(bytesOf(hex)), means, name);
  }
});

test('a frame with an unsound sum asks for nothing', () => {
  for (const { name, hex } of vectors.unsound) {
    // What is unsound as a request may be cut short; a pause brings the reader back.
    assert.deepEqual(family.decoder().push(bytesOf(`${hex} 00 00 00 00`)), [], name);
  }
});

test('every answer to an open and to a single query is written byte for byte', () => {
  let checked = 0;
  for (const { name, do: act, board, lock = 0, state, hex } of vectors.replies) {
    if (act === 'all') continue;
    const at = { board: board - 1, seen: isClosed(state) ? closed(lock) : closed() };
    const frame =
      act === 'opened'
        ? family.unlockAnswer({ ...at, of: lock - 1, names: lock - 1 })
        : family.statusAnswer({ ...at, request: { do: 'status', board: board - 1, lock: lock - 1 } });
    assert.deepEqual(frame, bytesOf(hex), name);
    checked += 1;
  }
  assert.equal(checked, 7);
});

test('every answer to "query all" is written byte for byte, in each order and length', () => {
  let checked = 0;
  for (const { name, do: act, board, states, order, ones, hex } of vectors.replies) {
    if (act !== 'all') continue;
    assert.ok(states !== undefined && ones !== undefined, name);
    assert.ok(order === 'last-first' || order === 'first-first', name);
    const stateBytes = bytesOf(states).length;
    const profile: Xor8aProfile = {
      ...XOR8A,
      stateBytes,
      stateOrder: order,
      locksPerBoard: stateBytes === 7 ? 50 : 24,
    };
    const at = { board: board - 1, request: { do: 'status', board: board - 1 } } as const;
    assert.deepEqual(xor8aFamily(profile).statusAnswer({ ...at, seen: closed(...ones) }), bytesOf(hex), name);
    // The same picture on a board whose feedback is wired the other way: its ones are the open doors.
    const others = Array.from({ length: profile.locksPerBoard }, (_, lock) => lock + 1);
    const shut = others.filter((lock) => !ones.includes(lock));
    const inverted = xor8aFamily({ ...profile, stateBitWhenClosed: 0 });
    assert.deepEqual(inverted.statusAnswer({ ...at, seen: closed(...shut) }), bytesOf(hex), name);
    checked += 1;
  }
  assert.equal(checked, 7);
});

test('what a board says by itself is written byte for byte, if its profile has it speak at all', () => {
  const speaks = xor8aFamily({ ...XOR8A, unsolicited: true });
  assert.equal(vectors.unsolicited.length, 3);
  for (const { name, board, lock, state, hex } of vectors.unsolicited) {
    const given = { board: board - 1, lock: lock - 1, seen: isClosed(state) ? closed(lock) : closed() };
    assert.deepEqual(speaks.stateChange(given), bytesOf(hex), name);
    assert.equal(family.stateChange(given), null, name);
  }
});

test('a board whose 11 means success answers with it, and the other way round', () => {
  const given = { board: 0, of: 0, names: 0 };
  const other = xor8aFamily({ ...XOR8A, answer00: 'failed', answer11: 'released' });
  assert.deepEqual(other.unlockAnswer({ ...given, seen: closed() }), bytesOf('8a 01 01 11 9b'));
  assert.deepEqual(other.unlockAnswer({ ...given, seen: closed(1) }), bytesOf('8a 01 01 00 8a'));
});

test('the answer to an open carries the lock that it is told to name', () => {
  const frame = family.unlockAnswer({ board: 1, of: 2, names: 3, seen: closed(4) });
  assert.deepEqual(frame, bytesOf('8a 02 04 00 8c'));
});

test('a lock that the board has no channel for is met with silence', () => {
  const at = { board: 0, seen: closed() };
  assert.equal(family.unlockAnswer({ ...at, of: 24, names: 24 }), null);
  assert.equal(family.statusAnswer({ ...at, request: { do: 'status', board: 0, lock: 24 } }), null);
});

const anyRequest = fc.constantFrom(...requests);

/** Cuts `bytes` at the given places and feeds the pieces one after the other. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): BoardRequest[] {
  const decoder = family.decoder();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).flatMap((end, at) => decoder.push(bytes.subarray(edges[at], end)));
}

test('frames come out the same however they are split, with noise between them', () => {
  // Noise without a head cannot be part of a frame, so that exactly what was sent must come out.
  const noise = fc
    .uint8Array({ maxLength: 12 })
    .map((bytes) => bytes.filter((byte) => byte !== 0x8a && byte !== 0x80));
  const line = fc.array(fc.record({ noise, request: anyRequest }), { maxLength: 8 });
  const property = fc.property(line, fc.array(fc.nat(), { maxLength: 12 }), (sent, cuts) => {
    const bytes = Buffer.concat(sent.flatMap((part) => [part.noise, part.request.bytes]));
    assert.deepEqual(
      inPieces(bytes, cuts),
      sent.map((part) => part.request.means),
    );
  });
  fc.assert(property, { seed, numRuns: 500 });
});

test('after any noise at all, a pause of four bytes is enough to be heard again', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), anyRequest, (noise, { bytes, means }) => {
    const heard = family.decoder().push(Buffer.concat([noise, Buffer.alloc(4), bytes]));
    assert.deepEqual(heard.at(-1), means);
  });
  fc.assert(property, { seed, numRuns: 1000 });
});

test('a frame with one wrong byte is never taken for a frame', () => {
  const property = fc.property(
    anyRequest,
    fc.nat({ max: 4 }),
    fc.integer({ min: 1, max: 255 }),
    (sent, at, change) => {
      const wrong = Buffer.from(sent.bytes);
      wrong[at] = (wrong[at] ?? 0) ^ change;
      assert.deepEqual(family.decoder().push(wrong), []);
    },
  );
  fc.assert(property, { seed, numRuns: 1000 });
});
