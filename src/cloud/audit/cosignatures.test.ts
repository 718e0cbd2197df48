/** What witnesses said of a log: honest rows hold, whoever is asked today; what no witness said is found and not handed on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { newEd25519Key } from '../../crypto/ed25519.ts';
import { cosignatureLine, splitNote } from '../../ledger/log/signatures.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { createLog, drain, proofsOf, signedLog, successionFileOf } from '../log/log.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { auditTenant } from './tenant.ts';
import { type Estate, HOST, newEstate, oneDay } from './test-audit.ts';

type Witness = { name: string; vkey: string; key: ReturnType<typeof newEd25519Key> };

let stand: Stand;
let estate: Estate;
let client: pg.Client;
const [ASKED, BEFORE] = [witness('w.example.org'), witness('w.example.org')] as const;

function witness(name: string): Witness {
  const key = newEd25519Key();
  return { name, key, vkey: vkeyText({ type: 'cosignature', name, publicKey: key.publicKey }) };
}

before(async () => {
  stand = await openStand(NOUNS);
  estate = await newEstate(stand.cloud, 1);
  const [bank] = estate.banks;
  assert.ok(bank);
  for (let day = 0; day < 2; day++) await oneDay(stand.cloud, estate, bank, day);
  client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query('set session_replication_role = replica');
  const { rows } = await client.query(
    'select size, note from log_checkpoints where tenant_id = $1 and size > 0 order by size',
    [estate.tenant],
  );
  // The key of the witness was changed on the way: what the one before cosigned stays.
  for (const [at, { size, note }] of rows.entries()) await cosign(at === 0 ? BEFORE : ASKED, size, note);
  assert.ok(rows.length > 2);
});
after(async () => {
  await client.end();
  await stand.close();
});

async function cosign({ name, vkey, key }: Witness, size: number, note: string): Promise<void> {
  const split = splitNote(note);
  assert.ok(split.ok);
  const atS = 1_700_000_000 + Number(size);
  const line = cosignatureLine({ text: split.value.text, signer: { name, ...key }, atS });
  await client.query(
    `insert into log_cosignatures (tenant_id, generation, size, vkey, line, at_s, at_ms)
     values ($1, 1, $2, $3, $4, $5, $6)`,
    [estate.tenant, size, vkey, line, atS, atS * 1_000],
  );
}

async function told(): Promise<string[]> {
  const { findings } = await auditTenant(stand.cloud, estate.tenant, {
    heads: [],
    progress: () => undefined,
  });
  return findings.told.map(({ check, where, what }) => `${check}: ${where}: ${what}`);
}

/** `run` while `statement` has changed `table`; then it is as it was. */
async function changed<T>(table: string, statement: string, run: () => Promise<T>): Promise<T> {
  await client.query(`create table before as select * from ${table}`);
  const done = await client.query(statement);
  assert.ok((done.rowCount ?? 0) > 0, statement);
  const made = await run();
  await client.query(`delete from ${table}; insert into ${table} select * from before; drop table before`);
  return made;
}

const newest = `(select max(size) from log_cosignatures where tenant_id = log_cosignatures.tenant_id)`;

test('a line that no witness wrote, or wrote of another checkpoint or time, is found, as is a shown size that nobody signed', async () => {
  assert.deepEqual(await told(), []);
  const changes = [
    `insert into log_cosignatures select tenant_id, generation, size, 'w', E'— w AAAA\\n', 1, 1 from log_cosignatures`,
    `update log_cosignatures set line = E'— w.example.org AAAAAAAA\\n' where size = ${newest}`,
    `update log_cosignatures set line = (select line from log_cosignatures order by size limit 1) where size = ${newest}`,
    `update log_cosignatures set line = line || line where size = ${newest}`,
    `update log_cosignatures set at_s = at_s + 1 where size = ${newest}`,
    `update log_cosignatures set vkey = '${BEFORE.vkey}' where size = ${newest}`,
    `update log_cosignatures set size = size - 1 where size = ${newest}`,
  ];
  for (const one of changes)
    assert.match(
      String(await changed('log_cosignatures', one, told)),
      /checkpoints: .* is said to have/,
      one,
    );
  const shown = `update logs set shown_size = shown_size - 1 where tenant_id = '${estate.tenant}'`;
  assert.match(String(await changed('logs', shown, told)), /readers are given \d+ entries/);
  assert.deepEqual(await told(), []);
});

test('a cosignature that does not verify is counted for none and handed to nobody', async () => {
  const { cloud } = stand;
  const errors: string[] = [];
  const log = { ...cloud.log, error: (what: string) => void errors.push(what) };
  const witnesses = [{ name: 'w', vkey: ASKED.vkey, url: 'http://127.0.0.1:1/', caPem: null }];
  const witnessing = { witnesses, quorum: 1, pauseMs: 1_000, alarmAfterMs: 60_000 };
  const asking = { ...cloud, log, config: { ...cloud.config, witnessing } } as unknown as Cloud;
  const proved = async () => {
    const { proofs } = await proofsOf(asking, { tenant: estate.tenant, source: estate.tenant, seqs: [1] });
    return proofs[0] ?? assert.fail();
  };
  const signed = async () => (await signedLog(asking, estate.tenant))?.note ?? assert.fail();
  const [proof, note] = [await proved(), await signed()];
  assert.deepEqual([proof.state, proof.cosignedBy], ['cosigned', ['w']]);
  assert.match(note, /\n— w\.example\.org /);
  assert.deepEqual(errors, []);
  const junk = `update log_cosignatures set line = E'— w.example.org AAAAAAAA\\n'`;
  await changed('log_cosignatures', junk, async () => {
    const spoilt = await proved();
    assert.deepEqual([spoilt.state, spoilt.cosignedBy], ['integrated', []]);
    for (const text of [spoilt.proof ?? '', await signed()]) assert.ok(!text.includes('AAAAAAAA'), text);
    assert.ok(errors.length > 0, 'an operator hears of it');
  });
  assert.equal((await proved()).state, 'cosigned');
});

test('a log that has a successor is no finding, nor is what witnesses said of it', async () => {
  const { cloud } = stand;
  await createLog(cloud, { tenant: estate.tenant, host: HOST, succeeds: true });
  await drain(cloud, estate.tenant);
  assert.deepEqual(await told(), []);
  assert.ok(await successionFileOf(cloud, estate.tenant));
});
