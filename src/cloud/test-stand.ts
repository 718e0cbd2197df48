/**
 * What the tests of the cloud's nouns stand on: a real PostgreSQL in a temporary folder, real keys and a
 * real journal, one tenant with one site, and a clock that can be moved. Banks are not told anything; who
 * was to be told is kept in a list.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { base64url } from '../crypto/bytes.ts';
import { newEd25519Key } from '../crypto/ed25519.ts';
import { equalBytes } from '../crypto/hash.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import { selfSignedAuthority } from '../crypto/x509.ts';
import type { SiteId, TenantId } from '../domain/ids.ts';
import { type LedgerRecord, parseRecord } from '../ledger/record.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { type Database, openDatabase, type Tx } from '../platform/database.ts';
import { silentLog } from '../platform/log.ts';
import type { Postgres } from '../platform/postgres.ts';
import { systemRandom } from '../platform/random.ts';
import { newStandFolder, startTestPostgres } from '../platform/test-postgres.ts';
import * as banks from './banks/banks.ts';
import { tidings } from './core.ts';
import type { Cloud } from './deps.ts';
import { folderOfEvidence } from './evidence/evidence.ts';
import { addJobs, migrateJobs } from './jobs/jobs.ts';
import { journal, openJournal } from './journal/journal.ts';
import { type EpochStore, folderOfEpochs, keysNoun, openKeys } from './keys/keys.ts';
import { hashOf, type Migration, migrate, prepareDatabase } from './migrate.ts';
import type { Noun } from './noun.ts';
import { people } from './people/people.ts';
import * as rosters from './rosters/rosters.ts';
import { createTenant, tenants } from './tenants/tenants.ts';
import { logsInMemory } from './test-logs.ts';

export type Stand = {
  cloud: Cloud;
  tenant: TenantId;
  site: SiteId;
  root: SigningKey;
  /** What a cloud has on its disk beside the database: here in memory, and the epochs in a folder. */
  rootKey: Uint8Array;
  epochs: EpochStore;
  /** The database, in `data`, and the cloud's own folder. */
  home: string;
  /** Moves the wall clock. */
  step(byMs: number): void;
  /** Sites whose banks were to be told, in order. */
  told: SiteId[];
  inTenant<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /** The tenant's own records of a kind, oldest first. */
  records(kind: string): Promise<LedgerRecord[]>;
  /** Every byte of every table, for finding what must not be there. */
  dump(): Promise<string>;
  /** As the role that no row security stops; no process of ours may run as it. */
  superuserUrl(): string;
  /** Those of the two roles; another database on the same server is prepared with the same, or ours would be shut out. */
  passwords: Passwords;
  close(): Promise<void>;
};

type Passwords = { ownerPassword: string; appPassword: string };

/** Nouns are migrated in the order of their steps; those that the stand itself needs are always there. */
export async function openStand(
  nouns: readonly Noun[],
  config: Partial<Cloud['config']> = {},
): Promise<Stand> {
  const home = await newStandFolder('hf-cloud-');
  const { server, passwords } = await startMigrated(join(home, 'data'), nouns);
  const closeServer = async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return await openOn({ server, passwords, config, closeServer, home });
  } catch (error) {
    await closeServer();
    throw error;
  }
}

/** A server with the database of these nouns, empty, and its two roles. */
export async function startMigrated(
  dataDir: string,
  nouns: readonly Noun[],
): Promise<{ server: Postgres; passwords: Passwords }> {
  const needed = [tenants, keysNoun, journal, people, banks.banks, rosters.rosters, ...nouns];
  const migrations = [...new Set(needed.flatMap((noun) => noun.migrations ?? []))];
  const steps = migrations.map((step) => `${step.id} ${hashOf(step)}`);
  const { server, kept } = await startTestPostgres({
    dataDir,
    kind: steps.sort().join('\n'),
    fill: async (empty) => JSON.stringify(await migrateAll(empty, migrations)),
  });
  return { server, passwords: JSON.parse(kept) as Passwords };
}

async function migrateAll(server: Postgres, migrations: readonly Migration[]): Promise<Passwords> {
  const passwords = {
    ownerPassword: base64url(systemRandom.bytes(18)),
    appPassword: base64url(systemRandom.bytes(18)),
  };
  await prepareDatabase({
    superuserUrl: server.connectionString(server.superuser, 'postgres'),
    database: 'holdfast',
    ...passwords,
  });
  const ownerUrl = server.connectionString('holdfast_owner', 'holdfast', passwords.ownerPassword);
  await migrate({ ownerUrl, migrations, log: silentLog });
  await migrateJobs({ ownerUrl });
  return passwords;
}

type On = {
  server: Postgres;
  passwords: Passwords;
  config: Partial<Cloud['config']>;
  closeServer(): Promise<void>;
  home: string;
};

async function openOn({ server, passwords, config, closeServer, home }: On): Promise<Stand> {
  let steppedMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + steppedMs };
  const url = server.connectionString('holdfast_app', 'holdfast', passwords.appPassword);
  const database = await openDatabase({ url, clock, log: silentLog });
  const told: SiteId[] = [];
  const [rootKey, dataDir] = [systemRandom.bytes(32), join(home, 'cloud')];
  const epochs = folderOfEpochs(dataDir);
  const authority = await newAuthority();
  const cloud = cloudOf({
    clock,
    database,
    told,
    config: { dataDir, ...config },
    authority,
    rootKey,
    epochs,
  });
  const { tenant, site, root } = await firstTenant(cloud);
  return {
    cloud,
    tenant,
    site,
    root,
    rootKey,
    epochs,
    home,
    told,
    step(byMs) {
      steppedMs += byMs;
    },
    inTenant: (run) => database.tenant(tenant, run),
    records: (kind) => recordsOf(database, tenant, kind),
    dump: () => dump(server),
    superuserUrl: () => server.connectionString(server.superuser, 'holdfast'),
    passwords,
    async close() {
      await database.close();
      await closeServer();
    },
  };
}

type Parts = {
  clock: Clock;
  database: Database;
  told: SiteId[];
  config: Partial<Cloud['config']>;
  authority: Cloud['authority'];
  rootKey: Uint8Array;
  epochs: EpochStore;
};

function cloudOf(of: Parts): Cloud {
  const { clock, database, told } = of;
  const keys = openKeys({ rootKey: of.rootKey, epochs: of.epochs, random: systemRandom, nowMs: clock.nowMs });
  const pin = () => base64url(systemRandom.bytes(32));
  return {
    config: of.config as Cloud['config'],
    database,
    keys,
    clock,
    random: systemRandom,
    log: silentLog,
    addJobs,
    journal: openJournal({ keys, clock, random: systemRandom }),
    pins: { current: pin(), next: pin(), offline: null },
    authority: of.authority,
    ledger: ledgerInMemory(),
    evidence: folderOfEvidence(String(of.config.dataDir)),
    changed: tidings.changed,
    tellBanks: async (_tx, site) => void told.push(site),
  };
}

function ledgerInMemory(): Cloud['ledger'] {
  const key = newEd25519Key();
  const keyOf = (publicKey: Uint8Array) => (equalBytes(publicKey, key.publicKey) ? key : undefined);
  return { key, keyOf, objects: logsInMemory() };
}

async function newAuthority(): Promise<Cloud['authority']> {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const times = { notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 86_400_000 };
  return {
    privateKey,
    certificatePem: await selfSignedAuthority({
      commonName: 'banks',
      privateKey,
      serial: Uint8Array.of(1, 2, 3),
      ...times,
    }),
  };
}

async function firstTenant(cloud: Cloud): Promise<{ tenant: TenantId; site: SiteId; root: SigningKey }> {
  const tenant = await createTenant(cloud);
  const root = newSigningKey();
  const of = { name: 'Riverside', rootKeys: [base64url(root.publicKey)], rootSignatures: 1 };
  const site = await cloud.database.tenant(tenant, (tx) => banks.addSite(cloud, tx, of));
  return { tenant, site, root };
}

async function recordsOf(database: Database, tenant: TenantId, kind: string): Promise<LedgerRecord[]> {
  const query = sql<{
    bytes: Uint8Array;
  }>`select bytes from records where source = ${tenant} and kind = ${kind} order by seq`;
  const { rows } = await database.tenant(tenant, (tx) => query.execute(tx));
  return rows.map((row) => {
    const parsed = parseRecord(new Uint8Array(row.bytes));
    if (!parsed.ok) throw new Error(`a record does not parse: ${parsed.why}`);
    return parsed.record;
  });
}

/** As the superuser, whom no row security stops. */
async function dump(server: Postgres): Promise<string> {
  const client = new pg.Client({ connectionString: server.connectionString(server.superuser, 'holdfast') });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_schema in ('public', 'graphile_worker') and table_type = 'BASE TABLE'`,
    );
    const parts: string[] = [];
    for (const { name } of rows) {
      const table = await client.query<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`);
      parts.push(`${name}\n${table.rows.map((row) => row.row).join('\n')}`);
    }
    return parts.join('\n');
  } finally {
    await client.end();
  }
}
