import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RigDoor, RigKiosk, RigMessage, RigState } from '../../src/contract/rig.ts';
import { type Scene, type SceneEvent, sceneAfter } from './scene.ts';
import { BEGIN, promptOf, readTour, STEPS, type Step, type Tour, written } from './tour-steps.ts';

const CAST: NonNullable<RigState['cast']> = {
  courier: { carrier: 'UPS', name: 'C. Courier', badge: 'badge', code: '471122' },
  admin: { email: 'admin@example.org', totpSecret: 'secret' },
  resident: { flat: '12', name: 'R. Resident', phone: '+4915100000000', email: 'r@example.org' },
};

const doorOf = (n: number, more: Partial<RigDoor> = {}): RigDoor => ({
  ...{ n, size: 'M', column: 0, row: n, heightUnits: 1, accessible: false, latch: 'holding', door: 'closed' },
  ...{ fault: 'none', parcels: [], pulses: 0, ...more },
});

type Sight = { screen?: RigKiosk['screen']; more?: Partial<RigKiosk>; door?: Partial<RigDoor> };

function state({ screen = 'home', more = {}, door = {} }: Sight = {}): RigState {
  return {
    doors: [doorOf(1), doorOf(7, door)],
    ...{ power: true, network: true, boards: 'kerong-cu', serialPath: null, cast: CAST, links: {} },
    line: { noise: false, split: false, mute: false, lateMs: 1500 },
    carriers: { mail: 'up', sms: 'up' },
    kiosk: { screen, compartment: null, deposits: 0, collections: 0, ...more },
  };
}

const seen = (sight?: Sight): SceneEvent => ({ kind: 'state', state: state(sight) });
const SMS: RigMessage = {
  ...{ id: 'msg_1', channel: 'sms', to: CAST.resident.phone, from: 'Holdfast', subject: null, html: null },
  ...{ text: 'PIN 123 456 789, until Friday.', images: [], qr: null, receivedAtMs: 2_000 },
};
const arrived = (more: Partial<RigMessage> = {}): SceneEvent => ({
  kind: 'message',
  message: { ...SMS, ...more },
});

const START: Scene = { state: null, messages: [], tour: BEGIN, seen: [] };
const after = (events: readonly SceneEvent[], from: Scene = START): Scene => events.reduce(sceneAfter, from);

const OPEN = { door: 'open', latch: 'free' } as const;
const FULL = { parcels: ['1Z'] };
const AT_DOOR = { compartment: 7 };
const PUT = { deposits: 1 };
const TAKEN = { deposits: 1, collections: 1 };

/** The whole way, with the step that each sight leaves the tour at. */
const WAY: readonly (readonly [SceneEvent, Step])[] = [
  [seen(), 'badge'],
  [seen({ screen: 'courier-code' }), 'code'],
  [seen({ screen: 'tracking' }), 'label'],
  [seen({ screen: 'flat' }), 'room'],
  [seen({ screen: 'recipient' }), 'room'],
  [seen({ screen: 'size' }), 'room'],
  [seen({ screen: 'drop-off', more: AT_DOOR }), 'put-in'],
  [seen({ screen: 'drop-off', more: AT_DOOR, door: OPEN }), 'put-in'],
  [seen({ screen: 'drop-off', more: AT_DOOR, door: { ...OPEN, ...FULL } }), 'put-in'],
  [seen({ screen: 'drop-off', more: AT_DOOR, door: FULL }), 'put-in'],
  [seen({ screen: 'drop-off-done', more: PUT, door: FULL }), 'phone'],
  [seen({ screen: 'home', more: PUT, door: FULL }), 'phone'],
  [arrived(), 'pin'],
  [seen({ screen: 'pick-up', more: { ...AT_DOOR, ...PUT }, door: { ...OPEN, ...FULL } }), 'take-out'],
  [seen({ screen: 'pick-up', more: { ...AT_DOOR, ...PUT }, door: OPEN }), 'take-out'],
  [seen({ screen: 'pick-up', more: { ...AT_DOOR, ...PUT } }), 'take-out'],
  [seen({ screen: 'pick-up-done', more: TAKEN }), 'record'],
  [seen({ screen: 'home', more: TAKEN }), 'record'],
];
const events = WAY.map(([event]) => event);
const upTo = (step: Step) => events.slice(0, WAY.findIndex(([, at]) => at === step) + 1);

test('each step ends with what it waits for', () => {
  let scene = START;
  for (const [event, at] of WAY) {
    scene = sceneAfter(scene, event);
    assert.equal(scene.tour.at, at);
    assert.equal(sceneAfter(scene, event).tour.at, at, 'the same sight again moves nothing');
  }
});

test('no step is passed without its event', () => {
  for (const [index, step] of STEPS.entries()) {
    if (step === 'badge' || step === 'room') continue;
    const before = STEPS[index - 1];
    assert.ok(before);
    const last = upTo(step).at(-1);
    const without = events.slice(0, WAY.findLastIndex(([, at]) => at === before) + 1);
    assert.equal(after(without).tour.at, before, `${step} needs ${JSON.stringify(last)}`);
  }
});

test('a shut door with a parcel in it is no deposit, and an empty one no collection', () => {
  const inside = after([...upTo('put-in'), seen({ screen: 'drop-off', more: AT_DOOR, door: FULL })]);
  assert.equal(inside.tour.at, 'put-in');
  const out = after([...upTo('take-out'), seen({ screen: 'pick-up', more: { ...AT_DOOR, ...PUT } })]);
  assert.equal(out.tour.at, 'take-out');
});

test('who goes back at the kiosk goes back in the tour', () => {
  for (const step of ['code', 'label', 'room'] as const)
    assert.equal(after([...upTo(step), seen()]).tour.at, 'badge', step);
  assert.equal(after([...upTo('put-in'), seen()]).tour.at, 'badge', 'nothing was put in');
  assert.equal(after([...upTo('put-in'), seen({ door: FULL })]).tour.at, 'put-in', 'a word is missing');
  assert.equal(after([...upTo('take-out'), seen({ more: PUT, door: FULL })]).tour.at, 'pin');
  assert.equal(after([...upTo('take-out'), seen({ more: PUT })]).tour.at, 'take-out', 'a word is missing');
});

test('the page may be away while it happens', () => {
  const done = after([seen({ more: PUT, door: FULL })], after(upTo('put-in')));
  assert.equal(done.tour.at, 'phone', 'the kiosk had counted the deposit');
  const told = after([arrived()], after(upTo('put-in')));
  assert.equal(told.tour.at, 'pin', 'no code comes for a parcel that is not deposited');
  const taken = after([seen({ more: TAKEN })], after(upTo('take-out')));
  assert.equal(taken.tour.at, 'record');
});

test('only a new code for this resident ends the wait for it', () => {
  const waiting = upTo('phone');
  const old = after([{ kind: 'messages', messages: [SMS] }, ...waiting]);
  assert.equal(old.tour.at, 'phone', 'it had come before');
  assert.equal(after([arrived({ id: 'msg_2', receivedAtMs: 2_001 })], old).tour.at, 'pin');
  const others = [
    arrived({ to: '+4915100000001' }),
    arrived({ text: 'Sign in: http://localhost/#token=abc' }),
    arrived({ text: 'Your parcel of 12 345 waits until Friday.' }),
  ];
  for (const other of others) assert.equal(after([...waiting, other]).tour.at, 'phone');
  const mail = { to: CAST.resident.email, channel: 'email', text: '', qr: 'HFP1' } as const;
  assert.equal(after([...waiting, arrived(mail)]).tour.at, 'pin');
});

test('another parcel before the tour, or a rig that began anew, counts for nothing', () => {
  const earlier = { deposits: 5, collections: 4 };
  const begun = after([seen({ more: earlier }), seen({ screen: 'courier-code', more: earlier })]);
  assert.equal(begun.tour.at, 'code');
  const anew = after([seen({ screen: 'drop-off', more: AT_DOOR, door: OPEN })], begun);
  assert.equal(anew.tour.at, 'put-in');
  assert.equal(after([seen({ screen: 'drop-off-done', more: PUT, door: FULL })], anew).tour.at, 'phone');
});

test('a kiosk that is not seen holds the tour where it is and is said', () => {
  for (const step of STEPS) {
    const there = after(upTo(step));
    const dark: RigState = { ...state(), kiosk: null };
    const held = sceneAfter(there, { kind: 'state', state: dark });
    assert.equal(held.tour.at, step);
    assert.equal(promptOf(held.tour, dark)?.doing, step === 'record' ? 'record' : 'dark');
  }
});

test('skipped it stays skipped, whatever happens; begun again it begins', () => {
  const skipped = after([{ kind: 'tour-ended' }, ...events]);
  assert.equal(skipped.tour.at, null);
  assert.equal(promptOf(skipped.tour, state()), null);
  assert.equal(after([{ kind: 'tour-begun' }], skipped).tour.at, 'badge');
});

test('at a door the tour points at the hand that is wanted', () => {
  const said = (sight: Sight) => {
    const scene = after([...upTo('put-in'), seen({ screen: 'drop-off', more: AT_DOOR, ...sight })]);
    return promptOf(scene.tour, state(sight));
  };
  assert.deepEqual(said({}), { doing: 'put-in.wait', target: null, goTo: 'kiosk' });
  assert.deepEqual(said({ door: OPEN }), {
    ...{ doing: 'put-in.move', target: 'door-7', hand: 'put-in', goTo: null },
  });
  assert.deepEqual(said({ door: { ...OPEN, ...FULL } }), {
    ...{ doing: 'put-in.shut', target: 'door-7', hand: 'close', goTo: null },
  });
  assert.deepEqual(said({ door: FULL }), { doing: 'put-in.say', target: null, goTo: 'kiosk' });
});

test('a tour is read as it was written; anything else is a tour that begins', () => {
  const tours: Tour[] = [BEGIN, ...STEPS.map((step) => after(upTo(step)).tour), { ...BEGIN, at: null }];
  for (const tour of tours) assert.deepEqual(readTour(written(tour)), tour);
  const good = written(after(upTo('pin')).tour);
  for (const text of [null, '', '{}', 'at=roof', good.replace('deposits=', 'deposits=-'), `x${good}`])
    assert.deepEqual(readTour(text), BEGIN, String(text));
});
