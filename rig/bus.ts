/**
 * The line that the lock boards share. It is half duplex: a request takes its time on the wire, then the
 * latch moves, then one board answers and the answer takes its time too; nothing else is on the line
 * meanwhile. What ails the line (`RigLine`) is done here, below any family's frames.
 */
import type { RigLine } from '../src/contract/rig.ts';
import { type Clock, sleep } from '../src/platform/clock.ts';
import type { Random } from '../src/platform/random.ts';

export type BusDeps = {
  baud: number;
  quietMs: number;
  clock: Clock;
  random: Random;
  ails(): RigLine;
  /** Puts bytes before everyone who listens. */
  emit(bytes: Uint8Array): void;
};

/** One thing that happens on the line: so many bytes are heard, something is done, frames are said. */
export type Turn = { heardBytes: number; act(): Promise<readonly Uint8Array[]> };

/** 8N1: a start bit, eight data bits, a stop bit. */
const BITS_PER_BYTE = 10;

/** A board that is asked faster than its line can carry answers forgets the rest. */
const WAITING_MAX = 32;

/** Long enough for each byte of a torn answer to arrive alone. */
const SPLIT_GAP_MS = 3;

const NOISE_BYTES_MAX = 8;

export class Bus {
  readonly #deps: BusDeps;
  #waiting: Turn[] = [];
  #busy = false;
  #speaking = false;
  /** Counts losses of power: what was on the line before one is not carried out after it. */
  #outages = 0;

  constructor(deps: BusDeps) {
    this.#deps = deps;
  }

  /** True while a board's frame is on the line. */
  get speaking(): boolean {
    return this.#speaking;
  }

  take(turn: Turn): void {
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#waiting.push(turn);
    // A failure to keep the steel's state ends the process: there is nobody to tell on this line.
    if (!this.#busy) void this.#serve();
  }

  /** Says `frame` after `delayMs`, when the line is free. The line serves others meanwhile. */
  sayLater(frame: Uint8Array, delayMs: number): void {
    const before = this.#outages;
    this.#deps.clock.after(delayMs, () => {
      if (this.#outages === before) this.take({ heardBytes: 0, act: async () => [frame] });
    });
  }

  goDark(): void {
    this.#outages += 1;
    this.#waiting = [];
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (let turn = this.#waiting.shift(); turn; turn = this.#waiting.shift()) {
      const before = this.#outages;
      await this.#pass(turn.heardBytes);
      if (this.#outages !== before) continue;
      for (const frame of await turn.act()) await this.#say(frame, before);
    }
    this.#busy = false;
  }

  async #say(frame: Uint8Array, before: number): Promise<void> {
    const { noise, split, mute } = this.#deps.ails();
    const put = async (bytes: Uint8Array): Promise<void> => {
      await this.#pass(bytes.length);
      if (this.#outages === before) this.#deps.emit(bytes);
    };
    if (noise) await put(this.#noise());
    this.#speaking = true;
    if (mute) await this.#pass(frame.length);
    else if (split) {
      for (const byte of frame) {
        await put(Uint8Array.of(byte));
        await sleep(this.#deps.clock, SPLIT_GAP_MS);
      }
    } else await put(frame);
    this.#speaking = false;
    if (noise) await put(this.#noise());
    if (this.#outages === before) await sleep(this.#deps.clock, this.#deps.quietMs);
  }

  #noise(): Uint8Array {
    const { random } = this.#deps;
    return random.bytes(1 + random.below(NOISE_BYTES_MAX));
  }

  /** The time that so many bytes are on the line. */
  async #pass(bytes: number): Promise<void> {
    if (bytes > 0) await sleep(this.#deps.clock, (bytes * BITS_PER_BYTE * 1000) / this.#deps.baud);
  }
}
