import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY } from '../../domain/roster.ts';
import { timeAt } from './clock.ts';
import { DENIED_SCANS_MAX } from './flood.ts';
import {
  againAndAgain,
  bankInService,
  DAY_MS,
  dropOff,
  FLATMATES,
  HOUR_MS,
  RESIDENT,
  SEATED,
  signIn,
  type TestBank,
} from './test-bank.ts';

const NOT_ACCEPTED = 'code-not-accepted';
const wrongPin = (bank: TestBank, pin = '999999999') => bank.act({ do: 'pin', pin }).message;
const wrongWithFlat = (bank: TestBank, flat = RESIDENT.flat) =>
  bank.act({ do: 'flat-and-pin', flat, pin: '999999999' }).message;

function openPickUp(bank: TestBank, pin: string): void {
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
}

test('a right code opens its door; the parcel is collected only when the door is shut and the person says so', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  assert.equal(bank.act({ do: 'collected' }).message, 'shut-the-door');
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.sense(n, 'closed', 'no');
  bank.on('pick-up-done');
  assert.equal(bank.compartment(n).use, 'empty');
  assert.deepEqual(
    bank.told('parcel.collected').map((record) => record.facts),
    [{ basis: 'person', occupied: 'no' }],
  );
  assert.equal(bank.told('grant.spent').length, 1);
});

test('a closing door alone collects nothing, and no time alone does', () => {
  const bank = bankInService({ occupancyConfirms: false });
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.wait(61_000);
  bank.on('home');
  bank.wait(11 * 60_000);
  assert.equal(bank.compartment(n).use, 'held', 'left unconfirmed: staff look');
  bank.wait(30 * DAY_MS);
  assert.equal(bank.compartment(n).use, 'held');
});

test('where occupancy is sensed and the policy lets it, sensed empty ends a pick-up that nobody confirmed', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed', 'no');
  bank.wait(61_000);
  bank.wait(11 * 60_000);
  assert.equal(bank.compartment(n).use, 'empty');
  assert.equal(bank.told('parcel.collected')[0]?.facts?.basis, 'occupancy');
});

test('the person says taken and the sensor says not: asked once more, then held for staff', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed', 'yes');
  assert.equal(bank.act({ do: 'collected' }).message, 'parcel-still-sensed');
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.act({ do: 'collected' });
  bank.on('reported');
  assert.equal(bank.compartment(n).use, 'held');
  assert.equal(bank.told('parcel.collected').length, 0);
});

test('wrong, spent and unknown codes are told alike; held says where to go, only to who has the right code', () => {
  const bank = bankInService();
  const first = dropOff(bank);
  assert.equal(wrongPin(bank), NOT_ACCEPTED);
  assert.equal(bank.lastDenial(), 'code-wrong');
  openPickUp(bank, first.pin);
  bank.sense(first.n, 'closed', 'no');
  bank.act({ do: 'collected' });
  assert.equal(wrongPin(bank, first.pin), NOT_ACCEPTED);
  assert.equal(bank.lastDenial(), 'code-spent');
  assert.equal(bank.act({ do: 'scan', text: first.qr }).message, NOT_ACCEPTED);

  const second = dropOff(bank);
  bank.wait(7 * DAY_MS + 1000);
  assert.equal(bank.compartment(second.n).use, 'held', 'an expired parcel is held, never freed');
  assert.equal(bank.act({ do: 'pin', pin: second.pin }).message, 'held-for-staff');
  assert.equal(bank.told('grant.expired').length, 1);
});

test('a revoked code is told as a wrong one', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  const [grant] = Object.values(bank.state.grant);
  assert.ok(grant);
  bank.state = { ...bank.state, grant: { [grant.id]: { ...grant, state: 'revoked' } } };
  assert.equal(bank.act({ do: 'pin', pin }).message, NOT_ACCEPTED);
  assert.equal(bank.lastDenial(), 'code-revoked');
});

test('a code expires at the screen too, even before a tick saw it', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.wallMs += 8 * DAY_MS;
  bank.monotonicMs += 8 * DAY_MS;
  assert.equal(bank.act({ do: 'pin', pin }).message, 'held-for-staff');
});

test('twenty wrong PINs a day change the mode to flat and PIN; a right one costs nothing; the next day is new', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  for (let guess = 0; guess < 19; guess++) assert.equal(wrongPin(bank), NOT_ACCEPTED);
  openPickUp(bank, pin);
  bank.sense(n, 'closed');
  bank.act({ do: 'cancel' });
  assert.equal(bank.on('home').flatNeeded, false, 'the right code gave its guess back');
  wrongPin(bank);
  assert.equal(bank.on('home').flatNeeded, true);
  assert.equal(bank.told('lockout.began').length, 1);
  assert.equal(
    bank.act({ do: 'pin', pin }).message,
    'flat-needed',
    'nothing is compared any more without a flat',
  );
  bank.act({ do: 'scan', text: 'HFP1AAAAAAAAAAAAAAAAAAAAAAAAAA' });
  wrongWithFlat(bank, 'nobody');
  assert.equal(bank.told('lockout.began').length, 1, 'a lockout begins once');
  bank.act({ do: 'flat-and-pin', flat: 'Flat 12', pin });
  bank.on('pick-up');
  bank.act({ do: 'cancel' });
  bank.wait(14 * HOUR_MS);
  assert.equal(bank.on('home').flatNeeded, false);
});

test('with the next day the lockouts end, are said to have ended, and so is the alarm', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  for (let guess = 0; guess < 20; guess++) bank.act({ do: 'pin', pin: '999999999' });
  for (let guess = 0; guess < 5; guess++) bank.act({ do: 'flat-and-pin', flat: '12', pin: '999999999' });
  const ended = () => bank.told('alarm.ended').filter(({ facts }) => facts?.condition === 'guessing');
  bank.wait(60_000);
  assert.equal(ended().length, 0);
  bank.wait(DAY_MS);
  assert.deepEqual(
    bank.told('lockout.ended').map(({ facts }) => facts?.scope),
    ['kiosk', 'grant'],
  );
  assert.equal(ended().length, 1);
  bank.wait(60_000);
  assert.equal(ended().length, 1, 'once');
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
});

test('a day that left no record gives no guess back: a clock that was ahead at one start and right at the next', () => {
  const bank = bankInService();
  for (let guess = 0; guess < 3; guess++) bank.act({ do: 'pin', pin: '999999999' });
  const { guesses, lastSeq } = bank.state;
  bank.wait(DAY_MS);
  assert.deepEqual([bank.state.guesses, bank.state.lastSeq], [guesses, lastSeq]);
  bank.act({ do: 'pin', pin: '999999999' });
  const counted = bank.told('attempt.counted').map(({ facts }) => facts?.guess);
  assert.deepEqual(counted, [1, 2, 3, 1], 'the next one that is counted is of the new day, on record');
});

test('five wrong codes for a flat lock its codes out for the day; the QR code still opens', () => {
  const bank = bankInService();
  const { n, pin, qr } = dropOff(bank);
  for (let guess = 0; guess < 5; guess++) assert.equal(wrongWithFlat(bank), NOT_ACCEPTED);
  const lockouts = bank.told('lockout.began');
  assert.deepEqual(
    lockouts.map((record) => [record.facts?.scope, record.compartment]),
    [['grant', n]],
  );
  const compares = bank.effects.filter((effect) => effect.do === 'compare').length;
  bank.act({ do: 'flat-and-pin', flat: RESIDENT.flat, pin });
  assert.equal(bank.lastDenial(), 'grant-locked-out');
  assert.equal(
    bank.effects.filter((effect) => effect.do === 'compare').length,
    compares,
    'a locked code is not compared: its answer is no oracle',
  );
  bank.act({ do: 'scan', text: qr });
  bank.on('pick-up');
  bank.act({ do: 'cancel' });
  bank.wait(15 * HOUR_MS);
  bank.sense(n, 'closed');
  bank.act({ do: 'flat-and-pin', flat: RESIDENT.flat, pin });
  bank.on('pick-up');
});

test('a flat with a parcel and one without answer the same, guess by guess', () => {
  const answers = (flat: string) => {
    const bank = bankInService();
    dropOff(bank);
    return Array.from({ length: 7 }, () => [wrongWithFlat(bank, flat), bank.view().turn]);
  };
  assert.deepEqual(answers(RESIDENT.flat), answers('99'));
  assert.deepEqual(answers(RESIDENT.flat), answers(SEATED.flat));
});

test('one flat’s guesses spend nothing of another’s', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  for (let guess = 0; guess < 6; guess++) wrongWithFlat(bank, FLATMATES[0]?.flat ?? '');
  bank.act({ do: 'flat-and-pin', flat: RESIDENT.flat, pin });
  bank.on('pick-up');
});

test('the guess stays counted when the power goes before the comparison', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.holdAnswers = true;
  for (let guess = 0; guess < 20; guess++) {
    bank.act({ do: 'pin', pin: '999999999' });
    bank.powerCut();
  }
  bank.holdAnswers = false;
  assert.equal(bank.on('home').flatNeeded, true, 'pulling the plug buys no guess');
  assert.equal(bank.act({ do: 'pin', pin }).message, 'flat-needed');
});

test('while one code is compared another waits', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.holdAnswers = true;
  bank.act({ do: 'pin', pin });
  assert.equal(bank.act({ do: 'pin', pin }).message, 'wait');
  assert.equal(bank.act({ do: 'scan', text: bank.newestCode().qr }).message, 'wait');
  bank.deliver();
  bank.on('pick-up');
  assert.equal(Object.keys(bank.state.session).length, 1);
});

test('an answer for another comparison, or a second answer, changes nothing', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  const [grant] = Object.values(bank.state.grant);
  bank.do({ type: 'compared', seq: 3, method: 'pin', grant: grant?.id ?? null, fresh: bank.fresh() });
  bank.on('home');
  assert.equal(Object.keys(bank.state.session).length, 0);
  openPickUp(bank, pin);
});

test('once the door was open, opening it again asks for the code again, within the grace time', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed');
  assert.equal(bank.act({ do: 'again' }).message, 'code-again');
  bank.on('home');
  const pulses = bank.effects.filter((effect) => effect.do === 'pulse').length;
  bank.wait(9 * 60_000);
  openPickUp(bank, pin);
  assert.equal(bank.effects.filter((effect) => effect.do === 'pulse').length, pulses + 1);
  assert.equal(
    bank.told('session.opened').filter((record) => record.facts?.work === 'pick-up').length,
    1,
    'one code, one session',
  );
  bank.sense(n, 'closed');
  bank.act({ do: 'cancel' });
  bank.wait(11 * 60_000);
  assert.equal(Object.keys(bank.state.session).length, 0);
  assert.equal(bank.act({ do: 'pin', pin }).message, NOT_ACCEPTED, 'after the grace time the code is spent');
});

test('a session has three pulses, each its own decision; the fourth is denied with or without the code', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  openPickUp(bank, pin);
  againAndAgain(bank);
  bank.wait(3000);
  assert.equal(bank.act({ do: 'again' }).message, 'session-pulses-spent');
  bank.act({ do: 'cancel' });
  assert.equal(bank.act({ do: 'pin', pin }).message, 'session-pulses-spent');
  const decided = bank
    .told('release.decided')
    .filter((record) => record.compartment === n && record.facts?.work === 'pick-up');
  assert.deepEqual(
    decided.map((record) => record.decision?.allow),
    [true, true, true, false, false],
  );
  bank.wait(4_000);
  bank.act({ do: 'report', what: 'door-did-not-open' });
  bank.on('reported');
  assert.equal(bank.compartment(n).use, 'held');
});

test('a power cut between decision and answer: unknown, the same code resumes, pulses count on', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  openPickUp(bank, pin);
  bank.powerCut();
  const answered = bank.told('release.answered').at(-1);
  assert.deepEqual([answered?.outcome, answered?.facts?.by], ['unknown', 'restart']);
  assert.equal(bank.told('agent.started').at(-1)?.facts?.unanswered, 1);
  assert.equal(
    bank.effects.filter((effect) => effect.do === 'pulse').length,
    2,
    'the restart itself sends no pulse',
  );
  bank.boards = 'opens';
  openPickUp(bank, pin);
  assert.deepEqual(bank.told('session.resumed').at(-1)?.facts, { work: 'pick-up', pulses: 1 });
  assert.equal(bank.session().pulses, 2);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'collected' });
  bank.on('pick-up-done');
});

test('the door settles what nobody answered, even after a restart', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  openPickUp(bank, pin);
  bank.powerCut();
  bank.sense(n, 'open');
  const [restart, door] = bank.told('release.answered').slice(-2);
  assert.deepEqual([restart?.outcome, door?.outcome, door?.facts?.by], ['unknown', 'released', 'door']);
  assert.equal(bank.told('door.forced').length, 0);
});

test('a session whose door never opened keeps its code, and ends with its grant', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  openPickUp(bank, pin);
  bank.wait(61_000);
  bank.on('home');
  bank.wait(DAY_MS);
  openPickUp(bank, pin);
  bank.wait(61_000);
  bank.wait(7 * DAY_MS);
  assert.equal(bank.compartment(n).use, 'held', 'it does not keep the parcel for ever');
  assert.equal(Object.keys(bank.state.session).length, 0);
  assert.equal(bank.act({ do: 'pin', pin }).message, 'held-for-staff');
});

test('nobody leaves an open door; once it is ajar the next person is served, and the later word still counts', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.act({ do: 'collected' });
  assert.equal(bank.act({ do: 'cancel' }).message, 'shut-the-door');
  bank.wait(91_000);
  bank.on('home');
  signIn(bank);
  bank.act({ do: 'tracking', text: 'TBA123456789000' });
  bank.on('flat');
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.compartment(n).use, 'empty', 'they had said that it was taken');
  bank.on('flat');
});

test('nothing is reported or ended while a pulse is on its way', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.boards = 'silent';
  openPickUp(bank, pin);
  assert.equal(bank.act({ do: 'report', what: 'door-did-not-open' }).message, 'wait');
  bank.timeOut(bank.session());
  assert.equal(bank.view().message, 'release-unknown');
  assert.equal(bank.act({ do: 'report', what: 'door-did-not-open' }).message, 'wait', 'it may open yet');
  bank.wait(4_000);
  bank.act({ do: 'report', what: 'door-did-not-open' });
  bank.on('reported');
});

test('a machine that wakes up a day ahead ends no session: its grace time begins anew with the start', () => {
  const bank = bankInService({ occupancyConfirms: true });
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed', 'no');
  bank.powerCut(DAY_MS);
  bank.wait(60_000);
  assert.equal(bank.compartment(n).use, 'occupied');
  assert.equal(Object.keys(bank.state.session).length, 1);
  bank.wait(DEFAULT_POLICY.graceMinutes * 60_000);
  assert.equal(bank.compartment(n).use, 'empty');
});

test('a flat opens by what the keys can write of it, and has one budget however it is written', () => {
  const bank = bankInService({ guessesPerGrantDay: 5 });
  bank.directory(2, [{ ...RESIDENT, flat: 'Büro 2' }]);
  const { n, pin } = dropOff(bank, { flat: 'BURO 2' });
  for (const flat of ['Büro 2', 'BURO 2', 'buro2', 'BÜRO-2'])
    assert.equal(bank.act({ do: 'flat-and-pin', flat, pin: '000000000' }).message, NOT_ACCEPTED);
  bank.act({ do: 'flat-and-pin', flat: 'BURO 2', pin });
  assert.equal(bank.on('pick-up').door.compartment, n);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'cancel' });
  bank.act({ do: 'flat-and-pin', flat: 'Bu\u0308ro 2', pin: '000000000' });
  for (const flat of ['BURO2', 'Büro 2'])
    assert.equal(bank.act({ do: 'flat-and-pin', flat, pin }).message, 'grant-locked-out', flat);
});

test('flats that are typed without end are not looked at: each would cost records and a budget', () => {
  const bank = bankInService();
  const before = bank.records.length;
  for (let flat = 0; flat < 400; flat++) bank.act({ do: 'flat-and-pin', flat: `X${flat}`, pin: '000000000' });
  assert.ok(bank.records.length - before <= 2 * DENIED_SCANS_MAX + 1, `${bank.records.length - before}`);
  assert.equal(bank.act({ do: 'flat-and-pin', flat: 'X1', pin: '000000000' }).message, 'rate-limited');
  bank.wait(11 * 60_000);
  assert.equal(bank.act({ do: 'flat-and-pin', flat: 'X1', pin: '000000000' }).message, NOT_ACCEPTED);
});

test('the cloud’s time shortens no grace time, in one step or in many', () => {
  for (const words of [1, 50]) {
    const bank = bankInService({ occupancyConfirms: true });
    const { n, pin } = dropOff(bank);
    openPickUp(bank, pin);
    bank.sense(n, 'closed', 'no');
    for (let word = 0; word < words; word++)
      bank.hearTime(timeAt(bank.state.volatile.clock, bank.moment()).atMs + 290_000 / words);
    bank.wait((DEFAULT_POLICY.graceMinutes - 1) * 60_000);
    assert.equal(bank.compartment(n).use, 'occupied');
    bank.wait(2 * 60_000);
    assert.equal(bank.compartment(n).use, 'empty');
  }
});

test('after a start nobody is believed about a door before this bank has looked at it', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  openPickUp(bank, pin);
  bank.sense(n, 'closed', 'no');
  bank.looks = false;
  bank.boards = 'answers';
  bank.powerCut(5_000);
  bank.act({ do: 'pin', pin });
  bank.wait(4_000);
  assert.equal(bank.act({ do: 'collected' }).message, 'wait');
  assert.equal(bank.act({ do: 'report', what: 'not-received' }).message, 'wait');
  bank.sense(n, 'open', 'no');
  assert.equal(bank.told('door.forced').length, 0, 'it was opened before the power went');
  assert.equal(bank.act({ do: 'collected' }).message, 'shut-the-door');
  bank.sense(n, 'closed', 'no');
  bank.on('pick-up-done');
});

test('an answer is told to the person of that door and to nobody after them', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.boards = 'silent';
  openPickUp(bank, pin);
  const session = bank.session();
  bank.act({ do: 'cancel' });
  bank.timeOut(session);
  bank.on('home');
  assert.equal(bank.view().message, null);
});

test('a word about a shut door counts only when its latch cannot open it any more', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'cancel' });
  // The code again: a second pulse, and the person is faster with their word than the door.
  bank.holdAnswers = true;
  bank.act({ do: 'pin', pin });
  bank.deliver();
  assert.equal(bank.act({ do: 'collected' }).message, 'wait');
  bank.boards = 'answers';
  const [answer] = bank.pending.splice(0);
  assert.equal(answer?.type, 'board-answered');
  if (answer) bank.do(answer);
  assert.equal(bank.act({ do: 'collected' }).message, 'wait', 'let go, and not seen open yet');
  bank.sense(n, 'open', 'no');
  assert.equal(bank.told('door.forced').length, 0);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'collected' });
  assert.equal(bank.told('parcel.collected').length, 1);
});
