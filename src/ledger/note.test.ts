import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { base64, concat, utf8 } from '../crypto/bytes.ts';
import { newSigningKey, sign } from '../crypto/sign.ts';
import { NOTE_BYTES_MAX, openNote, signNote } from './note.ts';

const key = newSigningKey();
const otherKey = newSigningKey();
const signer = { name: 'bank_a', ...key };
const stranger = { name: 'stranger.example', ...otherKey };
const TEXT = 'holdfast/test/v1\nwhat is said\n';
const note = signNote(TEXT, [signer]);

/** A signature line as the standard describes it, built without the module under test. */
function lineOf(name: string, publicKey: Uint8Array, signature: Uint8Array): string {
  const keyId = createHash('sha256').update(publicKey).digest().subarray(0, 4);
  return `— ${name} ${base64(concat(new Uint8Array(keyId), signature))}\n`;
}

const lineFor = (text: string, by: typeof signer) =>
  lineOf(by.name, by.publicKey, sign(by.privateKey, utf8(text)));

test('a note is its text, an empty line, and one line a signature', () => {
  const [text, lines] = [note.slice(0, TEXT.length), note.slice(TEXT.length)];
  assert.equal(text, TEXT);
  assert.match(lines, /^\n— bank_a [A-Za-z0-9+/]+={0,2}\n$/);
  const opened = openNote(note, [signer]);
  assert.equal(opened?.text, TEXT);
  assert.deepEqual(
    opened?.signedBy.map(({ name }) => name),
    ['bank_a'],
  );
});

test('the signature is plain ECDSA over the text: checked without this module', () => {
  const bytes = Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64');
  const spki = Buffer.from(key.publicKey);
  assert.deepEqual(bytes.subarray(0, 4), createHash('sha256').update(spki).digest().subarray(0, 4));
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  assert.ok(createVerify('sha256').update(TEXT).verify(publicKey, bytes.subarray(4)));
});

test('openssl verifies the signature', async (t) => {
  if (spawnSync('openssl', ['version']).status !== 0) {
    assert.notEqual(process.env.CI, 'true', 'openssl is missing');
    t.skip('NOT RUN: openssl');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-note-'));
  const [pem, sig, text] = ['key.pem', 'note.sig', 'note.txt'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
  await writeFile(pem, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(sig, Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64').subarray(4));
  await writeFile(text, TEXT);
  const result = spawnSync('openssl', ['dgst', '-sha256', '-verify', pem, '-signature', sig, text], {
    encoding: 'utf8',
  });
  await rm(folder, { recursive: true });
  assert.equal(result.stdout.trim(), 'Verified OK');
});

test('lines of unknown keys are ignored; a note without a known key is refused', () => {
  const both = `${TEXT}\n${lineFor(TEXT, stranger)}${lineFor(TEXT, signer)}`;
  assert.equal(openNote(both, [signer])?.signedBy.length, 1);
  assert.equal(openNote(both, [signer, stranger])?.signedBy.length, 2);
  assert.equal(openNote(note, [stranger]), undefined);
  assert.equal(openNote(note, []), undefined);
  // Known is the pair of name and key id; sharing one of the two is not enough.
  assert.equal(openNote(note, [{ ...signer, name: 'bank_b' }]), undefined);
  assert.equal(openNote(note, [{ ...stranger, name: 'bank_a' }]), undefined);
  const nonsense = `${TEXT}\n${lineOf('stranger.example', otherKey.publicKey, utf8('nonsense'))}${lineFor(TEXT, signer)}`;
  assert.equal(openNote(nonsense, [signer])?.text, TEXT);
});

test('a known key whose signature is wrong spoils the whole note, in whatever order', () => {
  const wrong = lineOf('bank_a', key.publicKey, sign(otherKey.privateKey, utf8(TEXT)));
  const good = [lineFor(TEXT, signer), lineFor(TEXT, stranger)].join('');
  for (const lines of [wrong, wrong + good, good + wrong]) {
    assert.equal(openNote(`${TEXT}\n${lines}`, [signer, stranger]), undefined);
  }
});

test('one key counts once, however often it signs or is listed', () => {
  const twice = `${TEXT}\n${lineFor(TEXT, signer)}${lineFor(TEXT, signer)}`;
  assert.equal(openNote(twice, [signer, { ...signer }])?.signedBy.length, 1);
});

test('the last empty line splits: text may hold empty lines, and even lines that look like signatures', () => {
  const text = `above\n\n${lineFor('above\n', signer)}below\n`;
  const opened = openNote(signNote(text, [signer]), [signer]);
  assert.equal(opened?.text, text);
  // Signatures over less than the whole text do not carry it.
  assert.equal(openNote(`above\n\nbelow\n\n${lineFor('above\n', signer)}`, [signer]), undefined);
  assert.equal(openNote(`\n\n${lineFor('\n', signer)}`, [signer])?.text, '\n');
});

test('a changed text is refused', () => {
  for (let at = 0; at < TEXT.length; at++) {
    const code = TEXT.charCodeAt(at);
    const changed = TEXT.slice(0, at) + String.fromCharCode(code === 0x78 ? 0x79 : 0x78) + TEXT.slice(at + 1);
    assert.equal(openNote(note.replace(TEXT, changed), [signer]), undefined);
  }
});

test('controls and lone surrogates are refused on both sides; other letters are text', () => {
  for (const control of ['\0', '\t', '\r', '\u001f', '\ud800', '\udc00']) {
    const text = `a${control}b\n`;
    assert.throws(() => signNote(text, [signer]), /whole lines/);
    assert.equal(openNote(`${text}\n${lineFor(text, signer)}`, [signer]), undefined);
  }
  assert.equal(openNote(note.replaceAll('\n', '\r\n'), [signer]), undefined);
  const text = 'è subito sera \u{1f511}\n';
  assert.equal(openNote(signNote(text, [signer]), [signer])?.text, text);
  // U+FFFD is what a careless encoder makes of a lone surrogate; the two stay two texts.
  assert.equal(openNote(signNote('\ufffd\n', [signer]).replace('\ufffd', '\ud800'), [signer]), undefined);
});

test('a line that is not in the one form of a signature line is refused', () => {
  const line = lineFor(TEXT, signer);
  const bad = [
    '',
    '\n',
    line.slice(0, -1),
    `${line}\n`,
    `${line}x\n`,
    line.replace('—', '-'),
    line.replace('— ', '—'),
    line.replace(' bank_a ', '  '),
    line.replace(' bank_a ', ' bank a '),
    line.replace(' bank_a ', ' bank+a '),
    line.replace(' bank_a ', ' bank_a  '),
    line.replace(/=*\n$/, '*\n'),
    '— bank_a AAAA\n',
    '— bank_a AAAAAA==\n',
    '— bank_a \n',
    ` ${line}`,
  ];
  for (const lines of bad)
    assert.equal(openNote(`${TEXT}\n${lines}`, [signer]), undefined, JSON.stringify(lines));
  assert.equal(openNote('', [signer]), undefined);
  assert.equal(openNote(TEXT, [signer]), undefined);
});

test('sixteen signatures are read, seventeen and very long notes are not', () => {
  const line = lineFor(TEXT, stranger);
  assert.ok(openNote(`${TEXT}\n${line.repeat(15)}${lineFor(TEXT, signer)}`, [signer]));
  assert.equal(openNote(`${TEXT}\n${line.repeat(16)}${lineFor(TEXT, signer)}`, [signer]), undefined);
  const long = `${'a'.repeat(NOTE_BYTES_MAX)}\n`;
  assert.equal(openNote(signNote(long, [signer]), [signer]), undefined);
});

test('a text of no whole line and a key name that cannot stand in a line are bugs', () => {
  assert.throws(() => signNote('no newline', [signer]), /whole lines/);
  for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\nb'])
    assert.throws(() => signNote(TEXT, [{ ...signer, name }]), /key name/);
});

test('a verifier that is no P-256 key knows nothing', () => {
  const pair = generateKeyPairSync('ed25519');
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  for (const publicKey of [spki, new Uint8Array(0), new Uint8Array(91)]) {
    assert.equal(
      openNote(`${TEXT}\n${lineOf('bank_a', publicKey, sign(key.privateKey, utf8(TEXT)))}`, [
        { name: 'bank_a', publicKey },
      ]),
      undefined,
    );
  }
});
