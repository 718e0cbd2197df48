/**
 * A bundle that was just made, checked by the receiver's own routine before anybody is given it. The routine reads every
 * byte of it, which takes seconds; so it takes breath after each step, and the process goes on answering.
 *
 * It stays in this process. Node's permission model, which keeps the site root's key from the cloud, does not reach into
 * a worker thread or another process, and the cloud may start neither.
 */
import type { Steps } from '../../ledger/export/steps.ts';
import { type BundleVerdict, verifyInSteps } from '../../ledger/export/verify.ts';
import { breath } from '../../platform/clock.ts';
import { type Packed, withBytesOf } from './parts.ts';

const NO_TRUST = { rootKeys: [], signatures: 1, policy: undefined };

export async function inBreaths<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breath();
  }
}

/** What it throws, and a verdict that does not hold, both leave the bundle without a name. */
export function checkMade(made: Pick<Packed, 'path' | 'bytes' | 'content'>): Promise<BundleVerdict> {
  return withBytesOf(made, (source) => inBreaths(verifyInSteps(made.content(source), NO_TRUST)));
}
