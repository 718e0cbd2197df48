/** Words that a person takes back, doors that open again under them, and faults that come two at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, beginDropOff, dropOff, signIn, type TestBank } from './test-bank.ts';
import { CLAIM, carry, noteFor, staffRelease } from './test-orders.ts';

test('who says at the open door that it is taken, and then that it is not theirs, has not collected it', () => {
  for (const what of ['not-my-parcel', 'not-received', 'door-did-not-open'] as const) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    bank.act({ do: 'pin', pin });
    bank.act({ do: 'collected' });
    assert.equal(bank.act({ do: 'report', what }).message, 'shut-the-door');
    bank.sense(n, 'closed', 'unsensed');
    assert.equal(bank.told('parcel.collected').length, 0, what);
    assert.equal(bank.on('pick-up').ask, true, 'they are asked');
    bank.act({ do: 'report', what });
    assert.equal(bank.compartment(n).use, 'held');
  }
});

test('who says at the open door that it is inside, and then that they keep it or want another, has not left it', () => {
  for (const action of [{ do: 'cancel' }, { do: 'larger' }] as const) {
    const bank = bankInService();
    signIn(bank);
    const n = beginDropOff(bank);
    bank.act({ do: 'deposited' });
    assert.equal(bank.act(action).message, 'shut-the-door');
    bank.sense(n, 'closed', 'unsensed');
    assert.equal(bank.told('parcel.deposited').length, 0, action.do);
    bank.act(action);
    assert.equal(bank.compartment(n).use, 'empty');
  }
});

test('staff who say at the open door what they found, and then want to leave, are asked again', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  carry(bank, noteFor(bank, staffRelease(n)));
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.act({ do: 'cancel' }).message, 'shut-the-door');
  bank.sense(n, 'closed', 'unsensed');
  assert.equal(bank.told('parcel.removed').length, 0);
  bank.act({ do: 'found', what: 'left' });
  assert.equal(bank.compartment(n).use, 'occupied');
});

test('a door that shuts while a pulse is on its way to it ends nothing: the latch may let it go again', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.boards = 'silent';
  bank.act({ do: 'again' });
  bank.act({ do: 'collected' });
  bank.sense(n, 'closed', 'unsensed');
  assert.equal(bank.told('session.ended').length, 1, 'the drop-off alone has ended');
  bank.timeOut(bank.session());
  bank.sense(n, 'open');
  assert.deepEqual(bank.told('door.forced'), []);

  const other = bankInService();
  signIn(other);
  const door = beginDropOff(other);
  other.act({ do: 'deposited' });
  other.boards = 'silent';
  other.act({ do: 'again' });
  other.sense(door, 'closed', 'yes');
  assert.equal(other.told('parcel.deposited').length, 0, 'custody does not pass under a latch that moves');
  other.timeOut(other.session());
  other.sense(door, 'open');
  assert.deepEqual(other.told('door.forced'), []);
});

test('a latch let go while the power or its board went, and nobody came back: what may lie inside is for staff', () => {
  const end = (boards: 'silent' | 'answers', gone: 'power' | 'board') => {
    const bank = bankInService();
    for (let n = 1; n <= 24; n++) bank.sense(n, 'closed', 'unsensed');
    signIn(bank);
    bank.boards = boards;
    const n = beginDropOff(bank);
    if (gone === 'power') bank.powerCut();
    else bank.do({ type: 'board', board: bank.compartment(n).board, present: false });
    if (boards === 'silent' && gone === 'board') bank.timeOut(bank.session());
    bank.wait(61_000);
    bank.wait(11 * 60_000);
    return bank.compartment(n).use;
  };
  for (const boards of ['silent', 'answers'] as const)
    for (const gone of ['power', 'board'] as const)
      assert.equal(end(boards, gone), 'held', `${boards} ${gone}`);
});

test('a latch that refused, and a courier who went away: the compartment is empty as before', () => {
  const bank = bankInService();
  for (let n = 1; n <= 24; n++) bank.sense(n, 'closed', 'unsensed');
  signIn(bank);
  bank.boards = 'silent';
  const n = beginDropOff(bank);
  const seq = bank.session().release?.seq ?? 0;
  bank.do({
    type: 'board-answered',
    answer: { compartment: n, seq, outcome: 'refused', afterMs: 5, by: 'board' },
  });
  bank.wait(61_000);
  bank.wait(11 * 60_000);
  assert.equal(bank.compartment(n).use, 'empty');
});

test('who was struck off in mid-session looks up no flat afterwards', () => {
  for (const end of ['deposited', 'scan', 'cancel'] as const) {
    const bank = bankInService();
    signIn(bank);
    const n = beginDropOff(bank);
    bank.roster({ version: 2, couriers: [] });
    bank.sense(n, 'closed', end === 'cancel' ? 'no' : 'yes');
    bank.act({ do: end === 'cancel' ? 'cancel' : 'deposited' });
    if (end === 'deposited') bank.act({ do: 'next-parcel' });
    if (end === 'scan') bank.act({ do: 'scan', text: 'TBA123456789000' });
    else bank.act({ do: 'tracking', text: 'TBA123456789000' });
    bank.act({ do: 'flat', text: '7' });
    assert.equal(bank.view().show.screen, 'home', end);
  }
});

test('a label that is stuck before the scanner keeps nobody’s door and nobody’s sign-in on the screen', () => {
  const stuck = (bank: TestBank, text: string) => {
    for (let second = 0; second < 200; second++) {
      bank.act({ do: 'scan', text });
      bank.wait(1000);
    }
    bank.on('home');
  };
  const door = bankInService();
  const { pin, qr } = dropOff(door);
  door.boards = 'answers';
  door.act({ do: 'pin', pin });
  stuck(door, 'TBA123456789000');

  // A good label, one with a wrong check digit, a code of ours, and no code at all.
  for (const text of ['TBA123456789000', '1Z999AA10123456783', qr, '?']) {
    const courier = bankInService();
    signIn(courier);
    stuck(courier, text);
  }
});

test('a loose sensor at the attended door is nobody’s touch: its session is paused, and ends by its grace time', () => {
  for (const loose of ['occupancy', 'door'] as const) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    bank.act({ do: 'pin', pin });
    bank.sense(n, 'closed', 'no');
    let servedAfterS = 0;
    for (let second = 0; second < 20 * 60; second++) {
      bank.wait(1000);
      if (second % 15 !== 0) continue;
      const odd = second % 30 !== 0;
      if (loose === 'occupancy') bank.sense(n, 'closed', odd ? 'yes' : 'no');
      else bank.sense(n, odd ? 'closed' : 'open', 'no');
      if (servedAfterS === 0 && bank.view().show.screen === 'home') servedAfterS = second;
    }
    assert.ok(servedAfterS > 0 && servedAfterS <= 150, `${loose}: others are served after ${servedAfterS} s`);
    if (loose === 'occupancy') assert.deepEqual(bank.state.session, {}, 'the grace time is over');
  }
});

test('who moves the door is there; and whoever touches the screen as well is for as long as they do', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  const { door } = bank.on('drop-off');
  assert.equal(door.door, 'open');
  bank.wait(50_000);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.view().idleMs, 60_000, 'shut by a hand');
  for (let time = 0; time < 2; time++) {
    bank.wait(50_000);
    assert.notEqual(bank.act({ do: 'again' }).show.screen, 'home', 'opened once more, to load it');
    bank.wait(50_000);
    bank.sense(n, 'closed', 'no');
  }
  for (let time = 0; time < 10; time++) {
    bank.wait(50_000);
    bank.act({ do: 'here' });
    bank.sense(n, time % 2 === 0 ? 'open' : 'closed', 'no');
  }
  bank.wait(50_000);
  bank.on('drop-off');
});

test('no parcel is put behind a door for which an order waits: its slip opens what lay there, and nothing newer', () => {
  const bank = bankInService();
  signIn(bank);
  const first = beginDropOff(bank);
  bank.sense(first, 'closed', 'no');
  bank.act({ do: 'cancel' });
  carry(bank, noteFor(bank, staffRelease(first)));
  const other = beginDropOff(bank);
  assert.notEqual(other, first);
  bank.sense(other, 'closed', 'no');
  bank.act({ do: 'cancel' });
  bank.act({ do: 'leave' });
  bank.act({ do: 'scan', text: CLAIM });
  bank.sense(first, 'closed', 'no');
  bank.act({ do: 'found', what: 'empty' });
  signIn(bank);
  assert.equal(beginDropOff(bank), first, 'once it was carried out the door serves again');
});

test('a courier who comes back to an open door is asked anew, as everybody is who comes back', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.act({ do: 'deposited' });
  for (const ms of [61_000, 30_000]) bank.wait(ms);
  bank.on('home');
  signIn(bank);
  bank.sense(n, 'closed', 'unsensed');
  assert.equal(bank.told('parcel.deposited').length, 0, 'they may have taken it out again');
  assert.equal(bank.on('drop-off').ask, true);
  bank.act({ do: 'deposited' });
  assert.equal(bank.told('parcel.deposited').length, 1);
});
