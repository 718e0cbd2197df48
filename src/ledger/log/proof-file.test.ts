import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '../../crypto/bytes.ts';
import { signCheckpoint } from './checkpoint.ts';
import { type LogPolicy, readPolicy } from './policy.ts';
import { encodeProof, type ProofFile, parseProof, verifyProof } from './proof-file.ts';
import { cosignatureLine, type LogSigner } from './signatures.ts';
import { modelLeaves, modelPath, modelRoot, RFC_SECRETS, signerOf } from './test-model.ts';
import { vkeyText } from './vkey.ts';

const [LOG_SECRET, ...WITNESS_SECRETS] = RFC_SECRETS;
const NOW_S = 1_790_000_000;

type Named = { origin: string; witnesses: readonly string[] };
const SHORT: Named = { origin: 'log.example/a', witnesses: ['w.example/1', 'w.example/2', 'w.example/3'] };
/** As long as names are in use: an origin that ends in an id of 26 letters, witnesses under their own domains. */
const LONG: Named = {
  origin: 'ledger.example.com/tenant_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  witnesses: [1, 2, 3].map((number) => `witness-${number}.auditor.example.org/holdfast`),
};

function peopleOf(named: Named): { log: LogSigner; witnesses: LogSigner[]; policy: LogPolicy } {
  const log = signerOf(named.origin, LOG_SECRET);
  const witnesses = WITNESS_SECRETS.map((secret, at) => signerOf(named.witnesses[at] ?? '', secret));
  const policy = readPolicy({
    origin: named.origin,
    logs: [vkeyText({ type: 'signature', ...log })],
    witnesses: witnesses.map((witness) => vkeyText({ type: 'cosignature', ...witness })),
    quorum: 3,
  });
  assert.ok(policy.ok);
  return { log, witnesses, policy: policy.value };
}

type Made = { index: number; size: number; root: Uint8Array; path: readonly Uint8Array[]; named: Named };

function fileOf({ index, size, root, path, named }: Made): ProofFile {
  const { log, witnesses } = peopleOf(named);
  const checkpoint = signCheckpoint({ origin: named.origin, size, root }, log);
  const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
  const lines = witnesses.map((signer) => cosignatureLine({ text, signer, atS: NOW_S }));
  return { index, path, checkpoint: checkpoint + lines.join('') };
}

const leaves = modelLeaves(29);
const { policy } = peopleOf(SHORT);
const root = modelRoot(leaves);
const small = (index: number) =>
  fileOf({ index, size: 29, root, path: modelPath(index, leaves), named: SHORT });
const leafAt = (index: number) => leaves[index] ?? assert.fail();
const reasonOf = (answer: { ok: true } | { ok: false; reason: string }) => (answer.ok ? 'ok' : answer.reason);

test('a proof file verifies with nothing but the policy and the leaf, for every entry', () => {
  for (const index of leaves.keys()) {
    const text = encodeProof(small(index));
    assert.deepEqual(parseProof(text), { ok: true, value: small(index) });
    const verified = verifyProof(text, { leaf: leafAt(index), policy });
    assert.ok(verified.ok, `entry ${index}`);
    assert.equal(verified.value.index, index);
    assert.deepEqual(
      verified.value.verdict.cosigned,
      SHORT.witnesses.map((name) => ({ name, atS: NOW_S })),
    );
    assert.equal(reasonOf(verifyProof(text, { leaf: leafAt((index + 1) % 29), policy })), 'inclusion-wrong');
  }
});

test('extra data is carried along and believed by nobody', () => {
  const file = { ...small(3), extra: utf8('anything at all') };
  const text = encodeProof(file);
  assert.match(text, /^c2sp\.org\/tlog-proof@v1\nextra YW55dGhpbmcgYXQgYWxs\nindex 3\n/);
  assert.deepEqual(parseProof(text), { ok: true, value: file });
  assert.equal(reasonOf(verifyProof(text, { leaf: leafAt(3), policy })), 'ok');
  const changed = text.replace('YW55', 'YW54');
  assert.equal(reasonOf(verifyProof(changed, { leaf: leafAt(3), policy })), 'ok');
});

test('a proof with three cosignatures has at most 2,000 bytes in a log of 16 million entries', () => {
  // A tree of 2^24 leaves, of which only the path exists: its root is what the path leads to.
  const sha = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  };
  const index = 2 ** 24 - 2;
  const leaf = sha('\0', 'entry');
  const path = Array.from({ length: 24 }, (_, at) => sha(`sibling ${at}`));
  let far = leaf;
  for (const [at, sibling] of path.entries())
    far = Math.floor(index / 2 ** at) % 2 === 1 ? sha('\x01', sibling, far) : sha('\x01', far, sibling);
  const text = encodeProof(fileOf({ index, size: 2 ** 24, root: far, path, named: LONG }));
  assert.equal(reasonOf(verifyProof(text, { leaf, policy: peopleOf(LONG).policy })), 'ok');
  const bytes = Buffer.byteLength(text);
  assert.ok(bytes <= 2000, `${bytes} bytes`);
});

test('a proof in any other form is refused', () => {
  const good = encodeProof(small(3));
  const hash = Buffer.alloc(32).toString('base64');
  const cases: [string, string][] = [
    [good.replace('@v1', '@v2'), 'proof-malformed'],
    [good.replace('c2sp', ' c2sp'), 'proof-malformed'],
    [good.replace('\nindex 3', ''), 'proof-malformed'],
    [good.replace('index 3', 'index  3'), 'number-malformed'],
    [good.replace('index 3', 'index 03'), 'number-malformed'],
    [good.replace('index 3', 'index -3'), 'number-malformed'],
    [good.replace('index 3', 'index 9007199254740992'), 'number-huge'],
    [good.replace('\nindex', '\nextra !!\nindex'), 'proof-malformed'],
    [good.replace('\nindex', '\nextra AA==\nextra AA==\nindex'), 'proof-malformed'],
    [good.replace('\nindex 3\n', `\nindex 3\n${hash.slice(4)}\n`), 'proof-malformed'],
    [good.replace('\nindex 3\n', `\nindex 3\nAA${hash.slice(2)} \n`), 'proof-malformed'],
    [good.replace('\nindex 3\n', `\nindex 3\n${`${hash}\n`.repeat(60)}`), 'proof-malformed'],
    [good.replaceAll('\n', '\r\n'), 'proof-malformed'],
    ['', 'proof-malformed'],
    ['c2sp.org/tlog-proof@v1\nindex 3\n', 'proof-malformed'],
    ['x'.repeat(300_000), 'proof-too-long'],
  ];
  for (const [text, reason] of cases)
    assert.equal(reasonOf(parseProof(text)), reason, JSON.stringify(text.slice(0, 90)));
  assert.throws(() => encodeProof({ ...small(3), index: -1 }), /no proof/);
  assert.throws(() => encodeProof({ ...small(3), path: leaves.concat(leaves, leaves) }), /no proof/);
});
