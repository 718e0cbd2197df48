/** Records by what is asked for, over HTTP, held against every record as it lies in the database. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { z } from 'zod';
import { arrived, recordDetail, type recordRow, records } from '../../contract/http/records.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type LedgerRecord, parseRecord } from '../../ledger/record.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { drain, proofStateOf } from '../log/log.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { addResident, type Filled } from '../test-tenants.ts';
import { codeOf, type HttpStand, openHttpStand } from './test-http-stand.ts';

type Row = z.infer<typeof recordRow>;
const nameOf = ({ source, seq }: { source: string; seq: number }) => `${source}.${seq}`;

/** More batches than are looked through at once. */
const ROUNDS = 8;

let http: HttpStand;
let banks: TestBank[];
let resident: PersonId;
/** Names of the records in which the resident's data stands. */
const theirs = new Set<string>();
let parcel = '';

before(async () => {
  http = await openHttpStand();
  const { cloud } = http.stand;
  const { tenant, site } = http.alder;
  banks = [await enrolledBank(cloud, tenant, site), await enrolledBank(cloud, tenant, site)];
  resident = await addResident(cloud, { tenant, site, name: 'Alder Bo' });
  // What the cloud wrote when it added them, the last of its kind.
  const added = (await everything(http.alder)).find(({ record }) => record.kind === 'person.added');
  assert.ok(added);
  theirs.add(nameOf(added));
  for (let round = 0; round < ROUNDS; round++) {
    for (const bank of banks) {
      await journeys(bank, round);
      await send(bank);
    }
  }
  await drain(cloud, tenant);
});
after(() => http.close());

/** Two parcels, one of them the resident's, and a door of nobody's. */
async function journeys(bank: TestBank, round: number): Promise<void> {
  const { people, carrier } = http.alder;
  const of = { courier: people.courier as PersonId, carrier, tracking: '1Z999AA10123456784' };
  const first = bank.write({ kind: 'door.opened', compartment: 20, facts: { expected: true } });
  const own = bank.writeJourney({ ...of, recipient: resident, compartment: round + 1, collect: true });
  bank.writeJourney({
    ...of,
    recipient: people.resident as PersonId,
    compartment: 11 + round,
    collect: false,
  });
  parcel ||= own;
  // accepted, (opened, closed), deposited, issued, collected
  for (const at of [1, 4, 5, 6]) theirs.add(nameOf({ source: bank.bank, seq: first + at }));
}

async function send(bank: TestBank): Promise<void> {
  const { tenant } = http.alder;
  const message = await bank.batch();
  const taken = await takeBatch(http.stand.cloud, projectionsOf(NOUNS), {
    ...{ tenant, bank: bank.bank, message },
  });
  assert.ok(taken.taken);
}

type Known = { source: string; seq: number; position: number; record: LedgerRecord };

async function everything({ tenant }: Filled): Promise<Known[]> {
  const query = sql<{ source: string; seq: number; position: number; bytes: Uint8Array }>`
    select source, seq, position, bytes from records order by position desc`;
  const { rows } = await http.stand.cloud.database.read(tenant, (tx) => query.execute(tx));
  return rows.map(({ source, seq, position, bytes }) => {
    const parsed = parseRecord(new Uint8Array(bytes));
    assert.ok(parsed.ok);
    return { source, seq, position, record: parsed.record };
  });
}

const ask = async (asked: Record<string, string | number>, tenant = http.alder) => {
  const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
  return http.ask('GET', `/api/admin/records?${query}`, { tenant });
};

async function page(asked: Record<string, string | number>, tenant = http.alder) {
  const answer = await ask(asked, tenant);
  assert.equal(answer.status, 200, answer.text);
  return records.parse(answer.body);
}

/** All pages, each as small as asked for. */
async function walk(asked: Record<string, string | number>, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const told: z.infer<typeof records> = await page({
      ...asked,
      limit,
      ...(cursor === null ? {} : { cursor }),
    });
    assert.ok(told.items.length <= limit && (told.nextCursor === null || told.items.length === limit));
    rows.push(...told.items);
    cursor = told.nextCursor;
  } while (cursor !== null);
  return rows;
}

test('each filter, and all of them together, give exactly the records that are so, in their order', async () => {
  const all = await everything(http.alder);
  const bank = banks[0]?.bank ?? '';
  const times = all.flatMap(({ source, record }) => (source === bank ? [record.time.atMs] : [])).sort();
  const [fromMs, toMs] = [times[2] ?? 0, times[20] ?? 0];
  type Asked = [Record<string, string | number>, (known: Known) => boolean, 'arrival' | 'time'];
  const kind = 'parcel.deposited';
  const asks: readonly Asked[] = [
    [{}, () => true, 'arrival'],
    [{ bank }, ({ source }) => source === bank, 'arrival'],
    [{ bank: 'cloud' }, ({ source }) => source === http.alder.tenant, 'arrival'],
    [
      { bank, compartment: 2 },
      ({ source, record }) => source === bank && record.compartment === 2,
      'arrival',
    ],
    [{ kind }, ({ record }) => record.kind === kind, 'arrival'],
    [{ fromMs }, ({ record }) => record.time.atMs >= fromMs, 'time'],
    [{ toMs }, ({ record }) => record.time.atMs < toMs, 'time'],
    [
      { fromMs, toMs, bank, kind, compartment: 1 },
      ({ source, record }) =>
        [source === bank, record.kind === kind, record.compartment === 1].every(Boolean) &&
        record.time.atMs >= fromMs &&
        record.time.atMs < toMs,
      'time',
    ],
  ];
  for (const [asked, holds, order] of asks) {
    const expected = all.filter(holds);
    if (order === 'time')
      expected.sort((a, b) => b.record.time.atMs - a.record.time.atMs || b.position - a.position);
    assert.ok(expected.length > 0, JSON.stringify(asked));
    for (const limit of [20, 200]) {
      const rows = await walk(asked, limit);
      assert.deepEqual(rows.map(nameOf), expected.map(nameOf), JSON.stringify(asked));
    }
  }
  for (const row of await walk({}, 200)) {
    const known = all.find((one) => nameOf(one) === nameOf(row));
    assert.deepEqual(
      [row.kind, row.atMs, row.compartment],
      [known?.record.kind, known?.record.time.atMs, known?.record.compartment ?? null],
    );
  }
});

test('records about a person are those that hold something of theirs, over all journals, and no others', async () => {
  const all = (await everything(http.alder)).filter((known) => theirs.has(nameOf(known)));
  assert.ok(all.length > 20 && new Set(all.map(({ source }) => source)).size === 3);
  const looks = (rows: Row[]) => rows.filter(({ kind }) => kind !== 'custody.viewed').map(nameOf);
  for (const limit of [2, 7, 200])
    assert.deepEqual(looks(await walk({ person: resident }, limit)), all.map(nameOf));
  const bank = banks[1]?.bank ?? '';
  const kind = 'parcel.collected';
  const narrowed = all.filter(({ source, record }) => source === bank && record.kind === kind);
  assert.equal(narrowed.length, ROUNDS);
  assert.deepEqual((await walk({ person: resident, bank, kind }, 2)).map(nameOf), narrowed.map(nameOf));
  const told = await page({ person: resident, parcel });
  assert.deepEqual(told.about, { person: 'Alder Bo', tracking: '1Z999AA10123456784' });
  assert.equal(told.items.length, 4);
});

test('records about a parcel are those of its custody and of its door meanwhile', async () => {
  const rows = await walk({ parcel }, 2);
  const { body } = await http.ask('GET', `/api/admin/parcels/${parcel}`);
  const { timeline } = body as { timeline: { source: string; seq: number }[] };
  assert.ok(rows.length >= 6);
  assert.deepEqual(rows.map(nameOf), timeline.map(nameOf).reverse());
  const opened = await walk({ parcel, kind: 'door.opened' }, 5);
  assert.deepEqual(
    opened.map(({ kind }) => kind),
    ['door.opened'],
  );
});

test('to ask about a person or a parcel is recorded once, as theirs; to ask for anything else is not', async () => {
  const viewed = async () => (await walk({ kind: 'custody.viewed', bank: 'cloud' }, 200)).length;
  const before = await viewed();
  await walk({ kind: 'parcel.deposited' }, 2);
  assert.equal(await viewed(), before);
  await walk({ person: resident }, 2);
  assert.equal(await viewed(), before + 1, 'the pages behind the first are the same look');
  await walk({ parcel, person: resident }, 200);
  assert.equal(await viewed(), before + 2);
  const [last] = await walk({ person: resident }, 200);
  assert.equal(last?.kind, 'custody.viewed', 'whom somebody looked at has that on record');
});

test('the pages of a look are its asker’s, for an hour; whoever goes on after it looks anew, and that is recorded', async () => {
  const viewed = async () => (await walk({ kind: 'custody.viewed', bank: 'cloud' }, 200)).length;
  for (const asked of [{ person: resident }, { parcel }]) {
    const before = await viewed();
    const { nextCursor } = await page({ ...asked, limit: 1 });
    assert.ok(nextCursor);
    const query = new URLSearchParams({ ...asked, limit: '2', cursor: nextCursor });
    const next = (as: 'admin' | 'super-admin') => http.ask('GET', `/api/admin/records?${query}`, { as });
    const another = await next('super-admin');
    assert.deepEqual([another.status, codeOf(another)], [400, 'cursor-invalid']);
    http.stand.step(59 * 60_000);
    for (const filled of [http.alder, http.birch]) await http.signInAgain(filled);
    const first = records.parse((await next('admin')).body);
    assert.equal(await viewed(), before + 1);
    http.stand.step(60_000);
    const late = records.parse((await next('admin')).body);
    assert.deepEqual(late.items.map(nameOf), first.items.map(nameOf));
    assert.equal(await viewed(), before + 2, 'an hour later it is another look');
    await page({ ...asked, limit: 1, cursor: late.nextCursor ?? '' });
    assert.equal(await viewed(), before + 2, 'of which the next page is one');
  }
});

test('another organisation’s banks, doors, people, parcels, records and marks are not there', async () => {
  const { alder, birch } = http;
  const own = await walk({}, 200);
  assert.ok(own.every(({ source }) => source !== birch.bank && source !== birch.tenant));
  for (const asked of [{ person: birch.people.resident }, { parcel: birch.parcel }, { person: 'person_x' }]) {
    const answer = await ask(asked);
    assert.deepEqual([answer.status, codeOf(answer)], [404, 'not-found'], JSON.stringify(asked));
  }
  for (const asked of [{ bank: birch.bank }, { bank: birch.bank, compartment: 1 }, { bank: birch.tenant }])
    assert.deepEqual((await page(asked)).items, []);
  for (const id of [`${birch.bank}.1`, `${birch.tenant}.1`, `${alder.bank}.999999`, alder.bank, 'x.0'])
    for (const path of [id, `${id}/proof`])
      assert.equal((await http.ask('GET', `/api/admin/records/${path}`)).status, 404, path);
  const { mark, nextCursor } = await page({ limit: 2 });
  assert.ok(nextCursor);
  assert.equal(codeOf(await ask({ cursor: nextCursor }, birch)), 'cursor-invalid');
  assert.equal(codeOf(await ask({ cursor: nextCursor, kind: 'door.opened' })), 'cursor-invalid');
  const foreign = await http.ask('GET', `/api/admin/records/arrived?since=${mark}`, { tenant: birch });
  assert.equal(codeOf(foreign), 'cursor-invalid');
});

test('what makes no sense is refused by name', async () => {
  const wrong: [Record<string, string | number>, string][] = [
    [{ compartment: 3 }, 'compartment'],
    [{ bank: 'cloud', compartment: 0 }, 'compartment'],
    [{ fromMs: 10, toMs: 10 }, 'toMs'],
    [{ fromMs: -1 }, 'fromMs'],
    [{ kind: 'door.exploded' }, 'kind'],
    [{ bank: 'a b' }, 'bank'],
    [{ limit: 201 }, 'limit'],
  ];
  for (const [asked, field] of wrong) {
    const answer = await ask(asked);
    assert.equal(answer.status, 400, JSON.stringify(asked));
    assert.match(answer.text, new RegExp(field), JSON.stringify(asked));
  }
  for (const path of ['arrived', 'arrived?since=A', `arrived?since=A&person=${resident}`])
    assert.equal((await http.ask('GET', `/api/admin/records/${path}`)).status, 400, path);
});

test('what comes in behind a page is counted by the same filter', async () => {
  const [bank] = banks;
  assert.ok(bank);
  const { mark } = await page({ limit: 1 });
  const count = async (query: string) => {
    const { body } = await http.ask('GET', `/api/admin/records/arrived?since=${mark}${query}`);
    return arrived.parse(body).count;
  };
  assert.equal(await count(''), 0);
  bank.write({ kind: 'door.opened', compartment: 20, facts: { expected: true } });
  bank.write({ kind: 'door.closed', compartment: 20, facts: { openMs: 9, occupied: 'no' } });
  await send(bank);
  assert.equal(await count(''), 2);
  assert.equal(await count(`&bank=${bank.bank}&compartment=20&kind=door.closed`), 1);
  assert.equal(await count('&bank=cloud'), 0);
});

test('an index alone is no proof: a record is integrated once a signed checkpoint covers it', async () => {
  const { cloud } = http.stand;
  const { tenant } = http.alder;
  const [bank] = banks;
  assert.ok(bank);
  await drain(cloud, tenant);
  const seq = bank.write({ kind: 'door.opened', compartment: 20, facts: { expected: true } });
  await send(bank);
  const id = `${bank.bank}.${seq}`;
  const state = async () => {
    const { items, log } = await page({ bank: bank.bank, limit: 1 });
    assert.equal(items[0]?.seq, seq);
    const { body } = await http.ask('GET', `/api/admin/records/${id}`);
    const detail = recordDetail.parse(body);
    assert.deepEqual(detail.proof, items[0]?.proof);
    return { proof: detail.proof, detail, log };
  };
  assert.deepEqual((await state()).proof, { is: 'pending' });
  // The index is committed, and then the disk fails: no checkpoint is signed.
  const settle = () => Promise.reject(new Error('disk'));
  const stage = () => Promise.resolve({ settle, drop: () => Promise.resolve() });
  const objects = { ...cloud.ledger.objects, stage };
  await assert.rejects(drain({ ...cloud, ledger: { ...cloud.ledger, objects } }, tenant), /disk/);
  const halfway = await state();
  assert.deepEqual(halfway.proof, { is: 'pending' });
  assert.deepEqual([halfway.detail.file, halfway.detail.pathLength], [null, null]);
  const early = await http.ask('GET', `/api/admin/records/${id}/proof`);
  assert.deepEqual([early.status, codeOf(early)], [409, 'conflict']);
  await drain(cloud, tenant);
  const { proof, detail, log } = await state();
  assert.ok(proof.is === 'integrated' && log && proof.index < log.size);
  assert.equal(JSON.parse(detail.json).seq, seq);
  assert.match(detail.file ?? '', new RegExp(`^c2sp.org/tlog-proof@v1\nindex ${proof.index}\n`));
  const served = await fetch(`http://127.0.0.1:${http.port(0)}/api/admin/records/${id}/proof`, {
    headers: { cookie: `holdfast_admin=${http.alder.tokens.admin}` },
  });
  assert.match(served.headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal(await served.text(), detail.file);
});

test('a witness counts for the records of the tree that it agreed to, and for no later one', () => {
  const witnesses = [
    { witness: 'one', size: 5, atMs: 1 },
    { witness: 'two', size: 4, atMs: 1 },
    { witness: 'three', size: null, atMs: null },
  ];
  const log = { size: 6, witnesses };
  assert.deepEqual(proofStateOf(3, log), { is: 'cosigned', index: 3, n: 2, of: 3 });
  assert.deepEqual(proofStateOf(4, log), { is: 'cosigned', index: 4, n: 1, of: 3 });
  assert.deepEqual(proofStateOf(5, log), { is: 'integrated', index: 5 });
  assert.deepEqual(proofStateOf(6, log), { is: 'pending' });
  assert.deepEqual(proofStateOf(null, log), { is: 'pending' });
  assert.deepEqual(proofStateOf(3, undefined), { is: 'no-log' });
});

test('the log’s growth ends at its size and never shrinks; without a log there is none', async () => {
  const { cloud } = http.stand;
  const read = async (tenant: Filled) => {
    const { body, status } = await http.ask('GET', '/api/admin/log-growth?days=1', { tenant });
    assert.equal(status, 200);
    return body as {
      log: { size: number; origin: string } | null;
      waiting: number;
      steps: { toMs: number; size: number }[];
      checkpoints: { size: number; root: string }[];
    };
  };
  await drain(cloud, http.alder.tenant);
  const told = await read(http.alder);
  const sizes = told.steps.map(({ size }) => size);
  assert.equal(sizes.length, 24);
  assert.equal(sizes[0], 0, 'a day ago there was no log');
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => a - b),
  );
  assert.equal(sizes.at(-1), told.log?.size);
  assert.equal(told.checkpoints[0]?.size, told.log?.size);
  assert.equal(told.waiting, 0);
  assert.ok(told.log?.origin.includes(http.alder.tenant));
  const other = await read(http.birch);
  assert.ok(other.log?.origin.includes(http.birch.tenant));
  await cloud.database.tenant(http.alder.tenant, (tx) =>
    cloud.journal.record(tx, { kind: 'backup.made', facts: { bytes: 1, hash: 'A'.repeat(43) } }),
  );
  assert.equal((await read(http.alder)).waiting, 1);
});
