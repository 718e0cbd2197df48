/** All SQL about notices. */
import { sql } from 'kysely';
import { type SealedBox, sealedBox } from '../../contract/uplink.ts';
import type { BankId, EpochId, NoticeId, ParcelId, PersonId } from '../../domain/ids.ts';
import { bytesColumn, integerColumn, textColumn } from '../../platform/columns.ts';
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

/** In the order given. Answers which were new: one reference is taken once on a channel. */
export async function insertNotices(tx: Tx, rows: readonly NewNotice[]): Promise<ReadonlySet<string>> {
  const text = (of: (row: NewNotice) => string | null) => textColumn(rows.map(of));
  const place = ({ content }: NewNotice) => (content.is === 'link' ? null : content);
  const codes = ({ content }: NewNotice) => (content.is === 'codes' ? content : null);
  const links = rows.map(({ content }) => (content.is === 'link' ? content.sealed : null));
  const done = await sql<{ notice: string }>`insert into notices
    (notice_id, reference, channel, what, state, person_id, parcel_id, bank_id, compartment, until_ms, epoch_id, box, link, at_ms, since_ms, next_ms)
    select notice_id, reference, channel, what, 'queued', person_id, parcel_id, bank_id, compartment, until_ms, epoch_id, box::jsonb, link, at_ms, at_ms, at_ms
    from unnest(${text(({ notice }) => notice)}::text[], ${text(({ reference }) => reference)}::text[], ${text(({ channel }) => channel)}::text[],
      ${text(({ what }) => what)}::text[], ${text(({ person }) => person)}::text[], ${text((row) => place(row)?.parcel ?? null)}::text[],
      ${text((row) => place(row)?.bank ?? null)}::text[], ${integerColumn(rows.map((row) => place(row)?.compartment ?? null))}::bigint[],
      ${integerColumn(rows.map((row) => place(row)?.untilMs ?? null))}::bigint[], ${text((row) => codes(row)?.epoch ?? null)}::text[],
      ${text((row) => boxOf(codes(row)))}::text[], ${bytesColumn(links)}::bytea[], ${integerColumn(rows.map(({ atMs }) => atMs))}::bigint[]) with ordinality
      as fresh (notice_id, reference, channel, what, person_id, parcel_id, bank_id, compartment, until_ms, epoch_id, box, link, at_ms, ord)
    order by fresh.ord
    on conflict (tenant_id, reference, channel) do nothing returning notice_id as notice`.execute(tx);
  return new Set(done.rows.map(({ notice }) => notice));
}

const boxOf = (codes: { box: SealedBox } | null) => codes && JSON.stringify(codes.box);

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

export type Told = { parcel: ParcelId; channel: Channel; state: State; atMs: number };

/** The last message with a code of each parcel and channel. */
export async function toldOfParcels(tx: Tx, parcels: readonly ParcelId[]): Promise<Told[]> {
  if (parcels.length === 0) return [];
  const found = await sql<Told>`
    select distinct on (parcel_id, channel) parcel_id as parcel, channel, state, at_ms as "atMs" from notices
    where parcel_id = any(${[...parcels]}::text[]) and what in ('arrival', 'reissue')
    order by parcel_id, channel, ord desc`.execute(tx);
  return found.rows;
}

/** On which channels these references were taken before, as `reference/channel`. */
export async function takenOf(tx: Tx, references: readonly string[]): Promise<Set<string>> {
  if (references.length === 0) return new Set();
  const found = await sql<{ reference: string; channel: string }>`select reference, channel from notices
    where reference = any(${[...references]}::text[])`.execute(tx);
  return new Set(found.rows.map(({ reference, channel }) => `${reference}/${channel}`));
}

/** Until when each parcel waits, as its last notice said; a code issued again does not change that. */
export async function untilOfParcels(tx: Tx, parcels: readonly string[]): Promise<Map<string, number>> {
  if (parcels.length === 0) return new Map();
  const found = await sql<{ parcel: string; untilMs: number }>`
    select distinct on (parcel_id) parcel_id as parcel, until_ms as "untilMs" from notices
    where parcel_id = any(${[...parcels]}::text[]) and until_ms is not null order by parcel_id, ord desc`.execute(
    tx,
  );
  return new Map(found.rows.map(({ parcel, untilMs }) => [parcel, untilMs]));
}

/** Notices whose next try is overdue. The engine forgets a job whose last try died with its process. */
export async function overdueSince(tx: Tx, beforeMs: number): Promise<NoticeRow[]> {
  const found = await sql<NoticeSql>`select * from notices where state in ('queued', 'failed')
    and coalesce(next_ms, at_ms) <= ${beforeMs} limit 500`.execute(tx);
  return found.rows.map(rowOf);
}

export type Waiting = Place & { person: PersonId };

export async function putWaiting(tx: Tx, rows: readonly Waiting[]): Promise<void> {
  if (rows.length === 0) return;
  const text = (of: (row: Waiting) => string) => textColumn(rows.map(of));
  const numbers = (of: (row: Waiting) => number) => integerColumn(rows.map(of));
  await sql`insert into waiting_parcels (parcel_id, person_id, bank_id, compartment, until_ms)
    select * from unnest(${text(({ parcel }) => parcel)}::text[], ${text(({ person }) => person)}::text[], ${text(({ bank }) => bank)}::text[],
      ${numbers(({ compartment }) => compartment)}::bigint[], ${numbers(({ untilMs }) => untilMs)}::bigint[])
    on conflict (parcel_id) do nothing`.execute(tx);
}

export async function findWaiting(tx: Tx, parcel: string): Promise<Waiting | undefined> {
  return (await allWaiting(tx, [parcel]))[0];
}

/** Locked until the transaction ends, so that a collection that comes at the same time waits or is seen. */
export async function allWaiting(tx: Tx, parcels: readonly string[]): Promise<Waiting[]> {
  if (parcels.length === 0) return [];
  const found =
    await sql<Waiting>`select parcel_id as parcel, person_id as person, bank_id as bank, compartment,
    until_ms as "untilMs" from waiting_parcels where parcel_id = any(${[...parcels]}::text[])
      and bank_id not in (select bank_id from banks where retired_at_ms is not null) order by parcel_id for update`.execute(
      tx,
    );
  return found.rows;
}

export async function dropWaiting(tx: Tx, parcels: readonly string[]): Promise<void> {
  if (parcels.length > 0)
    await sql`delete from waiting_parcels where parcel_id = any(${[...parcels]}::text[])`.execute(tx);
}

export async function deadSince(tx: Tx, sinceMs: number): Promise<NoticeRow[]> {
  const found =
    await sql<NoticeSql>`select * from notices where state = 'dead' and what not in ('sign-in', 'reminder') and at_ms > ${sinceMs} order by ord desc limit 50`.execute(
      tx,
    );
  return found.rows.map(rowOf);
}

/** What was and what was to be told to a person. */
export async function deleteAllOf(tx: Tx, person: PersonId): Promise<void> {
  await sql`delete from notices where person_id = ${person}`.execute(tx);
  await sql`delete from waiting_parcels where person_id = ${person}`.execute(tx);
}
