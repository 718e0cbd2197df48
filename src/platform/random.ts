/**
 * The one random source. Everything drawn in the house comes through a `Random`, so that a simulation
 * can give the same draw twice; the real one is the operating system's generator.
 */
import { randomBytes, randomInt } from 'node:crypto';

export type Random = {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
  /** A uniform integer in [0, below). `below` is at most 2^48 - 1. */
  below(below: number): number;
};

export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
  below: (below) => randomInt(below),
};

/** A uniform decimal code of `digits` digits, leading zeros kept. */
export function drawDigits(random: Random, digits: number): string {
  let code = '';
  for (let position = 0; position < digits; position++) code += String(random.below(10));
  return code;
}
