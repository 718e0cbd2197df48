/**
 * What a hostile or broken stranger may hand to whoever verifies, in one table for both verifiers: each is refused by a
 * sentence that names what is wrong, by `holdfast verify`'s routine and by the file that stands alone, which has little
 * memory for all of it together.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packed, sourceOf, tampered, unpacked } from '../../src/cloud/export/test-bundle.ts';
import { base64url, utf8 } from '../../src/crypto/bytes.ts';
import { verifyBundle } from '../../src/ledger/export/verify.ts';
import { parsePolicyFile } from '../../src/ledger/log/policy-file.ts';
import { RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { keptReceipt, type Receipt, verifyReceipt } from '../../src/ledger/receipt.ts';
import { ROOT } from '../site.ts';
import { type AloneCase, aloneOn } from './alone.ts';
import { makeBundle } from './made-bundle.ts';
import { asked, ENTRIES, id, policyOf, proofsOf, RECEIPT, receiptProven } from './made-receipt.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-wrong-'));
after(() => rmSync(home, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
const noTrust = { rootKeys: [], signatures: 1, policy: undefined };

/** Each case, what the routine of `holdfast verify` says, and what the lone verifier does. */
type Row<T> = readonly [string, T, RegExp, RegExp];

// Receipts and the proofs in them.

const whole = await receiptProven();
const policy = policyOf('all');
const zeros = `${Buffer.alloc(32).toString('base64')}\n`;
const withProof = (change: (proof: string) => string): Receipt => ({
  ...whole,
  entries: whole.entries.map((one) => ({ ...one, proof: change(one.proof ?? '') })),
});
const [shorter] = await proofsOf([600], 3, [
  ...ENTRIES,
  ...RECEIPT.entries.slice(0, 2).map(({ record }) => utf8(record)),
]);
const pathOf = (proof: string) => proof.slice(0, proof.indexOf('\n\n'));
const renamed = vkeyText({ type: 'signature', ...signerOf('log.example/b', RFC_SECRETS[0]) });

const RECEIPTS: readonly Row<unknown>[] = [
  [
    'a proof for another tree size',
    withProof((proof) => pathOf(shorter?.proof ?? '') + proof.slice(proof.indexOf('\n\n'))),
    /does not lead from entry 600/,
    /path is too short|does not lead from entry 600/,
  ],
  [
    'a note with trailing bytes',
    withProof((proof) => `${proof}and more`),
    /note-malformed/,
    /the note is malformed/,
  ],
  [
    'a note with a trailing line',
    withProof((proof) => `${proof}\n`),
    /note-malformed/,
    /the note is malformed/,
  ],
  [
    'a note with a control character in a name that nobody knows',
    withProof((proof) => `${proof}— a\u0001b AAAAAAAA\n`),
    /note-malformed/,
    /the note is malformed/,
  ],
  [
    'a note of a million bytes',
    withProof((proof) => proof + '— a AAAAAAAA\n'.repeat(1e5)),
    /receipt is none/,
    /too long/,
  ],
  [
    'a note with a thousand signatures',
    withProof((proof) => proof + '— a AAAAAAAA\n'.repeat(1e3)),
    /receipt is none|too-many-signatures/,
    /the note is malformed/,
  ],
  [
    'a log’s key under another name',
    { ...whole, log: renamed },
    /names no log|origin/,
    /no log of the policy signed/,
  ],
  [
    'an index outside the tree',
    withProof((p) => p.replace(/index \d+/, 'index 603')),
    /index|does not lead/,
    /no path of 603 in 603/,
  ],
  [
    'an index of 2^53 − 1',
    withProof((p) => p.replace(/index \d+/, 'index 9007199254740991')),
    /index|does not lead/,
    /no path of 9007199254740991/,
  ],
  [
    'an index of 2^64',
    withProof((p) => p.replace(/index \d+/, 'index 18446744073709551616')),
    /number-huge/,
    /the index is no number/,
  ],
  [
    'an index of a million digits',
    withProof((p) => p.replace(/index \d+/, `index ${'9'.repeat(1e6)}`)),
    /receipt is none/,
    /too long|no number/,
  ],
  [
    'a proof with a thousand hashes',
    withProof((p) => p.replace(/(index \d+\n)/, `$1${zeros.repeat(1e3)}`)),
    /receipt is none|malformed/,
    /no tlog-proof/,
  ],
  [
    'a proof with thirty thousand hashes',
    withProof((p) => p.replace(/(index \d+\n)/, `$1${zeros.repeat(3e4)}`)),
    /receipt is none/,
    /no tlog-proof/,
  ],
  [
    'a path of twenty thousand hashes to the batch',
    { ...whole, entries: whole.entries.map((one) => ({ ...one, path: Array(2e4).fill('A'.repeat(43)) })) },
    /receipt is none/,
    /no path of|too long/,
  ],
  [
    'a batch of 2^53 records',
    {
      ...whole,
      entries: whole.entries.map((one) => ({ ...one, head: one.head.replace('1 3', '1 9007199254740991') })),
    },
    /not signed by this bank/,
    /the signature of bank_\w+ is wrong/,
  ],
  [
    'a parcel that is no text',
    { ...whole, parcel: { toString: 1 } },
    /receipt is none/,
    /the receipt is malformed/,
  ],
  [
    'openings that are nothing',
    { ...whole, entries: whole.entries.map((one) => ({ ...one, openings: null })) },
    /receipt is none/,
    /an entry is malformed/,
  ],
  ['a log that is an empty text', { ...whole, log: '' }, /vkey-malformed/, /no vkey/],
  [
    'a log that is an object',
    { ...whole, log: { toString: 1 } },
    /receipt is none/,
    /the receipt is malformed/,
  ],
  [
    'a roster that is an object',
    { ...whole, roster: { toString: 1 } },
    /receipt is none/,
    /the receipt is malformed/,
  ],
  ['a receipt of another version', { ...whole, v: 3 }, /receipt is none/, /of another version/],
  ['no object at all', 5, /receipt is none/, /the receipt is malformed/],
];

/** The routine that `holdfast verify` runs over a receipt, with the reading that goes before it. */
function oursOf(value: unknown): { holds: boolean; says: string } {
  const read = keptReceipt.safeParse(value);
  if (!read.success) return { holds: false, says: 'the receipt is none' };
  const rules = parsePolicyFile(policy);
  assert.ok(rules.ok);
  const trust = { site: id('site'), rootKeys: asked.rootKeys, k: asked.signatures, policy: rules.policy };
  const { holds, verdicts } = verifyReceipt(read.data, trust);
  return { holds, says: verdicts.find((one) => one.holds === false)?.says ?? '' };
}

test('what is wrong in a receipt or its proofs is refused by its own sentence, by both', async (t) => {
  const good = { kind: 'receipt', of: { receipt: JSON.stringify(whole), ...asked, policy } } as const;
  const cases = RECEIPTS.map(
    ([, value]): AloneCase => ({ kind: 'receipt', of: { ...good.of, receipt: JSON.stringify(value) } }),
  );
  const [first, ...told] = aloneOn(home, [good, ...cases], 256);
  assert.deepEqual([first?.holds, oursOf(whole).holds], [true, true]);
  for (const [at, [name, value, ours, alone]] of RECEIPTS.entries())
    await t.test(name, () => {
      const [mine, its] = [oursOf(value), told[at]];
      assert.deepEqual([mine.holds, its?.holds], [false, false]);
      assert.match(mine.says, ours);
      assert.match(its?.says.at(-1) ?? '', alone);
    });
});

test('a signature under a name that nobody knows is passed over by both, whatever the name', () => {
  // C2SP signed-note: verifiers ignore signatures from unknown keys. U+007F and what follows it is no white space.
  const notes = ['x', 'a\u007fb', 'a\u0080b', 'a\u009fb', '\u{10ffff}'].map((name) =>
    withProof((proof) => `${proof}— ${name} AAAAAAAA\n`),
  );
  const cases = notes.map(
    (one): AloneCase => ({ kind: 'receipt', of: { receipt: JSON.stringify(one), ...asked, policy } }),
  );
  for (const [at, told] of aloneOn(home, cases, 256).entries())
    assert.deepEqual([oursOf(notes[at]), told.holds], [{ holds: true, says: '' }, true], told.says.at(-1));
});

// Policies.

const POLICIES: readonly Row<string>[] = [
  [
    'a witness in two groups',
    'group h any w0 w1\ngroup i any w1 w2',
    /w1 may not be/,
    /member w1 stands twice/,
  ],
  [
    'a group in two groups',
    'group h any w0\ngroup i any h\ngroup j any h w1',
    /h may not be/,
    /member h stands/,
  ],
  [
    'a witness beside its group',
    'group h any w0\ngroup i any h w0',
    /w0 may not be/,
    /member w0 stands twice/,
  ],
  ['a witness twice in a group', 'group h 2 w0 w0', /w0 may not be/, /member w0 stands twice/],
  ['nobody as a member', 'group h any w0 none', /none may not be/, /asks for any of w0 none/],
  ['a group twice', 'group h any w0\ngroup h any w1', /h stands twice/, /h stands twice/],
];

test('what is wrong in a policy is refused by its own sentence, by both', async (t) => {
  const receipt = file('proven.json', JSON.stringify(whole));
  const named = (lines: string) => policy.replace(/^group [\s\S]*/m, `${lines}\nquorum h\n`);
  const trust = (name: string, lines: string) => [
    ...roots,
    '--signatures',
    '2',
    '--policy',
    file(name, lines),
  ];
  const roots = asked.rootKeys.flatMap((key, at) => [
    '--root-key',
    file(`root-${at}.pub`, JSON.stringify({ key })),
  ]);
  const good = named('group g all w1 w2\ngroup h any w0 g');
  assert.deepEqual([parsePolicyFile(good).ok, alone(receipt, ...trust('good.txt', good)).status], [true, 0]);
  for (const [at, [name, lines, ours, its]] of POLICIES.entries())
    await t.test(name, () => {
      const read = parsePolicyFile(named(lines));
      assert.match(read.ok ? '' : read.why, ours);
      const { status, stderr } = alone(receipt, ...trust(`policy-${at}.txt`, named(lines)));
      assert.equal(status, 2);
      assert.match(stderr, its);
    });
});

// Bundles.

const made = makeBundle(join(home, 'small.tar'), 40);
const files = unpacked(made.path);
const rename = (name: string) => (manifest: { files: { name: string }[] }) => {
  const [first] = manifest.files;
  if (first) first.name = name;
};

/** A zip of one file whose few bytes say that they become four gigabytes (APPNOTE, section 4.3.7). */
function zipBomb(): Uint8Array {
  const deflated = gzipSync(Buffer.alloc(10_000_000)).subarray(10, -8);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(deflated.length, 18);
  header.writeUInt32LE(0xffffffff, 22);
  header.writeUInt16LE('manifest.json'.length, 26);
  return Buffer.concat([header, Buffer.from('manifest.json'), deflated]);
}

const NOT_PLAIN = /not one of a plain file/;
const BUNDLES: readonly Row<Uint8Array>[] = [
  ['a zip bomb', zipBomb(), NOT_PLAIN, NOT_PLAIN],
  ['a bundle that was zipped', gzipSync(readFileSync(made.path)), NOT_PLAIN, NOT_PLAIN],
  ['a gigabyte of zeros, zipped', gzipSync(Buffer.alloc(100_000_000)), NOT_PLAIN, NOT_PLAIN],
  ['an encrypted one', Buffer.concat([Buffer.of(0x30, 0x82), Buffer.alloc(4_000, 7)]), NOT_PLAIN, NOT_PLAIN],
  [
    'a manifest that names ../x',
    tampered(files, { manifest: rename('../x') }),
    /\.\.\/x, which the manifest names, is not in the bundle|does not name/,
    /the manifest does not name records.jsonl/,
  ],
  [
    'a file ../x',
    packed([...files, ['../x', utf8('x')]]),
    /\.\.\/x is no file of a bundle/,
    /\.\.\/x is no file of a bundle/,
  ],
  [
    'a manifest that names one file twice',
    tampered(files, { manifest: (manifest) => manifest.files.push(...manifest.files.slice(0, 1)) }),
    /names a file twice/,
    /names a file that is not here, or one twice/,
  ],
  [
    'a manifest that names no file by a number',
    tampered(files, {
      manifest: (manifest) => Object.assign(manifest.files[0] ?? {}, { name: { toString: 1 } }),
    }),
    /manifest.json is malformed/,
    /the manifest does not name/,
  ],
  [
    'openings that are nothing',
    tampered(files, { edit: { 'opened.jsonl': () => '{"index":0,"openings":null}\n' } }),
    /opened.jsonl is malformed/,
    /opened.jsonl is malformed/,
  ],
  [
    'a line of openings that is null',
    tampered(files, { edit: { 'opened.jsonl': () => 'null\n' } }),
    /opened.jsonl is malformed/,
    /opened.jsonl is malformed/,
  ],
  [
    'a head that is a list',
    tampered(files, { edit: { 'heads.jsonl': () => '[]\n' } }),
    /heads.jsonl is malformed/,
    /heads.jsonl is malformed/,
  ],
  [
    'keys without a log',
    tampered(files, { edit: { 'keys.json': () => '{"log":{},"rosters":[]}' } }),
    /keys.json is malformed/,
    /keys.json is malformed/,
  ],
  [
    'a log’s key under another name',
    tampered(files, {
      edit: { 'keys.json': (text) => text.replace(/"vkey":"[^"]+"/, () => `"vkey":"${renamed}"`) },
    }),
    /one of log.example\/b, not of the log/,
    /no log of the policy signed/,
  ],
  [
    'a checkpoint with trailing bytes',
    tampered(files, { edit: { checkpoint: (text) => `${text}x` } }),
    /note-malformed/,
    /the note is malformed/,
  ],
  [
    'a manifest that is no UTF-8',
    packed(new Map([...files, ['manifest.json', Uint8Array.of(0xff, 0xfe)]])),
    /manifest.json is no UTF-8/,
    /manifest.json is no UTF-8/,
  ],
  [
    'an index of 2^64',
    tampered(files, {
      edit: { 'records.jsonl': (text) => text.replace('"index":0', '"index":18446744073709551616') },
    }),
    /number-huge/,
    /the index of a record is no number/,
  ],
];

test('what is wrong in a bundle is refused by its own sentence, by both', async (t) => {
  const rootKeys = [base64url(made.root.publicKey)];
  const cases = BUNDLES.map(
    ([, bytes], at): AloneCase => ({ kind: 'bundle', of: { path: file(`${at}.tar`, bytes), rootKeys } }),
  );
  const told = aloneOn(home, cases, 64);
  for (const [at, [name, bytes, ours, alone]] of BUNDLES.entries())
    await t.test(name, () => {
      const { lines, holds } = verifyBundle(sourceOf(bytes), { ...noTrust, rootKeys });
      assert.deepEqual([holds, told[at]?.holds], [false, false]);
      assert.match(lines.at(-1)?.says ?? '', ours);
      assert.match(told[at]?.says.at(-1) ?? '', alone);
    });
});

// Files that are read at once, as the commands read them.

const rootKey = file('root.pub', JSON.stringify({ key: asked.rootKeys[0] }));
/** What this process was preloaded with, a sabotage for one, the commands are preloaded with as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);
const run = (...program: string[]) => {
  const args = [...preloads, '--max-old-space-size=64', ...program];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
  // Whoever breaks it on purpose is told there.
  process.stderr.write(ran.stderr);
  return ran;
};
const alone = (...args: string[]) => run(join(ROOT, 'verify/verify.mjs'), 'receipt', ...args);
const holdfast = (...args: string[]) => run(join(ROOT, 'bin/holdfast.ts'), 'verify', ...args);

test('a receipt, a key or a policy of any length, or without an end, is refused before it is read, by both', () => {
  const huge = file('huge.json', '{"v":2');
  truncateSync(huge, 3_000_000_000);
  const receipt = file('receipt.json', JSON.stringify(RECEIPT));
  for (const verifier of [alone, holdfast])
    for (const args of [
      [huge, '--root-key', rootKey],
      [receipt, '--root-key', huge],
      [receipt, '--root-key', rootKey, '--policy', huge],
      ['/dev/zero', '--root-key', rootKey],
      [receipt, '--root-key', '/dev/zero'],
      [home, '--root-key', rootKey],
    ]) {
      const { status, stdout, stderr } = verifier(...args);
      assert.ok(status === 1 || status === 2, `${args.join(' ')}\n${stderr}`);
      assert.match(
        stdout + stderr,
        /no plain file|more than|cannot be read|not one of a plain file|EISDIR/,
        args.join(' '),
      );
      assert.doesNotMatch(stdout + stderr, /^\s+at .*\.(ts|mjs):\d+/m, 'a sentence, and no trace');
      assert.doesNotMatch(stdout, /^verified/m);
    }
});
