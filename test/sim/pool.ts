/** Many seeds over several processes, results in the order in which they are done. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Result, Settings } from './world.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
/** States of banks are replaced and not edited, so nearly all memory dies young: it is given room from the start. */
const YOUNG = '--min-semi-space-size=16';

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
  const children = Array.from({ length: of.processes }, () =>
    fork(WORKER, [], { env: { ...env, ...of.env }, execArgv: [YOUNG, ...(of.nodeArgs ?? [])] }),
  );
  const running = new Map<ChildProcess, Promise<{ child: ChildProcess; result: Result }>>();
  const give = (child: ChildProcess) => {
    const settings = of.next();
    if (settings) running.set(child, answerOf(child, settings));
    else running.delete(child);
  };
  try {
    for (const child of children) give(child);
    while (running.size > 0) {
      const { child, result } = await Promise.race(running.values());
      give(child);
      yield result;
    }
  } finally {
    // What still runs is ended on purpose: nobody waits for its answer any more.
    for (const pending of running.values()) pending.catch(ended);
    for (const child of children) child.kill();
  }
}

/** The end of a process that was ended on purpose is no news. */
function ended(): void {}

function answerOf(child: ChildProcess, settings: Settings): Promise<{ child: ChildProcess; result: Result }> {
  return new Promise((resolve, reject) => {
    const died = (status: number | null) =>
      reject(new Error(`the process of seed ${settings.seed} ended with ${status}`));
    child.once('exit', died);
    child.once('message', (result: Result) => {
      child.off('exit', died);
      resolve({ child, result });
    });
    child.send(settings);
  });
}
