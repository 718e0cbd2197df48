/** SQL of evidence. What it says is sealed before it comes here. */
import { sql } from 'kysely';
import type { Media } from '../../domain/evidence.ts';
import type { EvidenceId, ParcelId, PersonId } from '../../domain/ids.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';

export type EvidenceRow = {
  id: EvidenceId;
  parcel: ParcelId;
  origin: 'staff' | 'camera';
  media: Media;
  bytes: number;
  attachedAtMs: number;
  attachedBy: PersonId | null;
  recordSeq: number;
  subject: PersonId | null;
  otherSubject: PersonId | null;
  sealed: Uint8Array | null;
};

const COLUMNS = sql`evidence_id as id, parcel_id as parcel, origin, media, bytes, attached_at_ms as "attachedAtMs",
  attached_by as "attachedBy", record_seq as "recordSeq", subject_id as subject,
  other_subject_id as "otherSubject", sealed`;

export async function insertEvidence(tx: Tx, row: EvidenceRow): Promise<void> {
  await sql`insert into evidence (evidence_id, parcel_id, origin, media, bytes, attached_at_ms, attached_by, record_seq,
      subject_id, other_subject_id, sealed)
    values (${row.id}, ${row.parcel}, ${row.origin}, ${row.media}, ${row.bytes}, ${row.attachedAtMs}, ${row.attachedBy},
      ${row.recordSeq}, ${row.subject}, ${row.otherSubject}, ${row.sealed})`.execute(tx);
}

export async function findEvidence(tx: Tx, id: string): Promise<EvidenceRow | undefined> {
  const { rows } = await sql<EvidenceRow>`select ${COLUMNS} from evidence where evidence_id = ${id}`.execute(
    tx,
  );
  return rows[0];
}

/** In the order in which it was attached. */
export async function evidenceOf(tx: Tx, parcel: string): Promise<EvidenceRow[]> {
  const { rows } = await sql<EvidenceRow>`select ${COLUMNS} from evidence where parcel_id = ${parcel}
    order by attached_at_ms, evidence_id`.execute(tx);
  return rows;
}

export async function countReadable(tx: Tx, parcel: ParcelId): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from evidence
    where parcel_id = ${parcel} and sealed is not null`.execute(tx);
  return rows[0]?.n ?? 0;
}

/** By numbers of records in the organisation's own journal. */
export async function evidenceAt(tx: Tx, seqs: readonly number[]): Promise<EvidenceRow[]> {
  const { rows } = await sql<EvidenceRow>`select ${COLUMNS} from evidence
    where record_seq = any(${integerColumn([...seqs])}::bigint[]) order by record_seq`.execute(tx);
  return rows;
}

/** All of it, a page at a time. */
export async function evidenceAfter(tx: Tx, id: string, limit: number): Promise<EvidenceRow[]> {
  const { rows } = await sql<EvidenceRow>`select ${COLUMNS} from evidence
    where evidence_id > ${id} order by evidence_id limit ${limit}`.execute(tx);
  return rows;
}

/** Records that say that something was attached, of which there is no row. */
export async function recordsWithout(tx: Tx): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`select r.seq from records r
    where r.source = ${tenantOf(tx)} and r.kind = 'evidence.attached'
      and not exists (select 1 from evidence e where e.record_seq = r.seq) order by r.seq`.execute(tx);
  return rows.map(({ seq }) => seq);
}

/** Records of evidence that is about this person, whoever else it is about, and whether or not it can be read. */
export async function recordsShowing(tx: Tx, person: PersonId): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`select record_seq as seq from evidence
    where ${person} in (subject_id, other_subject_id) order by record_seq`.execute(tx);
  return rows.map(({ seq }) => seq);
}

/**
 * What shows this person is read by nobody any more, whoever else it shows; answers how much that is. That it showed
 * the other stays, for as long as they do: bundles that it is in are counted when their turn comes.
 */
export async function forgetEvidenceOf(tx: Tx, person: PersonId): Promise<number> {
  await sql`update evidence set attached_by = null where attached_by = ${person}`.execute(tx);
  const done = await sql`update evidence set sealed = null, subject_id = nullif(subject_id, ${person}),
      other_subject_id = nullif(other_subject_id, ${person})
    where subject_id = ${person} or other_subject_id = ${person}`.execute(tx);
  return Number(done.numAffectedRows ?? 0);
}

export async function readableIds(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select evidence_id as id from evidence
    where sealed is not null`.execute(tx);
  return rows.map(({ id }) => id);
}

export async function forgottenIds(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select evidence_id as id from evidence
    where sealed is null`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Notes these as objects without a row, and no others; answers since when each has been seen to be one. */
export async function noteStrays(
  tx: Tx,
  { ids, nowMs }: { ids: readonly string[]; nowMs: number },
): Promise<Map<string, number>> {
  await sql`delete from evidence_strays where not evidence_id = any(${textColumn(ids)}::text[])`.execute(tx);
  await sql`insert into evidence_strays (evidence_id, seen_at_ms)
    select id, ${nowMs} from unnest(${textColumn(ids)}::text[]) id on conflict do nothing`.execute(tx);
  const { rows } = await sql<{ id: string; atMs: number }>`select evidence_id as id, seen_at_ms as "atMs"
    from evidence_strays`.execute(tx);
  return new Map(rows.map(({ id, atMs }) => [id, atMs]));
}

/** Parcels over which a legal hold stands at this moment. */
export async function heldParcels(tx: Tx, nowMs: number): Promise<string[]> {
  const { rows } = await sql<{ parcel: string }>`select distinct parcel_id as parcel from parcel_holds
    where lifted_at_ms is null and (until_ms is null or until_ms > ${nowMs})`.execute(tx);
  return rows.map(({ parcel }) => parcel);
}
