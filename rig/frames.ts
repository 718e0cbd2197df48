/** Finds frames of one length in what arrives on a line, in whatever pieces it arrives. */

export type FrameShape<Request> = {
  bytes: number;
  /** True when these bytes are well formed, their sum included. */
  isFrame(bytes: readonly number[]): boolean;
  /** What a frame asks for; null drops it, as boards drop what they do not know. */
  requestIn(frame: readonly number[]): Request | null;
};

/** Bytes that are no frame are skipped one at a time, so that noise costs at most the frame it fell into. */
export class FrameReader<Request> {
  readonly #shape: FrameShape<Request>;
  #held: number[] = [];

  constructor(shape: FrameShape<Request>) {
    this.#shape = shape;
  }

  push(bytes: Uint8Array): Request[] {
    const requests: Request[] = [];
    for (const byte of bytes) {
      this.#held.push(byte);
      if (this.#held.length < this.#shape.bytes) continue;
      if (!this.#shape.isFrame(this.#held)) {
        this.#held.shift();
        continue;
      }
      const request = this.#shape.requestIn(this.#held);
      if (request) requests.push(request);
      this.#held = [];
    }
    return requests;
  }
}
