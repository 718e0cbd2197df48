/**
 * Orders as signed notes (C2SP signed-note), in the form that rosters and batch heads have too:
 *
 *     holdfast/order/v1
 *     <bank id>
 *     <canonical JSON of the order (RFC 8785)>
 */
import canonicalize from 'canonicalize';
import { base64url, fromBase64url } from '../crypto/bytes.ts';
import { labelled, sha256 } from '../crypto/hash.ts';
import type { SigningKey } from '../crypto/sign.ts';
import { ORDER_HOURS_MAX, type Order, orderSchema } from '../domain/order.ts';
import { allowed, denied, type Result } from '../domain/outcome.ts';
import { type NoteVerifier, openNote, signNote } from './note.ts';
import { readCanonical } from './roster.ts';

const TITLE = 'holdfast/order/v1';
const HOUR_MS = 3_600_000;

export function signOrder(order: Order, keys: readonly SigningKey[]): string {
  const text = `${TITLE}\n${order.bank}\n${canonicalize(order)}\n`;
  return signNote(
    text,
    keys.map((key) => ({ name: order.site, ...key })),
  );
}

/** What a bank holds an order against. */
export type OrderTrust = {
  tenant: string;
  site: string;
  bank: string;
  /** Keys that may sign orders, SubjectPublicKeyInfo in base64url, and how many of them must. */
  keys: readonly string[];
  k: number;
};

export type SignedOrder = { order: Order; signers: readonly string[] };

/** The order in a note, with the keys that signed it, if it is whole, meant for this bank and well signed. */
export function openOrder(note: string, trust: OrderTrust): Result<SignedOrder> {
  const verifiers = trust.keys.map(
    (key): NoteVerifier => ({ name: trust.site, publicKey: fromBase64url(key) ?? new Uint8Array(0) }),
  );
  const opened = openNote(note, verifiers);
  if (!opened || opened.signedBy.length < trust.k) return denied('signature-wrong');
  const order = readOrderText(opened.text);
  if (!order) return denied('message-malformed');
  if (order.bank !== trust.bank || order.site !== trust.site || order.tenant !== trust.tenant)
    return denied('order-wrong-bank');
  return allowed({ order, signers: opened.signedBy.map(({ publicKey }) => base64url(publicKey)) });
}

function readOrderText(text: string): Order | undefined {
  const [title, bank, json, end, ...rest] = text.split('\n');
  if (title !== TITLE || end !== '' || rest.length > 0 || json === undefined) return undefined;
  const order = readCanonical(json, orderSchema);
  if (!order || order.bank !== bank) return undefined;
  const lastsMs = order.untilMs - order.madeAtMs;
  return lastsMs > 0 && lastsMs <= ORDER_HOURS_MAX * HOUR_MS ? order : undefined;
}

/**
 * The order in a note whoever signed it: for a person who reads it and decides whether to sign it too.
 * Nothing may be done because of it.
 */
export function readUnverified(note: string): Order | undefined {
  const split = note.lastIndexOf('\n\n');
  return split < 0 ? undefined : readOrderText(note.slice(0, split + 1));
}

/** The same text with the signature of `key` below those that it has; undefined when `key` has signed it before. */
export function addSignature(note: string, order: Order, key: SigningKey): string | undefined {
  if (openNote(note, [{ name: order.site, publicKey: key.publicKey }])) return undefined;
  const own = signOrder(order, [key]);
  return `${note}${own.slice(own.lastIndexOf('\n\n') + 2)}`;
}

/** How a claim's secret stands in an order. The secret has 128 bits, so a plain hash hides it. */
export function claimHash(secret: string): string {
  return base64url(sha256(labelled('claim/v1', secret)));
}
