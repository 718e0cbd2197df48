/**
 * How full banks were, and how long parcels lay in them: numbers only, computed by the database from the parcels
 * of the tenant that asks. A parcel lies inside from its deposit until it has ended, whoever took it out.
 */
import { sql } from 'kysely';
import type { z } from 'zod';
import type { usage as usageSchema } from '../../contract/http/usage.ts';
import { DWELL_EDGES_MS, STEP_MS, type UsageDays } from '../../contract/http/usage.ts';
import { integerColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

type Usage = z.infer<typeof usageSchema>;
export type UsageAsked = {
  days: UsageDays;
  bank: string | undefined;
  site: string | undefined;
  /** How far the asker's clock is ahead of UTC, so that a day begins at their midnight. */
  offsetMinutes: number;
  nowMs: number;
};

const DAY_MS = 86_400_000;

/** Undefined when there is no such bank or site in this organisation. */
export async function usageOf(tx: Tx, asked: UsageAsked): Promise<Usage | undefined> {
  const { rows: banks } = await sql<{ bank: string; compartments: number }>`
    select bank_id as bank, jsonb_array_length(layout->'compartments') as compartments from banks
    where (${asked.bank ?? null}::text is null or bank_id = ${asked.bank ?? null})
      and (${asked.site ?? null}::text is null or site_id = ${asked.site ?? null})`.execute(tx);
  if (banks.length === 0 && (asked.bank !== undefined || asked.site !== undefined)) return undefined;
  const stepMs = STEP_MS[asked.days];
  const offsetMs = asked.offsetMinutes * 60_000;
  const toMs = asked.nowMs;
  // The step that runs now is shown as far as it has come; the first begins so many whole steps before it.
  const lastMs = Math.floor((toMs + offsetMs) / stepMs) * stepMs - offsetMs;
  const fromMs = lastMs - (Math.round((asked.days * DAY_MS) / stepMs) - 1) * stepMs;
  const span: Span = { ids: banks.map(({ bank }) => bank), fromMs, lastMs, toMs, stepMs };
  return {
    days: asked.days,
    ...{ fromMs, toMs, stepMs },
    compartments: banks.reduce((sum, { compartments }) => sum + compartments, 0),
    steps: await stepsOf(tx, span),
    dwell: await dwellOf(tx, span),
  };
}

type Span = { ids: readonly string[]; fromMs: number; lastMs: number; toMs: number; stepMs: number };

/**
 * The number inside changes at deposits and ends; between two of these it stands. Each step begins with a mark of
 * its own, so that no stretch reaches over two steps, and its average is weighted by time.
 */
async function stepsOf(tx: Tx, { ids, fromMs, lastMs, toMs, stepMs }: Span): Promise<Usage['steps']> {
  const { rows } = await sql<Usage['steps'][number]>`
    with inside as (
      select deposited_at_ms as since_ms, ended_at_ms as end_ms from parcels
      where bank_id = any(${[...ids]}::text[]) and deposited_at_ms is not null and deposited_at_ms <= ${toMs}
        and (ended_at_ms is null or ended_at_ms >= ${fromMs})
    ), marks as (
      select greatest(since_ms, ${fromMs}::bigint) as at_ms, 1 as change,
        (since_ms >= ${fromMs}::bigint)::int as deposited, 0 as ended from inside
      union all
      select greatest(end_ms, since_ms, ${fromMs}::bigint), -1, 0, 1 from inside where end_ms <= ${toMs}
      union all
      select generate_series(${fromMs}::bigint, ${lastMs}::bigint, ${stepMs}::bigint), 0, 0, 0
    ), levels as (
      select *, sum(change) over (order by at_ms) as level,
        coalesce(lead(at_ms) over (order by at_ms), ${toMs}::bigint) - at_ms as lasts_ms
      from marks
    )
    select ${fromMs}::bigint + step * ${stepMs}::bigint as "fromMs", max(level)::int as peak,
      coalesce(sum(level * lasts_ms) / nullif(sum(lasts_ms), 0), 0)::float8 as average,
      sum(deposited)::int as deposited, sum(ended)::int as ended
    from (select *, (at_ms - ${fromMs}::bigint) / ${stepMs}::bigint as step from levels) as placed
    group by step order by step`.execute(tx);
  return rows;
}

type Dwell = Usage['dwell'];

/** Of parcels that their recipients took out in that time. What lies inside still is counted apart. */
async function dwellOf(tx: Tx, { ids, fromMs, toMs }: Span): Promise<Dwell> {
  const collected = sql`select greatest(ended_at_ms - deposited_at_ms, 0) as lay_ms from parcels
    where bank_id = any(${[...ids]}::text[]) and state = 'collected' and deposited_at_ms is not null
      and ended_at_ms between ${fromMs} and ${toMs}`;
  const { rows: whole } = await sql<Pick<Dwell, 'collected' | 'medianMs' | 'longMs'>>`
    select count(*)::int as collected,
      round(percentile_cont(0.5) within group (order by lay_ms))::bigint as "medianMs",
      round(percentile_cont(0.9) within group (order by lay_ms))::bigint as "longMs"
    from (${collected}) as lay`.execute(tx);
  const { rows: bins } = await sql<{ bin: number; count: number }>`
    select width_bucket(lay_ms, ${integerColumn([...DWELL_EDGES_MS])}::bigint[]) as bin, count(*)::int as count
    from (${collected}) as lay group by bin`.execute(tx);
  const { rows: inside } = await sql<{ inside: number }>`select count(*)::int as inside from parcels
    where bank_id = any(${[...ids]}::text[]) and state in ('waiting', 'held')`.execute(tx);
  return {
    ...{ collected: 0, medianMs: null, longMs: null, ...whole[0] },
    inside: inside[0]?.inside ?? 0,
    bins: [0, ...DWELL_EDGES_MS].map((from, bin) => ({
      fromMs: from,
      toMs: DWELL_EDGES_MS[bin] ?? null,
      count: bins.find((one) => one.bin === bin)?.count ?? 0,
    })),
  };
}
