/** The resident app's session and questions. */
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { usePages } from '../kit/session/pages.ts';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.residentMe>;
export type MePatch = z.infer<typeof contract.residentPatch>;
export type Parcel = z.infer<typeof contract.residentParcel>;

export const session = sessionOf<Me>('resident');

/** A door may open at any moment, and this app keeps no stream open on a phone. */
const AGAIN_MS = 30_000;

export type Part = z.infer<typeof contract.residentParcelsQuery>['part'] & string;

export function useParcels(part: Part) {
  return usePages<Parcel>({
    api: session.api,
    key: ['parcels', part],
    address: (cursor) =>
      `${session.path('parcels')}?part=${part}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    againMs: AGAIN_MS,
  });
}
