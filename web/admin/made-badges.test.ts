/** A new badge is nowhere but in the page that drew it: when it stays, and when it goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeBadgesOf } from './made-badges.ts';

const badge = (name: string) => ({ name, carrier: 'Paketo', text: `HFB1${name}` });
const [one, two] = [badge('Cem'), badge('Dana')];

test('a badge stays until it is printed: beside the next one, and over the end of the session', () => {
  const made = madeBadgesOf();
  made.of('alice');
  made.keep(one);
  made.keep(two);
  assert.deepEqual(made.all(), [one, two]);
  made.of(null);
  assert.deepEqual(made.all(), [], 'nobody is signed in, and nobody sees it');
  assert.equal(made.isAny(), true);
  made.of('alice');
  assert.deepEqual(made.all(), [one, two]);
  made.printed(one);
  assert.deepEqual(made.all(), [two]);
  made.printed(two);
  assert.equal(made.isAny(), false);
});

test('who else signs in does not get it, and then it is gone', () => {
  const made = madeBadgesOf();
  made.of('alice');
  made.keep(one);
  made.of(null);
  made.of('bob');
  assert.deepEqual(made.all(), []);
  assert.equal(made.isAny(), false);
  made.of('alice');
  assert.deepEqual(made.all(), []);
});

test('who shows them hears of each change', () => {
  const made = madeBadgesOf();
  let heard = 0;
  const end = made.onChange(() => heard++);
  made.of('alice');
  made.keep(one);
  made.printed(one);
  end();
  made.keep(two);
  assert.equal(heard, 3);
});
