/** Starting and stopping the whole: the steps of `up`, in order, each printed. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasTables, prepareDatabase } from '../cloud/migrate.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { removeDurable, writeDurable } from '../platform/durable.ts';
import { silentLog } from '../platform/log.ts';
import { type Postgres, startPostgres } from '../platform/postgres.ts';
import { removeDatabase } from '../platform/postgres-data.ts';
import { systemRandom } from '../platform/random.ts';
import { Children } from './children.ts';
import {
  cloudSpec,
  edgeSpec,
  type OwnBroker,
  requireFenceable,
  rigSpec,
  type SystemConfig,
  signerSpec,
  writeConfigs,
} from './configs.ts';
import { watchDatabase } from './database-watch.ts';
import { requireRoom } from './disk-room.ts';
import {
  commission,
  firstStart,
  provideSealingKey,
  rosterIsApplied,
  writeBrokerFiles,
} from './first-start.ts';
import { claimFolder } from './folder.ts';
import { readState } from './kept.ts';
import { takeLock } from './lock.ts';
import { makePlaces, type Places, placesIn } from './places.ts';
import { type Ports, portsFrom, requireFree } from './ports.ts';
import { goesLater } from './priority.ts';
import { type RunFile, runFileOf } from './run-file.ts';
import { unlessAborted, waitFor } from './wait.ts';

export const DATABASE = 'holdfast';

export type StartSystem = {
  root: string;
  data: string;
  base: number;
  fresh: boolean;
  clock: Clock;
  say(line: string): void;
  /** Servers of the operator's own; what is not named is the package's. */
  own?: OwnServers;
  /** Breaks the start off: behind the step under way, and at once where it only waits. */
  signal?: AbortSignal;
};

export type OwnServers = {
  /** PostgreSQL, as a role that may make roles and databases. */
  databaseUrl?: string | undefined;
  /** A Mosquitto on this machine, and what to do once its files are written to `dir`. */
  broker?: (OwnBroker & { ready(dir: string, signal?: AbortSignal): Promise<void> }) | undefined;
};

export type System = {
  run: RunFile;
  ports: Ports;
  places: Places;
  children: Children;
  stop(): Promise<void>;
};

const ROSTER_MS_MAX = 30_000;
const BOARDS_MS_MAX = 10_000;

export async function startSystem(given: StartSystem): Promise<System> {
  const places = placesIn(given.data);
  const ports = portsFrom(given.base);
  requireRoom(places.data, { first: !existsSync(places.stateFile) });
  requireFenceable({ root: given.root, places });
  claimFolder({ root: given.root, data: places.data });
  makePlaces(places);
  const unlock = takeLock(places, `http://localhost:${ports.start}`);
  const undo: (() => Promise<void> | void)[] = [unlock];
  const stop = async () => {
    // In reverse: what was started last depends on what was started first.
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await startSteps({ given, places, ports, undo, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

type Steps = {
  given: StartSystem;
  places: Places;
  ports: Ports;
  undo: (() => Promise<void> | void)[];
  stop(): Promise<void>;
};

async function startSteps({ given, places, ports, undo, stop }: Steps): Promise<System> {
  const { say, signal } = given;
  await requireFree(ports, given.base);
  await beginAnew(given, places);
  signal?.throwIfAborted();
  const server = await findDatabase(places, given, undo);
  signal?.throwIfAborted();
  const secrets = await firstStart({ places, root: given.root, say });
  signal?.throwIfAborted();
  const config: SystemConfig = {
    root: given.root,
    places,
    ports,
    secrets,
    databaseUrl: server.urlOf('holdfast_app', secrets.appPassword),
    ownerDatabaseUrl: server.urlOf('holdfast_owner', secrets.ownerPassword),
    relocated: server.relocated,
    broker: brokerOf(given.own),
  };
  const { ownerPassword, appPassword } = secrets;
  const { superuserUrl } = server;
  const prepared = prepareDatabase({ superuserUrl, database: DATABASE, ownerPassword, appPassword });
  await unlessAborted(prepared, signal);
  const children = childrenOf(given, config);
  undo.push(() => children.stopAll(['edge', 'cloud', 'signer', 'rig']));
  await provideSealingKey(config, say);
  await writeConfigs(config);
  signal?.throwIfAborted();
  const first = !readState(places).commissioned;
  if (first) {
    await commission.seed({ config, say });
    // The rig and the start page show the people of the seed.
    await writeConfigs(config);
  } else {
    await commission.renew({ config, say });
  }
  signal?.throwIfAborted();
  if (given.own?.broker) {
    await writeBrokerFiles(config);
    await given.own.broker.ready(join(places.cloud, 'broker'), signal);
  }
  say('starting cloud, rig and signer');
  const started = [rigSpec, cloudSpec, signerSpec].map((spec) => children.start(spec(config)));
  await unlessAborted(Promise.all(started), signal);
  say('starting the bank’s agent');
  await unlessAborted(children.start(edgeSpec(config)), signal);
  if (first) await commission.finish({ config, say, signal });
  await bankServes(ports, given);
  const run = await runFileOf(config);
  await writeDurable(places.runFile, `${JSON.stringify(run, null, 2)}\n`, 0o600);
  return { run, ports, places, children, stop };
}

function childrenOf({ root, clock, say }: StartSystem, config: SystemConfig): Children {
  const children = new Children({
    root,
    clock,
    say,
    onMessage(name, message) {
      const { power } = message as { power?: boolean };
      if (name !== 'rig' || power === undefined) return;
      say(
        power
          ? 'the cabinet has power again: starting its agent'
          : 'the cabinet lost its power: its agent is cut off',
      );
      if (!power) return children.cut('edge');
      children.start(edgeSpec(config)).catch((error: unknown) => say((error as Error).message));
    },
  });
  return children;
}

async function bankServes(ports: Ports, { clock, signal }: StartSystem): Promise<void> {
  await waitFor({
    clock,
    what: 'the bank to hold a signed roster',
    msMax: ROSTER_MS_MAX,
    signal,
    holds: () => rosterIsApplied(ports),
  });
  await waitFor({
    clock,
    what: 'the lock boards to answer',
    msMax: BOARDS_MS_MAX,
    signal,
    holds: () => boardsAnswer(ports),
  });
}

async function startDatabase(places: Places, given: StartSystem, undo: Steps['undo']): Promise<Postgres> {
  given.say('starting PostgreSQL');
  const postgres = await startPostgres({
    dataDir: places.postgres,
    log: silentLog,
    clock: given.clock,
    random: systemRandom,
    mustExist: readState(places).commissioned,
  });
  undo.push(() => postgres.stop());
  goesLater(postgres.pid);
  const watch = watchDatabase(postgres, { clock: given.clock, say: given.say, onStarted: goesLater });
  undo.push(() => watch.end());
  if (postgres.adopted) given.say('a database server left behind by an earlier run was adopted');
  if (postgres.movedFrom !== null)
    given.say(
      `the database was moved out of ${postgres.movedFrom}, which a restart of the machine may empty`,
    );
  if (postgres.relocated) given.say(postgres.relocated.says);
  return postgres;
}

type Server = {
  superuserUrl: string;
  urlOf(role: string, password: string): string;
  relocated: string | null;
};

/** The operator's own server, by its address, or the package's. */
async function findDatabase(places: Places, given: StartSystem, undo: Steps['undo']): Promise<Server> {
  const own = given.own?.databaseUrl;
  if (own !== undefined) {
    given.say('using the PostgreSQL server of DATABASE_URL');
    return { superuserUrl: own, urlOf: (role, password) => urlAs(own, role, password), relocated: null };
  }
  const postgres = await startDatabase(places, given, undo);
  return {
    superuserUrl: postgres.connectionString(postgres.superuser, 'postgres'),
    urlOf: (role, password) => postgres.connectionString(role, DATABASE, password),
    relocated: postgres.relocated?.dir ?? null,
  };
}

/** The same server with the same settings, as another role on our own database. */
export function urlAs(url: string, role: string, password: string): string {
  const at = new URL(urlOn(url));
  at.username = role;
  at.password = encodeURIComponent(password);
  return at.href;
}

function urlOn(url: string): string {
  const at = new URL(url);
  at.pathname = `/${DATABASE}`;
  return at.href;
}

function brokerOf(own: OwnServers | undefined): OwnBroker | null {
  if (!own?.broker) return null;
  const { host, port, mosquitto } = own.broker;
  return { host, port, mosquitto };
}

async function boardsAnswer(ports: Ports): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${ports.kiosk}/api/health`);
  return ((await answer.json()) as { ready: boolean }).ready;
}

/** Empties the folder where that was asked for, or where an earlier first start left it half made. */
async function beginAnew(given: StartSystem, places: Places): Promise<void> {
  const own = given.own?.databaseUrl;
  if (given.fresh && own !== undefined)
    throw new HoldfastError(
      'input-invalid',
      `--fresh empties no database of your own: drop the database ${DATABASE} there, remove ${places.data}, and start without it`,
    );
  const halfMade = isHalfMade(places);
  // Before anything is thrown away: without what the folder holds, nobody could tell any more whose the database is.
  if (own !== undefined && !readState(places).commissioned)
    if (await unlessAborted(hasTables(urlOn(own)), given.signal))
      throw new HoldfastError('conflict', takenDatabase(places, halfMade));
  if (given.fresh || halfMade) await wipe(places, given.say, given.fresh);
}

function takenDatabase({ data }: Places, halfMade: boolean): string {
  const why = halfMade
    ? `an earlier first start in ${data} was broken off, and what it made in the database ${DATABASE} of DATABASE_URL is still there. Nothing was changed. Drop that database, remove ${data}, and start again`
    : `the database ${DATABASE} of DATABASE_URL is in use already, and not by what stands in ${data}. Nothing was changed in it. Name the folder that belongs to it: npm start -- --data DIR. If nobody needs it, drop it and start again`;
  return halfMade ? `${why}. If the database is another system’s, name that one’s folder with --data` : why;
}

/** A first start that was broken off before the bank was commissioned: nothing of value is there yet. */
function isHalfMade(places: Places): boolean {
  return existsSync(places.secretsFile) && !readState(places).commissioned;
}

async function wipe(places: Places, say: (line: string) => void, asked: boolean): Promise<void> {
  say(
    asked
      ? 'starting fresh: the old data folder is emptied'
      : 'an earlier first start was broken off; beginning it anew',
  );
  const isThere = await stopLeftBehind(places);
  // First of all, so that what is broken off from here on is half made, and no estate without its keys.
  if (existsSync(places.stateFile)) removeDurable(places.stateFile);
  if (isThere) await removeDatabase(places.postgres);
  for (const path of [
    places.postgres,
    `${places.postgres}.password`,
    `${places.postgres}.log`,
    `${places.postgres}.socket`,
    places.cloud,
    places.edge,
    places.seal,
    places.rig,
    places.phone,
    places.root,
    places.logs,
    places.runFile,
    join(places.data, 'seeded.json'),
    // Last: as long as it is there, the next start knows that it has to begin anew.
    places.secretsFile,
  ]) {
    rmSync(path, { recursive: true, force: true });
  }
  makePlaces(places);
}

/** A server left behind must be stopped before its folder goes, wherever that stands. False when there never was one. */
async function stopLeftBehind(places: Places): Promise<boolean> {
  if (!existsSync(places.postgres) && !existsSync(`${places.postgres}.password`)) return false;
  const { systemClock } = await import('../platform/clock.ts');
  try {
    const postgres = await startPostgres({
      dataDir: places.postgres,
      log: silentLog,
      clock: systemClock,
      random: systemRandom,
    });
    await postgres.stop();
    return true;
  } catch (cause) {
    throw new HoldfastError(
      'conflict',
      `the old database in ${places.postgres} can be neither adopted nor stopped`,
      { cause },
    );
  }
}
