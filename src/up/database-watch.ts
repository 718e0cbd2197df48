/**
 * Sees that the package's PostgreSQL ended, which belongs to no supervisor, and starts it again on the socket that
 * the others know. They lose their connections, ask for new ones, and meanwhile the cloud says that it is not ready.
 */
import { type Clock, sleep } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { Patience } from './patience.ts';

const LOOK_MS = 1_000;

export type WatchDeps = {
  clock: Clock;
  say(line: string): void;
  /** Each time that it runs again. */
  onStarted(pid: number): void;
};

export type Watch = { end(): Promise<void> };

export function watchDatabase(
  postgres: Pick<Postgres, 'pid' | 'isRunning' | 'startAgain'>,
  deps: WatchDeps,
): Watch {
  const patience = new Patience(deps.clock);
  let ended = false;
  let working: Promise<void> | null = null;
  const look = () => {
    if (working || ended || postgres.isRunning()) return;
    deps.say('PostgreSQL ended unexpectedly.');
    working = bringBack().finally(() => {
      working = null;
    });
  };
  const bringBack = async () => {
    while (!ended) {
      const { pauseMs, crashes } = patience.after();
      if (pauseMs === undefined) {
        cancel();
        return deps.say(
          `PostgreSQL ended ${crashes} times within a minute and is left down: end this with Ctrl-C, and look into postgres.log.`,
        );
      }
      if (pauseMs > 0) await sleep(deps.clock, pauseMs);
      if (ended) return;
      deps.say('starting PostgreSQL again');
      try {
        await postgres.startAgain();
        return deps.onStarted(postgres.pid);
      } catch (error) {
        deps.say((error as Error).message);
      }
    }
  };
  const cancel = deps.clock.every(LOOK_MS, look);
  return {
    async end() {
      ended = true;
      cancel();
      await working;
    },
  };
}
