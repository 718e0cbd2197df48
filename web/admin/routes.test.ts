import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fragmentOf, type Route, routeOf, SECTIONS, sectionOf } from './routes.ts';

test('every route is found again by its fragment', () => {
  const routes: Route[] = [
    { at: 'attention' },
    { at: 'banks', bank: null },
    { at: 'people' },
    { at: 'people-import' },
    { at: 'couriers' },
    { at: 'rosters' },
    { at: 'notices' },
    { at: 'odds' },
    { at: 'parcels', state: null, bank: null },
    { at: 'parcels', state: 'waiting', bank: 'bank_a' },
    { at: 'parcel', id: 'parcel_abc' },
    { at: 'parcel', id: 'a/b?c#d %' },
    { at: 'banks', bank: 'bank_a' },
    { at: 'journal', bank: null },
    { at: 'journal', bank: 'bank_b' },
  ];
  for (const route of routes) assert.deepEqual(routeOf(fragmentOf(route)), route);
});

test('every entry of the navigation is a route that stands under itself', () => {
  for (const section of SECTIONS) assert.equal(sectionOf(routeOf(`#/${section}`)), section);
});

test('an empty fragment is what needs attention; a parcel stands under parcels', () => {
  assert.deepEqual(routeOf(''), { at: 'attention' });
  assert.deepEqual(routeOf('#/'), { at: 'attention' });
  assert.deepEqual(routeOf('/parcels/x'), { at: 'parcel', id: 'x' });
  assert.equal(sectionOf({ at: 'parcel', id: 'x' }), 'parcels');
});

test('what names no page says so, and a state that does not exist is no filter', () => {
  assert.deepEqual(routeOf('#/lockers'), { at: 'nowhere', asked: 'lockers' });
  assert.deepEqual(routeOf('#/odds/x'), { at: 'nowhere', asked: 'odds/x' });
  assert.deepEqual(routeOf('#/parcels/a/b'), { at: 'nowhere', asked: 'parcels/a/b' });
  assert.deepEqual(routeOf('#/parcels?state=stolen'), { at: 'parcels', state: null, bank: null });
  assert.deepEqual(routeOf('#/parcels/%E0%A4'), { at: 'parcel', id: '%E0%A4' });
});
