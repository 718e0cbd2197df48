/** Compares what was presented with a secret, in a time that tells nothing of either. */
import { utf8 } from '../src/crypto/bytes.ts';
import { equalBytes, sha256 } from '../src/crypto/hash.ts';

export function sameSecret(presented: string, secret: string): boolean {
  // Hashes are of equal length, so that not even the secret's length shows.
  return equalBytes(sha256(utf8(presented)), sha256(utf8(secret)));
}
