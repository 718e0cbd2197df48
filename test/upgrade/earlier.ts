/** A state of an earlier version, laid out for this one: its database on a server of ours, its folder, and its time. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startTestRig, type TestRig } from '../../rig/test-rig.ts';
import type { CloudConfig } from '../../src/cloud/config.ts';
import type { CloudDeps } from '../../src/cloud/core.ts';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import type { AgentDeps } from '../../src/edge/agent.ts';
import { makeSealingKey } from '../../src/edge/sealing-key.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Seeded } from '../../src/up/kept.ts';
import { CU16_PROFILE } from '../bank.ts';
import { layDown, type State } from './state.ts';

/** So long after it was left a state is opened: its codes live for days, and a test runs for years. */
const LATER_MS = 3_600_000;
const NOWHERE = { host: '127.0.0.1', port: 9 };

export type Earlier = {
  state: State;
  seeded: Seeded;
  /** The data folder. */
  folder: string;
  cloud: CloudDeps;
  bank: AgentDeps;
  /** The cabinet as it stood, with what lay in it. */
  rig: TestRig;
  /** What broke the bank's agent, if anything did. */
  fatal: Error[];
  /** As the role that no row security stops. */
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>;
};

export type Server = { postgres: Postgres; home: string; stop(): Promise<void> };

const passwords = {
  ownerPassword: base64url(systemRandom.bytes(18)),
  appPassword: base64url(systemRandom.bytes(18)),
};

export async function startServer(): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'hf-upgrade-'));
  // PostgreSQL refuses to run as root; its own user has to reach its folder.
  chmodSync(home, 0o755);
  const own = { clock: systemClock, random: systemRandom, log: silentLog };
  const postgres = await startPostgres({ dataDir: join(home, 'data'), ...own });
  return {
    postgres,
    home,
    async stop() {
      await postgres.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Called outside of hooks and tests, because the rig lives as long as the file. */
export async function layOut(server: Server, state: State): Promise<Earlier> {
  const { postgres, home } = server;
  const database = `state_${state.name.replaceAll('-', '_')}`;
  await prepareDatabase({
    superuserUrl: postgres.connectionString(postgres.superuser, 'postgres'),
    database,
    ...passwords,
  });
  const query = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => {
    const client = new pg.Client({
      connectionString: postgres.connectionString(postgres.superuser, database),
    });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  };
  await query(state.sql);
  const folder = join(home, state.name);
  layDown(state, folder);
  const shiftMs = state.about.madeAtMs + LATER_MS - systemClock.nowMs();
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + shiftMs };
  const deps = { clock, random: systemRandom, log: silentLog };
  const rig = await startTestRig({ dataDir: join(folder, 'rig') });
  const fatal: Error[] = [];
  return {
    state,
    seeded: state.known.seeded as Seeded,
    folder,
    cloud: { ...deps, config: cloudConfigIn({ folder, database, postgres }) },
    bank: { ...deps, config: bankConfigIn(folder, rig), onFatal: (error) => void fatal.push(error) },
    rig,
    fatal,
    query,
  };
}

type Place = { folder: string; database: string; postgres: Postgres };

function cloudConfigIn({ folder, database, postgres }: Place): CloudConfig {
  const dataDir = join(folder, 'cloud');
  return {
    databaseUrl: postgres.connectionString('holdfast_app', database, passwords.appPassword),
    ownerDatabaseUrl: postgres.connectionString('holdfast_owner', database, passwords.ownerPassword),
    dataDir,
    rootKeyFile: join(dataDir, 'root.key'),
    operatorTokenFile: join(dataDir, 'operator.token'),
    http: { port: 0 },
    https: { host: '127.0.0.1', port: 0, hosts: ['localhost', '127.0.0.1'] },
    broker: { embedded: { host: '127.0.0.1', port: 0 } },
    offlinePin: null,
    mail: { ...NOWHERE, tls: 'starttls', user: 'u', password: 'p', caPem: 'none', from: 'a@b.example' },
    sms: { url: `http://${NOWHERE.host}:${NOWHERE.port}`, token: 'x'.repeat(16) },
    urls: {
      resident: 'http://localhost/resident',
      courier: 'http://localhost/courier',
      admin: 'http://localhost/admin',
    },
    webDir: null,
    development: true,
    startFile: null,
    logPath: null,
    logLevel: 'silent',
  };
}

/** As an operator has it who read what is new: a bank from before sealing keys is given one. */
function bankConfigIn(folder: string, rig: TestRig): AgentDeps['config'] {
  const sealingKey = join(folder, 'seal', 'bank.key');
  if (!existsSync(sealingKey)) makeSealingKey(sealingKey);
  return {
    dataDir: join(folder, 'edge', 'bank'),
    commissioningFile: join(folder, 'edge', 'commissioning.json'),
    sealingKey: { kind: 'file', path: sealingKey },
    kiosk: { port: 0, webDir: null },
    boards: {
      family: 'kerong-cu',
      line: { kind: 'tcp', host: '127.0.0.1', port: rig.ports.serial },
      profile: CU16_PROFILE,
      pollMs: 60,
    },
    scanner: { host: '127.0.0.1', port: rig.ports.scanner },
    uplink: NOWHERE,
    logPath: null,
    logLevel: 'silent',
  };
}
