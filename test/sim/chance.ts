/**
 * All chance of a simulation comes from one seed. A generator forks into named ones, so that one more draw
 * in one place moves nothing in another.
 */
import { hash } from 'node:crypto';
import type { Random } from '../../src/platform/random.ts';

export class Chance implements Random {
  readonly #name: string;
  readonly #state: { a: number; b: number; c: number; count: number };

  constructor(name: string) {
    this.#name = name;
    const digest = hash('sha256', name, 'buffer');
    const [a = 0, b = 0, c = 0, count = 0] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
    this.#state = { a, b, c, count };
  }

  fork(name: string): Chance {
    return new Chance(`${this.#name}/${name}`);
  }

  /** 32 bits by sfc32 (Doty-Humphrey's small fast counter): no secret, only even and repeatable. */
  #next(): number {
    const state = this.#state;
    const { a, b, c, count } = state;
    const drawn = (a + b + count) | 0;
    state.count = (count + 1) | 0;
    state.a = b ^ (b >>> 9);
    state.b = (c + (c << 3)) | 0;
    state.c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return drawn >>> 0;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 4) {
      const word = this.#next();
      for (let byte = 0; byte < 4 && at + byte < count; byte++) bytes[at + byte] = word >>> (8 * byte);
    }
    return bytes;
  }

  below(below: number): number {
    const share = (this.#next() * 2 ** 21 + (this.#next() >>> 11)) / 2 ** 53;
    return Math.floor(share * below);
  }

  /** True in `share` of all cases. */
  of(share: number): boolean {
    return this.#next() < share * 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** One of the names, as often as its weight says. */
  weigh<K extends string>(weights: Readonly<Record<K, number>>): K {
    const rows = Object.entries(weights) as [K, number][];
    let left = this.below(rows.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of rows) {
      left -= weight;
      if (left < 0) return name;
    }
    throw new Error('no weight is above zero');
  }
}
