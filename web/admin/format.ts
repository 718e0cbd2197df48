/** Numbers as a person reads them. */

/** `1 in 4,545,455`, or nothing for no chance at all: a probability this small has no use as a percentage. */
export function oneIn(probability: number, locale: string): string | null {
  if (!(probability > 0)) return null;
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(Math.round(1 / probability));
}

/** A clock's uncertainty in the largest unit that does not hide it. */
export function uncertaintyText(uncertaintyMs: number, locale: string): string {
  const [value, unit] =
    uncertaintyMs < 1000
      ? ([uncertaintyMs, 'millisecond'] as const)
      : uncertaintyMs < 120_000
        ? ([uncertaintyMs / 1000, 'second'] as const)
        : ([uncertaintyMs / 60_000, 'minute'] as const);
  // Rounded up: an uncertainty may be overstated, never understated.
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow' }).format(
    Math.ceil(value),
  );
}

/** Text that matches whatever its case and accents. */
export function foldedText(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
