/**
 * A courier's badge, drawn in the administrator's own browser. The secret is never sent: the cloud and
 * the roster learn its hash, and the page shows the badge once, to be printed.
 *
 * `badgeHash` is the WebCrypto twin of `badgeHash` in `src/ledger/roster.ts`; a test holds them equal.
 */
import { badgeText } from '../../src/domain/scan.ts';

const SECRET_BYTES = 16;

export type Badge = { text: string; hash: string };

/** What a badge needs from a browser: `globalThis.crypto` has both. */
export type BadgeCrypto = Pick<Crypto, 'getRandomValues'> & { readonly subtle: Pick<SubtleCrypto, 'digest'> };

export async function drawBadge(browser: BadgeCrypto): Promise<Badge> {
  const text = badgeText(browser.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return { text, hash: await badgeHash(browser, text) };
}

/** SHA-256 over `badge/v1`, NUL, and the badge's whole text with its mark; base64url without padding. */
export async function badgeHash(browser: Pick<BadgeCrypto, 'subtle'>, text: string): Promise<string> {
  if (text.includes('\0')) throw new Error('a labelled part holds NUL');
  const labelled = new TextEncoder().encode(`badge/v1\0${text}`);
  return base64url(new Uint8Array(await browser.subtle.digest('SHA-256', labelled)));
}

/** RFC 4648 section 5 without padding, without Node's Buffer. */
function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** The badge's text in groups of five, for a person who types it. */
export function groupedBadge(text: string): string {
  return text.match(/.{1,5}/g)?.join(' ') ?? text;
}
