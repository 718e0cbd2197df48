/**
 * The vectors, and the page of the format, held to implementations written a second time here: a naive
 * canonical writer, plain hashes and signatures of node:crypto. Nothing of ours is believed before that.
 */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, createVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromBase64url, fromHex, fromUtf8, hex } from '../crypto/bytes.ts';
import { type KindSpec, kindSpec, RECORD_KINDS } from '../domain/kinds.ts';
import { judgeBatch, NOTHING_COMMITTED, openHead } from './batch.ts';
import { claimHash, openOrder } from './order.ts';
import { encodeRecord, type LedgerRecord, NO_HASH, parseRecord } from './record.ts';
import { includes } from './tree.ts';

type Vector = {
  name: string;
  record: LedgerRecord;
  canonicalHex: string;
  leafHash: string;
  openings: Record<string, { salt: string; value: string }>;
};
const vectorsFile = new URL('../contract/vectors/record/v1.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as { vectors: Vector[] };

/** RFC 8785 as far as records need it, written a second time: sorted keys, no space, whole numbers. */
function naiveCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naiveCanonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${naiveCanonical(part)}`).join(',')}}`;
}

const naiveLeaf = (bytes: Uint8Array) => createHash('sha256').update('\0').update(bytes).digest('base64url');
const naiveCommitment = (salt: string, value: string) =>
  createHash('sha256').update(Buffer.from(salt, 'base64url')).update(value, 'utf8').digest('base64url');
const bytesOf = (text: string) => fromBase64url(text) ?? assert.fail();

for (const { name, record, canonicalHex, leafHash, openings } of vectors) {
  test(`vector: ${name}`, () => {
    const bytes = fromHex(canonicalHex);
    assert.equal(naiveCanonical(record), fromUtf8(bytes));
    assert.equal(naiveLeaf(bytes), leafHash);
    assert.deepEqual(Object.keys(openings).sort(), Object.keys(record.commitments).sort());
    for (const [field, { salt, value }] of Object.entries(openings)) {
      assert.equal(
        naiveCommitment(salt, value),
        record.commitments[field as keyof typeof record.commitments],
      );
    }
    assert.deepEqual(parseRecord(bytes), { ok: true, record });
    assert.equal(hex(encodeRecord(record)), canonicalHex);
  });
}

test('the vectors are two chains, each from the first record', () => {
  const heads = new Map<string, { seq: number; prev: string }>();
  for (const { record, leafHash } of vectors) {
    const before = heads.get(record.source) ?? { seq: 0, prev: NO_HASH };
    assert.equal(record.seq, before.seq + 1);
    assert.equal(record.prev, before.prev);
    heads.set(record.source, { seq: record.seq, prev: leafHash });
  }
  assert.equal(heads.size, 2);
});

const vectorFile = new URL('../contract/vectors/batch/v1.json', import.meta.url);

test('vectors: heads, hashes, signatures and paths, recomputed with plain node:crypto', () => {
  const vector = JSON.parse(readFileSync(vectorFile, 'utf8'));
  const publicKey = createPublicKey({
    key: Buffer.from(vector.key.publicKey, 'base64url'),
    format: 'der',
    type: 'spki',
  });
  const sha = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const root = (leaves: Buffer[]): Buffer => {
    if (leaves.length === 1) return leaves[0] ?? assert.fail();
    const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
    return sha('\x01', root(leaves.slice(0, split)), root(leaves.slice(split)));
  };
  let previous = sha().toString('base64');
  for (const { head, text, headHash: hash, note, recordsHex, paths } of vector.batches) {
    const leaves: Buffer[] = recordsHex.map((record: string) => sha('\0', Buffer.from(record, 'hex')));
    const rootText: string = root(leaves).toString('base64');
    assert.equal(
      text,
      `holdfast/batch-head/v1\n${head.bank}\n${head.first} ${head.last}\n${previous}\n${rootText}\n`,
    );
    assert.equal(sha(text).toString('base64url'), hash);
    const signature = Buffer.from(note.trimEnd().split(' ').at(-1), 'base64').subarray(4);
    assert.ok(createVerify('sha256').update(text).verify(publicKey, signature));
    assert.deepEqual(openHead(note, { name: head.bank, publicKey: bytesOf(vector.key.publicKey) }), head);
    for (const { index, leaf, path } of paths as { index: number; leaf: string; path: string[] }[]) {
      assert.equal(leaf, leaves[index]?.toString('base64url'));
      const claim = {
        leaf: bytesOf(leaf),
        index,
        size: leaves.length,
        path: path.map(bytesOf),
        root: bytesOf(head.root),
      };
      assert.ok(includes(claim));
    }
    previous = sha(text).toString('base64');
  }
});

test('vectors: the batches are taken one after the other', () => {
  const vector = JSON.parse(readFileSync(vectorFile, 'utf8'));
  let committed = NOTHING_COMMITTED;
  for (const { note, head, recordsHex } of vector.batches) {
    const verifier = { name: head.bank, publicKey: bytesOf(vector.key.publicKey) };
    const judgement = judgeBatch({
      note,
      records: recordsHex.map(fromHex),
      key: verifier,
      committed,
      headAt: () => undefined,
    });
    assert.equal(judgement.verdict, 'append');
    if (judgement.verdict === 'append') committed = judgement.next;
  }
  assert.equal(committed.lastSeq, 7);
});

test('docs/reference/record.md: the worked example is recomputed from the page alone', () => {
  const page = readFileSync(new URL('../../docs/reference/record.md', import.meta.url), 'utf8');
  const block = (label: string) =>
    new RegExp(`<!-- example: ${label} -->\\n\\n\`\`\`[a-z]*\\n([^\`]*)\\n\`\`\``).exec(page)?.[1] ??
    assert.fail(`no block ${label}`);
  const bytes = Buffer.from(block('bytes'), 'utf8');
  assert.equal(naiveCanonical(JSON.parse(block('record'))), block('bytes'));
  assert.equal(bytes.length, Number(block('length')));
  assert.equal(naiveLeaf(bytes), block('leaf hash'));
  const parsed = parseRecord(bytes);
  assert.ok(parsed.ok);
  const openings = JSON.parse(block('openings')) as Record<string, { salt: string; value: string }>;
  assert.ok(Object.keys(openings).length > 0);
  assert.deepEqual(Object.keys(openings).sort(), Object.keys(parsed.record.commitments).sort());
  for (const [field, { salt, value }] of Object.entries(openings)) {
    assert.equal(naiveCommitment(salt, value), (parsed.record.commitments as Record<string, string>)[field]);
  }
});

test('docs/reference/record.md lists every kind as it is (node tools/vectors.ts kinds writes the table)', () => {
  const page = readFileSync(new URL('../../docs/reference/record.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.split('|').length === 7);
  const expected = RECORD_KINDS.map((kind) => {
    const { by, facts, commits, has }: KindSpec = kindSpec(kind);
    return `| \`${kind}\` | ${by} | ${Object.keys(facts).join(', ')} | ${commits.join(', ')} | ${(has ?? []).join(', ')} |`;
  });
  assert.deepEqual(rows, expected);
});

const orderFile = new URL('../contract/vectors/order/v1.json', import.meta.url);

test('docs/reference/orders.md and the vector: text, hash, signature and claim, with plain node:crypto', () => {
  const vector = JSON.parse(readFileSync(orderFile, 'utf8'));
  const page = readFileSync(new URL('../../docs/reference/orders.md', import.meta.url), 'utf8');
  const block = (label: string) =>
    new RegExp(`<!-- example: ${label} -->\\n\\n\`\`\`text\\n([^\`]*)\\n\`\`\``).exec(page)?.[1] ??
    assert.fail(`no block ${label}`);
  const note = `${block('order note')}\n`;
  assert.equal(note, vector.note);
  const [text = '', line = ''] = note.split('\n\n');
  const { order } = vector;
  assert.equal(text, `holdfast/order/v1\n${order.bank}\n${naiveCanonical(order)}`);
  const hash = (label: string, rest: string) =>
    createHash('sha256').update(`${label}\0${rest}`).digest('base64url');
  assert.equal(hash('note/v1', `${text}\n`), block('order hash'));
  assert.equal(hash('claim/v1', block('claim')), block('claim hash'));
  assert.equal(order.act.claim, block('claim hash'));
  const spki = Buffer.from(vector.key.publicKey, 'base64url');
  const signed = Buffer.from(line.trimEnd().split(' ').at(-1) ?? '', 'base64');
  assert.deepEqual(signed.subarray(0, 4), createHash('sha256').update(spki).digest().subarray(0, 4));
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  assert.ok(createVerify('sha256').update(`${text}\n`).verify(publicKey, signed.subarray(4)));
  const { tenant, site, bank } = order;
  const opened = openOrder(note, { tenant, site, bank, keys: [vector.key.publicKey], k: 1 });
  assert.deepEqual(opened, { ok: true, value: { order, signers: [vector.key.publicKey] } });
  assert.equal(claimHash(block('claim')), block('claim hash'));
});
