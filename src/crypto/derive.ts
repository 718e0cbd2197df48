/** From one held key to another. What is derived, used once and dropped need not be handed over as bytes in between. */
import { hkdfSync } from 'node:crypto';
import { utf8 } from './bytes.ts';
import { type HeldKey, holdKey } from './key.ts';

const NO_SALT = new Uint8Array(0);

/** HKDF-SHA-256 (RFC 5869) for a use named `info`, as `deriveKey` does it for bytes. */
export function deriveHeldKey(key: HeldKey, info: string): HeldKey {
  return holdKey(new Uint8Array(hkdfSync('sha256', key, NO_SALT, utf8(info), 32)));
}
