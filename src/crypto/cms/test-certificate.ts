/** Certificates for tests, as a court's or an insurer's IT would issue them. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import '../x509.ts';
import { utf8 } from '../bytes.ts';

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const NONE: readonly KeyUsage[] = [];
const KINDS = {
  rsa: { ...RSA, modulusLength: 2048 },
  'rsa-short': { ...RSA, modulusLength: 1024 },
  'p-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'p-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'p-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  ed25519: { name: 'Ed25519' },
} as const;

export type KeyKind = keyof typeof KINDS;

/** `usage` null leaves the extension out. */
export async function testCertificate(of: {
  kind: KeyKind;
  usage?: number | null;
  fromMs?: number;
  toMs?: number;
  /** In hex. */
  serial?: string;
}): Promise<{ certificate: Uint8Array; pem: string; keyPem: string }> {
  const algorithm = KINDS[of.kind];
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const usage =
    of.usage ??
    (of.kind.startsWith('rsa') ? x509.KeyUsageFlags.keyEncipherment : x509.KeyUsageFlags.keyAgreement);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: of.serial ?? '00c0ffee',
    name: [{ CN: ['District Court, Chamber 4'] }, { O: ['Court'] }],
    notBefore: new Date(of.fromMs ?? 1_790_000_000_000),
    notAfter: new Date(of.toMs ?? 1_890_000_000_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: of.usage === null ? [] : [new x509.KeyUsagesExtension(usage, true)],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as webcrypto.CryptoKey);
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? NONE;
  const pem = certificate.toString('pem');
  return {
    certificate: utf8(pem),
    pem,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

export const USAGE = x509.KeyUsageFlags;
