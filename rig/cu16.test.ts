import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import vectors from '../src/contract/vectors/lockboard/kerong-cu16.json' with { type: 'json' };
import { systemRandom } from '../src/platform/random.ts';
import { CU16, cu16Family, encodeReply, STATUS_ALL_ANSWER, STATUS_ANSWER } from './cu16.ts';
import type { BoardRequest } from './family.ts';

const seed = systemRandom.below(2 ** 31);
console.log(`cu16.test.ts seed ${seed}`);

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

const requests = vectors.requests.map(({ name, hex, do: act, board, lock }) => {
  const means = JSON.parse(JSON.stringify({ do: act, board, lock }));
  return { name, bytes: bytesOf(hex), means };
});

test('every request of the vectors is understood, whole', () => {
  assert.equal(requests.length, 7);
  for (const { name, bytes, means } of requests) {
    assert.deepEqual(cu16Family(CU16).decoder().push(bytes), [means], name);
  }
});

test('every reply of the vectors is written byte for byte', () => {
  for (const { name, board, command, hooks, infrared, hex } of vectors.replies) {
    const answer = { '35': STATUS_ANSWER, '36': STATUS_ALL_ANSWER }[command];
    assert.ok(answer !== undefined, name);
    assert.deepEqual(
      encodeReply({ command: answer as 0x35 | 0x36, board, lock: 0, hooks, infrared }),
      bytesOf(hex),
      name,
    );
  }
});

test('the profile is the one in the vectors, whole', () => {
  assert.deepEqual(CU16, vectors.profile);
});

test('the answer to an unlock carries the lock that was addressed', () => {
  const frame = encodeReply({ command: STATUS_ANSWER, board: 1, lock: 7, hooks: 0, infrared: 0 });
  assert.equal(frame[1], 0x17);
});

test('a frame that is well formed and in no vector asks for nothing', () => {
  // 33, which some boards take for "unlock all"; a status that names a lock; 32 to one board.
  for (const hex of ['02 f0 33 03 28', '02 01 30 03 36', '02 00 32 03 37']) {
    assert.deepEqual(cu16Family(CU16).decoder().push(bytesOf(hex)), [], hex);
  }
});

const anyRequest = fc.constantFrom(...requests);

/** Cuts `bytes` at the given places and feeds the pieces one after the other. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): BoardRequest[] {
  const decoder = cu16Family(CU16).decoder();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).flatMap((end, at) => decoder.push(bytes.subarray(edges[at], end)));
}

test('frames come out the same however they are split, with noise between them', () => {
  // Noise without the start byte cannot be part of a frame, so that exactly what was sent must come out.
  const noise = fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.filter((byte) => byte !== 0x02));
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
    const heard = cu16Family(CU16)
      .decoder()
      .push(Buffer.concat([noise, Buffer.alloc(4), bytes]));
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
      assert.deepEqual(cu16Family(CU16).decoder().push(wrong), []);
    },
  );
  fc.assert(property, { seed, numRuns: 1000 });
});
