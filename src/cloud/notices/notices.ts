/**
 * Notices: telling people. A bank seals the codes of a grant for the notifier's key of this epoch; they
 * lie here sealed until the moment of sending, are opened in memory for one message, and are forgotten
 * once it was taken, or cannot be of use any more. Nobody can look a code up; it can only be issued again.
 *
 * The notice, its record and its job stand or fall with the transaction that wanted them. Sending is at least
 * once: a crash after the far side took a message and before we noted it sends it again, under the same
 * reference, which an SMS gateway drops and a mail reader can tell by its Message-ID (RFC 5322 section 3.6.4).
 */
import { z } from 'zod';
import { type NoticeCodes, noticeCodes } from '../../contract/uplink.ts';
import { fromUtf8 } from '../../crypto/bytes.ts';
import { idFrom, isId, type NoticeId, type PersonId, type TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud, JobPayload } from '../deps.ts';
import type { Noun } from '../noun.ts';
import * as people from '../people/people.ts';
import { allTenants } from '../tenants/tenants.ts';
import { type Mail, NotSent, sendMail, sendSms } from './carriers.ts';
import { projection } from './follow.ts';
import { migrations } from './migrations.ts';
import { addTries, queue, SEND_JOB } from './queue.ts';
import { REMIND_JOB, remind } from './reminders.ts';
import * as store from './store.ts';
import {
  arrivalMail,
  arrivalSms,
  expiryMail,
  expirySms,
  reminderMail,
  reminderSms,
  signInMail,
} from './texts.ts';
import { GIVE_UP_MS, pauseMs } from './tries.ts';
import { type Wish, wishNotices } from './wish.ts';

export type { NoticeRow } from './store.ts';

const LINK_PLACE = 'notices/link';

/** Queues a notice on every channel that the recipient wants. The same wish twice queues nothing new. */
export async function wish(cloud: Cloud, tx: Tx, of: Wish): Promise<void> {
  const recipient = await people.findPerson(cloud, tx, of.recipient);
  await queue(cloud, tx, wishNotices(cloud, recipient, of));
}

/** Queues a mail with a link to sign in. The link is sealed under the person's own key while it waits. */
export async function queueLink(
  cloud: Cloud,
  tx: Tx,
  of: { person: PersonId; app: 'resident' | 'courier'; url: string; minutes: number },
): Promise<void> {
  const { app, url, minutes } = of;
  const sealed = await cloud.keys.sealFor(tx, of.person, LINK_PLACE, JSON.stringify({ app, url, minutes }));
  const reference = idFrom('notice', cloud.random.bytes(16));
  const content = { is: 'link', sealed } as const;
  await queue(cloud, tx, [{ reference, what: 'sign-in', channel: 'email', person: of.person, content }]);
}

const jobPayload = z.strictObject({
  tenant: z.custom<TenantId>((text) => typeof text === 'string' && isId('tenant', text)),
  notice: z.custom<NoticeId>((text) => typeof text === 'string' && isId('notice', text)),
});

type Message =
  | { channel: 'sms'; to: string; text: string }
  | ({ channel: 'email' } & Omit<Mail, 'reference'>);
/**
 * A notice that can be sent, or the reason why it cannot. With `keep` an administrator may mend the reason and
 * have it sent again.
 */
type Prepared = { message: Message } | { never: string; keep?: boolean };

/** A job that comes this much too early goes by the clock of the database, which is not ours. */
const EARLY_MS = 60_000;

async function send(cloud: Cloud, payload: JobPayload): Promise<void> {
  const { tenant, notice } = jobPayload.parse(payload);
  const found = await cloud.database.tenant(tenant, async (tx) => {
    const row = await store.findNotice(tx, notice);
    if (!row || (row.state !== 'queued' && row.state !== 'failed')) return undefined;
    // Another job has the next try; this one was answered before.
    if (row.nextMs - cloud.clock.nowMs() > EARLY_MS) return undefined;
    return { row, prepared: await prepare(cloud, tx, row) };
  });
  if (!found) return;
  const outcome = await attempt(cloud, notice, found.prepared);
  await cloud.database.tenant(tenant, (tx) => endTry(cloud, tx, { row: found.row, outcome }));
}

type Outcome = { sent: true } | { sent: false; word: string; final: boolean; keep: boolean };

async function attempt(cloud: Cloud, notice: NoticeId, prepared: Prepared): Promise<Outcome> {
  if ('never' in prepared)
    return { sent: false, word: prepared.never, final: true, keep: prepared.keep ?? false };
  try {
    await transmit(cloud, notice, prepared.message);
    return { sent: true };
  } catch (error) {
    if (!(error instanceof NotSent)) throw error;
    cloud.log.warn('a message was not taken', { notice, final: error.final });
    return { sent: false, word: error.word, final: error.final, keep: true };
  }
}

async function transmit(cloud: Cloud, reference: NoticeId, message: Message): Promise<void> {
  switch (message.channel) {
    case 'sms':
      return await sendSms(cloud.config.sms, cloud.clock, { to: message.to, text: message.text, reference });
    case 'email':
      await sendMail(cloud.config.mail, cloud.clock, { ...message, reference });
  }
}

async function prepare(cloud: Cloud, tx: Tx, row: store.NoticeRow): Promise<Prepared> {
  const person = await people.findPerson(cloud, tx, row.person);
  if (!person?.active) return { never: 'the recipient has left' };
  const to = row.channel === 'sms' ? person.profile.phone : person.profile.email;
  if (to === null) return { never: 'the recipient has no phone number or mail address', keep: true };
  if (row.content === null) throw new Error('a notice that waits has something to tell');
  switch (row.content.is) {
    case 'link':
      return prepareLink(cloud, tx, row, to, row.content.sealed);
    case 'codes':
      return prepareCodes(cloud, tx, row, to, row.content);
    case 'place':
      return preparePlace(tx, row, to, row.content);
  }
}

/** A reminder or the end of the time: where the parcel lies, and no code. */
async function preparePlace(
  tx: Tx,
  row: store.NoticeRow,
  to: string,
  { parcel, bank, compartment, untilMs }: store.Place,
): Promise<Prepared> {
  const place = { bankName: await banks.bankName(tx, bank), compartment, untilMs };
  const isReminder = row.what === 'reminder';
  // Between queuing and sending it may have been collected: then there is nothing to remind of.
  if (isReminder && !(await store.findWaiting(tx, parcel)))
    return { never: 'the parcel does not wait any more' };
  if (row.channel === 'sms')
    return { message: { channel: 'sms', to, text: isReminder ? reminderSms(place) : expirySms(place) } };
  const mail = isReminder ? reminderMail(place) : expiryMail(place);
  return { message: { channel: 'email', to, qr: null, ...mail } };
}

const linkSchema = z.strictObject({
  app: z.enum(['resident', 'courier']),
  url: z.string(),
  minutes: z.int(),
});

async function prepareLink(
  cloud: Cloud,
  tx: Tx,
  row: store.NoticeRow,
  to: string,
  sealed: Uint8Array,
): Promise<Prepared> {
  const text = await cloud.keys.openFor(tx, row.person, LINK_PLACE, sealed);
  if (text === undefined) return { never: 'the recipient has left' };
  const link = linkSchema.parse(JSON.parse(text));
  if (row.atMs + link.minutes * 60_000 <= cloud.clock.nowMs())
    return { never: 'the link expired before it could be sent' };
  return { message: { channel: 'email', to, qr: null, ...signInMail(link) } };
}

async function prepareCodes(
  cloud: Cloud,
  tx: Tx,
  row: store.NoticeRow,
  to: string,
  content: store.Content & { is: 'codes' },
): Promise<Prepared> {
  if (content.untilMs <= cloud.clock.nowMs()) return { never: 'the code expired before it could be sent' };
  const opened = await cloud.keys.openForNotifier(tx, {
    epoch: content.epoch,
    box: content.box,
    bank: content.bank,
    reference: row.reference,
  });
  const codes = opened === undefined ? undefined : readCodes(opened);
  if (!codes) return { never: 'the code could not be opened' };
  const bankName = await banks.bankName(tx, content.bank);
  const arrival = { bankName, compartment: content.compartment, untilMs: content.untilMs, pin: codes.pin };
  if (row.channel === 'sms') return { message: { channel: 'sms', to, text: arrivalSms(arrival) } };
  return { message: { channel: 'email', to, qr: codes.qr, ...arrivalMail(arrival) } };
}

function readCodes(bytes: Uint8Array): NoticeCodes | undefined {
  try {
    return noticeCodes.parse(JSON.parse(fromUtf8(bytes)));
  } catch {
    // What a bank sealed is foreign input; that it is not of the form is the answer.
    return undefined;
  }
}

async function endTry(
  cloud: Cloud,
  tx: Tx,
  { row, outcome }: { row: store.NoticeRow; outcome: Outcome },
): Promise<void> {
  const { notice, channel, person } = row;
  const now = await store.findNotice(tx, notice);
  if (!now) throw new Error('a notice stays in its table');
  // Two processes may have sent it, when one was taken for dead and was only slow. It is counted once.
  if (now.state === 'sent' || now.state === 'dead') return;
  const ended = endedBy(cloud, row, outcome);
  await store.endTry(tx, notice, ended);
  const { state, tries } = ended;
  // The next try stands or falls with the word that this one failed.
  if (ended.nextMs !== null) await addTries(cloud, tx, [{ notice, channel, tries, atMs: ended.nextMs }]);
  const fields = { notice, person };
  const owners = { notice: person, person };
  if (state === 'sent')
    await cloud.journal.record(tx, { kind: 'notice.sent', facts: { channel, tries }, fields }, owners);
  else
    await cloud.journal.record(
      tx,
      { kind: 'notice.failed', facts: { channel, tries, final: state === 'dead' }, fields },
      owners,
    );
  if (state === 'sent' && row.what === 'sign-in') await recordLinkSent(cloud, tx, person);
  await cloud.changed(tx, state === 'dead' ? ['notices', 'attention'] : ['notices']);
}

function endedBy(cloud: Cloud, row: store.NoticeRow, outcome: Outcome): store.Ended {
  const tries = row.tries + 1;
  if (outcome.sent) return { state: 'sent', error: null, tries, nextMs: null, forget: true };
  const error = outcome.word;
  const nextMs = cloud.clock.nowMs() + pauseMs(tries, cloud.random.below(1000) / 1000);
  if (outcome.final || nextMs - row.sinceMs > GIVE_UP_MS)
    return { state: 'dead', error, tries, nextMs: null, forget: !outcome.keep };
  return { state: 'failed', error, tries, nextMs, forget: false };
}

async function recordLinkSent(cloud: Cloud, tx: Tx, person: PersonId): Promise<void> {
  const role = (await people.findPerson(cloud, tx, person))?.role ?? 'resident';
  await cloud.journal.record(
    tx,
    { kind: 'sign-in.link-sent', facts: { role }, fields: { person } },
    { person },
  );
}

const OVERDUE_MS = 3_600_000;

/**
 * Tries again what nobody tries any more, because its job died with a process, and forgets the codes of dead
 * notices that have ended. Runs by the clock.
 */
async function sweep(cloud: Cloud): Promise<void> {
  const nowMs = cloud.clock.nowMs();
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, async (tx) => {
      const overdue = await store.overdueSince(tx, nowMs - OVERDUE_MS);
      await addTries(
        cloud,
        tx,
        overdue.map(({ notice, channel, tries }) => ({ notice, channel, tries, atMs: null })),
      );
      await store.forgetEndedCodes(tx, nowMs);
    });
  }
}

export { canSendAgain, sendAgain } from './again.ts';
export { checkMail, checkSms } from './roads.ts';
export const ofParcel = store.noticesOfParcel;
export const toldOf = store.toldOfParcels;
export const deadSince = store.deadSince;
export const list = store.listNotices;
export const forget = store.deleteAllOf;

export const notices = {
  migrations,
  jobs: { [SEND_JOB]: send, [REMIND_JOB]: remind, 'notices.sweep': sweep },
  schedule: [{ job: 'notices.sweep', cron: '23 * * * *' }],
  projections: [projection],
} satisfies Noun;
