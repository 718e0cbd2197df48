/** Streams of changes by a clock that is moved by hand; over HTTP they are tested in http.test.ts. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { FastifyReply } from 'fastify';
import { idFrom } from '../../domain/ids.ts';
import { breath, ManualClock } from '../../platform/clock.ts';
import { CLOSING_MS_MAX, openEventHub, STREAM_MS_MAX } from './events.ts';

const tenant = idFrom('tenant', new Uint8Array(16));

/** What the hub uses of an answer. */
class Page extends EventEmitter {
  text = '';
  ended = false;
  destroyed = false;
  readonly writableLength = 0;
  writeHead(): void {}
  write(text: string): void {
    this.text += text;
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  get reply(): FastifyReply {
    return replyOf(this);
  }
}

/** One whose browser hangs: its stream can be ended, and does not close. */
class HungPage extends Page {
  override end(): void {
    this.ended = true;
  }
}

function replyOf(raw: unknown): FastifyReply {
  return { raw, hijack() {}, getHeaders: () => ({}) } as unknown as FastifyReply;
}

/** Real answers, each to a request on a connection of its own. */
async function realAnswers(t: TestContext): Promise<() => Promise<{ socket: Socket; raw: ServerResponse }>> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return async () => {
    const asked = once(server, 'request');
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [, raw] = (await asked) as [unknown, ServerResponse];
    return { socket, raw };
  };
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

test('a page that stops reading is cut off once so much waits for it, and the others go on being told', async (t) => {
  const { socket, raw } = await (await realAnswers(t))();
  socket.pause();
  const hub = openEventHub(new ManualClock(0));
  const other = new Page();
  assert.ok(hub.open(tenant, replyOf(raw)));
  assert.ok(hub.open(tenant, other.reply));
  const topic = 'x'.repeat(65_536);
  let most = 0;
  // What the kernel takes comes first, and is some megabytes.
  for (let n = 0; n < 1_000 && !raw.destroyed; n++) {
    other.text = '';
    hub.publish(tenant, [topic]);
    most = Math.max(most, raw.writableLength);
    await breath();
  }
  assert.ok(raw.destroyed, 'nobody keeps 64 MB for a page');
  assert.ok(most < 400_000, `${most} bytes waited`);
  hub.publish(tenant, ['orders']);
  assert.match(other.text, /orders/);
  hub.close();
});

test('a stream that is ended while its page reads nothing is written to no more, and cut off soon', async (t) => {
  const { socket, raw } = await (await realAnswers(t))();
  socket.pause();
  const clock = new ManualClock(0);
  const hub = openEventHub(clock);
  assert.ok(hub.open(tenant, replyOf(raw)));
  // Half of what a stream may have waiting, and still there a turn later: more than the kernel takes.
  const topic = 'x'.repeat(16_384);
  for (let n = 0; n < 4_000 && raw.writableLength < 131_072; n++) {
    hub.publish(tenant, [topic]);
    await breath();
  }
  assert.ok(raw.writableLength >= 131_072 && !raw.destroyed, 'something waits for the page');
  clock.advance(STREAM_MS_MAX);
  assert.deepEqual([raw.writableEnded, raw.writableFinished, raw.destroyed], [true, false, false]);
  // A write behind the end is an error that is emitted later, and an error that nobody hears ends the process.
  hub.publish(tenant, ['parcels']);
  await breath();
  assert.ok(!raw.destroyed, 'a page that wakes up in time reads the rest');
  clock.advance(CLOSING_MS_MAX);
  assert.ok(raw.destroyed, 'its connection is not kept for a page that may never read');
  hub.publish(tenant, ['orders']);
  await breath();
  hub.close();
});

test('what fails of one stream ends that stream, and not the process', () => {
  const hub = openEventHub(new ManualClock(0));
  const [page, other] = [new Page(), new Page()];
  for (const one of [page, other]) assert.ok(hub.open(tenant, one.reply));
  page.emit('error', new Error('a write failed'));
  assert.deepEqual([page.destroyed, other.destroyed], [true, false]);
  page.emit('error', new Error('and another one behind it'));
  hub.publish(tenant, ['orders']);
  assert.ok(!page.text.includes('orders'));
  assert.match(other.text, /orders/);
  hub.close();
});

test('a stream that was ended has left its place, whether its page lets go or not', () => {
  const clock = new ManualClock(0);
  const hub = openEventHub(clock);
  const hung = Array.from({ length: 200 }, () => new HungPage());
  for (const page of hung) assert.ok(hub.open(tenant, page.reply));
  assert.ok(!hub.open(tenant, new Page().reply));
  clock.advance(STREAM_MS_MAX);
  const next = new Page();
  assert.ok(hub.open(tenant, next.reply));
  assert.ok(hung.every(({ ended, destroyed }) => ended && !destroyed));
  clock.advance(CLOSING_MS_MAX);
  assert.ok(hung.every(({ destroyed }) => destroyed));
  hub.publish(tenant, ['orders']);
  assert.match(next.text, /orders/, 'who came meanwhile is still told when the old ones close');
  hub.close();
});

test('a page that left while its session was looked up takes no place', async (t) => {
  const ask = await realAnswers(t);
  const hub = openEventHub(new ManualClock(0));
  for (let n = 0; n < 200; n++) {
    const { socket, raw } = await ask();
    const closed = once(raw, 'close');
    socket.destroy();
    await closed;
    assert.ok(hub.open(tenant, replyOf(raw)));
  }
  assert.ok(hub.open(tenant, new Page().reply));
  hub.close();
});
