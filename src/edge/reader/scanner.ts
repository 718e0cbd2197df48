/**
 * A barcode and QR scanner in serial mode over TCP: each scan is its text in UTF-8 and a carriage return.
 * A line longer than any code of the field is dropped whole.
 */
import type { Clock } from '../../platform/clock.ts';
import { tcpLine } from '../lockboard/tcp-line.ts';

const LINE_BYTES_MAX = 512;
const CR = 0x0d;
const LF = 0x0a;

export type Scanner = { stop(): Promise<void> };

export function openScanner(deps: {
  host: string;
  port: number;
  clock: Clock;
  onScan(text: string): void;
}): Scanner {
  const lines = new LineReader(deps.onScan);
  const line = tcpLine(deps);
  line.open({
    onBytes: (bytes) => lines.take(bytes),
    onUp: () => lines.reset(),
    onDown: () => lines.reset(),
  });
  return { stop: () => line.close() };
}

/** Splits bytes into lines; what is too long or no UTF-8 is dropped up to its end. */
export class LineReader {
  #held: number[] = [];
  #dropping = false;
  readonly #onLine: (text: string) => void;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === CR || byte === LF) this.#end();
      else if (this.#held.length >= LINE_BYTES_MAX) this.#dropping = true;
      else this.#held.push(byte);
    }
  }

  reset(): void {
    this.#held = [];
    this.#dropping = false;
  }

  #end(): void {
    const text = this.#dropping ? '' : new TextDecoder('utf-8').decode(Uint8Array.from(this.#held)).trim();
    this.reset();
    if (text !== '') this.#onLine(text);
  }
}
