/**
 * The largest packet that is read from a connection. MQTT announces a packet's length in its first bytes
 * (MQTT 3.1.1 section 2.2.3), up to 256 MiB; a parser collects that much before anybody may say no. This
 * looks at the announced length and breaks the connection at once.
 */
import { Transform, type TransformCallback } from 'node:stream';

const CONTINUES = 0x80;
const LENGTH_BYTES_MAX = 4;

export class PacketGuard extends Transform {
  readonly #bytesMax: number;
  /** Bytes of the packet under way that are still to come. */
  #left = 0;
  /** Bytes read of the next packet's fixed header; 0 before its first. */
  #headerBytes = 0;
  #length = 0;

  constructor(bytesMax: number) {
    super();
    this.#bytesMax = bytesMax;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      if (!this.#readHeader(chunk[at] ?? 0))
        return done(new Error('a packet is longer than this broker takes'));
      at += 1;
    }
    done(null, chunk);
  }

  /** Takes one byte of a fixed header. False when the length that it announces is too large or malformed. */
  #readHeader(byte: number): boolean {
    this.#headerBytes += 1;
    if (this.#headerBytes === 1) return true;
    this.#length += (byte & ~CONTINUES) * 128 ** (this.#headerBytes - 2);
    if (this.#length > this.#bytesMax) return false;
    if ((byte & CONTINUES) !== 0) return this.#headerBytes <= LENGTH_BYTES_MAX;
    this.#left = this.#length;
    this.#headerBytes = 0;
    this.#length = 0;
    return true;
  }
}
