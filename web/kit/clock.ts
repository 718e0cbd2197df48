/** The only place in the web apps that reads time; pure parts are given `atMs`. */
import { useEffect, useState } from 'react';

export function nowMs(): number {
  return Date.now();
}

/** Milliseconds that never step, for gaps between keystrokes and countdowns. */
export function steadyMs(): number {
  return performance.now();
}

export function after(delayMs: number, run: () => void): () => void {
  const timer = window.setTimeout(run, delayMs);
  return () => window.clearTimeout(timer);
}

export function every(periodMs: number, run: () => void): () => void {
  const timer = window.setInterval(run, periodMs);
  return () => window.clearInterval(timer);
}

/** The present, renewed every `periodMs`, for texts such as "3 minutes ago". */
export function useNow(periodMs: number): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => every(periodMs, () => setNow(nowMs())), [periodMs]);
  return now;
}

/** How often `periodMs` has passed since this was shown. */
export function useBeat(periodMs: number): number {
  const [beats, setBeats] = useState(0);
  useEffect(() => every(periodMs, () => setBeats((now) => now + 1)), [periodMs]);
  return beats;
}
