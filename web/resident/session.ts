/** The resident app's session and questions. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.residentMe>;
export type MePatch = z.infer<typeof contract.residentPatch>;
export type Parcel = z.infer<typeof contract.residentParcel>;
type Parcels = z.infer<typeof contract.residentParcels>;

export const session = sessionOf<Me>('resident');

/** A door may open at any moment, and this app keeps no stream open on a phone. */
const AGAIN_MS = 30_000;

export function useParcels() {
  return useQuery({
    queryKey: ['parcels'],
    queryFn: ({ signal }) => session.api.get<Parcels>(session.path('parcels'), signal),
    refetchInterval: AGAIN_MS,
  });
}
