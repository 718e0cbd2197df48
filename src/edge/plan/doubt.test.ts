/** A word against the sensor: it counts, it is alarmed, and the alarm ends with the doubt and with nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, beginDropOff, DAY_MS, signIn, type TestBank } from './test-bank.ts';
import { CLAIM, carry, noteFor, staffRelease } from './test-orders.ts';

/** What the alarms at one door say, as `raised` and `ended`, of what does not fit. */
function alarmsAt(bank: TestBank, n: number): string[] {
  return bank.records.flatMap(({ record }) => {
    const { kind, compartment, facts } = record;
    const isOurs = compartment === n && facts?.condition === 'discrepancy';
    return isOurs && (kind === 'alarm.raised' || kind === 'alarm.ended') ? [kind.slice('alarm.'.length)] : [];
  });
}

/** The courier says that it is inside, twice; the sensor sees this. */
function insisted(bank: TestBank, occupied: 'no' | 'unsensed' | 'yes' = 'no'): { n: number; pin: string } {
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', occupied);
  bank.act({ do: 'deposited' });
  if (occupied === 'no') bank.act({ do: 'deposited' });
  bank.on('drop-off-done');
  bank.act({ do: 'leave' });
  return { n, ...bank.newestCode() };
}

test('a parcel that its courier says is inside and the sensor does not see is alarmed, until it is collected', () => {
  const bank = bankInService();
  const { n, pin } = insisted(bank);
  assert.deepEqual(alarmsAt(bank, n), ['raised']);
  const [reported] = bank.records.filter(({ record }) => record.kind === 'discrepancy.reported');
  const raised = bank.records.find(({ record }) => record.kind === 'alarm.raised');
  assert.equal(raised?.record.cause, reported?.seq);
  bank.powerCut();
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'open', 'no');
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'collected' });
  bank.on('pick-up-done');
  assert.deepEqual(alarmsAt(bank, n), ['raised', 'ended']);
});

test('a sensor that never saw a parcel completes no pick-up by seeing nothing: the door is held, and no courier gets it', () => {
  const dark = bankInService();
  const faded = bankInService();
  const parcels = [insisted(dark), insisted(faded, 'yes')] as const;
  // The other one was seen as it came in, and its sensor is blind by the time its recipient comes.
  faded.sense(parcels[1].n, 'closed', 'no');
  for (const [bank, { n, pin }] of [
    [dark, parcels[0]],
    [faded, parcels[1]],
  ] as const) {
    bank.act({ do: 'pin', pin });
    bank.sense(n, 'closed', 'no');
    bank.wait(61_000);
    bank.wait(11 * 60_000);
    assert.equal(bank.compartment(n).use, 'held');
    assert.equal(bank.told('parcel.collected').length, 0);
    assert.deepEqual(bank.told('parcel.held')[0]?.facts, { why: 'left-unconfirmed' });
    assert.ok(!alarmsAt(bank, n).includes('ended'), 'what was doubted still is');
    signIn(bank);
    assert.notEqual(beginDropOff(bank), n);
  }
});

test('a session from before this bank remembered what its sensor saw is completed by nobody’s silence', () => {
  const bank = bankInService();
  const { n, pin } = insisted(bank, 'yes');
  bank.act({ do: 'pin', pin });
  const session = bank.session();
  assert.ok(session.work === 'pick-up');
  const { seenInside: _, ...old } = session;
  bank.state = { ...bank.state, session: { [session.id]: old } };
  bank.powerCut();
  bank.sense(n, 'closed', 'no');
  bank.wait(11 * 60_000);
  assert.equal(bank.compartment(n).use, 'held');
});

test('a sensor that is not there, and one that agrees, alarm nothing', () => {
  for (const occupied of ['unsensed', 'yes'] as const) {
    const bank = bankInService();
    const { n, pin } = insisted(bank, occupied);
    bank.act({ do: 'pin', pin });
    bank.sense(n, 'open', occupied);
    bank.sense(n, 'closed', occupied === 'yes' ? 'no' : occupied);
    bank.act({ do: 'collected' });
    assert.deepEqual(alarmsAt(bank, n), []);
  }
});

test('a sensor that sees it after all behind the shut door ends the doubt once, however it flickers', () => {
  const bank = bankInService();
  const { n } = insisted(bank);
  bank.sense(n, 'closed', 'unsensed');
  assert.deepEqual(alarmsAt(bank, n), ['raised'], 'one that knows nothing says nothing');
  for (const occupied of ['yes', 'no', 'yes', 'no'] as const) bank.sense(n, 'closed', occupied);
  assert.deepEqual(alarmsAt(bank, n), ['raised', 'ended']);
});

test('said to be taken and sensed inside is alarmed as well, and ends when staff took it out', () => {
  const bank = bankInService();
  const { n, pin } = insisted(bank, 'yes');
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'open', 'yes');
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'collected' });
  bank.act({ do: 'collected' });
  bank.on('reported');
  assert.deepEqual(alarmsAt(bank, n), ['raised']);
  bank.act({ do: 'leave' });
  look(bank, n, { sees: 'no', what: 'removed' });
  assert.deepEqual(alarmsAt(bank, n), ['raised', 'ended']);
});

test('staff who find it inside end the doubt, and who find nothing do not', () => {
  for (const [what, sees, alarms] of [
    ['left', 'yes', ['raised', 'ended']],
    ['removed', 'no', ['raised', 'ended']],
    ['empty', 'no', ['raised', 'raised']],
  ] as const) {
    const bank = bankInService();
    const { n } = insisted(bank);
    look(bank, n, { sees, what });
    assert.deepEqual(alarmsAt(bank, n), alarms, what);
  }
});

test('a parcel in doubt that nobody comes for is still in doubt when it is held', () => {
  const bank = bankInService();
  const { n } = insisted(bank);
  bank.wait(8 * DAY_MS);
  assert.equal(bank.compartment(n).use, 'held');
  assert.deepEqual(alarmsAt(bank, n), ['raised']);
  look(bank, n, { sees: 'no', what: 'removed' });
  assert.deepEqual(alarmsAt(bank, n), ['raised', 'ended']);
});

function look(
  bank: TestBank,
  n: number,
  of: { sees: 'yes' | 'no'; what: 'removed' | 'left' | 'empty' },
): void {
  assert.equal(carry(bank, noteFor(bank, staffRelease(n))), null);
  bank.act({ do: 'scan', text: CLAIM });
  bank.on('staff');
  bank.sense(n, 'closed', of.sees);
  bank.act({ do: 'found', what: of.what });
}
