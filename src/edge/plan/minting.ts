/** Codes: asked of the rim, which draws them and seals them for the notifier. The planner never sees one. */
import type { NoticeWish } from '../../contract/uplink.ts';
import type { GrantId } from '../../domain/ids.ts';
import type { Draft } from './draft.ts';
import { ONLY } from './state.ts';

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
  const seq = draft.record({
    kind: 'grant.issued',
    compartment: grant.compartment,
    facts: { issue: answer.issue, fromMs: draft.nowMs, untilMs: grant.untilMs, digits: answer.digits },
    fields: { grant: grant.id, parcel: grant.parcel, counterpart: grant.recipient },
  });
  draft.patch('grant', grant.id, {
    issue: answer.issue,
    pinVerifier: answer.pinVerifier,
    qrVerifier: answer.qrVerifier,
  });
  draft.wishes.push({ ...answer.wish, seq, what: 'arrival' });
}

/** Grants that were made while there was no epoch get their code now. */
export function mintWaiting(draft: Draft): void {
  for (const grant of Object.values(draft.state.grant)) {
    if (grant.state === 'live' && grant.issue === 0) mintFor(draft, grant.id);
  }
}
