/** What every driver does on a bus, whatever its family: each test runs for each of them. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hex } from '../../crypto/bytes.ts';
import { FAMILIES } from './test-boards.ts';
import { now, torn, type Wire, wire } from './test-wire.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const AT = { board: 1, lock: 7 };

for (const family of FAMILIES) {
  const { replyMs, quietMs } = family.profile;
  const it = (name: string, run: () => void | Promise<void>) => test(`${family.name}: ${name}`, run);
  const bench = (confirmLooks = 1) => wire((deps) => family.open(deps, { confirmLooks }));
  const pulses = (b: Wire) => b.written.filter(({ text }) => family.isPulse(text));

  /** Both boards have answered the looks of the start, and the bus is quiet. */
  function ready(confirmLooks = 1): Wire {
    const b = bench(confirmLooks);
    b.connect();
    for (let look = 0; look < 2 * confirmLooks; look++) {
      b.say(family.look(look % 2));
      b.clock.advance(quietMs);
    }
    return b;
  }

  it('a pulse that the board answers is released; one unlock frame was written', async () => {
    const b = ready();
    const answer = b.board.pulse(AT);
    assert.equal(await now(answer), 'waiting');
    b.clock.advance(20);
    b.say(family.released(AT));
    assert.deepEqual(await answer, { outcome: 'released', afterMs: 20, by: 'board' });
    b.clock.advance(60_000);
    assert.deepEqual(
      pulses(b).map(({ text }) => text),
      [family.pulseFrame(AT)],
    );
  });

  it('silence is unknown after its time and never a second frame', async () => {
    const b = ready();
    const answer = b.board.pulse(AT);
    b.clock.advance(replyMs - 1);
    assert.equal(await now(answer), 'waiting');
    b.clock.advance(1);
    assert.deepEqual(await answer, { outcome: 'unknown', afterMs: replyMs, by: 'time' });
    b.clock.advance(600_000);
    b.cut();
    b.clock.advance(1000);
    b.connect();
    b.clock.advance(600_000);
    assert.equal(pulses(b).length, 1);
  });

  it('read-back: after a pulse, answered or not, its board is looked at before any other', async () => {
    for (const answered of [true, false]) {
      const b = ready();
      b.clock.advance(950 - b.clock.monotonicMs());
      void b.board.pulse(AT);
      // The poll at 1000 asks for looks at both boards meanwhile.
      b.clock.advance(60);
      if (answered) b.say(family.released(AT));
      else b.clock.advance(replyMs - 60);
      b.clock.advance(quietMs);
      const { text } = b.written.at(-1) ?? { text: '' };
      b.say(family.look(AT.board, [AT.lock]));
      assert.equal(b.looks.at(-1)?.closed[AT.lock], false, `${text} asked for board ${AT.board}`);
    }
  });

  it('a foreign answer, one for another lock and one that nobody asked for settle nothing', async () => {
    const b = ready();
    b.say(family.released(AT));
    const answer = b.board.pulse(AT);
    const right = family.released(AT);
    const corrupted = Uint8Array.from(right, (byte, at) => (at === 2 ? byte ^ 0x40 : byte));
    b.say(family.released({ ...AT, board: 0 }));
    b.say(family.released({ ...AT, lock: 8 }));
    b.say(family.released({ ...AT, lock: 6 }));
    b.say(family.look(AT.board));
    b.say(corrupted);
    assert.equal(await now(answer), 'waiting');
    b.clock.advance(replyMs);
    assert.equal((await answer).outcome, 'unknown');
    assert.equal(pulses(b).length, 1);
  });

  it('an answer torn into bytes, with noise before and behind it, is one answer', async () => {
    const b = ready();
    const answer = b.board.pulse(AT);
    b.say(Uint8Array.of(0xff, 0x00, 0xfe));
    for (const byte of family.released(AT)) b.say(Uint8Array.of(byte));
    b.say(Uint8Array.of(0xff, 0xff));
    assert.equal((await answer).outcome, 'released');
    b.clock.advance(quietMs);
    assert.equal(
      b.garbled.reduce((sum, [, bytes]) => sum + bytes, 0),
      5,
    );
  });

  it('a late answer does not settle the pulse after it', async () => {
    const b = ready();
    const first = b.board.pulse(AT);
    b.clock.advance(replyMs);
    assert.equal((await first).outcome, 'unknown');
    const second = b.board.pulse(AT);
    b.clock.advance(quietMs);
    assert.equal(pulses(b).length, 2, 'a person asked again');
    b.say(family.released(AT));
    assert.equal(await now(second), 'waiting', 'this may be the answer to the first');
    b.say(family.released(AT));
    assert.equal((await second).outcome, 'released');
  });

  it('an answer that came late in between is not waited for again', async () => {
    const b = ready();
    void b.board.pulse(AT);
    b.clock.advance(replyMs + quietMs);
    b.say(family.released(AT));
    b.say(family.look(AT.board));
    const second = b.board.pulse(AT);
    b.clock.advance(quietMs);
    b.say(family.released(AT));
    assert.equal((await second).outcome, 'released');
  });

  it('a look that was missed is not taken for the answer to a pulse at the first lock', async () => {
    const b = ready();
    b.clock.advance(1000 - b.clock.monotonicMs());
    b.clock.advance(replyMs);
    const answer = b.board.pulse({ board: 0, lock: 0 });
    b.clock.advance(quietMs);
    b.say(family.look(0));
    assert.equal(await now(answer), 'waiting');
  });

  it('a missed look does not cast doubt for long on the pulses after it', async () => {
    const b = ready();
    b.clock.advance(1000 - b.clock.monotonicMs() + replyMs + quietMs);
    b.say(family.look(1));
    b.clock.advance(1000 - replyMs - quietMs);
    for (const board of [0, 1]) {
      b.say(family.look(board));
      b.clock.advance(quietMs);
    }
    b.clock.advance(replyMs);
    const first = { board: 0, lock: 0 };
    const answer = b.board.pulse(first);
    b.say(family.released(first));
    assert.equal((await now(answer)) === 'waiting', false);
    assert.equal((await answer).outcome, 'released');
  });

  it('a second copy of an answer settles nothing', async () => {
    const b = ready();
    const first = b.board.pulse(AT);
    b.say(family.released(AT));
    b.say(family.released(AT));
    assert.equal((await first).outcome, 'released');
    const other = b.board.pulse({ board: 1, lock: 8 });
    b.clock.advance(quietMs);
    b.say(family.released(AT));
    assert.equal(await now(other), 'waiting');
  });

  it('a line cut under a pulse leaves it unknown; a line that was down sends nothing and says so', async () => {
    const b = ready();
    const cut = b.board.pulse(AT);
    b.cut();
    assert.equal((await cut).outcome, 'unknown');
    assert.deepEqual(b.presence, [
      [0, true],
      [1, true],
      [0, false],
      [1, false],
    ]);
    b.clock.advance(quietMs);
    const down = b.board.pulse(AT);
    b.clock.advance(10 * quietMs);
    assert.equal((await down).outcome, 'failed');
    b.connect();
    b.clock.advance(60_000);
    assert.equal(pulses(b).length, 1, 'what was not sent is not sent later');
  });

  it('an unlock goes before waiting looks, and every exchange is followed by a rest', () => {
    const b = bench();
    b.connect();
    const other = { board: 1, lock: 3 };
    void b.board.pulse(AT);
    void b.board.pulse(other);
    b.say(family.look(0));
    b.clock.advance(quietMs);
    b.say(family.released(AT));
    b.clock.advance(quietMs);
    b.say(family.released(other));
    b.clock.advance(quietMs);
    assert.deepEqual(
      b.written.map(({ text }) => (family.isPulse(text) ? text : 'look')),
      ['look', family.pulseFrame(AT), family.pulseFrame(other), 'look'],
    );
    const gaps = b.written.slice(1).map(({ atMs }, index) => atMs - (b.written[index]?.atMs ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= quietMs),
      String(gaps),
    );
  });

  it('a board that misses three looks is absent, and back with its first answer', () => {
    const b = bench();
    const answering = new Set([0, 1]);
    let turn = 0;
    b.answer = () => {
      const board = turn++ % 2;
      return answering.has(board) ? family.look(board) : null;
    };
    b.connect();
    b.clock.advance(500);
    answering.delete(1);
    b.clock.advance(2000);
    assert.deepEqual(b.presence, [
      [0, true],
      [1, true],
    ]);
    b.clock.advance(1000);
    assert.deepEqual(b.presence.slice(2), [[1, false]]);
    assert.equal(b.renewals(), 0, 'the other board answers, so the line is well');
    answering.add(1);
    b.clock.advance(1000);
    assert.deepEqual(b.presence.at(-1), [1, true]);
  });

  it('a line on which nobody answers is opened anew, so that nothing waits in it', () => {
    const b = ready();
    b.clock.advance(3000 + replyMs);
    assert.equal(b.renewals(), 0);
    b.clock.advance(1000);
    assert.equal(b.renewals(), 1);
    assert.deepEqual(b.presence.slice(2), [
      [0, false],
      [1, false],
    ]);
  });

  it('however many boards a silent line has, an unlock is thrown away before whoever asked for it is let go', () => {
    for (const boards of [[0, 1], Array.from({ length: 16 }, (_, board) => board)]) {
      const b = wire((deps) => family.open(deps, { confirmLooks: 1 }), boards);
      b.connect();
      for (const board of boards) {
        b.say(family.look(board));
        b.clock.advance(quietMs);
      }
      b.clock.advance(100);
      const sentMs = b.clock.monotonicMs();
      void b.board.pulse(AT);
      while (b.renewals() === 0 && b.clock.monotonicMs() - sentMs < 60_000) b.clock.advance(10);
      const waitedMs = b.clock.monotonicMs() - sentMs;
      assert.ok(waitedMs <= 4 * (replyMs + quietMs), `${boards.length} boards: ${waitedMs} ms`);
      assert.equal(pulses(b).length, 1);
    }
  });

  it('a dead board does not cost the others their line, however often somebody asks for its doors', async () => {
    const b = bench();
    const first: string[] = [];
    b.answer = (frame) => {
      const text = hex(frame);
      // The first look is at board 0; board 1 says nothing to anybody.
      if (first.length === 0) first.push(text);
      return text === first[0] ? family.look(0) : null;
    };
    b.connect();
    for (let time = 0; time < 5; time++) {
      const answer = b.board.pulse(AT);
      b.clock.advance(3_000);
      assert.equal((await answer).outcome, 'unknown');
    }
    assert.equal(b.renewals(), 0);
    assert.deepEqual(b.presence.at(-1), [1, false]);
  });

  it('a changed state is believed when as many looks agree as the profile asks for', () => {
    const b = ready(2);
    const shown = () => b.looks.at(-1)?.closed[3];
    assert.equal(shown(), true);
    const look = (open: readonly number[]) => {
      b.say(family.look(0, open));
      b.clock.advance(quietMs);
    };
    b.clock.advance(1000 - b.clock.monotonicMs());
    look([3]);
    assert.equal(shown(), true, 'one look may be one wrong frame');
    b.say(family.look(1));
    b.clock.advance(quietMs);
    look([]);
    assert.equal(shown(), true);
    b.clock.advance(2000 - b.clock.monotonicMs());
    look([3]);
    b.say(family.look(1));
    b.clock.advance(quietMs);
    look([3]);
    assert.equal(shown(), false, 'the second look comes at once and not at the next poll');
    assert.equal(b.clock.monotonicMs() < 2100, true);
  });

  it('until it is confirmed, a lock is neither shut nor open', () => {
    const b = bench(2);
    b.connect();
    b.say(family.look(0, [3]));
    assert.deepEqual(b.looks.at(-1)?.closed.slice(2, 5), [null, null, null]);
  });

  it('stopping answers what is on its way as unknown, and writes no more', async () => {
    const b = ready();
    const sent = b.board.pulse(AT);
    const waiting = b.board.pulse({ board: 0, lock: 2 });
    await b.board.stop();
    assert.deepEqual([(await sent).outcome, (await waiting).outcome], ['unknown', 'failed']);
    assert.equal((await b.board.pulse(AT)).outcome, 'failed');
    b.clock.advance(60_000);
    assert.equal(pulses(b).length, 1);
  });

  it('a lock that the profile does not have is never addressed', async () => {
    const b = ready();
    const outside = [
      { board: 2, lock: 0 },
      { board: -1, lock: 0 },
      { board: 0, lock: family.profile.locksPerBoard },
      { board: 0, lock: -1 },
    ];
    let refused = 0;
    for (const at of outside) b.board.pulse(at).catch(() => void refused++);
    b.clock.advance(10_000);
    // Each refusal takes a turn of its own to arrive.
    for (const _ of outside) await null;
    assert.deepEqual([pulses(b), refused], [[], outside.length]);
  });

  it('bytes that are no frame are counted, torn frames among them', () => {
    const b = ready();
    b.say(Uint8Array.of(0xff, 0xff, 0xff));
    b.say(family.look(1).subarray(0, 4));
    b.clock.advance(1000);
    assert.deepEqual(b.garbled, [[1, 7]]);
  });

  it('whatever comes back, in whatever pieces: one pulse is one frame, and only its answer settles it', async () => {
    const foreign = [
      { board: 0, lock: 7 },
      { board: 1, lock: 8 },
    ].map((at) => family.released(at));
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 9 }),
      fc.constantFrom(...foreign, family.look(0), family.look(1), family.released(AT).subarray(0, 3)),
    );
    const answerText = hex(family.released(AT));
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (pieces, cuts) => {
          const all = pieces.flatMap((bytes) => Array.from(bytes));
          const b = ready();
          const answer = b.board.pulse(AT);
          for (const part of torn(all, cuts)) b.say(part);
          b.clock.advance(replyMs);
          const { outcome } = await answer;
          if (outcome !== 'unknown') assert.ok(hex(Uint8Array.from(all)).includes(answerText));
          b.clock.advance(30_000);
          assert.equal(pulses(b).length, 1);
        },
      ),
      { seed, numRuns: 200 },
    );
  });
}
