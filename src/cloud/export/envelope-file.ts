/**
 * Where the key of an export's content lies, from the moment that it was asked for until the export is made, failed, was
 * taken back, or its person was erased: a file of its own, which is in no backup and in no page of the database, and is
 * overwritten when it ends. What it is sealed under stands in the row and ends with that. So neither of them opens
 * anything, and of an export that is made nobody finds both, whatever old rows and backups they have.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { newKey, open, seal } from '../../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { Envelope } from '../../crypto/cms/envelope.ts';
import type { TenantId } from '../../domain/ids.ts';
import { codeOf, readIfExists } from '../../platform/durable.ts';
import { destroyStored, storeDurable } from '../../platform/durable-store.ts';
import type { Cloud } from '../deps.ts';
import { type ExportPlace, namesOf } from './folder.ts';
import * as store from './kept-store.ts';

const FOLDER = 'export-keys';
/** One that no row names may be about to get its row. */
const ASKED_WITHIN_MS = 3_600_000;

export const envelopeText = z.strictObject({ recipient: z.string(), key: z.string() });

const folderOf = (dataDir: string, tenant: TenantId) => join(dataDir, FOLDER, tenant);
const pathOf = (dataDir: string, { tenant, id }: ExportPlace) => join(folderOf(dataDir, tenant), id);
const placeOf = ({ tenant, id }: ExportPlace) => `export/envelope-file\0${tenant}\0${id}`;

export const textOfEnvelope = ({ recipient, key }: Envelope) =>
  JSON.stringify({ recipient: base64url(recipient), key: base64url(key) });

export function envelopeOf(text: string, { id }: Pick<ExportPlace, 'id'>): Envelope {
  const { recipient, key } = envelopeText.parse(JSON.parse(text));
  const [bytes, secret] = [fromBase64url(recipient), fromBase64url(key)];
  if (!bytes || !secret) throw new Error(`the envelope of ${id} is damaged`);
  return { recipient: bytes, key: secret };
}

/** Answers the key that it is sealed under, for the row. When it returns, a power cut does not undo the file. */
export async function keepEnvelope(dataDir: string, place: ExportPlace, kept: Envelope): Promise<Uint8Array> {
  const key = newKey();
  await storeDurable(pathOf(dataDir, place), seal(key, utf8(textOfEnvelope(kept)), placeOf(place)));
  return key;
}

/** As it lies there; undefined when it is gone. */
export function readEnvelope(dataDir: string, place: ExportPlace): Uint8Array | undefined {
  return readIfExists(pathOf(dataDir, place));
}

/** Undefined when it is another file than the one that this key sealed. */
export function openEnvelopeFile(
  sealed: Uint8Array,
  key: Uint8Array,
  place: ExportPlace,
): Envelope | undefined {
  const bytes = open(key, sealed, placeOf(place));
  const text = bytes && fromUtf8(bytes);
  return text === undefined ? undefined : envelopeOf(text, place);
}

/** May be asked for at any time, and again. */
export async function endEnvelope(dataDir: string, place: ExportPlace): Promise<void> {
  await destroyStored(pathOf(dataDir, place));
}

/** Ends those whose export is not to be made any more, and what a process that died left. */
export async function sweepEnvelopes(cloud: Cloud, tenant: TenantId): Promise<void> {
  const folder = folderOf(cloud.config.dataDir, tenant);
  const names = namesOf(folder);
  if (names.length === 0) return;
  const states = await cloud.database.read(tenant, (tx) => store.statesOf(tx, names));
  for (const name of names) {
    const state = states.get(name);
    if (state === 'waiting' || state === 'making') continue;
    const path = join(folder, name);
    if (state !== undefined || cloud.clock.nowMs() - writtenAtMs(path) >= ASKED_WITHIN_MS)
      await destroyStored(path);
  }
}

function writtenAtMs(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    // It has its name by now, or went meanwhile.
    if (codeOf(error) === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}
