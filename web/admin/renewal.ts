/**
 * When each question that a page shows is asked again, once something it bears on has changed. The first change after a
 * quiet time shows at once; after it a question waits a few seconds, whatever happens meanwhile, and is then asked once
 * for all of it: a bank at work changes several times a second, and an address has only so many requests a minute. An
 * answer under way is waited for and never cut off, or steady news would leave a page that never renews.
 */
import type { Query, QueryCacheNotifyEvent, QueryClient } from '@tanstack/react-query';

/** Events come in bursts: one opening writes many records. */
const GATHER_MS = 150;
/** From an answer to the next question. */
const REST_MS = 3_000;
/** A list is asked page by page, so a long one rests longer: at most a request a second, whatever its length. */
const REST_A_PAGE_MS = 1_000;

type RenewalDeps = {
  client: QueryClient;
  after(delayMs: number, run: () => void): () => void;
  steadyMs(): number;
};

type Due = {
  /** Something changed since the question that is under way, or the last one, was asked. */
  owed: boolean;
  isAsked: boolean;
  restsUntilMs: number;
  cancel: () => void;
};

export class Renewal {
  readonly #deps: RenewalDeps;
  readonly #dues = new Map<Query, Due>();
  #gathered: Set<string> | null = null;
  #stopGathering = (): void => {};

  constructor(deps: RenewalDeps) {
    this.#deps = deps;
    deps.client.getQueryCache().subscribe((event) => this.#hear(event));
  }

  /** Something of these topics changed. */
  owe(topics: ReadonlySet<string>): void {
    if (this.#gathered === null) {
      const all = new Set<string>();
      this.#gathered = all;
      this.#stopGathering = this.#deps.after(GATHER_MS, () => {
        this.#gathered = null;
        this.#spread(all);
      });
    }
    for (const topic of topics) this.#gathered.add(topic);
  }

  /** Nobody looks: nothing is asked until something is owed again. What was owed is marked, and asked by who shows it. */
  rest(): void {
    this.#stopGathering();
    this.#gathered = null;
    for (const [query, due] of this.#dues) {
      due.cancel();
      if (due.owed) query.invalidate();
      due.owed = false;
    }
  }

  #spread(topics: ReadonlySet<string>): void {
    const cache = this.#deps.client.getQueryCache();
    for (const query of cache.findAll({ predicate: ({ queryKey }) => topics.has(String(queryKey[0])) })) {
      if (!query.isActive()) {
        query.invalidate();
        continue;
      }
      const due = this.#dues.get(query) ?? { owed: false, isAsked: false, restsUntilMs: 0, cancel: () => {} };
      this.#dues.set(query, due);
      due.owed = true;
      this.#consider(query, due);
    }
  }

  #consider(query: Query, due: Due): void {
    due.cancel();
    // Whatever is under way comes by here again when it ends.
    if (!due.owed || query.state.fetchStatus !== 'idle') return;
    const waitMs = due.restsUntilMs - this.#deps.steadyMs();
    if (waitMs > 0) {
      due.cancel = this.#deps.after(waitMs, () => this.#consider(query, due));
      return;
    }
    due.owed = false;
    // Who shows it next asks then, because it is marked.
    query.invalidate();
    if (!query.isActive()) return;
    due.isAsked = true;
    void this.#deps.client.refetchQueries({ predicate: (one) => one === query }, { cancelRefetch: false });
  }

  #hear(event: QueryCacheNotifyEvent): void {
    const { query } = event;
    const due = this.#dues.get(query);
    if (!due) return;
    if (event.type === 'removed') {
      due.cancel();
      this.#dues.delete(query);
    }
    if (event.type !== 'updated') return;
    // A person who asks for the next page cuts off what was asked here: it is asked once more behind that.
    if (event.action.type === 'fetch' && due.isAsked && event.action.meta) due.owed = true;
    if (query.state.fetchStatus !== 'idle') return;
    if (due.isAsked) due.restsUntilMs = this.#deps.steadyMs() + restOf(query);
    due.isAsked = false;
    // Not within the very message that says that it ended.
    due.cancel();
    due.cancel = this.#deps.after(0, () => this.#consider(query, due));
  }
}

function restOf({ state }: Query): number {
  const pages = (state.data as { pages?: readonly unknown[] } | undefined)?.pages?.length ?? 1;
  return REST_MS + Math.max(0, pages - 1) * REST_A_PAGE_MS;
}
