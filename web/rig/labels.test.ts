/** Check digits are computed here by another road than the rules that drew them: from the standards' weights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recognise } from '../../src/domain/tracking.ts';
import { drawLabel, LABEL_KINDS, type LabelKind } from './labels.ts';

const ROUNDS = 200;

const digitsOf = (text: string) => [...text].map(Number);
const weighed = (text: string, weights: readonly number[]) =>
  digitsOf(text)
    .reverse()
    .reduce((sum, digit, at) => sum + digit * (weights[at % weights.length] ?? 0), 0);
/** From the right: GS1 General Specifications, 7.9.1. */
const gs1 = (body: string) => String((10 - (weighed(body, [3, 1]) % 10)) % 10);

const CHECK: Record<LabelKind, (label: string) => boolean> = {
  'UPS 1Z': (label) => {
    const values = [...label.slice(2, 17)].map((one) =>
      /\d/.test(one) ? Number(one) : (one.charCodeAt(0) - 3) % 10,
    );
    const sum = values.reduce((total, value, at) => total + value * (at % 2 === 1 ? 2 : 1), 0);
    return label.length === 18 && Math.ceil(sum / 10) * 10 - sum === Number(label[17]);
  },
  'USPS IMpb': (label) => label.length === 22 && gs1(label.slice(0, -1)) === label.at(-1),
  'FedEx Express 12': (label) =>
    label.length === 12 && (weighed(label.slice(0, -1), [1, 3, 7]) % 11) % 10 === Number(label.at(-1)),
  'FedEx Ground 96': (label) => label.length === 22 && gs1(label.slice(7, -1)) === label.at(-1),
  'Amazon TBA': (label) => /^TBA\d{12}$/.test(label),
  'DHL Express 10': (label) => label.length === 10 && Number(label.slice(0, 9)) % 7 === Number(label[9]),
  'DHL Paket 20': (label) => /^00340434\d{12}$/.test(label) && gs1(label.slice(0, -1)) === label.at(-1),
  'UPU S10': (label) => {
    const sum = weighed(label.slice(2, 10), [7, 9, 5, 3, 2, 4, 6, 8]);
    const rest = 11 - (sum % 11);
    return /^C[A-Z]\d{9}GB$/.test(label) && String(rest === 10 ? 0 : rest === 11 ? 5 : rest) === label[10];
  },
  'GS1 SSCC': (label) => /^00\d{18}$/.test(label) && gs1(label.slice(2, -1)) === label.at(-1),
};

test('each label has its format’s check digit and is recognised as its carrier’s, by anybody', () => {
  for (const kind of LABEL_KINDS)
    for (let round = 0; round < ROUNDS; round++) {
      const label = drawLabel(kind);
      assert.ok(CHECK[kind](label), `${kind}: ${label}`);
      const known = recognise(label, null);
      assert.equal(known?.format, kind, label);
      assert.equal(known?.check, kind === 'Amazon TBA' ? 'none' : 'good', label);
      assert.equal(known?.tracking, label);
    }
});

test('labels are drawn anew each time', () => {
  for (const kind of LABEL_KINDS) {
    const drawn = new Set(Array.from({ length: ROUNDS }, () => drawLabel(kind)));
    // The smallest of them has nine digits to draw.
    assert.ok(drawn.size > ROUNDS - 3, `${kind}: ${drawn.size}`);
  }
});

test('a digit that was typed wrong is a misread number', () => {
  for (const kind of ['UPS 1Z', 'USPS IMpb', 'DHL Paket 20', 'GS1 SSCC'] as const) {
    const label = drawLabel(kind);
    const wrong = `${label.slice(0, -1)}${(Number(label.at(-1)) + 1) % 10}`;
    assert.equal(recognise(wrong, null)?.check, 'wrong', wrong);
  }
});
