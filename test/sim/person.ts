/** A person before a kiosk: a generator that yields how long it waits, and acts in between. */
import type { KioskAction, KioskView } from '../../src/contract/kiosk.ts';
import type { Agenda } from './agenda.ts';
import type { SimBank } from './bank.ts';
import type { Census } from './census.ts';
import type { Chance } from './chance.ts';

/** Yields milliseconds to wait. */
export type Life = Generator<number, void, void>;

export type Here = { bank: SimBank; chance: Chance; census: Census };

export function live(agenda: Agenda, life: Life): void {
  const { value, done } = life.next();
  if (done !== true) agenda.after(value, () => live(agenda, life));
}

/** How long a polite person waits for the one at the screen. */
const PATIENCE_MS = 900_000;

/** Waits for a free screen, then does `visit`; gives up when it takes too long. */
export function* atScreen(here: Here, visit: () => Life, name: string): Life {
  const { bank, chance, census } = here;
  let waitedMs = 0;
  while (bank.taken || !bank.isRunning) {
    const waitMs = chance.between(4_000, 9_000);
    waitedMs += waitMs;
    if (waitedMs > PATIENCE_MS) return;
    yield waitMs;
  }
  bank.taken = true;
  const faults = bank.faults;
  census.count('journey', name);
  try {
    yield* visit();
  } finally {
    bank.taken = false;
    if (bank.faults > faults) census.count('journey', 'with a fault');
  }
}

/** Presses one thing; counts what the screen answers. */
export function press(here: Here, action: KioskAction): KioskView | null {
  const view = here.bank.act(action);
  const message = view?.message;
  if (typeof message === 'string') here.census.count('screen', message);
  return view;
}

export const screenOf = (view: KioskView | null): KioskView['show'] | null => view?.show ?? null;

/** Between two touches of a screen. */
export const thinks = (chance: Chance): number => chance.between(900, 4_500);
