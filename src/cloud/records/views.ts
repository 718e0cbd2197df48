/** Records as they are shown: a page with how far each has come, and one with its proof. */
import type { z } from 'zod';
import type {
  arrivedQuery,
  RecordDetail,
  RecordRow,
  RecordsQuery,
  records,
} from '../../contract/http/records.ts';
import { ARRIVED_MAX } from '../../contract/http/records.ts';
import { base64url, fromBase64url, fromUtf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { parseProof } from '../../ledger/log/proof-file.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { recordsOfEvidence } from '../evidence/evidence.ts';
import { pageOf } from '../http/http.ts';
import { headOfLog, type Proofs, proofStateOf, proofStates, proofsOf } from '../log/log.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { recordsAbout, recordsAmong } from './about.ts';
import * as store from './store.ts';

/** The bank's id, or this word for the journal of what the cloud itself did. */
const CLOUD = 'cloud';
type Asker = { tenant: TenantId; person: PersonId; role: 'admin' | 'super-admin' };
type Spanned = Omit<z.output<typeof arrivedQuery>, 'since'>;

function filterOf(tenant: TenantId, { bank, compartment, kind, fromMs, toMs }: Spanned): store.Filter {
  return { source: bank === CLOUD ? tenant : bank, compartment, kind, fromMs, toMs };
}

/** Whom and what is asked about, looked up in the own organisation: another's is not there. */
type About = {
  person: { id: PersonId; name: string } | undefined;
  parcel: { id: string; tracking: string; records: readonly store.Named[] } | undefined;
};

async function aboutOf(cloud: Cloud, tx: Tx, { person, parcel }: RecordsQuery): Promise<About> {
  const found = person === undefined ? undefined : await people.findPerson(cloud, tx, person);
  if (person !== undefined && !found)
    throw new HoldfastError('not-found', 'There is nobody here by that id.');
  const lies = parcel === undefined ? undefined : await parcels.recordsOf(cloud, tx, parcel);
  if (parcel !== undefined && !lies) throw new HoldfastError('not-found', 'There is no such parcel here.');
  const attached = lies ? await recordsOfEvidence(tx, lies.parcel) : [];
  return {
    person: found && { id: found.person, name: found.profile.name },
    parcel: lies && {
      id: lies.parcel,
      tracking: lies.tracking,
      records: [...lies.seqs.map((seq) => ({ source: lies.source, seq })), ...attached],
    },
  };
}

/** Whoever looks at what a person did, or who had a parcel, is on record, under the key of whom they looked at. */
async function recordLook(cloud: Cloud, tx: Tx, asker: Asker, { person, parcel }: About): Promise<void> {
  const purpose = person && `the records of ${person.id}`;
  await cloud.journal.record(
    tx,
    {
      kind: 'custody.viewed',
      facts: { role: asker.role },
      fields: {
        person: asker.person,
        ...(parcel ? { parcel: parcel.id } : {}),
        ...(purpose === undefined ? {} : { purpose }),
      },
    },
    { person: asker.person, ...(person ? { purpose: person.id } : {}) },
  );
}

/** The pages behind the first are the same look for so long. Whoever goes on later looks anew. */
const LOOK_MS = 60 * 60_000;

/** When the look began that a cursor carries on; undefined when that is too long ago. */
function lookedAtMs(after: readonly (string | number)[] | undefined, nowMs: number): number | undefined {
  const beganMs = Number(after?.[1]);
  return beganMs <= nowMs && nowMs - beganMs < LOOK_MS ? beganMs : undefined;
}

/** By time where a time is asked for; else as they came in. What tells of somebody is read as it came in. */
function orderOf({ fromMs, toMs, bank }: RecordsQuery, { person, parcel }: About): store.Order {
  if (person || parcel) return 'arrival';
  if (fromMs !== undefined || toMs !== undefined) return 'time';
  return bank === undefined ? 'arrival' : 'number';
}

function read(cloud: Cloud, tx: Tx, of: { about: About; filter: store.Filter; order: store.Order }) {
  const { about, filter, order } = of;
  return (after: readonly (string | number)[] | undefined, limit: number): Promise<store.Row[]> => {
    const place = after?.map(Number);
    const before = place?.[0];
    const only = about.parcel?.records;
    if (about.person)
      return recordsAbout(cloud, tx, { person: about.person.id, filter, only, before, limit });
    if (only) return recordsAmong(tx, { filter, records: only, before, limit });
    return store.list(tx, { filter, order, after: place, limit });
  };
}

export async function pageOfRecords(
  cloud: Cloud,
  tx: Tx,
  { asker, asked }: { asker: Asker; asked: RecordsQuery },
): Promise<z.infer<typeof records>> {
  const about = await aboutOf(cloud, tx, asked);
  const order = orderOf(asked, about);
  const filter = filterOf(asker.tenant, asked);
  const { bank, compartment, kind, fromMs, toMs, parcel, person } = asked;
  const isLook = about.person !== undefined || about.parcel !== undefined;
  const nowMs = cloud.clock.nowMs();
  const rowsAfter = read(cloud, tx, { about, filter, order });
  let beganMs: number | undefined;
  const { rows, nextCursor } = await pageOf<store.Row>(cloud, tx, {
    name: 'records',
    filter: [
      ...[bank, String(compartment), kind, String(fromMs), String(toMs), parcel, person],
      // A look is of whoever is on record for it: by a cursor nobody else goes on with it unseen.
      ...(isLook ? [asker.person] : []),
    ],
    asked,
    read(after, limit) {
      beganMs = isLook ? lookedAtMs(after, nowMs) : undefined;
      return rowsAfter(after, limit);
    },
    position: (row) => [...store.placeIn(order, row), ...(isLook ? [beganMs ?? nowMs] : [])],
  });
  if (isLook && beganMs === undefined) await recordLook(cloud, tx, asker, about);
  const { log, states } = await proofStates(cloud, tx, rows);
  return {
    items: rows.map((row, at) => rowOf(row, states[at])),
    nextCursor,
    log,
    mark: base64url(await cloud.keys.sealForTenant(tx, MARK, String(await store.lastPosition(tx)))),
    about: { person: about.person?.name ?? null, tracking: about.parcel?.tracking ?? null },
  };
}

const MARK = 'records-mark/v1';

function rowOf(row: store.Row, proof: RecordRow['proof'] | undefined): RecordRow {
  return {
    source: row.source,
    seq: row.seq,
    kind: row.kind,
    atMs: row.at_ms,
    compartment: row.compartment,
    hash: base64url(row.hash),
    batchLast: row.batch_last,
    proof: proof ?? { is: 'pending' },
  };
}

export async function arrivedSince(
  cloud: Cloud,
  tx: Tx,
  { tenant, asked }: { tenant: TenantId; asked: z.output<typeof arrivedQuery> },
): Promise<{ count: number; logSize: number | null }> {
  const sealed = fromBase64url(asked.since);
  const text = sealed && (await cloud.keys.openForTenant(tx, MARK, sealed));
  if (text === undefined)
    throw new HoldfastError('cursor-invalid', 'Use the mark that a page of records gave.');
  const filter = filterOf(tenant, asked);
  const count = await store.numberBehind(tx, { filter, position: Number(text), max: ARRIVED_MAX });
  return { count, logSize: (await headOfLog(cloud, tx))?.head.size ?? null };
}

/** `<source>.<seq>`; undefined for text that names no record. */
function recordNamed(id: string): store.Named | undefined {
  const [, source, seq] = /^([a-z0-9_]{1,64})\.([1-9][0-9]{0,14})$/.exec(id) ?? [];
  return source === undefined ? undefined : { source, seq: Number(seq) };
}

/** One record and its proof under the last checkpoint; undefined when there is no such record here. */
export async function recordOf(
  cloud: Cloud,
  { tenant, id }: { tenant: TenantId; id: string },
): Promise<RecordDetail | undefined> {
  const named = recordNamed(id);
  const found = named && (await cloud.database.read(tenant, (tx) => store.one(tx, named)));
  if (!found) return undefined;
  // Tiles are read after the transaction: nobody waits for a disk under its locks.
  const made = await proofsOf(cloud, { tenant, source: found.source, seqs: [found.seq] });
  const standing = await cloud.database.read(tenant, (tx) => headOfLog(cloud, tx));
  return detailOf(found, made, standing?.head);
}

function detailOf(
  found: store.Row & { bytes: Uint8Array },
  { log, proofs: [made] }: Proofs,
  head: RecordDetail['log'] | undefined,
): RecordDetail {
  const file = made?.proof ?? null;
  const parsed = file === null ? undefined : parseProof(file);
  const witnesses = head?.witnesses ?? [];
  // What the proof was made under, and not what the log has grown to since.
  const under = log && { size: log.size, witnesses };
  return {
    ...rowOf(found, proofStateOf(made?.index ?? null, under ?? undefined)),
    json: fromUtf8(new Uint8Array(found.bytes)),
    log: log && head ? { ...head, size: log.size } : null,
    file,
    pathLength: parsed?.ok ? parsed.value.path.length : null,
  };
}
