import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ManualClock, sleep, systemClock } from '../../platform/clock.ts';
import { type AttemptListener, keptOpen } from './line.ts';
import { tcpLine } from './tcp-line.ts';

function bench() {
  const clock = new ManualClock(0);
  const attempts: { listener: AttemptListener; atMs: number; written: number; hungUp: boolean }[] = [];
  const line = keptOpen({
    clock,
    attempt(listener) {
      const attempt = { listener, atMs: clock.monotonicMs(), written: 0, hungUp: false };
      attempts.push(attempt);
      return {
        write: () => void attempt.written++,
        hangUp() {
          attempt.hungUp = true;
        },
      };
    },
  });
  const said: string[] = [];
  line.open({
    onBytes: (bytes) => said.push(`${bytes.length} bytes`),
    onUp: () => said.push('up'),
    onDown: () => said.push('down'),
  });
  return { clock, attempts, line, said };
}

test('a line that does not come up is tried again with a growing pause, up to five seconds', () => {
  const b = bench();
  const pausesMs = Array.from({ length: 9 }, () => {
    const { length } = b.attempts;
    const downMs = b.clock.monotonicMs();
    b.attempts.at(-1)?.listener.onDown();
    while (b.attempts.length === length) b.clock.advance(50);
    return b.clock.monotonicMs() - downMs;
  });
  assert.deepEqual(pausesMs, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  assert.deepEqual(b.said, [], 'what was never up never went down');
  b.attempts.at(-1)?.listener.onUp();
  b.attempts.at(-1)?.listener.onDown();
  b.clock.advance(100);
  assert.equal(b.attempts.length, 11, 'once up, the next pause is short again');
  assert.deepEqual(b.said, ['up', 'down']);
});

test('a line that is opened anew is down at once, and takes nothing until it is up again', () => {
  const b = bench();
  const [first] = b.attempts;
  assert.equal(b.line.write(Uint8Array.of(1)), false, 'not up yet');
  first?.listener.onUp();
  assert.equal(b.line.write(Uint8Array.of(1)), true);
  b.line.renew();
  assert.deepEqual(b.said, ['up', 'down']);
  assert.equal(first?.hungUp, true);
  assert.equal(b.line.write(Uint8Array.of(1)), false);
  first?.listener.onBytes(Uint8Array.of(1));
  first?.listener.onDown();
  b.clock.advance(100);
  b.attempts[1]?.listener.onUp();
  assert.deepEqual(b.said, ['up', 'down', 'up']);
  assert.equal(first?.written, 1);
  assert.equal(b.attempts[1]?.written, 0);
});

test('a closed line stays closed', async () => {
  const b = bench();
  b.attempts[0]?.listener.onUp();
  await b.line.close();
  b.attempts[0]?.listener.onDown();
  b.clock.advance(60_000);
  assert.equal(b.attempts.length, 1);
  assert.equal(b.line.write(Uint8Array.of(1)), false);
  assert.deepEqual(b.said, ['up']);
});

test('a TCP line is hung up with a reset, so that the kernel delivers nothing afterwards', async () => {
  const ends: string[] = [];
  const taken: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
    socket.on('end', () => ends.push('orderly end'));
    socket.resume();
    taken.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const line = tcpLine({ host: '127.0.0.1', port: address.port, clock: systemClock });
  try {
    let ups = 0;
    line.open({ onBytes() {}, onUp: () => void ups++, onDown() {} });
    while (ups < 1 || taken.length < 1) await sleep(systemClock, 5);
    assert.equal(line.write(Uint8Array.of(1, 2, 3)), true);
    line.renew();
    while (ups < 2 || taken.length < 2 || ends.length < 1) await sleep(systemClock, 5);
    assert.deepEqual(ends, ['ECONNRESET']);
  } finally {
    // A line that is left open would hold its process for ever, and a failure with it.
    await line.close();
    for (const socket of taken) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});
