/**
 * What every TLS end of the house is: TLS 1.3 only (RFC 8446), TLS_AES_256_GCM_SHA384 only, hybrid
 * ML-KEM groups first. Servers of ours offer hybrids only; a client may fall back to X25519 where an
 * operator's own broker knows no hybrid, which TLS 1.3 authenticates in its transcript.
 */
import { X509Certificate } from 'node:crypto';
import { base64url } from './bytes.ts';
import { sha256 } from './hash.ts';

export const TLS_CIPHER = 'TLS_AES_256_GCM_SHA384';
export const HYBRID_GROUPS = 'X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024';

export const serverTls = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: TLS_CIPHER,
  ecdhCurve: HYBRID_GROUPS,
  honorCipherOrder: true,
} as const;

export const clientTls = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: TLS_CIPHER,
  ecdhCurve: `${HYBRID_GROUPS}:X25519`,
} as const;

/** base64url of the SHA-256 of a certificate's SubjectPublicKeyInfo (the pin of RFC 7469 section 2.4). */
export function pinOf(certificate: { raw: Uint8Array } | string): string {
  const x509 = new X509Certificate(
    typeof certificate === 'string' ? certificate : Buffer.from(certificate.raw),
  );
  return base64url(sha256(new Uint8Array(x509.publicKey.export({ type: 'spki', format: 'der' }))));
}
