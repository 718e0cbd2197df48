import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { unlessAborted, waitFor } from './wait.ts';

const reason = new Error('asked to end');
const forEver = new Promise<never>(() => {});

test('a waiting that is broken off ends at once, while the answer is no and while none comes', {
  timeout: 10_000,
}, async () => {
  for (const holds of [async () => false, () => forEver]) {
    const asked = new AbortController();
    const waiting = waitFor({
      ...{ clock: systemClock, what: 'nothing', msMax: 60_000 },
      ...{ holds, signal: asked.signal },
    });
    asked.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(unlessAborted(forEver, asked.signal), reason);
  }
});

test('what is not broken off is answered, and leaves nothing behind at the signal', async () => {
  const asked = new AbortController();
  assert.equal(await unlessAborted(Promise.resolve(7), asked.signal), 7);
  assert.equal(await unlessAborted(Promise.resolve(8), undefined), 8);
  await assert.rejects(unlessAborted(Promise.reject(new Error('its own')), asked.signal), /its own/);
  asked.abort(reason);
});
