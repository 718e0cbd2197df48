/** What `holdfast admin backup` and `holdfast admin restore` do with a database that answers. */
import { base64url } from '../../crypto/bytes.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config.ts';
import { requireOwner } from '../../platform/folder-owner.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { type CloudConfig, cloudConfig } from '../config.ts';
import { type CloudDeps, openCore } from '../core.ts';
import type { Cloud } from '../deps.ts';
import { openFiles } from '../files.ts';
import * as journal from '../journal/journal.ts';
import { folderOfEpochs } from '../keys/keys.ts';
import { createLog, judgeLog } from '../log/log.ts';
import { eraseLost } from '../privacy/privacy.ts';
import { allTenants } from '../tenants/tenants.ts';
import { putEvidenceBack } from './evidence-objects.ts';
import { restoreBackup } from './restore.ts';
import { EVIDENCE_OBJECTS } from './tables.ts';
import { NOT_IN_IT, takeBackup } from './take.ts';

export type Command = {
  config: string;
  /** The database where it is not the one that the configuration names. */
  urls?: Pick<CloudConfig, 'databaseUrl' | 'ownerDatabaseUrl'>;
  file: string;
  keysFile: string;
  say(line: string): void;
};

const configOf = ({ config, urls }: Command): CloudConfig => ({
  ...readConfig(config, cloudConfig),
  ...urls,
});

const depsOf = (config: CloudConfig): CloudDeps => ({
  config,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});

/** Answers whether everything is in it. */
export async function backup(command: Command): Promise<boolean> {
  const { file, keysFile, say } = command;
  const config = configOf(command);
  const { cloud, files } = await openCore(depsOf(config), NOUNS);
  try {
    const began = systemClock.monotonicMs();
    const { rows, keys, missing } = await takeBackup({
      ownerUrl: config.ownerDatabaseUrl,
      rootKey: files.rootKey,
      backup: base64url(systemRandom.bytes(16)),
      madeAtMs: systemClock.nowMs(),
      file,
      keysFile,
      epochs: folderOfEpochs(config.dataDir),
      evidence: cloud.evidence,
    });
    const facts = { bytes: rows.bytes, hash: rows.sha256 };
    await inEachTenant(cloud, async (tx) => {
      await cloud.journal.record(tx, { kind: 'backup.made', facts });
    });
    const objects = rows.rows[EVIDENCE_OBJECTS] ?? 0;
    const count = Object.values(rows.rows).reduce((sum, some) => sum + some, 0) - objects;
    say(
      `${file}: ${count} rows, ${objects} objects of evidence, ${rows.bytes} bytes, SHA-256 ${rows.sha256}`,
    );
    say(
      `${keysFile}: ${Object.values(keys.rows).reduce((sum, some) => sum + some, 0)} keys; without it, or a newer one, nobody’s data opens. Keep it elsewhere, and delete it with the next one`,
    );
    say('not in it:');
    for (const what of NOT_IN_IT) say(`  ${what}`);
    for (const id of missing)
      say(`MISSING: the bytes of ${id} are not in the folder evidence/, and so not in this backup`);
    say(`backup took ${seconds(began)}`);
    return missing.length === 0;
  } finally {
    await cloud.database.close();
  }
}

/** Answers whether everything is there again that the records speak of. */
export async function restore(command: Command): Promise<boolean> {
  const { file, keysFile, say } = command;
  const config = configOf(command);
  const began = systemClock.monotonicMs();
  // Epochs and rows are put back before the core, which looks as well, is opened.
  requireOwner(config.dataDir);
  const { rootKey } = await openFiles(config);
  const { manifest, rows, sha256 } = await restoreBackup({
    ownerUrl: config.ownerDatabaseUrl,
    rootKey,
    file,
    keysFile,
    epochs: folderOfEpochs(config.dataDir),
    random: systemRandom,
    migrations: NOUNS.flatMap((noun) => noun.migrations ?? []),
    log: silentLog,
  });
  const { cloud } = await openCore(depsOf(config), NOUNS);
  try {
    say(`${rows} rows restored; the backup is ${age(systemClock.nowMs() - manifest.madeAtMs)} old`);
    await inEachTenant(cloud, async (tx) => {
      await cloud.journal.record(tx, { kind: 'backup.restored', facts: { hash: sha256 } });
      for (const source of await journal.sources(tx)) {
        const end = source.startsWith('bank_') ? await journal.endOf(tx, source) : undefined;
        if (end) say(`  ${source}: records up to ${end.lastSeq}`);
      }
    });
    await eraseAgain(cloud, say);
    await succeedLogs(cloud, config, say);
    const isWhole = await restoreEvidence(cloud, { file, sha256 }, say);
    say(
      'A bank that is ahead of these sends again what is missing, when the cloud runs: the alarm gap names the',
    );
    say('numbers and ends with the last of them (docs/runbooks/restore.md)');
    say(`restore took ${seconds(began)}`);
    return isWhole;
  } finally {
    await cloud.database.close();
  }
}

/** Who was erased after the backup was made has no key any more, and stays erased. */
async function eraseAgain(cloud: Cloud, say: Command['say']): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    const lost = await eraseLost(cloud, tenant);
    say(
      lost === 0
        ? `  ${tenant}: everybody can be read who could be then`
        : `  ${tenant}: ${lost} persons were erased since and can no longer be read; they are erased here too, as recorded`,
    );
  }
}

async function restoreEvidence(
  cloud: Cloud,
  of: { file: string; sha256: string },
  say: Command['say'],
): Promise<boolean> {
  const { put, findings } = await putEvidenceBack(cloud, of);
  say(`  ${put} objects of evidence were put back`);
  for (const { where, what } of findings) say(`MISSING: ${where}: ${what}`);
  return findings.length === 0;
}

/** A log that was ahead of the backup cannot go on from it: what was signed since would be contradicted. */
async function succeedLogs(cloud: Cloud, { https }: CloudConfig, say: Command['say']): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    const wrong = await judgeLog(cloud, tenant);
    if (wrong === undefined) continue;
    const origin = await createLog(cloud, { tenant, host: https.hosts[0] ?? '', succeeds: true });
    say(`  the log of ${tenant} has a successor, ${origin}, with every record that is here: ${wrong}`);
  }
}

async function inEachTenant(
  cloud: Cloud,
  run: Parameters<typeof cloud.database.tenant<void>>[1],
): Promise<void> {
  for (const tenant of await allTenants(cloud)) await cloud.database.tenant(tenant, run);
}

const seconds = (beganMs: number) => `${((systemClock.monotonicMs() - beganMs) / 1000).toFixed(1)} s`;

function age(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}
