/**
 * `holdfast admin backup FILE` and `holdfast admin restore FILE`: of the database of this machine, or, with
 * `--config`, of the one that a cloud's configuration names. This machine's is found as `holdfast up` finds it: the
 * server of `DATABASE_URL`, or the package's. The package's is used as it is where it runs; where it does not it is
 * started for it and stopped again.
 *
 * No other program is started, so no password stands in an argument or in another one's environment.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { backup, type Command, restore } from '../cloud/backup/backup.ts';
import { prepareDatabase } from '../cloud/migrate.ts';
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { ownServers, readConfig } from '../platform/config.ts';
import { requireOwner } from '../platform/folder-owner.ts';
import { silentLog } from '../platform/log.ts';
import { startPostgres } from '../platform/postgres.ts';
import { systemRandom } from '../platform/random.ts';
import { readSecrets, readState } from './kept.ts';
import { type Places, placesIn } from './places.ts';
import { DATABASE, urlAs } from './system.ts';

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
  let isWhole = false;
  if (values.config !== undefined)
    isWhole = await run({ config: resolve(values.config), file, keysFile, say });
  else
    await onThisMachine(
      placesIn(resolve(values.data ?? join(given.root, '.holdfast'))),
      async (found) => {
        isWhole = await run({ ...found, file, keysFile, say });
      },
      { mayBeGone: act === 'restore' },
    );
  return isWhole ? 0 : 1;
}

type Urls = NonNullable<Command['urls']>;
type Found = Pick<Command, 'config' | 'urls'>;

/** Whether an empty database is made in the place of one that is gone, as a restore wants it. */
type MayBeGone = { mayBeGone: boolean };

const configOf = (places: Places) => join(places.cloud, 'config.json');

/** Runs with the configuration of this machine's cloud, whose database answers meanwhile. */
export async function onThisMachine(
  places: Places,
  run: (found: Found) => Promise<void>,
  more: MayBeGone = { mayBeGone: false },
): Promise<void> {
  requireSystem(places);
  const config = configOf(places);
  const own = ownServers().databaseUrl;
  if (own !== undefined) return await onOwnServer(own, places, (urls) => run({ config, urls }));
  const prepared = async (superuserUrl: string | null) => {
    if (superuserUrl !== null) {
      const { ownerPassword, appPassword } = readSecrets(places);
      await prepareDatabase({ superuserUrl, database: DATABASE, ownerPassword, appPassword });
    }
    await run({ config });
  };
  await withDatabase(places, prepared, more);
}

/**
 * Over the server of this machine: one that runs is used, one that does not is started and stopped again. Where the
 * system was started over a server of its operator's, the package's would be another, empty database: null then.
 */
export async function withDatabase<T>(
  places: Places,
  run: (superuserUrl: string | null) => Promise<T>,
  { mayBeGone }: MayBeGone = { mayBeGone: false },
): Promise<T> {
  requireSystem(places);
  if (isElsewhere(configOf(places))) return await run(null);
  const postgres = await startPostgres({
    dataDir: places.postgres,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
    mustExist: !mayBeGone && readState(places).commissioned,
  });
  try {
    return await run(postgres.connectionString(postgres.superuser, 'postgres'));
  } finally {
    // One that ran before is somebody's: it goes on.
    if (!postgres.adopted) await postgres.stop();
  }
}

function requireSystem(places: Places): void {
  // Its database may be started next, and that writes.
  requireOwner(places.cloud);
  if (existsSync(places.secretsFile)) return;
  throw new HoldfastError(
    'not-found',
    `there is no system in ${places.data}; name a cloud’s configuration: --config FILE`,
  );
}

/** Makes what is missing there, as `up` does: a server that took the place of a lost one is empty. */
async function onOwnServer(own: string, places: Places, run: (urls: Urls) => Promise<void>): Promise<void> {
  const { ownerPassword, appPassword } = readSecrets(places);
  await prepareDatabase({ superuserUrl: own, database: DATABASE, ownerPassword, appPassword });
  await run({
    databaseUrl: urlAs(own, 'holdfast_app', appPassword),
    ownerDatabaseUrl: urlAs(own, 'holdfast_owner', ownerPassword),
  });
}

const named = z.looseObject({ ownerDatabaseUrl: z.string() });

/** The package's server listens on a Unix socket and nowhere else. */
function isElsewhere(config: string): boolean {
  if (!existsSync(config)) return false;
  const { ownerDatabaseUrl } = readConfig(config, named);
  return !(new URL(ownerDatabaseUrl).searchParams.get('host') ?? '').startsWith('/');
}
