/** What everything in the cloud stands on: its files, its database in its present shape, its keys and its journal. */

import { parseId, type SiteId, type TenantId } from '../domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import { notify, openDatabase, tenantOf } from '../platform/database.ts';
import { requireOwner } from '../platform/folder-owner.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { CloudConfig } from './config.ts';
import { type Cloud, TOPICS, type Topic } from './deps.ts';
import { folderOfEvidence } from './evidence/evidence.ts';
import { type CloudFiles, openFiles, pinsOf } from './files.ts';
import { addJobs, migrateJobs } from './jobs/jobs.ts';
import { openJournal } from './journal/journal.ts';
import { folderOfEpochs, openKeys } from './keys/keys.ts';
import { folderOfLogs } from './log/log.ts';
import { migrate } from './migrate.ts';
import type { Noun } from './noun.ts';

export type CloudDeps = { config: CloudConfig; clock: Clock; random: Random; log: Log };

export type Core = { cloud: Cloud; files: CloudFiles };

/** Channels of NOTIFY. Payloads hold ids and words of closed lists. */
const CHANGED = 'holdfast_changed';
const TELL = 'holdfast_tell';

/** Whom a change is told to is read from the transaction that made it; a caller cannot name another tenant. */
export const tidings: Pick<Cloud, 'changed' | 'tellBanks'> = {
  changed: async (tx, topics) => notify(tx, CHANGED, [tenantOf(tx), ...topics].join(' ')),
  tellBanks: async (tx, site) => notify(tx, TELL, `${tenantOf(tx)} ${site}`),
};

export async function openCore(deps: CloudDeps, nouns: readonly Noun[]): Promise<Core> {
  const { config, log } = deps;
  requireOwner(config.dataDir);
  const files = await openFiles(config);
  await migrate({
    ownerUrl: config.ownerDatabaseUrl,
    migrations: nouns.flatMap((noun) => noun.migrations ?? []),
    log,
  });
  await migrateJobs({ ownerUrl: config.ownerDatabaseUrl });
  return { cloud: await openOver(deps, files), files };
}

/** What is there, as it is: nothing is migrated, and nothing written. For who only reads. */
export async function openStored(deps: CloudDeps): Promise<Cloud> {
  return openOver(deps, await openFiles(deps.config));
}

async function openOver({ config, clock, random, log }: CloudDeps, files: CloudFiles): Promise<Cloud> {
  const database = await openDatabase({ url: config.databaseUrl, clock, log });
  const keys = openKeys({
    rootKey: files.rootKey,
    epochs: folderOfEpochs(config.dataDir),
    random,
    nowMs: () => clock.nowMs(),
  });
  return {
    config,
    database,
    keys,
    journal: openJournal({ keys, clock, random }),
    clock,
    random,
    log,
    pins: pinsOf(files, config.offlinePin),
    authority: files.authority,
    ledger: { key: files.ledgerKey, keyOf: files.ledgerKeyOf, objects: folderOfLogs(config.dataDir) },
    evidence: folderOfEvidence(config.dataDir),
    addJobs,
    ...tidings,
  };
}

export type Heard = {
  onChanged(tenant: TenantId, topics: readonly Topic[]): void;
  onTell(tenant: TenantId, site: SiteId): void;
  /** The line broke and is back: anything may have been said meanwhile. */
  onGap(): void;
};

/** Hears what any process of this database has committed. */
export async function hear(cloud: Cloud, heard: Heard): Promise<void> {
  const onChanged = (payload: string) => {
    const [first = '', ...words] = payload.split(' ');
    const tenant = parseId('tenant', first);
    if (tenant)
      heard.onChanged(
        tenant,
        TOPICS.filter((topic) => words.includes(topic)),
      );
  };
  await cloud.database.listen(CHANGED, onChanged, () => heard.onGap());
  await cloud.database.listen(TELL, (payload) => {
    const [first = '', second = ''] = payload.split(' ');
    const tenant = parseId('tenant', first);
    const site = parseId('site', second);
    if (tenant && site) heard.onTell(tenant, site);
  });
}
