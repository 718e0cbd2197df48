/** What a file is, told by its bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEDIA, MEDIA_NAMES, mediaOf } from './evidence.ts';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const webp = (rest: string, length = rest.length + 4) => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(length);
  return `RIFF${size.toString('latin1')}WEBP${rest}`;
};
const PNG = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01';

test('a photo, a document and a text are told by their first bytes', () => {
  const known: [string, string][] = [
    ['jpeg', '\xff\xd8\xff\xe0\0\x10JFIF\0'],
    ['jpeg', '\xff\xd8\xff\xe1\0\x10Exif\0\0'],
    ['png', PNG],
    ['webp', webp('VP8 \0\0\0\0')],
    ['pdf', '%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n'],
    ['text', 'The box is dented.\r\n\tOn one side.\n'],
    ['text', Buffer.from('Die Tür klemmt – 30 °C', 'utf8').toString('latin1')],
  ];
  for (const [media, text] of known) assert.equal(mediaOf(bytesOf(text)), media, JSON.stringify(text));
  assert.deepEqual(new Set(known.map(([media]) => media)), new Set(MEDIA_NAMES));
});

test('what is none of them is not taken, whatever it begins with', () => {
  const strange = [
    '',
    '\xff\xd8',
    '\xff\xd8\xff',
    '\x89PNG\r\n\x1a\n',
    PNG.replace('IHDR', 'tEXt'),
    webp('VP8 ', 5_000),
    webp(''),
    'RIFF\x04\0\0\0WAVE',
    '%PDF-1.7 and no end',
    'GIF89a\x01\0\x01\0',
    'MZ\x90\0',
    '\x7fELF',
    'PK\x03\x04',
    'a text with \0 in it',
    'a text with \x1b[31m in it',
    'a text that is no UTF-8: \xe9',
    '\xfe\xff\0a',
  ];
  for (const text of strange) assert.equal(mediaOf(bytesOf(text)), undefined, JSON.stringify(text));
});

test('no kind is shown by a browser as a page', () => {
  for (const { type, ext } of Object.values(MEDIA)) {
    assert.doesNotMatch(type, /html|xml|svg|script/);
    assert.match(ext, /^[a-z]{3,4}$/);
  }
  assert.equal(mediaOf(bytesOf('<script>alert(1)</script>')), 'text');
});
