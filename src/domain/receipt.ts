/**
 * Who gets which receipt, and what stands open in it. A receipt goes to strangers, and stays with them: so nobody is
 * handed in it what they did not know before, and a field that nobody has thought about is shut.
 */
import type { CommittedField } from './facts.ts';
import type { PersonId } from './ids.ts';
import type { RecordKind } from './kinds.ts';

/** Administrators answer for all parcels of their organisation; the others for themselves. */
export type ReceiptReader = { is: 'admin' | 'resident' | 'courier'; person: PersonId };

/** `own`: only where it names the reader. */
type Sight = 'open' | 'own' | 'shut';
type Row = Readonly<Record<ReceiptReader['is'], Sight>>;

const EVERYBODY: Row = { admin: 'open', resident: 'open', courier: 'open' };
const NAMED: Row = { admin: 'open', resident: 'own', courier: 'own' };
const STAFF: Row = { admin: 'open', resident: 'shut', courier: 'shut' };

const SIGHTS: Readonly<Record<CommittedField, Row>> = {
  person: NAMED,
  counterpart: NAMED,
  /** Without it a record does not show that it speaks of this parcel. */
  parcel: EVERYBODY,
  /** Courier and recipient both read it on the parcel. */
  tracking: EVERYBODY,
  /** A company, and no person. */
  carrier: EVERYBODY,
  /** The recipient's right to collect. */
  grant: { admin: 'open', resident: 'open', courier: 'shut' },
  /** Of one parcel at one door, drawn anew each time: it ties a pulse to its parcel, and no two parcels together. */
  session: EVERYBODY,
  /** Leads to the staff who signed it. */
  order: STAFF,
  purpose: STAFF,
  note: STAFF,
  // No record of a parcel commits to these. Whoever lets one do so decides here who may see it.
  flat: STAFF,
  notice: STAFF,
  address: STAFF,
  subject: STAFF,
  device: STAFF,
  evidence: STAFF,
};

export function mayOpen(reader: ReceiptReader, field: CommittedField, value: string): boolean {
  const sight = SIGHTS[field][reader.is];
  switch (sight) {
    case 'open':
      return true;
    case 'own':
      return value === reader.person;
    case 'shut':
      return false;
  }
}

/** Whose the parcel is. Who left it and for whom is what its bank recorded, and nothing that the reader says. */
export function isTheirs(
  reader: ReceiptReader,
  parcel: { recipient: PersonId | null; courier: PersonId | null },
): boolean {
  switch (reader.is) {
    case 'admin':
      return true;
    case 'resident':
      return parcel.recipient === reader.person;
    case 'courier':
      return parcel.courier === reader.person;
  }
}

/** What can be said between a courier who begins to leave a parcel and the end of it, and belongs to nobody else. */
const OF_DROP_OFF: ReadonlySet<RecordKind> = new Set([
  'parcel.accepted',
  'parcel.deposited',
  'parcel.not-deposited',
  'grant.issued',
  'release.decided',
  'release.answered',
  'door.opened',
  'door.closed',
  'door.ajar',
  'door.forced',
  'latch.jammed',
  'discrepancy.reported',
  'session.opened',
  'session.resumed',
  'session.ended',
] satisfies RecordKind[]);
/** A drop-off that nobody confirmed ends so, inside its own session. */
const HELD: RecordKind = 'parcel.held';

type Told = { kind: RecordKind; facts: Readonly<Record<string, unknown>> };

/**
 * How many of a parcel's records, in their order, are in its receipt. A courier's ends with the drop-off: when a parcel
 * was collected tells when somebody was at home.
 */
export function recordsFor(reader: ReceiptReader, records: readonly Told[]): number {
  switch (reader.is) {
    case 'admin':
    case 'resident':
      return records.length;
    case 'courier':
      return lengthOfDropOff(records);
  }
}

function lengthOfDropOff(records: readonly Told[]): number {
  for (const [at, { kind, facts }] of records.entries()) {
    if (kind === 'session.ended' && facts.work === 'drop-off') return at + 1;
    const isOf = OF_DROP_OFF.has(kind) || (kind === HELD && facts.why !== 'expired');
    const isOfOther = 'work' in facts && facts.work !== 'drop-off';
    if (!isOf || isOfOther) return at;
  }
  return records.length;
}
