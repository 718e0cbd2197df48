/**
 * Identifiers: a prefix that says what the thing is, and 128 random bits in lower-case base32
 * (RFC 4648 section 6, no padding). They name rows and topics; they are never put into a record when
 * they stand for a person or a parcel (see `record.ts` in `ledger`).
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Branded<'tenant'>;
export type SiteId = Branded<'site'>;
export type BankId = Branded<'bank'>;
export type PersonId = Branded<'person'>;
export type ParcelId = Branded<'parcel'>;
export type GrantId = Branded<'grant'>;
export type SessionId = Branded<'session'>;
export type CarrierId = Branded<'carrier'>;
export type OrderId = Branded<'order'>;
export type NoticeId = Branded<'notice'>;
export type EpochId = Branded<'epoch'>;
export type ExportId = Branded<'export'>;
export type EvidenceId = Branded<'evidence'>;

export type IdOf = {
  tenant: TenantId;
  site: SiteId;
  bank: BankId;
  person: PersonId;
  parcel: ParcelId;
  grant: GrantId;
  session: SessionId;
  carrier: CarrierId;
  order: OrderId;
  notice: NoticeId;
  epoch: EpochId;
  export: ExportId;
  evidence: EvidenceId;
};
export type IdKind = keyof IdOf;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Two letters at a time: ids are drawn for every event of a bank, whether it uses them or not. */
const PAIRS = Array.from(ALPHABET).flatMap((one) => Array.from(ALPHABET, (other) => one + other));
const ID_BYTES = 16;
const BODY = /^[a-z2-7]{26}$/;

/** The id of kind `kind` for sixteen random bytes. Throws when given another number of bytes (a bug). */
export function idFrom<K extends IdKind>(kind: K, bytes: Uint8Array): IdOf[K] {
  if (bytes.length !== ID_BYTES) throw new Error(`an id takes ${ID_BYTES} bytes, not ${bytes.length}`);
  return `${kind}_${base32(bytes)}` as IdOf[K];
}

/** Narrows text to an id of `kind`, or answers undefined when it is not one. */
export function parseId<K extends IdKind>(kind: K, text: string): IdOf[K] | undefined {
  return isId(kind, text) ? text : undefined;
}

export function isId<K extends IdKind>(kind: K, text: string): text is IdOf[K] {
  return text.startsWith(`${kind}_`) && BODY.test(text.slice(kind.length + 1));
}

/** RFC 4648 section 6 in lower case without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    if (bits >= 10) {
      bits -= 10;
      text += PAIRS[(held >> bits) & 1023];
    }
    held &= (1 << bits) - 1;
  }
  if (bits >= 5) {
    bits -= 5;
    text += ALPHABET[(held >> bits) & 31];
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31];
  return text;
}
