/** The proofs in a receipt, in the hands of who would like a record to stand in a log in which it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../crypto/bytes.ts';
import { signCheckpoint } from './log/checkpoint.ts';
import { EMPTY_LOG, growTree, headOf } from './log/growth.ts';
import { type PolicyFile, parsePolicyFile } from './log/policy-file.ts';
import { encodeProof } from './log/proof-file.ts';
import { proveInclusion } from './log/prove.ts';
import { cosignatureLine } from './log/signatures.ts';
import { MemoryTiles, modelLeaf, RFC_SECRETS, signerOf } from './log/test-model.ts';
import { vkeyText } from './log/vkey.ts';
import { judgeProofs, PROOF_TO_COME, type Provable } from './receipt-log.ts';

const LOG = signerOf('ledger.example.org/log/tenant_a/1', RFC_SECRETS[0]);
const WITNESSES = RFC_SECRETS.slice(1).map((secret, at) => signerOf(`witness.example.org/${at + 1}`, secret));
const VKEY = vkeyText({ type: 'signature', ...LOG });

function policyOf(k: number): PolicyFile {
  const keys = WITNESSES.map((one, at) => `witness w${at} ${vkeyText({ type: 'cosignature', ...one })}`);
  const read = parsePolicyFile([`log ${VKEY}`, ...keys, `group g ${k} w0 w1 w2`, 'quorum g'].join('\n'));
  assert.ok(read.ok);
  return read.policy;
}

const LEAVES = Array.from({ length: 700 }, (_, at) => modelLeaf(utf8(`record ${at}`)));

/** Records 1 and 2 of a journal, at two places of a log that three witnesses cosigned. */
async function provable(): Promise<Provable[]> {
  const tiles = new MemoryTiles();
  const { state, objects } = growTree(EMPTY_LOG, LEAVES);
  tiles.write(objects);
  const head = headOf(state);
  const note = signCheckpoint({ origin: LOG.name, ...head }, LOG);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const lines = WITNESSES.map((signer) => cosignatureLine({ text, signer, atS: 1_790_000_000 }));
  const all = [300, 555].map(async (index, at) => {
    const proved = await proveInclusion(tiles, { index, head });
    assert.ok(proved.ok);
    const proof = encodeProof({ index, path: proved.value.path, checkpoint: note + lines.join('') });
    return { seq: at + 1, leaf: LEAVES[index] ?? assert.fail(), proof };
  });
  return Promise.all(all);
}

type Trust = Parameters<typeof judgeProofs>[1];
const holds = (records: readonly Provable[], trust: Partial<Trust> = {}): boolean =>
  judgeProofs(records, { log: VKEY, policy: policyOf(3), ...trust }).every((one) => one.holds !== false);
const says = (records: readonly Provable[], trust: Partial<Trust> = {}): string[] =>
  judgeProofs(records, { log: VKEY, policy: undefined, ...trust }).map(
    (one) => `${one.holds === null ? '--' : one.holds} ${one.says}`,
  );

test('each record’s proof leads to the cosigned checkpoint, which is judged once; each has at most 2,000 bytes', async () => {
  const records = await provable();
  for (const { proof } of records) assert.ok(Buffer.byteLength(proof ?? '') <= 2_000);
  assert.ok(holds(records));
  const lines = says(records, { policy: policyOf(2) });
  assert.equal(lines.filter((line) => line.includes('signed a tree of 700')).length, 1);
  assert.ok(lines.includes('true 3 of 3 witnesses cosigned, which is the quorum g'));
  assert.ok(lines.includes('true record 2: entry 555 of the 700 that the log signed'));
});

test('without a policy the key is the receipt’s own word, and the lines say so', async () => {
  const lines = says(await provable());
  assert.match(lines[0] ?? '', /by the key that the receipt names$/);
  assert.match(lines[1] ?? '', /^-- cosignatures: not judged, .*; 3 other signature lines stand there$/);
});

/** Another character of the same alphabet at one place of a line. */
function flipped(proof: string, line: number, at: number): string {
  const lines = proof.split('\n');
  const text = lines.at(line) ?? assert.fail();
  const from = at < 0 ? text.length + at : at;
  lines[line < 0 ? lines.length + line : line] =
    `${text.slice(0, from)}${text[from] === '1' ? '2' : '1'}${text.slice(from + 1)}`;
  return lines.join('\n');
}

test('whatever is changed in a proof, a byte of each kind, is found', async () => {
  const [first, second] = await provable();
  assert.ok(first?.proof && second?.proof);
  const { proof } = first;
  const origin = proof.split('\n').indexOf(LOG.name);
  const changed = {
    title: flipped(proof, 0, -1),
    index: flipped(proof, 1, 6),
    hash: flipped(proof, 2, 5),
    'last hash': flipped(proof, origin - 2, 5),
    origin: flipped(proof, origin, 3),
    size: flipped(proof, origin + 1, 0),
    root: flipped(proof, origin + 2, 7),
    signature: flipped(proof, origin + 4, -9),
    'signer’s name': flipped(proof, origin + 4, 4),
    cosignature: flipped(proof, -2, -9),
    'cosignature’s time': flipped(proof, -2, -90),
    'a cosignature is gone': `${proof.split('\n').slice(0, -2).join('\n')}\n`,
    'a hash is gone': proof.split('\n').toSpliced(2, 1).join('\n'),
    'another record’s': second.proof,
  };
  const taken = Object.entries(changed).filter(([, text]) => holds([{ ...first, proof: text }, second]));
  assert.deepEqual(
    taken.map(([what]) => what),
    [],
  );
  assert.ok(!holds([{ ...first, leaf: LEAVES[301] ?? assert.fail() }]), 'another record’s bytes');
});

test('a log that the policy does not know, or that the receipt does not name, is nobody’s', async () => {
  const records = await provable();
  const [log] = [signerOf('ledger.example.org/log/tenant_b/1', RFC_SECRETS[0])];
  const other = vkeyText({ type: 'signature', ...log });
  assert.ok(!holds(records, { log: other }));
  assert.ok(!holds(records, { log: other, policy: undefined }));
  assert.ok(!holds(records, { log: null, policy: undefined }));
  assert.ok(!holds(records, { log: 'no key', policy: undefined }));
  const [witness] = WITNESSES;
  assert.ok(
    witness && !holds(records, { log: vkeyText({ type: 'cosignature', ...witness }), policy: undefined }),
  );
});

test('a proof that is to come is said plainly, and is none for who gives a policy', async () => {
  const [first, second] = await provable();
  assert.ok(first && second);
  const waits = [first, { ...second, proof: PROOF_TO_COME }];
  assert.ok(says(waits).includes('-- record 2: the log’s proof is still to come; fetch the receipt again'));
  assert.ok(holds(waits, { policy: undefined }));
  assert.ok(!holds(waits));
  const none = [{ ...first, proof: null }];
  assert.ok(!holds(none, { policy: undefined }), 'neither a proof nor word of one');
  assert.deepEqual(says(none, { log: null }), [
    '-- not shown: that the records stand in a log; this receipt names none',
  ]);
  assert.ok(!holds(none, { log: null }));
});
