import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeLines } from './roster-sign.ts';
import { visible } from './visible.ts';

test('what a terminal would obey or hide is written out; everything else stays as it is', () => {
  const rows: [string, string][] = [
    ['UPS', 'UPS'],
    ['Ærø & Søn, 12½ – “x”', 'Ærø & Søn, 12½ – “x”'],
    ['快递 🚚', '快递 🚚'],
    ['a\u001b[2Jb', 'a\\u{001b}[2Jb'],
    ['a\u009b1Ab', 'a\\u{009b}1Ab'],
    ['a\nb\rc\td', 'a\\u{000a}b\\u{000d}c\\u{0009}d'],
    ['a\u007fb', 'a\\u{007f}b'],
    ['PAY\u202eSPU', 'PAY\\u{202e}SPU'],
    ['U\u200bPS\u2066', 'U\\u{200b}PS\\u{2066}'],
    ['a\u2028b\u00a0c\u3000d', 'a\\u{2028}b\\u{00a0}c\\u{3000}d'],
    ['a\ud800b', 'a\\u{d800}b'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
  ];
  for (const [text, shown] of rows) assert.equal(visible(text), shown);
});

test('a row of a roster’s draft cannot hide another: what the cloud wrote is shown to the letter', () => {
  const lines = changeLines({
    what: 'carrier \u001b[1A\u001b[2KUPS',
    was: '',
    becomes: 'couriers of every site\u202e\n  + nothing else',
  });
  assert.equal(lines.split('\n').length, 3);
  for (const unseen of ['\u001b', '\u202e']) assert.ok(!lines.includes(unseen), lines);
});
