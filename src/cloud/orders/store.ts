/** All SQL about orders. */
import { sql } from 'kysely';
import type { BankId, OrderId, SiteId } from '../../domain/ids.ts';
import type { OrderAct } from '../../domain/order.ts';
import type { Tx } from '../../platform/database.ts';

export type State = 'waiting' | 'accepted' | 'refused' | 'lapsed';

export type OrderRow = {
  order: OrderId;
  bank: BankId;
  hash: string;
  act: OrderAct['do'];
  compartment: number | null;
  road: 'cloud' | 'hand';
  note: Uint8Array | null;
  purpose: Uint8Array;
  signers: string[];
  signatures: number;
  state: State;
  reason: string | null;
  receivedAtMs: number;
  untilMs: number | null;
  settledAtMs: number | null;
  tells: number;
  toldAtMs: number | null;
};

const COLUMNS = sql.raw(
  `order_id as "order", bank_id as bank, hash, act, compartment, road, note, purpose, signers, signatures, state, reason,
  received_at_ms as "receivedAtMs", until_ms as "untilMs", settled_at_ms as "settledAtMs", tells, told_at_ms as "toldAtMs"`,
);

export type NewOrder = Omit<OrderRow, 'reason' | 'tells' | 'toldAtMs'>;

/** False when an order of this id is there already. */
export async function insertOrder(tx: Tx, of: NewOrder): Promise<boolean> {
  const done =
    await sql`insert into orders (order_id, bank_id, hash, act, compartment, road, note, purpose, signers, signatures,
      state, received_at_ms, until_ms, settled_at_ms)
    values (${of.order}, ${of.bank}, ${of.hash}, ${of.act}, ${of.compartment}, ${of.road}, ${of.note}, ${of.purpose},
      ${JSON.stringify(of.signers)}::jsonb, ${of.signatures}, ${of.state}, ${of.receivedAtMs}, ${of.untilMs}, ${of.settledAtMs})
    on conflict (order_id) do nothing`.execute(tx);
  return Number(done.numAffectedRows ?? 0) === 1;
}

/** Locked until the transaction ends. */
export async function findOrder(tx: Tx, order: string): Promise<OrderRow | undefined> {
  const found =
    await sql<OrderRow>`select ${COLUMNS} from orders where order_id = ${order} for update`.execute(tx);
  return found.rows[0];
}

/**
 * The same text with other signatures: it waits anew. What the bank has accepted stays so, whatever it answers to
 * these: it is told of them because its claim may not have been shown yet.
 */
export async function renewNote(
  tx: Tx,
  order: string,
  of: { note: Uint8Array; signers: string[]; untilMs: number; atMs: number },
): Promise<void> {
  await sql`update orders set note = ${of.note}, signers = ${JSON.stringify(of.signers)}::jsonb, signatures = ${of.signers.length},
    until_ms = ${of.untilMs}, tells = 0, told_at_ms = null where order_id = ${order}`.execute(tx);
  await sql`update orders set renewed_at_ms = ${of.atMs} where order_id = ${order} and state = 'accepted'`.execute(
    tx,
  );
  await sql`update orders set state = 'waiting', reason = null, settled_at_ms = null
    where order_id = ${order} and state <> 'accepted'`.execute(tx);
}

export type PlacedOrder = OrderRow & { ord: number };

/** Newest first. */
export async function ordersOf(
  tx: Tx,
  of: { bank: string; before: number | undefined; limit: number },
): Promise<PlacedOrder[]> {
  const found = await sql<PlacedOrder>`select ${COLUMNS}, ord from orders
    where bank_id = ${of.bank} and (${of.before ?? null}::bigint is null or ord < ${of.before ?? null})
    order by ord desc limit ${of.limit}`.execute(tx);
  return found.rows;
}

export async function waitingOf(tx: Tx, bank: string, nowMs: number): Promise<OrderRow[]> {
  const found = await sql<OrderRow>`select ${COLUMNS} from orders
    where bank_id = ${bank} and (state = 'waiting' or renewed_at_ms is not null) and until_ms > ${nowMs}
    order by ord limit 20 for update`.execute(tx);
  return found.rows;
}

export async function noteTold(tx: Tx, order: string, atMs: number): Promise<void> {
  await sql`update orders set tells = tells + 1, told_at_ms = ${atMs} where order_id = ${order}`.execute(tx);
}

export type Settle = {
  bank: string;
  from: readonly State[];
  to: State;
  reason: string | null;
  atMs: number;
} & ({ hash: string } | { order: string });

/** What the bank has recorded of an order; false when none of `from` is known by that name. */
export async function settle(tx: Tx, of: Settle): Promise<boolean> {
  const named = 'hash' in of ? sql`hash = ${of.hash}` : sql`order_id = ${of.order}`;
  // Whatever became of it: to what it was told last the bank has answered.
  await sql`update orders set renewed_at_ms = null
    where bank_id = ${of.bank} and ${named} and renewed_at_ms is not null`.execute(tx);
  const done = await sql`update orders set state = ${of.to}, reason = ${of.reason}, settled_at_ms = ${of.atMs}
    where bank_id = ${of.bank} and ${named} and state = any(${[...of.from]}::text[])`.execute(tx);
  return Number(done.numAffectedRows ?? 0) > 0;
}

/** Ends what was waiting when its time was over. */
export async function lapseOverdue(tx: Tx, nowMs: number): Promise<number> {
  await sql`update orders set renewed_at_ms = null
    where renewed_at_ms is not null and until_ms <= ${nowMs}`.execute(tx);
  const done = await sql`update orders set state = 'lapsed', settled_at_ms = ${nowMs}
    where state = 'waiting' and until_ms <= ${nowMs}`.execute(tx);
  return Number(done.numAffectedRows ?? 0);
}

/** Sites with a bank for which an order waits. */
export async function sitesWaiting(tx: Tx): Promise<SiteId[]> {
  const found = await sql<{ site: SiteId }>`select distinct banks.site_id as site from orders
    join banks using (bank_id) where state = 'waiting' or renewed_at_ms is not null`.execute(tx);
  return found.rows.map((row) => row.site);
}
