import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { gs1CheckDigit, gs1Elements, gs1KeysCheck } from './gs1.ts';
import { normalTracking } from './scan.ts';
import {
  CARRIERS,
  type Carrier,
  carrierNamed,
  FORMATS,
  type FormatName,
  isOthers,
  recognise,
} from './tracking.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const VECTORS = join(import.meta.dirname, '../contract/vectors/tracking');
type Vector = { text: string; tracking?: string; source: string };
type Group = { format: FormatName; own: Carrier | null; valid: Vector[]; invalid: Vector[] };
type File = { sources: Record<string, string>; formats: Group[] };
type LabelVector = { what: string; text: string; tracking: string; carrier: Carrier | null; source: string };

const read = (name: string) => JSON.parse(readFileSync(join(VECTORS, name), 'utf8'));
const FILES: File[] = readdirSync(VECTORS)
  .filter((name) => name !== 'labels.json')
  .map(read);
const GROUPS = FILES.flatMap((file) => file.formats);
const LABELS: { sources: Record<string, string>; labels: LabelVector[] } = read('labels.json');

const formatNamed = (name: FormatName) => {
  const format = FORMATS.find((candidate) => candidate.name === name);
  assert.ok(format, name);
  return format;
};

/** A second writing of each check, over arrays and by other roads than the product's, for the vectors alone. */
const digitsOf = (text: string) => [...text].map(Number);
const dot = (text: string, weights: readonly number[]) =>
  digitsOf(text).reduce((sum, digit, at) => sum + digit * (weights[at % weights.length] ?? 0), 0);
const thirdsFromRight = (text: string) => dot([...text].reverse().join(''), [1, 3]) % 10 === 0;
const elevens = (text: string) => {
  const [check, ...rest] = [...text].reverse();
  return String(dot(rest.join(''), [1, 3, 7]) % 11).at(-1) === check;
};
const LETTERS = '23456789012345678901234567';
const upsDigits = (text: string) =>
  [...text].map((one) => (/\d/.test(one) ? one : LETTERS[one.charCodeAt(0) - 65])).join('');
const AGAIN: Partial<Record<FormatName, (text: string) => boolean>> = {
  'UPS 1Z': (text) => (dot(upsDigits(text.slice(2, 17)), [1, 2]) + Number(text[17])) % 10 === 0,
  'USPS IMpb': thirdsFromRight,
  'UPU S10': (text) => {
    const rest = dot(text.slice(2, 10), [8, 6, 4, 2, 3, 5, 9, 7]) % 11;
    return [5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][rest] === Number(text[10]);
  },
  'FedEx Ground 96': (text) => thirdsFromRight(text.slice(7)),
  'FedEx Ground 34': (text) => elevens(text.slice(-14)),
  'FedEx Express 34': (text) => elevens(text.slice(-14)),
  'FedEx Express 12': elevens,
  'FedEx Ground 15': thirdsFromRight,
  'FedEx Ground Economy 20': (text) => thirdsFromRight(`92${text}`),
  'USPS 20': thirdsFromRight,
  'USPS 20 without 91': (text) => thirdsFromRight(`91${text}`),
  'DHL Express 10': (text) => BigInt(text.slice(0, 9)) % 7n === BigInt(text.slice(9)),
  'DHL Identcode 12': (text) => (dot(text.slice(0, 11), [4, 9]) + Number(text[11])) % 10 === 0,
  'DHL Paket 20': thirdsFromRight,
  'GS1 SSCC': thirdsFromRight,
  'GS1 SSCC 18': thirdsFromRight,
};
/** Formats that have no check digit, by their rule. */
const UNCHECKED = new Set<FormatName>([
  'UPS Mail Innovations',
  'Amazon TBA',
  'DHL licence plate',
  'DHL eCommerce GM',
]);

test('every format has five right and five wrong numbers, each with its source', () => {
  assert.deepEqual(GROUPS.map(({ format }) => format).sort(), FORMATS.map(({ name }) => name).sort());
  for (const { sources, formats } of FILES) {
    for (const { format, valid, invalid } of formats) {
      assert.ok(new Set(valid.map(({ text }) => text)).size >= 5, format);
      assert.ok(new Set(invalid.map(({ text }) => text)).size >= 5, format);
      for (const { source } of [...valid, ...invalid]) assert.ok(sources[source], `${format}: ${source}`);
    }
  }
  for (const { source } of LABELS.labels) assert.ok(LABELS.sources[source], source);
});

test('a number that its carrier publishes is recognised, with its check digit recomputed', () => {
  for (const { format: name, own, valid } of GROUPS) {
    const { carrier } = formatNamed(name);
    for (const { text, tracking = text } of valid) {
      const again = AGAIN[name];
      assert.equal(again === undefined, UNCHECKED.has(name), name);
      if (again)
        assert.ok(again(tracking === text || /34|18/.test(name) ? text : tracking), `${name} ${text}`);
      const label = recognise(text, own);
      assert.equal(label?.format, name, text);
      assert.equal(label?.check, UNCHECKED.has(name) ? 'none' : 'good', text);
      assert.equal(label?.tracking, tracking, text);
      if (name === 'UPU S10') assert.equal(label?.carrier, text.endsWith('US') ? 'USPS' : 'postal');
      else assert.equal(label?.carrier, carrier ?? own, text);
    }
  }
});

test('a number with a wrong check digit is not that format’s, and its own courier is asked again', () => {
  for (const { format: name, own, invalid } of GROUPS) {
    for (const { text } of invalid) {
      const reading = formatNamed(name).read(text);
      if (UNCHECKED.has(name)) assert.equal(reading, undefined, `${name} ${text}`);
      else assert.notEqual(reading?.good, true, `${name} ${text}`);
      const label = recognise(text, own);
      assert.ok(label?.format !== name || label.check === 'wrong', `${name} ${text}`);
      if (reading && formatNamed(name).marked) assert.equal(label?.check, 'wrong', `${name} ${text}`);
    }
  }
});

test('whole labels, as scanners type them, give the parcel’s number', () => {
  for (const { what, text, tracking, carrier } of LABELS.labels) {
    const label = recognise(text, null);
    assert.deepEqual([label?.tracking, label?.carrier], [tracking, carrier], what);
    assert.notEqual(label?.check, 'wrong', what);
  }
});

test('plain digits are asked for again from the carrier that prints such numbers, and taken from others', () => {
  for (const [text, own] of [
    ['986578788850', 'FedEx'],
    ['568283610012732', 'FedEx'],
    ['3318810010', 'DHL'],
    ['03071790000523483742', 'USPS'],
  ] as const) {
    assert.equal(recognise(text, own)?.check, 'wrong', text);
    assert.deepEqual(recognise(text, 'Amazon'), {
      tracking: text,
      carrier: null,
      format: null,
      check: 'none',
    });
    assert.deepEqual(recognise(text, null), { tracking: text, carrier: null, format: null, check: 'none' });
  }
});

test('where rules of several carriers fit, the courier’s own is meant, or none', () => {
  const both = '564000000050';
  assert.equal(recognise(both, 'FedEx')?.carrier, 'FedEx');
  assert.equal(recognise(both, 'DHL')?.carrier, 'DHL');
  for (const own of [null, 'UPS', 'postal'] as const)
    assert.deepEqual(recognise(both, own), { tracking: both, carrier: null, format: null, check: 'good' });
  assert.equal(recognise('00006141411234567890', 'FedEx')?.carrier, 'FedEx');
  assert.equal(recognise('00006141411234567890', 'UPS')?.carrier, null);
});

test('unknown formats are taken as such, and what cannot be a number is none', () => {
  for (const text of [
    'CC-20/4711',
    '1LSCXV6000ABC',
    'C11031500001879',
    '123',
    'RB123456785XX',
    '9'.repeat(40),
  ])
    assert.equal(recognise(text, 'UPS')?.check, 'none', text);
  for (const text of [
    '',
    '12',
    'a_b',
    'https://x.example/',
    '\u001d',
    ']C1',
    '[)>',
    '[)>\u001e06\u001dX',
    'Ä1',
    '9'.repeat(41),
  ])
    assert.equal(recognise(text, 'UPS'), undefined, JSON.stringify(text));
});

test('an element string with a wrong key, or without a parcel in it, is a misread code', () => {
  for (const text of [
    ']C100006141411234567891',
    ']C10109506000134353\u001d00006141411234567890',
    '42021093',
    '420210931234',
    ']C142021093',
    ']C1421276531131',
    ']d20109506000134352',
    ']C1400PO-4711\u001d403R1',
    ']C1800826030112',
  ]) {
    assert.equal(recognise(text, 'DHL')?.check, 'wrong', text);
  }
});

test('elements are cut by the table of lengths, whether FNC1 comes or not', () => {
  const entries = (text: string) => gs1Elements(text) && [...(gs1Elements(text) ?? [])];
  const sscc = '006141411234567890';
  assert.deepEqual(entries(`00${sscc}`), [['00', sscc]]);
  assert.deepEqual(entries(`00${sscc}\u001d42053113`), [
    ['00', sscc],
    ['420', '53113'],
  ]);
  assert.deepEqual(entries(`42053113\u001d00${sscc}3101001234`), [
    ['420', '53113'],
    ['00', sscc],
    ['3101', '001234'],
  ]);
  assert.deepEqual(entries('421276D-53113'), [['421', '276D-53113']]);
  assert.deepEqual(entries('401ABC\u001d10LOT\u001d7040X'), [
    ['401', 'ABC'],
    ['10', 'LOT'],
    ['7040', 'X'],
  ]);
  for (const bad of [
    '',
    '00',
    `00${sscc.slice(1)}`,
    '42',
    '420',
    `402${sscc}`,
    '421X',
    '0512',
    '\u001d',
    '420\u001d',
  ])
    assert.equal(gs1Elements(bad), undefined, bad);
  assert.ok(
    gs1KeysCheck(
      new Map([
        ['00', sscc],
        ['420', '1'],
      ]),
    ),
  );
  assert.ok(
    !gs1KeysCheck(
      new Map([
        ['00', sscc],
        ['01', '09506000134353'],
      ]),
    ),
  );
  // GS1 General Specifications, section 7.9.1, and the worked example on gs1.org's calculator page.
  assert.equal(gs1CheckDigit('629104150021'), 3);
});

test('a carrier is known by its name as people write it', () => {
  for (const [name, carrier] of [
    ['UPS', 'UPS'],
    ['United Parcel Service of America', 'UPS'],
    ['FedEx Ground', 'FedEx'],
    ['USPS', 'USPS'],
    ['Amazon Logistics', 'Amazon'],
    ['DHL Paket GmbH', 'DHL'],
    ['Upside Couriers', null],
    ['Corner Couriers', null],
    ['', null],
  ] as const)
    assert.equal(carrierNamed(name), carrier, name);
  for (const carrier of CARRIERS) {
    assert.equal(isOthers({ carrier }, 'UPS'), carrier !== 'UPS' && carrier !== 'postal');
    assert.ok(!isOthers({ carrier: null }, carrier));
  }
});

/** One digit a `#`, the check digit a `C`: random numbers of a format, and which part the check covers. */
const SHAPES: Partial<Record<FormatName, string>> = {
  'UPS 1Z': '1ZA1B2E3#########C',
  'USPS IMpb': '9400#################C',
  'UPU S10': 'RB########CGB',
  'FedEx Ground 96': '9611020##############C',
  'FedEx Ground 34': `96220${'1'.repeat(15)}#############C`,
  'FedEx Express 34': `10019${'1'.repeat(15)}#############C`,
  'FedEx Express 12': '###########C',
  'FedEx Ground 15': '##############C',
  'FedEx Ground Economy 20': '6129###############C',
  'USPS 20': '7##################C',
  'USPS 20 without 91': '7##################C',
  'DHL Express 10': '#########C',
  'DHL Identcode 12': '###########C',
  'DHL Paket 20': '00340434###########C',
  'GS1 SSCC': '00#################C',
  'GS1 SSCC 18': '#################C',
};

/**
 * Which share of one-digit mistakes a rule lets pass, from the rule alone. Weights 1, 3, 7 and 9 have an
 * inverse modulo 10, so all show. Twice or four times a digit is the same modulo 10 for digits that lie five
 * apart: one of nine. A rest modulo 7 is the same for digits seven apart: 6 of 90 pairs. Two of the eleven
 * rests of a rule modulo 11 share one check digit: two of eleven numbers, and one of ten changes of them.
 * The check digit itself never changes unseen.
 */
function promised(name: FormatName, covered: number): number {
  if (name === 'UPS 1Z') return 4 / 9 / covered;
  if (name === 'DHL Identcode 12') return 6 / 9 / covered;
  if (name === 'DHL Express 10') return ((6 / 90) * (covered - 1)) / covered;
  if (/UPU S10|FedEx Express|FedEx Ground 34/.test(name)) return ((1 / 55) * (covered - 1)) / covered;
  return 0;
}

test('one wrong digit breaks a number as often as its check digit promises', () => {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  assert.deepEqual(Object.keys(SHAPES).sort(), Object.keys(AGAIN).sort());
  for (const [name, shape] of Object.entries(SHAPES) as [FormatName, string][]) {
    const { read: readFormat } = formatNamed(name);
    let changed = 0;
    let unseen = 0;
    const places = [...shape].flatMap((one, at) => (one === '#' || one === 'C' ? [at] : []));
    for (let run = 0; run < 300; run++) {
      const open = shape.replaceAll('#', () => String(next(10)));
      const fits = digitsOf('0123456789').map((digit) => open.replace(/C(?=GB$|$)/, String(digit)));
      const number = fits.find((text) => readFormat(text)?.good);
      assert.ok(number, `${name} ${open} has a check digit`);
      assert.equal(fits.filter((text) => readFormat(text)?.good).length, 1, `${name} ${open} has one`);
      for (const at of places) {
        for (let digit = 0; digit < 10; digit++) {
          if (number[at] === String(digit)) continue;
          changed++;
          if (readFormat(number.slice(0, at) + digit + number.slice(at + 1))?.good) unseen++;
        }
      }
    }
    const rate = unseen / changed;
    const promise = promised(name, places.length);
    const room = promise === 0 ? 0 : 0.006;
    assert.ok(
      Math.abs(rate - promise) <= room,
      `${name}: ${rate} unseen, ${promise} promised (HOLDFAST_SEED=${seed})`,
    );
  }
});

test('any text has an answer, and what it answers is kept as it is when it is read again', () => {
  const piece = fc.constantFrom(
    ...[
      '420',
      '78745',
      '\u001d',
      '\u001e',
      ']C1',
      ']Q3',
      '00',
      '96',
      '1Z',
      '[)>',
      '01',
      '9400',
      'JJD',
      ' ',
      '-',
    ],
  );
  const text = fc.oneof(
    fc.string({ maxLength: 60, unit: 'binary' }),
    fc
      .array(fc.oneof(piece, fc.stringMatching(/^\d{1,12}$/), fc.stringMatching(/^[A-Z]{1,3}$/)), {
        maxLength: 9,
      })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(null, ...CARRIERS), (typed, own) => {
      const label = recognise(typed, own);
      if (label === undefined) return;
      assert.equal(normalTracking(label.tracking), label.tracking);
      const again = recognise(label.tracking, own);
      if (label.format !== null && label.check !== 'wrong') assert.equal(again?.tracking, label.tracking);
    }),
    { seed, numRuns: 1500 },
  );
});

test('the page about labels lists the formats as they are', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/labels.md'), 'utf8');
  const [, table = ''] = page.split('\n## Formats\n');
  const rows = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \|/gm)];
  const shown = (own: Carrier | null) => own ?? 'none';
  assert.deepEqual(
    rows.map(([, name, carrier, marked]) => [name, carrier?.trim(), marked?.trim()]),
    FORMATS.map(({ name, carrier, marked }) => [
      name,
      name === 'UPU S10' ? 'USPS for US, else postal' : shown(carrier),
      marked ? 'yes' : 'no',
    ]),
  );
});
