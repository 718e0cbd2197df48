/** Many seeds over several processes, results in the order in which they are done. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Result, Settings } from './world.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
/** States of banks are replaced and not edited, so nearly all memory dies young: it is given room from the start. */
const YOUNG = '--min-semi-space-size=16';

/** A process that had served ninety worlds held 4.3 GB, and why is not known: it serves so many and is followed by another. */
const WORLDS_MAX = 20;

export type RunSeeds = {
  /** The next settings, or undefined when there are no more. */
  next(): Settings | undefined;
  processes: number;
  env?: Record<string, string>;
  nodeArgs?: readonly string[];
};

/** Yields each result; ends its processes when the caller stops asking. */
export async function* runSeeds(of: RunSeeds): AsyncGenerator<Result> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const begin = (): ChildProcess =>
    fork(WORKER, [], { env: { ...env, ...of.env }, execArgv: [YOUNG, ...(of.nodeArgs ?? [])] });
  const running = new Map<ChildProcess, Promise<Answer>>();
  const give = (child: ChildProcess | null, worlds: number): void => {
    const settings = of.next();
    const isWornOut = worlds >= WORLDS_MAX;
    if (child && (isWornOut || !settings)) {
      running.delete(child);
      child.kill();
    }
    if (!settings) return;
    const next = child && !isWornOut ? child : begin();
    running.set(next, answerOf({ child: next, settings, worlds: isWornOut ? 1 : worlds + 1 }));
  };
  try {
    for (let count = 0; count < of.processes; count += 1) give(null, 0);
    while (running.size > 0) {
      const { child, result, worlds } = await Promise.race(running.values());
      give(child, worlds);
      yield result;
    }
  } finally {
    // What still runs is ended on purpose: nobody waits for its answer any more.
    for (const [child, pending] of running) {
      pending.catch(ended);
      child.kill();
    }
  }
}

/** The end of a process that was ended on purpose is no news. */
function ended(): void {}

type Asked = { child: ChildProcess; settings: Settings; worlds: number };
type Answer = { child: ChildProcess; result: Result; worlds: number };

function answerOf({ child, settings, worlds }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const died = (status: number | null) =>
      reject(new Error(`the process of seed ${settings.seed} ended with ${status}`));
    child.once('exit', died);
    child.once('message', (result: Result) => {
      child.off('exit', died);
      resolve({ child, result, worlds });
    });
    child.send(settings);
  });
}
