/**
 * A bank's certificate is good for a year. A bank whose certificate nears its end asks over its own connection for one
 * that lasts longer, and gets it for the very id that the connection has and the very key that it enrolled with: of
 * what it sends, the key alone is looked at. Whoever shows another key enrols with a code, or not at all.
 *
 * What it has stays good to its end, so that nothing is lost where the answer is. Asked again, the cloud sends the same
 * one: a bank cannot have certificates made, and records written, as often as it likes.
 */
import { CERTIFICATE_DAYS, type CertificateMessage, UPLINK_VERSION } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { fingerprint } from '../../crypto/sign.ts';
import { openRequest } from '../../crypto/x509.ts';
import type { BankId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { certificateHash, type Issued, issue } from './enrol.ts';
import * as store from './store.ts';

/**
 * A bank asks when a third of the time is left. With half of it the one before the newest has always ended when a next
 * one is made, and a bank's clock may be weeks ahead of ours.
 */
const DUE_MS = (CERTIFICATE_DAYS / 2) * 86_400_000;

export type Renewal = { message: CertificateMessage | null } | { refused: Denial };

/** As long as what the bank has lasts it is sent that once more, or nothing where a version before made it. */
export async function renew(
  cloud: Cloud,
  tx: Tx,
  { bank, request }: { bank: BankId; request: string },
): Promise<Renewal> {
  const asked = await openRequest(request);
  if (!asked) return { refused: 'message-malformed' };
  const [known] = await store.selectBanks(tx, { bank });
  if (known?.retired) return { refused: 'signer-unknown' };
  if (!known?.key || !equalBytes(asked.publicKey, known.key)) return { refused: 'signer-unknown' };
  const { pem, untilMs } = known.certificate;
  if (untilMs !== null && untilMs - cloud.clock.nowMs() > DUE_MS)
    return { message: pem === null ? null : messageOf(cloud, pem) };
  const issued = await issue(cloud, { name: bank, key: known.key });
  await keep(cloud, tx, { bank, key: known.key, issued });
  return { message: messageOf(cloud, issued.certificate) };
}

async function keep(
  cloud: Cloud,
  tx: Tx,
  { bank, key, issued }: { bank: BankId; key: Uint8Array; issued: Issued },
): Promise<void> {
  const hash = certificateHash(issued.certificate);
  await store.setRenewed(tx, bank, { ...issued, hash });
  const facts = { key: fingerprint(key), certificate: base64url(hash), untilMs: issued.untilMs };
  await cloud.journal.record(tx, { kind: 'bank.certified', facts, fields: { subject: bank } });
  await cloud.changed(tx, ['banks', 'attention']);
}

function messageOf({ authority }: Cloud, certificate: string): CertificateMessage {
  return { v: UPLINK_VERSION, type: 'certificate', certificate, authority: authority.certificatePem };
}
