/**
 * Looks for secrets in every byte of a folder, in every form in which programs write things: text in three
 * encodings, percent-encoded, hexadecimal, a list of numbers, base64 at each of its three alignments, base32 at
 * each of its five (RFC 4648).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** `raw`: the bytes that the text stands for, where it stands for some. */
export type Planted = { what: string; text: string; raw?: Uint8Array };
export type Hit = { what: string; form: string; file: string; at: number };
export type ScannedFile = { file: string; bytes: Buffer };

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function filesUnder(dir: string): ScannedFile[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: relative(dir, path), bytes: readFileSync(path) }));
}

export function scanFor(planted: readonly Planted[], files: readonly ScannedFile[]): Hit[] {
  return planted.flatMap(({ what, text, raw }) =>
    [...formsOfText(text), ...(raw ? formsOfBytes(Buffer.from(raw), 'raw ') : [])].flatMap(
      ({ form, pattern }) =>
        files.flatMap(({ file, bytes }) => {
          const at = bytes.indexOf(pattern);
          return at < 0 ? [] : [{ what, form, file, at }];
        }),
    ),
  );
}

type Form = { form: string; pattern: Buffer };

export function formsOfText(text: string): Form[] {
  const spellings = [...new Set([text, text.toLowerCase(), text.toUpperCase()])];
  return spellings.flatMap((spelling) => [
    ...wideForms(spelling),
    ...escapedForms(spelling),
    ...formsOfBytes(Buffer.from(spelling, 'utf8'), ''),
  ]);
}

function wideForms(text: string): Form[] {
  const little = Buffer.from(text, 'utf16le');
  return [
    { form: 'UTF-16LE', pattern: little },
    { form: 'UTF-16BE', pattern: Buffer.from(little).swap16() },
  ];
}

/** As an address line and a form write it (RFC 3986 section 2.1), where that differs. */
function escapedForms(text: string): Form[] {
  const percent = encodeURIComponent(text);
  const forms = percent === text ? [] : [percent, percent.replaceAll('%20', '+')];
  return [...new Set(forms)].map((form) => ({ form: 'percent', pattern: Buffer.from(form, 'latin1') }));
}

export function formsOfBytes(bytes: Buffer, mark: string): Form[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => whole(bytes, before, 6, (all) => all.toString('base64')));
  const base32 = [0, 1, 2, 3, 4].map((before) => whole(bytes, before, 5, toBase32));
  const texts: [string, string][] = [
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    // How JSON writes a buffer that nobody meant to write.
    ['numbers', [...bytes].join(',')],
    ...base64.map((text, index): [string, string] => [`base64+${index}`, text]),
    ...base64.map((text, index): [string, string] => [
      `base64url+${index}`,
      text.replaceAll('+', '-').replaceAll('/', '_'),
    ]),
    ...base32.map((text, index): [string, string] => [`base32+${index}`, text]),
    ...base32.map((text, index): [string, string] => [`base32 small+${index}`, text.toLowerCase()]),
  ];
  return [
    { form: `${mark}bytes`, pattern: bytes },
    ...texts.map(([form, text]) => ({ form: mark + form, pattern: Buffer.from(text, 'latin1') })),
  ];
}

/** The letters that depend on `bytes` alone, when `before` other bytes stand in front of them. */
function whole(bytes: Buffer, before: number, bits: number, encode: (all: Buffer) => string): string {
  const text = encode(Buffer.concat([Buffer.alloc(before), bytes]));
  return text.slice(Math.ceil((before * 8) / bits), Math.floor(((before + bytes.length) * 8) / bits));
}

function toBase32(bytes: Buffer): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(held << (5 - bits)) & 31] : text;
}
