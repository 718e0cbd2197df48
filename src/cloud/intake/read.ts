/** Reading a message of a bank; what is not exactly one that we know is refused by name. */
import { MESSAGE_BYTES_MAX, UPLINK_VERSION, type UpMessage, upMessage } from '../../contract/uplink.ts';
import { fromUtf8 } from '../../crypto/bytes.ts';
import type { Denial } from '../../domain/outcome.ts';

type Read = { ok: true; message: UpMessage } | { ok: false; reason: Denial };

export function readUp(bytes: Uint8Array): Read {
  if (bytes.length > MESSAGE_BYTES_MAX) return { ok: false, reason: 'message-oversized' };
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    // Foreign bytes: refused by name, kept by the caller.
    return { ok: false, reason: 'message-malformed' };
  }
  if (typeof value !== 'object' || value === null || !('v' in value))
    return { ok: false, reason: 'message-malformed' };
  if (value.v !== UPLINK_VERSION) return { ok: false, reason: 'message-version-unknown' };
  const parsed = upMessage.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const known = upMessage.options.some(
    (option) => option.shape.type.value === (value as { type?: unknown }).type,
  );
  return { ok: false, reason: known ? 'message-malformed' : 'message-kind-unknown' };
}
