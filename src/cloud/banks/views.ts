/** Banks as administrators see them. */
import type { z } from 'zod';
import type { bankDetail, bankOnMap, bankSummary } from '../../contract/http/admin.ts';
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import type { SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import * as rosters from '../rosters/rosters.ts';
import { conditionsAt } from './alarms.ts';
import { countFree, EMPTY, type PlacedPicture, pictures, picturesOf, shownState } from './picture.ts';
import * as store from './store.ts';
import { suspendedAt } from './suspended.ts';

export type BankSummary = z.infer<typeof bankSummary>;

/** Without word from a broker, a bank that says something every quarter of an hour is online for this long. */
const HEARD_WITHIN_MS = 20 * 60_000;

export function isOnline(bank: store.Bank, nowMs: number): boolean {
  if (bank.retired) return false;
  if (bank.connected !== null) return bank.connected;
  return bank.lastHeardMs !== null && nowMs - bank.lastHeardMs < HEARD_WITHIN_MS;
}

/** A bank's key counts when a roster that the site's root signed, and that the bank applied, names it. */
export async function vouchedBy(
  tx: Tx,
  bank: Pick<store.Bank, 'bank' | 'site' | 'key' | 'roster'>,
): Promise<BankSummary['vouchedBy']> {
  if (bank.key === null || bank.roster.applied === 0) return 'the cloud only';
  const key = base64url(bank.key);
  const roster = await rosters.verifiedRoster(tx, bank.site, bank.roster.applied);
  return roster?.banks.some((named) => named.bank === bank.bank && named.key === key)
    ? 'site root'
    : 'the cloud only';
}

/** Banks in the order in which they were registered; of one site, or of all. */
export function pageOfBanks(
  cloud: Cloud,
  tx: Tx,
  of: { site?: SiteId; asked: PageAsked; serving?: boolean },
): Promise<Page<store.Bank>> {
  const site = of.site === undefined ? {} : { site: of.site };
  const serving = of.serving === true;
  return pageOf<store.Bank>(cloud, tx, {
    name: 'banks',
    filter: [of.site, serving ? 'serving' : undefined],
    asked: of.asked,
    read: (after, limit) =>
      store.selectBanks(tx, {
        ...site,
        serving,
        after: after && { registeredAtMs: Number(after[0]), bank: String(after[1]) },
        limit,
      }),
    position: ({ registeredAtMs, bank }) => [registeredAtMs, bank],
  });
}

/** `serving`: without those that are out of service. */
export async function summaries(
  cloud: Cloud,
  tx: Tx,
  asked: PageAsked,
  serving = false,
): Promise<Page<BankSummary>> {
  const { rows, nextCursor } = await pageOfBanks(cloud, tx, { asked, serving });
  // Asked for at once, so that the questions about all of them travel together.
  return { rows: await Promise.all(rows.map((bank) => summaryOf(cloud, tx, bank))), nextCursor };
}

async function summaryOf(cloud: Cloud, tx: Tx, bank: store.Bank): Promise<BankSummary> {
  const { free, occupied } = countFree(bank.layout, await pictures(tx, bank.bank));
  const end = await cloud.journal.endOf(tx, bank.bank);
  const desired = await rosters.current(tx, bank.site);
  return {
    id: bank.bank,
    name: bank.name,
    site: bank.site,
    online: isOnline(bank, cloud.clock.nowMs()),
    lastHeardMs: bank.lastHeardMs,
    fingerprint: bank.key && fingerprint(bank.key),
    vouchedBy: await vouchedBy(tx, bank),
    lastSeq: end?.lastSeq ?? 0,
    roster: {
      desired: desired?.version ?? 0,
      applied: bank.roster.applied,
      appliedAtMs: bank.roster.appliedAtMs,
    },
    free,
    occupied,
    compartments: bank.layout.compartments.length,
    certificateUntilMs: bank.certificate.untilMs,
    outSinceMs: bank.retired?.atMs ?? null,
  };
}

export async function detail(
  cloud: Cloud,
  tx: Tx,
  id: string,
): Promise<z.infer<typeof bankDetail> | undefined> {
  const [bank] = await store.selectBanks(tx, { bank: id });
  if (!bank) return undefined;
  const [standing, suspensions] = await Promise.all([
    standingOf(cloud, tx, [bank]),
    suspendedAt(cloud, tx, bank),
  ]);
  const { doors } = shownOf(bank, standing);
  return {
    ...(await summaryOf(cloud, tx, bank)),
    layoutColumns: bank.layout.columns,
    doors,
    suspensions,
  };
}

/** Every bank as its cabinet, in two questions for all the doors of a page. */
export async function siteMap(
  cloud: Cloud,
  tx: Tx,
  asked: PageAsked,
): Promise<Page<z.infer<typeof bankOnMap>>> {
  const { rows, nextCursor } = await pageOfBanks(cloud, tx, { asked });
  const standing = await standingOf(cloud, tx, rows);
  const nowMs = cloud.clock.nowMs();
  return {
    nextCursor,
    rows: rows.map((bank) => ({
      id: bank.bank,
      name: bank.name,
      site: bank.site,
      siteName: bank.siteName,
      online: isOnline(bank, nowMs),
      lastHeardMs: bank.lastHeardMs,
      outSinceMs: bank.retired?.atMs ?? null,
      layoutColumns: bank.layout.columns,
      ...shownOf(bank, standing),
    })),
  };
}

type Standing = {
  nowMs: number;
  pictures: ReadonlyMap<string, PlacedPicture>;
  conditions: ReadonlyMap<string, readonly string[]>;
};
const placeOf = (bank: string, n: number | null) => `${bank}/${n ?? ''}`;

async function standingOf(cloud: Cloud, tx: Tx, banks: readonly store.Bank[]): Promise<Standing> {
  const ids = banks.map(({ bank }) => bank);
  const [alarms, shown] = await Promise.all([conditionsAt(tx, ids), picturesOf(tx, ids)]);
  return {
    nowMs: cloud.clock.nowMs(),
    pictures: new Map(shown.map((one) => [placeOf(one.bank, one.n), one])),
    conditions: new Map(alarms.map((at) => [placeOf(at.bank, at.compartment), at.conditions])),
  };
}

type Shown = Pick<z.infer<typeof bankOnMap>, 'doors' | 'alarms'>;

function shownOf({ bank, layout }: store.Bank, { nowMs, pictures, conditions }: Standing): Shown {
  const doors = layout.compartments.map(({ n, size, column, row, heightUnits, accessible }) => {
    const { picture, untilMs } = pictures.get(placeOf(bank, n)) ?? { picture: EMPTY, untilMs: null };
    const isInside = picture.use === 'occupied' || picture.use === 'held';
    return {
      ...{ n, size, column, row, heightUnits, accessible },
      state: shownState(picture),
      door: picture.door,
      parcel: picture.parcel,
      sinceMs: picture.sinceMs,
      withdrawn: picture.withdrawn,
      untilMs,
      overdue: isInside && untilMs !== null && untilMs < nowMs,
      alarms: [...(conditions.get(placeOf(bank, n)) ?? [])],
    };
  });
  return { doors, alarms: [...(conditions.get(placeOf(bank, null)) ?? [])] };
}
