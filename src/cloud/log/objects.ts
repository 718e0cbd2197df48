/**
 * Where tiles, bundles and the checkpoint of each log lie, in the layout of C2SP tlog-tiles, so that any server
 * of files could serve them. Today that is a folder beside the cloud's keys; the processes of one database
 * share it, as they share the keys.
 */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseId, type TenantId } from '../../domain/ids.ts';
import type { LogObject } from '../../ledger/log/growth.ts';
import type { TileReader } from '../../ledger/log/tiles.ts';
import { codeOf, namesIn, readIfExists } from '../../platform/durable.ts';
import { stageDurable, storeDurable } from '../../platform/durable-store.ts';

export type LogPlace = { tenant: TenantId; generation: number };

/** What is there for nobody yet. */
export type Staged = {
  /** Puts it in its place. When it returns, a power cut does not undo it; until then there is the old object, or none. */
  settle(): Promise<void>;
  /** Takes it away again, if it was not settled. */
  drop(): Promise<void>;
};

export type LogObjects = {
  /** Paths are those of the layout; a stranger's is parsed before it comes here. */
  read(place: LogPlace, path: string): Promise<Uint8Array | undefined>;
  /** When it returns, a power cut does not undo it; until then there is the old object, or none. */
  write(place: LogPlace, object: LogObject): Promise<void>;
  /** Lays it beside its place. */
  stage(place: LogPlace, object: LogObject): Promise<Staged>;
  /** Of everything that is there, in no order; what a dead process was about to write is left out. */
  paths(place: LogPlace): AsyncIterable<string>;
  /** Those of which anything is there. */
  generations(tenant: TenantId): Promise<number[]>;
  /** Of whom any log is there. */
  tenants(): Promise<TenantId[]>;
};

export function tilesOf(objects: Pick<LogObjects, 'read'>, place: LogPlace): TileReader {
  return { read: (path) => objects.read(place, path) };
}

export function folderOfLogs(dataDir: string): LogObjects {
  const folder = join(dataDir, 'log');
  const fileOf = ({ tenant, generation }: LogPlace, path: string) =>
    join(folder, tenant, String(generation), ...path.split('/'));
  return {
    read: async (place, path) => readIfExists(fileOf(place, path)),
    write: (place, { path, bytes }) => storeDurable(fileOf(place, path), bytes),
    stage: (place, { path, bytes }) => stageDurable(fileOf(place, path), bytes),
    paths: (place) => filesBelow(fileOf(place, ''), ''),
    generations: async (tenant) => namesOf(join(folder, tenant)).map(Number).filter(Number.isSafeInteger),
    tenants: async () =>
      namesOf(folder)
        .flatMap((name) => parseId('tenant', name) ?? [])
        .filter((tenant) => namesOf(join(folder, tenant)).length > 0),
  };
}

/** One folder after another, so that a long log is never listed as a whole. */
async function* filesBelow(folder: string, prefix: string): AsyncGenerator<string> {
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory()) folders.push(entry.name);
      else if (!UNFINISHED.test(entry.name)) yield `${prefix}${entry.name}`;
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  for (const name of folders) yield* filesBelow(join(folder, name), `${prefix}${name}/`);
}

/** As `storeDurable` names what it has not put in its place yet. */
const UNFINISHED = /^\..*\.new$/;

function namesOf(path: string): string[] {
  try {
    return namesIn(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
