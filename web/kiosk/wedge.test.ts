import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAST_MS, type Heard, hear, SCAN_LENGTH_MAX, WEDGE_START } from './wedge.ts';

/** Presses keys with a gap before each, and answers what was heard. */
function press(keys: readonly string[], gapMs: number | readonly number[]): (Heard | null)[] {
  let wedge = WEDGE_START;
  let atMs = 1_000;
  return keys.map((key, index) => {
    atMs += typeof gapMs === 'number' ? gapMs : (gapMs[index] ?? 0);
    const result = hear(wedge, key, atMs);
    wedge = result.wedge;
    return result.heard;
  });
}

const BADGE = 'HFB1ABCDEFGHIJKLMNOPQRSTUVWXYZ';

test('fast keys that end in Enter are a scan', () => {
  const heard = press([...BADGE, 'Enter'], 4);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: BADGE });
});

test('keys that type nothing do not break a scan: scanners press Shift for capitals', () => {
  const keys = [...BADGE].flatMap((letter) => ['Shift', letter]);
  assert.deepEqual(press([...keys, 'Enter'], 4).at(-1), { is: 'scan', text: BADGE });
});

test('slow digits are typing, and their Enter is an Enter', () => {
  const heard = press([...'123456789', 'Enter'], FAST_MS + 30);
  assert.deepEqual(heard.slice(0, 2), [
    { is: 'typed', text: '1' },
    { is: 'typed', text: '2' },
  ]);
  assert.deepEqual(heard.at(-1), { is: 'enter' });
});

test('what was typed slowly before a scan is no part of it', () => {
  const gaps = [0, 200, 200, ...Array<number>(9).fill(5)];
  const heard = press([...'12', ...'345678901', 'Enter'], gaps);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: '345678901' });
});

test('an Enter that comes late is not the scanner’s', () => {
  assert.deepEqual(press([...'1234567', 'Enter'], [0, 4, 4, 4, 4, 4, 4, 400]).at(-1), { is: 'enter' });
});

test('two quick keys are no scan', () => {
  assert.deepEqual(press(['1', '2', 'Enter'], 5).at(-1), { is: 'enter' });
});

test('a scan starts anew after each Enter, and has an end', () => {
  const heard = press([...BADGE, 'Enter', ...'7654321', 'Enter'], 3);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: '7654321' });
  const long = press([...'9'.repeat(SCAN_LENGTH_MAX + 40), 'Enter'], 1).at(-1);
  assert.equal(long?.is === 'scan' && long.text.length, SCAN_LENGTH_MAX);
});
