/** Whether all evidence is what the records say: each object whole, under its hash, and each record with its row. */
import type { TenantId } from '../../domain/ids.ts';
import { parseRecord } from '../../ledger/record.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { recordsBetween } from '../journal/journal.ts';
import { type Inside, openInside, openObject } from './sealed.ts';
import * as store from './store.ts';

type Finding = { where: string; what: string };

const ROWS_A_READ = 100;

/** An empty list means that all of it holds. */
export async function checkEvidence(cloud: Cloud, tenant: TenantId): Promise<Finding[]> {
  const missing = await cloud.database.read(tenant, (tx) => store.recordsWithout(tx));
  const findings: Finding[] = missing.map((seq) => ({
    where: `${tenant} record ${seq}`,
    what: 'says that evidence was attached, and there is none',
  }));
  for (let after = ''; ; ) {
    const rows = await cloud.database.snapshot(tenant, async (tx) => {
      const found: { row: store.EvidenceRow; inside: Inside | null; wrong: string | undefined }[] = [];
      for (const row of await store.evidenceAfter(tx, after, ROWS_A_READ)) {
        const inside = await openInside(cloud, tx, row);
        found.push({ row, inside, wrong: await wrongWith(cloud, tx, { row, inside }) });
      }
      return found;
    });
    // Objects are read after the transaction: nobody waits for a disk under its locks.
    for (const { row, inside, wrong } of rows) {
      const what = wrong ?? (inside && (await objectWrong(cloud, tenant, { row, inside })));
      if (what) findings.push({ where: row.id, what });
    }
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_A_READ) return findings;
    after = last.row.id;
  }
}

type Opened = { row: store.EvidenceRow; inside: Inside | null };

async function wrongWith(cloud: Cloud, tx: Tx, { row, inside }: Opened): Promise<string | undefined> {
  const source = tenantOf(tx);
  const { recordSeq: seq } = row;
  const range = { first: seq, last: seq };
  const [kept] = await recordsBetween(tx, source, range);
  const parsed = kept && parseRecord(new Uint8Array(kept.bytes));
  if (!parsed?.ok || parsed.record.kind !== 'evidence.attached') return 'no record says that it was attached';
  const { media, bytes, origin } = parsed.record.facts;
  if (media !== row.media || bytes !== row.bytes || origin !== row.origin)
    return 'it is told otherwise than its record says';
  if (row.sealed !== null && inside === null) return 'what stands in its row does not open';
  const opening = (await cloud.journal.openOpenings(tx, source, range)).get(seq)?.evidence;
  if (inside && opening?.value !== inside.sha256)
    return 'its hash is not the one that its record committed to';
  return undefined;
}

async function objectWrong(
  cloud: Cloud,
  tenant: TenantId,
  { row, inside }: { row: store.EvidenceRow; inside: Inside },
): Promise<string | undefined> {
  const bytes = await openObject(cloud, { tenant, parcel: row.parcel, id: row.id }, inside);
  if (!bytes) return 'its object is gone, or is not what was recorded';
  return bytes.length === row.bytes ? undefined : 'its object has another length than was recorded';
}
