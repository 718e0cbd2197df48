import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smsSend } from './sms.ts';

const message = { to: '+15550100', text: 'Your parcel has arrived', reference: 'notice_a' };

test('a text message goes to an E.164 number, once a reference', () => {
  assert.deepEqual(smsSend.parse(message), message);
  for (const to of ['', '15550100', '+0550100', '+1 555 0100', '+1555', '+1234567890123456', '+15550100\n']) {
    assert.ok(!smsSend.safeParse({ ...message, to }).success, JSON.stringify(to));
  }
  for (const change of [
    { text: '' },
    { text: 'x'.repeat(1601) },
    { reference: '' },
    { reference: 'x'.repeat(65) },
    { from: 'x' },
  ]) {
    assert.ok(!smsSend.safeParse({ ...message, ...change }).success, JSON.stringify(change).slice(0, 40));
  }
});
