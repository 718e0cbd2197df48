/**
 * Enrolment. A bank is registered by name; its one-time code (128 bits, of which only a hash is kept) lets
 * it show, once and within a day, a key that it proves to hold, and gets it a client certificate for
 * exactly its id. The root-signed roster still has to name that key before anybody else believes it.
 *
 * Whatever is wrong, the answer is the same: a stranger learns neither whether a code exists nor what of
 * the request did not fit.
 */
import type { z } from 'zod';
import {
  CERTIFICATE_DAYS,
  type enrolmentAnswer,
  type enrolmentRequest,
  UPLINK_VERSION,
} from '../../contract/uplink.ts';
import { base64url, fromBase64, fromBase64url } from '../../crypto/bytes.ts';
import { labelled, sha256 } from '../../crypto/hash.ts';
import { fingerprint } from '../../crypto/sign.ts';
import { issueClient, openRequest } from '../../crypto/x509.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type BankId, base32 } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { positiveSerial } from '../files.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

const CODE_BYTES = 16;
const CODE_LIFE_MS = 86_400_000;
const DAY_MS = 86_400_000;
const CLOCK_SLACK_MS = 3_600_000;
const POINT_BYTES = 65;

/** A new code for a bank; those given out before stop working. It is shown once and kept as a hash. */
export async function enrolmentCode(cloud: Cloud, tx: Tx, bank: BankId): Promise<string> {
  const [known] = await store.selectBanks(tx, { bank });
  if (known?.retired)
    throw new HoldfastError(
      'conflict',
      `${known.name} is out of service for good and is not enrolled again; a new one is made: holdfast cloud bank`,
    );
  const code = base32(cloud.random.bytes(CODE_BYTES));
  const nowMs = cloud.clock.nowMs();
  await store.spendOpenCodes(tx, bank, nowMs);
  await store.insertCode(tx, { code_hash: hashOf(code), bank_id: bank, expires_at_ms: nowMs + CODE_LIFE_MS });
  return code;
}

function hashOf(code: string): Uint8Array {
  return sha256(labelled('enrolment-code/v1', code));
}

const REFUSED = 'The code and the request do not fit together, or the code was used or is over.';

/** Spends a code and answers with the certificate. Throws the one refusal. */
export async function enrol(
  cloud: Cloud,
  asked: z.infer<typeof enrolmentRequest>,
): Promise<z.infer<typeof enrolmentAnswer>> {
  const request = await openRequest(asked.request);
  const sealKey = fromBase64url(asked.sealKey);
  const code = /^[a-z2-7]{26}$/.test(asked.code) ? hashOf(asked.code) : undefined;
  const owner = code && (await cloud.database.estate((tx) => store.findCode(tx, code)));
  const wholeSealKey = sealKey?.length === POINT_BYTES && sealKey[0] === 4;
  if (!request || !wholeSealKey || !code || !owner) throw refusal();
  const issued = await issue(cloud, { name: request.commonName, key: request.publicKey });
  await cloud.database.tenant(owner.tenant, async (tx) => {
    const bank = await store.spendCode(tx, { hash: code, atMs: cloud.clock.nowMs() });
    // A wrong name rolls the spending back: only a request that fits uses the code up.
    if (bank === undefined || bank !== request.commonName) throw refusal();
    await keepIdentity(cloud, tx, { bank, key: request.publicKey, sealKey, issued });
  });
  return {
    v: UPLINK_VERSION,
    certificate: issued.certificate,
    fingerprint: fingerprint(request.publicKey),
  };
}

/** A certificate (PEM) and its end. It is good for a connection once its hash is on file. */
export type Issued = { certificate: string; untilMs: number };

export async function issue(cloud: Cloud, of: { name: string; key: Uint8Array }): Promise<Issued> {
  const nowMs = cloud.clock.nowMs();
  const untilMs = nowMs + CERTIFICATE_DAYS * DAY_MS;
  const certificate = await issueClient({
    authority: cloud.authority,
    commonName: of.name,
    publicKey: of.key,
    serial: positiveSerial(cloud.random),
    notBeforeMs: nowMs - CLOCK_SLACK_MS,
    notAfterMs: untilMs,
  });
  return { certificate, untilMs };
}

function refusal(): HoldfastError {
  return new HoldfastError('denied', REFUSED, { reason: 'enrolment-code-wrong' });
}

async function keepIdentity(
  cloud: Cloud,
  tx: Tx,
  of: { bank: BankId; key: Uint8Array; sealKey: Uint8Array; issued: Issued },
): Promise<void> {
  const [bank] = await store.selectBanks(tx, { bank: of.bank });
  if (!bank) throw new Error('an enrolment code belongs to a bank');
  // A journal continues under the key that began it. Another key is another bank, until key change exists.
  const isOther = bank.key !== null && fingerprint(bank.key) !== fingerprint(of.key);
  if (isOther || bank.retired) throw refusal();
  await store.setIdentity(tx, of.bank, {
    key: of.key,
    sealKey: of.sealKey,
    ...of.issued,
    hash: certificateHash(of.issued.certificate),
    atMs: cloud.clock.nowMs(),
  });
  await rosters.nameBank(tx, bank.site, {
    bank: of.bank,
    key: base64url(of.key),
    sealKey: base64url(of.sealKey),
  });
  await cloud.journal.record(tx, { kind: 'bank.enrolled', facts: { key: fingerprint(of.key) } });
  await cloud.changed(tx, ['banks', 'rosters']);
}

/** By which a connection's certificate (DER) is compared with the one on file (PEM, RFC 7468). */
export function certificateHash(certificate: string | Uint8Array): Uint8Array {
  if (typeof certificate !== 'string') return sha256(certificate);
  const der = fromBase64(certificate.replaceAll(/-----[A-Z ]+-----|\s/g, ''));
  if (!der) throw new Error('a certificate of ours is PEM');
  return sha256(der);
}
