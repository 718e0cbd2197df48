/** What a page sends when nobody is at it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNATTENDED_HEADER } from '../../src/contract/http/common.ts';

test('a page that nobody has touched for a minute says so with what it asks, until it is touched', async (t) => {
  const heard = new Map<string, () => void>();
  Object.assign(globalThis, { addEventListener: (kind: string, run: () => void) => heard.set(kind, run) });
  let atMs = 1000;
  t.mock.method(performance, 'now', () => atMs);
  const sent: boolean[] = [];
  t.mock.method(globalThis, 'fetch', async (_path: string, init: RequestInit) => {
    sent.push(new Headers(init.headers).has(UNATTENDED_HEADER));
    return new Response(null, { status: 204 });
  });
  const { apiFor } = await import('./api.ts');
  const api = apiFor('admin');
  const askAt = async (afterMs: number) => {
    atMs += afterMs;
    await api.get('/api/admin/banks');
  };
  await askAt(59_999);
  await askAt(1);
  for (const kind of ['pointerdown', 'keydown', 'wheel']) {
    heard.get(kind)?.();
    await askAt(59_999);
    await askAt(1);
  }
  assert.deepEqual(sent, [false, true, false, true, false, true, false, true]);
});
