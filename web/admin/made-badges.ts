/**
 * New badges that nobody has printed yet. Each was drawn in this page and exists nowhere else, so it outlives what shows
 * it: a walk to another page, the next courier, a session that ends. It is its maker's: who else signs in does not
 * get it, and it is gone.
 */
export type MadeBadge = { name: string; carrier: string; text: string };

export type MadeBadges = {
  /** Of whoever is signed in: who is not gets none. */
  all(): readonly MadeBadge[];
  /** Whether one would be lost with this page, whoever is signed in. */
  isAny(): boolean;
  keep(badge: MadeBadge): void;
  printed(badge: MadeBadge): void;
  /** Who is signed in; null for nobody. */
  of(person: string | null): void;
  onChange(run: () => void): () => void;
};

const NONE: readonly MadeBadge[] = [];

export function madeBadgesOf(): MadeBadges {
  let made: readonly MadeBadge[] = NONE;
  let maker: string | null = null;
  let person: string | null = null;
  const listeners = new Set<() => void>();
  const set = (next: readonly MadeBadge[]): void => {
    made = next;
    for (const run of listeners) run();
  };
  return {
    all: () => (person === null ? NONE : made),
    isAny: () => made.length > 0,
    keep: (badge) => set([...made, badge]),
    printed: (badge) => set(made.filter((one) => one !== badge)),
    of(next) {
      if (next === person) return;
      person = next;
      const isAnothers = next !== null && maker !== null && next !== maker;
      if (next !== null) maker = next;
      set(isAnothers ? NONE : made);
    },
    onChange(run) {
      listeners.add(run);
      return () => listeners.delete(run);
    },
  };
}
