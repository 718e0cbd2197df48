/** Lists of residents that became too long for their banks all the same: by longer names, or before it was refused. */
import type { DirectoryEntries } from '../../contract/uplink.ts';
import type { SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { DIRECTORY_BYTES_MAX, sizeOf } from './room.ts';
import * as store from './store.ts';

type List = { site: SiteId; version: number; entries: DirectoryEntries };

/** Whether a list fits into a message. One that does not is kept as what needs a person. */
export async function fitsMessage(cloud: Cloud, tx: Tx, { site, version, entries }: List): Promise<boolean> {
  const size = sizeOf(entries);
  const fits = size.bytes <= DIRECTORY_BYTES_MAX;
  const isNew = await store.setDirectorySize(tx, { site, version, ...size });
  if (isNew && !fits) await cloud.changed(tx, ['attention']);
  return fits;
}

export const directoriesTooLong = (tx: Tx) => store.directoriesOver(tx, DIRECTORY_BYTES_MAX);
