/** The resident app's session and questions, and what of the answers a phone keeps. */
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { phoneLanguageOf } from '../kit/session/language.ts';
import { type Pages, usePages } from '../kit/session/pages.ts';
import { phoneOf } from '../kit/session/phone.ts';
import { signOutOf } from '../kit/session/phone-page.tsx';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.residentMe>;
export type MePatch = z.infer<typeof contract.residentPatch>;
export type Parcel = z.infer<typeof contract.residentParcel>;

/** A session that nobody uses ends after these seven days, and what is kept of it. */
const LIFE_MS = 7 * 24 * 3_600_000;

/** To stand before the right door without a network: who I am, and what waits where. No history, and no address. */
const phone = phoneOf('resident', {
  lifeMs: LIFE_MS,
  what: {
    me: (me: Me): Me => ({ ...me, email: null, phone: null }),
    'parcels here': ({ pages, pageParams }: { pages: Pages<Parcel>[]; pageParams: unknown[] }) => ({
      pages: pages.slice(0, 1).map(({ items }) => ({ items, nextCursor: null })),
      pageParams: pageParams.slice(0, 1),
    }),
  },
});

export const session = sessionOf<Me>('resident', phone);
export const language = phoneLanguageOf('resident');
export const signOut = signOutOf(session, language);

/** Asked for once, when somebody wants the file: each receipt that is handed out is a record. */
export const receiptPath = (parcel: string) => session.path(`parcels/${encodeURIComponent(parcel)}/receipt`);

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
