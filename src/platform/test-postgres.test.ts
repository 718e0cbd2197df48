import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { Postgres } from './postgres.ts';
import { installedPrograms } from './postgres-place.ts';
import { newStandFolder, startTestPostgres, type TestDatabase } from './test-postgres.ts';

const needs = { skip: installedPrograms() ? false : 'no PostgreSQL is packaged for this machine' };
const was = process.env.HOLDFAST_STANDS;
let stands: string;

before(() => {
  stands = mkdtempSync(join(tmpdir(), 'hf-stands-'));
  chmodSync(stands, 0o755);
  process.env.HOLDFAST_STANDS = stands;
});
after(() => {
  if (was === undefined) delete process.env.HOLDFAST_STANDS;
  else process.env.HOLDFAST_STANDS = was;
  rmSync(stands, { recursive: true, force: true, maxRetries: 5 });
});

async function query(server: Postgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.connectionString(server.superuser, 'postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function open(kind: string, filled: string[]): Promise<TestDatabase> {
  return await startTestPostgres({
    dataDir: join(await newStandFolder('hf-one-'), 'data'),
    kind,
    async fill(server) {
      filled.push(kind);
      await query(server, `create table kept as select 1 as n; create role guest login password 'right'`);
      return 'what was kept';
    },
  });
}

test(
  'each kind is filled once a run; two servers of a kind know nothing of each other, and roles need their passwords',
  needs,
  async () => {
    const filled: string[] = [];
    const both = [await open('a', filled), await open('a', filled)] as const;
    try {
      assert.deepEqual(filled, ['a']);
      const [one, other] = both;
      assert.deepEqual([one.kept, other.kept], ['what was kept', 'what was kept']);
      assert.notEqual(one.server.password, other.server.password);
      await query(one.server, 'insert into kept values (2)');
      assert.equal((await query(one.server, 'select n from kept')).length, 2);
      assert.equal((await query(other.server, 'select n from kept')).length, 1);
      const as = (password: string) =>
        new pg.Client({ connectionString: one.server.connectionString('guest', 'postgres', password) });
      await assert.rejects(as('wrong').connect(), { code: '28P01' });
      const guest = as('right');
      await guest.connect();
      await guest.end();
    } finally {
      for (const { server } of both) await server.stop();
    }
  },
);

test(
  'where a defence is broken nothing is made for others, and without a run everything is made from nothing',
  needs,
  async () => {
    const kinds = () => readdirSync(stands).filter((name) => name.startsWith('kind-')).length;
    const made = kinds();
    const filled: string[] = [];
    process.env.HOLDFAST_SABOTAGE = 'some edit';
    try {
      await (await open('b', filled)).server.stop();
    } finally {
      delete process.env.HOLDFAST_SABOTAGE;
    }
    assert.equal(kinds(), made);
    delete process.env.HOLDFAST_STANDS;
    try {
      const alone = await newStandFolder('hf-alone-');
      try {
        assert.equal(alone.startsWith(stands), false);
        const { server } = await startTestPostgres({
          dataDir: join(alone, 'data'),
          kind: 'b',
          fill: async () => String(filled.push('alone')),
        });
        await server.stop();
        assert.ok(existsSync(join(alone, 'data.password')));
      } finally {
        rmSync(alone, { recursive: true, force: true, maxRetries: 5 });
      }
    } finally {
      process.env.HOLDFAST_STANDS = stands;
    }
    assert.deepEqual(filled, ['b', 'alone']);
  },
);
