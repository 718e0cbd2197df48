/** Streams of changes by a clock that is moved by hand; over HTTP they are tested in http.test.ts. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { FastifyReply } from 'fastify';
import { idFrom } from '../../domain/ids.ts';
import { ManualClock } from '../../platform/clock.ts';
import { openEventHub, STREAM_MS_MAX } from './events.ts';

const tenant = idFrom('tenant', new Uint8Array(16));

/** What the hub uses of an answer. */
class Page extends EventEmitter {
  text = '';
  ended = false;
  writeHead(): void {}
  write(text: string): void {
    this.text += text;
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
  get reply(): FastifyReply {
    return { raw: this, hijack() {}, getHeaders: () => ({}) } as unknown as FastifyReply;
  }
}

test('a stream ends after five minutes, so that who was signed out is told nothing for longer', () => {
  const clock = new ManualClock(0);
  const hub = openEventHub(clock);
  const [first, second] = [new Page(), new Page()];
  assert.ok(hub.open(tenant, first.reply));
  clock.advance(STREAM_MS_MAX - 1);
  hub.publish(tenant, ['parcels']);
  assert.match(first.text, /parcels/);
  assert.ok(hub.open(tenant, second.reply));
  clock.advance(1);
  assert.deepEqual([first.ended, second.ended], [true, false]);
  hub.publish(tenant, ['orders']);
  assert.ok(!first.text.includes('orders'));
  assert.match(second.text, /orders/);
  clock.advance(STREAM_MS_MAX);
  assert.ok(second.ended);
  hub.close();
});

test('an organisation has so many streams open and no more, whatever others have', () => {
  const hub = openEventHub(new ManualClock(0));
  const pages = Array.from({ length: 200 }, () => new Page());
  for (const page of pages) assert.ok(hub.open(tenant, page.reply));
  assert.ok(!hub.open(tenant, new Page().reply));
  assert.ok(
    hub.open(idFrom('tenant', new Uint8Array(16).fill(1)), new Page().reply),
    'another one is not held up',
  );
  pages[0]?.end();
  assert.ok(hub.open(tenant, new Page().reply), 'one that closed makes room');
  hub.close();
});
