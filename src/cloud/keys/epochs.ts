/**
 * Where the keys of wrapping epochs lie: in files beside the database and never in it. What a database deletes it
 * keeps, in pages that nobody has vacuumed and in its write-ahead log; a file that is overwritten and removed is
 * gone, as far as a file system can promise. So one file stands between an old page and the person of whom it tells.
 *
 * The files of one database lie at a place of its own, which is drawn anew when a backup is put back: two databases
 * over one folder, the lost one and the restored, do not destroy each other's keys.
 */
import { join } from 'node:path';
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { codeOf, namesIn, readIfExists } from '../../platform/durable.ts';
import { destroyStored, storeDurable } from '../../platform/durable-store.ts';
import type { Random } from '../../platform/random.ts';

export type EpochStore = {
  /** An epoch's key, wrapped under its tenant's. Undefined once it was destroyed. */
  read(place: string, epoch: number): Uint8Array | undefined;
  /** When the promise is kept, a power cut does not undo it. */
  write(place: string, epoch: number, wrapped: Uint8Array): Promise<void>;
  /** Those that are there. */
  list(place: string): number[];
  /** Overwrites and removes it. Nothing to do is as good as done. */
  destroy(place: string, epoch: number): Promise<void>;
  /** Whose keys were destroyed, as far as this folder knows: random ids. A backup that is put back is held to it. */
  destroyed(tenant: TenantId): PersonId[];
  rememberDestroyed(tenant: TenantId, persons: readonly PersonId[]): Promise<void>;
};

const FILE = /^(\d{1,15})\.key$/;

export function newPlace(random: Random): string {
  return base64url(random.bytes(16));
}

export function folderOfEpochs(dataDir: string): EpochStore {
  const folder = join(dataDir, 'epochs');
  const fileOf = (place: string, epoch: number) => join(folder, place, `${epoch}.key`);
  const listOf = (tenant: TenantId) => join(folder, `${tenant}.destroyed`);
  const destroyed = (tenant: TenantId) =>
    fromUtf8(readIfExists(listOf(tenant)) ?? new Uint8Array(0))
      .split('\n')
      .filter((line) => line !== '') as PersonId[];
  return {
    read: (place, epoch) => readIfExists(fileOf(place, epoch)),
    write: (place, epoch, wrapped) => storeDurable(fileOf(place, epoch), wrapped),
    list: (place) =>
      namesOf(join(folder, place)).flatMap((name) => {
        const epoch = FILE.exec(name)?.[1];
        return epoch === undefined ? [] : [Number(epoch)];
      }),
    async destroy(place, epoch) {
      // Another process may have been as fast.
      await destroyStored(fileOf(place, epoch));
    },
    destroyed,
    async rememberDestroyed(tenant, persons) {
      const known = new Set(destroyed(tenant));
      if (persons.every((person) => known.has(person))) return;
      for (const person of persons) known.add(person);
      await storeDurable(listOf(tenant), utf8(`${[...known].join('\n')}\n`));
    },
  };
}

function namesOf(path: string): string[] {
  try {
    return namesIn(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
