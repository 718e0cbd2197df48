/** Scales of plots. Pure. */

/** Whole numbers for an axis from 0: few, round, and the last not below `max`. */
export function axisTicks(max: number, count = 4): number[] {
  const rough = Math.max(1, max) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power);
  const steps = Math.max(1, Math.ceil(max / step));
  return Array.from({ length: steps + 1 }, (_, index) => Math.round(index * step));
}

/** Of the candidates, evenly spaced ones that stand at least `apart` from each other. */
export function thinned<T>(candidates: readonly T[], placeOf: (one: T) => number, apart: number): T[] {
  const [first, second] = candidates;
  if (first === undefined || second === undefined) return [...candidates];
  const every = Math.max(1, Math.ceil(apart / Math.max(1e-9, placeOf(second) - placeOf(first))));
  return candidates.filter((_, index) => index % every === 0);
}

/** A line of level stretches, as the data of an SVG path: each value holds from its place to the next one's. */
export function steppedPath(
  values: readonly number[],
  x: (at: number) => number,
  y: (value: number) => number,
) {
  return values
    .map((value, at) => `${at === 0 ? 'M' : 'L'}${x(at)} ${y(value)}L${x(at + 1)} ${y(value)}`)
    .join('');
}
