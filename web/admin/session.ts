/** The admin app's session, and every question that its pages ask. The first word of a key is its topic. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/admin.ts';
import type { alarmRow } from '../../src/contract/http/alarms.ts';
import type { orderRow } from '../../src/contract/http/orders.ts';
import type { PeopleAlike } from '../../src/contract/http/people-import.ts';
import type * as reconciliation from '../../src/contract/http/reconciliation.ts';
import type * as usageContract from '../../src/contract/http/usage.ts';
import { nowMs } from '../kit/clock.ts';
import type { Receipt } from '../kit/receipt.ts';
import { everyRow, type Pages, usePages } from '../kit/session/pages.ts';
import { sessionOf } from '../kit/session/session.ts';
import { minutesAheadOfUtc } from '../kit/time.ts';
import { type ParcelFilter, queryOf, type UsageRoute } from './routes.ts';

export type Me = z.infer<typeof contract.me>;
export type BankSummary = z.infer<typeof contract.bankSummary>;
export type BankDetail = z.infer<typeof contract.bankDetail>;
export type Compartment = z.infer<typeof contract.compartmentView>;
export type BankOnMap = z.infer<typeof contract.bankOnMap>;
/** What a card of a bank shows, among all of them or alone. */
export type BankWithDoors = BankSummary &
  Pick<BankOnMap, 'doors' | 'layoutColumns'> &
  // Asked of one bank alone, and not of all.
  Partial<Pick<BankDetail, 'suspensions'>>;
export type SuspensionView = z.infer<typeof contract.suspensionView>;
export type ParcelRow = z.infer<typeof contract.parcelRow>;
export type ParcelDetail = z.infer<typeof contract.parcelDetail>;
export type CustodyEvent = z.infer<typeof contract.custodyEvent>;
export type PersonRow = z.infer<typeof contract.personRow>;
export type People = z.infer<typeof contract.people>;
export type Sites = People['sites'];
export type ResidentAdd = z.infer<typeof contract.residentAdd>;
export type CourierRow = z.infer<typeof contract.courierRow>;
export type CourierAdd = z.infer<typeof contract.courierAdd>;
export type Couriers = z.infer<typeof contract.couriers>;
export type RosterState = z.infer<typeof contract.rosterState>;
export type NoticeRow = z.infer<typeof contract.noticeRow>;
export type Odds = z.infer<typeof contract.odds>;
export type AttentionItem = z.infer<typeof contract.attention>['items'][number];
export type AlarmRow = z.infer<typeof alarmRow>;

export type Usage = z.infer<typeof usageContract.usage>;
export type Discrepancies = z.infer<typeof reconciliation.discrepancies>;
export type BankCounts = z.infer<typeof reconciliation.bankCounts>;
export type OrderRow = z.infer<typeof orderRow>;

export const session = sessionOf<Me>('admin');

const PAGE_ROWS = 100;
/** Drawings are heavier than rows. */
const MAP_BANKS = 24;
const USAGE_AGAIN_MS = 60_000;

function useAnswer<Answer>(topic: string, route: string, id: string | null = null) {
  return useQuery({
    queryKey: [topic, route, id],
    queryFn: ({ signal }) =>
      session.api.get<Answer>(
        session.path(id === null ? route : `${route}/${encodeURIComponent(id)}`),
        signal,
      ),
  });
}

type Filter = Readonly<Record<string, string | null>>;

function useRows<Row, Answer extends Pages<Row> = Pages<Row>>(
  topic: string,
  route = topic,
  filter: Filter = {},
  limit = PAGE_ROWS,
) {
  return usePages<Row, Answer>({
    api: session.api,
    key: [topic, 'rows', route, filter],
    address: (cursor) => session.path(route) + queryOf({ ...filter, cursor, limit }),
  });
}

export const useAttention = () => useAnswer<z.infer<typeof contract.attention>>('attention', 'attention');
/** Of the topic of attention: what raises or ends one tells of it. */
export const useAlarms = () => useRows<AlarmRow>('attention', 'alarms');
/** All of them, for their names. */
export const useBanks = () =>
  useQuery({
    queryKey: ['banks', 'all'],
    queryFn: ({ signal }) => everyRow<BankSummary>(session.api, session.path('banks'), signal),
  });

type CabinetsPage = Pages<BankWithDoors> & { next: CabinetsPlace | null };
type CabinetsPlace = { map: string | null; banks: string | null };
const CABINETS = ['banks', 'cabinets'];

/**
 * Banks with all their doors, in two questions for each two dozen and not in one for each bank. Both lists have the same
 * order; a bank that came between the two answers stands in the next ones.
 */
export const useCabinets = () =>
  useInfiniteQuery({
    queryKey: CABINETS,
    queryFn: async ({ pageParam, signal }): Promise<CabinetsPage> => {
      const page = <Row>(route: keyof CabinetsPlace): Promise<Pages<Row>> =>
        session.api.get(
          session.path(route) + queryOf({ cursor: pageParam[route], limit: MAP_BANKS }),
          signal,
        );
      const [map, banks] = await Promise.all([page<BankOnMap>('map'), page<BankSummary>('banks')]);
      const known = new Map(banks.items.map((bank) => [bank.id, bank]));
      const items = map.items.flatMap(({ id, doors, layoutColumns }) => {
        const bank = known.get(id);
        return bank ? [{ ...bank, doors, layoutColumns }] : [];
      });
      const isLast = map.nextCursor === null || banks.nextCursor === null;
      const next = isLast ? null : { map: map.nextCursor, banks: banks.nextCursor };
      return { items, next, nextCursor: map.nextCursor };
    },
    initialPageParam: { map: null, banks: null } as CabinetsPlace,
    getNextPageParam: ({ next }) => next,
  });

/** One that was just seen among all is shown as it was there until its own answer comes. */
export const useBank = (id: string) =>
  useQuery({
    queryKey: ['banks', 'banks', id],
    queryFn: ({ signal }): Promise<BankWithDoors> =>
      session.api.get<BankDetail>(session.path(`banks/${encodeURIComponent(id)}`), signal),
    placeholderData: () =>
      session.client
        .getQueryData<{ pages: CabinetsPage[] }>(CABINETS)
        ?.pages.flatMap(({ items }) => items)
        .find((bank) => bank.id === id),
  });
export const useOrders = (bank: string) =>
  useRows<OrderRow>('banks', `banks/${encodeURIComponent(bank)}/orders`);
export const useParcel = (id: string) => useAnswer<ParcelDetail>('parcels', 'parcels', id);
/** Asked for once, when somebody wants the file: each receipt is a record of who looked. */
export const fetchReceipt = (id: string) =>
  session.api.get<Receipt>(session.path(`parcels/${encodeURIComponent(id)}/receipt`));
export const useCouriers = () => useRows<CourierRow, Couriers>('couriers');
export const useRosters = () => useAnswer<z.infer<typeof contract.rosters>>('rosters', 'rosters');
export const useOdds = () => useAnswer<Odds>('odds', 'odds');
/** Of the topic of banks: whatever moves a door tells of them. */
export const useSiteMap = () => useRows<BankOnMap>('banks', 'map', {}, MAP_BANKS);
export const useParcels = ({ state, bank }: { state: ParcelFilter | null; bank: string | null }) =>
  useRows<ParcelRow>('parcels', 'parcels', state === 'overdue' ? { overdue: 'true', bank } : { state, bank });
export const useResidents = () => useRows<PersonRow, People>('people', 'people', { role: 'resident' });
/** Those of the organisation, where no list of people is asked for anyway. */
export const useSites = () =>
  useQuery({
    queryKey: ['people', 'sites'],
    queryFn: async ({ signal }): Promise<Sites> =>
      (await session.api.get<People>(session.path('people') + queryOf({ limit: 1 }), signal)).sites,
  });
export const usePeopleAlike = () => useAnswer<PeopleAlike>('people', 'people/alike');
export const useNotices = () => useRows<NoticeRow>('notices');

/** Looks back over days; it renews itself, and is not asked again for each parcel. */
export const useUsage = ({ days, bank, site }: Omit<UsageRoute, 'at'>) =>
  useQuery({
    queryKey: ['usage', days, bank, site],
    queryFn: ({ signal }) => {
      const asked = queryOf({ days, bank, site, offset: minutesAheadOfUtc(nowMs()) });
      return session.api.get<Usage>(session.path('usage') + asked, signal);
    },
    refetchInterval: USAGE_AGAIN_MS,
  });
export const useDiscrepancies = (bank: string | null) =>
  useQuery({
    queryKey: ['reconciliation', 'discrepancies', bank],
    queryFn: ({ signal }) =>
      session.api.get<Discrepancies>(session.path('discrepancies') + queryOf({ bank }), signal),
  });
export const useCounts = (bank: string) =>
  useAnswer<BankCounts>('reconciliation', `banks/${encodeURIComponent(bank)}/counts`);

/** The name of a bank by its id; what is no known bank (the cloud's own journal) keeps its word. */
export function useBankNames(): (id: string) => string {
  const banks = useBanks().data ?? [];
  return (id) => banks.find((bank) => bank.id === id)?.name ?? id;
}

/** Asks again for what an act has changed. */
export function changed(...topics: string[]): Promise<unknown> {
  return Promise.all(topics.map((topic) => session.client.invalidateQueries({ queryKey: [topic] })));
}
