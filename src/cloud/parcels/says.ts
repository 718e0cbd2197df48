/** One plain sentence for each record in a parcel's timeline. */
import type { LedgerRecord } from '../../ledger/record.ts';

type Says = (record: LedgerRecord, who: string) => string;

const HELD: Readonly<Record<string, string>> = {
  expired: 'The time to collect it ran out; it is held for staff.',
  discrepancy: 'Something about it does not fit; it is held for staff.',
  revoked: 'The right to collect it was taken back; it is held for staff.',
  'left-unconfirmed': 'The courier left without saying that it lies inside; it is held for staff.',
};

const ENDS: Readonly<Record<string, string>> = {
  confirmed: 'The session ended with the person’s word.',
  cancelled: 'The session was cancelled.',
  timeout: 'The session ended when its time was over.',
  occupancy: 'The session ended when its time was over and the sensor saw nothing inside.',
  'not-received': 'The session ended with a report that something was wrong.',
  'pulses-spent': 'The session ended: the latch had been tried as often as it may.',
  order: 'The session was ended by staff with a signed order.',
  fault: 'The session ended because the door did not open.',
};

/** Who it was by their part in it, where the name is gone or was never known. */
const UNNAMED: Readonly<Record<string, string>> = {
  'parcel.accepted': 'A courier',
  'parcel.deposited': 'A courier',
  'parcel.collected': 'The recipient',
  'parcel.removed': 'Staff',
  'evidence.attached': 'Staff',
  'evidence.viewed': 'Staff',
  'session.opened': 'a person without a name here',
  'session.resumed': 'a person without a name here',
};

const ATTACHED: Readonly<Record<string, string>> = {
  jpeg: 'a JPEG photo',
  png: 'a PNG picture',
  webp: 'a WebP picture',
  pdf: 'a PDF document',
  text: 'a text',
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
  'attempt.counted': () => 'A credential was shown, and the try counted.',
  'session.opened': (_, who) => `A session was opened for ${who}.`,
  'session.resumed': (_, who) => `The session that was cut off went on for ${who}.`,
  'session.ended': (record) => ENDS[String(record.facts.end)] ?? 'The session ended.',
  'grant.spent': () => 'The code is used up; nobody can open the door with it again.',
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
  'evidence.attached': (record, who) =>
    `${who} attached evidence: ${ATTACHED[String(record.facts.media)] ?? 'a file'}, ${record.facts.bytes} bytes.`,
  'evidence.viewed': (_, who) => `${who} was handed the evidence.`,
  'bank.retired': () =>
    'Its bank was put out of service for good; no record tells any more what became of it.',
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
  const said = SENTENCES[record.kind]?.(record, who ?? UNNAMED[record.kind] ?? 'Somebody');
  return said ?? sentenceOf(record.kind);
}

/** For a kind that has no sentence of its own: its name, written as one. */
function sentenceOf(kind: string): string {
  const words = kind.replaceAll(/[.-]/g, ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
