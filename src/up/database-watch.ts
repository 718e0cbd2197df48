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
    working = bringBack().finally(() => {
      working = null;
    });
  };
  const bringBack = async () => {
    for (let why = 'PostgreSQL ended unexpectedly'; !ended; ) {
      const { pauseMs, crashes } = patience.after();
      if (pauseMs === undefined) {
        cancel();
        return deps.say(
          `${why}. ${crashes} times within a minute: PostgreSQL is left down; its log says more.`,
        );
      }
      deps.say(`${why}; starting it again${pauseMs === 0 ? '' : ` in ${pauseMs / 1000} s`}`);
      if (pauseMs > 0) await sleep(deps.clock, pauseMs);
      if (ended) return;
      try {
        await postgres.startAgain();
        deps.onStarted(postgres.pid);
        return deps.say('PostgreSQL runs again');
      } catch (error) {
        why = (error as Error).message;
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
