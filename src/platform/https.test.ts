/** A server that begins an answer and breaks off, or falls silent: the command that asked must not look done. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { pinOf, serverTls } from '../crypto/tls.ts';
import { selfSignedServer } from '../crypto/x509.ts';
import { callPinned } from './https.ts';

const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":';

/** Answers every request with `says`. */
async function serverThat(says: (socket: TLSSocket) => void) {
  const key = newSigningKey();
  const certificate = await selfSignedServer({
    commonName: 'localhost',
    privateKey: key.privateKey,
    hosts: ['localhost', '127.0.0.1'],
    serial: new Uint8Array(randomBytes(16)),
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: Date.UTC(2096, 0, 1),
  });
  const open = new Set<TLSSocket>();
  const options = { ...serverTls, key: privateKeyPem(key.privateKey), cert: certificate };
  const server = createServer(options, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => says(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  return () => callPinned({ url, method: 'GET', pins: [pinOf(certificate)], silentMsMax: 500 });
}

test('an answer that breaks off is an error, as is a server that falls silent before or within it', {
  timeout: 20_000,
}, async () => {
  const cut = await serverThat((socket) => socket.write(HALF, () => socket.destroy()));
  await assert.rejects(cut(), { code: 'upstream', message: /the answer broke off/ });
  const silent = await serverThat(() => undefined);
  await assert.rejects(silent(), { code: 'upstream', message: /said nothing for 0\.5 seconds/ });
  const halfSilent = await serverThat((socket) => void socket.write(HALF));
  await assert.rejects(halfSilent(), {
    code: 'upstream',
    message: /said nothing for 0\.5 seconds|broke off/,
  });
  const whole = await serverThat((socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}`));
  assert.deepEqual(await whole(), { status: 200, text: '{}' });
});
