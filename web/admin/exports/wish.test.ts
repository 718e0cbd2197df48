import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askOf, faultsOf, NO_WISH, pemOf, selectionOf, unclearIn, type Wish } from './wish.ts';

const GOOD: Wish = {
  ...NO_WISH,
  ...{ purpose: ' case 12 ', receiver: 'Court', by: 'passphrase', passphrase: 'p', again: 'p' },
};

test('a wish without purpose, receiver or encryption is not sent', () => {
  assert.deepEqual(faultsOf(NO_WISH), new Set(['purpose', 'receiver', 'certificate']));
  assert.deepEqual(faultsOf(GOOD), new Set());
  assert.deepEqual(faultsOf({ ...GOOD, purpose: '  ' }), new Set(['purpose']));
  assert.deepEqual(faultsOf({ ...GOOD, again: 'q' }), new Set(['again']));
  assert.deepEqual(
    faultsOf({ ...GOOD, from: '2026-05-02T10:00', to: '2026-05-02T10:00' }),
    new Set(['order']),
  );
});

test('a door counts only with its bank, and what is left empty asks for nothing', () => {
  const nothing = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
  assert.deepEqual(selectionOf({ ...GOOD, door: '7' }), nothing);
  assert.deepEqual(selectionOf({ ...GOOD, bank: 'bank_x', door: '7' }), {
    ...nothing,
    bank: 'bank_x',
    compartment: 7,
  });
  assert.equal(askOf(GOOD).purpose, 'case 12');
});

test('a door or a time that is none is a fault, and never left out of what is asked for', () => {
  for (const door of ['0', '12345', '1.5', '-3', '007', '1e3', 'x']) {
    const wish = { ...GOOD, bank: 'bank_x', door };
    assert.deepEqual(unclearIn(wish), new Set(['door']), door);
    assert.deepEqual(faultsOf(wish), new Set(['door']), door);
    assert.throws(() => askOf(wish), door);
  }
  for (const field of ['from', 'to'] as const)
    for (const text of ['2026-05-02', '202605-01-01T10:00', '275760-12-31T10:00', 'soon']) {
      const wish = { ...GOOD, [field]: text };
      assert.deepEqual(unclearIn(wish), new Set([field]), text);
      assert.throws(() => selectionOf(wish), text);
    }
  assert.equal(selectionOf({ ...GOOD, bank: 'bank_x', door: ' 7 ' }).compartment, 7);
  assert.equal(selectionOf({ ...GOOD, from: '2026-05-02T10:00' }).fromMs, new Date(2026, 4, 2, 10).getTime());
});

test('a certificate in DER is sent as PEM, and one in PEM as it is', () => {
  const pem = pemOf(btoa('0\x82'.repeat(100)));
  assert.match(pem, /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/]{64}\n/);
  assert.equal(pemOf(btoa(pem)), pem);
});
