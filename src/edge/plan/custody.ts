/** What a record of custody names, and how a right to collect ends by time. */
import type { GrantId } from '../../domain/ids.ts';
import { expiryMs } from './clock.ts';
import type { Draft } from './draft.ts';
import { endSession, isUnanswered } from './opening.ts';
import type { BankState, DropOffSession, Parcel, PickUpSession } from './state.ts';

/** Sessions in which custody passes between two people and the bank. */
export type Handing = PickUpSession | DropOffSession;

/** A grant past its time loses its right; the parcel stays where it is, for staff. */
export function expireIfDue(draft: Draft, id: GrantId): void {
  const grant = draft.state.grant[id];
  if (grant?.state !== 'live' || grant.untilMs > expiryMs(draft.state, draft.nowMs)) return;
  const session = grant.session === null ? undefined : draft.state.session[grant.session];
  if (session) {
    // A session under way is finished first. One that was left before its door ever opened ends with the grant.
    if (session.state === 'open' || session.doorSensedOpen || isUnanswered(session)) return;
    endSession(draft, session, 'timeout');
  }
  const cause = draft.record({
    kind: 'grant.expired',
    compartment: grant.compartment,
    facts: {},
    fields: { grant: grant.id, parcel: grant.parcel },
  });
  draft.record({
    kind: 'parcel.held',
    cause,
    compartment: grant.compartment,
    facts: { why: 'expired' },
    fields: { parcel: grant.parcel, grant: grant.id, counterpart: grant.recipient },
  });
  draft.patch('grant', id, { state: 'held', session: null, endedAtMs: draft.nowMs });
  draft.patch('parcel', grant.parcel, { state: 'held' });
  draft.patch('compartment', grant.compartment, { use: 'held' });
}

export function custodyFields(parcel: Parcel, session: Handing) {
  return {
    parcel: parcel.id,
    tracking: parcel.tracking,
    carrier: parcel.carrier,
    person: session.person,
    counterpart: session.work === 'drop-off' ? parcel.recipient : parcel.courier,
    session: session.id,
    ...(session.grant === null ? {} : { grant: session.grant }),
  };
}

export function parcelOf(state: BankState, session: Handing): Parcel {
  const parcel = state.parcel[session.parcel];
  if (!parcel) throw new Error('the session has no parcel');
  return parcel;
}
