/**
 * No secret stands in the repository, nor in what browsers are given: patterns of tokens and keys that are
 * known, and everything long that looks drawn at random. What may stay is listed with its reason, and a reason
 * that allows nothing any more is an error.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { base64url, utf8 } from '../../src/crypto/bytes.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { badgeText, pickUpText } from '../../src/domain/scan.ts';
import { readRepository } from '../../tools/tidy.ts';

const ROOT = join(import.meta.dirname, '../..');

type Finding = { file: string; what: string; text: string };
type Pattern = { what: string; pattern: RegExp };

const KNOWN: readonly Pattern[] = [
  { what: 'private key in PEM', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20,}/g },
  { what: 'a bank’s sealing key', pattern: /holdfast-seal-v1:[\w-]{43}/g },
  { what: 'badge, QR or claim secret', pattern: /\bHF[BOP]1[A-Z2-7]{26}\b/g },
  { what: 'cloud access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { what: 'forge token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,}|glpat-[\w-]{20})/g },
  { what: 'package token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { what: 'chat token', pattern: /\bxox[abprs]-[\w-]{20,}/g },
  { what: 'payment key', pattern: /\b[sr]k_(?:live|test)_[A-Za-z0-9]{20,}/g },
  { what: 'map key', pattern: /\bAIza[\w-]{35}\b/g },
  { what: 'JSON web token', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
  { what: 'address with a password', pattern: /\b[a-z][a-z+]*:\/\/[^\s/:@'"`${}]+:[^\s/:@'"`${}]+@[\w.]/g },
];
/** 32 characters of base64 are 192 bits, of hexadecimal 128: shorter texts are words as often as secrets. */
const LONG = /(?<![\w+/-])(?:[A-Za-z0-9+/]{32,}={0,2}|[\w-]{32,})(?![\w+/-])/g;
const BITS_MIN = { hex: 3.2, text: 4.3 };

/** Shannon's entropy of the letters of `text`, in bits a letter. */
function bitsPerLetter(text: string): number {
  const counts = [...Map.groupBy(text, (letter) => letter).values()].map((all) => all.length / text.length);
  return -counts.reduce((sum, share) => sum + share * Math.log2(share), 0);
}

function looksDrawn(text: string): boolean {
  const bare = text.replace(/=+$/, '');
  if (/^[0-9a-f]+$|^[0-9A-F]+$/.test(bare)) return /\d/.test(bare) && bitsPerLetter(bare) >= BITS_MIN.hex;
  // Random base64 has capitals, small letters and digits all through; paths and joined words have not.
  const kinds = [/[A-Z]/g, /[a-z]/g, /\d/g].map((kind) => (bare.match(kind) ?? []).length);
  return Math.min(...kinds) >= bare.length / 32 && bitsPerLetter(bare) >= BITS_MIN.text;
}

function findSecrets(file: string, text: string): Finding[] {
  const known = KNOWN.flatMap(({ what, pattern }) =>
    [...text.matchAll(pattern)].map(([found]) => ({ file, what, text: found })),
  );
  const drawn = [...text.matchAll(LONG)].filter(([found]) => looksDrawn(found));
  return [...known, ...drawn.map(([found]) => ({ file, what: 'looks drawn at random', text: found }))];
}

type Allowed = { file: RegExp; text: RegExp; reason: string };

const ANY = /./;
const ALLOWED: readonly Allowed[] = [
  { file: /^package-lock\.json$/, text: ANY, reason: 'hashes of packages' },
  {
    file: /^docs\/reference\/simulation\.(json|md)$/,
    text: /^[\w-]{43}$/,
    reason: 'the hash of the sources that were run',
  },
  { file: /sbom\.cdx\.json$/, text: /^[\da-f]{128}$/, reason: 'the same hashes, in the bill of materials' },
  {
    file: /^src\/contract\/vectors\/.*\.json$/,
    text: ANY,
    reason: 'vectors: published, or of keys that sign nothing',
  },
  {
    file: /^tools\/vectors\.ts$/,
    text: ANY,
    reason: 'the keys of the vectors: RFC 6979, and one that it derives',
  },
  {
    file: /^docs\/reference\/export\.md$/,
    text: /^(dKW3EiUAbCoU|1GMLN3q5J|D4eO\/GNgc)[\w/+]+=$/,
    reason: 'three hashes of the worked example',
  },
  {
    file: /^docs\/reference\/(ledger|record|orders)\.md$/,
    text: ANY,
    reason: 'the worked example, from the vectors',
  },
  {
    file: /^src\/ledger\/log\/vectors\.test\.ts$/,
    text: ANY,
    reason: 'notes that C2SP and its logs have published',
  },
  {
    file: /^verify\/verify\.mjs$/,
    text: /^(0x7a03ac92|3059301306072a8648ce3d)[\da-f]+n?$/,
    reason: 'a point of small order, and how a P-256 key begins in DER',
  },
  {
    file: /^docs\/reference\/verify\.md$/,
    text: /^[\da-f]{64}$/,
    reason: 'the hash of verify.mjs, which a test holds equal',
  },
  {
    file: /^deploy\/witness(ing)?\.example\.json$|^docs\/reference\/verify\.md$/,
    text: /\+(4348d9d4|56699b48|57f7f61f|f1302fe3)\+/,
    reason: 'public keys of the worked example',
  },
  {
    file: /^src\/(crypto|ledger)\/[\w-]+\.test\.ts$/,
    text: /^[\da-f]+$|^[\w+/]{43}$/,
    reason: 'vectors of the standards that the test cites',
  },
  {
    file: /^src\/crypto\/bytes\.ts$/,
    text: /^ABCDEFGHIJKLMNOPQRSTUVWXYZ/,
    reason: 'the alphabet of RFC 4648',
  },
  {
    file: /^src\/crypto\/sign\.ts$|^test\/sim\/keys\.ts$/,
    text: /^3059301306072a8648ce3d|^308187020100301306072a8648ce3d/,
    reason: 'the algorithm’s name in DER, and the beginning of every such key',
  },
  {
    file: /^src\/ledger\/log\/test-model\.ts$/,
    text: /^(9d61b19d|4ccd089b|c5aa8df4|833fe624)[\da-f]+$/,
    reason: 'the secret keys of RFC 8032’s examples',
  },
  {
    file: /^src\/crypto\/ed25519\.ts$/,
    text: /^(26e8958f|c7176a70)[\da-f]+$/,
    reason: 'points of small order, which are refused as keys',
  },
  {
    file: /^rig\/phone\.test\.ts$/,
    text: /^2b7e1516[\da-f]{24}$/,
    reason: 'the key of NIST’s examples',
  },
  {
    file: /\.test\.ts$|^test\/browser\/escapes\.ts$|\/test-post\.ts$/,
    text: /^HF[BOP]1(A{26}|ABCDEFGHIJKLMNOPQRSTUVWXYZ)$/,
    reason: 'the alphabet in the form of a code',
  },
  {
    file: /^test\/attacks\/client-hello\.ts$/,
    text: /^[\da-f]+$/,
    reason: 'points of curves, from their standards',
  },
  { file: /^README\.md$/, text: /^HFB1|^[\w-]{43}$/, reason: 'the output of one run, whose folder is gone' },
];

const isAllowed = ({ file, text }: Finding): boolean =>
  ALLOWED.some((allowed) => allowed.file.test(file) && allowed.text.test(text));

function everyFinding(): Finding[] {
  const { texts } = readRepository(ROOT);
  const bundles = globSync('web/dist/**/*.{js,css,html,json,svg}', { cwd: ROOT });
  assert.ok(bundles.length > 0, 'the web apps are built');
  const bundled = bundles.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);
  return [...texts, ...bundled].flatMap(([path, text]) => findSecrets(path.replaceAll('\\', '/'), text));
}

const findings = existsSync(join(ROOT, 'web/dist')) ? everyFinding() : [];

test('the scan finds every kind of secret of ours, and tokens of others', () => {
  // The same bytes each time: one draw in a hundred has too few digits to look drawn.
  const bytes = (count: number) => sha256(utf8('planted')).subarray(0, count);
  const planted = [
    privateKeyPem(newSigningKey().privateKey),
    `holdfast-seal-v1:${base64url(bytes(32))}`,
    badgeText(bytes(16)),
    pickUpText(bytes(16)),
    `"token": "${base64url(bytes(32))}"`,
    `key=${Buffer.from(bytes(32)).toString('base64')}`,
    `const salt = '${Buffer.from(bytes(32)).toString('hex')}'`,
    `${'AKIA'}${'Q7RZ2M5K8T1W4X9B'}`,
    `ghp_${'a1B2c3D4e5F6'.repeat(3)}`,
    `${'postgres'}://holdfast:swordfish@db.example/holdfast`,
  ];
  for (const text of planted) assert.ok(findSecrets('made', `some words ${text} and more`).length > 0, text);
  const plain =
    'import { everythingThatIsNeeded } from "../../somewhere/quite/deep/in/the/tree.ts"; // 12345678901234';
  assert.deepEqual(findSecrets('made', plain), []);
});

test('the repository and the built web apps hold no secret', () => {
  const left = findings.filter((finding) => !isAllowed(finding));
  assert.deepEqual(
    left.map(({ file, what, text }) => `${file}: ${what}: ${text.slice(0, 60)}`),
    [],
  );
});

test('every exception still has something to except', () => {
  for (const { file, text, reason } of ALLOWED)
    assert.ok(
      findings.some((finding) => file.test(finding.file) && text.test(finding.text)),
      `${file} ${text}: ${reason}`,
    );
});
