/** Idempotency keys: an act that is sent often happens once, and everyone who sent it is told the same. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { personRow } from '../../contract/http/admin.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Cloud } from '../deps.ts';
import type { Filled } from '../test-tenants.ts';
import { forgetAnswers } from './http.ts';
import { once } from './repeats.ts';
import { type Answer, type Ask, codeOf, type HttpStand, openHttpStand } from './test-http-stand.ts';

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
});
after(() => http.close());

const PEOPLE = '/api/admin/people';
const resident = (name: string) => ({
  name,
  flat: '77 Lantern',
  email: `${name.toLowerCase().replaceAll(' ', '.')}@example.org`,
  phone: '+15550198237',
  accessible: false,
});
const add = (name: string, of: Ask = {}) => http.ask('POST', PEOPLE, { body: resident(name), ...of });

async function countNamed(name: string, filled: Filled = http.alder): Promise<number> {
  let found = 0;
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await http.ask('GET', `${PEOPLE}?limit=200${from}`, { tenant: filled });
    const page = body as { items: { name: string }[]; nextCursor: string | null };
    found += page.items.filter((row) => row.name === name).length;
    cursor = page.nextCursor;
  }
  return found;
}

test('a request sent again under its key is answered again, byte for byte, by any process, and done once', async () => {
  const key = randomUUID();
  const first = await add('Rosa Again', { key });
  assert.equal(first.status, 201, first.text);
  for (const server of [0, 1, 0] as const) {
    const again = await add('Rosa Again', { key, server });
    assert.deepEqual([again.status, again.text], [201, first.text]);
  }
  assert.equal(await countNamed('Rosa Again'), 1);
  await add('Rosa Again', { key: randomUUID() });
  assert.equal(await countNamed('Rosa Again'), 2, 'another key is another act');
});

test('a request sent again after its organisation’s key was replaced gets its answer again, and another one is refused', async () => {
  const key = randomUUID();
  const first = await add('Rota Again', { key });
  const { cloud } = http.stand;
  const { tenant } = http.alder;
  assert.ok(await cloud.database.tenant(tenant, (tx) => cloud.keys.renewTenant(tx)));
  await cloud.database.tenant(tenant, (tx) => cloud.keys.settle(tx));
  const again = await add('Rota Again', { key });
  assert.deepEqual([again.status, again.text], [201, first.text]);
  assert.equal(codeOf(await add('Rota Other', { key })), 'idempotency-reused');
  assert.equal(await countNamed('Rota Again'), 1);
});

test('many at once, at two processes: one does it; the others are told to wait, or told what the one was told', async () => {
  const key = randomUUID();
  const sent = Array.from({ length: 16 }, (_, n) => add('Cass Crowd', { key, server: n % 2 === 0 ? 0 : 1 }));
  const answers = await Promise.all(sent);
  assert.equal(await countNamed('Cass Crowd'), 1);
  const done = answers.filter(({ status }) => status === 201);
  assert.ok(done.length >= 1);
  assert.equal(new Set(done.map(({ text }) => text)).size, 1);
  for (const other of answers.filter(({ status }) => status !== 201))
    assert.equal(codeOf(other), 'idempotency-busy');
  assert.equal((await add('Cass Crowd', { key })).text, done[0]?.text);
});

/** While `run` runs, nobody writes to the organisation's own journal. */
async function withJournalHeld<T>(filled: Filled, run: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: http.stand.superuserUrl() });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from journals where source = $1 for update', [filled.tenant]);
    return await run();
  } finally {
    await client.end();
  }
}

async function waiting(n: number): Promise<void> {
  const client = new pg.Client({ connectionString: http.stand.superuserUrl() });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`,
      );
      if (rows[0]?.n === n) return;
      await new Promise<void>((resolve) => systemClock.after(20, resolve));
    }
  } finally {
    await client.end();
  }
}

test('a repetition while the first is being served is a conflict that says when to come again', async () => {
  const key = randomUUID();
  const { first, second } = await withJournalHeld(http.alder, async () => {
    const pending = add('Bea Busy', { key });
    await waiting(1);
    return { first: pending, second: await add('Bea Busy', { key, server: 1 }) };
  });
  assert.equal(codeOf(second), 'idempotency-busy');
  assert.deepEqual([second.status, second.headers.get('retry-after')], [409, '1']);
  const answered = await first;
  assert.equal(answered.status, 201);
  assert.equal((await add('Bea Busy', { key, server: 1 })).text, answered.text);
  assert.equal(await countNamed('Bea Busy'), 1);
});

test('the same key with another body, query or path is refused, and does nothing', async () => {
  const key = randomUUID();
  await add('Ora One', { key });
  const other = await add('Ora Two', { key });
  assert.deepEqual([other.status, codeOf(other)], [422, 'idempotency-reused']);
  assert.equal(await countNamed('Ora Two'), 0);
  const { courier } = http.alder.people;
  const body = { reason: 'because' };
  const lifted = await http.ask('POST', `/api/admin/couriers/${courier}/lift`, { body, key });
  assert.equal(lifted.status, 204, 'a key belongs to its route');
  const elsewhere = await http.ask('POST', `/api/admin/couriers/${http.alder.people.resident}/lift`, {
    body,
    key,
  });
  assert.equal(codeOf(elsewhere), 'idempotency-reused');
});

test('a key belongs to one person of one organisation: with another it is another act', async () => {
  const key = randomUUID();
  const mine = await add('Kim Key', { key });
  const colleague = await add('Kim Key', { key, as: 'super-admin' });
  const stranger = await add('Kim Key', { key, tenant: http.birch });
  const ids = [mine, colleague, stranger].map((answer) => personRow.parse(answer.body).id);
  assert.equal(new Set(ids).size, 3);
  assert.equal(await countNamed('Kim Key'), 2);
  assert.equal(await countNamed('Kim Key', http.birch), 1);
});

test('a refusal is not kept: the same request is judged anew, and once done it is done', async () => {
  const { courier } = http.alder.people;
  const body = { reason: 'because' };
  const act = (what: string, key?: string): Promise<Answer> =>
    http.ask('POST', `/api/admin/couriers/${courier}/${what}`, { body, ...(key ? { key } : {}) });
  const key = randomUUID();
  assert.equal(codeOf(await act('lift', key)), 'conflict');
  assert.equal((await act('suspend')).status, 204);
  assert.equal((await act('lift', key)).status, 204);
  const again = await act('lift', key);
  assert.deepEqual([again.status, again.text], [204, '']);
  assert.equal(
    codeOf(await act('lift')),
    'conflict',
    'nothing is suspended now: the answer above was the kept one',
  );
});

test('whoever hung up before the answer gets it by asking again', async () => {
  const key = randomUUID();
  const hungUp = withJournalHeld(http.alder, async () => {
    const going = request({
      host: '127.0.0.1',
      port: http.port(0),
      method: 'POST',
      path: PEOPLE,
      headers: {
        'x-holdfast-app': 'admin',
        cookie: `holdfast_admin=${http.alder.tokens.admin}`,
        'content-type': 'application/json',
        'idempotency-key': `"${key}"`,
      },
    });
    going.on('error', () => undefined);
    going.end(JSON.stringify(resident('Gil Gone')));
    await waiting(1);
    going.destroy();
  });
  await hungUp;
  await waiting(0);
  const again = await add('Gil Gone', { key, server: 1 });
  assert.equal(again.status, 201, again.text);
  assert.equal(await countNamed('Gil Gone'), 1);
});

test('what is no key is refused, and is not said back', async () => {
  for (const bad of [
    'bare-and-long-enough-key',
    '"short"',
    '"with \\" escape and length"',
    `"${'x'.repeat(300)}"`,
  ]) {
    const answer = await add('Nia None', { headers: { 'idempotency-key': bad } });
    assert.equal(codeOf(answer), 'input-invalid', bad);
    assert.ok(!answer.text.includes(bad.slice(1, 12)), answer.text);
  }
  assert.equal(await countNamed('Nia None'), 0);
});

test('of a request neither key, nor name, address, flat or number stands in the table, and erasure reaches the answer', async () => {
  const key = randomUUID();
  const { stand, alder } = http;
  const added = personRow.parse((await add('Vera Veiled', { key })).body);
  const dump = await stand.dump();
  const rows = dump.split('\n').filter((line) => line.includes('"fingerprint"'));
  assert.ok(rows.length > 1);
  for (const secret of [key, 'Vera Veiled', 'vera.veiled@example.org', '77 Lantern', '+15550198237'])
    for (const form of [
      secret,
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64url'),
    ])
      assert.ok(!rows.some((line) => line.includes(form)), secret);
  await stand.cloud.database.tenant(alder.tenant, (tx) =>
    stand.cloud.keys.destroySubjects(tx, [added.id as never]),
  );
  const again = await add('Vera Veiled', { key });
  assert.equal(codeOf(again), 'conflict');
  assert.ok(!again.text.includes('Vera'));
});

test('what was done is undone when its answer cannot be kept', async () => {
  const key = randomUUID();
  const client = new pg.Client({ connectionString: http.stand.superuserUrl() });
  await client.connect();
  try {
    await client.query('alter table request_answers add constraint full_up check (false) not valid');
    assert.equal(codeOf(await add('Una Undone', { key })), 'internal');
  } finally {
    await client.query('alter table request_answers drop constraint if exists full_up');
    await client.end();
  }
  assert.equal(await countNamed('Una Undone'), 0);
  assert.equal((await add('Una Undone', { key })).status, 201);
  assert.equal(await countNamed('Una Undone'), 1);
});

const EVERYTHING = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };

/** While `run` runs, the first server's pool has one connection to give. */
async function withOneConnection<T>(run: () => Promise<T>): Promise<T> {
  const { pool } = http.stand.cloud.database;
  const held = await Promise.all(Array.from({ length: pool.options.max - 1 }, () => pool.connect()));
  try {
    return await run();
  } finally {
    for (const client of held) client.release();
  }
}

test('an act under a key needs one connection of the pool: as many at once as there are do not wait for each other', async () => {
  const key = randomUUID();
  const body = {
    ...{ purpose: 'case 12', receiver: 'a court', selection: { ...EVERYTHING, bank: http.alder.bank } },
    ...{ opened: [], encrypt: { by: 'passphrase', passphrase: 'seven grey herons over Kiel' } },
  };
  const ask = () => http.ask('POST', '/api/admin/exports', { body, key });
  const asked = await withOneConnection(ask);
  assert.equal(asked.status, 202, asked.text);
  assert.equal((await ask()).text, asked.text);
});

test('an act under a key opens no transaction beside its own', async () => {
  const { tenant, people } = http.alder;
  const act = (run: (within: Cloud) => Promise<unknown>) =>
    once(
      http.stand.cloud,
      {
        ...{ asker: { tenant, person: people.admin }, route: 'POST /test', key: randomUUID(), what: '' },
        response: undefined,
      },
      run,
    );
  const says = (way: string) => ({ message: new RegExp(`asked \`${way}\` for a transaction beside`) });
  const nothing = async () => undefined;
  await assert.rejects(
    act(({ database }) => database.once(tenant, nothing)),
    says('once'),
  );
  await assert.rejects(
    act(({ database }) => database.estate(nothing)),
    says('estate'),
  );
  await assert.rejects(
    act(({ database }) => database.readEstate(nothing)),
    says('readEstate'),
  );
  const seen = await act(({ database }) =>
    database.tenant(tenant, async (outer) => [
      outer === (await database.snapshot(tenant, async (tx) => tx)),
      outer === (await database.read(tenant, async (tx) => tx)),
    ]),
  );
  assert.deepEqual(seen, [true, true]);
  await assert.rejects(
    act(({ database }) => database.snapshot(http.birch.tenant, nothing)),
    {
      message: /within one organisation/,
    },
  );
});

test('a key is good for 24 hours; then it is forgotten, and its row goes', async () => {
  const key = randomUUID();
  const { stand, alder } = http;
  await add('Dot Daily', { key });
  const rows = () =>
    stand.cloud.database.tenant(alder.tenant, async (tx) => {
      await forgetAnswers(stand.cloud, tx);
      const found = await sql<{ n: number }>`select count(*)::int as n from request_answers`.execute(tx);
      return found.rows[0]?.n ?? 0;
    });
  stand.step(86_400_000 - 60_000);
  await http.signInAgain(alder);
  assert.ok((await rows()) > 0);
  await add('Dot Daily', { key });
  assert.equal(await countNamed('Dot Daily'), 1);
  stand.step(120_000);
  await add('Dot Daily', { key });
  assert.equal(await countNamed('Dot Daily'), 2);
  stand.step(86_400_000);
  assert.equal(await rows(), 0);
});
