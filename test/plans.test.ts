/**
 * How the database finds records of a log. With row security it looks up only what cannot tell anything of a row that it
 * may not see, and a sum of two columns could (PostgreSQL manual, "Rules and Privileges"): a statement that compares one
 * in its condition reads every record of the tenant to find some. So the plans are read here, as they ran.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type KyselyPlugin, RawNode } from 'kysely';
import pg from 'pg';
import { overStored } from '../src/cloud/audit/stored.ts';
import { NOUNS } from '../src/cloud/cloud.ts';
import { batchOf, type Wanted, wantedBetween } from '../src/cloud/export/store.ts';
import { projectionsOf, takeBatch } from '../src/cloud/intake/intake.ts';
import { createLog, drain } from '../src/cloud/log/log.ts';
import * as log from '../src/cloud/log/store.ts';
import { record } from '../src/cloud/log/test-log.ts';
import { enrolledBank, type TestBank } from '../src/cloud/test-bank.ts';
import { openStand, type Stand } from '../src/cloud/test-stand.ts';
import type { Tx } from '../src/platform/database.ts';

const BATCHES = Number(process.env.HOLDFAST_PLAN_BATCHES ?? 60);
const BATCH = 50;
const OWN = 50;

type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
};
type Explained = { 'QUERY PLAN': [{ Plan: PlanNode; 'Execution Time': number }] };

let stand: Stand;
let bank: TestBank;
before(async () => {
  stand = await openStand(NOUNS);
  const { cloud, tenant, site } = stand;
  bank = await enrolledBank(cloud, tenant, site);
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let n = 0; n < BATCH; n++)
      bank.write({ kind: 'alarm.raised', compartment: 21, facts: { condition: 'ajar' } });
    const message = await bank.batch();
    assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
    await record(cloud, tenant, OWN);
    await drain(cloud, tenant);
  }
});
after(() => stand.close());

/** Has every statement about spans explained as it runs, in place of answering it. */
class Explaining implements KyselyPlugin {
  readonly plans: { root: PlanNode; ms: number }[] = [];

  transformQuery({ node }: Parameters<KyselyPlugin['transformQuery']>[0]) {
    if (!RawNode.is(node) || !node.sqlFragments.join('').includes('log_spans')) return node;
    const [first = '', ...rest] = node.sqlFragments;
    return { ...node, sqlFragments: [`explain (analyze, buffers, format json) ${first}`, ...rest] };
  }

  async transformResult({ result }: Parameters<KyselyPlugin['transformResult']>[0]) {
    for (const row of result.rows as Partial<Explained>[]) {
      const [plan] = row['QUERY PLAN'] ?? [];
      if (plan) this.plans.push({ root: plan.Plan, ms: plan['Execution Time'] });
    }
    return result;
  }
}

/** The plans by which `run` was answered; what it makes of them is nothing. */
async function plansOf(run: (tx: Tx) => Promise<unknown>): Promise<Explaining['plans']> {
  const explaining = new Explaining();
  await stand.inTenant((tx) => run(tx.withPlugin(explaining)));
  assert.ok(explaining.plans.length > 0, 'a statement about spans was asked');
  return explaining.plans;
}

function nodesOf(root: PlanNode): PlanNode[] {
  return [root, ...(root.Plans ?? []).flatMap(nodesOf)];
}

/** Rows that were looked at and thrown away, and pages that were read, all in all. */
function costOf(root: PlanNode) {
  const lost = nodesOf(root).map(
    (node) =>
      node['Actual Loops'] *
      ((node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Join Filter'] ?? 0) +
        (node['Rows Removed by Index Recheck'] ?? 0)),
  );
  const scans = nodesOf(root)
    .filter((node) => node['Relation Name'] === 'records')
    .map((node) => `${node['Node Type']} on ${node['Index Cond'] ?? 'nothing'}`);
  return {
    lost: lost.reduce((sum, one) => sum + one, 0),
    pages: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
    scans,
  };
}

/** A record of each batch. */
const MANY = Array.from({ length: BATCHES }, (_, batch) => batch * BATCH + 7);
const EVERYTHING: Wanted = { ranges: null, places: null, compartment: null };

/** Each way to find records by their indices or indices by their records, from the middle of the log. */
const WAYS: Readonly<Record<string, () => Promise<Explaining['plans']>>> = {
  'a page of an export': () =>
    plansOf((tx) => wantedBetween(tx, EVERYTHING, { generation: 1, from: 3_000, to: 3_100 })),
  'the leaves of a batch': () =>
    plansOf((tx) =>
      batchOf(tx, EVERYTHING, {
        ...{ source: bank.bank, last: (BATCHES / 2) * BATCH },
        log: { generation: 1, size: 2 * BATCHES * BATCH },
      }),
    ),
  'a step of the audit': () => audited((rows) => rows.entries(1, { from: 3_000, to: 3_100 })),
  'an index for the audit': () => audited((rows) => rows.indexOf(1, bank.bank, 1_234)),
  'indices of records': () =>
    plansOf((tx) => log.indicesOf(tx, { generation: 1, source: bank.bank, seqs: MANY })),
};

type Rows = Parameters<Parameters<typeof overStored<unknown>>[2]>[0];

async function audited(ask: (rows: Rows) => Promise<unknown>): Promise<Explaining['plans']> {
  const explaining = new Explaining();
  const { cloud, tenant } = stand;
  const database: typeof cloud.database = {
    ...cloud.database,
    snapshot: (of, run) => cloud.database.snapshot(of, (tx) => run(tx.withPlugin(explaining))),
  };
  await overStored({ ...cloud, database }, tenant, ask);
  return explaining.plans;
}

async function analyze(): Promise<void> {
  const client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query('analyze records; analyze log_spans');
  await client.end();
}

test('whatever is found by an index of the log is looked up, and nothing is read to be thrown away', async (t) => {
  // Also before anybody has counted how rows are spread, as in a database that was just restored.
  for (const isAnalyzed of [false, true]) {
    if (isAnalyzed) await analyze();
    for (const [name, explain] of Object.entries(WAYS))
      for (const { root, ms } of await explain()) {
        const { lost, pages, scans } = costOf(root);
        t.diagnostic(`${name}: ${lost} rows thrown away, ${pages} pages, ${ms} ms; ${scans.join('; ')}`);
        // While they are few, all spans may be read, and once: two a batch. Never those of each record, and no record.
        assert.ok(lost <= 2 * BATCHES, `${name}: ${lost} rows were read and thrown away`);
        for (const scan of scans) assert.match(scan, /^Index.* on .*seq/, name);
      }
  }
});
