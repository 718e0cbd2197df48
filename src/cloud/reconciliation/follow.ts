/** What is kept of a bank's records: reported discrepancies, counts, and the last sight of each door. */
import type { BankId } from '../../domain/ids.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Projection, Told } from '../noun.ts';
import * as store from './store.ts';

/** Records that say what the sensor sees, or that somebody answers for what was forced. */
const SIGHT_KINDS = [
  'door.closed',
  'door.forced',
  'parcel.deposited',
  'parcel.collected',
  'parcel.removed',
  'compartment.restored',
] as const satisfies RecordKind[];

const kindsOfSight: ReadonlySet<RecordKind> = new Set(SIGHT_KINDS);

export function tellsOfSight(kind: RecordKind): boolean {
  return kindsOfSight.has(kind);
}

/** What a record adds to the last sight of its door. Pure. */
export function foldSight(was: store.Sight, record: LedgerRecord): store.Sight {
  const { seq, facts } = record;
  const { atMs } = record.time;
  const occupied = OCCUPIED.find((word) => word === facts.occupied);
  const seen = occupied ? { ...was, occupied, occupiedSeq: seq, occupiedAtMs: atMs } : was;
  if (record.kind === 'door.forced') return { ...seen, forcedSeq: seq, forcedAtMs: atMs };
  // By a signed order, whose signer answers for having looked; a suspension's end says nothing of the kind.
  const isWord = record.kind === 'compartment.restored' && facts.by !== 'suspension-ended';
  return isWord ? { ...seen, forcedSeq: null, forcedAtMs: null } : seen;
}

const OCCUPIED = ['yes', 'no', 'unsensed'] as const;

const follow: Projection['follow'] = async (cloud, tx, { bank, told }) => {
  const discrepancies = told.filter(({ record }) => record.kind === 'discrepancy.reported');
  const counts = told.filter(({ record }) => record.kind === 'count.taken');
  await store.insertDiscrepancies(tx, discrepancies.map(reportedOf(bank)));
  await store.insertCounts(tx, counts.flatMap(countOf(bank)));
  const sights = told.filter(({ record }) => SIGHT_KINDS.some((kind) => kind === record.kind));
  const doors = sights.flatMap(({ record }) => record.compartment ?? []);
  const known = await store.lockSights(tx, bank, doors);
  for (const { record } of sights) {
    const n = record.compartment;
    if (n !== undefined) known.set(n, foldSight(known.get(n) ?? store.NO_SIGHT, record));
  }
  await store.writeSights(tx, bank, known);
  await cloud.changed(tx, ['reconciliation', 'attention']);
  return [];
};

const reportedOf =
  (bank: BankId) =>
  ({ record, fields }: Told): store.Reported => ({
    bank,
    seq: record.seq,
    compartment: record.compartment ?? null,
    what: String(record.facts.what),
    parcel: fields.parcel ?? null,
    atMs: record.time.atMs,
  });

const countOf =
  (bank: BankId) =>
  ({ record, fields }: Told): store.Count[] =>
    record.compartment === undefined
      ? []
      : [
          {
            bank,
            seq: record.seq,
            compartment: record.compartment,
            found: String(record.facts.found),
            parcel: fields.parcel ?? null,
            atMs: record.time.atMs,
          },
        ];

export const projection: Projection = {
  kinds: ['discrepancy.reported', 'count.taken', ...SIGHT_KINDS],
  follow,
};
