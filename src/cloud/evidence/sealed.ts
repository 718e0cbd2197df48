/**
 * What stands sealed in the row of a piece of evidence, and the bytes in the store of objects. The bytes are sealed
 * under a key that is drawn for them; that key, and what else says something, is sealed under the key of everybody
 * whom it is about, one around the other. So whichever of them is erased, nobody reads it any more: what shows two
 * persons cannot be forgotten for one of them alone.
 */
import { z } from 'zod';
import { base64url, fromBase64url, hex, utf8 } from '../../crypto/bytes.ts';
import { openChunks, sealChunks } from '../../crypto/chunks.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { EvidenceId, PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { EvidencePlace } from './objects.ts';
import type { EvidenceRow } from './store.ts';

const insideText = z.strictObject({ key: z.string(), sha256: z.string(), purpose: z.string() });
/** `sha256` in hex, as the record commits to it and as `sha256sum` prints it. */
export type Inside = { key: Uint8Array; sha256: string; purpose: string };

const placeOfRow = (id: EvidenceId) => `evidence/row\0${id}`;
const placeOfObject = ({ tenant, parcel, id }: EvidencePlace) => `evidence/v1\0${tenant}\0${parcel}\0${id}`;

export const hashOfEvidence = (bytes: Uint8Array) => hex(sha256(bytes));

/** What goes into the store. */
export function sealObject(key: Uint8Array, bytes: Uint8Array, place: EvidencePlace): Uint8Array {
  return sealChunks(key, bytes, placeOfObject(place));
}

/** The bytes that were attached; undefined when what lies there is gone, was changed, or is something else. */
export async function openObject(
  cloud: Pick<Cloud, 'evidence'>,
  place: EvidencePlace,
  { key, sha256: expected }: Inside,
): Promise<Uint8Array | undefined> {
  const sealed = await cloud.evidence.read(place);
  const bytes = sealed && openChunks(key, sealed, placeOfObject(place));
  return bytes && hashOfEvidence(bytes) === expected ? bytes : undefined;
}

type About = { id: EvidenceId; subjects: readonly PersonId[] };

export async function sealInside(
  cloud: Cloud,
  tx: Tx,
  { id, subjects, inside }: About & { inside: Inside },
): Promise<Uint8Array> {
  const { key, ...said } = inside;
  let sealed: Uint8Array = utf8(JSON.stringify({ ...said, key: base64url(key) }));
  if (subjects.length === 0) throw new Error('evidence is about somebody');
  for (const person of subjects)
    sealed = await cloud.keys.sealFor(tx, person, placeOfRow(id), base64url(sealed));
  return sealed;
}

/** Null when the key of somebody whom it is about is gone. */
export async function openInside(
  cloud: Cloud,
  tx: Tx,
  row: Pick<EvidenceRow, 'id' | 'subject' | 'otherSubject' | 'sealed'>,
): Promise<Inside | null> {
  if (row.sealed === null) return null;
  let sealed: Uint8Array | undefined = new Uint8Array(row.sealed);
  for (const person of [row.otherSubject, row.subject]) {
    if (person === null) continue;
    const text: string | undefined = await cloud.keys.openFor(tx, person, placeOfRow(row.id), sealed);
    sealed = text === undefined ? undefined : fromBase64url(text);
    if (!sealed) return null;
  }
  const { key, ...said } = insideText.parse(JSON.parse(Buffer.from(sealed).toString('utf8')));
  const bytes = fromBase64url(key);
  if (!bytes) throw new Error(`what stands in the row of ${row.id} is damaged`);
  return { ...said, key: bytes };
}
