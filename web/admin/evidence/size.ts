/** The length of a file as a person reads it: SI units, and never rounded down to nothing. */
import { locale } from '../../kit/words.ts';

export function sizeText(bytes: number): string {
  const [unit, value] =
    bytes >= 1_000_000 ? ['MB', bytes / 1_000_000] : bytes >= 1_000 ? ['kB', bytes / 1_000] : ['B', bytes];
  return `${value.toLocaleString(locale(), { maximumFractionDigits: unit === 'MB' ? 1 : 0 })} ${unit}`;
}
