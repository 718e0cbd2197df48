/** DER (X.690) as CMS needs it: built and read with asn1js, but for the lengths around content that is never held. */
import * as asn1 from 'asn1js';

export type Node = asn1.AsnType;

const CONTEXT = 3;
const UNIVERSAL = 1;

export const oid = (value: string): Node => new asn1.ObjectIdentifier({ value });
export const integer = (value: number): Node => new asn1.Integer({ value });
export const octets = (valueHex: Uint8Array): Node => new asn1.OctetString({ valueHex });
export const bits = (valueHex: Uint8Array): Node => new asn1.BitString({ valueHex });
export const nothing = (): Node => new asn1.Null();
export const sequence = (...value: Node[]): Node => new asn1.Sequence({ value });
export const tagged = (tagNumber: number, ...value: Node[]): Node =>
  new asn1.Constructed({ idBlock: { tagClass: CONTEXT, tagNumber }, value });
export const derOf = (node: Node): Uint8Array => new Uint8Array(node.toBER());

/** Bytes that are not of the form that is asked for; caught where the answer is written. */
export class Malformed extends Error {}

function parsed(bytes: Uint8Array): asn1.FromBerResult | undefined {
  try {
    return asn1.fromBER(bytes);
  } catch {
    // It throws over strings of odd lengths, which are nothing but foreign input.
    return undefined;
  }
}

/** Exactly one value, and nothing behind it. */
export function readDer(bytes: Uint8Array): Node {
  const read = parsed(bytes);
  if (read?.offset !== bytes.length) throw new Malformed();
  return read.result;
}

const UNIVERSAL_NUMBERS = { integer: 2, bits: 3, octets: 4, oid: 6, sequence: 16, set: 17 } as const;
type Universal = keyof typeof UNIVERSAL_NUMBERS;

function isOf(node: Node | undefined, tagClass: number, tagNumber: number): node is Node {
  return node?.idBlock.tagClass === tagClass && node.idBlock.tagNumber === tagNumber;
}

function childrenOf(node: Node): Node[] {
  if (!node.idBlock.isConstructed || !(node instanceof asn1.Constructed)) throw new Malformed();
  return node.valueBlock.value as Node[];
}

export function isUniversal(node: Node | undefined, of: Universal): node is Node {
  return isOf(node, UNIVERSAL, UNIVERSAL_NUMBERS[of]);
}

export function isTagged(node: Node | undefined, tagNumber: number): node is Node {
  return isOf(node, CONTEXT, tagNumber);
}

export function inSequence(node: Node | undefined): Node[] {
  if (!isUniversal(node, 'sequence')) throw new Malformed();
  return childrenOf(node);
}

export function inSet(node: Node | undefined): Node[] {
  if (!isUniversal(node, 'set')) throw new Malformed();
  return childrenOf(node);
}

export function inTagged(node: Node | undefined, tagNumber: number): Node[] {
  if (!isTagged(node, tagNumber)) throw new Malformed();
  return childrenOf(node);
}

export function oidOf(node: Node | undefined): string {
  if (!isUniversal(node, 'oid') || !(node instanceof asn1.ObjectIdentifier)) throw new Malformed();
  return node.valueBlock.toString();
}

/** Of a number as small as those that CMS counts with. */
export function smallOf(node: Node | undefined): number {
  if (!isUniversal(node, 'integer') || !(node instanceof asn1.Integer)) throw new Malformed();
  const bytes = node.valueBlock.valueHexView;
  if (bytes.length === 0 || bytes.length > 4 || (bytes[0] ?? 0) > 0x7f) throw new Malformed();
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function octetsOf(node: Node | undefined): Uint8Array {
  if (!isUniversal(node, 'octets') || !(node instanceof asn1.OctetString) || node.idBlock.isConstructed)
    throw new Malformed();
  return new Uint8Array(node.valueBlock.valueHexView);
}

export function bitsOf(node: Node | undefined): Uint8Array {
  if (!isUniversal(node, 'bits') || !(node instanceof asn1.BitString) || node.valueBlock.unusedBits !== 0)
    throw new Malformed();
  return new Uint8Array(node.valueBlock.valueHexView);
}

/** What stands before a value of `length` bytes (X.690 sections 8.1.2 and 10.1). */
export function derHeader(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | bytes.length, ...bytes);
}

export type Header = { tag: number; begin: number; end: number };

/** The header at `at` of what `bytes` is the beginning of; null in place of an indefinite length, which only BER has. */
export function headerAt(bytes: Uint8Array, at: number): Header | null {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new Malformed();
  if (first === 0x80) return null;
  if (first < 0x80) return { tag, begin: at + 2, end: at + 2 + first };
  const count = first & 0x7f;
  const digits = bytes.subarray(at + 2, at + 2 + count);
  if (count > 6 || digits.length < count) throw new Malformed();
  const begin = at + 2 + count;
  return { tag, begin, end: begin + digits.reduce((sum, byte) => sum * 256 + byte, 0) };
}
