/** Evidence as others take it up: a parcel's list for its page, and what goes into a bundle. */
import type { EvidenceList } from '../../contract/http/evidence.ts';
import { EVIDENCE_PER_PARCEL_MAX, type Media } from '../../domain/evidence.ts';
import type { CommittedField } from '../../domain/facts.ts';
import { type EvidenceId, type ParcelId, type PersonId, parseId, type TenantId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { type Inside, openInside, openObject } from './sealed.ts';
import * as store from './store.ts';

export async function evidenceOfParcel(cloud: Cloud, tx: Tx, id: string): Promise<EvidenceList | undefined> {
  const parcel = parseId('parcel', id);
  if (!parcel || !(await parcels.partiesOf(tx, parcel))) return undefined;
  const rows = await store.evidenceOf(tx, parcel);
  await loadKeys(cloud, tx, rows);
  const found = await people.findPersons(
    cloud,
    tx,
    rows.flatMap(({ attachedBy }) => attachedBy ?? []),
  );
  const attached: EvidenceList['attached'] = [];
  for (const row of rows) {
    const inside = await openInside(cloud, tx, row);
    const { attachedBy, media, bytes, origin, attachedAtMs } = row;
    attached.push({
      ...{ id: row.id, media, bytes, origin, attachedAtMs },
      attachedBy: attachedBy === null ? null : (found.get(attachedBy)?.profile.name ?? null),
      purpose: inside?.purpose ?? null,
      sha256: inside?.sha256 ?? null,
      record: `${tenantOf(tx)}.${row.recordSeq}`,
    });
  }
  const readable = attached.filter(({ sha256 }) => sha256 !== null).length;
  return { attached, room: Math.max(0, EVIDENCE_PER_PARCEL_MAX - readable) };
}

/** Everybody's at once; each would otherwise be a query of its own. */
async function loadKeys(cloud: Cloud, tx: Tx, rows: readonly store.EvidenceRow[]): Promise<void> {
  const subjects = rows.flatMap(({ subject, otherSubject }) => [subject, otherSubject]);
  await cloud.keys.subjects(
    tx,
    subjects.filter((person) => person !== null),
  );
}

/** Which records of the organisation's own journal say what was attached to a parcel. */
export async function recordsOfEvidence(
  tx: Tx,
  parcel: string,
): Promise<{ source: TenantId; seq: number }[]> {
  const rows = await store.evidenceOf(tx, parcel);
  return rows.map(({ recordSeq }) => ({ source: tenantOf(tx), seq: recordSeq }));
}

/**
 * The records of what shows a person, with the fields that tell of them. They stand under the key of the first whom it
 * is about, so that of the other nothing else says so.
 */
export async function evidenceShowing(
  tx: Tx,
  person: PersonId,
): Promise<{ source: TenantId; seq: number; fields: CommittedField[] }[]> {
  const seqs = await store.recordsShowing(tx, person);
  return seqs.map((seq) => ({ source: tenantOf(tx), seq, fields: ['evidence', 'purpose'] }));
}

/** One that can be read while the transaction lasts in which it was asked for, and with this for good. */
export type ReadableEvidence = {
  id: EvidenceId;
  parcel: ParcelId;
  media: Media;
  bytes: number;
  inside: Inside;
};

/** Of these records, those whose evidence can be read. */
export async function evidenceOfRecords(
  cloud: Cloud,
  tx: Tx,
  seqs: readonly number[],
): Promise<Map<number, ReadableEvidence>> {
  const readable = new Map<number, ReadableEvidence>();
  if (seqs.length === 0) return readable;
  const rows = await store.evidenceAt(tx, seqs);
  await loadKeys(cloud, tx, rows);
  for (const row of rows) {
    const inside = await openInside(cloud, tx, row);
    const { id, parcel, media, bytes } = row;
    if (inside) readable.set(row.recordSeq, { id, parcel, media, bytes, inside });
  }
  return readable;
}

/** Its bytes. One that is not what was recorded is an operator's matter, and no answer to who asked. */
export async function bytesOfEvidence(
  cloud: Cloud,
  tenant: TenantId,
  { id, parcel, inside }: ReadableEvidence,
): Promise<Uint8Array> {
  const bytes = await openObject(cloud, { tenant, parcel, id }, inside);
  if (!bytes) throw new Error(`the evidence ${id} is gone, or is not what was recorded`);
  return bytes;
}
