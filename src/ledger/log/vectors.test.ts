/**
 * What others published, and the page of the format. The page is recomputed with plain hashes and signatures
 * of node:crypto first; then the house's own functions have to give, and take, the same bytes.
 */
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../crypto/bytes.ts';
import { decodeBundle } from './bundle.ts';
import { openCheckpoint, signCheckpoint, type TreeHead } from './checkpoint.ts';
import { isConsistent } from './consistency.ts';
import { EMPTY_LOG, growBundles, growTree, headOf, type LogState } from './growth.ts';
import { isIncluded } from './inclusion.ts';
import { parseTilePath, type Tile, tilePath } from './layout.ts';
import { openWitnessed, readPolicy } from './policy.ts';
import { parseProof, verifyProof } from './proof-file.ts';
import { proveConsistency, proveInclusion } from './prove.ts';
import { LOG_REFUSALS } from './refusals.ts';
import { cosignatureLine, openLogNote, splitNote } from './signatures.ts';
import { MemoryTiles, modelLeaf, RFC_SECRETS, signerOf } from './test-model.ts';
import { type LogKey, parseVkey } from './vkey.ts';
import { judgeAddCheckpoint, parseAddCheckpoint } from './witness.ts';

const vectorsOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../contract/vectors/tlog/${name}`, import.meta.url), 'utf8'));
const bytesOf = (text: string | null) => new Uint8Array(Buffer.from(text ?? '', 'base64'));
const keyOf = (vkey: string): LogKey => {
  const key = parseVkey(vkey);
  assert.ok(key.ok, vkey);
  return key.value;
};

type ProofVector = { name: string; root: string; proof: string[]; wantErr: boolean };

test('transparency-dev/merkle: its inclusion vectors, right and wrong', () => {
  type Vector = ProofVector & { leafIdx: number; treeSize: number; leafHash: string };
  const { inclusion } = vectorsOf('merkle.json') as { inclusion: Vector[] };
  assert.equal(inclusion.length, 98);
  for (const { name, leafIdx, treeSize, root, leafHash, proof, wantErr } of inclusion) {
    const head = { size: treeSize, root: bytesOf(root) };
    const claim = { leaf: bytesOf(leafHash), index: leafIdx, head, path: proof.map(bytesOf) };
    assert.equal(isIncluded(claim), !wantErr, name);
  }
});

test('transparency-dev/merkle: its consistency vectors, right and wrong', () => {
  type Vector = ProofVector & { size1: number; size2: number; root1: string; root2: string };
  const { consistency } = vectorsOf('merkle.json') as { consistency: Vector[] };
  assert.equal(consistency.length, 98);
  for (const { name, size1, size2, root1, root2, proof, wantErr } of consistency) {
    const from = { size: size1, root: bytesOf(root1) };
    const claim = { from, to: { size: size2, root: bytesOf(root2) }, proof: proof.map(bytesOf) };
    // There, nothing is said of the empty tree; here, as with witnesses, every tree continues it.
    const isFromEmpty = name === '0/happy-path';
    assert.equal(isConsistent(claim), isFromEmpty || !wantErr, name);
  }
});

test('published notes verify with their published keys: C2SP signed-note, sumdb/note', () => {
  type Vector = {
    source: string;
    vkeys: string[];
    note: string;
    signedBy: string[];
    timesS: (number | null)[];
  };
  const { notes } = vectorsOf('notes.json') as { notes: Vector[] };
  for (const { source, vkeys, note, signedBy, timesS } of notes) {
    const opened = openLogNote(note, vkeys.map(keyOf));
    assert.ok(opened.ok, source);
    assert.deepEqual(
      opened.value.signatures.map(({ key }) => key.name),
      signedBy,
    );
    assert.deepEqual(
      opened.value.signatures.map(({ atS }) => atS),
      timesS,
    );
    const bent = openLogNote(note.replace('is', 'as'), vkeys.map(keyOf));
    assert.ok(!bent.ok && bent.reason === 'signature-wrong', source);
  }
});

test('published checkpoints verify, one of them with the cosignature of a witness', () => {
  type Vector = {
    source: string;
    origin: string;
    log: string;
    witnesses: string[];
    size: number;
    note: string;
    cosigned: object[];
  };
  const { checkpoints } = vectorsOf('notes.json') as { checkpoints: Vector[] };
  for (const { source, origin, log, witnesses, size, note, cosigned } of checkpoints) {
    const policy = readPolicy({ origin, logs: [log], witnesses, quorum: witnesses.length });
    assert.ok(policy.ok, source);
    const opened = openWitnessed(note, policy.value);
    assert.ok(opened.ok, source);
    assert.equal(opened.value.checkpoint.size, size);
    assert.deepEqual(opened.value.verdict.cosigned, cosigned);
    const bent = openWitnessed(note.replace(String(size), '42'), policy.value);
    assert.ok(!bent.ok && bent.reason === 'signature-wrong', source);
  }
});

test('the examples of C2SP whose keys were not published are read in their form', () => {
  const cosigned = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
  const split = splitNote(cosigned);
  assert.ok(split.ok);
  const [log, witness] = split.value.lines;
  assert.deepEqual([log?.signature.length, witness?.signature.length], [64, 72]);
  // The time that tlog-cosignature gives for this line.
  assert.equal(Buffer.from(witness?.signature ?? []).readBigUInt64BE(), 1_679_315_147n);
  const poem = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`;
  const lines = splitNote(poem);
  assert.ok(lines.ok && lines.value.text.endsWith('\n\ned è subito sera.\n'));
});

test('a log that Tessera wrote: checkpoints, tiles and bundles are ours byte for byte, and its proofs hold', async () => {
  type Log = {
    origin: string;
    vkey: string;
    checkpoints: { size: number; checkpoint: string }[];
    objects: { path: string; hex: string }[];
  };
  const { origin, vkey, checkpoints, objects } = vectorsOf('tessera-log.json') as Log;
  const published = new Map(objects.map((object) => [object.path, object.hex]));
  const whole = decodeBundle(fromHex(published.get('tile/entries/000.p/15') ?? ''), 15);
  assert.ok(whole.ok);
  const store = new MemoryTiles();
  store.write(objects.map(({ path, hex: text }) => ({ path, bytes: fromHex(text) })));
  const heads: TreeHead[] = [];
  let state: LogState = EMPTY_LOG;
  for (const { size, checkpoint } of checkpoints) {
    const entries = whole.value.slice(state.range.size, size);
    const last = fromHex(published.get(`tile/entries/000.p/${state.range.size}`) ?? '');
    const grown = growTree(state, entries.map(modelLeaf));
    for (const { path, bytes } of [
      ...grown.objects,
      ...growBundles({ size: state.range.size, last, entries }),
    ])
      assert.equal(hex(bytes), published.get(path), path);
    state = grown.state;
    const opened = openCheckpoint(checkpoint, { origin, logKeys: [keyOf(vkey)], witnesses: [] });
    assert.ok(opened.ok, `checkpoint ${size}`);
    assert.deepEqual(opened.value.checkpoint, { origin, ...headOf(state) });
    heads.push(headOf(state));
    for (const from of heads) {
      const proved = await proveConsistency(store, { from: from.size, head: headOf(state) });
      assert.ok(proved.ok && isConsistent({ from, to: headOf(state), proof: proved.value.proof }));
    }
    for (let index = 0; index < size; index++) {
      const proved = await proveInclusion(store, { index, head: headOf(state) });
      assert.ok(proved.ok && hex(proved.value.leaf) === hex(modelLeaf(whole.value[index] ?? assert.fail())));
    }
  }
  assert.equal(heads.length, 16);
});

test('paths are those of tlog-tiles and of Tessera', () => {
  const hashes = (level: number, index: number, width = 256): Tile => ({ of: 'hashes', level, index, width });
  const entries = (index: number, width = 256): Tile => ({ of: 'entries', index, width });
  // C2SP tlog-tiles, section "Merkle Tree", and tessera api/layout/paths_test.go at 1811ae1a7c40 (Apache-2.0).
  const cases: [Tile, string][] = [
    [hashes(0, 1_234_067), 'tile/0/x001/x234/067'],
    [hashes(0, 0), 'tile/0/000'],
    [hashes(0, 0, 255), 'tile/0/000.p/255'],
    [hashes(1, 0), 'tile/1/000'],
    [hashes(15, 455_667), 'tile/15/x455/667'],
    [hashes(15, 123_456_789, 41), 'tile/15/x123/x456/789.p/41'],
    [entries(0), 'tile/entries/000'],
    [entries(0, 8), 'tile/entries/000.p/8'],
    [entries(255, 253), 'tile/entries/255.p/253'],
    [entries(123_456_789), 'tile/entries/x123/x456/789'],
    [hashes(63, 999), 'tile/63/999'],
    [hashes(0, 1000), 'tile/0/x001/000'],
    [hashes(0, 2 ** 53 - 1), 'tile/0/x009/x007/x199/x254/x740/991'],
  ];
  for (const [tile, path] of cases) {
    assert.equal(tilePath(tile), path);
    assert.deepEqual(parseTilePath(path), { ok: true, value: tile });
  }
});

test('litewitness: the answers to its published requests, one after the other', () => {
  type Asked = {
    origin: string;
    publicKeyHex: string;
    requests: { status: number; body: string; says: string }[];
  };
  const { origin, publicKeyHex, requests } = vectorsOf('add-checkpoint.json') as Asked;
  const key: LogKey = { type: 'signature', name: origin, publicKey: fromHex(publicKeyHex) };
  let remembered: TreeHead | undefined;
  const answered = requests.map(({ body, says }) => {
    const request = parseAddCheckpoint(body);
    assert.ok(request.ok);
    const isKnown = !says.includes('unknown log');
    const verdict = judgeAddCheckpoint({
      request: request.value,
      log: isKnown ? { origin, logKeys: [key] } : undefined,
      remembered,
    });
    if (verdict.status === 200) remembered = verdict.checkpoint;
    if (verdict.status === 409) assert.equal(says, `body == "${verdict.size}\\n"`);
    return verdict.status;
  });
  const expected = requests.map(({ status, says }) => (says.includes('unknown log') ? 404 : status));
  assert.deepEqual(answered, expected);
  assert.equal(remembered?.size, 5);
});

const page = readFileSync(new URL('../../../docs/reference/ledger.md', import.meta.url), 'utf8');
const block = (label: string) =>
  new RegExp(`<!-- example: ${label} -->\\n\\n\`\`\`text\\n([^\`]*\\n)\`\`\``).exec(page)?.[1] ??
  assert.fail(`no block ${label}`);
const linesOf = (label: string) => block(label).trimEnd().split('\n');

test('docs/reference/ledger.md lists every reason as it is', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| [^|]{10,} \|$/gm)].map(([, reason]) => reason);
  assert.deepEqual(rows, [...LOG_REFUSALS]);
});

test('docs/reference/ledger.md: the worked example is recomputed from the page alone', () => {
  const sha = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const entries = linesOf('entries').map((entry) => Buffer.from(entry));
  const leaves = entries.map((entry) => sha('\0', entry));
  const [a, b, c, d, e] = leaves as [Buffer, Buffer, Buffer, Buffer, Buffer];
  assert.deepEqual(
    linesOf('leaf hashes'),
    leaves.map((leaf) => leaf.toString('hex')),
  );
  const bundle = entries.map((entry) => Buffer.concat([Uint8Array.of(0, entry.length), entry]));
  assert.equal(linesOf('bundle').join(''), Buffer.concat(bundle).toString('hex'));
  const [ab, cd] = [sha('\x01', a, b), sha('\x01', c, d)];
  const base64 = (hash: Buffer) => hash.toString('base64');
  const origin = 'ledger.example.com/tenant';
  const before = `${origin}\n3\n${base64(sha('\x01', ab, c))}\n`;
  const after = `${origin}\n5\n${base64(sha('\x01', sha('\x01', ab, cd), e))}\n`;
  const pkcs8 = (secret: string) => Buffer.from(`302e020100300506032b657004220420${secret}`, 'hex');
  const keys = linesOf('secrets').map((secret) =>
    createPrivateKey({ key: pkcs8(secret), format: 'der', type: 'pkcs8' }),
  );
  const vkeys = linesOf('vkeys').map((vkey) => {
    const [, name = '', id = '', material = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
    assert.equal(id, sha(name, '\n', Buffer.from(material, 'base64')).toString('hex').slice(0, 8));
    return { name, id: Buffer.from(id, 'hex') };
  });
  const line = (at: number, message: string, time = Buffer.alloc(0)) => {
    const [key = assert.fail(), vkey = assert.fail()] = [keys[at], vkeys[at]];
    return `— ${vkey.name} ${base64(Buffer.concat([vkey.id, time, nodeSign(null, Buffer.from(message), key)]))}\n`;
  };
  assert.equal(block('checkpoint before'), `${before}\n${line(0, before)}`);
  const signed = `${after}\n${line(0, after)}`;
  const cosigned = [1, 2, 3].map((at) => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(1_790_000_000 + at - 1));
    return line(at, `cosignature/v1\ntime ${1_790_000_000 + at - 1}\n${after}`, time);
  });
  assert.equal(block('cosigned message'), `cosignature/v1\ntime 1790000000\n${after}`);
  assert.equal(block('checkpoint'), signed + cosigned.join(''));
  // From 3 to 5: the third leaf, the fourth, the first two, the fifth.
  assert.equal(block('add-checkpoint'), `old 3\n${[c, d, ab, e].map(base64).join('\n')}\n\n${signed}`);
  const path = [d, ab, e].map(base64).join('\n');
  assert.equal(block('proof'), `c2sp.org/tlog-proof@v1\nindex 2\n${path}\n\n${signed}${cosigned.join('')}`);
});

test('docs/reference/ledger.md: the house writes and takes exactly the worked example', async () => {
  const entries = linesOf('entries').map(utf8);
  const [logVkey = '', ...witnesses] = linesOf('vkeys');
  const policy = readPolicy({ origin: keyOf(logVkey).name, logs: [logVkey], witnesses, quorum: 3 });
  assert.ok(policy.ok);
  const { origin, logKeys } = policy.value;
  const store = new MemoryTiles();
  const three = growTree(EMPTY_LOG, entries.slice(0, 3).map(modelLeaf));
  const five = growTree(three.state, entries.slice(3).map(modelLeaf));
  store.write([...three.objects, ...five.objects]);
  assert.equal(hex(store.objects.get('tile/0/000.p/5') ?? assert.fail()), linesOf('leaf hashes').join(''));
  const bundles = growBundles({ size: 0, last: new Uint8Array(0), entries });
  assert.deepEqual(
    bundles.map(({ path, bytes }) => [path, hex(bytes)]),
    [['tile/entries/000.p/5', linesOf('bundle').join('')]],
  );
  const signers = RFC_SECRETS.map((secret, at) => signerOf(keyOf(linesOf('vkeys')[at] ?? '').name, secret));
  const [log = assert.fail(), ...people] = signers;
  assert.equal(signCheckpoint({ origin, ...headOf(three.state) }, log), block('checkpoint before'));
  const note = signCheckpoint({ origin, ...headOf(five.state) }, log);
  const request = parseAddCheckpoint(block('add-checkpoint'));
  assert.ok(request.ok && request.value.checkpoint === note);
  const verdict = judgeAddCheckpoint({
    request: request.value,
    log: { origin, logKeys },
    remembered: headOf(three.state),
  });
  assert.ok(verdict.status === 200);
  const lines = people.map((signer, at) =>
    cosignatureLine({ text: verdict.text, signer, atS: 1_790_000_000 + at }),
  );
  assert.equal(note + lines.join(''), block('checkpoint'));
  const consistency = await proveConsistency(store, { from: 3, head: headOf(five.state) });
  assert.deepEqual(consistency.ok && consistency.value.proof, request.value.proof);
  const inclusion = await proveInclusion(store, { index: 2, head: headOf(five.state) });
  const proof = parseProof(block('proof'));
  assert.ok(proof.ok && inclusion.ok);
  assert.deepEqual(proof.value.path, inclusion.value.path);
  const leaf = modelLeaf(entries[2] ?? assert.fail());
  const verified = verifyProof(block('proof'), { leaf, policy: policy.value });
  assert.ok(verified.ok && verified.value.verdict.cosigned.length === 3);
});
