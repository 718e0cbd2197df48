/**
 * The audit of a tenant's log from storage: everything is computed again from the bytes of the records, and what is
 * kept beside them is compared (docs/reference/audit.md). It writes nothing and believes no column.
 */
import type { TenantId } from '../../domain/ids.ts';
import { hashOfKey } from '../../ledger/log/succession.ts';
import { claimedOrigin } from '../../ledger/log/witness.ts';
import type { Cloud } from '../deps.ts';
import type { LogRow } from '../log/log.ts';
import { checkGone } from '../parcels/parcels.ts';
import { compareBank } from './compare.ts';
import { Findings } from './findings.ts';
import { BankFold } from './fold.ts';
import { type Auditing, auditBankJournal, auditOwnJournal, type OwnWords } from './journals.ts';
import { auditKeys } from './keys.ts';
import {
  type AuditRows,
  type BankRow,
  FOLDED,
  type FoldedTable,
  type JournalRow,
  OF_JOURNALS,
} from './rows.ts';
import { keysIn } from './seen.ts';
import { overStored } from './stored.ts';
import { auditLog } from './tree.ts';

export type AuditOptions = {
  /** Checkpoints that somebody kept elsewhere; those of other logs are passed over. */
  heads: readonly string[];
  /** Told how far it is: records and entries gone through, of so many. */
  progress(done: number, total: number): void;
};

export type Audited = {
  findings: Findings;
  records: number;
  /** Of the log that grows; null when the tenant keeps none. */
  /** Of its log, and of those that had its place before. */
  origins: readonly string[];
  log: { origin: string; size: number; remembered: number; seen: number } | null;
};

export function auditTenant(cloud: Cloud, tenant: TenantId, options: AuditOptions): Promise<Audited> {
  return overStored(cloud, tenant, (rows) => auditRows(rows, options));
}

/** The same over any rows. */
export async function auditRows(rows: AuditRows, { heads, progress }: AuditOptions): Promise<Audited> {
  const findings = new Findings();
  const [journals, logs] = [await rows.journals(), await rows.logs()];
  const log = logs.at(-1);
  const records = journals.reduce((sum, { last_seq }) => sum + last_seq, 0);
  const total = records + (log?.size ?? 0);
  let done = 0;
  const auditing: Auditing = {
    rows,
    findings,
    seen: [],
    rotations: [],
    erased: { gone: 0, said: 0 },
    advance(by) {
      done += by;
      progress(Math.min(done, total), total);
    },
    indexOf: async (source, seq) => log && rows.indexOf(log.generation, source, seq),
  };
  await auditJournals(auditing, journals);
  for (const { where, what } of checkGone(rows.tenant, auditing.erased))
    findings.add('openings', where, what);
  if (auditing.erased.gone > 0)
    findings.note(
      `${auditing.erased.gone} fields do not open because their persons were erased, or what stood behind them was lost, as recorded`,
    );
  await auditGenerations(
    auditing,
    logs.map(({ generation }) => generation),
  );
  const own = log ? heads.filter((head) => claimedOrigin(head) === log.origin) : [];
  const namesOf = (one: LogRow) => keysIn(one, auditing.rotations).map(({ key }) => hashOfKey(key));
  const names = log ? namesOf(log) : [];
  const seen = auditing.seen.filter((head) => names.includes(head.log));
  if (log) await auditLog(auditing, { log, journals, heads: own, seen });
  const known = new Set(logs.flatMap(namesOf));
  for (const { bank, seq, log: unknown } of auditing.seen)
    if (!known.has(unknown)) {
      const index = await auditing.indexOf(bank, seq);
      findings.add('seen', `${bank} record ${seq}`, 'tells of a log that is not here', index ?? null);
    }
  for (const earlier of logs.slice(0, -1)) {
    findings.note(
      `${earlier.origin} has a successor and is not audited; its folder is what its proofs are checked against`,
    );
    if (heads.some((head) => claimedOrigin(head) === earlier.origin))
      findings.add(
        'head',
        earlier.origin,
        'is remembered outside, and another log has taken its place',
        null,
      );
  }
  const waiting = records - (log?.size ?? 0);
  if (log && waiting > 0) findings.note(`${waiting} records wait for an index; no log vouches for them yet`);
  return {
    findings,
    records,
    origins: logs.map(({ origin }) => origin),
    log: log ? { origin: log.origin, size: log.size, remembered: own.length, seen: seen.length } : null,
  };
}

async function auditJournals(auditing: Auditing, journals: readonly JournalRow[]): Promise<void> {
  const { rows, findings } = auditing;
  const banks = await rows.banks();
  const endOf = (source: string) => journals.find((one) => one.source === source);
  await auditStrays(auditing, { journals, banks });
  const own = endOf(rows.tenant);
  if (!own) return findings.add('records', rows.tenant, 'has no journal of its own');
  const words = await auditOwnJournal(auditing, own);
  await auditKeys(auditing, banks, words);
  const received = new Map(words.orders);
  let holds = true;
  for (const bank of banks)
    holds = (await auditBank(auditing, { bank, end: endOf(bank.bank), words, received })) && holds;
  // What a bank that does not hold would have answered is not asked of the others.
  if (!holds) return;
  for (const [hash, [first]] of received) {
    const index = first && (await auditing.indexOf(first.record.source, first.record.seq));
    findings.add('projections', `orders ${hash}`, 'was given to be carried, and is not kept', index ?? null);
  }
  for (const said of Object.values(words.persons).flat()) {
    const { source, seq, kind, facts } = said.record;
    if (said.isUsed) continue;
    const index = await auditing.indexOf(source, seq);
    const where = `${kind} ${String(facts.what ?? facts.condition)}`;
    findings.add('projections', where, `record ${seq} says so, and nothing is kept of it`, index ?? null);
  }
}

/** Whatever is kept under the name of no bank of this tenant no journal leads to; whoever reads may be led to it. */
async function auditStrays(
  { rows, findings }: Auditing,
  of: { journals: readonly JournalRow[]; banks: readonly BankRow[] },
): Promise<void> {
  const banks = of.banks.map(({ bank }): string => bank);
  const own = [rows.tenant, ...banks];
  const strays = of.journals.map(({ source }) => source).filter((source) => !own.includes(source));
  for (const source of strays) findings.add('records', source, 'is a journal of nobody');
  for (const table of OF_JOURNALS)
    for (const source of await rows.others(table, [...own, ...strays]))
      findings.add(table, source, `is nobody, and there are ${table} of it`);
  for (const table of OF_BANKS)
    for (const bank of await rows.others(table, banks))
      findings.add('projections', `${table} ${bank}`, 'is of no bank that there is');
}

/** What somebody did about an alarm is of its alarm. */
const OF_BANKS = (Object.keys(FOLDED) as FoldedTable[]).filter((table) => table !== 'alarm_acts');

type OneBank = { bank: BankRow; end: JournalRow | undefined; words: OwnWords; received: OwnWords['orders'] };

/** Answers whether its records hold, so that what follows from them could be compared. */
async function auditBank(auditing: Auditing, { bank, end, words, received }: OneBank): Promise<boolean> {
  const { rows, findings } = auditing;
  if (!end) {
    findings.add('records', bank.bank, 'has no journal');
    return false;
  }
  const kept = new Set((await rows.kept('parcels', bank.bank)).map(({ parcel_id }) => parcel_id));
  const fold = new BankFold(bank.bank, async (parcel) =>
    kept.has(parcel) ? bank.bank : rows.bankOfParcel(parcel),
  );
  const holds = await auditBankJournal(auditing, { bank, end }, (told) => fold.follow(told));
  if (holds) await compareBank(auditing, { bank, fold, words, received });
  else
    findings.note(`${bank.bank}: its records do not hold, so that what follows from them was not compared`);
  return holds;
}

async function auditGenerations({ rows, findings }: Auditing, known: readonly number[]): Promise<void> {
  for (const generation of await rows.generations())
    if (!known.includes(generation))
      findings.add('checkpoints', `log ${generation}`, 'is in the folder, and the database does not know it');
}
