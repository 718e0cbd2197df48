/**
 * Code verifiers. A code is never kept: the grant holds `HMAC-SHA-256(K, "pin/v1" ‖ bank ‖ grant ‖ issue ‖
 * code)`, so a verifier of one grant, issue or bank serves no other. K lies on the disk
 * sealed, under a key that does not; no password hash would save so short a secret from whoever has both.
 */
import { base64url, utf8 } from '../crypto/bytes.ts';
import { equalBytes, hmacSha256, labelled } from '../crypto/hash.ts';
import type { HeldKey } from '../crypto/key.ts';
import type { GrantId, PersonId } from '../domain/ids.ts';
import { pickUpText } from '../domain/scan.ts';
import { drawDigits, type Random } from '../platform/random.ts';
import type { Grant } from './plan/state.ts';

export type CodeBook = { key: HeldKey; bank: string };

export function pinVerifier(book: CodeBook, of: { grant: GrantId; issue: number }, pin: string): string {
  return base64url(hmacSha256(book.key, labelled('pin/v1', book.bank, of.grant, String(of.issue), pin)));
}

export function qrVerifier(book: CodeBook, of: { grant: GrantId; issue: number }, secret: string): string {
  return base64url(hmacSha256(book.key, labelled('qr/v1', book.bank, of.grant, String(of.issue), secret)));
}

export function courierVerifier(book: CodeBook, courier: PersonId, code: string): string {
  return base64url(hmacSha256(book.key, labelled('courier/v1', book.bank, courier, code)));
}

/** Verifiers have one text each, so equal texts are equal bytes. */
export function sameVerifier(a: string, b: string): boolean {
  return equalBytes(utf8(a), utf8(b));
}

/**
 * Compares a presented code with every grant given, so that the time taken tells nothing but their number.
 * A live grant wins over one that is over, should both match.
 */
export function findGrant(
  book: CodeBook,
  grants: readonly Grant[],
  presented: { method: 'pin' | 'flat-and-pin' | 'qr'; code: string },
): Grant | undefined {
  let live: Grant | undefined;
  let over: Grant | undefined;
  for (const grant of grants) {
    const of = { grant: grant.id, issue: grant.issue };
    const made =
      presented.method === 'qr'
        ? qrVerifier(book, of, presented.code)
        : pinVerifier(book, of, presented.code);
    const kept = presented.method === 'qr' ? grant.qrVerifier : grant.pinVerifier;
    const matches = kept !== null && sameVerifier(kept, made);
    if (matches && grant.state === 'live') live = grant;
    if (matches && grant.state !== 'live') over = grant;
  }
  return live ?? over;
}

export type DrawnCode = { pin: string; qr: string; pinVerifier: string; qrVerifier: string };

/** Draws a PIN that no live code of this bank has, and a QR secret of 128 bits. */
export function drawCode(
  book: CodeBook,
  random: Random,
  draw: { grant: GrantId; issue: number; digits: number; others: readonly Grant[] },
): DrawnCode {
  for (;;) {
    const pin = drawDigits(random, draw.digits);
    if (findGrant(book, draw.others, { method: 'pin', code: pin })) continue;
    const qr = pickUpText(random.bytes(16));
    return { pin, qr, pinVerifier: pinVerifier(book, draw, pin), qrVerifier: qrVerifier(book, draw, qr) };
  }
}
