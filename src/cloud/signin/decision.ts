/** One record for each sign-in that was tried on a known account. */
import type { PersonId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';

export type SignInDecision = {
  method: 'password' | 'totp' | 'link';
  role: string;
  person: PersonId;
  address: string | null;
  /** Undefined when it was let in. */
  reason: Denial | undefined;
};

export async function recordDecision(cloud: Cloud, tx: Tx, of: SignInDecision): Promise<void> {
  const { person, address, reason } = of;
  await cloud.journal.record(
    tx,
    {
      kind: 'sign-in.decided',
      facts: { method: of.method, role: of.role },
      fields: { person, ...(address === null ? {} : { address }) },
      decision: reason === undefined ? { allow: true, right: 'sign-in' } : { allow: false, reason },
    },
    { person, address: person },
  );
}
