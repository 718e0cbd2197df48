/** A whole cloud in this process, as it is started in earnest: its database, broker, files and both HTTP ports. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NOUNS, type RunningCloud, startCloud } from '../../src/cloud/cloud.ts';
import type { CloudConfig } from '../../src/cloud/config.ts';
import { type CloudDeps, openCore } from '../../src/cloud/core.ts';
import { initFiles } from '../../src/cloud/files.ts';
import { type Seeded, seed } from '../../src/cloud/seed/seed.ts';
import { startMigrated } from '../../src/cloud/test-stand.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { Postgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { newStandFolder } from '../../src/platform/test-postgres.ts';

export type WholeCloud = {
  cloud: RunningCloud;
  /** What it was started with, for starting another. */
  deps: CloudDeps;
  seeded: Seeded;
  /** As the role that no row security stops. */
  superuserUrl: string;
  stop(): Promise<void>;
};

export async function startWholeCloud(clock: Clock = systemClock): Promise<WholeCloud> {
  const home = await newStandFolder('hf-whole-');
  const own = { clock, random: systemRandom, log: silentLog };
  const { server: postgres, passwords } = await startMigrated(join(home, 'data'), NOUNS);
  const deps: CloudDeps = { ...own, config: configFor({ home, postgres, ...passwords }) };
  await initFiles(deps.config, own);
  const core = await openCore(deps, NOUNS);
  const seeded = await seed(core.cloud, {
    badgeHash: base64url(systemRandom.bytes(32)),
    rootKeys: [base64url(newSigningKey().publicKey)],
  });
  await core.cloud.database.close();
  const cloud = await startCloud(deps);
  return {
    cloud,
    deps,
    seeded,
    superuserUrl: postgres.connectionString('postgres', 'holdfast'),
    async stop() {
      await cloud.stop();
      await postgres.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Made = { home: string; postgres: Postgres; ownerPassword: string; appPassword: string };

function configFor({ home, postgres, ...passwords }: Made): CloudConfig {
  const dataDir = join(home, 'cloud');
  return {
    databaseUrl: postgres.connectionString('holdfast_app', 'holdfast', passwords.appPassword),
    ownerDatabaseUrl: postgres.connectionString('holdfast_owner', 'holdfast', passwords.ownerPassword),
    dataDir,
    rootKeyFile: join(dataDir, 'root.key'),
    operatorTokenFile: join(dataDir, 'operator.token'),
    http: { port: 0 },
    https: { host: '127.0.0.1', port: 0, hosts: ['localhost', '127.0.0.1'] },
    broker: { embedded: { host: '127.0.0.1', port: 0 } },
    offlinePin: null,
    mail: {
      host: '127.0.0.1',
      port: 9,
      tls: 'starttls',
      user: 'u',
      password: 'p',
      caPem: 'none',
      from: 'a@b.example',
    },
    sms: { url: 'http://127.0.0.1:9', token: 'x'.repeat(16) },
    urls: {
      resident: 'http://localhost/resident',
      courier: 'http://localhost/courier',
      admin: 'http://localhost/admin',
    },
    webDir: null,
    development: false,
    startFile: null,
    logPath: null,
    logLevel: 'silent',
  };
}
