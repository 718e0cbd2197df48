/** Somebody in the middle: a certificate in the right name, from an authority that anybody would believe. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { newSigningKey, privateKeyPem, type SigningKey } from '../crypto/sign.ts';
import { pinOf, serverTls } from '../crypto/tls.ts';
import { selfSignedServer } from '../crypto/x509.ts';
import { connectPinned, type Pinned } from './tls.ts';

const times = { notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2096, 0, 1) };
const certificateOf = ({ privateKey }: SigningKey) =>
  selfSignedServer({
    commonName: 'localhost',
    privateKey,
    hosts: ['localhost', '127.0.0.1'],
    serial: new Uint8Array(randomBytes(16)),
    ...times,
  });

/** A server that says hello first, as one in the middle would, and keeps what it is told. */
async function serverWith(key: SigningKey) {
  const certificate = await certificateOf(key);
  const told: Buffer[] = [];
  const server = createServer(
    { ...serverTls, key: privateKeyPem(key.privateKey), cert: certificate },
    (socket: TLSSocket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => told.push(bytes));
      socket.write('hello');
    },
  );
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { pin: pinOf(certificate), told, at: { host: '127.0.0.1', port } };
}

/** Why a server was not spoken to; empty when it was. */
const refusal = (to: Pinned): Promise<string> =>
  connectPinned(to).then(
    (socket) => {
      socket.destroy();
      return '';
    },
    (error: Error) => error.message,
  );

test('a server with another key is refused, whatever its certificate says; the pinned one and the next are spoken to', async () => {
  const [ours, middle] = await Promise.all([serverWith(newSigningKey()), serverWith(newSigningKey())]);
  assert.match(await refusal({ ...middle.at, pins: [ours.pin] }), /not one of the pinned keys/);
  assert.match(await refusal({ ...ours.at, pins: [] }), /not one of the pinned keys/);
  assert.deepEqual(middle.told, [], 'it was told nothing');
  for (const pins of [[ours.pin], [middle.pin, ours.pin]])
    assert.equal(await refusal({ ...ours.at, pins }), '');
});
