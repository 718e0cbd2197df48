/**
 * How a process of ours begins and ends. Supervised over IPC it stops when told to, or when the supervisor
 * is gone; alone it stops on SIGINT and SIGTERM. Either way `stop` runs once, and what had begun is
 * finished. A fault that nobody caught ends the process: the next start recovers by the ordinary path.
 */
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from './clock.ts';
import { openServiceManager } from './service-manager.ts';

export type Stoppable = { stop(): Promise<void> };

export type RunDeps = { onStopped(status: number): void };

/** Ties a started program to the signals of its surroundings and says that it is ready. */
export function runUntilStopped(program: Stoppable, deps: RunDeps): { fail(error: Error): void } {
  const manager = openServiceManager({ clock: systemClock });
  let stopping = false;
  const stop = (status: number) => {
    if (stopping) return;
    stopping = true;
    manager.stopping();
    program.stop().then(
      () => deps.onStopped(status),
      (error: unknown) => {
        process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
        deps.onStopped(1);
      },
    );
  };
  if (process.send) {
    process.on('message', (message) => {
      if ((message as { do?: string }).do === 'stop') stop(0);
    });
    process.on('disconnect', () => stop(0));
    process.on('SIGINT', () => {});
    process.send({ ready: true });
  } else {
    process.on('SIGINT', () => stop(0));
  }
  process.on('SIGTERM', () => stop(0));
  manager.ready();
  return {
    fail(error) {
      // What an operator can act on is one sentence; a fault of ours shows where it happened.
      const known = error instanceof HoldfastError && error.code !== 'internal';
      process.stderr.write(`${known ? error.message : (error.stack ?? error.message)}\n`);
      stop(1);
    },
  };
}
