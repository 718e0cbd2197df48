/**
 * A line to PostgreSQL on which nothing comes any more, and nothing says so: a network that was cut, a router that forgot
 * the connection, a server whose machine lost its power. Without this a statement would be awaited until the kernel gives
 * its bytes up, a quarter of an hour later, and who only listens would be deaf for two hours.
 *
 * The time is the socket's own and not the house's clock: a day that a test lets pass is no silence.
 */
import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Log } from './log.ts';

export const CONNECT_MS_MAX = 10_000;
/** On a line without words the kernel asks the other side after this time, and gives it up some ten seconds later (tcp(7)). */
export const KEEP_ALIVE_MS = 10_000;
/**
 * The server ends a statement after thirty seconds; the answers of some that travelled together come together. What is
 * silent for longer than three of those would need is not at work.
 */
export const SILENT_MS_MAX = 90_000;

const TOO_SILENT = 'the database has been silent for too long';

/** Of the driver's client what is needed here. */
type Line = { connection: { stream: Socket }; readyForQuery: boolean };

const lineOf = (client: pg.ClientBase): Line => client as unknown as Line;

/** Breaks a connection that owes an answer and says nothing; whoever waits for it is told that it failed. */
export function endWhenSilent(client: pg.ClientBase, of: { silentMsMax: number; log: Log }): void {
  const { stream } = lineOf(client).connection;
  stream.setTimeout(of.silentMsMax);
  stream.on('timeout', () => {
    // Idle in the pool, or in a transaction whose owner thinks: nothing is owed.
    if (lineOf(client).readyForQuery) return;
    of.log.warn('the database owes an answer and is silent; the connection is given up');
    stream.destroy(new Error(TOO_SILENT));
  });
}

/** Asks on a line where nothing is owed, so that a silence means something; without an answer it is broken, too. */
export function askWhenSilent(client: pg.ClientBase, of: { silentMsMax: number }): void {
  const { stream } = lineOf(client).connection;
  stream.setTimeout(of.silentMsMax);
  stream.on('timeout', () => {
    if (!lineOf(client).readyForQuery) return void stream.destroy(new Error(TOO_SILENT));
    void client.query('select').then(
      () => undefined,
      // That it failed is told by the end of the connection.
      () => undefined,
    );
  });
}
