/**
 * Backup: every row of the database as one moment saw it, and the sealed bytes of evidence that these rows name, in one
 * file; and apart from it, in another file, the
 * keys of persons with the epoch keys that wrap them, and those of codes under way. A copy of the rows alone opens
 * nobody's data, not even with the root key, and the newest file of keys opens every older copy for everybody but
 * those who were erased since. So what was forgotten stays forgotten, as long as only the newest file of keys is
 * kept. What else is not in it stands in `NOT_IN_IT`.
 *
 * It runs as the owner of the tables, beside a running cloud, and needs no superuser: the wall between tenants
 * stands for the owner too, so each tenant's rows are read behind their own wall.
 */
import pg from 'pg';
import { base64url } from '../../crypto/bytes.ts';
import { deriveKey, sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { EvidenceObjects } from '../evidence/evidence.ts';
import type { EpochStore } from '../keys/keys.ts';
import { copyEvidence } from './evidence-objects.ts';
import { BackupWriter, type Manifest, type Whole } from './file.ts';
import {
  EPOCH_FILES,
  GENERATIONS,
  jobsStep,
  KEY_TABLES,
  migrationsIn,
  type Table,
  tablesOf,
} from './tables.ts';

export const NOT_IN_IT: readonly string[] = [
  'the root key (rootKeyFile): a safe, never beside a backup',
  'the epoch keys and persons’ keys: the file beside, which is kept elsewhere and deleted when its newer one is there, and after every erasure',
  'the cloud’s folder (TLS keys, the banks’ authority, the operator’s token): a copy of its own, sealed under the root key',
  'the site root, the banks and their sealing keys: none of the cloud’s',
];

const ROWS_A_FETCH = 1000;

/** `missing`: evidence whose bytes were not there, so that the backup has none of them. */
export type Taken = { rows: Whole; keys: Whole; madeAtMs: number; missing: string[] };

/** Which root key it was: a hash of a key derived from it, which leads nobody back. */
export function rootKeyCheck(rootKey: Uint8Array): string {
  return base64url(sha256(deriveKey(rootKey, 'backup-check/v1')));
}

export async function takeBackup(of: {
  ownerUrl: string;
  rootKey: Uint8Array;
  backup: string;
  madeAtMs: number;
  file: string;
  keysFile: string;
  epochs: EpochStore;
  evidence: EvidenceObjects;
}): Promise<Taken> {
  const client = new pg.Client({ connectionString: of.ownerUrl, application_name: 'holdfast backup' });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const common: Omit<Manifest, 'part'> = {
      v: 1,
      backup: of.backup,
      madeAtMs: of.madeAtMs,
      migrations: await migrationsIn(client),
      jobsStep: await jobsStep(client),
      rootKeyCheck: rootKeyCheck(of.rootKey),
      notInIt: [...NOT_IN_IT],
    };
    const writers = {
      rows: new BackupWriter(of.file, { ...common, part: 'rows' }, of.rootKey),
      keys: new BackupWriter(of.keysFile, { ...common, part: 'keys' }, of.rootKey),
    };
    let missing: string[] = [];
    try {
      const tenants = await tenantsIn(client);
      const writerOf = (table: string) => (KEY_TABLES.includes(table) ? writers.keys : writers.rows);
      await copyAll(client, tenants, writerOf);
      missing = await copyEvidence(client, tenants, { ...of, writer: writers.rows });
      await copyEpochs(client, tenants, { epochs: of.epochs, writer: writers.keys });
      await copyGenerations(client, tenants, writers.keys);
    } catch (error) {
      writers.rows.abandon();
      writers.keys.abandon();
      throw error;
    }
    // The keys first: rows without their keys would look like a backup and be none.
    const keys = writers.keys.end();
    return { keys, rows: writers.rows.end(), madeAtMs: of.madeAtMs, missing };
  } finally {
    await client.end();
  }
}

/** Asked before any tenant is named: behind a wall there is only its own. */
async function tenantsIn(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('select tenant_id as id from tenants order by 1');
  return rows.map(({ id }) => id);
}

async function copyAll(
  client: pg.Client,
  tenants: readonly string[],
  writerOf: (table: string) => BackupWriter,
): Promise<void> {
  for (const table of await tablesOf(client)) {
    const writer = writerOf(table.name);
    if (!table.walled) await copyTable(client, table, writer);
    else
      for (const id of tenants) {
        await client.query(`select set_config('holdfast.tenant', $1, true)`, [id]);
        await copyTable(client, table, writer);
      }
  }
}

/** The files that the copied rows need. One that is gone was replaced while the rows were copied. */
async function copyEpochs(
  client: pg.Client,
  tenants: readonly string[],
  { epochs, writer }: { epochs: EpochStore; writer: BackupWriter },
): Promise<void> {
  for (const id of tenants) {
    await client.query(`select set_config('holdfast.tenant', $1, true)`, [id]);
    const { rows } = await client.query<{ place: string; epoch: number }>(
      `select t.epoch_place as place, e.epoch from tenant_keys t, wrapping_epochs e
       where e.wrapped is null and t.epoch_place is not null order by e.epoch`,
    );
    for (const { place, epoch } of rows) {
      const wrapped = epochs.read(place, epoch);
      if (!wrapped)
        throw new HoldfastError('conflict', 'somebody was erased meanwhile; take the backup again');
      writer.row(EPOCH_FILES, JSON.stringify({ tenant: id, epoch, wrapped: base64url(wrapped) }));
    }
  }
}

async function copyGenerations(
  client: pg.Client,
  tenants: readonly string[],
  writer: BackupWriter,
): Promise<void> {
  for (const tenant of tenants) {
    await client.query(`select set_config('holdfast.tenant', $1, true)`, [tenant]);
    const { rows } = await client.query<{ generation: number }>('select generation from tenant_keys');
    writer.row(GENERATIONS, JSON.stringify({ tenant, generation: rows[0]?.generation ?? 1 }));
  }
}

async function copyTable(client: pg.Client, { name }: Table, writer: BackupWriter): Promise<void> {
  await client.query(`declare rows no scroll cursor for select row_to_json(t)::text as json from ${name} t`);
  for (;;) {
    const { rows } = await client.query<{ json: string }>(`fetch ${ROWS_A_FETCH} from rows`);
    if (rows.length === 0) break;
    for (const { json } of rows) writer.row(name, json);
  }
  await client.query('close rows');
}
