/** How the verifier of bundles says no: the first check that does not hold ends the others, which stand on it. */
import type { LogResult } from '../log/refusals.ts';

/** `holds` is null for what was not checked, or is worth less than it may seem. */
export type BundleLine = { holds: boolean | null; says: string };
export type Say = (says: string, holds?: true | null) => void;

/** A check that did not hold. It is caught where the verdict is written; everything else that is thrown is a bug. */
export class BundleRefused extends Error {}

/** What is asked of each of a million records says it in a function, so that no sentence is made that nobody reads. */
export function need(holds: boolean, says: string | (() => string)): asserts holds {
  if (!holds) throw new BundleRefused(typeof says === 'string' ? says : says());
}

export function needValue<T>(result: LogResult<T>, what: string): T {
  if (!result.ok) throw new BundleRefused(`${what}: ${result.reason} (${result.about})`);
  return result.value;
}
