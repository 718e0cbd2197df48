import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KioskAction } from '../../contract/kiosk.ts';
import { bankInService, beginDropOff, COURIER, dropOff, RESIDENT, signIn, TestBank } from './test-bank.ts';

/** A bank brought to each screen there is. */
const SCREENS: Readonly<Record<string, () => TestBank>> = {
  closed: () => new TestBank(),
  home: () => bankInService(),
  'courier-code': () => {
    const bank = bankInService();
    bank.act({ do: 'scan', text: COURIER.badge });
    return bank;
  },
  tracking: () => signedIn(() => {}),
  flat: () => signedIn((bank) => bank.act({ do: 'tracking', text: 'TBA123456789000' })),
  recipient: () =>
    signedIn((bank) => {
      bank.act({ do: 'tracking', text: 'TBA123456789000' });
      bank.act({ do: 'flat', text: '7' });
    }),
  size: () =>
    signedIn((bank) => {
      bank.act({ do: 'tracking', text: 'TBA123456789000' });
      bank.act({ do: 'flat', text: RESIDENT.flat });
    }),
  'drop-off': () => signedIn((bank) => beginDropOff(bank)),
  'drop-off-done': () =>
    signedIn((bank) => {
      bank.sense(beginDropOff(bank), 'closed', 'yes');
      bank.act({ do: 'deposited' });
    }),
  'pick-up': () => pickingUp(() => {}),
  'pick-up-done': () =>
    pickingUp((bank, n) => {
      bank.sense(n, 'closed', 'no');
      bank.act({ do: 'collected' });
    }),
  reported: () =>
    pickingUp((bank, n) => {
      bank.sense(n, 'closed', 'yes');
      bank.act({ do: 'report', what: 'not-my-parcel' });
    }),
};

function signedIn(then: (bank: TestBank) => void): TestBank {
  const bank = bankInService();
  signIn(bank);
  then(bank);
  return bank;
}

function pickingUp(then: (bank: TestBank, n: number) => void): TestBank {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  then(bank, n);
  return bank;
}

const ACTIONS: readonly KioskAction[] = [
  { do: 'scan', text: COURIER.badge },
  { do: 'scan', text: `HFP1${'A'.repeat(26)}` },
  { do: 'scan', text: 'TBA123456789000' },
  { do: 'pin', pin: '123456789' },
  { do: 'flat-and-pin', flat: '12', pin: '123456789' },
  { do: 'courier-code', code: '284917' },
  { do: 'courier-code-new', code: '284917', again: '284917' },
  { do: 'tracking', text: 'TBA123456789000' },
  { do: 'tracking', text: '?' },
  { do: 'flat', text: '12' },
  { do: 'recipient', index: 0 },
  { do: 'recipient', index: 99 },
  { do: 'size', size: 'S' },
  { do: 'deposited' },
  { do: 'larger' },
  { do: 'collected' },
  { do: 'again' },
  { do: 'report', what: 'not-received' },
  { do: 'cancel' },
  { do: 'next-parcel' },
  { do: 'leave' },
];

test('every action has an answer on every screen, and one that belongs to another changes nothing', () => {
  for (const [name, make] of Object.entries(SCREENS)) {
    for (const action of ACTIONS) {
      const bank = make();
      assert.equal(bank.view().show.screen, name);
      const records = bank.records.length;
      const { message, show } = bank.act(action);
      if (message !== 'step-out-of-turn' && message !== 'scan-not-expected') continue;
      assert.equal(show.screen, name, `${action.do} on ${name}`);
      assert.equal(bank.records.length, records, `${action.do} on ${name}`);
    }
  }
});

test('every screen goes home by itself, after its time and not before', () => {
  for (const [name, make] of Object.entries(SCREENS)) {
    if (name === 'closed' || name === 'home') continue;
    const bank = make();
    const { idleMs } = bank.view();
    assert.ok(idleMs !== null && idleMs > 0, name);
    bank.wait(idleMs - 1);
    assert.equal(bank.view().show.screen, name, `${name} stays its time`);
    bank.wait(1);
    bank.on('home');
    assert.equal(bank.view().idleMs, null);
  }
});

test('a message at home goes by itself', () => {
  const bank = bankInService();
  bank.act({ do: 'pin', pin: '999999999' });
  bank.wait(5000);
  assert.notEqual(bank.view().message, null);
  bank.wait(8000);
  assert.equal(bank.view().message, null);
});

test('a power cut on any screen comes back to home, with every session waiting for its person', () => {
  for (const [name, make] of Object.entries(SCREENS)) {
    if (name === 'closed') continue;
    const bank = make();
    bank.powerCut();
    bank.on('home');
    assert.ok(
      Object.values(bank.state.session).every((session) => session.state === 'paused'),
      name,
    );
  }
});

test('nothing of a person is left on the home screen', () => {
  for (const [name, make] of Object.entries(SCREENS)) {
    const bank = make();
    if (name === 'closed') continue;
    bank.wait(91_000);
    const shown = JSON.stringify(bank.view());
    const own = [
      ...bank.records.flatMap(({ record }) => Object.values(record.fields ?? {})),
      RESIDENT.label,
      ...[...bank.codes.values()].flatMap(Object.values),
    ];
    for (const value of own) assert.ok(!shown.includes(value), `${name}: ${value}`);
    assert.deepEqual(Object.keys(bank.state.volatile.screen), ['at'], name);
  }
});

test('the same state, event and moment give the same plan', () => {
  const bank = SCREENS['pick-up']?.();
  assert.ok(bank);
  const event = { type: 'tick', fresh: bank.fresh() } as const;
  const { state } = bank;
  const first = JSON.stringify(bank.do(event));
  bank.state = state;
  assert.equal(JSON.stringify({ ...bank.do(event) }), first);
});
