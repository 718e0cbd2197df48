import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKey } from '../crypto/aead.ts';
import { holdKey } from '../crypto/key.ts';
import type { Random } from '../platform/random.ts';
import { systemRandom } from '../platform/random.ts';
import {
  type CodeBook,
  courierVerifier,
  drawCode,
  findGrant,
  pinVerifier,
  qrVerifier,
  sameVerifier,
} from './codes.ts';
import type { Grant } from './plan/state.ts';
import { BANK, COURIER, SECOND_COURIER, testId } from './plan/test-bank.ts';

const book: CodeBook = { key: holdKey(newKey()), bank: BANK };
const one = { grant: testId('grant', 1), issue: 1 };

function grantWith(number: number, pin: string, state: Grant['state'] = 'live'): Grant {
  const id = testId('grant', number);
  const of = { grant: id, issue: 1 };
  return {
    id,
    parcel: testId('parcel', number),
    compartment: number,
    recipient: testId('person', number),
    flat: '1',
    issue: 1,
    pinVerifier: pinVerifier(book, of, pin),
    qrVerifier: qrVerifier(book, of, `HFP1${pin}`),
    untilMs: 0,
    state,
    session: null,
    endedAtMs: null,
  };
}

test('a verifier is of one bank, one grant, one issue, one kind and one code', () => {
  const own = pinVerifier(book, one, '123456789');
  assert.equal(own, pinVerifier(book, one, '123456789'));
  const others = [
    pinVerifier(book, one, '123456780'),
    pinVerifier(book, { ...one, grant: testId('grant', 2) }, '123456789'),
    pinVerifier(book, { ...one, issue: 2 }, '123456789'),
    pinVerifier({ ...book, bank: testId('bank', 2) }, one, '123456789'),
    pinVerifier({ ...book, key: holdKey(newKey()) }, one, '123456789'),
    qrVerifier(book, one, '123456789'),
  ];
  for (const other of others) assert.equal(sameVerifier(own, other), false);
  assert.notEqual(
    courierVerifier(book, COURIER.person, '284917'),
    courierVerifier(book, SECOND_COURIER.person, '284917'),
  );
});

test('a verifier moved to another grant, as a hand on the disk could, opens nothing there', () => {
  const mine = grantWith(1, '111222333');
  const theirs = { ...grantWith(2, '444555666'), pinVerifier: mine.pinVerifier, qrVerifier: mine.qrVerifier };
  assert.equal(findGrant(book, [theirs], { method: 'pin', code: '111222333' }), undefined);
  assert.equal(findGrant(book, [theirs], { method: 'qr', code: 'HFP1111222333' }), undefined);
});

test('a live grant wins over one that is over; a grant without a code matches nothing', () => {
  const over = grantWith(1, '111222333', 'spent');
  const live = grantWith(2, '111222333');
  for (const grants of [
    [over, live],
    [live, over],
  ])
    assert.equal(findGrant(book, grants, { method: 'pin', code: '111222333' }), live);
  assert.equal(findGrant(book, [over], { method: 'flat-and-pin', code: '111222333' }), over);
  assert.equal(
    findGrant(book, [{ ...live, pinVerifier: null }], { method: 'pin', code: '111222333' }),
    undefined,
  );
});

test('a code is never that of another live grant', () => {
  const draws = [...'111222333', ...'444555666'].map(Number);
  const random: Random = {
    bytes: systemRandom.bytes,
    below: () => draws.shift() ?? assert.fail('drew too often'),
  };
  const drawn = drawCode(book, random, { ...one, digits: 9, others: [grantWith(2, '111222333')] });
  assert.equal(drawn.pin, '444555666');
  assert.match(drawn.qr, /^HFP1[A-Z2-7]{26}$/);
  assert.equal(drawn.pinVerifier, pinVerifier(book, one, drawn.pin));
});

test('verifiers of other lengths differ, and nothing throws', () => {
  assert.equal(sameVerifier('', 'AA'), false);
  assert.equal(sameVerifier('AA', 'AA'), true);
});
