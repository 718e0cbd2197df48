/** Sizes and indices as the formats of C2SP write them: ASCII decimal without leading zeros. */
import { allowed } from '../../domain/outcome.ts';
import { type LogResult, refused } from './refusals.ts';

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;

/**
 * The standards allow 64 bits. A log of this house never comes near 2^53, so a larger number is refused by
 * name and never rounded.
 */
export function readDecimal(text: string): LogResult<number> {
  if (!DECIMAL.test(text)) return refused('number-malformed', text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? allowed(value) : refused('number-huge', text);
}

/** True for what can be a size or an index. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The largest power of two below `count` (the `k` of RFC 6962 section 2.1); `count` is at least 2. */
export function powerOfTwoBelow(count: number): number {
  // The place of the highest bit, where the count has as few bits as a computer's word.
  if (count <= 2 ** 31) return 2 ** (31 - Math.clz32(count - 1));
  let power = 2 ** 31;
  while (power * 2 < count) power *= 2;
  return power;
}
