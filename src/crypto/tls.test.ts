import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { newSigningKey, privateKeyPem } from './sign.ts';
import { clientTls, pinOf, serverTls, TLS_CIPHER } from './tls.ts';
import { selfSignedServer } from './x509.ts';

const key = newSigningKey();
const times = { notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2096, 0, 1) };
const pem = await selfSignedServer({
  commonName: 'holdfast',
  privateKey: key.privateKey,
  hosts: ['localhost'],
  serial: new Uint8Array(randomBytes(16)),
  ...times,
});

const server = createServer({ ...serverTls, key: privateKeyPem(key.privateKey), cert: pem }, (socket) =>
  socket.end(),
);
server.on('tlsClientError', () => undefined);
await once(server.listen(0, '127.0.0.1'), 'listening');
after(() => server.close());
const { port } = server.address() as AddressInfo;

async function shake(options: ConnectionOptions) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect');
    return {
      protocol: socket.getProtocol(),
      cipher: socket.getCipher().name,
      peer: socket.getPeerCertificate(),
    };
  } finally {
    socket.destroy();
  }
}

test('both ends of ours agree on TLS 1.3 and the one cipher, and what the server shows has its pin', async () => {
  const { protocol, cipher, peer } = await shake(clientTls);
  assert.deepEqual([protocol, cipher], ['TLSv1.3', TLS_CIPHER]);
  assert.equal(pinOf(peer), pinOf(pem));
});

test('an older protocol, another cipher and a group that is no hybrid are refused by our servers', async () => {
  await assert.rejects(shake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
  await assert.rejects(shake({ ...clientTls, ciphers: 'TLS_AES_128_GCM_SHA256' }));
  await assert.rejects(shake({ ...clientTls, ecdhCurve: 'X25519' }));
  await assert.rejects(shake({ ...clientTls, ecdhCurve: 'P-256' }));
});

test('a pin is the SHA-256 of the SubjectPublicKeyInfo, so a new certificate for the same key keeps it', async () => {
  assert.equal(pinOf(pem), createHash('sha256').update(key.publicKey).digest('base64url'));
  const renewed = await selfSignedServer({
    commonName: 'other',
    privateKey: key.privateKey,
    hosts: ['::1'],
    serial: Uint8Array.of(1),
    ...times,
  });
  assert.equal(pinOf(new X509Certificate(renewed)), pinOf(pem));
  const replaced = await selfSignedServer({
    commonName: 'holdfast',
    privateKey: newSigningKey().privateKey,
    hosts: ['localhost'],
    serial: Uint8Array.of(1),
    ...times,
  });
  assert.notEqual(pinOf(replaced), pinOf(pem));
});
