import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, beginDropOff, COURIER, dropOff, signIn, type TestBank } from './test-bank.ts';

const alarms = (bank: TestBank) => bank.told('alarm.raised').map((record) => record.facts?.condition);

test('a door open without a release is forced: an alarm, and an empty compartment goes out of use', () => {
  const bank = bankInService();
  bank.sense(24, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
  assert.equal(bank.compartment(24).withdrawn, 'forced');
  bank.sense(24, 'closed');
  assert.equal(bank.compartment(24).withdrawn, 'forced', 'shutting it makes it no safer');
});

test('a forced door with a parcel stays that parcel’s', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.sense(n, 'open');
  assert.deepEqual([bank.compartment(n).use, bank.compartment(n).withdrawn], ['occupied', null]);
  bank.sense(n, 'closed');
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
});

test('a second opening of a door is forced, in a session too: one pulse explains one opening', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed');
  bank.sense(n, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
});

test('an opening after the session has ended is forced', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'answers';
  const n = beginDropOff(bank);
  bank.wait(3000);
  bank.act({ do: 'cancel' });
  bank.sense(n, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
});

test('a door left open is ajar once, until it shuts', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.wait(89_000);
  assert.equal(bank.told('door.ajar').length, 0);
  bank.wait(2000);
  bank.wait(60_000);
  assert.deepEqual(alarms(bank), ['ajar']);
  bank.sense(n, 'closed');
  assert.deepEqual(
    bank.told('alarm.ended').map((record) => record.facts?.condition),
    ['ajar'],
  );
  assert.equal(bank.compartment(n).use, 'occupied');
});

test('a board’s answer is not an open door, and silence is unknown until the door is seen', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  bank.timeOut(bank.session());
  assert.deepEqual([bank.on('pick-up').door.latch, bank.on('pick-up').door.door], ['unknown', 'closed']);
  bank.sense(n, 'open');
  assert.deepEqual([bank.on('pick-up').door.latch, bank.on('pick-up').door.door], ['released', 'open']);
  const outcomes = bank
    .told('release.answered')
    .slice(-2)
    .map((record) => [record.outcome, record.facts?.by]);
  assert.deepEqual(outcomes, [
    ['unknown', 'time'],
    ['released', 'door'],
  ]);
});

test('a board that acts and then reports failure: the door explains itself while its person is there, and not after', () => {
  for (const outcome of ['refused', 'failed'] as const) {
    for (const left of [false, true]) {
      const bank = bankInService();
      const { n, pin } = dropOff(bank);
      bank.boards = 'silent';
      bank.act({ do: 'pin', pin });
      const seq = bank.session().release?.seq ?? 0;
      bank.do({ type: 'board-answered', answer: { compartment: n, seq, outcome, afterMs: 5, by: 'board' } });
      assert.equal(bank.view().message, `release-${outcome}`);
      if (left) bank.act({ do: 'cancel' });
      bank.sense(n, 'open');
      assert.deepEqual(alarms(bank), left ? ['forced'] : [], outcome);
      if (left) continue;
      const [corrected, opened] = bank.records.slice(-2).map(({ record }) => record);
      assert.deepEqual([corrected?.kind, corrected?.outcome], ['release.answered', 'released']);
      assert.equal(corrected?.facts?.by, 'door');
      assert.deepEqual([opened?.kind, opened?.facts?.expected], ['door.opened', true]);
    }
  }
});

test('an answer to a release that is settled or unknown changes nothing', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  const seq = bank.session().release?.seq ?? 0;
  const before = bank.records.length;
  for (const answered of [seq, 1, 99_999])
    bank.do({
      type: 'board-answered',
      answer: { compartment: 3, seq: answered, outcome: 'failed', afterMs: 1, by: 'board' },
    });
  assert.equal(bank.records.length, before);
});

test('a second tap while the first pulse is at work spends nothing and takes nobody’s answer away', () => {
  for (const boards of ['answers', 'silent'] as const) {
    const bank = bankInService();
    const { pin } = dropOff(bank);
    bank.boards = boards;
    bank.act({ do: 'pin', pin });
    if (boards === 'silent') {
      assert.equal(bank.on('pick-up').door.again, false);
      assert.equal(bank.act({ do: 'again' }).message, 'wait');
      bank.timeOut(bank.session());
    }
    for (let second = 0; second < 3; second++) {
      assert.equal(bank.on('pick-up').door.again, false, 'what would be refused is not offered');
      assert.equal(bank.act({ do: 'again' }).message, 'wait');
      bank.wait(1000);
    }
    assert.deepEqual([bank.session().pulses, bank.told('release.answered').length], [1, 2]);
    assert.equal(bank.on('pick-up').door.again, true);
    bank.act({ do: 'again' });
    assert.equal(bank.session().pulses, 2);
  }
});

test('a pulse that the board refused is no reason to wait', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  const seq = bank.session().release?.seq ?? 0;
  bank.do({
    type: 'board-answered',
    answer: { compartment: n, seq, outcome: 'refused', afterMs: 5, by: 'board' },
  });
  assert.equal(bank.on('pick-up').door.again, true);
  bank.act({ do: 'again' });
  assert.equal(bank.session().pulses, 2);
});

test('who leaves and comes back at once is not given a pulse over one that is still at work', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  bank.act({ do: 'cancel' });
  assert.equal(bank.act({ do: 'pin', pin }).message, 'wait');
  assert.equal(bank.session().pulses, 1);
  bank.timeOut(bank.session());
  bank.wait(3000);
  bank.act({ do: 'again' });
  assert.equal(bank.session().pulses, 2);
});

test('with its pulses spent no door is offered to be opened again, had it been open or not', () => {
  for (const opened of [false, true]) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    bank.boards = opened ? 'opens' : 'answers';
    bank.act({ do: 'pin', pin });
    for (let pulse = 2; pulse <= 3; pulse++) {
      if (opened) bank.sense(n, 'closed', 'yes');
      bank.wait(3000);
      assert.equal(bank.on('pick-up').door.again, true);
      bank.act({ do: 'again' });
      if (opened) bank.act({ do: 'pin', pin });
    }
    if (opened) bank.sense(n, 'closed', 'yes');
    bank.wait(4000);
    const { again, pulsesLeft } = bank.on('pick-up').door;
    assert.deepEqual([again, pulsesLeft], [false, 0]);
  }
});

test('a door sensed open never stops a pulse', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.sense(n, 'open');
  const pulses = bank.effects.filter((effect) => effect.do === 'pulse').length;
  bank.act({ do: 'pin', pin });
  assert.equal(bank.effects.filter((effect) => effect.do === 'pulse').length, pulses + 1);
});

test('a board that is gone denies its doors and no others, and is alarmed until it is back', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank, { size: 'S' });
  bank.do({ type: 'board', board: 0, present: false });
  assert.equal(bank.act({ do: 'pin', pin }).message, 'board-absent');
  assert.equal(Object.keys(bank.state.session).length, 1, 'the code is not lost');
  bank.do({ type: 'board', board: 0, present: true });
  bank.act({ do: 'again' });
  bank.on('pick-up');
  assert.equal(bank.session().pulses, 1);
  assert.deepEqual([bank.told('board.lost').length, bank.told('board.returned').length], [1, 1]);
  assert.deepEqual(alarms(bank), ['board']);
});

test('with every board gone the kiosk is closed and says why', () => {
  const bank = bankInService();
  for (const board of [0, 1]) bank.do({ type: 'board', board, present: false });
  assert.equal(bank.on('closed').reason, 'board-absent');
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'board-absent');
});

test('pulses have a limit a minute over the whole bank', () => {
  const bank = bankInService({ pulsesPerMinute: 3 });
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  bank.wait(3000);
  bank.act({ do: 'again' });
  bank.wait(3000);
  assert.equal(bank.act({ do: 'again' }).message, 'pulse-rate');
  bank.wait(59_000);
  bank.wait(1500);
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.act({ do: 'pin', pin });
  assert.equal(bank.session().pulses, 3);
});

test('a first look that finds a door open is no explained opening', () => {
  const bank = bankInService();
  bank.state = {
    ...bank.state,
    compartment: { ...bank.state.compartment, 9: { ...bank.compartment(9), door: 'unknown' } },
  };
  bank.sense(9, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
});

test('a sensor that knows nothing says nothing', () => {
  const bank = bankInService();
  const before = bank.records.length;
  bank.sense(5, 'unknown');
  assert.equal(bank.records.length, before);
  assert.equal(bank.compartment(5).door, 'closed');
});
