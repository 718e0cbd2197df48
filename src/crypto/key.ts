/**
 * A symmetric key that the provider has taken over. Handing raw bytes to every call imports them anew each
 * time, which costs several times what a short HMAC or a short sealed value does.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';

export type HeldKey = KeyObject;

export function holdKey(bytes: Uint8Array): HeldKey {
  return createSecretKey(bytes);
}
