/**
 * Legal holds: while one stands, its person is not erased, by nobody and by no schedule. Why it was placed is sealed
 * under the person's own key and committed to, so that it can be shown while it is needed and is forgotten with them.
 */
import { base64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import { purposeOfPlacing, requireReason } from './reason.ts';
import * as store from './store.ts';

/** Null for the operator of the installation, who has no account in it. */
type By = PersonId | null;

export type Held = {
  hold: string;
  person: PersonId;
  /** Null when it opens no more. */
  reason: string | null;
  placedBy: PersonId | null;
  placedAtMs: number;
  untilMs: number | null;
};

const placeOf = (hold: string) => `privacy/hold\0${hold}`;

export async function placeHold(
  cloud: Cloud,
  tx: Tx,
  of: { person: string; reason: string; untilMs: number | null; by: By },
): Promise<void> {
  const standing = await people.lockPerson(tx, of.person);
  if (!standing) throw new HoldfastError('not-found', 'There is nobody here by that id.');
  if (standing.state === 'erased')
    throw new HoldfastError('conflict', 'This person was erased already; there is nothing left to hold.');
  const placedAtMs = cloud.clock.nowMs();
  if (of.untilMs !== null && of.untilMs <= placedAtMs)
    throw new HoldfastError('input-invalid', 'A hold that ends in the past holds nothing.');
  const { person } = standing;
  const hold = base64url(cloud.random.bytes(16));
  const reason = await cloud.keys.sealFor(tx, person, placeOf(hold), of.reason);
  await store.insertHold(tx, { hold, person, reason, placedBy: of.by, placedAtMs, untilMs: of.untilMs });
  const purpose = purposeOfPlacing(of);
  await record(cloud, tx, { kind: 'legal-hold.placed', person, by: of.by, purpose });
}

/** Ends every hold that stands over a person. */
export async function liftHolds(
  cloud: Cloud,
  tx: Tx,
  of: { person: string; reason: string; by: By },
): Promise<void> {
  const standing = await people.lockPerson(tx, of.person);
  if (!standing) throw new HoldfastError('not-found', 'There is nobody here by that id.');
  const { person } = standing;
  if ((await store.liftHolds(tx, { person, by: of.by, atMs: cloud.clock.nowMs() })) === 0)
    throw new HoldfastError('conflict', 'No hold stands over this person.');
  await record(cloud, tx, {
    kind: 'legal-hold.lifted',
    person,
    by: of.by,
    purpose: requireReason(of.reason),
  });
}

type HoldRecord = {
  kind: 'legal-hold.placed' | 'legal-hold.lifted';
  person: PersonId;
  by: By;
  purpose: string;
};

async function record(cloud: Cloud, tx: Tx, { kind, person, by, purpose }: HoldRecord): Promise<void> {
  const fields = { subject: person, purpose, ...(by === null ? {} : { person: by }) };
  const owners = { subject: person, purpose: person, ...(by === null ? {} : { person: by }) };
  await cloud.journal.record(tx, { kind, fields }, owners);
  await cloud.changed(tx, ['people', 'journal']);
}

/** Those that stand over one person, or over anybody. */
export async function standingHolds(cloud: Cloud, tx: Tx, person: string | null): Promise<Held[]> {
  const nowMs = cloud.clock.nowMs();
  const all = await store.standingHolds(tx, nowMs);
  const held: Held[] = [];
  for (const one of all.filter((row) => person === null || row.person === person)) {
    const { hold, placedBy, placedAtMs, untilMs } = one;
    const reason = await cloud.keys.openFor(tx, one.person, placeOf(hold), new Uint8Array(one.reason));
    held.push({ hold, person: one.person, reason: reason ?? null, placedBy, placedAtMs, untilMs });
  }
  return held;
}
