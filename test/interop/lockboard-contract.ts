/**
 * The contract that every lock-board driver keeps, on every line: the driver under test talks to the rig's
 * boards, which other hands wrote from the same vectors, through a recorder that counts its frames.
 * A new family is one more call of `lockboardContract`; nothing in here knows a family's bytes.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { RigConfig } from '../../rig/config.ts';
import { Line, startTestRig, until } from '../../rig/test-rig.ts';
import type { DoorFault, RigDoor, RigLine } from '../../src/contract/rig.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import type { BoardsConfig } from '../../src/edge/config.ts';
import { driver } from '../../src/edge/lockboard/boards.ts';
import type { BoardStatus, LockBoard, PulseAnswer, Target } from '../../src/edge/lockboard/lockboard.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { type Near, startRecorder } from './recorder.ts';

export type ContractOf = {
  near: Near;
  /** What hangs on the rig's line. */
  boards: RigConfig['boards'];
  /** The driver's side: its family and its profile. Answers that say "still shut" are declared `failed`. */
  config(line: BoardsConfig['line'], flipped: boolean): BoardsConfig;
  /** True for a frame of five bytes that opens a lock. */
  isPulse(frame: Buffer): boolean;
  /** Whether this family senses what is inside. */
  sensesInside: boolean;
  /** What opens a lock, as another master on the same line would write it. */
  pulseFrame(target: Target): string;
};

const POLL_MS = 40;
const WELL: RigLine = { noise: false, split: false, mute: false, lateMs: 2000 };

const placeOf = (n: number): Target => {
  const place = LAYOUT_24.compartments.find((compartment) => compartment.n === n);
  assert.ok(place);
  return { board: place.board, lock: place.lock };
};

/** One driver and what it reported. */
class Driven {
  readonly looks = new Map<number, BoardStatus>();
  readonly presence: [number, boolean][] = [];
  garbled = 0;
  readonly board: LockBoard;

  constructor(config: BoardsConfig) {
    this.board = driver({
      config,
      clock: systemClock,
      boards: [0, 1],
      listener: {
        onStatus: (status) => void this.looks.set(status.board, status),
        onPresence: (board, present) => void this.presence.push([board, present]),
        onGarbled: (_, bytes) => {
          this.garbled += bytes;
        },
      },
    });
  }

  async start(): Promise<void> {
    this.board.start();
    await until(() => [1, 24].every((n) => this.closed(n) !== null));
  }

  closed(n: number): boolean | null {
    const { board, lock } = placeOf(n);
    return this.looks.get(board)?.closed[lock] ?? null;
  }

  inside(n: number): boolean | null {
    const { board, lock } = placeOf(n);
    return this.looks.get(board)?.occupied?.[lock] ?? null;
  }
}

type Bench = Awaited<ReturnType<typeof startBench>>;

async function startBench(of: ContractOf) {
  const { replyMs } = of.config({ kind: 'tcp', host: '', port: 1 }, false).profile;
  /** Longer than any answer and the looks after it: a frame sent again by itself would show. */
  const patienceMs = replyMs + 6 * POLL_MS;
  const rig = await startTestRig({ boards: of.boards });
  const recorder = await startRecorder({ near: of.near, rigPort: rig.ports.serial, isPulse: of.isPulse });
  const driven = new Driven(of.config(recorder.line, false));
  const doors = async () => (await rig.ask('/doors')).body as RigDoor[];
  const pulse = (n: number): Promise<PulseAnswer> => driven.board.pulse(placeOf(n));
  return {
    of,
    replyMs,
    patienceMs,
    rig,
    recorder,
    driven,
    doors,
    pulse,
    it: (what: string, run: () => Promise<void>) =>
      void test(`${of.boards.family} over ${of.near}: ${what}`, run),
    openOnes: async () => (await doors()).filter(({ door }) => door === 'open').map(({ n }) => n),
    fault: (n: number, kind: DoorFault) => rig.ask(`/doors/${n}/fault`, { fault: kind }),
    /** One pulse, and so much patience that a second frame would have been written. */
    async pulseOnce(n: number): Promise<PulseAnswer> {
      recorder.forget();
      const answer = await pulse(n);
      await sleep(systemClock, patienceMs);
      assert.deepEqual(recorder.pulses(), [of.pulseFrame(placeOf(n))], 'one pulse is one frame, its own');
      return answer;
    },
  };
}

/** One call a test file: the rig and the hooks are the file's own. */
export async function lockboardContract(of: ContractOf): Promise<void> {
  const b = await startBench(of);
  const { rig, recorder, driven } = b;

  before(async () => {
    await driven.start();
    // A look that was missed while the line came up could still be answered; nothing shall be in doubt.
    await sleep(systemClock, b.patienceMs);
  });

  after(async () => {
    await driven.board.stop();
    await recorder.stop();
  });

  beforeEach(async () => {
    await rig.ask('/line', WELL);
    for (const { n, fault, door } of await b.doors()) {
      if (fault !== 'none') await b.fault(n, 'none');
      if (door === 'open') await rig.ask(`/doors/${n}/close`, undefined, 'POST');
    }
    await until(() => LAYOUT_24.compartments.every(({ n }) => driven.closed(n) === true));
    recorder.forget();
    driven.presence.length = 0;
  });

  for (const part of [moving, answering, lateAndTwice, wrongAnswers, badLines, lostLines]) part(b);
}

/** What moves and what is sensed. */
function moving(b: Bench): void {
  b.it('an unlock moves the named lock and no other; the answer and the door are two facts', async () => {
    const before = await b.doors();
    for (const n of [1, 16, 17, 24]) {
      const answer = await b.pulse(n);
      assert.deepEqual([answer.outcome, answer.by], ['released', 'board']);
      await until(() => b.driven.closed(n) === false);
    }
    assert.deepEqual(
      b.recorder.pulses(),
      [1, 16, 17, 24].map((n) => b.of.pulseFrame(placeOf(n))),
    );
    assert.deepEqual(await b.openOnes(), [1, 16, 17, 24]);
    const moved = (await b.doors()).filter((door, at) => door.pulses !== before[at]?.pulses);
    assert.deepEqual(
      moved.map(({ n, pulses }) => [n, pulses - (before[n - 1]?.pulses ?? 0)]),
      [1, 16, 17, 24].map((n) => [n, 1]),
    );
    await b.rig.ask('/doors/16/close', undefined, 'POST');
    await until(() => b.driven.closed(16) === true);
    assert.equal(b.driven.closed(17), false);
  });

  b.it('doors and what is inside are sensed apart from answers', async () => {
    await b.rig.ask('/doors/3/pry', undefined, 'POST');
    await until(() => b.driven.closed(3) === false);
    await b.rig.ask('/parcels/3', { do: 'put-in', label: 'box' });
    await b.rig.ask('/doors/3/close', undefined, 'POST');
    await until(() => b.driven.closed(3) === true);
    if (b.of.sensesInside) await until(() => b.driven.inside(3) === true);
    else assert.equal(b.driven.inside(3), null);
    assert.deepEqual(b.recorder.pulses(), []);
    assert.ok(LAYOUT_24.compartments.every(({ n }) => n === 3 || b.driven.inside(n) !== true));
  });
}

/** What boards say and do not say. */
function answering(b: Bench): void {
  b.it('a board that says nothing: unknown after its time, and no second frame', async () => {
    await b.fault(2, 'silent');
    const answer = await b.pulseOnce(2);
    assert.deepEqual([answer.outcome, answer.by], ['unknown', 'time']);
    assert.ok(answer.afterMs >= b.replyMs - 1);
    assert.equal(b.driven.closed(2), true);
  });

  b.it('a board that acts and then says nothing: unknown, until the door is sensed open', async () => {
    await b.fault(3, 'acts-then-silent');
    const answer = await b.pulseOnce(3);
    assert.equal(answer.outcome, 'unknown');
    assert.equal(b.driven.closed(3), false);
  });

  b.it(
    'a board that reports a failure is believed as declared, and its door is looked at all the same',
    async () => {
      await b.fault(4, 'jammed');
      assert.deepEqual([(await b.pulseOnce(4)).outcome, b.driven.closed(4)], ['failed', true]);
      await b.fault(5, 'acts-then-fails');
      assert.deepEqual([(await b.pulseOnce(5)).outcome, b.driven.closed(5)], ['failed', false]);
    },
  );
}

/** Answers out of their time. */
function lateAndTwice(b: Bench): void {
  b.it('a late answer settles neither its own pulse nor the next', async () => {
    const lateMs = b.replyMs + 60;
    await b.rig.ask('/line', { lateMs });
    await b.fault(6, 'late');
    await b.fault(7, 'silent');
    assert.equal((await b.pulse(6)).outcome, 'unknown');
    const next = await b.pulse(7);
    assert.deepEqual([next.outcome, next.by], ['unknown', 'time']);
    await until(() => b.driven.closed(6) === false);
    assert.equal(b.recorder.pulses().length, 2);
  });

  b.it('a late answer does not settle a second pulse for the same door', async () => {
    await b.rig.ask('/line', { lateMs: b.replyMs + 100 });
    await b.fault(6, 'late');
    assert.equal((await b.pulse(6)).outcome, 'unknown');
    await b.fault(6, 'silent');
    assert.equal((await b.pulse(6)).outcome, 'unknown', 'what came was the answer to the first');
    assert.equal(b.recorder.pulses().length, 2, 'both asked for');
  });

  b.it('an answer that comes twice is one answer', async () => {
    await b.fault(8, 'twice');
    await b.fault(9, 'silent');
    const first = b.pulse(8);
    const second = b.pulse(9);
    assert.equal((await first).outcome, 'released');
    assert.equal((await second).outcome, 'unknown');
    assert.equal(b.recorder.pulses().length, 2);
  });
}

/** Answers that are none, and doors that are others. */
function wrongAnswers(b: Bench): void {
  b.it('an answer with a wrong check is none, and its bytes are counted', async () => {
    await b.fault(10, 'corrupted');
    const before = b.driven.garbled;
    const answer = await b.pulseOnce(10);
    assert.deepEqual([answer.outcome, answer.by], ['unknown', 'time']);
    assert.equal(b.driven.closed(10), false);
    assert.ok(b.driven.garbled > before);
  });

  b.it('an answer in the name of another door settles nothing', async () => {
    await b.fault(11, 'wrong-door');
    assert.equal((await b.pulseOnce(11)).outcome, 'unknown');
    assert.deepEqual([b.driven.closed(11), b.driven.closed(12)], [false, true]);
  });

  b.it('crossed cables: the door that is sensed open is the one that opened', async () => {
    await b.fault(13, 'wrong-latch');
    assert.equal((await b.pulseOnce(13)).outcome, 'failed');
    assert.deepEqual([b.driven.closed(13), b.driven.closed(14)], [true, false]);
  });

  b.it('the answer of another board, to somebody else on the line, settles nothing', async () => {
    await b.fault(1, 'silent');
    const other = await Line.to(b.rig.ports.serial);
    const answer = b.pulse(1);
    await until(() => b.recorder.pulses().length === 1);
    // The same lock of the other board, so that only the board's number tells the answers apart.
    other.say(b.of.pulseFrame(placeOf(17)));
    assert.equal((await answer).outcome, 'unknown');
    await until(() => b.driven.closed(17) === false);
    assert.equal(b.driven.closed(1), true);
    assert.equal(b.recorder.pulses().length, 1);
  });
}

/** A line that is slow, noisy or mute. */
function badLines(b: Bench): void {
  b.it('answers that come byte by byte are whole answers', async () => {
    await b.rig.ask('/line', { split: true });
    const answer = await b.pulseOnce(15);
    assert.deepEqual([answer.outcome, b.driven.closed(15)], ['released', false]);
    assert.deepEqual(b.driven.presence, []);
  });

  b.it('noise before and behind every frame costs no answer, and is counted', async () => {
    await b.rig.ask('/line', { noise: true });
    const before = b.driven.garbled;
    for (const n of [2, 18]) {
      const answer = await b.pulseOnce(n);
      assert.deepEqual([answer.outcome, b.driven.closed(n)], ['released', false]);
    }
    assert.ok(b.driven.garbled > before);
    assert.deepEqual(await b.openOnes(), [2, 18]);
    assert.deepEqual(b.driven.presence, []);
  });

  b.it(
    'a mute line: boards are absent, a pulse is unknown, and nothing is repeated when it is well',
    async () => {
      await b.rig.ask('/line', { mute: true });
      assert.equal((await b.pulse(19)).outcome, 'unknown');
      await until(() => b.driven.presence.length === 2);
      await b.rig.ask('/line', { mute: false });
      await until(() => b.driven.closed(19) === false);
      await until(() => b.driven.presence.length === 4);
      await sleep(systemClock, b.patienceMs);
      assert.deepEqual(b.recorder.pulses(), [b.of.pulseFrame(placeOf(19))]);
    },
  );
}

/** A line, a cabinet or a polarity that is not what it was. */
function lostLines(b: Bench): void {
  b.it('the line is cut and comes back by itself; nothing is sent a second time, or late', async () => {
    await b.fault(20, 'silent');
    const answer = b.pulse(20);
    await until(() => b.recorder.pulses().length === 1);
    await b.recorder.cut();
    assert.equal((await answer).outcome, 'unknown');
    await until(() => b.driven.presence.length >= 2);
    assert.deepEqual(b.driven.presence.slice(0, 2), [
      [0, false],
      [1, false],
    ]);
    await b.recorder.mend();
    await until(() => b.driven.presence.filter(([, present]) => present).length === 2);
    await sleep(systemClock, b.patienceMs);
    assert.equal(b.recorder.pulses().length, 1);
    assert.equal((await b.pulseOnce(21)).outcome, 'released');
  });

  b.it('a cabinet without power is absent; a pulse for it releases nothing, then or later', async () => {
    await b.rig.ask('/power', { on: false });
    await until(() => b.driven.presence.filter(([, present]) => !present).length === 2);
    b.recorder.forget();
    const answer = await b.pulse(7);
    assert.ok(answer.outcome === 'failed' || answer.outcome === 'unknown', answer.outcome);
    await b.rig.ask('/power', { on: true });
    await until(() => b.driven.presence.filter(([, present]) => present).length === 2);
    await sleep(systemClock, b.patienceMs);
    assert.ok(b.recorder.pulses().length <= 1);
    assert.equal(b.driven.closed(7), true);
  });

  b.it('a polarity declared the other way round turns every sense round', async () => {
    await b.rig.ask('/doors/22/pry', undefined, 'POST');
    await until(() => b.driven.closed(22) === false);
    await b.driven.board.stop();
    const flipped = new Driven(b.of.config(b.recorder.line, true));
    try {
      await flipped.start();
      for (const { n } of LAYOUT_24.compartments) {
        assert.equal(flipped.closed(n), n === 22, `door ${n}`);
        if (b.of.sensesInside) assert.equal(flipped.inside(n), n !== 3, `inside ${n}`);
      }
    } finally {
      await flipped.board.stop();
    }
  });
}
