/** What every line does alike: it opens itself again, with a growing pause, until it is closed. */
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Line } from './lockboard.ts';

const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 5_000;

/** One attempt at a connection. It calls `onUp` at most once, and `onDown` exactly once, at its end. */
export type Attempt = {
  write(bytes: Uint8Array): void;
  /** Ends it and throws away what is not on the wire yet: an unlock frame must never go out late. */
  hangUp(): void;
};

export type AttemptListener = { onUp(): void; onBytes(bytes: Uint8Array): void; onDown(): void };

export function keptOpen(deps: { clock: Clock; attempt: (listener: AttemptListener) => Attempt }): Line {
  const { clock } = deps;
  let current: { attempt: Attempt | null; up: boolean } | null = null;
  let closed = false;
  let pauseMs = PAUSE_MS_FIRST;
  let cancelPause: Cancel = () => {};
  let tellDown = () => {};

  const begin = (listener: AttemptListener) => {
    const mine = { attempt: null as Attempt | null, up: false };
    current = mine;
    mine.attempt = deps.attempt({
      onUp() {
        if (closed) return;
        mine.up = true;
        pauseMs = PAUSE_MS_FIRST;
        listener.onUp();
      },
      onBytes(bytes) {
        if (mine.up) listener.onBytes(bytes);
      },
      onDown() {
        if (current === mine) current = null;
        if (closed) return;
        cancelPause = clock.after(pauseMs, () => begin(listener));
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
        if (mine.up) listener.onDown();
        mine.up = false;
      },
    });
  };
  const hangUp = () => {
    const mine = current;
    if (!mine) return;
    const wasUp = mine.up;
    // Down from now on: what is written while it closes would be lost and look sent.
    mine.up = false;
    mine.attempt?.hangUp();
    if (wasUp && !closed) tellDown();
  };
  return {
    open(listener) {
      tellDown = listener.onDown;
      begin(listener);
    },
    write(bytes) {
      if (!current?.up) return false;
      current.attempt?.write(bytes);
      return true;
    },
    renew: hangUp,
    async close() {
      closed = true;
      cancelPause();
      hangUp();
    },
  };
}
