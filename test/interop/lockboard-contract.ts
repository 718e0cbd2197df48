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

/** One call a test file: the rig and the hooks are the file's own. */
export async function lockboardContract(of: ContractOf): Promise<void> {
  const name = `${of.boards.family} over ${of.near}`;
  const it = (what: string, run: () => Promise<void>) => test(`${name}: ${what}`, run);
  const { replyMs } = of.config({ kind: 'tcp', host: '', port: 1 }, false).profile;
  /** Longer than any answer and the looks after it: a frame sent again by itself would show. */
  const patienceMs = replyMs + 6 * POLL_MS;
  const rig = await startTestRig({ boards: of.boards });
  const recorder = await startRecorder({ near: of.near, rigPort: rig.ports.serial, isPulse: of.isPulse });
  const driven = new Driven(of.config(recorder.line, false));

  before(async () => {
    await driven.start();
    // A look that was missed while the line came up could still be answered; nothing shall be in doubt.
    await sleep(systemClock, patienceMs);
  });

  after(async () => {
    await driven.board.stop();
    await recorder.stop();
  });

  beforeEach(async () => {
    await rig.ask('/line', WELL);
    for (const { n, fault, door } of await doors()) {
      if (fault !== 'none') await rig.ask(`/doors/${n}/fault`, { fault: 'none' });
      if (door === 'open') await rig.ask(`/doors/${n}/close`, undefined, 'POST');
    }
    await until(() => LAYOUT_24.compartments.every(({ n }) => driven.closed(n) === true));
    recorder.forget();
    driven.presence.length = 0;
  });

  const doors = async () => (await rig.ask('/doors')).body as RigDoor[];
  const openOnes = async () => (await doors()).filter(({ door }) => door === 'open').map(({ n }) => n);
  const fault = (n: number, kind: DoorFault) => rig.ask(`/doors/${n}/fault`, { fault: kind });
  const pulse = (n: number): Promise<PulseAnswer> => driven.board.pulse(placeOf(n));

  /** One pulse, and so much patience that a second frame would have been written. */
  async function pulseOnce(n: number): Promise<PulseAnswer> {
    recorder.forget();
    const answer = await pulse(n);
    await sleep(systemClock, patienceMs);
    assert.deepEqual(recorder.pulses(), [of.pulseFrame(placeOf(n))], 'one pulse is one frame, its own');
    return answer;
  }

  it('an unlock moves the named lock and no other; the answer and the door are two facts', async () => {
    const before = await doors();
    for (const n of [1, 16, 17, 24]) {
      const answer = await pulse(n);
      assert.deepEqual([answer.outcome, answer.by], ['released', 'board']);
      await until(() => driven.closed(n) === false);
    }
    assert.deepEqual(
      recorder.pulses(),
      [1, 16, 17, 24].map((n) => of.pulseFrame(placeOf(n))),
    );
    assert.deepEqual(await openOnes(), [1, 16, 17, 24]);
    const moved = (await doors()).filter((door, at) => door.pulses !== before[at]?.pulses);
    assert.deepEqual(
      moved.map(({ n, pulses }) => [n, pulses - (before[n - 1]?.pulses ?? 0)]),
      [1, 16, 17, 24].map((n) => [n, 1]),
    );
    await rig.ask('/doors/16/close', undefined, 'POST');
    await until(() => driven.closed(16) === true);
    assert.equal(driven.closed(17), false);
  });

  it('doors and what is inside are sensed apart from answers', async () => {
    await rig.ask('/doors/3/pry', undefined, 'POST');
    await until(() => driven.closed(3) === false);
    await rig.ask('/parcels/3', { do: 'put-in', label: 'box' });
    await rig.ask('/doors/3/close', undefined, 'POST');
    await until(() => driven.closed(3) === true);
    if (of.sensesInside) await until(() => driven.inside(3) === true);
    else assert.equal(driven.inside(3), null);
    assert.deepEqual(recorder.pulses(), []);
    assert.ok(LAYOUT_24.compartments.every(({ n }) => n === 3 || driven.inside(n) !== true));
  });

  it('a board that says nothing: unknown after its time, and no second frame', async () => {
    await fault(2, 'silent');
    const answer = await pulseOnce(2);
    assert.deepEqual([answer.outcome, answer.by], ['unknown', 'time']);
    assert.ok(answer.afterMs >= replyMs - 1);
    assert.equal(driven.closed(2), true);
  });

  it('a board that acts and then says nothing: unknown, until the door is sensed open', async () => {
    await fault(3, 'acts-then-silent');
    const answer = await pulseOnce(3);
    assert.equal(answer.outcome, 'unknown');
    assert.equal(driven.closed(3), false);
  });

  it('a board that reports a failure is believed as declared, and its door is looked at all the same', async () => {
    await fault(4, 'jammed');
    assert.deepEqual([(await pulseOnce(4)).outcome, driven.closed(4)], ['failed', true]);
    await fault(5, 'acts-then-fails');
    assert.deepEqual([(await pulseOnce(5)).outcome, driven.closed(5)], ['failed', false]);
  });

  it('a late answer settles neither its own pulse nor the next', async () => {
    const lateMs = replyMs + 60;
    await rig.ask('/line', { lateMs });
    await fault(6, 'late');
    await fault(7, 'silent');
    assert.equal((await pulse(6)).outcome, 'unknown');
    const next = await pulse(7);
    assert.deepEqual([next.outcome, next.by], ['unknown', 'time']);
    await until(() => driven.closed(6) === false);
    assert.equal(recorder.pulses().length, 2);
  });

  it('a late answer does not settle a second pulse for the same door', async () => {
    await rig.ask('/line', { lateMs: replyMs + 100 });
    await fault(6, 'late');
    assert.equal((await pulse(6)).outcome, 'unknown');
    await fault(6, 'silent');
    assert.equal((await pulse(6)).outcome, 'unknown', 'what came was the answer to the first');
    assert.equal(recorder.pulses().length, 2, 'both asked for');
  });

  it('an answer that comes twice is one answer', async () => {
    await fault(8, 'twice');
    await fault(9, 'silent');
    const first = pulse(8);
    const second = pulse(9);
    assert.equal((await first).outcome, 'released');
    assert.equal((await second).outcome, 'unknown');
    assert.equal(recorder.pulses().length, 2);
  });

  it('an answer with a wrong check is none, and its bytes are counted', async () => {
    await fault(10, 'corrupted');
    const before = driven.garbled;
    const answer = await pulseOnce(10);
    assert.deepEqual([answer.outcome, answer.by], ['unknown', 'time']);
    assert.equal(driven.closed(10), false);
    assert.ok(driven.garbled > before);
  });

  it('an answer in the name of another door settles nothing', async () => {
    await fault(11, 'wrong-door');
    assert.equal((await pulseOnce(11)).outcome, 'unknown');
    assert.deepEqual([driven.closed(11), driven.closed(12)], [false, true]);
  });

  it('crossed cables: the door that is sensed open is the one that opened', async () => {
    await fault(13, 'wrong-latch');
    assert.equal((await pulseOnce(13)).outcome, 'failed');
    assert.deepEqual([driven.closed(13), driven.closed(14)], [true, false]);
  });

  it('the answer of another board, to somebody else on the line, settles nothing', async () => {
    await fault(1, 'silent');
    const other = await Line.to(rig.ports.serial);
    const answer = pulse(1);
    await until(() => recorder.pulses().length === 1);
    // The same lock of the other board, so that only the board's number tells the answers apart.
    other.say(of.pulseFrame(placeOf(17)));
    assert.equal((await answer).outcome, 'unknown');
    await until(() => driven.closed(17) === false);
    assert.equal(driven.closed(1), true);
    assert.equal(recorder.pulses().length, 1);
  });

  it('answers that come byte by byte are whole answers', async () => {
    await rig.ask('/line', { split: true });
    const answer = await pulseOnce(15);
    assert.deepEqual([answer.outcome, driven.closed(15)], ['released', false]);
    assert.deepEqual(driven.presence, []);
  });

  it('noise before and behind every frame costs no answer, and is counted', async () => {
    await rig.ask('/line', { noise: true });
    const before = driven.garbled;
    for (const n of [2, 18]) {
      const answer = await pulseOnce(n);
      assert.deepEqual([answer.outcome, driven.closed(n)], ['released', false]);
    }
    assert.ok(driven.garbled > before);
    assert.deepEqual(await openOnes(), [2, 18]);
    assert.deepEqual(driven.presence, []);
  });

  it('a mute line: boards are absent, a pulse is unknown, and nothing is repeated when it is well', async () => {
    await rig.ask('/line', { mute: true });
    assert.equal((await pulse(19)).outcome, 'unknown');
    await until(() => driven.presence.length === 2);
    await rig.ask('/line', { mute: false });
    await until(() => driven.closed(19) === false);
    await until(() => driven.presence.length === 4);
    await sleep(systemClock, patienceMs);
    assert.deepEqual(recorder.pulses(), [of.pulseFrame(placeOf(19))]);
  });

  it('the line is cut and comes back by itself; nothing is sent a second time, or late', async () => {
    await fault(20, 'silent');
    const answer = pulse(20);
    await until(() => recorder.pulses().length === 1);
    await recorder.cut();
    assert.equal((await answer).outcome, 'unknown');
    await until(() => driven.presence.length >= 2);
    assert.deepEqual(driven.presence.slice(0, 2), [
      [0, false],
      [1, false],
    ]);
    await recorder.mend();
    await until(() => driven.presence.filter(([, present]) => present).length === 2);
    await sleep(systemClock, patienceMs);
    assert.equal(recorder.pulses().length, 1);
    assert.equal((await pulseOnce(21)).outcome, 'released');
  });

  it('a cabinet without power is absent; a pulse for it releases nothing, then or later', async () => {
    await rig.ask('/power', { on: false });
    await until(() => driven.presence.filter(([, present]) => !present).length === 2);
    recorder.forget();
    const answer = await pulse(7);
    assert.ok(answer.outcome === 'failed' || answer.outcome === 'unknown', answer.outcome);
    await rig.ask('/power', { on: true });
    await until(() => driven.presence.filter(([, present]) => present).length === 2);
    await sleep(systemClock, patienceMs);
    assert.ok(recorder.pulses().length <= 1);
    assert.equal(driven.closed(7), true);
  });

  it('a polarity declared the other way round turns every sense round', async () => {
    await rig.ask('/doors/22/pry', undefined, 'POST');
    await until(() => driven.closed(22) === false);
    await driven.board.stop();
    const flipped = new Driven(of.config(recorder.line, true));
    try {
      await flipped.start();
      for (const { n } of LAYOUT_24.compartments) {
        assert.equal(flipped.closed(n), n === 22, `door ${n}`);
        if (of.sensesInside) assert.equal(flipped.inside(n), n !== 3, `inside ${n}`);
      }
    } finally {
      await flipped.board.stop();
    }
  });
}
