/**
 * Enrolment: the bank shows a one-time code and proves that it holds its key (PKCS #10); the cloud answers
 * with a client certificate. It is done once; the certificate is kept beside the keys.
 */
import { join } from 'node:path';
import { type Commissioning, enrolmentAnswer, UPLINK_VERSION } from '../contract/uplink.ts';
import { base64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { certificateRequest } from '../crypto/x509.ts';
import { HoldfastError } from '../domain/errors.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { callPinned } from '../platform/https.ts';
import type { BankKeys } from './keys.ts';

/** The bank's client certificate: the kept one, or a new one from the cloud. */
export async function certificateFor(deps: {
  dataDir: string;
  commissioning: Commissioning;
  keys: BankKeys;
}): Promise<string> {
  const path = join(deps.dataDir, 'keys', 'certificate.pem');
  const kept = await readIfExists(path);
  if (kept) return fromUtf8(kept);
  const certificate = await enrol(deps);
  // If the process dies before this line the code is spent and the certificate lost: a new code is needed.
  await writeDurable(path, utf8(certificate), 0o600);
  return certificate;
}

async function enrol({
  commissioning,
  keys,
}: {
  commissioning: Commissioning;
  keys: BankKeys;
}): Promise<string> {
  const body = JSON.stringify({
    v: UPLINK_VERSION,
    code: commissioning.enrolmentCode,
    request: await certificateRequest({
      commonName: commissioning.bank,
      privateKey: keys.identity.privateKey,
    }),
    sealKey: base64url(keys.seal.publicKey),
  });
  const { status, text } = await callPinned({
    url: commissioning.enrolmentUrl,
    method: 'POST',
    pins: commissioning.pins,
    body,
  });
  const answer = status === 200 ? enrolmentAnswer.safeParse(JSON.parse(text)) : undefined;
  if (!answer?.success)
    throw new HoldfastError(
      'upstream',
      `the cloud did not enrol this bank (${status}): ${text.slice(0, 300)}`,
    );
  if (answer.data.fingerprint !== keys.fingerprint) {
    throw new HoldfastError(
      'upstream',
      'the cloud enrolled another key than this bank holds; somebody stands between',
    );
  }
  return answer.data.certificate;
}
