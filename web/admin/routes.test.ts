import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalAt } from './journal/address.ts';
import { fragmentOf, type Route, routeOf, SECTIONS, sectionOf } from './routes.ts';

test('every route is found again by its fragment', () => {
  const routes: Route[] = [
    { at: 'overview' },
    { at: 'attention' },
    { at: 'banks', bank: null, door: null },
    { at: 'people' },
    { at: 'retention' },
    { at: 'people-import' },
    { at: 'exports', incident: null },
    { at: 'exports', incident: { bank: 'bank_a', atMs: 1_790_000_000_000 } },
    { at: 'couriers' },
    { at: 'rosters' },
    { at: 'notices' },
    { at: 'odds' },
    { at: 'parcels', state: null, bank: null },
    { at: 'parcels', state: 'waiting', bank: 'bank_a' },
    { at: 'parcel', id: 'parcel_abc' },
    { at: 'parcel', id: 'a/b?c#d %' },
    { at: 'parcels', state: 'overdue', bank: null },
    { at: 'banks', bank: 'bank_a', door: null },
    { at: 'banks', bank: 'bank_a', door: 17 },
    { at: 'reconciliation', bank: null },
    { at: 'reconciliation', bank: 'bank_a' },
    { at: 'count', bank: 'bank_a', doors: [3, 7], begun: { after: 1234, atMs: 1_790_000_000_000 } },
    { at: 'count', bank: 'bank_a', doors: [], begun: null },
    { at: 'usage', days: 30, bank: null, site: 'site_a' },
    { at: 'usage', days: 7, bank: 'bank_a', site: null },
    journalAt(),
    journalAt({ bank: 'bank_b' }),
    journalAt({ bank: 'cloud', kind: 'custody.viewed', fromMs: 1, toMs: 1_790_000_000_000 }),
    journalAt({ bank: 'bank_b', door: 7, parcel: 'parcel_a', person: 'person_a', record: 'bank_b.17' }),
  ];
  for (const route of routes) assert.deepEqual(routeOf(fragmentOf(route)), route);
});

test('every entry of the navigation is a route that stands under itself', () => {
  for (const section of SECTIONS) assert.equal(sectionOf(routeOf(`#/${section}`)), section);
});

test('an empty fragment is the overview; a parcel stands under parcels, and a count under reconciliation', () => {
  assert.deepEqual(routeOf(''), { at: 'overview' });
  assert.deepEqual(routeOf('#/'), { at: 'overview' });
  assert.equal(sectionOf(routeOf('#/reconciliation/bank_a?doors=1')), 'reconciliation');
  assert.deepEqual(routeOf('/parcels/x'), { at: 'parcel', id: 'x' });
  assert.equal(sectionOf({ at: 'parcel', id: 'x' }), 'parcels');
});

test('what names no page says so, and a state that does not exist is no filter', () => {
  assert.deepEqual(routeOf('#/lockers'), { at: 'nowhere', asked: 'lockers' });
  assert.deepEqual(routeOf('#/odds/x'), { at: 'nowhere', asked: 'odds/x' });
  assert.deepEqual(routeOf('#/parcels/a/b'), { at: 'nowhere', asked: 'parcels/a/b' });
  assert.deepEqual(routeOf('#/banks/a/b'), { at: 'nowhere', asked: 'banks/a/b' });
  assert.deepEqual(routeOf('#/banks/a/1/2'), { at: 'nowhere', asked: 'banks/a/1/2' });
  assert.deepEqual(routeOf('#/usage?days=8'), { at: 'usage', days: 7, bank: null, site: null });
  assert.deepEqual(routeOf('#/reconciliation/a?doors=2,x,0,2&after=-1'), {
    ...{ at: 'count', bank: 'a', doors: [2], begun: null },
  });
  assert.deepEqual(routeOf('#/parcels?state=stolen'), { at: 'parcels', state: null, bank: null });
  assert.deepEqual(
    routeOf('#/journal?bank=A&door=3&kind=door&person=a%20b&from=-1&to=x&record=bank_b'),
    journalAt(),
  );
  assert.deepEqual(routeOf('#/journal?door=3'), journalAt(), 'a door is one of a bank');
  assert.deepEqual(routeOf('#/parcels/%E0%A4'), { at: 'parcel', id: '%E0%A4' });
});
