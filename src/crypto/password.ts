/**
 * Passwords: Argon2id (RFC 9106) with 19 MiB, two passes, one lane, kept as the usual PHC string. TOTP:
 * RFC 6238 over HMAC-SHA-1, 30 s, six digits, which is what authenticator apps do.
 */
import { argon2, createHmac, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { base64, fromBase64, utf8 } from './bytes.ts';
import { equalBytes } from './hash.ts';

const argon2Async = promisify(argon2);

const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await argon2id(password, salt, { memoryKib: MEMORY_KIB, passes: PASSES, lanes: LANES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** False for a wrong password. Throws when `stored` is not a PHC string of ours (a damaged row). */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const match = PHC.exec(stored);
  const salt = padded(match?.[4]);
  const tag = padded(match?.[5]);
  if (!match || !salt || !tag) throw new Error('the stored password hash is not an argon2id PHC string');
  const cost = { memoryKib: Number(match[1]), passes: Number(match[2]), lanes: Number(match[3]) };
  return equalBytes(await argon2id(password, salt, cost), tag);
}

async function argon2id(
  password: string,
  salt: Uint8Array,
  cost: { memoryKib: number; passes: number; lanes: number },
): Promise<Uint8Array> {
  const message = utf8(password.normalize('NFC'));
  const tag = await argon2Async('argon2id', {
    message,
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: TAG_BYTES,
    memory: cost.memoryKib,
    passes: cost.passes,
  });
  return new Uint8Array(tag);
}

function unpadded(bytes: Uint8Array): string {
  return base64(bytes).replace(/=+$/, '');
}

function padded(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : fromBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='));
}

export const TOTP_STEP_MS = 30_000;

/** The time step (RFC 6238 section 4.2) that `atMs` falls in. */
export function totpStep(atMs: number): number {
  return Math.floor(atMs / TOTP_STEP_MS);
}

/** The code of one time step (RFC 4226 section 5.3 with the step as the counter). */
export function totpCode(secret: Uint8Array, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * The step whose code `code` is, looked for one step around `atMs` and after `lastStep` only, so that a
 * step is used once (RFC 6238 section 5.2). Undefined when no such step has this code.
 */
export function matchTotp(question: {
  secret: Uint8Array;
  code: string;
  atMs: number;
  lastStep: number;
}): number | undefined {
  const now = totpStep(question.atMs);
  let found: number | undefined;
  for (const step of [now - 1, now, now + 1]) {
    if (step < 0) continue;
    const same = equalBytes(utf8(totpCode(question.secret, step)), utf8(question.code));
    if (same && step > question.lastStep && found === undefined) found = step;
  }
  return found;
}

/** Authenticator apps take their secret as RFC 4648 base32 in capitals. */
export function fromBase32(text: string): Uint8Array | undefined {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of text.toUpperCase().replace(/=+$/, '')) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  return Uint8Array.from(bytes);
}
