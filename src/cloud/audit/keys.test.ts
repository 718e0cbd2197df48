/** The keys of banks against the rosters of their site: honest ones of every kind, and columns that say something else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { base64url } from '../../crypto/bytes.ts';
import { newHpkeKey } from '../../crypto/hpke.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { certificateRequest } from '../../crypto/x509.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { signRoster } from '../../ledger/roster.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { drain } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { auditTenant } from './tenant.ts';
import { type Estate, newEstate, oneDay } from './test-audit.ts';

const NEXT_ROOT = newSigningKey();

let stand: Stand;
let estate: Estate;
let client: pg.Client;

const inTenant = <T>(run: (tx: Tx) => Promise<T>) => stand.cloud.database.tenant(estate.tenant, run);

before(async () => {
  stand = await openStand(NOUNS);
  estate = await newEstate(stand.cloud, 2);
  client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query('set session_replication_role = replica');
});
after(async () => {
  await client.end();
  await stand.close();
});

async function audited(): Promise<{ told: string[]; notes: readonly string[] }> {
  await drain(stand.cloud, estate.tenant);
  const quiet = { heads: [], progress: () => undefined };
  const { findings } = await auditTenant(stand.cloud, estate.tenant, quiet);
  return {
    told: findings.told.map(({ check, where, what }) => `${check}: ${where}: ${what}`),
    notes: findings.notes,
  };
}

async function toldAfter(table: string, statement: string, values: unknown[] = []): Promise<string> {
  await client.query(`create table before as select * from ${table}`);
  const done = await client.query(statement, values);
  assert.ok((done.rowCount ?? 0) > 0, statement);
  const { told } = await audited();
  await client.query(`delete from ${table}; insert into ${table} select * from before; drop table before`);
  return told.join('\n');
}

async function sign(keys: readonly SigningKey[]): Promise<void> {
  const draft = await inTenant((tx) => rosters.draft(stand.cloud, tx, estate.site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), keys);
  assert.ok((await rosters.submit(stand.cloud, estate.site, note)).ok);
}

async function enrolAnew(bank: TestBank, sealKey: Uint8Array): Promise<void> {
  const code = await inTenant((tx) => banks.enrolmentCode(stand.cloud, tx, bank.bank));
  const { privateKey } = bank.key;
  const request = await certificateRequest({ commonName: bank.bank, privateKey });
  await banks.enrol(stand.cloud, { v: 1, code, request, sealKey: base64url(sealKey) });
}

test('a key to seal to that no roster names, and a site that does not name the bank, are found', async () => {
  const [bank] = estate.banks;
  assert.ok(bank);
  const other = await inTenant((tx) =>
    banks.addSite(stand.cloud, tx, {
      ...{ name: 'Quay', rootKeys: [base64url(newSigningKey().publicKey)], rootSignatures: 1 },
    }),
  );
  assert.deepEqual(await audited(), { told: [], notes: [] });
  const theirs = Buffer.from((await newHpkeKey()).publicKey);
  const sealed = 'update banks set seal_key = $1 where bank_id = $2';
  assert.match(await toldAfter('banks', sealed, [theirs, bank.bank]), /keys: .*names another key to seal to/);
  assert.match(await toldAfter('banks', sealed, [null, bank.bank]), /keys: .*names another key to seal to/);
  const moved = 'update banks set site_id = $1 where bank_id = $2';
  assert.match(await toldAfter('banks', moved, [other, bank.bank]), /keys: .*roster of site_\w+ names it/);
  assert.deepEqual(await audited(), { told: [], notes: [] });
});

test('honest keys are no finding: a bank that no roster names yet or names no more, one that enrolled anew, a new root', async () => {
  const { cloud } = stand;
  const [first, second] = estate.banks;
  assert.ok(first && second);
  const young = await enrolledBank(cloud, estate.tenant, estate.site);
  estate.banks.push(young);
  await oneDay(cloud, estate, young, 0);
  const { told, notes } = await audited();
  assert.deepEqual([told, notes.length], [[], 1]);
  assert.match(notes[0] ?? '', /no roster names its key yet/);
  await sign([estate.root]);
  assert.deepEqual(await audited(), { told: [], notes: [] });
  // It shows the same key, and another to seal to.
  await enrolAnew(first, (await newHpkeKey()).publicKey);
  const anew = await audited();
  assert.deepEqual([anew.told, anew.notes.length], [[], 1]);
  assert.match(anew.notes[0] ?? '', /enrolled anew/);
  await sign([estate.root]);
  assert.deepEqual(await audited(), { told: [], notes: [] });
  await inTenant((tx) => sql`delete from roster_banks where bank_id = ${second.bank}`.execute(tx));
  await sign([estate.root]);
  assert.deepEqual(await audited(), { told: [], notes: [] });
  const root = { rootKeys: [base64url(NEXT_ROOT.publicKey)], k: 1 };
  await inTenant((tx) => rosters.desireRoot(tx, estate.site, root));
  await sign([estate.root, NEXT_ROOT]);
  assert.deepEqual(await audited(), { told: [], notes: [] });
});

test('a roster without a signature that it came back with, or of another time, is found', async () => {
  const lacks = /keys: site_\w+ roster \d: lacks signatures/;
  const { rows } = await client.query(
    'select version, note from rosters where site_id = $1 order by version desc limit 1',
    [estate.site],
  );
  const { version, note } = rows[0];
  const lines = String(note).slice(0, -1).split('\n');
  const only = (kept: number) => `${[...lines.slice(0, -2), lines.at(kept)].join('\n')}\n`;
  const changed = 'update rosters set note = $1, signatures = 1 where site_id = $2 and version = $3';
  const of = [estate.site, version];
  assert.match(await toldAfter('rosters', changed, [only(-2), ...of]), lacks, 'without the new root');
  assert.match(await toldAfter('rosters', changed, [only(-1), ...of]), /is not believed: signature-wrong/);
  assert.match(await toldAfter('rosters', 'update rosters set signatures = 9'), lacks);
  assert.match(await toldAfter('rosters', 'update rosters set received_at_ms = 1'), /at another time/);
  assert.deepEqual(await audited(), { told: [], notes: [] });
});
