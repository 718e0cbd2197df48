/**
 * How residents are found by their flat: by an index under the tenant's key, however the flat is written. While that key
 * is being rotated a flat is looked for under both, and row after row is indexed anew from the sealed profile.
 */
import { normalFlat } from '../../domain/scan.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { ROWS_A_PORTION, type UnderTenantKey } from '../keys/keys.ts';
import * as store from './store.ts';

export const PROFILE_PLACE = 'people/profile';

export async function flatIndex(cloud: Cloud, tx: Tx, flat: string | null): Promise<Uint8Array | null> {
  return flat === null ? null : await cloud.keys.index(tx, 'flat', normalFlat(flat));
}

/** Under which those who live there may stand. */
export async function flatIndexes(cloud: Cloud, tx: Tx, flats: readonly string[]): Promise<Uint8Array[]> {
  const indexes: Uint8Array[] = [];
  for (const flat of new Set(flats.map(normalFlat)))
    indexes.push(...(await cloud.keys.indexes(tx, 'flat', flat)));
  return indexes;
}

export const flatsUnderTenantKey: UnderTenantKey = {
  name: 'persons.flat_index',
  async portion(cloud, tx, after) {
    const rows = await store.indexedAfter(tx, String(after?.[0] ?? ''), ROWS_A_PORTION);
    await cloud.keys.subjects(
      tx,
      rows.map(({ person }) => person),
    );
    for (const { person, profile } of rows) {
      const text = await cloud.keys.openFor(tx, person, PROFILE_PLACE, profile);
      // Nobody without a key lives anywhere.
      const flat = text === undefined ? null : (JSON.parse(text) as { flat: string | null }).flat;
      await store.setFlatIndex(tx, person, await flatIndex(cloud, tx, flat));
    }
    const last = rows.at(-1);
    return last && rows.length === ROWS_A_PORTION ? [last.person] : 'done';
  },
};
