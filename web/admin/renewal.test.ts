import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/react-query';
import { Renewal } from './renewal.ts';

type Page = { version: number; nextCursor: number | null };

/** A clock that the test moves, and a server that answers when the test says so, or after a while. */
function stand({ answerMs = 0 } = {}) {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();
  const after = (delayMs: number, run: () => void) => {
    const timer = { atMs: nowMs + delayMs, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  /** What follows from an answer follows before the clock goes on. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    for (;;) {
      await settled();
      const [next] = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      timers.delete(next);
      nowMs = next.atMs;
      next.run();
    }
    nowMs = untilMs;
  };
  const client = new QueryClient({
    defaultOptions: { queries: { networkMode: 'always', retry: false, gcTime: Number.POSITIVE_INFINITY } },
  });
  const world = { version: 1, asked: [] as { what: string; atMs: number }[], cut: 0 };
  const answer = (what: string, signal: AbortSignal): Promise<number> => {
    const { version } = world;
    world.asked.push({ what, atMs: nowMs });
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        world.cut += 1;
        reject(new Error('cut off'));
      });
      after(answerMs, () => resolve(version));
    });
  };
  const renewal = new Renewal({ client, after, steadyMs: () => nowMs });
  const change = (topic: string): void => {
    world.version += 1;
    renewal.owe(new Set([topic]));
  };
  const show = (topic: string) => {
    const shown = new QueryObserver(client, {
      queryKey: [topic],
      queryFn: ({ signal }) => answer(topic, signal),
    });
    return { shown, leave: shown.subscribe(() => {}) };
  };
  const list = (topic: string) => {
    const shown = new InfiniteQueryObserver(client, {
      queryKey: [topic, 'rows'],
      queryFn: async ({ pageParam, signal }): Promise<Page> => ({
        version: await answer(`${topic} ${pageParam}`, signal),
        nextCursor: pageParam + 1,
      }),
      initialPageParam: 0,
      getNextPageParam: ({ nextCursor }: Page) => nextCursor,
    });
    shown.subscribe(() => {});
    return shown;
  };
  return { client, world, pass, change, show, list, renewal, count: () => world.asked.length };
}

test('one event shows at once; of a burst each question is asked every few seconds, and its last event is not missed', async () => {
  const { world, pass, change, show, count } = stand();
  const { shown } = show('banks');
  show('people');
  await pass(10_000);
  assert.equal(count(), 2);
  change('banks');
  await pass(200);
  assert.equal(shown.getCurrentResult().data, 2, 'at once');
  for (let event = 0; event < 250; event++) {
    change('banks');
    await pass(40);
  }
  const burst = count() - 3;
  assert.ok(burst >= 2 && burst <= 4, `${burst} questions in ten seconds`);
  await pass(3_200);
  assert.equal(shown.getCurrentResult().data, world.version);
  const asked = count();
  await pass(60_000);
  assert.equal(count(), asked, 'and no more, once all is told');
  assert.equal(world.asked.filter(({ what }) => what === 'people').length, 1);
});

test('an answer under way is not cut off by an event: it shows, and what changed meanwhile is asked once more', async () => {
  const { world, pass, change, show, count } = stand({ answerMs: 400 });
  const { shown } = show('parcels');
  await pass(500);
  change('parcels');
  await pass(300);
  assert.equal(count(), 2);
  change('parcels');
  await pass(300);
  assert.equal(shown.getCurrentResult().data, 2, 'the answer that was under way');
  await pass(10_000);
  assert.deepEqual([count(), shown.getCurrentResult().data, world.cut], [3, 3, 0]);
});

test('steady events, closer than an answer: a list renews, “Show more” gets its page, and the first page is no older for it', async () => {
  const { world, pass, change, list } = stand({ answerMs: 300 });
  const shown = list('parcels');
  await pass(1_000);
  const steady = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 250) {
      change('parcels');
      await pass(250);
    }
  };
  await steady(1_000);
  assert.notEqual(shown.getCurrentResult().data?.pages[0]?.version, 1, 'it renews');
  const [first] = [shown.getCurrentResult().data?.pages[0]?.version ?? 0];
  void shown.fetchNextPage();
  await steady(1_000);
  assert.equal(shown.getCurrentResult().data?.pages.length, 2);
  await steady(5_000);
  assert.ok((shown.getCurrentResult().data?.pages[0]?.version ?? 0) > first, 'it goes on renewing');
  await pass(10_000);
  assert.deepEqual(
    shown.getCurrentResult().data?.pages.map(({ version }) => version),
    [world.version, world.version],
  );
});

test('“Show more” that cuts off a renewal is followed by another one', async () => {
  const { world, pass, change, list } = stand({ answerMs: 300 });
  const shown = list('parcels');
  await pass(1_000);
  change('parcels');
  await pass(200);
  void shown.fetchNextPage();
  await pass(10_000);
  assert.equal(world.cut, 1);
  assert.deepEqual(
    shown.getCurrentResult().data?.pages.map(({ version }) => version),
    [2, 2],
  );
});

test('a list that was opened far asks no more than about a request a second', async () => {
  const { pass, change, list, count } = stand({ answerMs: 20 });
  const shown = list('parcels');
  await pass(1_000);
  for (let page = 1; page < 20; page++) {
    void shown.fetchNextPage();
    await pass(100);
  }
  const asked = count();
  for (let at = 0; at < 60_000; at += 500) {
    change('parcels');
    await pass(500);
  }
  const minute = count() - asked;
  assert.ok(minute >= 20 && minute <= 75, `${minute} requests in a minute`);
});

test('what no page shows is asked when it is shown again, also if it changed while its answer was under way', async () => {
  const { pass, change, show, client } = stand({ answerMs: 300 });
  const { leave } = show('odds');
  await pass(1_000);
  leave();
  change('odds');
  await pass(200);
  assert.ok(client.getQueryState(['odds'])?.isInvalidated);
  const again = show('odds');
  change('odds');
  await pass(200);
  again.leave();
  await pass(5_000);
  assert.ok(client.getQueryState(['odds'])?.isInvalidated);
});

test('a window that is hidden asks nothing any more; one that is shown again asks at once, but not at each flicker', async () => {
  const { pass, change, show, count, renewal } = stand();
  show('banks');
  await pass(1_000);
  change('banks');
  await pass(1_000);
  change('banks');
  await pass(200);
  renewal.rest();
  await pass(60_000);
  assert.equal(count(), 2);
  for (let flicker = 0; flicker < 8; flicker++) {
    change('banks');
    await pass(400);
    assert.ok(count() >= 3, 'at once');
    renewal.rest();
  }
  assert.ok(count() <= 4, `${count()} questions`);
});
