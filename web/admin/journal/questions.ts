/** What the journal's page asks. Its lists are of no topic: the tail says when they are asked for again. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as proofs from '../../../src/contract/http/proofs.ts';
import type * as contract from '../../../src/contract/http/records.ts';
import { everyRow } from '../../kit/session/pages.ts';
import { queryOf } from '../routes.ts';
import { type ParcelRow, type PersonRow, session } from '../session.ts';
import { askedOf, isLook, type JournalFilter } from './address.ts';

export type RecordsPage = z.infer<typeof contract.records>;
export type RecordRow = z.infer<typeof contract.recordRow>;
export type RecordDetail = z.infer<typeof contract.recordDetail>;
export type LogGrowth = z.infer<typeof proofs.logGrowth>;
export type LogHead = z.infer<typeof proofs.logHead>;
export type ProofState = z.infer<typeof proofs.proofState>;
type Arrived = z.infer<typeof contract.arrived>;

const PAGE_ROWS = 50;
/** A checkpoint follows a record within a second. */
const PENDING_AGAIN_MS = 2_000;
/** What the cloud itself records is told by no event. */
const AGAIN_MS = 15_000;

const keyOf = (filter: JournalFilter) => ['records', 'rows', askedOf(filter)];

export function useRecords(filter: JournalFilter) {
  const look = isLook(filter);
  return useInfiniteQuery({
    queryKey: keyOf(filter),
    queryFn: ({ pageParam, signal }) =>
      session.api.get<RecordsPage>(
        session.path('records') + queryOf({ ...askedOf(filter), cursor: pageParam, limit: PAGE_ROWS }),
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // Whoever reads is not moved on by turning to another window and back.
    refetchOnWindowFocus: false,
    refetchOnReconnect: !look,
    ...(look ? { staleTime: Number.POSITIVE_INFINITY } : {}),
  });
}

/** The first page anew, in the place of what is shown; pages behind it are let go. */
export function askFromTheTop(filter: JournalFilter): void {
  const queryKey = keyOf(filter);
  session.client.setQueryData<{ pages: RecordsPage[]; pageParams: (string | null)[] }>(
    queryKey,
    (shown) => shown && { pages: shown.pages.slice(0, 1), pageParams: shown.pageParams.slice(0, 1) },
  );
  void session.client.invalidateQueries({ queryKey });
}

/** How many came in since a page was made. Of the journal's topic, so that each change asks anew. */
export function useArrived(of: { filter: JournalFilter; mark: string; isPending: boolean }) {
  const { filter, mark, isPending } = of;
  const { parcel: _parcel, person: _person, ...asked } = askedOf(filter);
  return useQuery({
    queryKey: ['journal', 'arrived', asked, mark],
    queryFn: ({ signal }) =>
      session.api.get<Arrived>(session.path('records/arrived') + queryOf({ ...asked, since: mark }), signal),
    enabled: !isLook(filter),
    refetchInterval: isPending ? PENDING_AGAIN_MS : AGAIN_MS,
  });
}

/** Asked again until its proof is there. */
export function useRecord(id: string) {
  return useQuery({
    queryKey: ['records', 'one', id],
    queryFn: ({ signal }) =>
      session.api.get<RecordDetail>(session.path(`records/${encodeURIComponent(id)}`), signal),
    refetchInterval: ({ state }) => (state.data?.proof.is === 'pending' ? PENDING_AGAIN_MS : false),
  });
}

export const LOG_DAYS = [1, 7, 30, 90] as const;
export type LogDays = (typeof LOG_DAYS)[number];

export const useLogGrowth = (days: LogDays) =>
  useQuery({
    queryKey: ['journal', 'growth', days],
    queryFn: ({ signal }) =>
      session.api.get<LogGrowth>(session.path('log-growth') + queryOf({ days }), signal),
    refetchInterval: AGAIN_MS,
  });

export const useEverybody = (isAsked: boolean) =>
  useQuery({
    queryKey: ['people', 'all'],
    queryFn: ({ signal }) => everyRow<PersonRow>(session.api, session.path('people'), signal),
    enabled: isAsked,
  });

const NEWEST_PARCELS = 200;
export const useNewestParcels = (isAsked: boolean) =>
  useQuery({
    queryKey: ['parcels', 'newest'],
    queryFn: ({ signal }) =>
      session.api.get<{ items: ParcelRow[] }>(
        session.path('parcels') + queryOf({ limit: NEWEST_PARCELS }),
        signal,
      ),
    enabled: isAsked,
  });
