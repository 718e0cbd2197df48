/** Who gets which receipt with what inside: every field a record may commit to, before every reader. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMITTED_FIELDS, type CommittedField } from './facts.ts';
import type { PersonId } from './ids.ts';
import { kindSpec, RECORD_KINDS, type RecordKind } from './kinds.ts';
import { isTheirs, mayOpen, type ReceiptReader, recordsFor } from './receipt.ts';

const ADA = 'person_ada' as PersonId;
const MARA = 'person_mara' as PersonId;
const SAM = 'person_sam' as PersonId;
const RESIDENT: ReceiptReader = { is: 'resident', person: ADA };
const COURIER: ReceiptReader = { is: 'courier', person: MARA };
const ADMIN: ReceiptReader = { is: 'admin', person: SAM };

/** What each may open where the field names the resident, the courier, and anything else. */
type Seen = readonly [ada: boolean, mara: boolean, other: boolean];
const ALL: Seen = [true, true, true];
const NONE: Seen = [false, false, false];

/** Said once more, apart from the table that it judges: docs/reference/receipt.md. */
const SAID: Record<CommittedField, { resident: Seen; courier: Seen }> = {
  person: { resident: [true, false, false], courier: [false, true, false] },
  counterpart: { resident: [true, false, false], courier: [false, true, false] },
  parcel: { resident: ALL, courier: ALL },
  tracking: { resident: ALL, courier: ALL },
  carrier: { resident: ALL, courier: ALL },
  grant: { resident: ALL, courier: NONE },
  session: { resident: ALL, courier: ALL },
  order: { resident: NONE, courier: NONE },
  flat: { resident: NONE, courier: NONE },
  purpose: { resident: NONE, courier: NONE },
  note: { resident: NONE, courier: NONE },
  notice: { resident: NONE, courier: NONE },
  address: { resident: NONE, courier: NONE },
  subject: { resident: NONE, courier: NONE },
  device: { resident: NONE, courier: NONE },
  evidence: { resident: NONE, courier: NONE },
};

test('each field that a record may commit to is open to each reader as the page says', () => {
  const seen = (reader: ReceiptReader, field: CommittedField): Seen => [
    mayOpen(reader, field, ADA),
    mayOpen(reader, field, MARA),
    mayOpen(reader, field, 'anything else'),
  ];
  for (const field of COMMITTED_FIELDS) {
    const { resident, courier } = SAID[field];
    assert.deepEqual(seen(RESIDENT, field), resident, `${field} before a resident`);
    assert.deepEqual(seen(COURIER, field), courier, `${field} before a courier`);
    assert.deepEqual(seen(ADMIN, field), ALL, `${field} before an administrator`);
  }
});

test('a receipt is theirs for whom it was left, or who left it; nobody’s parcel is nobody’s', () => {
  const theirs = (recipient: PersonId | null, courier: PersonId | null) =>
    [RESIDENT, COURIER, ADMIN].map((reader) => isTheirs(reader, { recipient, courier }));
  assert.deepEqual(theirs(ADA, MARA), [true, true, true]);
  assert.deepEqual(theirs(MARA, ADA), [false, false, true]);
  assert.deepEqual(theirs(SAM, SAM), [false, false, true]);
  assert.deepEqual(theirs(null, null), [false, false, true]);
});

type Told = { kind: RecordKind; facts: Record<string, unknown> };
const of = (kind: RecordKind, facts: Record<string, unknown> = {}): Told => ({ kind, facts });
/** In the order in which a bank writes them. */
const DROP_OFF: readonly Told[] = [
  of('parcel.accepted'),
  of('release.decided', { work: 'drop-off', pulse: 1 }),
  of('release.answered'),
  of('door.opened'),
  of('door.closed'),
  of('parcel.deposited'),
  of('grant.issued'),
  of('session.ended', { work: 'drop-off', end: 'confirmed' }),
];
const PICK_UP: readonly Told[] = [
  of('attempt.decided', { work: 'pick-up' }),
  of('session.opened', { work: 'pick-up' }),
  of('release.decided', { work: 'pick-up', pulse: 1 }),
  of('release.answered'),
  of('door.opened'),
  of('door.closed'),
  of('parcel.collected'),
  of('grant.spent'),
  of('session.ended', { work: 'pick-up' }),
];

test('a courier’s receipt ends with the drop-off, and says nothing of when the parcel was collected', () => {
  const whole = [...DROP_OFF, ...PICK_UP];
  assert.equal(recordsFor(COURIER, whole), DROP_OFF.length);
  assert.equal(recordsFor(RESIDENT, whole), whole.length);
  assert.equal(recordsFor(ADMIN, whole), whole.length);
  assert.equal(recordsFor(COURIER, DROP_OFF.slice(0, 3)), 3, 'while it is under way');
  const resumed = [
    ...DROP_OFF.slice(0, 2),
    of('session.resumed', { work: 'drop-off', pulses: 1 }),
    ...DROP_OFF.slice(2),
  ];
  assert.equal(recordsFor(COURIER, [...resumed, ...PICK_UP]), resumed.length, 'the power went meanwhile');
  // A bank that was cut off wrote no end of the session: whatever is of the collection ends it all the same.
  const cut = DROP_OFF.slice(0, -1);
  for (const [at, next] of PICK_UP.entries())
    if (next.kind.startsWith('door.') || next.kind === 'release.answered') continue;
    else assert.equal(recordsFor(COURIER, [...cut, ...PICK_UP.slice(at)]), cut.length, next.kind);
  // Nobody confirmed it: the bank holds it, inside the session of the drop-off.
  const held = [...cut.slice(0, 5), of('parcel.held', { why: 'left-unconfirmed' }), ...DROP_OFF.slice(-1)];
  assert.equal(recordsFor(COURIER, [...held, ...PICK_UP]), held.length);
  const expired = [...cut, of('parcel.held', { why: 'expired' })];
  assert.equal(recordsFor(COURIER, expired), cut.length);
  for (const kind of [
    'parcel.collected',
    'parcel.removed',
    'grant.spent',
    'count.taken',
    'compartment.freed',
  ])
    assert.equal(recordsFor(COURIER, [...cut, of(kind as RecordKind)]), cut.length, kind);
});

test('no record of a parcel commits to a field that nobody but an administrator is ever shown, but for staff’s own', () => {
  const committed = new Set(
    RECORD_KINDS.filter(
      (kind) => kindSpec(kind).commits.includes('parcel') && kindSpec(kind).by !== 'cloud',
    ).flatMap((kind) => kindSpec(kind).commits),
  );
  const shut = COMMITTED_FIELDS.filter((field) => !SAID[field].resident.includes(true));
  assert.deepEqual(
    shut.filter((field) => committed.has(field)),
    // The bank that an answer of the cloud's own is about: no bank commits to it, and no receipt has that record.
    ['order', 'note', 'subject'],
  );
});
