/**
 * What an app on a phone has beside its session: the last known truth, shown with its age when nobody answers, and a
 * way to sign out where no network is.
 */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { ApiProblem } from '../api.ts';
import { after, nowMs } from '../clock.ts';
import { type Kept, keptIn, type Rules } from './kept.ts';
import { type Leaving, leavingOf } from './leaving.ts';
import { vaultOf } from './vault.ts';

export type Phone = {
  kept: Kept;
  leaving: Leaving;
  /** Notes what the server answers, and has what was known before at hand. */
  watch(client: QueryClient): void;
};

/** A line that is there and carries nothing is as good as none. */
const PATIENCE_MS = 3_000;
const ME: QueryKey = ['me'];
/** Whether who is signed in was known from before, and the server has not said it yet. */
export const KEPT = ['kept'] as const;

export function phoneOf(app: 'resident' | 'courier', rules: Rules): Phone {
  // The name of the bundle holds a hash of it: what another build kept is not read.
  const kept = keptIn({ vault: vaultOf(app), rules, build: import.meta.url, nowMs });
  return { kept, leaving: leavingOf(app), watch: (client) => watch(client, kept) };
}

/** No answer, or one of a server that cannot serve: nothing is known about the truth now. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
}

function watch(client: QueryClient, kept: Kept): void {
  const cache = client.getQueryCache();
  cache.subscribe((event) => {
    if (event.type !== 'updated') return;
    const { queryKey, state } = event.query;
    if (event.action.type === 'error' && isUnanswered(state.error)) void showKnown(client, kept);
    // What the page itself put there is no answer of the server.
    if (event.action.type !== 'success' || event.action.manual) return;
    if (queryKey[0] === ME[0]) client.setQueryData(KEPT, false);
    if (state.data !== null) kept.note(questionOf(queryKey), { atMs: state.dataUpdatedAt, data: state.data });
  });
  if (!navigator.onLine) void showKnown(client, kept);
  after(PATIENCE_MS, () => void showKnown(client, kept));
}

/**
 * Puts what was known where nothing is known yet, each with the time at which it was true. What the server has
 * answered stays, and so does "nobody is signed in".
 */
async function showKnown(client: QueryClient, kept: Kept): Promise<void> {
  for (const [question, { data, atMs }] of await kept.recall()) {
    const queryKey = question.split(' ');
    if (client.getQueryData(queryKey) !== undefined) continue;
    client.setQueryData(queryKey, data, { updatedAt: atMs });
    if (queryKey[0] === ME[0]) client.setQueryData(KEPT, true);
    // However young it is, no server has said it to this page: it is asked for until it is answered.
    void client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' });
  }
}

function questionOf(queryKey: QueryKey): string {
  return queryKey.join(' ');
}
