import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ManualClock, systemClock } from '../../platform/clock.ts';
import { openScanner, ScanReader, SILENCE_MS } from './scanner.ts';

const GS = '\u001d';
const PICK_UP = 'HFP1ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LABEL = `]C142078745${GS}9400111206206406260787`;

function reader() {
  const clock = new ManualClock(0);
  const scans: string[] = [];
  const lines = new ScanReader({ clock, onScan: (text) => scans.push(text) });
  const bytes = (part: string | readonly number[]) =>
    typeof part === 'string' ? new TextEncoder().encode(part) : Uint8Array.from(part);
  const take = (...parts: (string | readonly number[])[]) => {
    for (const part of parts) lines.take(bytes(part));
  };
  return { clock, scans, take, lines };
}

test('CR, LF, both and Tab end a scan, and empty ones are nothing', () => {
  for (const suffix of ['\r', '\n', '\r\n', '\t', '\r\r\n\n']) {
    const { scans, take } = reader();
    take(PICK_UP + suffix);
    assert.deepEqual(scans, [PICK_UP], JSON.stringify(suffix));
  }
});

test('two scans in one packet are two, and one in many packets is one', () => {
  const { scans, take, clock } = reader();
  take(`${PICK_UP}\r\n${LABEL}\r\n1Z999`);
  clock.advance(60_000);
  assert.deepEqual(scans, [PICK_UP, LABEL]);
  take('AA1012', '3456784', '\r');
  assert.deepEqual(scans, [PICK_UP, LABEL, '1Z999AA10123456784']);
});

test('a scanner without a suffix is ended by silence, not by a pause', () => {
  const { scans, take, clock } = reader();
  take(PICK_UP.slice(0, 10));
  clock.advance(SILENCE_MS - 1);
  take(PICK_UP.slice(10));
  clock.advance(SILENCE_MS - 1);
  assert.deepEqual(scans, []);
  clock.advance(1);
  assert.deepEqual(scans, [PICK_UP]);
  take(LABEL);
  clock.advance(SILENCE_MS);
  assert.deepEqual(scans, [PICK_UP, LABEL]);
});

test('who has shown a suffix once is waited for: half a scan is never a whole one', () => {
  const { scans, take, clock } = reader();
  take('TBA123456789000\r', '1Z999AA1');
  clock.advance(10 * SILENCE_MS);
  assert.deepEqual(scans, ['TBA123456789000']);
  take('0123456784\r');
  assert.deepEqual(scans.at(-1), '1Z999AA10123456784');
});

test('five hundred and twelve bytes are a scan; one more drops it whole, and the next is read', () => {
  const { scans, take } = reader();
  take(`${'9'.repeat(512)}\r`, `${'9'.repeat(513)}\r`, `${'9'.repeat(5000)}\r`, `${LABEL}\r`);
  assert.deepEqual(scans, ['9'.repeat(512), LABEL]);
});

test('control characters go, GS stays', () => {
  const { scans, take } = reader();
  take(`\u0002[)>\u001e01${GS}96\u0004\u0000\u007f\r`, `${GS}\u0003A${GS}\r`);
  assert.deepEqual(scans, [`[)>01${GS}96`, `${GS}A${GS}`]);
});

test('what is no UTF-8 is answered and is no number; half a letter does not wait for more', () => {
  const { scans, take } = reader();
  take([0x41, 0xff, 0xfe, 0x42, 0x0d], [0xc3, 0x0d], 'Müller 12\r');
  assert.deepEqual(scans, ['A\ufffd\ufffdB', '\ufffd', 'Müller 12']);
});

test('a line that breaks forgets the half that was read', () => {
  const { scans, take, lines, clock } = reader();
  take('1Z999AA1');
  lines.reset();
  clock.advance(SILENCE_MS);
  take(`${PICK_UP}\r`);
  assert.deepEqual(scans, [PICK_UP]);
});

test('over a real socket scans arrive as they were sent', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const wanted = [PICK_UP, LABEL, 'TBA123456789000'];
  const scans: string[] = [];
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const done = Promise.withResolvers<void>();
  const onScan = (text: string) => {
    scans.push(text);
    if (scans.length === wanted.length) done.resolve();
  };
  const scanner = openScanner({ host: '127.0.0.1', port, clock: systemClock, onScan });
  const socket = await connected;
  socket.write(wanted.map((text) => `${text}\r\n`).join(''));
  await done.promise;
  assert.deepEqual(scans, wanted);
  await scanner.stop();
  for (const one of sockets) one.destroy();
  await new Promise((resolve) => server.close(resolve));
});
