/** Where everything of `holdfast up` stands under its data folder, and the lock that keeps a second `up` out. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';
import { makePrivateDir } from '../platform/durable.ts';

export type Places = {
  data: string;
  postgres: string;
  cloud: string;
  edge: string;
  seal: string;
  rig: string;
  phone: string;
  root: string;
  logs: string;
  runFile: string;
  secretsFile: string;
  stateFile: string;
  lockFile: string;
};

export function placesIn(data: string): Places {
  return {
    data,
    postgres: join(data, 'postgres'),
    cloud: join(data, 'cloud'),
    edge: join(data, 'edge'),
    seal: join(data, 'seal'),
    rig: join(data, 'rig'),
    phone: join(data, 'rig-phone'),
    root: join(data, 'root'),
    logs: join(data, 'logs'),
    runFile: join(data, 'run.json'),
    secretsFile: join(data, 'secrets.json'),
    stateFile: join(data, 'state.json'),
    lockFile: join(data, 'up.lock'),
  };
}

/**
 * Makes the folders. The data folder itself can be passed through (0711), because the embedded database may
 * run as another user; everything in it is its owner's alone.
 */
export function makePlaces(places: Places): void {
  mkdirSync(places.data, { recursive: true });
  chmodSync(places.data, 0o711);
  for (const dir of [places.cloud, places.edge, places.rig, places.phone, places.logs]) makePrivateDir(dir);
}

type Holder = { pid: number; url: string };

/** Takes the lock, or throws a sentence that says who has it. A lock of a dead process is taken over. */
export function takeLock(places: Places, url: string): () => void {
  const holder = readHolder(places.lockFile);
  if (holder && isAlive(holder.pid)) {
    throw new HoldfastError(
      'conflict',
      `Holdfast is already running here: ${holder.url} (process ${holder.pid}). Stop it with Ctrl-C there, or start another with: npm start -- --data DIR --port PORT`,
    );
  }
  if (holder) rmSync(places.lockFile, { force: true });
  try {
    writeFileSync(places.lockFile, JSON.stringify({ pid: process.pid, url }), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new HoldfastError(
      'conflict',
      `the lock ${places.lockFile} cannot be taken: another start is under way`,
      { cause },
    );
  }
  return () => unlinkSync(places.lockFile);
}

function readHolder(path: string): Holder | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    // A torn lock is the lock of a process that died while it wrote: nobody holds it.
    return { pid: 0, url: '' };
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return (error as { code?: string }).code === 'EPERM';
  }
}
