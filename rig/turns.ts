/** Runs one task after another, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `run` does; a task that fails does not keep the next from its turn. */
  take<Result>(run: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(run, run);
    this.#last = mine;
    return mine;
  }
}
