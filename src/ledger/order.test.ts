/** Several signatures below one order: the same text, counted by key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../crypto/bytes.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { idFrom } from '../domain/ids.ts';
import type { Order } from '../domain/order.ts';
import { addSignature, openOrder, readUnverified, signOrder } from './order.ts';
import { noteHash } from './roster.ts';

const [first, second] = [newSigningKey(), newSigningKey()];
const keys = [first, second].map((key) => base64url(key.publicKey));
const bytes = new Uint8Array(16);
const order: Order = {
  v: 1,
  order: idFrom('order', bytes),
  tenant: idFrom('tenant', bytes),
  site: idFrom('site', bytes),
  bank: idFrom('bank', bytes),
  nonce: base64url(bytes),
  madeAtMs: 1_000,
  untilMs: 2_000,
  purpose: 'a second pair of eyes',
  act: { do: 'restore', compartment: 3 },
};
const trust = { tenant: order.tenant, site: order.site, bank: order.bank, keys };

test('a second holder adds a signature to the same text; the same holder cannot count twice', () => {
  const one = signOrder(order, [first]);
  assert.deepEqual(readUnverified(one), order);
  const two = addSignature(one, order, second) ?? assert.fail('the second key has not signed before');
  assert.equal(noteHash(two), noteHash(one), 'it is the same order');
  const opened = openOrder(two, { ...trust, k: 2 });
  assert.deepEqual(opened, { ok: true, value: { order, signers: keys } });
  assert.equal(addSignature(two, order, first), undefined);
  const doubled = `${one}${one.slice(one.lastIndexOf('\n\n') + 2)}`;
  assert.deepEqual(openOrder(doubled, { ...trust, k: 2 }), { ok: false, reason: 'signature-wrong' });
});

test('what is no order of this form is not shown to anybody for signing', () => {
  for (const note of [
    '',
    'x\n\n',
    signOrder({ ...order, untilMs: 500 }, [first]),
    signOrder(order, [first]).replace('"v":1', '"v":2'),
  ])
    assert.equal(readUnverified(note), undefined);
});
