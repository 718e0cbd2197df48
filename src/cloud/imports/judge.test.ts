/** Who of those who are there may be one person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alikeAmong, type Known } from './judge.ts';

let people = 0;
const known = (name: string, flat: string, contact: Partial<Pick<Known, 'email' | 'phone'>> = {}): Known => ({
  ...{ person: `person_${++people}`, name, flat, email: null, phone: null, accessible: false, ...contact },
});
const why = (...those: Known[]) => alikeAmong(those).map((pair) => pair.why);

test('two residents are alike by name and flat, or by a contact with either; by less they are two people', () => {
  const [email, phone] = ['a@b.example', '+447700900123'];
  assert.deepEqual(why(known('Ada Okafor', '12'), known('okafor, ada', ' 12 ')), ['same']);
  assert.deepEqual(why(known('Ada', '12', { email }), known('Ada', '14', { email })), ['moved']);
  assert.deepEqual(why(known('Ada', '12', { phone }), known('Ida', '12', { phone })), ['renamed']);
  assert.deepEqual(why(known('Ada', '12'), known('Ada', '14')), []);
  assert.deepEqual(why(known('Ada', '12', { email }), known('Ida', '14', { email })), []);
  assert.deepEqual(why(known('Ada', '12'), known('Ida', '12')), [], 'who gave no contact shares none');
  const both = { email, phone };
  assert.deepEqual(
    why(known('Ada', '12', both), known('Ada', '12', both)),
    ['same'],
    'once, by whatever it is found',
  );
});

test('a number that a whole house gave says nothing, and costs nothing', () => {
  const porter = { phone: '+447700900100' };
  const house = Array.from({ length: 300 }, (_, n) => known(`Resident ${n}`, '1', porter));
  assert.equal(alikeAmong(house).length, 0);
});
