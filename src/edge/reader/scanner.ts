/**
 * A barcode and QR scanner in serial mode over TCP: each scan is its text in UTF-8 and a suffix, which is
 * CR, LF, both, or Tab. A scanner that is set to no suffix is understood too: silence ends its scans, until
 * it has shown a suffix once. From then on half a scan that the line delays is never taken for a whole one.
 *
 * A scan longer than any code of the field is dropped whole. Of control characters GS alone is kept, because
 * it separates the values of a GS1 label. Bytes that are no UTF-8 become U+FFFD, which no code of ours and no
 * tracking number holds: the scan is answered, and denied.
 */
import type { Cancel, Clock } from '../../platform/clock.ts';
import { tcpLine } from '../lockboard/tcp-line.ts';

const SCAN_BYTES_MAX = 512;
/** The line's own delays stay below this; the longest code takes less at 9600 baud than it leaves between. */
export const SILENCE_MS = 300;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const GS = 0x1d;
const DEL = 0x7f;

export type Scanner = { stop(): Promise<void> };

export function openScanner(deps: {
  host: string;
  port: number;
  clock: Clock;
  onScan(text: string): void;
}): Scanner {
  const scans = new ScanReader(deps);
  const line = tcpLine(deps);
  line.open({
    onBytes: (bytes) => scans.take(bytes),
    onUp: () => scans.reset(),
    onDown: () => scans.reset(),
  });
  return {
    stop() {
      scans.reset();
      return line.close();
    },
  };
}

/** Splits bytes into scans; one that is too long is dropped up to its end. */
export class ScanReader {
  #held: number[] = [];
  #dropping = false;
  #suffixed = false;
  #stopWaiting: Cancel | null = null;
  readonly #clock: Clock;
  readonly #onScan: (text: string) => void;

  constructor({ clock, onScan }: { clock: Clock; onScan(text: string): void }) {
    this.#clock = clock;
    this.#onScan = onScan;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === CR || byte === LF || byte === TAB) this.#suffix();
      else if (byte !== GS && (byte < 0x20 || byte === DEL)) continue;
      else if (this.#held.length >= SCAN_BYTES_MAX) this.#dropping = true;
      else this.#held.push(byte);
    }
    this.#wait();
  }

  reset(): void {
    this.#held = [];
    this.#dropping = false;
    this.#stopWaiting?.();
    this.#stopWaiting = null;
  }

  /** A suffix with nothing before it (the LF of a CR LF) tells nothing new. */
  #suffix(): void {
    if (this.#held.length === 0) return;
    this.#suffixed = true;
    this.#end();
  }

  #wait(): void {
    this.#stopWaiting?.();
    const waits = !this.#suffixed && this.#held.length > 0;
    this.#stopWaiting = waits ? this.#clock.after(SILENCE_MS, () => this.#end()) : null;
  }

  #end(): void {
    const text = this.#dropping ? '' : new TextDecoder('utf-8').decode(Uint8Array.from(this.#held)).trim();
    this.reset();
    if (text !== '') this.#onScan(text);
  }
}
