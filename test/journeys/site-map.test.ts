/** The site map and the list of what is overdue, over HTTP and a real database. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { type TestRecords, testRecords } from '../../src/cloud/http/test-records.ts';
import type { TestBank } from '../../src/cloud/test-bank.ts';
import { parcels as parcelsPage, siteMap } from '../../src/contract/http/admin.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';

let http: HttpStand;
let records: TestRecords;
let bank: TestBank;

before(async () => {
  http = await openHttpStand();
  records = await testRecords(http);
  bank = records.bank;
});
after(() => http?.close());

const send = () => records.send();
const parcelAt = (compartment: number, untilMs: number) => records.parcel({ compartment, untilMs });

const DAY_MS = 86_400_000;
const now = () => http.stand.cloud.clock.nowMs();
const ownBank = async () => {
  const map = siteMap.parse((await http.ask('GET', '/api/admin/map')).body);
  const found = map.items.find(({ id }) => id === bank.bank);
  assert.ok(found);
  return found;
};
const door = async (n: number) => (await ownBank()).doors.find((one) => one.n === n);

test('every bank is on the map with its doors; each standing follows the records', async () => {
  const free = await ownBank();
  assert.equal(free.doors.length, 24);
  assert.ok(
    free.doors.every(({ state, overdue, alarms }) => state === 'empty' && !overdue && alarms.length === 0),
  );
  assert.equal(free.siteName, 'Alder Court');
  parcelAt(3, now() + DAY_MS);
  const over = parcelAt(4, now() - DAY_MS);
  bank.write({ kind: 'compartment.withdrawn', compartment: 5, facts: { why: 'order' } });
  bank.write({ kind: 'door.forced', compartment: 6, facts: { occupied: 'unsensed' } });
  bank.write({ kind: 'alarm.raised', compartment: 6, facts: { condition: 'forced' } });
  bank.write({ kind: 'alarm.raised', compartment: 3, facts: { condition: 'ajar' } });
  bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
  await send();
  const { doors, alarms } = await ownBank();
  const at = (n: number) => doors.find((one) => one.n === n);
  assert.deepEqual([at(3)?.state, at(3)?.overdue, at(3)?.alarms], ['occupied', false, ['ajar']]);
  assert.deepEqual([at(4)?.state, at(4)?.overdue, at(4)?.parcel], ['occupied', true, over]);
  assert.deepEqual([at(5)?.state, at(5)?.withdrawn], ['out-of-service', true]);
  assert.deepEqual([at(6)?.door, at(6)?.alarms], ['open', ['forced']]);
  assert.deepEqual(alarms, ['power']);
});

test('a door is overdue from the moment at which its parcel’s time is over, without any record', async () => {
  assert.equal((await door(3))?.overdue, false);
  http.stand.step(2 * DAY_MS);
  await http.signInAgain(http.alder);
  assert.equal((await door(3))?.overdue, true);
});

test('what is overdue is listed alone, the longest over first, in pages, of one bank or all', async () => {
  const seventh = parcelAt(7, now() - 5 * DAY_MS);
  const collected = records.parcel({
    ...{ compartment: 8, tracking: 'Alder gone', collect: true, untilMs: now() - 6 * DAY_MS },
  });
  await send();
  const ask = async (query: string) =>
    parcelsPage.parse((await http.ask('GET', `/api/admin/parcels?overdue=true${query}`)).body);
  const all = await ask('');
  assert.deepEqual(
    all.items.map(({ compartment, bank: of }) => [of === bank.bank, compartment]),
    // The parcel of the filled organisation has the oldest time of all.
    [
      [false, 1],
      [true, 7],
      [true, 4],
      [true, 3],
    ],
  );
  assert.ok(!all.items.some(({ id }) => id === collected));
  const first = await ask(`&bank=${bank.bank}&limit=1`);
  assert.deepEqual(
    first.items.map(({ id }) => id),
    [seventh],
  );
  const second = await ask(`&bank=${bank.bank}&limit=1&cursor=${first.nextCursor}`);
  assert.deepEqual(
    second.items.map(({ compartment }) => compartment),
    [4],
  );
  const other = await http.ask('GET', `/api/admin/parcels?limit=1&cursor=${first.nextCursor}`);
  assert.notEqual(other.status, 200, 'a cursor of one list is none of another');
});

test('another organisation sees neither the bank nor its parcels', async () => {
  await http.signInAgain(http.birch);
  const map = siteMap.parse((await http.ask('GET', '/api/admin/map', { tenant: http.birch })).body);
  assert.ok(map.items.length > 0 && map.items.every(({ id }) => id !== bank.bank));
  const over = await http.ask('GET', '/api/admin/parcels?overdue=true', { tenant: http.birch });
  const rows = parcelsPage.parse(over.body).items;
  assert.ok(rows.length > 0 && rows.every(({ bank: of }) => of === http.birch.bank));
  const asked = idFrom('bank', systemRandom.bytes(16));
  assert.deepEqual(
    parcelsPage.parse((await http.ask('GET', `/api/admin/parcels?overdue=true&bank=${asked}`)).body).items,
    [],
  );
});
