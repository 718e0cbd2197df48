/**
 * Restore: into an empty database only, whole or not at all. The shape is made by the same steps that had made
 * it where the backup was taken, then the rows are put back in one transaction, in which their owner takes the
 * wall between tenants off its own tables and puts it up again.
 */
import pg from 'pg';
import { z } from 'zod';
import { fromBase64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { migrateJobs } from '../jobs/jobs.ts';
import { type EpochStore, newPlace } from '../keys/keys.ts';
import { hashOf, type Migration, migrate } from '../migrate.ts';
import { checkMaker, type Manifest, readBackup } from './file.ts';
import {
  EPOCH_FILES,
  EVIDENCE_OBJECTS,
  GENERATIONS,
  jobsStep,
  KEYS_APART,
  type Table,
  tablesOf,
} from './tables.ts';
import { rootKeyCheck } from './take.ts';

const ROWS_A_STATEMENT = 500;
/**
 * What lets its bearer in, once or for a while. Since the backup it may have been used up or ended, and the
 * restored rows would not know: people sign in anew, and a bank that waits for its enrolment gets a new code.
 */
const LET_IN: readonly string[] = ['sessions', 'sign_in_links', 'enrolment_codes'];

export type Restore = {
  ownerUrl: string;
  rootKey: Uint8Array;
  file: string;
  keysFile: string;
  migrations: readonly Migration[];
  epochs: EpochStore;
  random: Random;
  log: Log;
};
export type Restored = { manifest: Manifest; rows: number; sha256: string };

export async function restoreBackup(of: Restore): Promise<Restored> {
  // Both files are read whole before the database is touched.
  const tenantRows: string[] = [];
  const main = await readBackup(of.file, (table, json) => {
    if (table === TENANT_KEYS) tenantRows.push(json);
  });
  const keyRows: [string, string][] = [];
  const keys = await readBackup(of.keysFile, (table, json) => void keyRows.push([table, json]));
  const { manifest } = main;
  judge(of, manifest, keys.manifest);
  judgeGenerations(of, tenantRows, keyRows);
  checkMaker(of.file, main.whole, of.rootKey);
  checkMaker(of.keysFile, keys.whole, of.rootKey);
  const client = new pg.Client({ connectionString: of.ownerUrl, application_name: 'holdfast restore' });
  await client.connect();
  try {
    await refuseFilled(client);
    try {
      return await restoreInto(client, { of, manifest, keyRows, sha256: main.whole.sha256 });
    } catch (error) {
      // It was empty before, and is again: the next try is not refused for what this one left.
      await client.query('rollback');
      await client.query('drop owned by current_user cascade');
      throw error;
    }
  } finally {
    await client.end();
  }
}

type Into = { of: Restore; manifest: Manifest; keyRows: readonly [string, string][]; sha256: string };

async function restoreInto(client: pg.Client, { of, manifest, keyRows, sha256 }: Into): Promise<Restored> {
  const wanted = new Set(manifest.migrations.map(({ id }) => id));
  const migrations = of.migrations.filter(({ id }) => wanted.has(id));
  await migrate({ ownerUrl: of.ownerUrl, migrations, log: of.log });
  await migrateJobs({ ownerUrl: of.ownerUrl });
  if ((await jobsStep(client)) < manifest.jobsStep)
    throw new HoldfastError('conflict', 'the backup comes from a newer engine of jobs than this version has');
  const rows = await fill(client, { of, sha256, keyRows });
  return { manifest, rows, sha256 };
}

function judge(of: Restore, manifest: Manifest, keys: Manifest): void {
  const isApart = manifest.migrations.some(({ id }) => id === KEYS_APART);
  const belongs = isApart ? keys.madeAtMs >= manifest.madeAtMs : keys.backup === manifest.backup;
  if (
    manifest.part !== 'rows' ||
    keys.part !== 'keys' ||
    keys.rootKeyCheck !== manifest.rootKeyCheck ||
    !belongs
  )
    throw new HoldfastError(
      'input-invalid',
      `${of.keysFile} does not hold the epoch keys of ${of.file}: those of that backup, or newer ones`,
    );
  if (manifest.rootKeyCheck !== rootKeyCheck(of.rootKey))
    throw new HoldfastError(
      'input-invalid',
      'the backup was made under another root key than rootKeyFile holds',
    );
  const known = new Map(of.migrations.map((step) => [step.id, hashOf(step)]));
  const unknown = manifest.migrations.find(({ id, hash }) => known.get(id) !== hash);
  if (unknown)
    throw new HoldfastError(
      'input-invalid',
      `the backup has migration ${unknown.id}, which this version does not know: it comes from a newer version`,
    );
}

/**
 * What the file of keys holds is wrapped under one key of each tenant, and the rows bring one with them. After a rotation
 * they differ, and nothing would open.
 */
function judgeGenerations(
  of: Restore,
  tenantRows: readonly string[],
  keyRows: readonly [string, string][],
): void {
  const wraps = new Map(
    keyRows.flatMap(([table, json]) => {
      if (table !== GENERATIONS) return [];
      const { tenant, generation } = ofGeneration.parse(JSON.parse(json));
      return [[tenant, generation]];
    }),
  );
  for (const json of tenantRows) {
    const { tenant_id: tenant, generation } = ofTenantKey.parse(JSON.parse(json));
    if ((wraps.get(tenant) ?? 1) !== generation)
      throw new HoldfastError(
        'input-invalid',
        `the key of ${tenant} was rotated after ${of.file} was made: only epoch keys of before open it, and ${of.keysFile} is newer`,
      );
  }
}

async function refuseFilled(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') limit 1`,
  );
  if (rows[0])
    throw new HoldfastError(
      'conflict',
      `the database is not empty (${rows[0].name}): a backup is restored into an empty one only, and nothing is overwritten`,
    );
}

type Fill = { of: Restore; sha256: string; keyRows: readonly [string, string][] };

const NO_TABLES: readonly string[] = [EPOCH_FILES, GENERATIONS];
const SUBJECT_KEYS = 'public.subject_keys';
const DESTROYED = 'public.destroyed_subjects';
const TENANT_KEYS = 'public.tenant_keys';
/** Which a backup of a version before them does not know. */
const RETIRED: readonly string[] = ['public.retired_intake_keys', 'public.retired_notifier_keys'];
/** A backup of before rotations has a tenant's first key. */
const ofTenantKey = z.looseObject({ tenant_id: z.string(), generation: z.int().default(1) });
const ofGeneration = z.strictObject({ tenant: z.string(), generation: z.int() });
const ofPerson = z.looseObject({ tenant_id: z.string(), person_id: z.string() });
const epochFile = z.strictObject({ tenant: z.string(), epoch: z.int(), wrapped: z.string() });

/** Whose key was destroyed, by the file of keys and by what the folder remembers: no key of theirs comes back. */
function destroyedBy({ epochs }: Restore, keyRows: Fill['keyRows']): (json: string) => boolean {
  const named = keyRows.flatMap(([table, json]) =>
    table === DESTROYED ? [ofPerson.parse(JSON.parse(json)).person_id] : [],
  );
  const persons = new Map<string, Set<string>>();
  return (json) => {
    const { tenant_id: tenant, person_id: person } = ofPerson.parse(JSON.parse(json));
    const known = persons.get(tenant) ?? new Set([...named, ...epochs.destroyed(tenant as TenantId)]);
    persons.set(tenant, known);
    return known.has(person);
  };
}

/** At a place of this database's own: the files of the one that was backed up may still be in use. */
async function putEpochs(client: pg.Client, { of, keyRows }: Fill): Promise<void> {
  const places = new Map<string, string>();
  for (const [table, json] of keyRows) {
    if (table !== EPOCH_FILES) continue;
    const { tenant, epoch, wrapped } = epochFile.parse(JSON.parse(json));
    const place = places.get(tenant) ?? newPlace(of.random);
    places.set(tenant, place);
    await of.epochs.write(place, epoch, fromBase64url(wrapped) ?? new Uint8Array(0));
  }
  for (const [tenant, place] of places)
    await client.query('update tenant_keys set epoch_place = $2 where tenant_id = $1', [tenant, place]);
}

async function fill(client: pg.Client, filled: Fill): Promise<number> {
  const { of, sha256, keyRows } = filled;
  const isDestroyed = destroyedBy(of, keyRows);
  const put = async (table: string, json: string) => {
    if (table !== SUBJECT_KEYS || !isDestroyed(json)) await filler.row(table, json);
  };
  // Intake keys stood among the rows of earlier versions: those of the file of keys are the newer ones.
  const apart = new Set(keyRows.map(([table]) => table));
  const tables = await tablesOf(client);
  await client.query('begin');
  await each(
    tables,
    ({ name, walled }) => walled && `alter table ${name} no force row level security`,
    client,
  );
  const filler = new Filler(client, tables);
  const named = new Set(tables.map(({ name }) => name));
  for (const [table, json] of keyRows) {
    if (NO_TABLES.includes(table) || (RETIRED.includes(table) && !named.has(table))) continue;
    await put(table, json);
  }
  const again = await readBackup(of.file, async (table, json) => {
    // Bytes of evidence are put back behind the rows, for those who are not erased again.
    if (!apart.has(table) && table !== EVIDENCE_OBJECTS) await put(table, json);
  });
  if (again.whole.sha256 !== sha256)
    throw new HoldfastError('conflict', `${of.file} is another file now than it was a moment ago`);
  await filler.flush();
  await putEpochs(client, filled);
  for (const table of LET_IN) await client.query(`delete from ${table}`);
  for (const table of tables) await continueNumbers(client, table);
  // Who held a job then is gone; left as they are, its jobs would wait for hours.
  await client.query('update graphile_worker._private_jobs set locked_at = null, locked_by = null');
  await client.query('update graphile_worker._private_job_queues set locked_at = null, locked_by = null');
  await each(tables, ({ name, walled }) => walled && `alter table ${name} force row level security`, client);
  await client.query('commit');
  return filler.rows;
}

async function each(
  tables: readonly Table[],
  statement: (table: Table) => string | false,
  client: pg.Client,
): Promise<void> {
  for (const table of tables) {
    const text = statement(table);
    if (text) await client.query(text);
  }
}

/** The next number of an identity column follows the highest that is there. */
async function continueNumbers(client: pg.Client, { name, identities }: Table): Promise<void> {
  for (const column of identities) {
    const quoted = client.escapeIdentifier(column);
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), max(${quoted})) from ${name} having max(${quoted}) is not null`,
      [name, column],
    );
  }
}

class Filler {
  readonly #client: pg.Client;
  readonly #tables: Map<string, Table>;
  #table: Table | undefined;
  #waiting: string[] = [];
  rows = 0;

  constructor(client: pg.Client, tables: readonly Table[]) {
    this.#client = client;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  async row(name: string, json: string): Promise<void> {
    if (this.#table?.name !== name || this.#waiting.length === ROWS_A_STATEMENT) await this.flush();
    this.#table = this.#tables.get(name);
    if (!this.#table)
      throw new HoldfastError('input-invalid', `the backup holds rows of ${name}, which is no table here`);
    this.#waiting.push(json);
    this.rows += 1;
  }

  async flush(): Promise<void> {
    if (!this.#table || this.#waiting.length === 0) return;
    const { name, columns } = this.#table;
    const list = columns.join(', ');
    await this.#client.query(
      `insert into ${name} (${list}) overriding system value
       select ${list} from json_populate_recordset(null::${name}, $1::json)`,
      [`[${this.#waiting.join(',')}]`],
    );
    this.#waiting = [];
  }
}
