/**
 * The lock board's driver against the rig's boards, over real TCP, with a recorder in the middle that counts
 * every frame on the wire. Driver and boards were written apart from the same vectors.
 */
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { startTestRig, until } from '../../rig/test-rig.ts';
import { kerongCu } from '../../src/edge/lockboard/kerong-cu.ts';
import type { BoardStatus, LockBoard } from '../../src/edge/lockboard/lockboard.ts';
import { tcpLine } from '../../src/edge/lockboard/tcp-line.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { CU16_PROFILE } from '../bank.ts';

const POLL_MS = 40;
/** Longer than any answer, its time-out and the next looks: a frame sent again by itself would show. */
const PATIENCE_MS = 2 * CU16_PROFILE.replyMs + 10 * POLL_MS;

const rig = await startTestRig();

/** Passes bytes both ways and keeps what the driver wrote. */
class Recorder {
  readonly #server = createServer((near) => this.#accept(near));
  readonly #sockets = new Set<Socket>();
  #written = Buffer.alloc(0);
  port = 0;

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  #accept(near: Socket): void {
    const far = connect({ host: '127.0.0.1', port: rig.ports.serial, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        if (from === near) this.#written = Buffer.concat([this.#written, bytes]);
        to.write(bytes);
      });
      // Either end's failure ends both; that is all there is to say.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** Unlock frames in everything that was written: `02 ADDR 31 03 SUM`. */
  unlocks(): string[] {
    const frames: string[] = [];
    for (let at = 0; at + 5 <= this.#written.length; at += 5) {
      const frame = this.#written.subarray(at, at + 5);
      assert.equal(frame[0], 0x02, 'the driver writes whole frames and nothing between');
      if (frame[2] === 0x31) frames.push(frame.toString('hex'));
    }
    return frames;
  }

  forget(): void {
    this.#written = Buffer.alloc(0);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const recorder = new Recorder();
const presence: [number, boolean][] = [];
const looks = new Map<number, BoardStatus>();
let board: LockBoard;

before(async () => {
  await recorder.start();
  board = kerongCu({
    line: tcpLine({ host: '127.0.0.1', port: recorder.port, clock: systemClock }),
    boards: [0, 1],
    profile: CU16_PROFILE,
    pollMs: POLL_MS,
    clock: systemClock,
    listener: {
      onStatus: (status) => looks.set(status.board, status),
      onPresence: (n, present) => presence.push([n, present]),
      onGarbled: () => {},
    },
  });
  board.start();
  await until(() => looks.size === 2);
});

after(async () => {
  await board.stop();
  await recorder.stop();
});

const isOpen = (n: number) => looks.get(n < 17 ? 0 : 1)?.closed[(n - 1) % 16] === false;
const fault = (n: number, kind: string) => rig.ask(`/doors/${n}/fault`, { fault: kind });

async function pulseOnce(n: number) {
  recorder.forget();
  const answer = await board.pulse({ board: n < 17 ? 0 : 1, lock: (n - 1) % 16 });
  await sleep(systemClock, PATIENCE_MS);
  assert.equal(recorder.unlocks().length, 1, 'one pulse is one frame, whatever became of it');
  return answer;
}

test('a pulse is answered, and the door is sensed open apart from it', async () => {
  const answer = await pulseOnce(18);
  assert.deepEqual([answer.outcome, answer.by], ['released', 'board']);
  await until(() => isOpen(18));
  await rig.ask('/doors/18/close', undefined, 'POST');
  await until(() => !isOpen(18));
});

test('a board that says nothing: unknown after its time, and no second frame', async () => {
  await fault(2, 'silent');
  const answer = await pulseOnce(2);
  assert.deepEqual([answer.outcome, answer.by], ['unknown', 'time']);
  assert.ok(answer.afterMs >= CU16_PROFILE.replyMs - 1);
  assert.equal(isOpen(2), false);
});

test('a board that acts and then says nothing: unknown, until the door is sensed open', async () => {
  await fault(3, 'acts-then-silent');
  const answer = await pulseOnce(3);
  assert.equal(answer.outcome, 'unknown');
  await until(() => isOpen(3));
});

test('a jammed latch: the board answers as usual and no door opens', async () => {
  await fault(4, 'jammed');
  assert.equal((await pulseOnce(4)).outcome, 'released');
  assert.equal(isOpen(4), false);
});

test('the line is cut and comes back by itself; what waited is not sent late', async () => {
  presence.length = 0;
  await fault(5, 'silent');
  recorder.forget();
  const answer = board.pulse({ board: 0, lock: 4 });
  await until(() => recorder.unlocks().length === 1);
  recorder.cut();
  assert.equal((await answer).outcome, 'unknown');
  await until(() => presence.filter(([, present]) => present).length === 2);
  await sleep(systemClock, PATIENCE_MS);
  assert.equal(recorder.unlocks().length, 1);
  assert.deepEqual(presence.slice(0, 2), [
    [0, false],
    [1, false],
  ]);
  assert.equal((await pulseOnce(6)).outcome, 'released');
});

test('a cabinet without power is absent; a pulse for it sends nothing', async () => {
  presence.length = 0;
  await rig.ask('/power', { on: false });
  await until(() => presence.length === 2);
  recorder.forget();
  const answer = await board.pulse({ board: 0, lock: 6 });
  assert.notEqual(answer.outcome, 'released');
  await rig.ask('/power', { on: true });
  await until(() => presence.length === 4);
  await sleep(systemClock, PATIENCE_MS);
  assert.ok(recorder.unlocks().length <= 1);
  assert.equal(isOpen(7), false);
});
