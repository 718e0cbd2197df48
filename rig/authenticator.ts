/** The authenticator app on the administrator's phone (RFC 6238: SHA-1, 6 digits, 30 seconds). */
import { fromBase32, TOTP_STEP_MS, totpCode, totpStep } from '../src/crypto/password.ts';

export type TotpCode = { code: string; secondsLeft: number };

/** The code that `secretBase32` shows at `nowMs`, and how long it is shown. */
export async function totpAt(secretBase32: string, nowMs: number): Promise<TotpCode> {
  const secret = fromBase32(secretBase32.replaceAll(' ', ''));
  if (!secret) throw new Error('The authenticator secret is not Base32');
  const step = totpStep(nowMs);
  return { code: totpCode(secret, step), secondsLeft: Math.ceil(((step + 1) * TOTP_STEP_MS - nowMs) / 1000) };
}
