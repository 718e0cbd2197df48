/**
 * Bytes that no board of ours would send, between and inside those that one would: no driver throws, pulses more
 * than it was told to, or remembers without end; and the next good look is understood.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAMILIES, type TestFamily } from './test-boards.ts';
import { torn, type Wire, wire } from './test-wire.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const RUNS = 400;
const FLOOD_BYTES = 4_000_000;
const AT = { board: 1, lock: 7 };
const TARGETS = [AT, { board: 0, lock: 0 }, { board: 1, lock: 0 }, { board: 0, lock: 15 }] as const;

/** A good frame with something wrong, or none at all. */
const noise = (family: TestFamily) => {
  const frames = [
    family.look(0),
    family.look(1, [AT.lock]),
    ...TARGETS.map((target) => family.released(target)),
    // Other masters and other addresses on the same line.
    family.look(9),
    family.released({ board: 9, lock: 3 }),
    Buffer.from(family.pulseFrame(AT), 'hex'),
    Buffer.from(family.pulseFrame({ board: 0, lock: 3 }), 'hex'),
  ];
  const frame = fc.constantFrom(...frames.map((bytes) => [...bytes]));
  const index = fc.nat({ max: 40 });
  return fc.oneof(
    frame,
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }),
    fc.tuple(frame, index).map(([bytes, at]) => bytes.slice(0, at % bytes.length)),
    fc.tuple(frame, index).map(([bytes, at]) => bytes.slice(at % bytes.length)),
    fc
      .tuple(frame, index, fc.integer({ min: 0, max: 7 }))
      .map(([bytes, at, bit]) =>
        bytes.map((byte, n) => (n === at % bytes.length ? byte ^ (1 << bit) : byte)),
      ),
    frame.map((bytes) => [...bytes, ...bytes]),
    fc
      .tuple(frame, frame, index)
      .map(([one, two, at]) => [...one.slice(0, at % one.length), ...two, ...one.slice(at % one.length)]),
    // The same start byte again and again, and the longest run that a line breaks into.
    fc.tuple(frame, index).map(([bytes, count]) => Array.from({ length: count }, () => bytes[0] ?? 0)),
  );
};

/** Pulses asked for, bytes heard, time passed, a line cut. */
const step = (family: TestFamily) =>
  fc.oneof(
    { weight: 6, arbitrary: noise(family).map((bytes) => ({ do: 'hear' as const, bytes })) },
    { weight: 2, arbitrary: fc.nat({ max: 300 }).map((ms) => ({ do: 'wait' as const, ms })) },
    { weight: 2, arbitrary: fc.constantFrom(...TARGETS).map((target) => ({ do: 'pulse' as const, target })) },
    { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
  );

for (const family of FAMILIES) {
  const { replyMs, quietMs } = family.profile;
  const pulses = (b: Wire) => b.written.filter(({ text }) => family.isPulse(text)).map(({ text }) => text);

  /** Boards that answer as they should, until the looks have come round. */
  function understands(b: Wire): void {
    b.answer = (frame) => {
      const text = Buffer.from(frame).toString('hex');
      if (family.isPulse(text)) return null;
      const board = [0, 1].find((n) => text === lookFrames(family)[n]);
      return board === undefined ? null : family.look(board, board === AT.board ? [AT.lock] : []);
    };
    b.clock.advance(20 * (replyMs + quietMs) + 4000);
    b.looks.length = 0;
    b.clock.advance(20 * (replyMs + quietMs) + 4000);
    const last = (board: number) => b.looks.findLast((look) => look.board === board);
    assert.equal(last(0)?.closed[AT.lock], true);
    assert.equal(last(1)?.closed[AT.lock], false);
  }

  test(`${family.name}: whatever is on the line, one pulse is one frame, and good looks are understood after it`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step(family), { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (steps, cuts) => {
          const b = wire((deps) => family.open(deps));
          b.connect();
          const asked: string[] = [];
          const answers: Promise<{ outcome: string }>[] = [];
          for (const one of steps) {
            if (one.do === 'hear') for (const part of torn(one.bytes, cuts)) b.say(part);
            if (one.do === 'wait') b.clock.advance(one.ms);
            if (one.do === 'cut') {
              b.cut();
              b.connect();
            }
            if (one.do !== 'pulse') continue;
            asked.push(family.pulseFrame(one.target));
            answers.push(b.board.pulse(one.target));
            // Each waits for its turn, so that frames and requests can be told apart by their order.
            b.clock.advance(4 * (replyMs + quietMs));
          }
          b.clock.advance(asked.length * 10 * (replyMs + quietMs) + 10_000);
          for (const answer of answers)
            assert.ok(['released', 'failed', 'unknown'].includes((await answer).outcome));
          const written = pulses(b);
          for (const frame of new Set(written)) {
            const count = (list: readonly string[]) => list.filter((text) => text === frame).length;
            assert.ok(
              count(written) <= count(asked),
              `${frame} was written ${count(written)} times for ${count(asked)}`,
            );
          }
          understands(b);
          assert.equal(pulses(b).length, written.length, 'nothing is pulsed later');
        },
      ),
      { seed, numRuns: RUNS },
    );
  });

  test(`${family.name}: a flood of bytes costs no good look and no pulse`, () => {
    const b = wire((deps) => family.open(deps));
    b.connect();
    const draw = fc.sample(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4096, maxLength: 4096 }), {
      seed,
      numRuns: 4,
    });
    const starts = [...family.look(0)].slice(0, 2);
    const parts = [...draw, Array.from({ length: 4096 }, (_, n) => starts[n % starts.length] ?? 0)].map(
      (list) => Uint8Array.from(list),
    );
    let said = 0;
    while (said < FLOOD_BYTES) {
      for (const part of parts) b.say(part);
      said += parts.length * 4096;
      b.clock.advance(10);
      b.garbled.length = 0;
    }
    b.written.length = 0;
    understands(b);
    assert.deepEqual(pulses(b), []);
  });
}

/** What a driver of this family writes to look at boards 0 and 1. */
function lookFrames(family: TestFamily): readonly string[] {
  const b = wire((deps) => family.open(deps));
  b.connect();
  for (let n = 0; n < 4; n++) b.clock.advance(2 * family.profile.replyMs);
  const [first = '', second = ''] = [...new Set(b.written.map(({ text }) => text))];
  return [first, second];
}
