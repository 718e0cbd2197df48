/**
 * Enrolment: the bank shows a one-time code and proves that it holds its key (PKCS #10); the cloud answers
 * with a client certificate. What becomes of that is the matter of `certificates.ts`.
 */
import { type Commissioning, enrolmentAnswer, UPLINK_VERSION } from '../contract/uplink.ts';
import { base64url } from '../crypto/bytes.ts';
import { type ReadClient, readClient } from '../crypto/x509.ts';
import { HoldfastError } from '../domain/errors.ts';
import { callPinned } from '../platform/https.ts';
import type { BankKeys } from './keys.ts';

export type Enrolled = { certificate: ReadClient } | { refused: string };

/** What the cloud says to every code that it does not take. */
const DENIED = 403;

/** Shows the code. A code that is not taken is an answer; a cloud that is not reached, or answers anything else, throws. */
export async function enrol({
  commissioning,
  keys,
  request,
}: {
  commissioning: Commissioning;
  keys: Pick<BankKeys, 'seal' | 'fingerprint'>;
  request: string;
}): Promise<Enrolled> {
  const body = JSON.stringify({
    v: UPLINK_VERSION,
    code: commissioning.enrolmentCode,
    request,
    sealKey: base64url(keys.seal.publicKey),
  });
  const { status, text } = await callPinned({
    url: commissioning.enrolmentUrl,
    method: 'POST',
    pins: commissioning.pins,
    body,
  });
  const says = `the cloud did not enrol this bank (${status}): ${text.slice(0, 300)}`;
  if (status === DENIED) return { refused: says };
  const answer = status === 200 ? enrolmentAnswer.safeParse(JSON.parse(text)) : undefined;
  const certificate = answer?.success ? readClient(answer.data.certificate) : undefined;
  if (!answer?.success || !certificate) throw new HoldfastError('upstream', says);
  if (answer.data.fingerprint !== keys.fingerprint) {
    throw new HoldfastError(
      'upstream',
      'the cloud enrolled another key than this bank holds; somebody stands between',
    );
  }
  return { certificate };
}
