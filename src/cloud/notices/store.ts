/** All SQL about notices. */
import { sql } from 'kysely';
import { type SealedBox, sealedBox } from '../../contract/uplink.ts';
import type { BankId, EpochId, NoticeId, ParcelId, PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';

export type Channel = 'sms' | 'email';
export type What = 'arrival' | 'reissue' | 'sign-in' | 'reminder' | 'expiry';
export type State = 'queued' | 'sent' | 'failed' | 'dead';

/** What waits to be told: the codes of a grant at a bank, or a link to sign in with. */
export type Content =
  | {
      is: 'codes';
      parcel: ParcelId;
      bank: BankId;
      compartment: number;
      untilMs: number;
      epoch: EpochId;
      box: SealedBox;
    }
  | { is: 'link'; sealed: Uint8Array }
  /** Where a parcel lies and until when; no code, because codes are forgotten after sending. */
  | ({ is: 'place' } & Place);

export type Place = { parcel: ParcelId; bank: BankId; compartment: number; untilMs: number };

export type NewNotice = {
  notice: NoticeId;
  reference: string;
  channel: Channel;
  what: What;
  person: PersonId;
  content: Content;
  atMs: number;
};

/** False when this reference was taken before on this channel. */
export async function insertNotice(tx: Tx, of: NewNotice): Promise<boolean> {
  const codes = of.content.is === 'codes' ? of.content : null;
  const place = of.content.is === 'link' ? null : of.content;
  const link = of.content.is === 'link' ? of.content.sealed : null;
  const done = await sql`insert into notices
    (notice_id, reference, channel, what, state, person_id, parcel_id, bank_id, compartment, until_ms, epoch_id, box, link, at_ms, since_ms, next_ms)
    values (${of.notice}, ${of.reference}, ${of.channel}, ${of.what}, 'queued', ${of.person}, ${place?.parcel ?? null}, ${place?.bank ?? null},
      ${place?.compartment ?? null}, ${place?.untilMs ?? null}, ${codes?.epoch ?? null}, ${codes && JSON.stringify(codes.box)}::jsonb, ${link}, ${of.atMs},
      ${of.atMs}, ${of.atMs})
    on conflict (tenant_id, reference, channel) do nothing`.execute(tx);
  return Number(done.numAffectedRows ?? 0) === 1;
}

type NoticeSql = {
  notice_id: NoticeId;
  reference: string;
  channel: Channel;
  what: What;
  state: State;
  tries: number;
  last_error: string | null;
  person_id: PersonId;
  parcel_id: ParcelId | null;
  bank_id: BankId | null;
  compartment: number | null;
  until_ms: number | null;
  epoch_id: EpochId | null;
  box: unknown;
  link: Uint8Array | null;
  at_ms: number;
  since_ms: number | null;
  next_ms: number | null;
  ord: number;
};

export type NoticeRow = {
  notice: NoticeId;
  reference: string;
  channel: Channel;
  what: What;
  state: State;
  tries: number;
  lastError: string | null;
  person: PersonId;
  parcel: ParcelId | null;
  bank: BankId | null;
  compartment: number | null;
  atMs: number;
  /** Since when it is tried: since it was queued, or since somebody had it sent again. */
  sinceMs: number;
  nextMs: number;
  ord: number;
  content: Content | null;
};

function rowOf(row: NoticeSql): NoticeRow {
  return {
    notice: row.notice_id,
    reference: row.reference,
    channel: row.channel,
    what: row.what,
    state: row.state,
    tries: row.tries,
    lastError: row.last_error,
    person: row.person_id,
    parcel: row.parcel_id,
    bank: row.bank_id,
    compartment: row.compartment,
    atMs: row.at_ms,
    sinceMs: row.since_ms ?? row.at_ms,
    nextMs: row.next_ms ?? row.at_ms,
    ord: row.ord,
    content: contentOf(row),
  };
}

function contentOf(row: NoticeSql): Content | null {
  if (row.link) return { is: 'link', sealed: row.link };
  const { parcel_id: parcel, bank_id: bank, compartment, until_ms: untilMs, epoch_id: epoch } = row;
  if (!parcel || !bank || compartment === null || untilMs === null) return null;
  const isPlace = row.what === 'reminder' || row.what === 'expiry';
  if (isPlace) return { is: 'place', parcel, bank, compartment, untilMs };
  if (!row.box || !epoch) return null;
  return { is: 'codes', parcel, bank, compartment, untilMs: untilMs, epoch, box: sealedBox.parse(row.box) };
}

export async function findNotice(tx: Tx, notice: NoticeId): Promise<NoticeRow | undefined> {
  const found = await sql<NoticeSql>`select * from notices where notice_id = ${notice} for update`.execute(
    tx,
  );
  return found.rows[0] && rowOf(found.rows[0]);
}

export type Ended = {
  state: 'sent' | 'failed' | 'dead';
  error: string | null;
  tries: number;
  /** When it is tried again, where it is. */
  nextMs: number | null;
  /** False while the code may still be of use to its recipient. */
  forget: boolean;
};

/** Counts one more try and says how it ended; a link to sign in is kept only while it may be tried again. */
export async function endTry(tx: Tx, notice: NoticeId, of: Ended): Promise<void> {
  const over = of.state !== 'failed';
  await sql`update notices set state = ${of.state}, tries = ${of.tries}, last_error = ${of.error}, next_ms = ${of.nextMs},
    box = case when ${of.forget} then null else box end, link = case when ${over} then null else link end
    where notice_id = ${notice}`.execute(tx);
}

/** From its first try on again, as if it had been queued now. */
export async function startAnew(tx: Tx, notice: NoticeId, atMs: number): Promise<void> {
  await sql`update notices set state = 'queued', tries = 0, last_error = null, since_ms = ${atMs}, next_ms = ${atMs}
    where notice_id = ${notice}`.execute(tx);
}

/** Codes of dead notices that have ended by now are of no use to anyone who may have them. */
export async function forgetEndedCodes(tx: Tx, nowMs: number): Promise<void> {
  await sql`update notices set box = null where state = 'dead' and box is not null and until_ms <= ${nowMs}`.execute(
    tx,
  );
}

/** Newest first, from before `beforeOrd`. */
export async function listNotices(
  tx: Tx,
  of: { beforeOrd: number | null; limit: number },
): Promise<NoticeRow[]> {
  const found =
    await sql<NoticeSql>`select * from notices where (${of.beforeOrd}::bigint is null or ord < ${of.beforeOrd})
    order by ord desc limit ${of.limit}`.execute(tx);
  return found.rows.map(rowOf);
}

export async function noticesOfParcel(tx: Tx, parcel: ParcelId): Promise<NoticeRow[]> {
  const found = await sql<NoticeSql>`select * from notices where parcel_id = ${parcel} order by ord`.execute(
    tx,
  );
  return found.rows.map(rowOf);
}

/** Until when the parcel waits, as its last notice said; a code issued again does not change that. */
export async function untilOfParcel(tx: Tx, parcel: ParcelId): Promise<number | undefined> {
  const found = await sql<{
    until_ms: number;
  }>`select until_ms from notices where parcel_id = ${parcel} and until_ms is not null
    order by ord desc limit 1`.execute(tx);
  return found.rows[0]?.until_ms;
}

/** Notices whose next try is overdue. The engine forgets a job whose last try died with its process. */
export async function overdueSince(tx: Tx, beforeMs: number): Promise<NoticeRow[]> {
  const found = await sql<NoticeSql>`select * from notices where state in ('queued', 'failed')
    and coalesce(next_ms, at_ms) <= ${beforeMs} limit 500`.execute(tx);
  return found.rows.map(rowOf);
}

export type Waiting = Place & { person: PersonId };

export async function putWaiting(tx: Tx, of: Waiting): Promise<void> {
  await sql`insert into waiting_parcels (parcel_id, person_id, bank_id, compartment, until_ms)
    values (${of.parcel}, ${of.person}, ${of.bank}, ${of.compartment}, ${of.untilMs})
    on conflict (parcel_id) do nothing`.execute(tx);
}

/** Locked until the transaction ends, so that a collection that comes at the same time waits or is seen. */
export async function findWaiting(tx: Tx, parcel: string): Promise<Waiting | undefined> {
  const found =
    await sql<Waiting>`select parcel_id as parcel, person_id as person, bank_id as bank, compartment,
    until_ms as "untilMs" from waiting_parcels where parcel_id = ${parcel} for update`.execute(tx);
  return found.rows[0];
}

/** The parcel that waited, if it did: it does no longer. */
export async function dropWaiting(tx: Tx, parcel: string): Promise<Waiting | undefined> {
  const found = await sql<Waiting>`delete from waiting_parcels where parcel_id = ${parcel}
    returning parcel_id as parcel, person_id as person, bank_id as bank, compartment, until_ms as "untilMs"`.execute(
    tx,
  );
  return found.rows[0];
}

export async function deadSince(tx: Tx, sinceMs: number): Promise<NoticeRow[]> {
  const found =
    await sql<NoticeSql>`select * from notices where state = 'dead' and what not in ('sign-in', 'reminder') and at_ms > ${sinceMs} order by ord desc limit 50`.execute(
      tx,
    );
  return found.rows.map(rowOf);
}
