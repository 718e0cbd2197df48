/**
 * Exports that administrators ask for: noted, made by a job, kept for a week, fetched. A file is encrypted to its
 * receiver before it lies anywhere, and the key of its content is gone from here when it is written, from every old page
 * and backup too (envelope-file.ts): what is kept can be read by nobody here. What was asked for is sealed, under the key of the person where it was asked for by person.
 */
import { z } from 'zod';
import { type ExportAsk, type ExportRow, exportRow } from '../../contract/http/exports.ts';
import { base64url, fromBase64url, fromHex, hex, utf8 } from '../../crypto/bytes.ts';
import type { Envelope } from '../../crypto/cms/envelope.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type ExportId, idFrom, type PersonId, type TenantId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import * as people from '../people/people.ts';
import { envelopeOf, envelopeText, keepEnvelope, openEnvelopeFile } from './envelope-file.ts';
import { fileOf, isThere } from './folder.ts';
import * as store from './kept-store.ts';
import type { Exported, ExportOrder } from './make.ts';
import { receiverFrom } from './receiver.ts';
import { readOpened, readPlainSelection, wantedBy } from './selection.ts';

export const MAKE = 'exports.make';
export const SWEEP = 'exports.sweep';
export const KEPT_MS = 7 * 86_400_000;
/** At one time, of one organisation. */
const UNFINISHED_MAX = 3;
const KEPT_MAX = 20;

const about = exportRow.shape.about.unwrap();
export type About = z.infer<typeof about>;
/** What an export's file of the envelope is sealed under; before there were such files the envelope itself stood in the row. */
const inRow = z.union([z.strictObject({ sealedUnder: z.string() }), envelopeText]);

type By = { tenant: TenantId; person: PersonId };
export const aboutPlace = (id: string) => `export/about\0${id}`;
export const envelopePlace = (id: string) => `export/envelope\0${id}`;

/** Everything that can be refused is refused here and not by the job: who asks is still there to hear it. */
export async function askExport(cloud: Cloud, by: By, ask: ExportAsk): Promise<{ id: ExportId }> {
  const selection = readPlainSelection(ask.selection);
  const opened = readOpened(ask.opened);
  await wantedBy(cloud, by.tenant, selection);
  const { encrypt } = ask;
  const given =
    encrypt.by === 'certificate' ? { ...encrypt, certificate: utf8(encrypt.certificate) } : encrypt;
  await cloud.database.read(by.tenant, requireRoom);
  const { told, envelope } = await receiverFrom({ name: ask.receiver, given }, cloud);
  if (!envelope) throw new Error('nothing leaves from here in clear');
  const id = idFrom('export', cloud.random.bytes(16));
  // Before its row: a file that no row names is swept, and a row without its file would be an export that cannot be made.
  const key = await keepEnvelope(cloud.config.dataDir, { tenant: by.tenant, id }, envelope);
  await cloud.database.tenant(by.tenant, async (tx) => {
    await requireRoom(tx);
    await store.insertExport(tx, {
      ...{
        id,
        state: 'waiting',
        askedAtMs: cloud.clock.nowMs(),
        askedBy: by.person,
        person: selection.person,
      },
      about: await sealAbout(cloud, tx, id, { purpose: ask.purpose, selection, opened, receiver: told }),
      envelope: await sealKey(cloud, tx, id, key),
    });
    await cloud.addJobs(tx, [{ name: MAKE, payload: { tenant: by.tenant, export: id } }]);
    await cloud.changed(tx, ['exports']);
  });
  return { id };
}

async function requireRoom(tx: Tx): Promise<void> {
  const { unfinished, kept } = await store.countKept(tx);
  if (unfinished >= UNFINISHED_MAX)
    throw new HoldfastError('rate-limited', 'Other exports are being made; ask again when one is ready.');
  if (kept >= KEPT_MAX)
    throw new HoldfastError('conflict', `${KEPT_MAX} files are kept already; discard one that was fetched.`);
}

async function sealAbout(cloud: Cloud, tx: Tx, id: ExportId, value: About): Promise<Uint8Array> {
  const text = JSON.stringify(value);
  const person = value.selection.person as PersonId | null;
  return person === null
    ? cloud.keys.sealForTenant(tx, aboutPlace(id), text)
    : cloud.keys.sealFor(tx, person, aboutPlace(id), text);
}

export async function openAbout(
  cloud: Cloud,
  tx: Tx,
  { id, person, about: sealed }: store.KeptRow,
): Promise<About | null> {
  if (sealed === null) return null;
  const bytes = new Uint8Array(sealed);
  const text =
    person === null
      ? await cloud.keys.openForTenant(tx, aboutPlace(id), bytes)
      : await cloud.keys.openFor(tx, person, aboutPlace(id), bytes);
  return text === undefined ? null : about.parse(JSON.parse(text));
}

function sealKey(cloud: Cloud, tx: Tx, id: ExportId, key: Uint8Array): Promise<Uint8Array> {
  const text = JSON.stringify({ sealedUnder: base64url(key) });
  return cloud.keys.sealForTenant(tx, envelopePlace(id), text);
}

/** `file`: what lies of it. Null when one of both is gone. */
export async function openEnvelopeOf(
  cloud: Cloud,
  tx: Tx,
  row: Pick<store.KeptRow, 'id' | 'envelope'>,
  file: Uint8Array | undefined,
): Promise<Envelope | null> {
  if (row.envelope === null) return null;
  const text = await cloud.keys.openForTenant(tx, envelopePlace(row.id), new Uint8Array(row.envelope));
  if (text === undefined) return null;
  const kept = inRow.parse(JSON.parse(text));
  if (!('sealedUnder' in kept)) return envelopeOf(text, row);
  const key = fromBase64url(kept.sealedUnder);
  if (!key || !file) return null;
  return openEnvelopeFile(file, key, { tenant: tenantOf(tx), id: row.id }) ?? null;
}

/** With the person. What lies in folders goes behind the transaction; the row does not open it any more. */
export async function forgetExports(cloud: Cloud, tx: Tx, person: PersonId): Promise<void> {
  if ((await store.forgetExportsOf(tx, person)) > 0)
    await cloud.addJobs(tx, [{ name: SWEEP, payload: {}, key: SWEEP }]);
}

/** One that was made by command: its file is wherever it was written to. */
export async function noteGiven(
  cloud: Cloud,
  tx: Tx,
  { order, made }: { order: ExportOrder; made: Exported & { seq: number } },
): Promise<void> {
  const { purpose, selection, opened, receiver, by } = order;
  const id = idFrom('export', cloud.random.bytes(16));
  const about = { purpose, selection, opened: [...opened], receiver: receiver.told };
  await store.insertExport(tx, {
    ...{ id, state: 'given', askedAtMs: cloud.clock.nowMs(), askedBy: by, person: selection.person },
    ...{ about: await sealAbout(cloud, tx, id, about), envelope: null },
  });
  await noteMade(cloud, tx, { id, state: 'given', made });
}

type NotedMade = { id: ExportId; state: 'ready' | 'given'; made: Exported & { seq: number } };

export async function noteMade(cloud: Cloud, tx: Tx, { id, state, made }: NotedMade): Promise<void> {
  const { records, bytes, seq } = made;
  const isNoted = await store.endMade(tx, id, {
    ...{ state, records, bytes, recordSeq: seq, endedAtMs: cloud.clock.nowMs() },
    ...{ sha256: fromHex(made.sha256), fileSha256: fromHex(made.fileSha256) },
  });
  if (!isNoted) throw new HoldfastError('conflict', 'This export was taken back while it was made.');
  await cloud.changed(tx, ['exports']);
}

export async function pageOfExports(cloud: Cloud, tx: Tx, asked: PageAsked): Promise<Page<ExportRow>> {
  const { rows, nextCursor } = await pageOf<store.KeptRow>(cloud, tx, {
    ...{ name: 'exports', asked },
    read: (after, limit) => store.exportsAfter(tx, { after, limit }),
    position: (row) => [row.askedAtMs, row.id],
  });
  const askers = rows.flatMap(({ askedBy }) => (askedBy === null ? [] : [askedBy]));
  const found = await people.findPersons(cloud, tx, askers);
  const shown: ExportRow[] = [];
  for (const row of rows) {
    const name = row.askedBy === null ? null : (found.get(row.askedBy)?.profile.name ?? '');
    shown.push(rowOf(row, { askedBy: name, about: await openAbout(cloud, tx, row), tenant: tenantOf(tx) }));
  }
  return { rows: shown, nextCursor };
}

type Told = Pick<ExportRow, 'askedBy' | 'about'> & { tenant: TenantId };

function rowOf(row: store.KeptRow, { askedBy, about, tenant }: Told): ExportRow {
  const { id, state, failure, askedAtMs, looked, lookedOf, records, bytes, taken } = row;
  const hash = (of: Uint8Array | null) => (of === null ? null : hex(new Uint8Array(of)));
  return {
    ...{ id, state, failure, askedAtMs, askedBy, about, looked, lookedOf, records, bytes, taken },
    fileSha256: hash(row.fileSha256),
    sha256: hash(row.sha256),
    record: row.recordSeq === null ? null : `${tenant}.${row.recordSeq}`,
    keptUntilMs: state === 'ready' && row.endedAtMs !== null ? row.endedAtMs + KEPT_MS : null,
  };
}

/** Takes one back, or ends the keeping of its file; the sweep removes that. */
export async function discardExport(cloud: Cloud, tx: Tx, id: string): Promise<void> {
  const row = await store.findExport(tx, id, true);
  if (!row) throw nothingThere();
  if (row.state !== 'waiting' && row.state !== 'making' && row.state !== 'ready')
    throw new HoldfastError('conflict', 'There is no file of this export here any more.');
  await store.endKeeping(tx, row.id);
  await cloud.addJobs(tx, [{ name: SWEEP, payload: {}, key: SWEEP }]);
  await cloud.changed(tx, ['exports']);
}

export type TakenFile = { id: ExportId; bytes: number; path: string };

/** The file may be fetched, and is there: only then it counts as taken. Answers its name, its length and where it lies. */
export async function takeExport(cloud: Cloud, tx: Tx, id: string): Promise<TakenFile> {
  const row = await store.findExport(tx, id, true);
  if (!row) throw nothingThere();
  if (row.state !== 'ready' || row.bytes === null)
    throw new HoldfastError(
      'conflict',
      'This export has no file here: it is not made yet, or not kept any more.',
    );
  const path = fileOf(cloud.config.dataDir, { tenant: tenantOf(tx), id: row.id });
  if (!isThere(path, row.bytes))
    throw new HoldfastError('conflict', 'The file of this export is not here any more; ask for it anew.');
  await store.noteTaken(tx, row.id);
  await cloud.changed(tx, ['exports']);
  return { id: row.id, bytes: row.bytes, path };
}

const nothingThere = () => new HoldfastError('not-found', 'There is no such export here.');
