import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('so many are served at once and no more, in their order, and one that fails gives its turn on', async () => {
  const turns = new Turns(3);
  const began: number[] = [];
  let now = 0;
  let most = 0;
  const done = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      turns.take(async () => {
        began.push(n);
        most = Math.max(most, ++now);
        for (let tick = 0; tick <= n % 4; tick++) await Promise.resolve();
        now -= 1;
        if (n % 5 === 0) throw new Error('no luck');
        return n;
      }),
    ),
  );
  assert.equal(most, 3);
  assert.deepEqual(
    began,
    Array.from({ length: 20 }, (_, n) => n),
  );
  assert.equal(done.filter(({ status }) => status === 'rejected').length, 4);
  assert.equal(await turns.take(async () => 'a later one'), 'a later one');
});
