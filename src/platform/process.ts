/**
 * How a process of ours begins and ends. Supervised over IPC it stops when told to, or when the supervisor
 * is gone; alone it stops on SIGINT, SIGTERM and SIGHUP. Either way `stop` runs once, and what had begun is
 * finished. A fault that nobody caught ends the process: the next start recovers by the ordinary path.
 */
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from './clock.ts';
import { openServiceManager } from './service-manager.ts';

export type Stoppable = { stop(): Promise<void> };

/** By which a process is asked to end: Ctrl-C, a supervisor, a terminal that was closed or a line that broke. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type RunDeps = { onStopped(status: number): void };

/** Ties a started program to the signals of its surroundings and says that it is ready. */
export function runUntilStopped(program: Stoppable, deps: RunDeps): { fail(error: Error): void } {
  const manager = openServiceManager({ clock: systemClock });
  let stopping = false;
  const stop = (status: number) => {
    if (stopping) return;
    stopping = true;
    endUnheard();
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
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
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

/** Aborted when this process is asked to end, for what is not yet a program that can be stopped. */
export function abortWhenAsked(onAsked: () => void): { signal: AbortSignal; release(): void } {
  const asked = new AbortController();
  const heard = () => {
    if (asked.signal.aborted) return;
    endUnheard();
    onAsked();
    asked.abort(new HoldfastError('unavailable', 'it was asked to end'));
  };
  for (const signal of ENDING) process.on(signal, heard);
  // A reader that has gone (`| head`) sends no signal; to us it is a terminal that was closed, also later on.
  process.stdout.on('error', () => process.kill(process.pid, 'SIGHUP'));
  return {
    signal: asked.signal,
    release() {
      for (const signal of ENDING) process.off(signal, heard);
    },
  };
}

/**
 * Who read what is said may be gone: the terminal was closed, or the program behind a pipe heard the same Ctrl-C. A
 * line that cannot be written then must not end what stops in order.
 */
function endUnheard(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
