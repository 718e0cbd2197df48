/**
 * Finds whole, sound frames in bytes as they come: split anywhere, with noise before, between and after.
 * What a frame is says the family's `Judge`; how to find the next beginning is the same for all.
 */

/** What the bytes held so far begin with: a frame, perhaps one (`more`), or surely none (`no`). */
export type Verdict<Frame> = 'more' | 'no' | { frame: Frame; bytes: number };

/** Looks at the beginning only, and is never given an empty list. */
export type Judge<Frame> = (held: readonly number[]) => Verdict<Frame>;

export type Heard<Frame> = {
  onFrame(frame: Frame): void;
  onGarbled(bytes: number): void;
  /** True for a frame that is being waited for right now. */
  isAwaited(frame: Frame): boolean;
};

export class FrameReader<Frame> {
  readonly #judge: Judge<Frame>;
  readonly #heard: Heard<Frame>;
  #held: number[] = [];
  /** What an adapter that hears itself still has to say back; it is no frame of the board's. */
  #echo: readonly number[] = [];

  constructor(judge: Judge<Frame>, heard: Heard<Frame>) {
    this.#judge = judge;
    this.#heard = heard;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) this.#held.push(byte);
    let dropped = 0;
    while (this.#held.length > 0) {
      const echo = this.#echoAhead();
      if (echo === 'more') break;
      if (echo === 'yes') continue;
      const verdict = this.#judge(this.#held);
      if (verdict === 'no') {
        // One byte and not the whole: the frame may begin with the next one.
        this.#held.shift();
        dropped++;
        continue;
      }
      if (verdict === 'more') {
        const noise = this.#noiseBeforeAwaited();
        if (noise === 0) break;
        this.#held.splice(0, noise);
        dropped += noise;
        continue;
      }
      this.#held.splice(0, verdict.bytes);
      this.#heard.onFrame(verdict.frame);
    }
    if (dropped > 0) this.#heard.onGarbled(dropped);
  }

  /** A new exchange begins: what is held was never finished. `echo` is what the adapter will say back. */
  begin(echo: Uint8Array | null): void {
    const torn = this.#held.length;
    this.#held = [];
    this.#echo = echo ? Array.from(echo) : [];
    if (torn > 0) this.#heard.onGarbled(torn);
  }

  #echoAhead(): 'yes' | 'more' | 'no' {
    const { length } = this.#echo;
    if (length === 0) return 'no';
    const shared = Math.min(length, this.#held.length);
    for (let at = 0; at < shared; at++) if (this.#echo[at] !== this.#held[at]) return 'no';
    if (shared < length) return 'more';
    this.#held.splice(0, length);
    this.#echo = [];
    return 'yes';
  }

  /**
   * Noise can look like the beginning of a frame that is longer than the one awaited, which would then be
   * waited away. So the awaited one is looked for behind a beginning that is not finished.
   */
  #noiseBeforeAwaited(): number {
    for (let at = 1; at < this.#held.length; at++) {
      const verdict = this.#judge(this.#held.slice(at));
      if (typeof verdict === 'object' && this.#heard.isAwaited(verdict.frame)) return at;
    }
    return 0;
  }
}
