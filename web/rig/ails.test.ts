import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorFault, type RigDoor, type RigState, rigLine } from '../../src/contract/rig.ts';
import { type Ail, ailsOf, asksFor, asksForWell, GROUPS, isOn } from './ails.ts';

const door = (n: number): RigDoor => ({
  ...{ n, size: 'S', column: 0, row: n, heightUnits: 1, accessible: false, latch: 'holding', door: 'closed' },
  ...{ fault: 'none', parcels: [], pulses: 0 },
});

const WELL: RigState = {
  doors: [door(1), door(2), door(3)],
  ...{
    power: true,
    network: true,
    boards: 'kerong-cu',
    serialPath: null,
    kiosk: null,
    cast: null,
    links: {},
  },
  line: { noise: false, split: false, mute: false, lateMs: 1500 },
  carriers: { mail: 'up', sms: 'up' },
};

/** What the rig does with a request, by docs/reference/rig.md. */
function answered(state: RigState, { path, body }: { path: string; body: unknown }): RigState {
  const given = body as never;
  const n = Number(/^\/doors\/(\d+)\/fault$/.exec(path)?.[1]);
  if (n)
    return {
      ...state,
      doors: state.doors.map((one) => (one.n === n ? { ...one, ...(given as object) } : one)),
    };
  if (path === '/line') return { ...state, line: { ...state.line, ...(given as object) } };
  if (path === '/carriers') return { ...state, carriers: { ...state.carriers, ...(given as object) } };
  if (path === '/power') return { ...state, power: (given as { on: boolean }).on };
  assert.equal(path, '/network');
  return { ...state, network: (given as { up: boolean }).up };
}

const ALL: Ail[] = GROUPS.flatMap(ailsOf);

test('every fault that the rig knows stands in exactly one group', () => {
  const known = [
    ...doorFault.options.filter((fault) => fault !== 'none'),
    ...Object.keys(rigLine.shape).filter((name) => name !== 'lateMs'),
    ...['power', 'network', 'mail', 'sms'],
  ];
  assert.deepEqual([...ALL].sort(), known.sort());
});

test('each is off, on after its requests, off after those that undo it, at one door and at all', () => {
  for (const ail of ALL)
    for (const n of [null, 2]) {
      assert.ok(!isOn(ail, WELL, n));
      const on = asksFor(ail, true, { state: WELL, n }).reduce(answered, WELL);
      assert.ok(isOn(ail, on, n), ail);
      const off = asksFor(ail, false, { state: on, n }).reduce(answered, on);
      assert.deepEqual(off, WELL, ail);
    }
});

test('all well again undoes everything that is on, and asks for nothing else', () => {
  assert.deepEqual(asksForWell(WELL), []);
  for (const ail of ALL) {
    const on = asksFor(ail, true, { state: WELL, n: 2 }).reduce(answered, WELL);
    assert.equal(asksForWell(on).length, 1, ail);
  }
  const worst = ALL.flatMap((ail) => asksFor(ail, true, { state: WELL, n: null })).reduce(answered, WELL);
  assert.deepEqual(asksForWell(worst).reduce(answered, worst), WELL);
});
