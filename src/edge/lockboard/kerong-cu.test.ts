import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import vectors from '../../contract/vectors/lockboard/kerong-cu16.json' with { type: 'json' };
import { fromHex, hex } from '../../crypto/bytes.ts';
import { ManualClock } from '../../platform/clock.ts';
import type { BoardProfile } from '../config.ts';
import { encodeStatus, encodeUnlock, kerongCu, ReplyReader, type StatusReply } from './kerong-cu.ts';
import type { BoardStatus, LockBoard, PulseAnswer } from './lockboard.ts';

const bytesOf = (text: string) => fromHex(text.replaceAll(' ', ''));

/** A reply's bytes, written here anew from the vectors' description, so that reader and writer are two. */
function replyBytes(reply: Omit<StatusReply, 'command'> & { command?: number }): Uint8Array {
  const { board, lock, hooks, infrared, command = 0x35 } = reply;
  const body = [
    0x02,
    board * 16 + lock,
    command,
    hooks % 256,
    Math.floor(hooks / 256),
    infrared % 256,
    Math.floor(infrared / 256),
    0x03,
  ];
  return Uint8Array.from([...body, body.reduce((total, byte) => total + byte, 0) % 256]);
}

function readAll(parts: readonly Uint8Array[]): { replies: StatusReply[]; garbled: number } {
  const replies: StatusReply[] = [];
  let garbled = 0;
  const reader = new ReplyReader({
    reply: (reply) => replies.push(reply),
    garbled: (bytes) => {
      garbled += bytes;
    },
  });
  for (const part of parts) reader.take(part);
  return { replies, garbled };
}

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
    assert.deepEqual(readAll([bytes]), { replies: expected, garbled: 0 }, name);
    assert.deepEqual(
      readAll(Array.from(bytes, (byte) => Uint8Array.of(byte))),
      { replies: expected, garbled: 0 },
      name,
    );
    assert.equal(
      hex(replyBytes({ board, lock: 0, hooks, infrared, command: Number.parseInt(command, 16) })),
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

test('replies come through noise, torn in any way, none lost and none made up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(noise, anyReply), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (said, cuts) => {
        const bytes = said.flatMap(([before, reply]) => [...before, ...replyBytes(reply)]);
        const parts: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const length = cuts[cut % cuts.length] ?? 1;
          parts.push(Uint8Array.from(bytes.slice(at, at + length)));
          at += length;
        }
        const { replies, garbled } = readAll(parts);
        assert.deepEqual(
          replies,
          said.map(([, reply]) => ({ ...reply, command: 0x35 })),
        );
        assert.equal(
          garbled,
          said.reduce((total, [before]) => total + before.length, 0),
        );
      },
    ),
  );
});

test('no bytes make the reader throw, and whatever it reads has its sum', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      const all = hex(Uint8Array.from(parts.flatMap((part) => [...part])));
      for (const reply of readAll(parts).replies) assert.ok(all.includes(hex(replyBytes(reply))));
    }),
  );
});

test('one bit that flips on the wire is no reply', () => {
  fc.assert(
    fc.property(anyReply, fc.nat(71), (reply, bit) => {
      const bytes = replyBytes(reply);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.deepEqual(readAll([bytes]).replies, []);
    }),
  );
});

const PROFILE: BoardProfile = {
  name: 'test',
  locksPerBoard: 16,
  hookBitWhenClosed: 1,
  infraredBitWhenOccupied: 1,
  unlockReply: 'status',
  replyMs: 100,
  quietMs: 5,
};

/** A driver on a line that the test holds the other end of, and time that the test moves. */
function bench(profile: Partial<BoardProfile> = {}) {
  const clock = new ManualClock(0);
  const written: { atMs: number; text: string }[] = [];
  const presence: [number, boolean][] = [];
  const looks: BoardStatus[] = [];
  let wire: { onBytes(bytes: Uint8Array): void; onUp(): void; onDown(): void } | null = null;
  let up = false;
  /** Boards that answer every look by themselves, one millisecond later. */
  const answering = new Set<number>();
  const board: LockBoard = kerongCu({
    line: {
      open(listener) {
        wire = listener;
      },
      write(bytes) {
        if (up) written.push({ atMs: clock.monotonicMs(), text: hex(bytes) });
        const n = (bytes[1] ?? 0) >> 4;
        if (up && bytes[2] === 0x30 && answering.has(n))
          clock.after(1, () => wire?.onBytes(replyBytes({ board: n, lock: 0, hooks: 0xffff, infrared: 0 })));
        return up;
      },
      close: async () => {},
    },
    boards: [0, 1],
    profile: { ...PROFILE, ...profile },
    pollMs: 1000,
    clock,
    listener: {
      onStatus: (status) => looks.push(status),
      onPresence: (n, present) => presence.push([n, present]),
      onGarbled: () => {},
    },
  });
  board.start();
  return {
    board,
    clock,
    written,
    presence,
    looks,
    answering,
    say: (reply: Parameters<typeof replyBytes>[0]) => wire?.onBytes(replyBytes(reply)),
    connect() {
      up = true;
      wire?.onUp();
    },
    cut() {
      up = false;
      wire?.onDown();
    },
    /** Both boards answer the look that is on the wire. */
    answerLooks() {
      for (const n of [0, 1]) {
        wire?.onBytes(replyBytes({ board: n, lock: 0, hooks: 0xffff, infrared: 0 }));
        clock.advance(PROFILE.quietMs);
      }
    },
    unlocks: () => written.filter(({ text }) => text.slice(4, 6) === '31'),
  };
}

async function now(answer: Promise<PulseAnswer>): Promise<PulseAnswer | 'waiting'> {
  return Promise.race([answer, Promise.resolve().then(() => Promise.resolve('waiting' as const))]);
}

test('a pulse that the board answers is released; one unlock frame was written', async () => {
  const b = bench();
  b.connect();
  b.answerLooks();
  const answer = b.board.pulse({ board: 1, lock: 7 });
  assert.equal(await now(answer), 'waiting');
  b.clock.advance(20);
  b.say({ board: 1, lock: 7, hooks: 0, infrared: 0 });
  assert.deepEqual(await answer, { outcome: 'released', afterMs: 20, by: 'board' });
  b.clock.advance(60_000);
  assert.deepEqual(
    b.unlocks().map(({ text }) => text),
    ['021731034d'],
  );
});

test('silence is unknown after its time and never a second frame', async () => {
  const b = bench();
  b.connect();
  b.answerLooks();
  const answer = b.board.pulse({ board: 0, lock: 3 });
  b.clock.advance(99);
  assert.equal(await now(answer), 'waiting');
  b.clock.advance(1);
  assert.deepEqual(await answer, { outcome: 'unknown', afterMs: 100, by: 'time' });
  b.clock.advance(600_000);
  assert.equal(b.unlocks().length, 1);
});

test('a late answer, one of another board or lock, and one that nobody asked for settle nothing', async () => {
  const b = bench();
  b.connect();
  b.answerLooks();
  b.say({ board: 0, lock: 3, hooks: 0, infrared: 0 });
  const answer = b.board.pulse({ board: 0, lock: 3 });
  b.say({ board: 1, lock: 3, hooks: 0, infrared: 0 });
  b.say({ board: 0, lock: 0, hooks: 0, infrared: 0 });
  b.say({ board: 0, lock: 4, hooks: 0, infrared: 0 });
  b.say({ board: 0, lock: 3, hooks: 0, infrared: 0, command: 0x36 });
  b.clock.advance(100);
  assert.equal((await answer).outcome, 'unknown');
  const before = b.looks.length;
  b.clock.advance(PROFILE.quietMs);
  b.say({ board: 0, lock: 3, hooks: 0, infrared: 0 });
  assert.equal(b.looks.length, before, 'the late answer of an unlock is no look either');
});

test('a board that says nothing to unlocks leaves every pulse unknown', async () => {
  const b = bench({ unlockReply: 'none' });
  b.connect();
  b.answerLooks();
  const answer = b.board.pulse({ board: 0, lock: 1 });
  b.clock.advance(PROFILE.quietMs);
  assert.deepEqual(await answer, { outcome: 'unknown', afterMs: PROFILE.quietMs, by: 'time' });
});

test('a line cut under a pulse leaves it unknown; a line that was down sends nothing and says so', async () => {
  const b = bench();
  b.connect();
  b.answerLooks();
  const cut = b.board.pulse({ board: 0, lock: 1 });
  b.cut();
  assert.equal((await cut).outcome, 'unknown');
  assert.deepEqual(b.presence, [
    [0, true],
    [1, true],
    [0, false],
    [1, false],
  ]);
  b.clock.advance(PROFILE.quietMs);
  const down = b.board.pulse({ board: 0, lock: 1 });
  b.clock.advance(10 * PROFILE.quietMs);
  assert.equal((await down).outcome, 'failed');
  b.connect();
  b.clock.advance(60_000);
  assert.equal(b.unlocks().length, 1, 'what was not sent is not sent later');
});

test('an unlock goes before waiting looks, and every exchange is followed by a rest', async () => {
  const b = bench();
  b.connect();
  void b.board.pulse({ board: 1, lock: 2 });
  void b.board.pulse({ board: 1, lock: 3 });
  b.say({ board: 0, lock: 0, hooks: 0xffff, infrared: 0 });
  b.clock.advance(PROFILE.quietMs);
  b.say({ board: 1, lock: 2, hooks: 0, infrared: 0 });
  b.clock.advance(PROFILE.quietMs);
  b.say({ board: 1, lock: 3, hooks: 0, infrared: 0 });
  b.clock.advance(PROFILE.quietMs);
  assert.deepEqual(
    b.written.map(({ text }) => text.slice(0, 6)),
    ['020030', '021231', '021331', '021030'],
  );
  const gaps = b.written.slice(1).map(({ atMs }, index) => atMs - (b.written[index]?.atMs ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= PROFILE.quietMs),
    String(gaps),
  );
});

test('a board that misses three looks is absent, and back with its first answer', () => {
  const b = bench();
  b.answering.add(0).add(1);
  b.connect();
  b.clock.advance(500);
  b.answering.delete(1);
  b.clock.advance(2000);
  assert.deepEqual(b.presence, [
    [0, true],
    [1, true],
  ]);
  b.clock.advance(1000);
  assert.deepEqual(b.presence, [
    [0, true],
    [1, true],
    [1, false],
  ]);
  b.answering.add(1);
  b.clock.advance(1000);
  assert.deepEqual(b.presence.at(-1), [1, true]);
});

test('bits are read as the profile declares them', () => {
  for (const [hookBitWhenClosed, infraredBitWhenOccupied] of [
    [1, 1],
    [0, 0],
    [1, null],
  ] as const) {
    const b = bench({ hookBitWhenClosed, infraredBitWhenOccupied });
    b.connect();
    b.say({ board: 0, lock: 0, hooks: 0b01, infrared: 0b10 });
    const [look] = b.looks;
    assert.deepEqual(look?.closed.slice(0, 2), hookBitWhenClosed === 1 ? [true, false] : [false, true]);
    if (infraredBitWhenOccupied === null) assert.equal(look?.occupied, null);
    else
      assert.deepEqual(
        look?.occupied?.slice(0, 2),
        infraredBitWhenOccupied === 1 ? [false, true] : [true, false],
      );
  }
});

test('stopping answers what is on its way as unknown, and writes no more', async () => {
  const b = bench();
  b.connect();
  b.answerLooks();
  const sent = b.board.pulse({ board: 0, lock: 1 });
  const waiting = b.board.pulse({ board: 0, lock: 2 });
  await b.board.stop();
  assert.deepEqual([(await sent).outcome, (await waiting).outcome], ['unknown', 'failed']);
  b.clock.advance(60_000);
  assert.equal(b.unlocks().length, 1);
});
