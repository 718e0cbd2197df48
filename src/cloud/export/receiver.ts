/** Who is handed a bundle, and what it is encrypted to; as a person gave it, and as the record of it says. */
import { base64url } from '../../crypto/bytes.ts';
import { type Envelope, newEnvelope } from '../../crypto/cms/envelope.ts';
import {
  RECEIVER_REFUSALS,
  type Receiver,
  readCertificate,
  readPassphrase,
} from '../../crypto/cms/receiver.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';

/** What may be told of it anywhere: no key. */
export type ReceiverTold = {
  name: string | null;
  by: 'certificate' | 'passphrase' | null;
  /** Of a certificate: whose it says that it is, its SHA-256 in hex, and its last day. */
  certificate: { subject: string; fingerprint: string; notAfterMs: number } | null;
  /** Everything but evidence is in clear. */
  onlyEvidence: boolean;
};
/** `envelope`: of the whole bundle; null where that goes in clear. `evidence`: of each evidence object in it. */
export type ExportReceiver = { told: ReceiverTold; envelope: Envelope | null; evidence: Envelope | null };

export const NOBODY_NAMED: ExportReceiver = {
  told: { name: null, by: null, certificate: null, onlyEvidence: false },
  envelope: null,
  evidence: null,
};

export type GivenReceiver =
  | { by: 'certificate'; certificate: Uint8Array }
  | { by: 'passphrase'; passphrase: string };

/** Throws with a sentence for whoever gave it. From here on neither the passphrase nor anything made of it is kept. */
export async function receiverFrom(
  {
    name,
    given,
    onlyEvidence = false,
  }: { name: string | null; given: GivenReceiver; onlyEvidence?: boolean },
  { clock }: { clock: Clock },
): Promise<ExportReceiver> {
  const receiver = readGiven(given, clock.nowMs());
  const certificate =
    receiver.is === 'certificate'
      ? {
          subject: receiver.subject.slice(0, 500),
          fingerprint: receiver.fingerprint,
          notAfterMs: receiver.notAfterMs,
        }
      : null;
  const envelope = await newEnvelope(receiver);
  return {
    told: { name, by: receiver.is, certificate, onlyEvidence },
    envelope: onlyEvidence ? null : envelope,
    evidence: envelope,
  };
}

function readGiven(given: GivenReceiver, nowMs: number): Receiver {
  const read =
    given.by === 'certificate'
      ? readCertificate(given.certificate, { nowMs })
      : readPassphrase(given.passphrase);
  if (!read.ok) throw new HoldfastError('input-invalid', RECEIVER_REFUSALS[read.why]);
  return read.receiver;
}

/** As `export.made` commits to it, beside what was asked for. */
export function receiverSubject({ told }: ExportReceiver, fileSha256: Uint8Array): object {
  if (told.name === null && told.by === null) return {};
  const { name, by, certificate, onlyEvidence } = told;
  const file = by === null || onlyEvidence ? {} : { file: base64url(fileSha256) };
  const only = onlyEvidence ? { onlyEvidence } : {};
  return { receiver: { name, by, certificate: certificate?.fingerprint ?? null, ...only }, ...file };
}
