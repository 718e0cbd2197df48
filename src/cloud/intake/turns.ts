/**
 * How many are served at once. When a thousand banks come back together, each would hold a connection to the
 * database or wait for one until it gives up, and nobody else would get one: pages, jobs, other messages. So
 * they take turns, in the order in which they came.
 */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Runs `work` when it is its turn. The turn ends with the work, however that ends. */
  async take<Done>(work: () => Promise<Done>): Promise<Done> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // Handed on and not given back, so that nobody who comes now is served before who waits.
      if (next) next();
      else this.#free += 1;
    }
  }
}
