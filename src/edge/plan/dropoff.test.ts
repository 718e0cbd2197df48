import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bankInService,
  beginDropOff,
  COURIER,
  DAY_MS,
  dropOff,
  FLATMATES,
  HOUR_MS,
  RESIDENT,
  SEATED,
  SECOND_COURIER,
  signIn,
  TestBank,
} from './test-bank.ts';

test('custody passes when the door is shut and the courier says so; then the bank makes the code', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  assert.equal(bank.compartment(n).use, 'reserved');
  assert.equal(bank.act({ do: 'deposited' }).message, 'shut-the-door');
  assert.equal(bank.told('parcel.deposited').length, 0);
  bank.sense(n, 'closed', 'yes');
  bank.on('drop-off-done');
  assert.equal(bank.compartment(n).use, 'occupied');
  assert.equal(bank.told('grant.issued').length, 1);
  assert.equal(bank.wishes.length, 1);
  bank.act({ do: 'next-parcel' });
  bank.on('tracking');
});

test('nothing was put in: asked once more, then the word stands beside a discrepancy', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.act({ do: 'deposited' }).message, 'nothing-sensed');
  assert.equal(bank.compartment(n).use, 'reserved');
  bank.act({ do: 'deposited' });
  bank.on('drop-off-done');
  assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, 'sensed-against-word');
});

test('a word before the door was seen open, or while a pulse is on its way, is no deposit', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'silent';
  beginDropOff(bank);
  assert.equal(bank.act({ do: 'deposited' }).message, 'door-not-opened');
  assert.equal(bank.act({ do: 'cancel' }).message, 'wait');
  assert.equal(bank.act({ do: 'larger' }).message, 'wait');
  bank.timeOut(bank.session());
  assert.equal(bank.act({ do: 'cancel' }).message, 'wait', 'a latch let go just now may open its door yet');
  bank.wait(3000);
  bank.act({ do: 'cancel' });
  bank.on('tracking');
  assert.equal(bank.told('parcel.not-deposited')[0]?.facts?.why, 'cancelled');
});

test('a parcel given up before its door is one parcel: the courier is asked for the next label, and signs out apart', () => {
  const bank = bankInService();
  signIn(bank);
  const until: Record<string, () => void> = {
    flat: () => undefined,
    recipient: () => void bank.act({ do: 'flat', text: FLATMATES[0]?.flat ?? '' }),
    size: () => void bank.act({ do: 'flat', text: RESIDENT.flat }),
  };
  for (const end of ['cancel', 'leave'] as const)
    for (const [screen, go] of Object.entries(until)) {
      if (bank.view().show.screen !== 'tracking') signIn(bank);
      bank.act({ do: 'tracking', text: '1Z999AA10123456784' });
      go();
      assert.equal(bank.view().show.screen, screen);
      const outs = bank.told('courier.signed-out').length;
      bank.act({ do: end });
      bank.on(end === 'cancel' ? 'tracking' : 'home');
      assert.equal(bank.told('courier.signed-out').length - outs, end === 'cancel' ? 0 : 1);
    }
});

test('cancelling needs a shut door with nothing in it', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  assert.equal(bank.act({ do: 'cancel' }).message, 'shut-the-door');
  bank.sense(n, 'closed', 'yes');
  assert.equal(bank.act({ do: 'cancel' }).message, 'parcel-still-sensed');
  assert.equal(bank.compartment(n).use, 'reserved');
});

test('larger: the first door is given back, a larger one opens, and none is an answer', () => {
  const bank = bankInService();
  signIn(bank);
  const small = beginDropOff(bank, { size: 'L' });
  bank.sense(small, 'closed', 'no');
  bank.act({ do: 'larger' });
  const { door } = bank.on('drop-off');
  assert.equal(door.size, 'XL');
  assert.equal(bank.compartment(small).use, 'empty');
  assert.equal(bank.told('parcel.not-deposited')[0]?.facts?.why, 'larger');
  bank.sense(door.compartment, 'closed', 'no');
  assert.equal(bank.on('drop-off').larger, false);
  assert.equal(bank.act({ do: 'larger' }).message, 'no-larger-compartment');
  bank.on('drop-off');
});

test('doors within reach go first to who asked for them, and last to everybody else', () => {
  const bank = bankInService();
  signIn(bank);
  const taken: number[] = [];
  const give = (flat: string) => {
    const n = beginDropOff(bank, { flat, size: 'M' });
    taken.push(n);
    bank.sense(n, 'closed', 'yes');
    bank.act({ do: 'deposited' });
    bank.act({ do: 'next-parcel' });
    bank.wait(20_000);
    return bank.compartment(n);
  };
  assert.equal(give(SEATED.flat).accessible, true);
  for (let parcel = 0; parcel < 16; parcel++)
    assert.equal(give(RESIDENT.flat).accessible, false, `parcel ${parcel}`);
  assert.equal(give(RESIDENT.flat).accessible, true, 'the last one that fits');
});

test('a full bank says so and writes it down', () => {
  const bank = bankInService();
  signIn(bank);
  for (let parcel = 0; parcel < 2; parcel++) {
    const n = beginDropOff(bank, { size: 'XL' });
    bank.sense(n, 'closed', 'yes');
    bank.act({ do: 'deposited' });
    bank.act({ do: 'next-parcel' });
  }
  bank.act({ do: 'tracking', text: 'TBA123456789000' });
  bank.act({ do: 'flat', text: '12' });
  assert.equal(bank.on('size').free.XL, 0);
  assert.equal(bank.act({ do: 'size', size: 'XL' }).message, 'no-compartment-free');
  assert.equal(bank.lastDenial(), 'no-compartment-free');
  bank.on('size');
});

test('only exact flats, chosen among its people where there are several', () => {
  const bank = bankInService();
  signIn(bank);
  bank.act({ do: 'tracking', text: '1Z 999 AA1 01 2345 6784' });
  assert.equal(bank.act({ do: 'flat', text: '1' }).message, 'recipient-unknown');
  bank.act({ do: 'flat', text: 'apt 7' });
  assert.deepEqual(
    bank.on('recipient').recipients,
    FLATMATES.map((mate) => mate.label),
  );
  assert.equal(bank.act({ do: 'recipient', index: 2 }).message, 'recipient-unknown');
  bank.act({ do: 'recipient', index: 1 });
  assert.match(bank.on('size').recipient, /Nakagawa/);
});

test('the courier walks away: sensed in is a deposit, sensed empty is none, unsensed is for staff', () => {
  const ends = (occupied: 'yes' | 'no' | 'unsensed') => {
    const bank = bankInService();
    signIn(bank);
    const n = beginDropOff(bank);
    bank.sense(n, 'closed', occupied);
    bank.wait(61_000);
    bank.wait(11 * 60_000);
    return bank.compartment(n).use;
  };
  assert.deepEqual([ends('yes'), ends('no'), ends('unsensed')], ['occupied', 'empty', 'held']);
});

test('a door that opened and shut between two looks, with something in it now, is for staff', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'answers';
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.wait(61_000);
  bank.wait(11 * 60_000);
  assert.equal(bank.compartment(n).use, 'held');
});

test('a power cut in a drop-off: the courier comes back to the same door with the pulses that are left', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'silent';
  const n = beginDropOff(bank);
  bank.powerCut();
  bank.boards = 'opens';
  signIn(bank);
  const { door } = bank.on('drop-off');
  assert.deepEqual([door.compartment, door.pulsesLeft], [n, 2]);
  bank.act({ do: 'again' });
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  bank.on('drop-off-done');
});

test('a power cut between deposit and code: the next start makes the code', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.holdAnswers = true;
  bank.act({ do: 'deposited' });
  bank.holdAnswers = false;
  bank.powerCut();
  assert.equal(bank.wishes.length, 1);
  bank.act({ do: 'pin', pin: bank.newestCode().pin });
  bank.on('pick-up');
});

test('without an epoch the grant waits; the epoch brings its code, once', () => {
  const bank = new TestBank();
  bank.boardsPresent();
  bank.roster();
  bank.directory();
  for (const n of [1, 2, 3]) bank.sense(n, 'closed', 'no');
  signIn(bank);
  const n = beginDropOff(bank, { size: 'S' });
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  assert.equal(bank.wishes.length, 0);
  bank.epoch(1);
  assert.equal(bank.wishes.length, 1);
  bank.epoch(2, 8 * DAY_MS);
  assert.equal(bank.wishes.length, 1);
});

test('two makers of one code: the second is refused', () => {
  const bank = bankInService();
  bank.holdAnswers = true;
  signIn(bank);
  bank.deliver();
  const n = beginDropOff(bank);
  bank.deliver();
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  const [made] = bank.pending;
  bank.deliver();
  assert.ok(made?.type === 'minted');
  bank.do(made);
  assert.equal(bank.wishes.length, 1);
});

test('a badge’s first code is chosen at the bank: weak ones and two that differ are refused', () => {
  const bank = bankInService();
  bank.act({ do: 'scan', text: COURIER.badge });
  const choose = (code: string, again = code) => bank.act({ do: 'courier-code-new', code, again }).message;
  assert.equal(choose('284917', '284918'), 'codes-differ');
  for (const weak of ['12345', '111111', '123456', '987654'])
    assert.equal(choose(weak), 'courier-code-weak', weak);
  assert.equal(bank.act({ do: 'courier-code', code: '284917' }).message, 'step-out-of-turn');
  choose('284917');
  bank.on('tracking');
  bank.act({ do: 'leave' });
  bank.act({ do: 'scan', text: COURIER.badge });
  assert.equal(bank.on('courier-code').first, false);
  assert.equal(choose('739162'), 'step-out-of-turn', 'a code that is set is not chosen again');
});

test('five wrong courier codes lock that courier out until tomorrow, power cuts or not; others work on', () => {
  const bank = bankInService();
  signIn(bank);
  bank.act({ do: 'leave' });
  for (let guess = 1; guess <= 5; guess++) {
    bank.act({ do: 'scan', text: COURIER.badge });
    const { message } = bank.act({ do: 'courier-code', code: '000001' });
    assert.equal(message, guess < 5 ? 'courier-code-wrong' : 'courier-locked-out');
    if (guess === 3) bank.powerCut();
  }
  bank.on('home');
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'courier-locked-out');
  signIn(bank, SECOND_COURIER);
  bank.act({ do: 'leave' });
  bank.wait(14 * HOUR_MS);
  signIn(bank);
  bank.on('tracking');
});

test('a comparison that ends after its courier has left signs nobody in', () => {
  const bank = bankInService();
  signIn(bank);
  bank.act({ do: 'leave' });
  bank.act({ do: 'scan', text: COURIER.badge });
  bank.holdAnswers = true;
  bank.act({ do: 'courier-code', code: COURIER.code });
  bank.act({ do: 'cancel' });
  bank.deliver();
  bank.on('home');
});

test('where the signed roster says that a badge is enough no code is asked for; every other rule stands', () => {
  const bank = bankInService({ badgeAlone: true });
  bank.act({ do: 'scan', text: COURIER.badge });
  bank.on('tracking');
  const decided = bank.told('attempt.decided').at(-1);
  assert.deepEqual(
    [decided?.facts?.method, decided?.decision],
    ['badge', { allow: true, right: 'drop-off' }],
  );
  assert.equal(bank.told('courier.code-set').length, 0);
  bank.act({ do: 'leave' });
  assert.equal(bank.act({ do: 'scan', text: `HFB1${'A'.repeat(26)}` }).message, 'badge-unknown');
  const strict = bankInService();
  strict.act({ do: 'scan', text: COURIER.badge });
  strict.on('courier-code');
});

test('an unknown badge is refused; a courier of the roster is let in until its time', () => {
  const bank = bankInService();
  assert.equal(bank.act({ do: 'scan', text: `HFB1${'A'.repeat(26)}` }).message, 'badge-unknown');
  assert.equal(bank.lastDenial(), 'badge-unknown');
});

test('offline for three days a known courier may still drop off, then not, with a screen that says why', () => {
  const bank = bankInService();
  bank.do({ type: 'link', up: false });
  bank.wait(71 * HOUR_MS);
  dropOff(bank);
  bank.wait(HOUR_MS + 1);
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'offline-too-long');
  bank.act({ do: 'pin', pin: bank.newestCode().pin });
  bank.sense(bank.on('pick-up').door.compartment, 'closed');
  bank.act({ do: 'cancel' });
  bank.hearTime(bank.wallMs);
  signIn(bank);
});

test('one courier’s screen shows nothing of another’s parcel when its door shuts late', () => {
  const bank = bankInService();
  signIn(bank);
  const first = beginDropOff(bank);
  bank.act({ do: 'deposited' });
  bank.wait(61_000);
  bank.on('drop-off');
  bank.wait(30_000);
  bank.on('home');
  signIn(bank, SECOND_COURIER);
  const second = beginDropOff(bank);
  bank.sense(first, 'closed', 'yes');
  assert.equal(bank.compartment(first).use, 'occupied', 'its word was given');
  assert.equal(bank.on('drop-off').door.compartment, second);
});

test('a courier who is suspended or struck off at the open session moves no latch any more', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'no');
  const { pulses } = bank.session();
  bank.hear({
    v: 1,
    type: 'suspend',
    id: 'suspension-0123456789A',
    scope: 'courier',
    subject: COURIER.person,
    compartment: null,
    untilMs: bank.wallMs + HOUR_MS,
  });
  assert.equal(bank.act({ do: 'again' }).message, 'courier-suspended');
  bank.roster({ version: 2, couriers: [] });
  assert.equal(bank.act({ do: 'again' }).message, 'badge-unknown');
  assert.equal(bank.session().pulses, pulses, 'no pulse was decided');
});
