/**
 * Where the bytes of evidence lie: a folder beside the tiles of the logs, which the processes of one database share as
 * they share those. A file is sealed before it comes here, under a key of its own that is in no file and wrapped in its
 * row; so a copy of this folder alone opens nothing. Each lies under its parcel, so that a legal hold over that is
 * known without the row.
 */
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type EvidenceId, type ParcelId, parseId, type TenantId } from '../../domain/ids.ts';
import { codeOf, readIfExists } from '../../platform/durable.ts';
import { destroyStored, storeDurable } from '../../platform/durable-store.ts';

export type EvidencePlace = { tenant: TenantId; parcel: ParcelId; id: EvidenceId };
export type StoredEvidence = { parcel: ParcelId; id: EvidenceId; writtenAtMs: number };

export type EvidenceObjects = {
  /** When it returns, a power cut does not undo it. */
  write(place: EvidencePlace, sealed: Uint8Array): Promise<void>;
  read(place: EvidencePlace): Promise<Uint8Array | undefined>;
  /** Overwrites and removes; false when there was none. */
  destroy(place: EvidencePlace): Promise<boolean>;
  /** Everything of an organisation that is whole, in no order. */
  list(tenant: TenantId): AsyncIterable<StoredEvidence>;
};

const FOLDER = 'evidence';

export function folderOfEvidence(dataDir: string): EvidenceObjects {
  const fileOf = ({ tenant, parcel, id }: EvidencePlace) => join(dataDir, FOLDER, tenant, parcel, id);
  return {
    write: (place, sealed) => storeDurable(fileOf(place), sealed),
    read: async (place) => readIfExists(fileOf(place)),
    destroy: (place) => destroyStored(fileOf(place)),
    async *list(tenant) {
      const folder = join(dataDir, FOLDER, tenant);
      for await (const name of namesOf(folder)) {
        const parcel = parseId('parcel', name);
        if (parcel) yield* storedUnder(join(folder, parcel), parcel);
      }
    },
  };
}

/** What a process that died was about to write has another name, and is left out. */
async function* storedUnder(folder: string, parcel: ParcelId): AsyncGenerator<StoredEvidence> {
  for await (const name of namesOf(folder)) {
    const id = parseId('evidence', name);
    const writtenAtMs = id && (await timeOf(join(folder, id)));
    if (id && writtenAtMs !== undefined) yield { parcel, id, writtenAtMs };
  }
}

async function* namesOf(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Undefined when it went meanwhile. */
async function timeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
