/** One plain sentence for each record in a parcel's timeline. */
import type { LedgerRecord } from '../../ledger/record.ts';

type Says = (record: LedgerRecord, who: string) => string;

const HELD: Readonly<Record<string, string>> = {
  expired: 'The time to collect it ran out; it is held for staff.',
  discrepancy: 'Something about it does not fit; it is held for staff.',
  revoked: 'The right to collect it was taken back; it is held for staff.',
  'left-unconfirmed': 'The courier left without saying that it lies inside; it is held for staff.',
};

const SENTENCES: Readonly<Record<string, Says>> = {
  'parcel.accepted': (_, who) => `${who} brought it; a compartment was reserved.`,
  'parcel.deposited': (record, who) =>
    `${who} put it in and shut the door${sensed(record)}; the bank answers for it.`,
  'parcel.not-deposited': () => 'It was not put in; the courier still answers for it.',
  'parcel.held': (record) => HELD[String(record.facts.why)] ?? 'It is held for staff.',
  'parcel.collected': (record, who) =>
    `${who} took it out and shut the door${sensed(record)}; the recipient answers for it.`,
  'parcel.removed': (_, who) => `${who} took it out by a signed order; staff answer for it.`,
  'compartment.freed': () => 'Staff freed the compartment.',
  'grant.issued': () => 'The bank made the right to collect it, and its code.',
  'grant.reissued': () => 'The bank made a new code; the old one is worth nothing.',
  'grant.expired': () => 'The right to collect it expired.',
  'grant.revoked': () => 'The right to collect it was taken back.',
  'attempt.decided': (record, who) =>
    record.decision?.allow
      ? `${who} showed a valid credential.`
      : `A credential was refused (${reasonOf(record)}).`,
  'session.opened': (_, who) => `A session was opened for ${who}.`,
  'release.decided': (record) =>
    record.decision?.allow
      ? 'The bank decided to release the latch.'
      : `The bank refused to release the latch (${reasonOf(record)}).`,
  'release.answered': (record) =>
    `The latch was ${record.outcome === 'unknown' ? 'not heard of' : (record.outcome ?? 'not heard of')}.`,
  'door.opened': () => 'The door was sensed open.',
  'door.closed': (record) => `The door was sensed shut${sensed(record)}.`,
  'door.ajar': () => 'The door was left open.',
  'door.forced': () => 'The door was opened by force.',
  'latch.jammed': () => 'The latch is stuck.',
  'discrepancy.reported': (record) =>
    `Something was reported: ${String(record.facts.what).replaceAll('-', ' ')}.`,
  'discrepancy.resolved': (record) => `It was resolved: ${String(record.facts.how)}.`,
  'count.taken': (record) =>
    `Staff looked inside and found it ${String(record.facts.found).replaceAll('-', ' ')}.`,
};

function sensed(record: LedgerRecord): string {
  if (record.facts.occupied === 'yes') return ', and the sensor saw something inside';
  return record.facts.occupied === 'no' ? ', and the sensor saw nothing inside' : '';
}

function reasonOf(record: LedgerRecord): string {
  return record.decision?.allow === false ? record.decision.reason.replaceAll('-', ' ') : '';
}

export function says(record: LedgerRecord, who: string | null): string {
  return SENTENCES[record.kind]?.(record, who ?? 'Somebody') ?? `${record.kind.replaceAll(/[.-]/g, ' ')}.`;
}
