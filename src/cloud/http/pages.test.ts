/** Lists in pages: each old row once, whatever comes in meanwhile; a cursor is of one list of one organisation. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { idFrom } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { addCourier, addResident, type Filled } from '../test-tenants.ts';
import { codeOf, type HttpStand, openHttpStand } from './test-http-stand.ts';

const ROWS = 5;

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
  // Several lists show the same rows.
  for (const filled of [http.alder, http.birch])
    for (const grow of new Set(LISTS.map((list) => list.grow)))
      for (let n = 0; n < ROWS; n++) await grow(filled);
});
after(() => http.close());

type Row = Record<string, unknown>;
type Listed = { items: Row[]; nextCursor: string | null };
type List = {
  name: string;
  path(filled: Filled): string;
  id(row: Row): string;
  /** Brings one more row into the list, or two. */
  grow(filled: Filled): Promise<unknown>;
};

const inTenant = ({ tenant }: Filled) => ({
  run: (...[run]: Parameters<typeof http.stand.inTenant>) => http.stand.cloud.database.tenant(tenant, run),
});
const id = (row: Row) => String(row.id);

async function moreParcels(filled: Filled): Promise<void> {
  const { bank, carrier, people } = filled;
  for (const state of ['waiting', 'collected', 'accepted'])
    await inTenant(filled).run((tx) =>
      sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id, accepted_at_ms)
        values (${idFrom('parcel', systemRandom.bytes(16))}, ${bank}, 2, 'S', ${state}, 'bank', ${carrier}, ${people.courier}, ${people.resident}, 1)`.execute(
        tx,
      ),
    );
}

async function moreOrders(filled: Filled): Promise<void> {
  await inTenant(filled).run((tx) =>
    sql`insert into orders (order_id, bank_id, hash, act, road, purpose, signers, signatures, state, received_at_ms)
      values (${idFrom('order', systemRandom.bytes(16))}, ${filled.bank}, 'h', 'lift', 'hand', ''::bytea, '[]'::jsonb, 1, 'accepted', 1)`.execute(
      tx,
    ),
  );
}

async function moreNotices(filled: Filled): Promise<void> {
  await inTenant(filled).run((tx) =>
    sql`insert into notices (notice_id, reference, channel, what, state, tries, person_id, at_ms)
      select ${idFrom('notice', systemRandom.bytes(16))}, ${idFrom('notice', systemRandom.bytes(16))}, channel, what, 'sent', 1, person_id, at_ms from notices limit 1`.execute(
      tx,
    ),
  );
}

const moreCouriers = (filled: Filled) =>
  addCourier(http.stand.cloud, { ...filled, name: 'Cora More', by: filled.people.admin });
const morePeople = (filled: Filled) => addResident(http.stand.cloud, { ...filled, name: 'Ren More' });
const moreBanks = (filled: Filled) =>
  inTenant(filled).run((tx) =>
    banks.registerBank(http.stand.cloud, tx, { site: filled.site, name: 'More', layout: LAYOUT_24 }),
  );

const LISTS: readonly List[] = [
  { name: 'people', path: () => '/api/admin/people', id, grow: morePeople },
  { name: 'people of a role', path: () => '/api/admin/people?role=resident', id, grow: morePeople },
  { name: 'couriers', path: () => '/api/admin/couriers', id, grow: moreCouriers },
  { name: 'banks', path: () => '/api/admin/banks', id, grow: moreBanks },
  { name: 'banks, to couriers', path: () => '/api/courier/banks', id, grow: moreBanks },
  {
    name: 'orders',
    path: ({ bank }) => `/api/admin/banks/${bank}/orders`,
    id: (row) => String(row.order),
    grow: moreOrders,
  },
  { name: 'parcels', path: () => '/api/admin/parcels', id, grow: moreParcels },
  { name: 'parcels in a state', path: () => '/api/admin/parcels?state=waiting', id, grow: moreParcels },
  { name: 'own parcels', path: () => '/api/resident/parcels', id, grow: moreParcels },
  { name: 'own parcels here', path: () => '/api/resident/parcels?part=here', id, grow: moreParcels },
  { name: 'own parcels of before', path: () => '/api/resident/parcels?part=past', id, grow: moreParcels },
  { name: 'notices', path: () => '/api/admin/notices', id, grow: moreNotices },
  {
    name: 'journal',
    path: () => '/api/admin/journal',
    id: (row) => `${row.source} ${row.seq}`,
    grow: morePeople,
  },
];
/** Has no id of its own; a row is known by its time and door, so it is only counted. */
const DROPS: List = { name: 'drops', path: () => '/api/courier/drops', id: () => '', grow: moreParcels };

const withQuery = (path: string, query: string) => `${path}${path.includes('?') ? '&' : '?'}${query}`;

async function page(list: List, query: string, filled = http.alder): Promise<Listed> {
  const answer = await http.ask('GET', withQuery(list.path(filled), query), { tenant: filled });
  assert.equal(answer.status, 200, `${list.name}: ${answer.text}`);
  return answer.body as Listed;
}

/** Walks a list to its end; `between` runs after each page. */
async function walk(list: List, limit: number, between: () => Promise<unknown>): Promise<Row[]> {
  const rows: Row[] = [];
  let next: string | null = '';
  while (next !== null) {
    const { items, nextCursor }: Listed = await page(
      list,
      `limit=${limit}${next === '' ? '' : `&cursor=${next}`}`,
    );
    assert.ok(items.length <= limit, list.name);
    assert.ok(nextCursor === null || items.length === limit, 'a page that is not the last is full');
    rows.push(...items);
    next = nextCursor;
    if (rows.length < 200) await between();
  }
  return rows;
}

test('a walk sees each row that was there once, in one order, while rows come in between the pages', async () => {
  for (const list of LISTS) {
    const before = (await page(list, 'limit=200')).items.map(list.id);
    assert.ok(before.length >= ROWS, `${list.name} has rows`);
    let grown = 0;
    const seen = (await walk(list, 3, async () => (grown++ < 2 ? list.grow(http.alder) : undefined))).map(
      list.id,
    );
    assert.equal(new Set(seen).size, seen.length, `${list.name}: no row twice`);
    const old = seen.filter((row) => before.includes(row));
    assert.deepEqual(old, before, `${list.name}: every old row, in its order`);
  }
});

test('a walk over drops counts each once', async () => {
  const { length } = (await page(DROPS, 'limit=200')).items;
  let grown = 0;
  const seen = await walk(DROPS, 3, async () => (grown++ < 3 ? DROPS.grow(http.alder) : undefined));
  assert.equal(seen.length, length);
});

test('no row of another organisation is in any page, and its cursor opens nothing here', async () => {
  for (const list of [...LISTS, DROPS]) {
    const foreign = (await page(list, 'limit=2', http.birch)).nextCursor;
    assert.ok(foreign !== null, list.name);
    const answer = await http.ask('GET', withQuery(list.path(http.alder), `limit=2&cursor=${foreign}`));
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'cursor-invalid'], list.name);
    const strangers = (await page(list, 'limit=200', http.birch)).items.map(list.id);
    if (list !== DROPS)
      for (const row of await walk(list, 50, async () => undefined))
        assert.ok(!strangers.includes(list.id(row)), list.name);
  }
});

test('a cursor is good for its own list and filter, and one that is broken is refused in every form', async () => {
  const cursorOf = async (name: string): Promise<string> => {
    const list = LISTS.find((one) => one.name === name) ?? DROPS;
    return (await page(list, 'limit=2')).nextCursor ?? '';
  };
  const people = await cursorOf('people');
  const refused = async (path: string) =>
    assert.equal(codeOf(await http.ask('GET', path)), 'cursor-invalid', path);
  await refused(`/api/admin/people?role=resident&cursor=${people}`);
  await refused(`/api/admin/journal?cursor=${people}`);
  await refused(`/api/admin/parcels?cursor=${await cursorOf('parcels in a state')}`);
  await refused(`/api/resident/parcels?part=past&cursor=${await cursorOf('own parcels here')}`);
  await refused(`/api/courier/drops?cursor=${await cursorOf('own parcels')}`);
  await refused(`/api/courier/drops?sinceMs=0&cursor=${await cursorOf('drops')}`);
  await refused(`/api/courier/drops?state=waiting&cursor=${await cursorOf('drops')}`);
  for (const broken of [
    '',
    '7',
    '-1',
    'NaN',
    people.slice(1),
    people.slice(0, -1),
    `${people}A`,
    people.toUpperCase(),
  ])
    await refused(`/api/admin/people?cursor=${broken}`);
  const far = await http.ask('GET', `/api/admin/people?cursor=${'A'.repeat(201)}`);
  assert.equal(codeOf(far), 'input-invalid');
  // A zero character is refused before anybody asks what it is for.
  assert.equal(codeOf(await http.ask('GET', '/api/admin/people?cursor=%00')), 'input-invalid');
});

test('a limit has bounds, and the next page is a web link as well', async () => {
  for (const limit of ['0', '-1', '201', '1.5', 'ten', '1e9', ''])
    assert.equal(codeOf(await http.ask('GET', `/api/admin/people?limit=${limit}`)), 'input-invalid', limit);
  const first = await http.ask('GET', '/api/admin/people?role=resident&limit=2');
  const link = /^<(\/api\/admin\/people\?[^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
  assert.ok(link);
  const { nextCursor } = first.body as Listed;
  const byLink = await http.ask('GET', link);
  const byCursor = await http.ask('GET', `/api/admin/people?role=resident&limit=2&cursor=${nextCursor}`);
  assert.deepEqual((byLink.body as Listed).items, (byCursor.body as Listed).items);
  const all = await http.ask('GET', '/api/admin/people?limit=200');
  assert.deepEqual([(all.body as Listed).nextCursor, all.headers.get('link')], [null, null]);
});

test('a cursor says nothing of a position: no number can be read in it', async () => {
  const { nextCursor } = await page(LISTS[0] as List, 'limit=2');
  const again = (await page(LISTS[0] as List, 'limit=2')).nextCursor;
  assert.notEqual(nextCursor, again, 'the same place twice gives two texts');
  assert.ok(!/\[\d/.test(Buffer.from(nextCursor ?? '', 'base64url').toString('latin1')));
});
