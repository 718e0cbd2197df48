/**
 * Where tiles, bundles and the checkpoint of each log lie, in the layout of C2SP tlog-tiles, so that any server
 * of files could serve them. Today that is a folder beside the cloud's keys; the processes of one database
 * share it, as they share the keys.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TenantId } from '../../domain/ids.ts';
import type { LogObject } from '../../ledger/log/growth.ts';
import type { TileReader } from '../../ledger/log/tiles.ts';
import { codeOf, namesIn, readIfExists, syncDir, writeDurable } from '../../platform/durable.ts';

export type LogPlace = { tenant: TenantId; generation: number };

export type LogObjects = {
  /** Paths are those of the layout; a stranger's is parsed before it comes here. */
  read(place: LogPlace, path: string): Promise<Uint8Array | undefined>;
  /** When it returns, a power cut does not undo it; until then there is the old object, or none. */
  write(place: LogPlace, object: LogObject): Promise<void>;
  /** Those of which anything is there. */
  generations(tenant: TenantId): Promise<number[]>;
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
    async write(place, { path, bytes }) {
      const file = fileOf(place, path);
      makeFolder(dirname(file));
      writeDurable(file, bytes);
    },
    generations: async (tenant) => namesOf(join(folder, tenant)).map(Number).filter(Number.isSafeInteger),
  };
}

/** A folder whose name in the one above is as durable as what will lie in it. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  syncDir(dirname(path));
}

function namesOf(path: string): string[] {
  try {
    return namesIn(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
