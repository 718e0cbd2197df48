/** The audit over a real database: a log that holds, and then whatever may be wrong with one. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { TenantId } from '../../domain/ids.ts';
import { TILE_WIDTH } from '../../ledger/log/layout.ts';
import type { Tx } from '../../platform/database.ts';
import { NOUNS } from '../cloud.ts';
import { drain } from '../log/log.ts';
import * as parcels from '../parcels/parcels.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { strayHeads } from './audit.ts';
import type { Check } from './findings.ts';
import { type Audited, auditRows, auditTenant } from './tenant.ts';
import { newEstate, take } from './test-audit.ts';
import { groundOn, hunt, tableOf } from './test-hunt.ts';
import { rowsOf } from './test-memory.ts';
import { type Ground, MUTATIONS, rewrittenAt } from './test-mutations.ts';
import { regrow } from './test-regrow.ts';

const QUIET = { heads: [] as readonly string[], progress: () => undefined };
const DAYS = 6;
const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));

let stand: Stand;
let ground: Ground;
let tenant: TenantId;

before(async () => {
  stand = await openStand(NOUNS);
  ground = await groundOn(stand, DAYS);
  tenant = ground.memory.tenant;
});
after(() => stand.close());

const auditOver = (memory: Ground['memory'], heads: readonly string[] = []) =>
  auditRows(rowsOf(memory), { ...QUIET, heads });

test('a log that holds is said to hold, from the database and from a copy of its rows', async () => {
  const { memory, other } = ground;
  let last = [0, 0];
  const progress = (...said: [number, number]) => {
    last = said;
  };
  const stored = await auditTenant(stand.cloud, tenant, { heads: [], progress });
  assert.deepEqual([stored.findings.told, stored.findings.notes], [[], []]);
  assert.ok((stored.log?.size ?? 0) > 256, String(stored.log?.size));
  assert.deepEqual(
    last,
    [2 * stored.records, 2 * stored.records],
    'each record and each entry was gone through',
  );
  for (const one of [memory, other]) assert.deepEqual((await auditOver(one)).findings.told, []);
  assert.deepEqual((await auditOver(memory)).log, stored.log);
  // What nothing is kept of cannot be changed: each table has rows.
  for (const [table, rows] of Object.entries(memory.kept)) assert.ok(rows.length > 0, table);
  for (const checkpoint of memory.checkpoints)
    assert.deepEqual((await auditOver(memory, [checkpoint.note])).findings.told, []);
});

test('whatever is changed at random is found, and a head from outside tells what nothing inside can', async () => {
  console.log(`HOLDFAST_SEED=${seed}`);
  const { tallies, missed } = await hunt(ground, { count: MUTATIONS.length, seed });
  for (const line of tableOf(tallies)) console.log(line);
  assert.deepEqual(missed, []);
});

test('each head that was given was compared, or is named', () => {
  const [note] = ground.memory.checkpoints.slice(-1).map((checkpoint) => checkpoint.note);
  assert.ok(note);
  const origins = new Set([note.slice(0, note.indexOf('\n'))]);
  const files = {
    good: note,
    crlf: note.replaceAll('\n', '\r\n'),
    cut: note.slice(3),
    nothing: '',
    other: `x${note}`,
  };
  const kept = Object.entries(files).map(([file, head]) => ({ file, head }));
  assert.deepEqual(
    strayHeads(kept, origins).map((line) => line.split(':')[0]),
    ['crlf', 'cut', 'nothing', 'other'],
  );
});

test('a bank’s journal that was written anew, with the log over it, lacks the bank’s signature', async () => {
  const { memory, key } = ground;
  for (const { bank } of memory.banks) {
    const last = memory.journals.find(({ source }) => source === bank)?.last_seq ?? assert.fail();
    for (const seq of [1, Math.ceil(last / 2), last]) {
      const { findings } = await auditOver(await regrow(rewrittenAt(memory, bank, seq), key));
      const about = findings.told.filter(({ check, where }) => check === 'heads' && where.startsWith(bank));
      assert.ok(about.length > 0, `${bank} record ${seq}`);
    }
  }
});

test('the first index named is that of the record that was changed', async () => {
  const { memory } = ground;
  for (const at of [3, 100, memory.records.length - 1]) {
    const row = memory.records[at];
    assert.ok(row);
    const bytes = new Uint8Array(row.bytes).fill(120, 20, 24);
    const records = memory.records.map((one) => (one === row ? { ...row, bytes } : one));
    const index = await rowsOf(memory).indexOf(1, row.source, row.seq);
    const { findings } = await auditOver({ ...memory, records });
    for (const check of ['records', 'tiles'] as const) assert.equal(findings.firstIndex(check), index, check);
  }
});

/** Each as the owner of the database could do it; the audit reads what is there then, and all is undone. */
const STATEMENTS: readonly [check: Check, statement: string, says?: string][] = [
  ['records', `update records set bytes = bytes || ' '::bytea where source = '$' and seq = 4`],
  ['records', `update journals set last_seq = last_seq - 1 where source = '$'`],
  ['heads', `update heads set note = replace(note, 'A', 'B') where tenant_id = '$'`],
  ['keys', `delete from rosters where tenant_id = '$'`],
  [
    'openings',
    `update openings set sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256) where tenant_id = '$'`,
  ],
  ['order', `delete from log_spans where tenant_id = '$' and first = 0`],
  [
    'tree',
    `update logs set state = set_byte(state, 5, (get_byte(state, 5) + 1) % 256) where tenant_id = '$'`,
  ],
  [
    'checkpoints',
    `update log_checkpoints set note = replace(note, 'A', 'B') where tenant_id = '$'`,
    'is not this log’s',
  ],
  ['projections', `update parcels set custody = 'staff' where tenant_id = '$'`],
  ['projections', `update parcels set tracking = null where tenant_id = '$'`],
  ['projections', `delete from parcel_events where tenant_id = '$'`],
  ['projections', `update compartments set withdrawn = not withdrawn where tenant_id = '$' and n = 3`],
  ['projections', `update alarms set ended_at_ms = 5 where tenant_id = '$'`],
  ['projections', `update orders set state = 'refused' where tenant_id = '$'`],
  ['projections', `update door_sights set forced_seq = null where tenant_id = '$'`],
];

/** What no journal of a bank leads to, and whoever asks for it would be given. */
const OF_NOBODY: readonly [check: Check, statement: string][] = [
  [
    'projections',
    `insert into parcel_events (tenant_id, parcel_id, source, seq)
      select tenant_id, parcel_id, '$', 9 from parcels where tenant_id = '$' limit 1`,
  ],
  [
    'records',
    `insert into records (tenant_id, source, seq, kind, at_ms, hash, bytes)
      select tenant_id, 'bank_stray', seq, kind, at_ms, hash, bytes from records where source = '$' and seq = 1`,
  ],
  [
    'heads',
    `insert into heads (tenant_id, source, first, last, note, hash, key)
      select tenant_id, 'bank_stray', first, last, note, hash, key from heads where tenant_id = '$' limit 1`,
  ],
  [
    'openings',
    `insert into openings (tenant_id, source, seq, last, sealed) values ('$', 'bank_stray', 1, 1, '\\x00')`,
  ],
  [
    'projections',
    `update counts set bank_id = 'bank_stray'
      where ctid = (select ctid from counts where tenant_id = '$' limit 1)`,
  ],
];

async function changed(statement: string, run: () => Promise<Audited>): Promise<Audited> {
  const client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  try {
    const [, table = ''] = /(?:update|from|insert into) (\w+)/.exec(statement) ?? [];
    await client.query('set session_replication_role = replica');
    await client.query(`create table before as select * from ${table}`);
    const done = await client.query(statement.replaceAll('$', tenant));
    assert.ok((done.rowCount ?? 0) > 0, statement);
    const audited = await run();
    // What the database computes from a row by itself is not put back into it.
    const given = await client.query(
      `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    );
    const { names } = given.rows[0];
    await client.query(`delete from ${table};
      insert into ${table} (${names}) overriding system value select ${names} from before; drop table before`);
    return audited;
  } finally {
    await client.end();
  }
}

test('the audit of the database finds what its owner changed there, and says so under the right check', async () => {
  for (const [check, statement, says = ''] of STATEMENTS) {
    const { findings } = await changed(statement, () => auditTenant(stand.cloud, tenant, QUIET));
    assert.ok(findings.count(check) > 0, statement);
    assert.ok(
      findings.told.some((one) => one.check === check && one.what.startsWith(says)),
      statement,
    );
  }
  assert.deepEqual((await auditTenant(stand.cloud, tenant, QUIET)).findings.told, []);
});

test('rows of a journal that there is not are found, and a parcel is shown none of another journal', async () => {
  const { cloud } = stand;
  const inTenant = <T>(run: (tx: Tx) => Promise<T>) => cloud.database.tenant(tenant, run);
  for (const [check, statement] of OF_NOBODY) {
    const { findings } = await changed(statement, () => auditTenant(cloud, tenant, QUIET));
    assert.ok(findings.count(check) > 0, statement);
  }
  const [kept] = ground.memory.kept.parcels;
  assert.ok(kept);
  const { bank, parcel_id: parcel } = kept;
  const of = (tx: Tx) => parcels.recordsOf(cloud, tx, String(parcel));
  const told = await inTenant(of);
  const foreign = `insert into parcel_events (tenant_id, parcel_id, source, seq)
    select '$', '${parcel}', source, 1 from journals where source in ('$', '${ground.memory.banks.find((one) => one.bank !== bank)?.bank}')
      and not exists (select 1 from parcel_events e where e.source = journals.source and e.seq = 1)`;
  const { findings } = await changed(foreign, async () => {
    assert.deepEqual(await inTenant(of), told);
    const shown = await inTenant((tx) => parcels.detail(cloud, tx, String(parcel)));
    assert.deepEqual(
      shown?.timeline.map(({ seq }) => seq),
      told?.seqs,
    );
    return auditTenant(cloud, tenant, QUIET);
  });
  assert.equal(findings.count('projections'), 2);
});

test('what became full in the midst of a long turn is compared too, and what was never shown is not missed', async () => {
  const { cloud } = stand;
  const estate = await newEstate(cloud, 1);
  const [bank] = estate.banks;
  assert.ok(bank);
  for (let batch = 0; batch < 3; batch++) {
    for (let n = 0; n < 900; n++)
      bank.write({
        kind: n % 2 === 0 ? 'alarm.raised' : 'alarm.ended',
        compartment: 21,
        facts: { condition: 'ajar' },
      });
    await take(cloud, estate, bank);
  }
  await drain(cloud, estate.tenant);
  const { objects } = cloud.ledger;
  const isFull = (path: string) => /^tile\/(entries|0)\/\d{3}$/.test(path);
  const audit = (there: Uint8Array | undefined) => {
    const read: typeof objects.read = async (place, path) =>
      isFull(path) ? there : objects.read(place, path);
    const changed = { ...cloud, ledger: { ...cloud.ledger, objects: { ...objects, read } } };
    return auditTenant(changed, estate.tenant, QUIET);
  };
  const good = await auditTenant(cloud, estate.tenant, QUIET);
  assert.deepEqual(good.findings.told, []);
  const full = Math.floor((good.log?.size ?? 0) / TILE_WIDTH);
  assert.ok(full >= 10, `${full} bundles are full`);
  for (const there of [undefined, new Uint8Array(40)]) {
    const { findings } = await audit(there);
    assert.equal(findings.count('tiles'), 2 * full, there ? 'forged' : 'gone');
  }
});
