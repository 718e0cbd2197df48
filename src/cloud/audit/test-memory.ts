/** The rows of an audit as plain data: taken once from what is stored, copied where they are changed, and audited. */
import type { TenantId } from '../../domain/ids.ts';
import type { Openings } from '../../ledger/record.ts';
import type { HeadRow, RecordRow } from '../journal/journal.ts';
import type { CheckpointRow, CosignatureRow, LogRow, Span } from '../log/log.ts';
import {
  type AuditRows,
  type BankRow,
  FOLDED,
  type FoldedTable,
  type JournalRow,
  type KeptRow,
  OF_JOURNALS,
  type RosterRow,
  type SiteRow,
  type SourcedTable,
} from './rows.ts';

export type RosterOfSite = RosterRow & { site: string };

/** One log of one tenant, whole. Never edited in place: a change makes a new one that shares the rest. */
export type Memory = {
  tenant: TenantId;
  holdsKey(publicKey: Uint8Array): boolean;
  journals: readonly JournalRow[];
  banks: readonly BankRow[];
  sites: readonly SiteRow[];
  rosters: readonly RosterOfSite[];
  records: readonly RecordRow[];
  heads: readonly HeadRow[];
  openings: readonly { source: string; seq: number; openings: Openings }[];
  logs: readonly LogRow[];
  spans: readonly (Span & { first: number })[];
  ends: readonly { source: string; last_seq: number }[];
  checkpoints: readonly CheckpointRow[];
  cosignatures: readonly CosignatureRow[];
  kept: Readonly<Record<FoldedTable, readonly (KeptRow & { bank: string })[]>>;
  objects: ReadonlyMap<string, Uint8Array>;
};

const EVERYTHING = { first: 1, last: Number.MAX_SAFE_INTEGER };
const MANY = 1_000_000;

export async function remember(rows: AuditRows): Promise<Memory> {
  const [journals, banks, sites, logs] = [
    await rows.journals(),
    await rows.banks(),
    await rows.sites(),
    await rows.logs(),
  ];
  const each = async <T>(list: (source: string) => Promise<T[]>) =>
    (await Promise.all(journals.map(({ source }) => list(source)))).flat();
  const openings = await each(async (source) =>
    [...(await rows.openings(source, EVERYTHING))]
      .map(([seq, of]) => ({ source, seq, openings: of }))
      .filter((row) => Object.keys(row.openings).length > 0),
  );
  const kept = {} as Record<FoldedTable, readonly (KeptRow & { bank: string })[]>;
  for (const table of Object.keys(FOLDED) as FoldedTable[])
    kept[table] = (
      await Promise.all(
        banks.map(async ({ bank }) => (await rows.kept(table, bank)).map((row) => ({ ...row, bank }))),
      )
    ).flat();
  const objects = new Map<string, Uint8Array>();
  for await (const path of rows.paths(1))
    objects.set(path, (await rows.object(1, path)) ?? new Uint8Array(0));
  return {
    ...{
      tenant: rows.tenant,
      holdsKey: rows.holdsKey,
      journals,
      banks,
      sites,
      logs,
      openings,
      kept,
      objects,
    },
    rosters: (
      await Promise.all(
        sites.map(async ({ site }) => (await rows.rosters(site)).map((row) => ({ ...row, site }))),
      )
    ).flat(),
    records: await each((source) => rows.records(source, EVERYTHING)),
    heads: await each((source) => rows.heads(source, 0, MANY)),
    spans: await rows.spans(1, 0, MANY),
    ends: await rows.ends(1),
    checkpoints: await rows.checkpoints(1, -1, MANY),
    cosignatures: await rows.cosignatures(1, { above: -1, upTo: MANY }),
  };
}

const isOfJournals = (table: SourcedTable): table is (typeof OF_JOURNALS)[number] =>
  OF_JOURNALS.some((one) => one === table);

const bySeq = (a: { seq: number }, b: { seq: number }) => a.seq - b.seq;

/** As the database would answer: sorted, and by the same conditions. */
export function rowsOf(memory: Memory): AuditRows {
  const recordsOf = lazily(() => Map.groupBy(memory.records, ({ source }) => source));
  const openingsOf = lazily(() => Map.groupBy(memory.openings, ({ source }) => source));
  const ofSource = (source: string) => recordsOf().get(source) ?? [];
  return {
    ...{ tenant: memory.tenant, holdsKey: memory.holdsKey },
    journals: async () => [...memory.journals],
    async others(table, known) {
      const of = isOfJournals(table)
        ? memory[table].map(({ source }) => source)
        : memory.kept[table].map(({ bank }) => bank);
      return [...new Set(of)].filter((source) => !known.includes(source));
    },
    banks: async () => [...memory.banks],
    sites: async () => [...memory.sites],
    rosters: async (site) =>
      memory.rosters.filter((row) => row.site === site).sort((a, b) => a.version - b.version),
    records: async (source, { first, last }) =>
      ofSource(source)
        .filter(({ seq }) => seq >= first && seq <= last)
        .sort(bySeq),
    lastRecord: async (source) => Math.max(0, ...ofSource(source).map(({ seq }) => seq)),
    heads: async (source, after, limit) =>
      memory.heads
        .filter((head) => head.source === source && head.last > after)
        .sort((a, b) => a.last - b.last)
        .slice(0, limit),
    openings: async (source, { first, last }) =>
      new Map(
        (openingsOf().get(source) ?? [])
          .filter(({ seq }) => seq >= first && seq <= last)
          .map(({ seq, openings }) => [seq, openings]),
      ),
    gone: async () => new Map(),
    kept: async (table, bank) => memory.kept[table].filter((row) => row.bank === bank),
    bankOfParcel: async (parcel) => memory.kept.parcels.find((row) => row.parcel_id === parcel)?.bank,
    ...logRowsOf(memory, ofSource),
  };
}

type LogRows = Pick<
  AuditRows,
  | 'logs'
  | 'spans'
  | 'ends'
  | 'checkpoints'
  | 'cosignatures'
  | 'entries'
  | 'indexOf'
  | 'object'
  | 'paths'
  | 'generations'
  | 'signedNow'
  | 'sizeNow'
>;

function logRowsOf(memory: Memory, ofSource: (source: string) => readonly RecordRow[]): LogRows {
  const spans = lazily(() => [...memory.spans].sort((a, b) => a.first - b.first));
  const checkpoints = lazily(() => [...memory.checkpoints].sort((a, b) => a.size - b.size));
  return {
    logs: async () => [...memory.logs],
    spans: async (_, from, limit) =>
      spans()
        .filter(({ first }) => first >= from)
        .slice(0, limit),
    ends: async () => [...memory.ends],
    checkpoints: async (_, above, limit) =>
      checkpoints()
        .filter(({ size }) => size > above)
        .slice(0, limit),
    cosignatures: async (_, { above, upTo }) =>
      memory.cosignatures.filter(({ size }) => size > above && size <= upTo),
    entries: async (_, { from, to }) =>
      spans()
        .filter(({ first, count }) => first < to && first + count > from)
        .flatMap(({ first, source, seq, count }) =>
          ofSource(source)
            .filter((record) => record.seq >= seq && record.seq < seq + count)
            .map(({ seq: at, bytes, hash }) => ({ index: first + at - seq, bytes, hash })),
        )
        .filter(({ index }) => index >= from && index < to)
        .sort((a, b) => a.index - b.index),
    async indexOf(_, source, seq) {
      const span = memory.spans.find(
        (one) => one.source === source && seq >= one.seq && seq < one.seq + one.count,
      );
      return span && span.first + seq - span.seq;
    },
    object: async (_, path) => memory.objects.get(path),
    async *paths() {
      yield* memory.objects.keys();
    },
    generations: async () => (memory.objects.size > 0 ? [1] : []),
    signedNow: async (_, { from, to }) => checkpoints().find(({ size }) => size >= from && size <= to),
    sizeNow: async () => memory.logs.at(-1)?.size ?? 0,
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { is: T } | undefined;
  return () => {
    made ??= { is: make() };
    return made.is;
  };
}
