/**
 * Checks everything of a tenant again from its records: that no number is missing and every chain holds,
 * that every head is signed over exactly its records, that everything behind a commitment fits, and that
 * parcels and compartments are what the records make of them. An empty list means that all of it holds.
 */
import type { TenantId } from '../../domain/ids.ts';
import { type LedgerRecord, NO_HASH, type Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as journal from '../journal/journal.ts';
import { foldParcel, isInside, type Standing } from './custody.ts';
import * as store from './store.ts';
import {
  allOpened,
  type Beside,
  checkChain,
  checkGone,
  checkHead,
  countGone,
  type Finding,
  saidGone,
} from './verify.ts';

export type { Finding };

const RECORDS_A_READ = 1000;

/** What the records of all banks make of parcels and doors. */
type Folded = {
  parcels: Map<string, Standing & { bank: string }>;
  doors: Map<string, banks.Picture>;
  /** Fields that nothing opens because of an erasure, and how many records say that they erased. */
  erased: { gone: number; said: number };
};

export async function checkCloud(cloud: Cloud, tenant: TenantId): Promise<Finding[]> {
  // Beside a running cloud records are added all the time; an end and its records have to be of one moment.
  return cloud.database.snapshot(tenant, async (tx) => {
    const findings: Finding[] = [];
    const erased = { gone: 0, said: 0 };
    const folded: Folded = { parcels: new Map(), doors: new Map(), erased };
    for (const source of await journal.sources(tx)) {
      const bank = await banks.findBank(tx, source);
      findings.push(
        ...(bank
          ? await checkBankJournal(cloud, tx, bank, folded)
          : await checkOwnJournal(cloud, tx, source, folded)),
      );
    }
    findings.push(...(await checkParcels(tx, folded)), ...(await checkDoors(tx, folded)));
    findings.push(...checkGone(tenant, folded.erased));
    return findings;
  });
}

async function checkOwnJournal(cloud: Cloud, tx: Tx, source: string, folded: Folded): Promise<Finding[]> {
  const findings: Finding[] = [];
  const end = await cloud.journal.endOf(tx, source);
  let prev = NO_HASH;
  for (let first = 1; first <= (end?.lastSeq ?? 0); first += RECORDS_A_READ) {
    const range = { first, last: first + RECORDS_A_READ - 1 };
    const segment = checkChain({
      source,
      records: await journal.recordsBetween(tx, source, range),
      prev,
      prevSeq: first - 1,
    });
    prev = segment.end;
    for (const record of segment.read) folded.erased.said += saidGone(record);
    const beside = await besideOf(cloud, tx, source, range);
    findings.push(...segment.findings, ...checkOpenings(source, segment.read, beside, folded));
  }
  if (prev !== end?.lastHash) findings.push({ where: source, what: 'its end is not where its records end' });
  return findings;
}

async function checkBankJournal(cloud: Cloud, tx: Tx, bank: banks.Bank, folded: Folded): Promise<Finding[]> {
  const source = bank.bank;
  const findings: Finding[] = [];
  const end = await cloud.journal.endOf(tx, source);
  let prev = NO_HASH;
  let before: journal.HeadRow | undefined;
  for (const head of await journal.headsOf(tx, source)) {
    const records = await journal.recordsBetween(tx, source, head);
    const segment = checkChain({ source, records, prev, prevSeq: head.first - 1 });
    const beside = await besideOf(cloud, tx, source, head);
    findings.push(
      ...segment.findings,
      ...checkHead({ bank: source, head, before, records, key: bank.key ?? new Uint8Array(0) }),
    );
    findings.push(
      ...checkOpenings(source, segment.read, beside, folded),
      ...foldAll(folded, segment.read, beside.openings),
    );
    if (records.some((row) => row.batch_last !== head.last))
      findings.push({ where: `${source} head ${head.last}`, what: 'a record names another batch' });
    prev = segment.end;
    before = head;
  }
  const ends =
    end?.lastSeq === (before?.last ?? 0) &&
    end.lastHash === prev &&
    (before === undefined || end.lastHead === before.hash);
  if (!ends) findings.push({ where: source, what: 'its end is not where its records end' });
  return findings;
}

async function besideOf(
  cloud: Cloud,
  tx: Tx,
  source: string,
  range: { first: number; last: number },
): Promise<Beside> {
  return {
    openings: await cloud.journal.openOpenings(tx, source, range),
    gone: await cloud.journal.goneIn(tx, source, range),
  };
}

function checkOpenings(
  source: string,
  records: readonly LedgerRecord[],
  beside: Beside,
  folded: Folded,
): Finding[] {
  folded.erased.gone += countGone(records, beside);
  return records
    .filter((record) => !allOpened(record, beside))
    .map((record) => ({ where: `${source} record ${record.seq}`, what: 'a commitment does not open' }));
}

function foldAll(
  folded: Folded,
  records: readonly LedgerRecord[],
  openings: ReadonlyMap<number, Openings>,
): Finding[] {
  const findings: Finding[] = [];
  for (const record of records) {
    const parcel = openings.get(record.seq)?.parcel?.value ?? null;
    if (record.compartment !== undefined) {
      const door = `${record.source}/${record.compartment}`;
      folded.doors.set(
        door,
        banks.foldPicture(folded.doors.get(door) ?? banks.EMPTY_PICTURE, record, parcel),
      );
    }
    if (parcel === null) continue;
    const was = folded.parcels.get(parcel);
    if (was && was.bank !== record.source)
      findings.push({
        where: `${record.source} record ${record.seq}`,
        what: 'tells of a parcel that another bank holds',
      });
    else {
      const { standing, complaint } = foldParcel(was, record);
      if (complaint !== undefined)
        findings.push({ where: `${record.source} record ${record.seq}`, what: complaint });
      if (standing) folded.parcels.set(parcel, { ...standing, bank: record.source });
    }
  }
  return findings;
}

const STANDING = [
  'state',
  'custody',
  'compartment',
  'size',
  'acceptedAtMs',
  'depositedAtMs',
  'untilMs',
  'endedAtMs',
  'bank',
] as const;

async function checkParcels(tx: Tx, { parcels }: Folded): Promise<Finding[]> {
  const findings: Finding[] = [];
  const kept = await store.everyParcel(tx);
  const behind = new Map<string, string>();
  for (const row of kept) {
    const folded = parcels.get(row.parcel);
    const differs = STANDING.filter((name) => folded?.[name] !== row[name]);
    if (differs.length > 0)
      findings.push({ where: row.parcel, what: `differs from its records in ${differs.join(', ')}` });
    if (!isInside(row)) continue;
    const door = `${row.bank}/${row.compartment}`;
    if (behind.has(door)) findings.push({ where: door, what: 'two parcels lie behind one door' });
    behind.set(door, row.parcel);
  }
  if (kept.length !== parcels.size)
    findings.push({ where: 'parcels', what: `there are ${kept.length}, and records of ${parcels.size}` });
  return findings;
}

async function checkDoors(tx: Tx, folded: Folded): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const bank of await banks.allBanks(tx)) {
    for (const [n, picture] of await banks.pictures(tx, bank.bank)) {
      const door = `${bank.bank}/${n}`;
      const expected = folded.doors.get(door) ?? banks.EMPTY_PICTURE;
      if (JSON.stringify(picture) !== JSON.stringify(expected))
        findings.push({ where: door, what: 'its picture differs from its records' });
      const live = [...folded.parcels]
        .filter(
          ([, standing]) => standing.bank === bank.bank && standing.compartment === n && isInside(standing),
        )
        .map(([parcel]) => parcel);
      if (live.length > 1 || (live[0] ?? null) !== expected.parcel)
        findings.push({ where: door, what: 'parcel and door tell different stories' });
    }
  }
  return findings;
}
