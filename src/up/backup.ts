/**
 * `holdfast admin backup FILE` and `holdfast admin restore FILE`: of the database of this machine, or, with
 * `--config`, of the one that a cloud's configuration names. A server that runs is used as it is; one that does
 * not is started for it and stopped again.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backup, type Command, restore } from '../cloud/backup/backup.ts';
import { prepareDatabase } from '../cloud/migrate.ts';
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { startPostgres } from '../platform/postgres.ts';
import { systemRandom } from '../platform/random.ts';
import { readSecrets } from './kept.ts';
import { type Places, placesIn } from './places.ts';
import { DATABASE } from './system.ts';

export type BackupArguments = {
  act: 'backup' | 'restore';
  file: string | undefined;
  values: { data?: string | undefined; config?: string | undefined; keys?: string | undefined };
  root: string;
};

export async function runBackup(given: BackupArguments): Promise<number> {
  const { act, values } = given;
  if (given.file === undefined)
    throw new HoldfastError('input-invalid', `say which file: holdfast admin ${act} FILE`);
  const file = resolve(given.file);
  const keysFile = resolve(values.keys ?? `${file}.keys`);
  if (keysFile === file)
    throw new HoldfastError('input-invalid', 'the epoch keys stand in a file of their own: --keys FILE');
  if (act === 'backup')
    for (const path of [file, keysFile])
      if (existsSync(path))
        throw new HoldfastError('conflict', `${path} is there already; nothing is overwritten`);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const run = act === 'backup' ? backup : restore;
  if (values.config !== undefined) await run({ config: resolve(values.config), file, keysFile, say });
  else
    await onThisMachine(placesIn(resolve(values.data ?? join(given.root, '.holdfast'))), run, {
      file,
      keysFile,
      say,
    });
  return 0;
}

async function onThisMachine(
  places: Places,
  run: (command: Command) => Promise<void>,
  of: Omit<Command, 'config'>,
): Promise<void> {
  await withDatabase(places, async (superuserUrl) => {
    const { ownerPassword, appPassword } = readSecrets(places);
    await prepareDatabase({ superuserUrl, database: DATABASE, ownerPassword, appPassword });
    await run({ ...of, config: join(places.cloud, 'config.json') });
  });
}

/** Over the server of this machine: one that runs is used, one that does not is started and stopped again. */
export async function withDatabase<T>(places: Places, run: (superuserUrl: string) => Promise<T>): Promise<T> {
  if (!existsSync(places.secretsFile))
    throw new HoldfastError(
      'not-found',
      `there is no system in ${places.data}; name a cloud’s configuration: --config FILE`,
    );
  const postgres = await startPostgres({
    dataDir: places.postgres,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    return await run(postgres.connectionString(postgres.superuser, 'postgres'));
  } finally {
    // One that ran before is somebody's: it goes on.
    if (!postgres.adopted) await postgres.stop();
  }
}
