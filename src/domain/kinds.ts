/**
 * The closed list of record kinds: what can be said in a journal or the ledger, and with which facts.
 *
 * A fact is a number, a boolean, a hash, or a word from a closed list, so that no free text, and with it
 * no personal data, can enter a record. Persons, parcels, tracking numbers, grants and orders stand in
 * `commits`: fields of which the record holds a salted commitment only.
 *
 * Who may write a kind: `bank` (a bank's journal), `cloud` (a tenant's own journal), or both.
 */
import { SIZES } from './bank.ts';
import { ALARM_CONDITIONS, ALARM_REASONS, DISCREPANCIES, LOG_DISPUTES, SESSION_ENDS } from './conditions.ts';
import { EVIDENCE_ORIGINS, MEDIA_NAMES } from './evidence.ts';
import type { CommittedField, FactType } from './facts.ts';
import { ORDER_ACTS } from './order.ts';
import { DENIALS, METHODS, OUTCOMES, RIGHTS } from './outcome.ts';

export type KindSpec = {
  by: 'bank' | 'cloud' | 'both';
  facts: Readonly<Record<string, FactType>>;
  commits: readonly CommittedField[];
  /** Which parts this kind may have: it must have its decision and outcome, cause and compartment where known. */
  has?: readonly ('compartment' | 'decision' | 'outcome' | 'cause')[];
};

const count: FactType = { type: 'int', min: 0, max: Number.MAX_SAFE_INTEGER };
const atMs: FactType = { type: 'int', min: 0, max: 8.64e15 };
const signedMs: FactType = { type: 'int', min: -8.64e15, max: 8.64e15 };
const hash: FactType = { type: 'hash' };
const bool: FactType = { type: 'bool' };
const words = (...list: readonly string[]): FactType => ({ type: 'word', words: list });
const size = words(...SIZES);
const method = words(...METHODS);
const denial = words(...DENIALS);
const basis = words('person', 'occupancy', 'staff', 'order');
const channel = words('sms', 'email', 'push', 'webhook');
const keyName = words('tenant', 'epoch', 'subject', 'notifier-epoch', 'ledger', 'intake', 'notifier');
const role = words('resident', 'courier', 'admin', 'super-admin', 'registrar', 'staff');
const by = words('proof', 'roster');
const work = words('pick-up', 'drop-off', 'take-back', 'staff-release', 'count', 'override');
const scope = words('courier', 'compartment', 'bank');
const condition = words(...ALARM_CONDITIONS);
/** The cloud alone knows of the last two: of what it would not take. */
const ofBank = words(...ALARM_CONDITIONS, 'batch-refused', 'message-refused');

const bank = (spec: Omit<KindSpec, 'by'>): KindSpec => ({ by: 'bank', ...spec });
const cloud = (spec: Omit<KindSpec, 'by'>): KindSpec => ({ by: 'cloud', ...spec });
const both = (spec: Omit<KindSpec, 'by'>): KindSpec => ({ by: 'both', ...spec });

export const KINDS = {
  // The journal itself, and the agent that keeps it.
  'journal.created': both({ facts: { key: hash }, commits: [] }),
  'journal.full': bank({ facts: { freeKiB: count }, commits: [] }),
  'agent.started': bank({ facts: { resumed: bool, unanswered: count, build: hash }, commits: [] }),
  'agent.stopped': bank({ facts: {}, commits: [] }),
  'clock.frozen': bank({ facts: { stepMs: signedMs }, commits: [] }),
  'clock.set': bank({
    facts: { stepMs: signedMs, by: words('cloud', 'order', 'person') },
    commits: ['person', 'order'],
  }),

  // What came down from the cloud or was carried by hand.
  'bank.enrolled': both({ facts: { key: hash }, commits: [] }),
  'bank.commissioned': bank({ facts: { layout: hash, compartments: count, development: bool }, commits: [] }),
  'roster.applied': bank({ facts: { version: count, hash }, commits: [] }),
  'roster.refused': bank({ facts: { version: count, hash, reason: denial }, commits: [] }),
  'epoch.applied': bank({ facts: { hash, notAfterMs: atMs }, commits: [] }),
  'directory.applied': bank({ facts: { version: count, entries: count }, commits: [] }),
  'message.refused': bank({ facts: { hash, bytes: count, reason: denial }, commits: [] }),
  'suspension.applied': bank({
    facts: { scope, untilMs: atMs },
    commits: ['subject'],
    has: ['compartment'],
  }),
  'suspension.ended': bank({
    facts: { scope, by: words('time', 'cloud', 'roster', 'order') },
    commits: ['subject'],
    has: ['compartment'],
  }),
  'order.accepted': bank({
    facts: { act: words(...ORDER_ACTS), hash, signatures: count, road: words('cloud', 'hand') },
    commits: ['order', 'person', 'purpose'],
    has: ['compartment'],
  }),
  'order.refused': bank({
    facts: { hash, reason: denial, road: words('cloud', 'hand') },
    commits: ['order'],
  }),
  /** An accepted order that nobody claimed in time. */
  'order.lapsed': bank({
    facts: { act: words(...ORDER_ACTS) },
    commits: ['order'],
    has: ['compartment', 'cause'],
  }),

  // What the bank, as an auditor, saw of the tenant's log. `log` is the hash of its key as the roster names it.
  'log.seen': bank({ facts: { log: hash, size: count, root: hash, first: bool }, commits: [] }),
  /** A roster names another log: this is how far the one before was seen. */
  'log.left': bank({ facts: { log: hash, size: count, root: hash }, commits: [] }),
  /** `shownNote`: the hash of what was shown, which the bank keeps. Numbers that nobody signed stand as zeros. */
  'log.disputed': bank({
    facts: {
      log: hash,
      why: words(...LOG_DISPUTES),
      size: count,
      root: hash,
      shownSize: count,
      shownRoot: hash,
      shownNote: hash,
    },
    commits: [],
  }),
  /** The same log under another key, which the log itself recorded or the roster names; the head stays. */
  'log.key-followed': bank({ facts: { log: hash, next: hash, size: count, by }, commits: [] }),
  'log.settled': bank({ facts: { log: hash, size: count, root: hash, by }, commits: [], has: ['cause'] }),

  // A cloud that has less of this bank than it had acknowledged, and what goes with an erasure.
  'cloud.behind': bank({ facts: { had: count, has: count }, commits: [] }),
  'openings.forgotten': bank({ facts: { upTo: count }, commits: [] }),

  // Attempts, decisions, sessions, releases, doors.
  'attempt.counted': bank({ facts: { method, kioskDay: count, guess: count }, commits: ['person'] }),
  'attempt.decided': bank({
    facts: { method, work },
    commits: ['person', 'grant', 'parcel', 'session'],
    has: ['compartment', 'decision', 'cause'],
  }),
  'lockout.began': bank({
    facts: { scope: words('kiosk', 'grant', 'courier'), untilMs: atMs },
    commits: ['person', 'grant'],
    has: ['compartment'],
  }),
  'lockout.ended': bank({
    facts: { scope: words('kiosk', 'grant', 'courier') },
    commits: ['person', 'grant'],
    has: ['compartment'],
  }),
  'session.opened': bank({
    facts: { work, untilMs: atMs },
    commits: ['person', 'grant', 'parcel', 'session'],
    has: ['compartment', 'cause'],
  }),
  'session.resumed': bank({
    facts: { work, pulses: count },
    commits: ['parcel', 'session'],
    has: ['compartment', 'cause'],
  }),
  'session.ended': bank({
    facts: { work, end: words(...SESSION_ENDS), pulses: count, doorSensedOpen: bool },
    commits: ['parcel', 'session'],
    has: ['compartment', 'cause'],
  }),
  'release.decided': bank({
    facts: { work, pulse: count },
    commits: ['session'],
    has: ['compartment', 'decision', 'cause'],
  }),
  'release.answered': bank({
    facts: { afterMs: count, by: words('board', 'time', 'door', 'restart') },
    commits: [],
    has: ['compartment', 'outcome', 'cause'],
  }),
  'door.opened': bank({ facts: { expected: bool }, commits: [], has: ['compartment', 'cause'] }),
  'door.closed': bank({
    facts: { openMs: count, occupied: words('yes', 'no', 'unsensed') },
    commits: [],
    has: ['compartment', 'cause'],
  }),
  'door.ajar': bank({ facts: { openMs: count }, commits: [], has: ['compartment', 'cause'] }),
  'door.forced': bank({
    facts: { occupied: words('yes', 'no', 'unsensed') },
    commits: [],
    has: ['compartment'],
  }),
  'latch.jammed': bank({ facts: { pulses: count }, commits: [], has: ['compartment', 'cause'] }),
  'board.lost': bank({ facts: { board: count }, commits: [] }),
  'board.returned': bank({ facts: { board: count }, commits: [] }),
  'board.garbled': bank({ facts: { board: count, bytes: count }, commits: [], has: ['compartment'] }),
  'compartment.withdrawn': bank({
    facts: { why: words('order', 'jammed', 'forced', 'fault', 'suspension') },
    commits: ['order'],
    has: ['compartment'],
  }),
  'compartment.restored': bank({
    facts: { by: words('order', 'count', 'suspension-ended') },
    commits: ['order'],
    has: ['compartment'],
  }),

  // Parcels: custody changes only here.
  'parcel.accepted': bank({
    facts: { size, offline: bool },
    commits: ['parcel', 'tracking', 'carrier', 'person', 'counterpart', 'session'],
    has: ['compartment', 'cause'],
  }),
  'parcel.deposited': bank({
    facts: { size, basis, occupied: words('yes', 'no', 'unsensed'), untilMs: atMs },
    commits: ['parcel', 'tracking', 'carrier', 'person', 'counterpart', 'grant', 'session'],
    has: ['compartment', 'cause'],
  }),
  'parcel.not-deposited': bank({
    facts: { why: words('cancelled', 'timeout', 'larger', 'door-did-not-open', 'fault') },
    commits: ['parcel', 'session'],
    has: ['compartment', 'cause'],
  }),
  'parcel.collected': bank({
    facts: { basis, occupied: words('yes', 'no', 'unsensed') },
    commits: ['parcel', 'tracking', 'carrier', 'person', 'counterpart', 'grant', 'session'],
    has: ['compartment', 'cause'],
  }),
  'parcel.removed': bank({
    facts: { basis, work, occupied: words('yes', 'no', 'unsensed') },
    commits: ['parcel', 'tracking', 'carrier', 'person', 'counterpart', 'order', 'session'],
    has: ['compartment', 'cause'],
  }),
  'parcel.held': bank({
    facts: { why: words('expired', 'discrepancy', 'revoked', 'left-unconfirmed') },
    commits: ['parcel', 'grant', 'counterpart'],
    has: ['compartment', 'cause'],
  }),
  'compartment.freed': bank({
    facts: { basis },
    commits: ['parcel', 'order'],
    has: ['compartment', 'cause'],
  }),
  'discrepancy.reported': bank({
    facts: { what: words(...DISCREPANCIES) },
    commits: ['person', 'parcel', 'session'],
    has: ['compartment', 'cause'],
  }),
  'discrepancy.resolved': both({
    facts: { what: words(...DISCREPANCIES), how: words('found', 'returned', 'lost', 'freed', 'counted') },
    commits: ['person', 'parcel', 'order', 'note', 'subject'],
    has: ['compartment'],
  }),
  'count.taken': bank({
    facts: { found: words('as-expected', 'empty', 'occupied', 'other') },
    commits: ['person', 'order', 'parcel'],
    has: ['compartment', 'cause'],
  }),

  // Grants and credentials.
  'grant.issued': bank({
    facts: { issue: count, fromMs: atMs, untilMs: atMs, digits: count },
    commits: ['grant', 'parcel', 'counterpart'],
    has: ['compartment', 'cause'],
  }),
  'grant.reissued': bank({
    facts: { issue: count, by: words('order', 'person') },
    commits: ['grant', 'parcel', 'counterpart', 'order'],
    has: ['compartment', 'cause'],
  }),
  'grant.spent': bank({ facts: {}, commits: ['grant', 'parcel'], has: ['compartment', 'cause'] }),
  'grant.expired': bank({ facts: {}, commits: ['grant', 'parcel'], has: ['compartment'] }),
  'grant.revoked': bank({
    facts: { by: words('order', 'roster') },
    commits: ['grant', 'parcel', 'order'],
    has: ['compartment'],
  }),
  'courier.code-set': bank({ facts: { change: bool }, commits: ['person'], has: ['cause'] }),
  'courier.signed-in': bank({ facts: { offline: bool }, commits: ['person', 'carrier'], has: ['cause'] }),
  'courier.signed-out': bank({
    facts: { why: words('done', 'idle', 'suspended', 'roster') },
    commits: ['person'],
    has: ['cause'],
  }),

  // Alarms, lockdown, tamper.
  'alarm.raised': both({ facts: { condition }, commits: ['note'], has: ['compartment', 'cause'] }),
  'alarm.ended': both({
    facts: { condition },
    commits: ['person', 'order', 'subject'],
    has: ['compartment', 'cause'],
  }),
  'alarm.cared': cloud({
    facts: { condition: ofBank },
    commits: ['person', 'subject'],
    has: ['compartment'],
  }),
  'alarm.settled': cloud({
    facts: { condition: ofBank, found: words(...ALARM_REASONS) },
    commits: ['person', 'subject', 'note'],
    has: ['compartment'],
  }),
  'lockdown.began': bank({
    facts: { by: words('tamper', 'order', 'suspension'), scope: words('bank', 'site') },
    commits: ['order'],
    has: ['cause'],
  }),
  'lockdown.cleared': bank({
    facts: { by: words('order', 'time', 'suspension') },
    commits: ['order', 'person'],
    has: ['cause'],
  }),

  // The cloud's own acts.
  'tenant.created': cloud({ facts: {}, commits: [] }),
  'site.created': cloud({ facts: {}, commits: ['subject'] }),
  'bank.registered': cloud({ facts: {}, commits: ['subject'] }),
  'bank.connected': cloud({ facts: {}, commits: ['subject'] }),
  /** A bank's certificate was made to last longer, under the key that it enrolled with. */
  'bank.certified': cloud({ facts: { key: hash, certificate: hash, untilMs: atMs }, commits: ['subject'] }),
  /** Out of service for good: the last record that was taken of it, and how many parcels none of it ended. */
  'bank.retired': cloud({ facts: { last: count, head: hash, lost: count }, commits: ['subject', 'purpose'] }),
  'intake.refused': cloud({
    facts: { reason: denial, firstMissing: count, lastMissing: count, hash },
    commits: ['subject'],
  }),
  'person.added': cloud({ facts: { role }, commits: ['person', 'subject'] }),
  'person.changed': cloud({
    facts: { role, nameChanged: bool, contactChanged: bool, flatChanged: bool, preferencesChanged: bool },
    commits: ['person', 'subject'],
  }),
  'person.removed': cloud({ facts: { role }, commits: ['person', 'subject', 'purpose'] }),
  'people.imported': cloud({ facts: { added: count, changed: count, rejected: count }, commits: ['person'] }),
  'roster.drafted': cloud({ facts: { version: count, hash }, commits: ['person'] }),
  'roster.received': cloud({ facts: { version: count, hash }, commits: ['person'] }),
  'roster.rejected': cloud({ facts: { version: count, hash, reason: denial }, commits: ['person'] }),
  'order.received': cloud({
    facts: { act: words(...ORDER_ACTS), hash, signatures: count },
    commits: ['order', 'purpose', 'subject'],
    has: ['compartment'],
  }),
  'order.rejected': cloud({ facts: { hash, reason: denial }, commits: ['subject'] }),
  'suspension.asked': cloud({
    facts: { scope, untilMs: atMs },
    commits: ['person', 'subject', 'purpose'],
    has: ['compartment'],
  }),
  'suspension.lifted': cloud({
    facts: { scope },
    commits: ['person', 'subject', 'purpose'],
    has: ['compartment'],
  }),
  'sign-in.decided': cloud({ facts: { method, role }, commits: ['person', 'address'], has: ['decision'] }),
  'sign-in.turned-away': cloud({ facts: { role, count, sinceMs: atMs }, commits: ['person'] }),
  /** Password, second factor, known devices and sessions of before are worth nothing from here on. */
  'sign-in.reset': cloud({ facts: { role }, commits: ['person', 'subject'] }),
  'sign-in.link-sent': cloud({ facts: { role }, commits: ['person'] }),
  'signed-out': cloud({
    facts: { role, why: words('person', 'idle', 'age', 'replaced', 'administrator') },
    commits: ['person'],
  }),
  'custody.viewed': cloud({ facts: { role }, commits: ['person', 'parcel', 'purpose'] }),
  /** `evidence`: the SHA-256 of the file. A hash of few possible photos would lead to one; so it is committed to. */
  'evidence.attached': cloud({
    facts: { media: words(...MEDIA_NAMES), bytes: count, origin: words(...EVIDENCE_ORIGINS) },
    commits: ['person', 'parcel', 'purpose', 'subject', 'evidence'],
    has: ['compartment'],
  }),
  'evidence.viewed': cloud({ facts: { role }, commits: ['person', 'parcel', 'purpose', 'subject'] }),
  'notice.queued': cloud({
    facts: {
      channel,
      what: words('arrival', 'reminder', 'expiry', 'collected', 'reissue', 'sign-in', 'alarm'),
    },
    commits: ['notice', 'person', 'parcel'],
  }),
  'notice.sent': cloud({ facts: { channel, tries: count }, commits: ['notice', 'person'] }),
  'notice.failed': cloud({ facts: { channel, tries: count, final: bool }, commits: ['notice', 'person'] }),
  'notice.again': cloud({ facts: { channel }, commits: ['notice', 'person', 'subject'] }),
  'key.made': cloud({ facts: { what: keyName, hash }, commits: ['subject'] }),
  'key.destroyed': cloud({ facts: { what: keyName, hash }, commits: ['subject'] }),
  'export.made': cloud({ facts: { entries: count, hash }, commits: ['person', 'purpose', 'subject'] }),
  'erasure.done': cloud({ facts: { fields: count, exportsOut: count }, commits: ['person', 'subject'] }),
  'erasure.refused': cloud({ facts: { reason: denial }, commits: ['person', 'subject'] }),
  'legal-hold.placed': cloud({ facts: {}, commits: ['person', 'subject', 'purpose'] }),
  'legal-hold.lifted': cloud({ facts: {}, commits: ['person', 'subject', 'purpose'] }),
  /** So many days after they moved out, residents are erased by night; zero: nobody is, unasked. */
  'retention.set': cloud({ facts: { days: count }, commits: ['person'] }),
  'backup.made': cloud({ facts: { bytes: count, hash }, commits: [] }),
  /** Records came back after a restore, and nobody keeps any more what stood behind their commitments. */
  'openings.lost': cloud({ facts: { fields: count, first: count, last: count }, commits: ['subject'] }),
  /** The log before, by the hash of its key, and the last head of it that is signed; zeros where none is. */
  'log.succeeded': cloud({
    facts: { generation: count, before: hash, size: count, root: hash },
    commits: [],
  }),
  /** The log's next key, 32 bytes as a hash has, and its key id; `before` is the hash of the one that it follows. */
  'log.key-rotated': cloud({ facts: { before: hash, key: hash, id: count }, commits: [] }),
  'backup.restored': cloud({ facts: { hash }, commits: [] }),
} as const satisfies Record<string, KindSpec>;

export type RecordKind = keyof typeof KINDS;
export const RECORD_KINDS = Object.keys(KINDS) as RecordKind[];

/** Words of the optional parts, checked by `ledger/record.ts`. */
export const PART_WORDS = { outcomes: OUTCOMES, rights: RIGHTS, denials: DENIALS } as const;

export function kindSpec(kind: RecordKind): KindSpec {
  return KINDS[kind];
}
