import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYOUT_24, SIZES } from '../domain/bank.ts';
import { type KioskAction, kioskAction, kioskLayout, kioskScreen, kioskView } from './kiosk.ts';

/** One example of each action; a new one without an example does not compile. */
const actions: { [Do in KioskAction['do']]: Extract<KioskAction, { do: Do }> } = {
  scan: { do: 'scan', text: 'HFB1' },
  pin: { do: 'pin', pin: '123456789' },
  'flat-and-pin': { do: 'flat-and-pin', flat: '12B', pin: '123456789' },
  'courier-code': { do: 'courier-code', code: '123456' },
  'courier-code-new': { do: 'courier-code-new', code: '123456', again: '123456' },
  tracking: { do: 'tracking', text: '1Z999' },
  flat: { do: 'flat', text: '12B' },
  recipient: { do: 'recipient', index: 0 },
  size: { do: 'size', size: 'M' },
  deposited: { do: 'deposited' },
  larger: { do: 'larger' },
  'other-door': { do: 'other-door' },
  found: { do: 'found', what: 'removed' },
  clock: { do: 'clock', use: 'machine' },
  collected: { do: 'collected' },
  again: { do: 'again' },
  report: { do: 'report', what: 'not-received' },
  cancel: { do: 'cancel' },
  'next-parcel': { do: 'next-parcel' },
  leave: { do: 'leave' },
  here: { do: 'here' },
};

test('every action is read as it is, and with nothing more or less', () => {
  assert.deepEqual(
    kioskAction.options.map((option) => option.shape.do.value).sort(),
    Object.keys(actions).sort(),
  );
  for (const action of Object.values(actions)) {
    assert.deepEqual(kioskAction.parse(action), action);
    assert.ok(!kioskAction.safeParse({ ...action, more: 1 }).success, action.do);
    for (const key of Object.keys(action)) {
      const { [key as keyof typeof action]: _, ...without } = action;
      assert.ok(!kioskAction.safeParse(without).success, `${action.do} without ${key}`);
    }
  }
});

test('a page cannot ask for a door by number, nor for anything that is not on the list', () => {
  for (const wish of ['open', 'release', 'unlock', 'staff-release', '', null]) {
    assert.ok(!kioskAction.safeParse({ do: wish, compartment: 7 }).success);
  }
  for (const action of Object.values(actions))
    assert.ok(!kioskAction.safeParse({ ...action, compartment: 7 }).success);
});

test('codes are four to twelve digits of ASCII', () => {
  for (const pin of ['1234', '123456789', '123456789012'])
    assert.ok(kioskAction.safeParse({ do: 'pin', pin }).success);
  for (const pin of [
    '',
    '123',
    '1234567890123',
    '12 34',
    '1234\n',
    '-1234',
    '12e4',
    '\u0661\u0662\u0663\u0664',
    123456789,
    null,
  ]) {
    assert.ok(!kioskAction.safeParse({ do: 'pin', pin }).success, JSON.stringify(pin));
  }
});

test('typed and scanned texts are not empty and not long', () => {
  for (const [action, key, max] of [
    ['scan', 'text', 512],
    ['tracking', 'text', 60],
    ['flat', 'text', 40],
  ] as const) {
    assert.ok(kioskAction.safeParse({ do: action, [key]: 'x'.repeat(max) }).success);
    for (const text of ['', 'x'.repeat(max + 1), 7])
      assert.ok(!kioskAction.safeParse({ do: action, [key]: text }).success);
  }
  for (const index of [-1, 0.5, '0']) assert.ok(!kioskAction.safeParse({ do: 'recipient', index }).success);
  for (const size of [...SIZES.map((known) => known.toLowerCase()), 'XXL'])
    assert.ok(!kioskAction.safeParse({ do: 'size', size }).success);
});

const door = {
  compartment: 7,
  size: 'M',
  column: 0,
  row: 3,
  opened: false,
  stuck: false,
  latch: 'unknown',
  door: 'closed',
  occupied: 'unsensed',
  again: true,
  pulsesLeft: 2,
};

test('latch and door are two facts, and no screen shows a code', () => {
  const screen = { screen: 'pick-up', ask: false, door };
  assert.deepEqual(kioskScreen.parse(screen), screen);
  for (const latch of ['open', 'closed', true])
    assert.ok(!kioskScreen.safeParse({ ...screen, door: { ...door, latch } }).success);
  for (const sensed of ['released', true])
    assert.ok(!kioskScreen.safeParse({ ...screen, door: { ...door, door: sensed } }).success);
  for (const option of kioskScreen.options) {
    for (const secret of ['pin', 'code', 'qr', 'badge'])
      assert.ok(!(secret in option.shape), `${option.shape.screen.value} ${secret}`);
  }
});

test('a view has a version, a turn and a screen, and refuses others', () => {
  const view = {
    v: 1,
    bank: 'b',
    development: false,
    online: true,
    logDisputed: false,
    turn: 0,
    message: null,
    idleMs: null,
    show: { screen: 'pick-up-done' },
  };
  assert.deepEqual(kioskView.parse(view), view);
  for (const change of [
    { v: 2 },
    { turn: -1 },
    { turn: 0.5 },
    { more: 1 },
    { show: { screen: 'map' } },
    { show: { screen: 'pick-up-done', more: 1 } },
  ]) {
    assert.ok(!kioskView.safeParse({ ...view, ...change }).success, JSON.stringify(change));
  }
});

test('the layout that the screen draws tells nothing of boards and locks', () => {
  const compartments = LAYOUT_24.compartments.map(({ board: _, lock: __, ...shown }) => shown);
  const layout = { name: LAYOUT_24.name, columns: LAYOUT_24.columns, compartments };
  assert.deepEqual(kioskLayout.parse(layout), layout);
  assert.ok(!kioskLayout.safeParse(LAYOUT_24).success);
});
