/** The courier app's session and questions, and what of the answers a phone keeps. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as contract from '../../src/contract/http/resident.ts';
import { nowMs, useNow } from '../kit/clock.ts';
import { dayBeganMs } from '../kit/session/age.ts';
import { phoneLanguageOf } from '../kit/session/language.ts';
import { everyRow, usePages } from '../kit/session/pages.ts';
import { phoneOf } from '../kit/session/phone.ts';
import { signOutOf } from '../kit/session/phone-page.tsx';
import { sessionOf } from '../kit/session/session.ts';

export type Me = z.infer<typeof contract.courierMe>;
export type Bank = z.infer<typeof contract.courierBank>;
export type Drop = z.infer<typeof contract.courierDrop>;

/** A session that nobody uses ends after these twelve hours, and what is kept of it. */
const LIFE_MS = 12 * 3_600_000;

/** To go on with the round without a network: what was free where, what was left today, what to take back. */
const phone = phoneOf('courier', {
  lifeMs: LIFE_MS,
  what: {
    me: (me: Me) => me,
    banks: (banks: Bank[]) => banks,
    'drops today': (today: Today) => today,
    'drops back': (drops: Drop[]) => drops,
  },
});

export const session = sessionOf<Me>('courier', phone);
export const language = phoneLanguageOf('courier');
export const signOut = signOutOf(session, language);

/** Asked for once, when somebody wants the file: each receipt that is handed out is a record. */
export const receiptPath = (drop: string) => session.path(`drops/${encodeURIComponent(drop)}/receipt`);

/** Compartments fill up while a courier walks, and this app keeps no stream open on a phone. */
const AGAIN_MS = 20_000;
const MINUTE_MS = 60_000;

export function useBanks() {
  return useQuery({
    queryKey: ['banks'],
    queryFn: ({ signal }) => everyRow<Bank>(session.api, session.path('banks'), signal),
    refetchInterval: AGAIN_MS,
  });
}

export type Today = { beganMs: number; drops: Drop[] };

/** Of the day that it is on this phone: what was loaded before midnight is no answer to it after. */
export function useToday() {
  const beganMs = dayBeganMs(useNow(MINUTE_MS));
  const today = useQuery({
    queryKey: ['drops', 'today'],
    queryFn: async ({ signal }): Promise<Today> => {
      // Asked at the moment of asking: a page that stood open over midnight asks for the new day.
      const since = dayBeganMs(nowMs());
      const path = `${session.path('drops')}?sinceMs=${since}`;
      return { beganMs: since, drops: await everyRow<Drop>(session.api, path, signal) };
    },
    refetchInterval: AGAIN_MS,
  });
  return { today, isAnotherDay: today.data !== undefined && today.data.beganMs !== beganMs };
}

export function useToTakeBack() {
  return useQuery({
    queryKey: ['drops', 'back'],
    queryFn: ({ signal }) => everyRow<Drop>(session.api, `${session.path('drops')}?state=held`, signal),
    refetchInterval: AGAIN_MS,
  });
}

export function useHistory() {
  return usePages<Drop>({
    api: session.api,
    key: ['drops', 'all'],
    address: (cursor) =>
      session.path('drops') + (cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`),
    againMs: AGAIN_MS,
  });
}
