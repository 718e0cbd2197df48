/** The courier app's session and questions. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { everyRow, usePages } from '../kit/session/pages.ts';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.courierMe>;
export type Bank = z.infer<typeof contract.courierBank>;
export type Drop = z.infer<typeof contract.courierDrop>;

export const session = sessionOf<Me>('courier');

/** Compartments fill up while a courier walks, and this app keeps no stream open on a phone. */
const AGAIN_MS = 20_000;

export function useBanks() {
  return useQuery({
    queryKey: ['banks'],
    queryFn: ({ signal }) => everyRow<Bank>(session.api, session.path('banks'), signal),
    refetchInterval: AGAIN_MS,
  });
}

export function useDrops() {
  return usePages<Drop>({
    api: session.api,
    key: ['drops'],
    address: (cursor) =>
      session.path('drops') + (cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`),
    againMs: AGAIN_MS,
  });
}
