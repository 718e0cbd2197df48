/** Bytes that no scanner of ours would send: each scan is text and no longer than one, and the next one is whole. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { readScan } from '../../domain/scan.ts';
import { ManualClock } from '../../platform/clock.ts';
import { ScanReader, SILENCE_MS } from './scanner.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const BADGE = `HFB1${'A'.repeat(26)}`;
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 700 }),
  fc
    .constantFrom(BADGE, `${BADGE}\r\n`, '\t\t\t', `${'x'.repeat(600)}\n`, '\u001d01', '\ufffd')
    .map((text) => new TextEncoder().encode(text)),
);

const isTaken = (letter: string) => {
  const code = letter.codePointAt(0) ?? 0;
  return code === 0x1d || (code >= 0x20 && code !== 0x7f);
};

test('whatever comes, scans are text of at most their length, and a good one after it is read', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.nat({ max: 2 * SILENCE_MS })), { maxLength: 20 }), (parts) => {
      const clock = new ManualClock(0);
      const scans: string[] = [];
      const reader = new ScanReader({ clock, onScan: (text) => scans.push(text) });
      for (const [part, waitMs] of parts) {
        reader.take(part);
        clock.advance(waitMs);
      }
      for (const text of scans) {
        assert.ok(text.length > 0 && text.length <= 512 && text.isWellFormed());
        // GS alone, and what UTF-8 can write beyond ASCII, is left of the control characters.
        assert.ok([...text].every(isTaken), JSON.stringify(text));
        readScan(text);
      }
      // Two suffixes end whatever was under way.
      reader.take(new TextEncoder().encode(`\r\n${BADGE}\r\n`));
      clock.advance(2 * SILENCE_MS);
      assert.equal(scans.at(-1), BADGE);
    }),
    { seed, numRuns: 500 },
  );
});
