/** Holds what is kept of one bank against what its records make of it, table by table and row by row. */
import { parseId } from '../../domain/ids.ts';
import { EMPTY_PICTURE } from '../banks/banks.ts';
import { NO_SIGHT } from '../reconciliation/reconciliation.ts';
import { compareAlarms } from './alarms.ts';
import type { BankFold } from './fold.ts';
import type { Auditing, OwnWords, Said } from './journals.ts';
import { auditOrders, type ReceivedOrders } from './orders.ts';
import { isSaid, takeSaid } from './persons.ts';
import { type BankRow, FOLDED, type FoldedTable, type KeptRow } from './rows.ts';

export type Comparing = { bank: BankRow; fold: BankFold; words: OwnWords; received: ReceivedOrders };

export async function compareBank(auditing: Auditing, of: Comparing): Promise<void> {
  const { bank, fold } = of;
  await compareRoster(auditing, bank, fold);
  const compare = (table: FoldedTable, key: string, expected: readonly KeptRow[]) =>
    compareTable(auditing, { table, key, fold, expected });
  await compare('parcels', 'parcel_id', parcelsOf(fold));
  await compare('compartments', 'n', doorsOf(bank, fold));
  await compare(
    'counts',
    'seq',
    fold.counts.map(({ parcel, atMs, ...said }) => ({ ...said, parcel_id: parcel, at_ms: atMs })),
  );
  await compare('door_sights', 'compartment', sightsOf(fold));
  await compare('waiting_parcels', 'parcel_id', waitingOf(fold));
  await compareEvents(auditing, fold);
  await compareDiscrepancies(auditing, of);
  await compareAlarms(auditing, of);
  const roots = of.words.roots.get(bank.site) ?? [];
  await auditOrders(auditing, { bank, told: fold.orders, received: of.received, roots });
}

type Tell = { where: string; what: string; seq: number | undefined };

/** Names the record that says otherwise, where one tells of this row at all. */
async function tell(
  { findings, indexOf }: Auditing,
  bank: string,
  { where, what, seq }: Tell,
): Promise<void> {
  const index = seq === undefined ? undefined : await indexOf(bank, seq);
  findings.add('projections', where, what, index ?? null);
}

type Compare = { table: FoldedTable; key: string; fold: BankFold; expected: readonly KeptRow[] };

async function compareTable(auditing: Auditing, of: Compare): Promise<void> {
  const { table, key, fold, expected } = of;
  const { bank } = fold;
  const { rows } = auditing;
  const about = (of: unknown) => ({
    where: `${table} ${bank} ${String(of)}`,
    seq:
      key === 'seq' && typeof of === 'number'
        ? of
        : (fold.said.get(`${table} ${String(of)}`) ?? BEGUN[table]),
  });
  const wanted = new Map(expected.map((row) => [row[key], row]));
  for (const row of await rows.kept(table, bank)) {
    const right = wanted.get(row[key]);
    wanted.delete(row[key]);
    const what = right ? difference(table, row, right) : 'follows from no record, or is there twice';
    if (what === undefined) continue;
    const { where, seq } = about(row[key]);
    // A row too many is as a rule a copy of one that belongs: then the record of that one is named.
    const copied = expected.find((one) => isCopy(row, { of: one, table, key }));
    await tell(auditing, bank, { where, what, seq: seq ?? (copied && about(copied[key]).seq) });
  }
  for (const missing of wanted.keys())
    await tell(auditing, bank, { ...about(missing), what: 'follows from the records, and is not there' });
}

/** What no record tells of yet follows from the bank's beginning. */
const BEGUN: Readonly<Partial<Record<FoldedTable, number>>> = { compartments: 1 };

function isCopy(row: KeptRow, { of, table, key }: { of: KeptRow; table: FoldedTable; key: string }): boolean {
  return FOLDED[table].every((column) => column === key || !(column in of) || row[column] === of[column]);
}

function difference(table: FoldedTable, row: KeptRow, right: KeptRow): string | undefined {
  const differs = FOLDED[table].filter((column) => column in right && row[column] !== right[column]);
  return differs.length > 0 ? `differs from its records in ${differs.join(', ')}` : undefined;
}

function parcelsOf({ parcels }: BankFold): KeptRow[] {
  return [...parcels.values()].map((one) => ({
    parcel_id: one.parcel,
    compartment: one.compartment,
    size: one.size,
    state: one.state,
    custody: one.custody,
    carrier_id: one.carrier,
    courier_id: one.courier,
    recipient_id: one.recipient,
    accepted_at_ms: one.acceptedAtMs,
    deposited_at_ms: one.depositedAtMs,
    until_ms: one.untilMs,
    ended_at_ms: one.endedAtMs,
    tracking: one.tracking,
  }));
}

function doorsOf({ layout }: BankRow, { doors }: BankFold): KeptRow[] {
  return layout.compartments.map(({ n }) => {
    const { use, withdrawn, door, parcel, sinceMs } = doors.get(n) ?? EMPTY_PICTURE;
    return { n, use, withdrawn, door, parcel_id: parcel, since_ms: sinceMs };
  });
}

function sightsOf({ sights }: BankFold): KeptRow[] {
  return [...sights].map(([compartment, sight]) => {
    const { occupied, occupiedSeq, occupiedAtMs, forcedSeq, forcedAtMs } = { ...NO_SIGHT, ...sight };
    return {
      ...{ compartment, occupied, occupied_seq: occupiedSeq, occupied_at_ms: occupiedAtMs },
      ...{ forced_seq: forcedSeq, forced_at_ms: forcedAtMs },
    };
  });
}

function waitingOf({ waiting }: BankFold): KeptRow[] {
  return [...waiting.values()].map(({ parcel, person, compartment, untilMs }) => ({
    parcel_id: parcel,
    person_id: person,
    compartment,
    until_ms: untilMs,
  }));
}

async function compareRoster(auditing: Auditing, bank: BankRow, { roster, said }: BankFold): Promise<void> {
  const { applied, appliedAtMs, refused } = roster;
  const same =
    bank.roster_applied === applied &&
    bank.roster_applied_at_ms === appliedAtMs &&
    bank.roster_refused === refused;
  const what = 'which roster it applied or refused differs from its records';
  if (!same) await tell(auditing, bank.bank, { where: `banks ${bank.bank}`, what, seq: said.get('banks') });
}

/** A row is what one batch tells of a parcel; which record tells of which is compared, however it is put. */
async function compareEvents(auditing: Auditing, { bank, events }: BankFold): Promise<void> {
  const wanted = new Map(events);
  const about = (seq: number) => ({ where: `parcel_events ${bank} ${seq}`, seq });
  for (const { parcel_id, seq, also } of await auditing.rows.kept('parcel_events', bank)) {
    for (const one of [seq, ...(also as number[])] as number[]) {
      const what = 'does not tell of this parcel, or tells twice';
      if (wanted.get(one) !== parcel_id) await tell(auditing, bank, { ...about(one), what });
      wanted.delete(one);
    }
  }
  for (const seq of wanted.keys())
    await tell(auditing, bank, { ...about(seq), what: 'tells of a parcel, and that is not kept' });
}

/** A person's word on one is a record of the cloud's own, about that bank, door and parcel; each is used once. */
async function compareDiscrepancies(auditing: Auditing, { fold, words }: Comparing): Promise<void> {
  const { rows } = auditing;
  const { bank } = fold;
  const expected = fold.discrepancies.map(({ parcel, atMs, ...said }) => ({
    ...said,
    parcel_id: parcel,
    at_ms: atMs,
  }));
  await compareTable(auditing, { table: 'discrepancies', key: 'seq', fold, expected });
  for (const row of await rows.kept('discrepancies', bank)) {
    if (row.resolved_how === null && row.resolved_at_ms === null) continue;
    const { compartment, resolved_at_ms: atMs } = row;
    const isAnswer = (said: Said) =>
      said.record.facts.what === row.what &&
      said.record.facts.how === row.resolved_how &&
      // A bank may say of a parcel what is no parcel's id; the answer then names none.
      isSaid(said, 'parcel', parseId('parcel', String(row.parcel_id)) ?? null);
    if (takeSaid(words.persons['discrepancy.resolved'], { bank, compartment, atMs }, isAnswer)) continue;
    const what = 'no record says that it was answered so';
    await tell(auditing, bank, {
      where: `discrepancies ${bank} ${String(row.seq)}`,
      what,
      seq: Number(row.seq),
    });
  }
}
