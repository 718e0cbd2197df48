/** What somebody beside the cabinet is told: each fact once, in order, and what is odd as odd. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RigDoor, RigKiosk, RigState } from '../../src/contract/rig.ts';
import { type Sight, seenAfter } from './seen.ts';

const door = (n: number): RigDoor => ({
  ...{ n, size: 'S', column: 0, row: n, heightUnits: 1, accessible: false, latch: 'holding', door: 'closed' },
  ...{ fault: 'none', parcels: [], pulses: 0 },
});
const HOME: RigKiosk = { screen: 'home', compartment: null, deposits: 0, collections: 0 };
const WELL: RigState = {
  ...{ doors: [door(1), door(2)], power: true, network: true, boards: 'kerong-cu', serialPath: null },
  ...{ kiosk: HOME, cast: null, links: {} },
  line: { noise: false, split: false, mute: false, lateMs: 1500 },
  carriers: { mail: 'up', sms: 'up' },
};

const at = (state: RigState, n: number, change: Partial<RigDoor>): RigState => ({
  ...state,
  doors: state.doors.map((one) => (one.n === n ? { ...one, ...change } : one)),
});
/** Oldest first, as they happened. */
const seenOf = (...states: RigState[]): Sight[] =>
  states
    .reduce<readonly Sight[]>((seen, now, i) => seenAfter(seen, states[i - 1] ?? null, now), [])
    .toReversed();
const said = (sights: readonly Sight[]) => sights.map(({ says, n }) => `${says} ${n ?? ''}`.trim());
const odd = (sights: readonly Sight[]) => sights.filter((one) => one.odd).map(({ says }) => says);

test('the first sight of a cabinet is no event, and the same sight twice is none', () => {
  assert.deepEqual(seenOf(WELL), []);
  assert.deepEqual(seenOf(WELL, WELL, structuredClone(WELL)), []);
});

test('a pick-up is told as five facts, in their order, and nothing about it is odd', () => {
  const full = at(WELL, 2, { parcels: ['1Z'] });
  const named = { ...full, kiosk: { ...HOME, screen: 'pick-up' as const, compartment: 2 } };
  const open = at(named, 2, { pulses: 1, latch: 'free', door: 'open' });
  const empty = at(open, 2, { parcels: [] });
  const shut = at(empty, 2, { latch: 'holding', door: 'closed' });
  const done = { ...shut, kiosk: { ...HOME, screen: 'pick-up-done' as const, collections: 1 } };
  const sights = seenOf(full, named, open, empty, shut, done);
  assert.deepEqual(said(sights), [
    'seen.kiosk.pick-up 2',
    'seen.door.sprang 2',
    'seen.door.taken-out 2',
    'seen.door.shut 2',
    'seen.kiosk.pick-up-done',
  ]);
  assert.deepEqual(odd(sights), []);
});

test('why a door did not open, or opened though it was not told to, is told apart and marked', () => {
  const told = { pulses: 1 };
  assert.deepEqual(odd(seenOf(WELL, at(WELL, 1, told))), ['seen.door.stayed'], 'a latch that sticks');
  const crossed = at(at(WELL, 1, told), 2, { latch: 'free', door: 'open' });
  assert.deepEqual(said(seenOf(WELL, crossed)), ['seen.door.stayed 1', 'seen.door.unasked 2']);
  assert.deepEqual(odd(seenOf(WELL, crossed)).length, 2, 'two crossed cables');
  assert.deepEqual(odd(seenOf(WELL, at(WELL, 1, { door: 'open' }))), ['seen.door.pried'], 'a crowbar');
  const free = at(WELL, 1, { latch: 'free' });
  assert.deepEqual(odd(seenOf(free, at(free, 1, { door: 'open' }))), [], 'a hand at a free latch');
});

test('power, network and a dark screen are told; only the newest are kept', () => {
  const dark = { ...WELL, power: false, network: false, kiosk: null };
  assert.deepEqual(said(seenOf(WELL, dark, WELL)), [
    ...['seen.power.off', 'seen.network.off', 'seen.kiosk.dark'],
    ...['seen.power.on', 'seen.network.on', 'seen.kiosk.lit'],
  ]);
  const turns = Array.from({ length: 60 }, (_, i) => (i % 2 ? { ...WELL, network: false } : WELL));
  assert.equal(seenOf(...turns).length, 24);
});
