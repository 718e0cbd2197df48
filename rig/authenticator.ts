/**
 * The authenticator app on the administrator's phone (RFC 6238: SHA-1, 6 digits, 30 seconds). It is
 * written apart from the server's check, as every authenticator in the world is.
 */
const STEP_MS = 30_000;
const DIGITS = 6;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export type TotpCode = { code: string; secondsLeft: number };

/** The code that `secretBase32` shows at `nowMs`, and how long it is shown. */
export async function totpAt(secretBase32: string, nowMs: number): Promise<TotpCode> {
  const step = Math.floor(nowMs / STEP_MS);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const algorithm = { name: 'HMAC', hash: 'SHA-1' };
  const key = await crypto.subtle.importKey('raw', fromBase32(secretBase32), algorithm, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter));
  // Dynamic truncation (RFC 4226, 5.3): the last four bits say which 31 bits to take.
  const offset = mac.getUint8(mac.byteLength - 1) & 0x0f;
  const number = (mac.getUint32(offset) & 0x7fffffff) % 10 ** DIGITS;
  const secondsLeft = Math.ceil(((step + 1) * STEP_MS - nowMs) / 1000);
  return { code: String(number).padStart(DIGITS, '0'), secondsLeft };
}

/** RFC 4648, section 6; authenticator secrets come without padding, in either case, grouped by spaces. */
function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text.toUpperCase().replace(/[\s=]/g, '')) {
    const value = BASE32.indexOf(character);
    if (value < 0) throw new Error('The authenticator secret is not Base32');
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}
