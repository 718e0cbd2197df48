import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idFrom } from './ids.ts';
import { DEFAULT_POLICY, policySchema, type Roster, rosterChanges, rosterSchema } from './roster.ts';

const id = <K extends Parameters<typeof idFrom>[0]>(kind: K, fill = 1) =>
  idFrom(kind, new Uint8Array(16).fill(fill));
const bytes = (count: number, fill: number) => Buffer.alloc(count, fill).toString('base64url');
const spki = (fill: number) => bytes(91, fill);
const point = (fill: number) => bytes(65, fill);
const hash = (fill: number) => bytes(32, fill);

const roster: Roster = {
  v: 1,
  tenant: id('tenant'),
  site: id('site'),
  version: 5,
  madeAtMs: 1_768_478_400_000,
  root: { keys: [spki(1), spki(2)], k: 2 },
  banks: [{ bank: id('bank'), key: spki(3), sealKey: point(3) }],
  pins: { current: hash(1), next: hash(2), offline: hash(3) },
  keys: { intake: point(4), notifier: spki(4), ledger: 'log.example+0badcafe+AAAA' },
  carriers: [{ carrier: id('carrier'), name: 'Example Parcel', key: spki(5) }],
  couriers: [
    { person: id('person'), carrier: id('carrier'), badgeHash: hash(4), untilMs: 1_800_000_000_000 },
  ],
  staff: [{ person: id('person', 2), role: 'admin', key: spki(6) }],
  policy: DEFAULT_POLICY,
};

test('the example is a roster, and the default policy is within its own bounds', () => {
  assert.deepEqual(rosterSchema.parse(roster), roster);
  assert.deepEqual(policySchema.parse(DEFAULT_POLICY), DEFAULT_POLICY);
});

test('equal rosters differ in nothing; the first roster differs in everything', () => {
  assert.deepEqual(rosterChanges(roster, structuredClone(roster)), []);
  const first = rosterChanges(null, roster);
  assert.ok(first.every(({ was, becomes }) => was === '' && becomes !== ''));
  assert.equal(new Set(first.map(({ what }) => what)).size, first.length);
});

test('a change reads as what it was and what it becomes', () => {
  assert.deepEqual(rosterChanges(roster, { ...roster, policy: { ...DEFAULT_POLICY, holdDays: 90 } }), [
    { what: 'policy holdDays', was: '7', becomes: '90' },
  ]);
  const [row] = rosterChanges(roster, { ...roster, couriers: [] });
  assert.equal(row?.what, `courier ${id('person')}`);
  assert.equal(row?.becomes, '');
  const replaced = rosterChanges(roster, {
    ...roster,
    staff: [{ person: id('person', 2), role: 'admin', key: spki(7) }],
  });
  assert.deepEqual(
    replaced.map(({ was, becomes }) => [was, becomes]),
    [
      ['admin', ''],
      ['', 'admin'],
    ],
  );
});

/** Every way to change one leaf of the roster, with the path to it. */
function* leaves(value: unknown, path: string[] = []): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return yield path;
  for (const [name, part] of Object.entries(value)) yield* leaves(part, [...path, name]);
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return value === null
    ? hash(9)
    : `${String(value).slice(0, -2)}${String(value).endsWith('Q') ? 'BA' : 'CQ'}`;
}

test('no single part of a roster changes without a row', () => {
  let changes = 0;
  for (const path of leaves(roster)) {
    if (path.join() === 'v') continue;
    const after = structuredClone(roster);
    const holder = path
      .slice(0, -1)
      .reduce<Record<string, unknown>>(
        (at, name) => at[name] as Record<string, unknown>,
        after as unknown as Record<string, unknown>,
      );
    const name = path.at(-1) ?? '';
    holder[name] = otherThan(holder[name]);
    assert.ok(rosterChanges(roster, after).length > 0, path.join('.'));
    changes++;
  }
  assert.ok(changes > 30);
});

test('no entry comes or goes without a row', () => {
  const lists = ['banks', 'carriers', 'couriers', 'staff'] as const;
  for (const list of lists) assert.equal(rosterChanges(roster, { ...roster, [list]: [] }).length, 1, list);
  for (const list of lists) assert.equal(rosterChanges({ ...roster, [list]: [] }, roster).length, 1, list);
  assert.equal(rosterChanges(roster, { ...roster, root: { keys: [spki(1)], k: 2 } }).length, 1);
});

test('keys and hashes have one spelling', () => {
  const withKey = (key: string) => rosterSchema.safeParse({ ...roster, root: { keys: [key], k: 1 } }).success;
  assert.ok(withKey(spki(9)));
  const good = spki(9);
  for (const bad of [
    '',
    good.slice(0, -1),
    `${good}A`,
    `${good.slice(0, -1)}B`,
    `${good.slice(0, -1)}+`,
    `${good}=`,
    `${good}\n`,
  ])
    assert.ok(!withKey(bad), bad);
});
