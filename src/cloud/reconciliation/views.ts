/** What does not fit, from every side that the cloud can see; and what a bank's doors were last counted to hold. */
import type { z } from 'zod';
import type {
  bankCounts,
  COUNT_WORDS,
  discrepancies as discrepanciesSchema,
} from '../../contract/http/reconciliation.ts';
import { DISCREPANCIES } from '../../domain/conditions.ts';
import { DEFAULT_POLICY } from '../../domain/roster.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

type Discrepancies = z.infer<typeof discrepanciesSchema>;
type Item = Discrepancies['items'][number];

const SHOWN_MAX = 500;
const EXPLAINED_MAX = 50;
const MINUTE_MS = 60_000;

const wordOf = (what: string) => DISCREPANCIES.find((word) => word === what) ?? null;

/** Undefined when there is no such bank in this organisation. */
export async function discrepanciesOf(
  cloud: Cloud,
  tx: Tx,
  bank: string | undefined,
): Promise<Discrepancies | undefined> {
  const known = new Map((await banks.allBanks(tx)).map((one) => [one.bank as string, one]));
  if (bank !== undefined && !known.has(bank)) return undefined;
  const nameOf = (id: string) => known.get(id)?.name ?? id;
  const explained = await store.lastExplained(tx, { bank, limit: EXPLAINED_MAX });
  return {
    items: (await computed(cloud, tx, { bank, known })).map((item) => ({
      ...item,
      bankName: nameOf(item.bank),
    })),
    explained: explained.flatMap(({ what, ...one }) => {
      const word = wordOf(what);
      return word ? [{ ...one, what: word, bankName: nameOf(one.bank) }] : [];
    }),
  };
}

type Computed = { bank: string | undefined; known: ReadonlyMap<string, banks.Bank> };

/** Newest first. */
async function computed(cloud: Cloud, tx: Tx, { bank, known }: Computed): Promise<Omit<Item, 'bankName'>[]> {
  const reported = await store.openReported(tx, { bank, limit: SHOWN_MAX });
  const sensed = await settled(cloud, tx, { known, all: await store.againstSensors(tx, bank) });
  const records = await store.againstEachOther(tx, bank);
  const items: Omit<Item, 'bankName'>[] = [
    ...reported.map(({ what, ...one }) => ({
      ...one,
      kind: 'reported' as const,
      what: wordOf(what),
      endsBy: store.BY_COUNT.includes(what) ? ('count' as const) : ('person' as const),
    })),
    ...sensed.map((one) => ({ ...one, what: null, endsBy: 'count' as const })),
    ...records.map((one) => ({ ...one, what: null, endsBy: 'records' as const })),
  ];
  return items.sort((a, b) => b.atMs - a.atMs || (b.seq ?? 0) - (a.seq ?? 0)).slice(0, SHOWN_MAX);
}

/**
 * A door that was shut a moment ago has a person at it, and their word is still to come: for as long as the site's
 * own grace time the sensor is allowed to be ahead of the record.
 */
async function settled(
  cloud: Cloud,
  tx: Tx,
  { known, all }: { known: Computed['known']; all: readonly store.Against[] },
): Promise<store.Against[]> {
  const graceMs = new Map<string, number>();
  const settledOnes: store.Against[] = [];
  for (const one of all) {
    if (!graceMs.has(one.bank))
      graceMs.set(one.bank, (await graceMinutes(tx, known.get(one.bank))) * MINUTE_MS);
    const isOver = cloud.clock.nowMs() - one.atMs > (graceMs.get(one.bank) ?? 0);
    if (one.kind === 'forced' || isOver) settledOnes.push(one);
  }
  return settledOnes;
}

async function graceMinutes(tx: Tx, bank: banks.Bank | undefined): Promise<number> {
  const roster = bank && (await rosters.verifiedRoster(tx, bank.site, bank.roster.applied));
  return (roster?.policy ?? DEFAULT_POLICY).graceMinutes;
}

const EXPECTED = { empty: 'nothing', reserved: 'courier', occupied: 'parcel', held: 'parcel' } as const;

/** Undefined when there is no such bank in this organisation. */
export async function countsOf(
  cloud: Cloud,
  tx: Tx,
  id: string,
): Promise<z.infer<typeof bankCounts> | undefined> {
  const bank = await banks.findBank(tx, id);
  if (!bank) return undefined;
  const open = await computed(cloud, tx, { bank: bank.bank, known: new Map([[bank.bank, bank]]) });
  const doors = await store.countsOf(tx, bank.bank);
  const sizes = new Map(bank.layout.compartments.map(({ n, size }) => [n, size]));
  return {
    bank: bank.bank,
    name: bank.name,
    nowMs: cloud.clock.nowMs(),
    lastSeq: (await cloud.journal.endOf(tx, bank.bank))?.lastSeq ?? 0,
    doors: doors.map(({ n, use, withdrawn, occupied, seq, found, atMs }) => ({
      n,
      size: sizes.get(n) ?? '',
      expected: EXPECTED[use],
      withdrawn,
      sensed: occupied,
      open: open.filter(({ compartment }) => compartment === n).length,
      last:
        seq === null || found === null || atMs === null
          ? null
          : { seq, found: found as (typeof COUNT_WORDS)[number], atMs },
    })),
  };
}
