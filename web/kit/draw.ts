/** Chance in the browser: from the operating system's generator, and without a bias. */

const DRAWN_MAX = 2 ** 32;

/** A whole number from 0 up to and without `limit`. What would favour the small ones is drawn again. */
export function drawBelow(limit: number): number {
  const fair = DRAWN_MAX - (DRAWN_MAX % limit);
  const drawn = new Uint32Array(1);
  for (;;) {
    crypto.getRandomValues(drawn);
    const [one = DRAWN_MAX] = drawn;
    if (one < fair) return one % limit;
  }
}

/** Every order is equally likely if `below` is fair (the shuffle of Fisher and Yates). */
export function shuffled<T>(items: readonly T[], below: (limit: number) => number = drawBelow): T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(below(rest.length), 1));
}
