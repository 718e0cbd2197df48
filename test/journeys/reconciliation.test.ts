/** What does not fit is found from every side, a count explains what it can, and a person the rest; over HTTP. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { codeOf, type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { type TestRecords, testRecords } from '../../src/cloud/http/test-records.ts';
import { foldSight } from '../../src/cloud/reconciliation/follow.ts';
import { FROM_RECORDS } from '../../src/cloud/reconciliation/migrations.ts';
import { NO_SIGHT } from '../../src/cloud/reconciliation/store.ts';
import type { TestBank } from '../../src/cloud/test-bank.ts';
import { attention } from '../../src/contract/http/admin.ts';
import { bankCounts, discrepancies } from '../../src/contract/http/reconciliation.ts';
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
const parcelAt = (compartment: number) => records.parcel({ compartment, untilMs: 1_990_000_000_000 });
const report: TestRecords['report'] = (...said) => records.report(...said);
const count: TestRecords['count'] = (...said) => records.count(...said);

const ask = async (query = `?bank=${bank.bank}`) =>
  discrepancies.parse((await http.ask('GET', `/api/admin/discrepancies${query}`)).body);
const open = async () =>
  (await ask()).items
    .map(({ compartment, kind, what }) => `${compartment} ${what ?? kind}`)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
const resolve = (body: object, of: { id?: string; key?: string } = {}) =>
  http.ask('POST', `/api/admin/banks/${of.id ?? bank.bank}/resolutions`, {
    body,
    ...(of.key === undefined ? {} : { key: of.key }),
  });

let missing = 0;

test('reports, sensors against the record, and doors opened by force are all found', async () => {
  const held = parcelAt(3);
  report(3, 'not-my-parcel', held);
  records.held(3, held);
  const gone = parcelAt(4);
  count(4, 'empty', gone);
  records.held(4, gone);
  records.freedByOrder(4, gone);
  bank.write({ kind: 'door.closed', compartment: 4, facts: { openMs: 1, occupied: 'no' } });
  missing = report(4, 'missing', gone);
  bank.write({ kind: 'alarm.raised', compartment: 4, facts: { condition: 'discrepancy' } });
  parcelAt(5);
  bank.write({ kind: 'door.closed', compartment: 5, facts: { openMs: 1, occupied: 'no' } });
  bank.write({ kind: 'door.closed', compartment: 6, facts: { openMs: 1, occupied: 'yes' } });
  bank.write({ kind: 'door.forced', compartment: 7, facts: { occupied: 'unsensed' } });
  parcelAt(8);
  await send();
  assert.deepEqual(await open(), [
    '3 not-my-parcel',
    '4 missing',
    '5 sensed-empty',
    '6 sensed-occupied',
    '7 forced',
  ]);
  const items = attention.parse((await http.ask('GET', '/api/admin/attention')).body).items;
  const said = items.find(({ kind }) => kind === 'sensed-against-record');
  assert.match(said?.says ?? '', /Lobby: the sensor and the record disagree at door [56], [56]\./);
  assert.equal(said?.link, `/admin/reconciliation?bank=${bank.bank}`);
});

test('a count of a door explains what is about that door, of any bank’s other doors nothing, and no missing parcel', async () => {
  count(4, 'as-expected');
  count(5, 'as-expected');
  count(7, 'as-expected');
  await send();
  assert.deepEqual(await open(), ['3 not-my-parcel', '4 missing', '6 sensed-occupied']);
  count(3, 'as-expected');
  await send();
  assert.deepEqual(await open(), ['4 missing', '6 sensed-occupied']);
  const [explained] = (await ask()).explained;
  assert.deepEqual(
    [explained?.compartment, explained?.what, explained?.by, explained?.how],
    [3, 'not-my-parcel', 'count', 'as-expected'],
  );
  bank.write({ kind: 'door.closed', compartment: 5, facts: { openMs: 1, occupied: 'no' } });
  await send();
  assert.deepEqual(
    await open(),
    ['4 missing', '5 sensed-empty', '6 sensed-occupied'],
    'what the sensor says after the count is said anew',
  );
});

test('each door of a bank tells what should be inside and what it was last counted to hold', async () => {
  const answer = await http.ask('GET', `/api/admin/banks/${bank.bank}/counts`);
  const { doors, lastSeq } = bankCounts.parse(answer.body);
  assert.equal(doors.length, 24);
  const door = (n: number) => doors.find((one) => one.n === n);
  assert.deepEqual([door(3)?.expected, door(3)?.last?.found, door(3)?.open], ['parcel', 'as-expected', 0]);
  assert.deepEqual([door(4)?.expected, door(4)?.open], ['nothing', 1]);
  assert.deepEqual([door(8)?.expected, door(8)?.last, door(8)?.open], ['parcel', null, 0]);
  assert.ok((door(5)?.last?.seq ?? 0) < lastSeq);
  const foreign = await http.ask('GET', `/api/admin/banks/${http.birch.bank}/counts`);
  const nowhere = await http.ask('GET', `/api/admin/banks/${idFrom('bank', systemRandom.bytes(16))}/counts`);
  assert.deepEqual([foreign.status, foreign.text], [404, nowhere.text]);
});

test('a person’s last word is recorded once, ends the alarm of that door, and cannot be said twice', async () => {
  const body = { seq: missing, how: 'found', note: 'it lay behind the plinth' };
  const isAlarm = async () =>
    attention
      .parse((await http.ask('GET', '/api/admin/attention')).body)
      .items.some(({ kind, says }) => kind === 'discrepancy' && says.includes('door 4'));
  assert.ok(await isAlarm());
  const key = 'a1b2c3d4e5f60718';
  assert.equal((await resolve(body, { key })).status, 204);
  assert.equal((await resolve(body, { key })).status, 204, 'the same request again is answered the same');
  assert.equal(codeOf(await resolve(body)), 'conflict');
  assert.deepEqual(await open(), ['5 sensed-empty', '6 sensed-occupied']);
  assert.ok(!(await isAlarm()));
  const [explained] = (await ask()).explained;
  assert.deepEqual([explained?.what, explained?.by, explained?.how], ['missing', 'person', 'found']);
  const { cloud } = http.stand;
  const { rows } = await cloud.database.tenant(http.alder.tenant, async (tx) => {
    return sql<{ kind: string; text: string }>`select kind, convert_from(bytes, 'UTF8') as text from records
      where source = ${http.alder.tenant} and kind in ('discrepancy.resolved', 'alarm.ended') order by seq`.execute(
      tx,
    );
  });
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['discrepancy.resolved', 'alarm.ended'],
  );
  assert.ok(
    !rows.some(({ text }) => text.includes('plinth')),
    'what a person wrote stands behind a commitment',
  );
});

test('what is explained by a count, of another bank or of another organisation is nobody’s to resolve', async () => {
  const body = { seq: missing, how: 'lost', note: 'nobody has seen it' };
  assert.equal((await resolve(body, { id: http.birch.bank })).status, 404);
  assert.equal(codeOf(await resolve(body, { id: http.alder.bank })), 'conflict');
  assert.equal((await resolve({ ...body, how: 'freed' })).status, 400);
  const foreign = await http.ask('GET', `/api/admin/discrepancies?bank=${bank.bank}`, { tenant: http.birch });
  assert.equal(foreign.status, 404);
});

test('a recipient who has it answers what was doubted; nothing inside is the record’s business then', async () => {
  const parcel = parcelAt(9);
  report(9, 'sensed-against-word', parcel);
  await send();
  assert.ok((await open()).includes('9 sensed-against-word'));
  bank.write({
    kind: 'parcel.collected',
    compartment: 9,
    facts: { basis: 'person', occupied: 'no' },
    fields: { parcel, person: http.alder.people.resident },
  });
  bank.write({ kind: 'door.closed', compartment: 9, facts: { openMs: 1, occupied: 'no' } });
  await send();
  assert.ok(!(await open()).some((one) => one.startsWith('9 ')));
  const explained = (await ask()).explained.find(({ compartment }) => compartment === 9);
  assert.equal(explained?.by, 'collected');
});

test('no count explains where a missing parcel is', async () => {
  const gone = parcelAt(20);
  count(20, 'empty', gone);
  report(20, 'missing', gone);
  count(20, 'as-expected');
  report(21, 'found-occupied');
  count(21, 'as-expected');
  await send();
  const listed = await open();
  assert.ok(listed.includes('20 missing'));
  assert.ok(!listed.includes('21 found-occupied'));
});

test('only a signed order takes back that a door was opened by force', () => {
  const record = (kind: string, facts: object) =>
    ({ kind, facts, seq: 5, time: { atMs: 7 } }) as unknown as Parameters<typeof foldSight>[1];
  const forced = foldSight(NO_SIGHT, record('door.forced', { occupied: 'no' }));
  assert.deepEqual([forced.forcedSeq, forced.occupied], [5, 'no']);
  const resumed = foldSight(forced, record('compartment.restored', { by: 'suspension-ended' }));
  assert.equal(resumed.forcedSeq, 5);
  assert.equal(foldSight(forced, record('compartment.restored', { by: 'order' })).forcedSeq, null);
});

test('records that came before these tables were made are taken over, behind the same wall', async () => {
  const client = new pg.Client({ connectionString: http.stand.superuserUrl() });
  await client.connect();
  const all = async () =>
    (
      await client.query(
        `select tenant_id, bank_id, seq, compartment, what as word, parcel_id from discrepancies where seq < 900
         union all select tenant_id, bank_id, seq, compartment, found, parcel_id from counts where seq < 900 order by 2, 3`,
      )
    ).rows;
  try {
    const told = await all();
    assert.ok(told.length >= 8 && told.some(({ parcel_id }) => parcel_id !== null));
    await client.query('truncate discrepancies, counts');
    await client.query('alter table discrepancies no force row level security');
    await client.query('alter table counts no force row level security');
    await client.query('set role holdfast_owner');
    await client.query(FROM_RECORDS);
    await client.query('reset role');
    assert.deepEqual(await all(), told);
    const { rows } = await client.query(
      `select relname from pg_class where relname in ('records', 'parcel_events') and not relforcerowsecurity`,
    );
    assert.deepEqual(rows, [], 'the wall is as high as before');
  } finally {
    await client.end();
  }
});
