/** Where the tour stands, over a reload. It is a step, a door's number and counts; nothing of anybody. */
import { readTour, type Tour, written } from './tour-steps.ts';

const NAME = 'holdfast/rig/tour';

/** A browser that keeps nothing begins the tour anew with each page. */
const tried = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch {
    return undefined;
  }
};

export function keptTour(page: Window = window): Tour {
  return readTour(tried(() => page.localStorage.getItem(NAME)) ?? null);
}

export function keepTour(tour: Tour, page: Window = window): void {
  tried(() => page.localStorage.setItem(NAME, written(tour)));
}
