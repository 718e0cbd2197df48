/**
 * A TLS connection to a server whose key is pinned. The handshake proves that the server holds the key
 * (CertificateVerify, RFC 8446 section 4.4.3); the pin replaces the chain of authorities, so Node's chain
 * check is off here and nowhere else, and the pin is checked before the first byte of ours is sent.
 */
import { connect, type TLSSocket } from 'node:tls';
import { clientTls, pinOf } from '../crypto/tls.ts';
import { HoldfastError } from '../domain/errors.ts';

export type Pinned = {
  host: string;
  port: number;
  /** base64url SHA-256 of each SubjectPublicKeyInfo that is accepted. */
  pins: readonly string[];
  /** PEM, for servers that ask who calls. */
  client?: { certificate: string; key: string };
  timeoutMs?: number;
};

const TIMEOUT_MS = 10_000;

export function connectPinned(to: Pinned): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: to.host,
      port: to.port,
      servername: 'localhost',
      ...clientTls,
      ...(to.client ? { cert: to.client.certificate, key: to.client.key } : {}),
      rejectUnauthorized: false, // pinned: see the head of this file
      timeout: to.timeoutMs ?? TIMEOUT_MS,
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () =>
      fail(new HoldfastError('upstream', `no TLS answer from ${to.host}:${to.port}`)),
    );
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      if (!certificate.raw || !to.pins.includes(pinOf(certificate))) {
        return fail(
          new HoldfastError('upstream', 'the server key is not one of the pinned keys', {
            reason: 'signature-wrong',
          }),
        );
      }
      socket.setTimeout(0);
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}
