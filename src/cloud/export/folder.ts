/**
 * Where files wait to be fetched: a folder beside the tiles, which the processes of one database share as they share
 * the keys. What lies there is encrypted to somebody else.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportId, TenantId } from '../../domain/ids.ts';
import { codeOf, makePrivateDir, namesIn } from '../../platform/durable.ts';

export type ExportPlace = { tenant: TenantId; id: ExportId };

const FOLDER = 'exports';

export function fileOf(dataDir: string, { tenant, id }: ExportPlace): string {
  return join(dataDir, FOLDER, tenant, id);
}

export async function prepareFolder(dataDir: string, tenant: TenantId): Promise<void> {
  await makePrivateDir(join(dataDir, FOLDER));
  await makePrivateDir(join(dataDir, FOLDER, tenant));
}

export function isThere(path: string, bytes: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === bytes;
}

/** Removes what nobody may fetch any more, and what a process that died left; answers how many. */
export function sweepFolder(dataDir: string, tenant: TenantId, keep: ReadonlySet<string>): number {
  const folder = join(dataDir, FOLDER, tenant);
  const old = namesOf(folder).filter((name) => !keep.has(name.split('.')[0] ?? ''));
  for (const name of old) rmSync(join(folder, name), { recursive: true, force: true });
  return old.length;
}

/** None of a folder that is not there. */
export function namesOf(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
