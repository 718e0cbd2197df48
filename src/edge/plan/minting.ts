/** Codes: asked of the rim, which draws them and seals them for the notifier. The planner never sees one. */
import type { NoticeWish } from '../../contract/uplink.ts';
import type { GrantId, OrderId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import { dayOf } from './clock.ts';
import type { Draft } from './draft.ts';
import { type BankState, type Grant, ONLY, policyOf } from './state.ts';

/** Asks the rim for a code, if there is an epoch to seal it to; else the grant waits without one. */
export function mintFor(draft: Draft, id: GrantId): void {
  const epoch = draft.state.epoch[ONLY];
  const grant = draft.state.grant[id];
  if (!grant || !epoch || epoch.notAfterMs <= draft.nowMs) return;
  draft.effect({
    do: 'mint',
    grant: id,
    session: null,
    issue: grant.issue + 1,
    epoch: epoch.epoch,
    key: epoch.key,
  });
}

export type Minted = {
  grant: GrantId;
  issue: number;
  pinVerifier: string;
  qrVerifier: string;
  digits: number;
  wish: Omit<NoticeWish, 'seq' | 'what'>;
};

/** The rim drew a code. The grant, its record and the sealed notice become durable together. */
export function minted(draft: Draft, answer: Minted): void {
  const grant = draft.state.grant[answer.grant];
  if (grant?.state !== 'live' || grant.issue !== answer.issue - 1) return;
  const { reissue, ...others } = grant;
  const { issue, pinVerifier, qrVerifier, digits } = answer;
  const fields = { grant: grant.id, parcel: grant.parcel, counterpart: grant.recipient };
  const place = { compartment: grant.compartment };
  const seq = draft.record(
    reissue
      ? {
          ...{ kind: 'grant.reissued', ...place, cause: reissue.acceptedSeq },
          ...{ facts: { issue, by: 'order' }, fields: { ...fields, order: reissue.order } },
        }
      : {
          ...{ kind: 'grant.issued', ...place, fields },
          facts: { issue, fromMs: draft.nowMs, untilMs: grant.untilMs, digits },
        },
  );
  // The code before ends in the moment in which this one is durable, and not sooner.
  draft.put('grant', grant.id, { ...others, issue, pinVerifier, qrVerifier });
  draft.wishes.push({ ...answer.wish, seq, what: reissue ? 'reissue' : 'arrival' });
}

/** Why no other code may be made for what lies behind a door now; undefined when it may. */
export function reissueDenial(state: BankState, n: number, nowMs: number): Denial | undefined {
  if (!state.compartment[n]) return 'message-malformed';
  const grant = liveGrantAt(state, n);
  // Whose first code is not made yet gets one anyway; who stands at the door has used theirs.
  if (!grant || grant.issue === 0 || grant.reissue || grant.session !== null) return 'order-pointless';
  return reissuedToday(grant, nowMs) >= policyOf(state).reissuesPerGrantDay ? 'reissue-limit' : undefined;
}

/** An order wants another code. It is made at once, or as soon as there is an epoch to seal it to. */
export function reissue(
  draft: Draft,
  of: { compartment: number; order: OrderId; acceptedSeq: number },
): void {
  const grant = liveGrantAt(draft.state, of.compartment);
  if (!grant) return;
  draft.patch('grant', grant.id, {
    reissue: { order: of.order, acceptedSeq: of.acceptedSeq },
    reissued: { day: dayOf(draft.nowMs), count: reissuedToday(grant, draft.nowMs) + 1 },
  });
  mintFor(draft, grant.id);
}

function liveGrantAt(state: BankState, n: number): Grant | undefined {
  return Object.values(state.grant).find(({ compartment, state: is }) => compartment === n && is === 'live');
}

function reissuedToday({ reissued }: Grant, nowMs: number): number {
  return reissued?.day === dayOf(nowMs) ? reissued.count : 0;
}

/** Grants that were made, or were to have another code, while there was no epoch get it now. */
export function mintWaiting(draft: Draft): void {
  for (const grant of Object.values(draft.state.grant)) {
    if (grant.state === 'live' && (grant.issue === 0 || grant.reissue)) mintFor(draft, grant.id);
  }
}
