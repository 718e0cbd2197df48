import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  badgeText,
  normalFlat,
  normalTracking,
  pickUpText,
  pinDigits,
  readScan,
  TRACKING_LENGTH_MAX,
} from './scan.ts';

const bytes = Uint8Array.from({ length: 16 }, (_, at) => 255 - at * 9);

test('badges and pick-up codes of ours are known, however a scanner types them', () => {
  for (const [is, text] of [
    ['badge', badgeText(bytes)],
    ['pick-up', pickUpText(bytes)],
  ] as const) {
    assert.match(text, /^HF[BP]1[A-Z2-7]{26}$/);
    for (const typed of [text, text.toLowerCase(), ` ${text}\r\n`])
      assert.deepEqual(readScan(typed), { is, secret: text });
  }
  assert.notEqual(badgeText(bytes), pickUpText(bytes));
});

test('a symbology identifier in front of a code of ours is no part of it', () => {
  for (const symbol of [']Q1', ']Q0', ']C0', ']d1', ']q1', ']z0']) {
    assert.deepEqual(readScan(symbol + badgeText(bytes)), { is: 'badge', secret: badgeText(bytes) });
    assert.deepEqual(readScan(symbol + pickUpText(bytes)), { is: 'pick-up', secret: pickUpText(bytes) });
  }
});

test('a code of ours inside a longer text is no code: not after a label, a separator or another code', () => {
  for (const secret of [badgeText(bytes), pickUpText(bytes)]) {
    for (const text of [
      `1Z999AA10123456784${secret}`,
      `${secret}1Z999AA10123456784`,
      `420\u001d${secret}`,
      `${secret}\u001d`,
      `${secret}\n${secret}`,
      `https://x.example/?c=${secret}`,
      `]Q1]Q1${secret}`,
      `]Q${secret}`,
    ])
      assert.deepEqual(readScan(text), { is: 'label', text }, JSON.stringify(text));
  }
});

test('everything else is a label: other marks, lengths and letters, and what only holds a code', () => {
  const badge = badgeText(bytes);
  const others = [
    '',
    '1Z999AA10123456784',
    badge.slice(0, -1),
    `${badge}A`,
    badge.replace('HFB1', 'HFB2'),
    badge.replace('HFB1', 'HFX1'),
    `X${badge}`,
    badge.replace(/.$/, '1'),
  ];
  for (const text of others) assert.deepEqual(readScan(text), { is: 'label', text });
  assert.deepEqual(readScan('  jd 014 \n'), { is: 'label', text: 'jd 014' });
});

test('a tracking number is three to forty capitals and digits with few signs', () => {
  assert.equal(normalTracking(' 1z 999 aa1 01 2345 6784 '), '1Z999AA10123456784');
  assert.equal(normalTracking('RR123456789DE'), 'RR123456789DE');
  assert.equal(normalTracking('a-1/2.3'), 'A-1/2.3');
  assert.equal(normalTracking('9'.repeat(TRACKING_LENGTH_MAX))?.length, TRACKING_LENGTH_MAX);
  assert.equal(normalTracking('1 '.repeat(TRACKING_LENGTH_MAX))?.length, TRACKING_LENGTH_MAX);
  for (const bad of [
    '',
    '  ',
    '12',
    'A A',
    '9'.repeat(TRACKING_LENGTH_MAX + 1),
    '-12',
    'AB\n12',
    'AB_12',
    'AB<b>',
    'ÄB12',
    '\ud800ABC',
    'AB\u0000C',
  ]) {
    assert.equal(normalTracking(bad), undefined, JSON.stringify(bad));
  }
});

test('one flat has one form', () => {
  const same = [
    ['12B', '12b', ' 12 B ', 'Flat 12B', 'flat 12-b', 'Apt. 12 B', 'APARTMENT #12B', 'unit 12.B', '12-B'],
    ['1-11', '1 11', '1.11', 'Flat 1 - 11', '1--11', 'Flat-1-11'],
    ['A3', 'a 3', 'A-3', 'A.3', 'Flat A/3'.replace('/', '-')],
    ['3/2', 'flat 3/2'],
  ];
  for (const [form = '', ...others] of same)
    for (const text of others) assert.equal(normalFlat(text), form, text);
});

test('two flats have two forms', () => {
  const flats = [
    '1-11',
    '11-1',
    '111',
    '11',
    '1-1-1',
    '12',
    '12A',
    'A12',
    '2A',
    '1/2',
    '12/1',
    'PENTHOUSE',
    'FLATIRON',
    'UNITY 2',
  ];
  assert.equal(new Set(flats.map(normalFlat)).size, flats.length);
  for (const flat of flats) assert.equal(normalFlat(normalFlat(flat)), normalFlat(flat));
});

test('digits of a PIN follow from the codes that a guess searches: 24 to 50 compartments, nine digits', () => {
  for (let codes = 24; codes <= 50; codes++) assert.equal(pinDigits(codes, 20), 9, `${codes} codes`);
  assert.deepEqual([pinDigits(51, 20), pinDigits(5, 20), pinDigits(500, 20)], [10, 8, 10]);
  for (const codes of [1, 7, 24, 50, 51, 333, 1000]) {
    for (const guesses of [1, 5, 20, 50]) {
      const digits = pinDigits(codes, guesses);
      assert.ok(guesses * codes * 1_000_000 <= 10 ** digits);
      assert.ok(digits === 6 || guesses * codes * 1_000_000 > 10 ** (digits - 1), 'the fewest digits');
    }
  }
});
