/**
 * Long work in steps of a few milliseconds. Who has nothing else to do runs it at once; a process that others wait for
 * lets them have their turn between two steps.
 */
export type Steps<T> = Generator<undefined, T>;

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
