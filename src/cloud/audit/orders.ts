/** Orders: what the banks' records, and the cloud's own of what it was given to carry, make of each. */
import type { LedgerRecord } from '../../ledger/record.ts';
import type { OrderTold } from './fold.ts';
import type { Auditing } from './journals.ts';
import type { KeptRow } from './rows.ts';

/** By the hash of its text: each time that the cloud was given it. Those of which a row is found are taken out. */
export type ReceivedOrders = Map<string, OrderTold[]>;

type Settled = { state: string; reason: string | null; atMs: number | null };
type Judge = { told: readonly OrderTold[]; received: ReceivedOrders };

export async function auditOrders(
  { rows, findings, indexOf }: Auditing,
  { bank, told, received }: Judge & { bank: string },
): Promise<void> {
  const accepted = new Map(
    told.flatMap(({ record, order }) =>
      record.kind === 'order.accepted' && order !== undefined
        ? [[String(record.facts.hash), record] as const]
        : [],
    ),
  );
  for (const row of await rows.kept('orders', bank)) {
    const wrong = judge(row, { told, received });
    if (wrong !== undefined) {
      const of = [...(received.get(String(row.hash)) ?? []), ...told].findLast(
        ({ record, order }) => record.facts.hash === row.hash || order === row.order_id,
      );
      const index = of && (await indexOf(of.record.source, of.record.seq));
      findings.add('projections', `orders ${String(row.order_id)}`, wrong, index ?? null);
    }
    accepted.delete(String(row.hash));
    received.delete(String(row.hash));
  }
  for (const [hash, { source, seq }] of accepted) {
    const what = 'was accepted by its bank, and is not kept';
    findings.add('projections', `orders ${bank} ${hash}`, what, (await indexOf(source, seq)) ?? null);
  }
}

function judge(row: KeptRow, { told, received }: Judge): string | undefined {
  const given = received.get(String(row.hash)) ?? [];
  const own = told.filter(
    ({ record, order }) =>
      record.facts.hash === row.hash || (record.kind === 'order.lapsed' && order === row.order_id),
  );
  // Carried by hand, or lost here and told by the bank: the bank's record began it.
  const accepted = own.find(({ record }) => record.kind === 'order.accepted');
  const begun = given[0] ?? accepted;
  if (!begun) return 'follows from no record';
  const { act, road = 'cloud' } = begun.record.facts;
  const isAsSaid =
    row.order_id === begun.order &&
    row.act === act &&
    row.road === road &&
    row.compartment === (begun.record.compartment ?? null);
  const signed = (given.length > 0 ? given : [begun]).some(
    ({ record }) => record.facts.signatures === row.signatures,
  );
  if (!isAsSaid || !signed || !isNear(row.received_at_ms, begun.record))
    return 'says something else than its record';
  return isSettledAs(row, settle(own, given.length > 0), given.length > 1)
    ? undefined
    : 'its state differs from its records';
}

/** So far apart may two readings of the cloud's clock in one transaction be. */
const SAME_MOMENT_MS = 10_000;

function isNear(atMs: unknown, { time }: LedgerRecord): boolean {
  return typeof atMs === 'number' && Math.abs(atMs - time.atMs) <= SAME_MOMENT_MS;
}

function settle(own: readonly OrderTold[], isCarried: boolean): Settled {
  let settled: Settled = { state: isCarried ? 'waiting' : 'none', reason: null, atMs: null };
  for (const { record } of own) {
    const { atMs } = record.time;
    if (record.kind === 'order.accepted') settled = { state: 'accepted', reason: null, atMs };
    else if (record.kind === 'order.lapsed' && settled.state === 'accepted')
      settled = { state: 'lapsed', reason: null, atMs };
    else if (record.kind === 'order.refused' && settled.state === 'waiting' && record.facts.road === 'cloud')
      settled = { state: 'refused', reason: String(record.facts.reason), atMs };
  }
  return settled;
}

/** One that came again with another signature waited anew; one that waited lapses by the clock, without a record. */
function isSettledAs(row: KeptRow, { state, reason, atMs }: Settled, isRenewed: boolean): boolean {
  if (row.state === state && row.reason === reason && row.settled_at_ms === atMs) return true;
  const mayWait = state === 'waiting' || isRenewed;
  const isOver =
    row.reason === null && row.until_ms !== null && Number(row.settled_at_ms ?? 0) >= Number(row.until_ms);
  if (row.state === 'lapsed') return (mayWait || state === 'refused') && isOver;
  return isRenewed && row.state === 'waiting' && row.settled_at_ms === null;
}
