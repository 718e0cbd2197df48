/**
 * Attaching a file to a parcel, and handing it out again. The object is durable before its row and its record are: a
 * process that dies in between leaves an object that nobody names, which the sweep removes. Nothing that is refused
 * here removes it at once, for a commit of which nobody heard may have been one.
 */
import { newKey } from '../../crypto/aead.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { EVIDENCE_BYTES_MAX, EVIDENCE_PER_PARCEL_MAX, type Media, mediaOf } from '../../domain/evidence.ts';
import {
  type EvidenceId,
  idFrom,
  type ParcelId,
  type PersonId,
  parseId,
  type TenantId,
} from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { hashOfEvidence, type Inside, openInside, openObject, sealInside, sealObject } from './sealed.ts';
import * as store from './store.ts';

export type AboutWhom = 'recipient' | 'courier' | 'both';

export type ToAttach = {
  parcel: string;
  about: AboutWhom;
  purpose: string;
  bytes: Uint8Array;
  by: PersonId;
};

export type Attached = { id: EvidenceId; sha256: string; media: Media };

/** Where it goes, whose it is, and what lies behind which door. */
type Target = { parcel: ParcelId; compartment: number; subjects: PersonId[] };

export async function attach(cloud: Cloud, tenant: TenantId, of: ToAttach): Promise<Attached> {
  const { bytes, purpose } = of;
  const media = readMedia(bytes);
  // Whoever may not attach is told so before anything is written.
  const { parcel } = await cloud.database.read(tenant, (tx) => targetOf(cloud, tx, of));
  const id = idFrom('evidence', cloud.random.bytes(16));
  const inside: Inside = { key: newKey(), sha256: hashOfEvidence(bytes), purpose };
  const place = { tenant, parcel, id };
  await cloud.evidence.write(place, sealObject(inside.key, bytes, place));
  await cloud.database.tenant(tenant, async (tx) => {
    await lockParties(tx, parcel);
    const target = await targetOf(cloud, tx, of);
    await keep(cloud, tx, { ...of, id, media, inside, target });
  });
  return { id, sha256: inside.sha256, media };
}

function readMedia(bytes: Uint8Array): Media {
  if (bytes.length > EVIDENCE_BYTES_MAX)
    throw new HoldfastError('too-large', `A file has at most ${EVIDENCE_BYTES_MAX / 1_000_000} MB.`);
  const media = mediaOf(bytes);
  if (!media)
    throw new HoldfastError(
      'input-invalid',
      'The file is none of: a JPEG, PNG or WebP photo, a PDF, plain text in UTF-8. Its name does not matter.',
    );
  return media;
}

type ToKeep = ToAttach & { id: EvidenceId; media: Media; inside: Inside; target: Target };

async function keep(cloud: Cloud, tx: Tx, of: ToKeep): Promise<void> {
  const { id, media, inside, target, by } = of;
  const { parcel, compartment, subjects } = target;
  const [subject = null, otherSubject = null] = subjects;
  const size = of.bytes.length;
  const owner = subject === null ? {} : { purpose: subject, subject, evidence: subject, parcel: subject };
  const { seq: recordSeq } = await cloud.journal.record(
    tx,
    {
      kind: 'evidence.attached',
      compartment,
      facts: { media, bytes: size, origin: 'staff' },
      fields: { person: by, parcel, purpose: inside.purpose, subject: id, evidence: inside.sha256 },
    },
    { person: by, ...owner },
  );
  await store.insertEvidence(tx, {
    ...{ id, parcel, origin: 'staff', media, bytes: size, recordSeq, subject, otherSubject },
    ...{ attachedAtMs: cloud.clock.nowMs(), attachedBy: by },
    sealed: await sealInside(cloud, tx, { id, subjects, inside }),
  });
  await cloud.changed(tx, ['parcels', 'journal']);
}

/** Whoever erases locks the person first; so one of both comes first and is seen by the other, and counting holds. */
async function lockParties(tx: Tx, parcel: ParcelId): Promise<void> {
  const parties = await parcels.partiesOf(tx, parcel);
  const persons = [parties?.recipient, parties?.courier].flatMap((person) => person ?? []);
  for (const person of [...new Set(persons)].sort()) await people.lockPerson(tx, person);
}

async function targetOf(cloud: Cloud, tx: Tx, of: Pick<ToAttach, 'parcel' | 'about'>): Promise<Target> {
  const parcel = parseId('parcel', of.parcel);
  const parties = parcel && (await parcels.partiesOf(tx, parcel));
  if (!parcel || !parties) throw new HoldfastError('not-found', 'There is no such parcel here.');
  const subjects = await subjectsOf(cloud, tx, { ...parties, about: of.about });
  if ((await store.countReadable(tx, parcel)) >= EVIDENCE_PER_PARCEL_MAX)
    throw new HoldfastError('conflict', `This parcel has ${EVIDENCE_PER_PARCEL_MAX} files already.`);
  return { parcel, compartment: parties.compartment, subjects };
}

/** What is about nobody whose key lives could never be forgotten, and is not taken. */
async function subjectsOf(
  cloud: Cloud,
  tx: Tx,
  { recipient, courier, about }: { recipient: PersonId | null; courier: PersonId | null; about: AboutWhom },
): Promise<PersonId[]> {
  const wanted = { recipient: [recipient], courier: [courier], both: [recipient, courier] }[about];
  const named = [...new Set(wanted.flatMap((person) => person ?? []))];
  const known = await cloud.keys.subjects(tx, named);
  const subjects = named.filter((person) => known.has(person));
  if (subjects.length === 0)
    throw new HoldfastError(
      'conflict',
      'Whom this would be about is not known here, or was erased; so it could never be erased with them.',
    );
  return subjects;
}

export type Handed = { id: EvidenceId; media: Media; bytes: Uint8Array };

/** For one purpose, which is recorded before a byte of it leaves. */
export async function handOutEvidence(
  cloud: Cloud,
  by: { tenant: TenantId; person: PersonId; role: string },
  { id, purpose }: { id: string; purpose: string },
): Promise<Handed> {
  const { tenant } = by;
  const { row, inside } = await cloud.database.read(tenant, (tx) => readable(cloud, tx, id));
  const bytes = await openObject(cloud, { tenant, parcel: row.parcel, id: row.id }, inside);
  if (!bytes) {
    cloud.log.error('evidence is not what was recorded', { evidence: row.id });
    throw new HoldfastError(
      'conflict',
      'What lies here is not what was recorded, or is gone; nothing of it is handed out. Have the installation checked.',
    );
  }
  await cloud.database.tenant(tenant, async (tx) => {
    const now = await readable(cloud, tx, id);
    const owner = now.row.subject;
    await cloud.journal.record(
      tx,
      {
        kind: 'evidence.viewed',
        facts: { role: by.role },
        fields: { person: by.person, parcel: row.parcel, purpose, subject: row.id },
      },
      { person: by.person, ...(owner === null ? {} : { subject: owner, purpose: owner, parcel: owner }) },
    );
    await cloud.changed(tx, ['journal']);
  });
  return { id: row.id, media: row.media, bytes };
}

async function readable(
  cloud: Cloud,
  tx: Tx,
  id: string,
): Promise<{ row: store.EvidenceRow; inside: Inside }> {
  const row = await store.findEvidence(tx, id);
  if (!row) throw new HoldfastError('not-found', 'There is no such evidence here.');
  const inside = await openInside(cloud, tx, row);
  if (!inside)
    throw new HoldfastError('conflict', 'Whom this was about was erased; nobody can read it any more.');
  return { row, inside };
}
