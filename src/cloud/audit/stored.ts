/**
 * The rows of an audit from the database and the folder. The statements are the audit's own: an auditor that asked
 * through the code it audits would believe it. All rows are of one moment; the database is told to refuse writing.
 */
import { sql } from 'kysely';
import type { BankId, OrderId, ParcelId, PersonId, SiteId, TenantId } from '../../domain/ids.ts';
import { textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import { openNote } from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import type { HeadRow, RecordRow } from '../journal/journal.ts';
import type { CheckpointRow, CosignatureRow, EntryRow, LogRow, Span } from '../log/log.ts';
import { openOrderTexts } from '../orders/orders.ts';
import { openTracking } from '../parcels/parcels.ts';
import {
  type AuditRows,
  type BankRow,
  FOLDED,
  type FoldedTable,
  type JournalRow,
  type KeptRow,
  type RosterRow,
  type SourcedTable,
} from './rows.ts';

/** Runs `audit` over what one moment saw of a tenant. */
export async function overStored<T>(
  cloud: Cloud,
  tenant: TenantId,
  audit: (rows: AuditRows) => Promise<T>,
): Promise<T> {
  return cloud.database.snapshot(tenant, async (tx) => {
    // The planner knows nothing of the ends of spans, and would rather read every record than look up so many.
    await sql`select set_config('transaction_read_only', 'on', true), set_config('enable_bitmapscan', 'off', true),
      set_config('enable_seqscan', 'off', true)`.execute(tx);
    return audit({
      tenant,
      holdsKey: (publicKey) => cloud.ledger.keyOf(publicKey) !== undefined,
      ...journalRows(cloud, tx),
      ...bankRows(tx),
      ...logRows(tx),
      ...keptRows(cloud, tx),
      ...present(cloud, tenant),
    });
  });
}

/** Where a row says whose it is, if not as its bank. */
const OF: Readonly<Partial<Record<SourcedTable, string>>> = {
  ...{ records: 'source', heads: 'source', openings: 'source', parcel_events: 'source' },
};

const all = async <Row>(tx: Tx, query: ReturnType<typeof sql<Row>>) => (await query.execute(tx)).rows;

type JournalRows = Pick<
  AuditRows,
  'journals' | 'others' | 'records' | 'lastRecord' | 'heads' | 'openings' | 'gone'
>;

function journalRows(cloud: Cloud, tx: Tx): JournalRows {
  return {
    journals: () =>
      all(tx, sql<JournalRow>`select source, last_seq, last_hash, last_head from journals order by source`),
    // One look at each row. Under row security only what is equal or not is asked before the wall, so that no index
    // leads from one journal to the next one of this tenant.
    async others(table, known) {
      const rows = await all(
        tx,
        sql<{ of: string }>`select distinct ${sql.ref(OF[table] ?? 'bank_id')} as of from ${sql.table(table)}
          where ${sql.ref(OF[table] ?? 'bank_id')} <> all(${textColumn([...known])}::text[]) order by 1`,
      );
      return rows.map(({ of }) => of);
    },
    records: (source, { first, last }) =>
      all(
        tx,
        sql<RecordRow>`select source, seq, kind, at_ms, hash, bytes, batch_last from records
          where source = ${source} and seq between ${first} and ${last} order by seq`,
      ),
    async lastRecord(source) {
      const [row] = await all(
        tx,
        sql<{ last: number }>`select coalesce(max(seq), 0) as last from records where source = ${source}`,
      );
      return row?.last ?? 0;
    },
    heads: (source, after, limit) =>
      all(
        tx,
        sql<HeadRow>`select source, first, last, note, hash, key from heads
          where source = ${source} and last > ${after} order by last limit ${limit}`,
      ),
    openings: (source, range) => cloud.journal.openOpenings(tx, source, range),
    gone: (source, range) => cloud.journal.goneIn(tx, source, range),
  };
}

type SiteSql = { site: SiteId; rootKeys: string[]; k: number };

function bankRows(tx: Tx): Pick<AuditRows, 'banks' | 'sites' | 'rosters'> {
  return {
    banks: () =>
      all(
        tx,
        sql<BankRow>`select bank_id as bank, site_id as site, layout, key, seal_key, roster_applied, roster_applied_at_ms,
          roster_refused, retired_at_ms, retired_seq from banks order by bank_id`,
      ),
    sites: () =>
      all(
        tx,
        sql<SiteSql>`select site_id as site, root_keys as "rootKeys", root_k as k from roster_sites order by site_id`,
      ),
    rosters: (site) =>
      all(
        tx,
        sql<RosterRow>`select version, note, json, signatures, received_at_ms from rosters
          where site_id = ${site} order by version`,
      ),
  };
}

type LogRows = Pick<
  AuditRows,
  'logs' | 'spans' | 'ends' | 'checkpoints' | 'cosignatures' | 'entries' | 'indexOf'
>;

function logRows(tx: Tx): LogRows {
  return {
    logs: () => all(tx, sql<LogRow>`select * from logs order by generation`),
    spans: (generation, from, limit) =>
      all(
        tx,
        sql<Span & { first: number }>`select first, source, seq, count from log_spans
          where generation = ${generation} and first >= ${from} order by first limit ${limit}`,
      ),
    ends: (generation) =>
      all(
        tx,
        sql<{
          source: string;
          last_seq: number;
        }>`select source, last_seq from log_ends where generation = ${generation}`,
      ),
    checkpoints: (generation, above, limit) =>
      all(
        tx,
        sql<CheckpointRow>`select size, root, note, at_ms from log_checkpoints
          where generation = ${generation} and size > ${above} order by size limit ${limit}`,
      ),
    cosignatures: (generation, { above, upTo }) =>
      all(
        tx,
        sql<CosignatureRow>`select size, vkey, line, at_s from log_cosignatures
          where generation = ${generation} and size > ${above} and size <= ${upTo} order by size, vkey`,
      ),
    // What the spans of these entries say is computed beforehand: with row security a sum is looked up in no index, and
    // each step would read every record. That spans lie one behind the other is asked of each of them (`tree.ts`).
    entries: (generation, { from, to }) =>
      all(
        tx,
        sql<EntryRow>`with spans as materialized (
            select source, seq + greatest(0, ${from}::bigint - first) as low,
              seq + least(count, ${to}::bigint - first) as high, first + greatest(0, ${from}::bigint - first) as index
            from log_spans where generation = ${generation} and first < ${to} and first >= coalesce(
              (select max(first) from log_spans where generation = ${generation} and first <= ${from}), 0))
          select s.index + r.seq - s.low as index, r.bytes, r.hash
          from spans s cross join lateral (
            select r.* from records r where r.source = s.source and r.seq >= s.low and r.seq < s.high offset 0) r
          order by 1`,
      ),
    async indexOf(generation, source, seq) {
      const [row] = await all(
        tx,
        sql<{ index: number }>`select first + ${seq}::bigint - seq as index from (
            select first, seq, count from log_spans where generation = ${generation} and source = ${source}
              and seq <= ${seq} order by seq desc limit 1) as last where ${seq}::bigint < seq + count`,
      );
      return row?.index;
    },
  };
}

/** Alarms and parcels count in the order in which they began. */
const ORDERED: Readonly<Partial<Record<FoldedTable, string>>> = { alarms: 'ord', parcels: 'ord' };

function keptRows(cloud: Cloud, tx: Tx): Pick<AuditRows, 'kept' | 'bankOfParcel'> {
  return {
    async kept(table, bank) {
      if (table === 'alarm_acts') return keptActs(cloud, tx, bank);
      const columns = sql.raw(FOLDED[table].map((column) => `"${column}"`).join(', '));
      const order = sql.raw(ORDERED[table] ?? '1');
      const rows = await all(
        tx,
        sql<KeptRow>`select ${columns} from ${sql.table(table)} where ${sql.ref(OF[table] ?? 'bank_id')} = ${bank} order by ${order}`,
      );
      if (table === 'orders') return Promise.all(rows.map((row) => withTexts(cloud, tx, row)));
      if (table === 'parcels') return Promise.all(rows.map((row) => withTracking(cloud, tx, row)));
      // The driver reads an array's 64-bit numbers as texts.
      if (table === 'parcel_events')
        return rows.map((row) => ({ ...row, also: (row.also as string[]).map(Number) }));
      return rows;
    },
    async bankOfParcel(parcel) {
      const [row] = await all(
        tx,
        sql<{ bank: BankId }>`select bank_id as bank from parcels where parcel_id = ${parcel}`,
      );
      return row?.bank;
    },
  };
}

/** Acts are their alarm's; what a person said of it is compared as it opens. */
async function keptActs(cloud: Cloud, tx: Tx, bank: string): Promise<KeptRow[]> {
  const rows = await all(
    tx,
    sql<
      KeptRow & { alarm: number; note: Uint8Array | null }
    >`select alarm, act, person_id, at_ms, reason, note
      from alarm_acts where alarm in (select ord from alarms where bank_id = ${bank}) order by ord`,
  );
  const opened = rows.map(async ({ note, ...row }) => ({
    ...row,
    note: note && ((await openNote(cloud, tx, { alarm: row.alarm, note })) ?? false),
  }));
  return Promise.all(opened);
}

/** What is sealed is compared as it opens; what does not open is no text that a record has. */
async function withTracking(cloud: Cloud, tx: Tx, row: KeptRow): Promise<KeptRow> {
  const { tracking, parcel_id, recipient_id } = row;
  if (tracking === null) return row;
  const opened = await openTracking(cloud, tx, {
    parcel: parcel_id as ParcelId,
    recipient: recipient_id as PersonId | null,
    tracking: new Uint8Array(tracking as Uint8Array),
  });
  return { ...row, tracking: opened ?? false };
}

async function withTexts(cloud: Cloud, tx: Tx, row: KeptRow): Promise<KeptRow> {
  const sealed = row as { order_id: OrderId; note: Uint8Array | null; purpose: Uint8Array };
  const { note, purpose } = await openOrderTexts(cloud, tx, { order: sealed.order_id, ...sealed });
  return { ...row, note: note === undefined ? false : note, purpose: purpose ?? false };
}

/** As it is now: the log may have grown since the moment of the rows. */
function present(
  cloud: Cloud,
  tenant: TenantId,
): Pick<AuditRows, 'object' | 'paths' | 'generations' | 'signedNow' | 'sizeNow'> {
  const { database, ledger } = cloud;
  return {
    object: (generation, path) => ledger.objects.read({ tenant, generation }, path),
    paths: (generation) => ledger.objects.paths({ tenant, generation }),
    generations: () => ledger.objects.generations(tenant),
    signedNow: (generation, { from, to }) =>
      database.read(tenant, async (tx) => {
        const [row] = await all(
          tx,
          sql<CheckpointRow>`select size, root, note, at_ms from log_checkpoints
            where generation = ${generation} and size between ${from} and ${to} order by size limit 1`,
        );
        return row;
      }),
    sizeNow: (generation) =>
      database.read(tenant, async (tx) => {
        const [row] = await all(
          tx,
          sql<{ size: number }>`select size from logs where generation = ${generation}`,
        );
        return row?.size ?? 0;
      }),
  };
}
