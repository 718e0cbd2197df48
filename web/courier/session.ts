/** The courier app's session and questions. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.courierMe>;
export type Bank = z.infer<typeof contract.courierBank>;
export type Drop = z.infer<typeof contract.courierDrop>;
type Banks = z.infer<typeof contract.courierBanks>;
type Drops = z.infer<typeof contract.courierDrops>;

export const session = sessionOf<Me>('courier');

/** Compartments fill up while a courier walks, and this app keeps no stream open on a phone. */
const AGAIN_MS = 20_000;

export function useBanks() {
  return useQuery({
    queryKey: ['banks'],
    queryFn: ({ signal }) => session.api.get<Banks>(session.path('banks'), signal),
    refetchInterval: AGAIN_MS,
  });
}

export function useDrops() {
  return useQuery({
    queryKey: ['drops'],
    queryFn: ({ signal }) => session.api.get<Drops>(session.path('drops'), signal),
    refetchInterval: AGAIN_MS,
  });
}
