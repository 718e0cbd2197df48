import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { concat, hex } from '../../crypto/bytes.ts';
import { includes } from '../tree.ts';
import { EMPTY_ROOT, type TreeHead } from './checkpoint.ts';
import { isConsistent, judgeGrowth } from './consistency.ts';
import { EMPTY_LOG, growTree, headOf, type LogState, readState } from './growth.ts';
import { tilePath } from './layout.ts';
import { proveConsistency, proveInclusion } from './prove.ts';
import { draws, MemoryTiles, modelLeaves, modelPath, modelProof, modelRoot } from './test-model.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

/** A log that published a checkpoint at every one of `sizes`, so that its partial tiles are all there. */
function logOf(sizes: readonly number[]): { store: MemoryTiles; heads: Map<number, TreeHead> } {
  const leaves = modelLeaves(sizes.at(-1) ?? 0);
  const store = new MemoryTiles();
  const heads = new Map<number, TreeHead>();
  let state: LogState = EMPTY_LOG;
  for (const size of sizes) {
    const grown = growTree(state, leaves.slice(state.range.size, size));
    state = grown.state;
    store.write(grown.objects);
    heads.set(size, headOf(state));
  }
  return { store, heads };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const hexes = (hashes: readonly Uint8Array[]) => hashes.map(hex);
const flip = (bytes: Uint8Array, at = 0) => bytes.with(at, (bytes[at] ?? 0) ^ 1);
const reasonOf = (answer: { ok: true } | { ok: false; reason: string }) => (answer.ok ? 'ok' : answer.reason);

test('proofs from tiles are those of RFC 6962: all leaves and old sizes to 40, random ones to 600', async () => {
  const draw = draws(seed);
  const leaves = modelLeaves(600);
  const { store, heads } = logOf(upTo(600));
  const cases: [number, number][] = upTo(40).flatMap((size) =>
    upTo(size).map((m): [number, number] => [m, size]),
  );
  for (let run = 0; run < 120; run++) {
    const size = 41 + draw(560);
    cases.push([1 + draw(size), size]);
  }
  for (const [m, size] of cases) {
    const head = heads.get(size) ?? assert.fail();
    const part = leaves.slice(0, size);
    assert.equal(hex(head.root), hex(modelRoot(part)));
    const inclusion = await proveInclusion(store, { index: m - 1, head });
    assert.ok(inclusion.ok, `leaf ${m - 1} of ${size}`);
    assert.deepEqual(hexes(inclusion.value.path), hexes(modelPath(m - 1, part)), `leaf ${m - 1} of ${size}`);
    const consistency = await proveConsistency(store, { from: m, head });
    assert.ok(consistency.ok, `from ${m} to ${size}`);
    assert.deepEqual(hexes(consistency.value.proof), hexes(modelProof(m, part)), `from ${m} to ${size}`);
    assert.deepEqual(consistency.value.from, heads.get(m));
  }
});

test('a proof reads each tile once, and at most two of each level, in a tree of three levels', async () => {
  const draw = draws(seed);
  const size = 70_000;
  const { store, heads } = logOf([size]);
  const head = heads.get(size) ?? assert.fail();
  for (let run = 0; run < 25; run++) {
    store.reads.length = 0;
    const index = draw(size);
    const inclusion = await proveInclusion(store, { index, head });
    assert.ok(inclusion.ok);
    assert.ok(includes({ ...inclusion.value, ...head }));
    assertFewReads(store.reads);
    store.reads.length = 0;
    const consistency = await proveConsistency(store, { from: index + 1, head });
    assert.ok(consistency.ok);
    assert.ok(isConsistent({ from: consistency.value.from, to: head, proof: consistency.value.proof }));
    assertFewReads(store.reads);
  }
});

function assertFewReads(reads: readonly string[]): void {
  assert.equal(new Set(reads).size, reads.length, reads.join(' '));
  for (const level of [0, 1, 2])
    assert.ok(reads.filter((path) => path.startsWith(`tile/${level}/`)).length <= 2, reads.join(' '));
}

test('a proof of growth holds for its own two heads and no other', async () => {
  const draw = draws(seed);
  const { store, heads } = logOf(upTo(130));
  for (let run = 0; run < 150; run++) {
    const to = heads.get(2 + draw(129)) ?? assert.fail();
    const from = heads.get(1 + draw(to.size - 1)) ?? assert.fail();
    const proved = await proveConsistency(store, { from: from.size, head: to });
    assert.ok(proved.ok);
    const { proof } = proved.value;
    const claim = { from, to, proof };
    assert.ok(isConsistent(claim));
    const at = draw(proof.length);
    const wrong = [
      { ...claim, from: { ...from, root: flip(from.root) } },
      { ...claim, to: { ...to, root: flip(to.root, 31) } },
      { ...claim, from: { ...from, size: from.size + 1 } },
      { ...claim, from: { ...from, size: from.size - 1 } },
      // A larger tree can have the same shape as far as a proof sees; one that is twice as large has not.
      { ...claim, to: { ...to, size: to.size * 2 } },
      { ...claim, proof: proof.map((hash, index) => (index === at ? flip(hash, at % 32) : hash)) },
      { ...claim, proof: proof.slice(0, -1) },
      { ...claim, proof: proof.slice(1) },
      { ...claim, proof: [...proof, to.root] },
      { ...claim, proof: [from.root, ...proof] },
      { ...claim, proof: [] },
      { ...claim, from: to, to: from },
    ];
    for (const [index, bent] of wrong.entries())
      assert.ok(!isConsistent(bent), `${index}: from ${from.size} to ${to.size}`);
  }
});

test('a log of more than 2^50 leaves grows and is proved like a small one', async () => {
  const size = 2 ** 50 + 3 * 2 ** 41 + 255 * 65_536 + 255 * 256 + 200;
  // Only the edge exists: at each level as many hashes as the size says, and the range that they give.
  const edge = Array.from({ length: 7 }, (_, level) =>
    modelLeaves(Math.floor(size / 256 ** level) % 256).map((hash) => flip(hash, level)),
  );
  const store = new MemoryTiles();
  const hashes: Uint8Array[] = [];
  for (let level = 6; level >= 0; level--) {
    const tile = edge[level] ?? assert.fail();
    const index = Math.floor(size / 256 ** (level + 1));
    if (tile.length > 0)
      store.write([
        { path: tilePath({ of: 'hashes', level, index, width: tile.length }), bytes: concat(...tile) },
      ]);
    let at = 0;
    for (let span = 128; span >= 1; span /= 2) {
      if (Math.floor(tile.length / span) % 2 === 0) continue;
      hashes.push(modelRoot(tile.slice(at, at + span)));
      at += span;
    }
  }
  const before: LogState = { range: { size, hashes }, edge };
  const grown = growTree(before, modelLeaves(300));
  store.write(grown.objects);
  const head = headOf(grown.state);
  assert.equal(head.size, size + 300);
  assert.deepEqual(await readState(store, head), { ok: true, value: grown.state });
  for (const index of [size, size + 55, size + 56, size + 299]) {
    const proved = await proveInclusion(store, { index, head });
    assert.ok(proved.ok, `leaf ${index}`);
    assert.deepEqual(proved.value.leaf, modelLeaves(300)[index - size]);
  }
  const consistency = await proveConsistency(store, { from: size, head });
  assert.deepEqual(consistency.ok && consistency.value.from, headOf(before));
});

test('the empty tree is continued by every tree without a proof; numbers that are no sizes by none', () => {
  const empty = { size: 0, root: EMPTY_ROOT };
  const one = { size: 1, root: modelRoot(modelLeaves(1)) };
  assert.ok(isConsistent({ from: empty, to: empty, proof: [] }));
  assert.ok(isConsistent({ from: empty, to: one, proof: [] }));
  assert.ok(!isConsistent({ from: empty, to: one, proof: [one.root] }));
  assert.ok(!isConsistent({ from: { size: 0, root: one.root }, to: one, proof: [] }));
  for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.ok(!isConsistent({ from: { ...one, size }, to: one, proof: [] }));
    assert.ok(!isConsistent({ from: one, to: { ...one, size }, proof: [one.root] }));
  }
});

test('who remembers a head is told what a later one means: grown, rolled back, forked, or not continued', async () => {
  const { store, heads } = logOf(upTo(20));
  const [ten, twenty] = [heads.get(10) ?? assert.fail(), heads.get(20) ?? assert.fail()];
  const proved = await proveConsistency(store, { from: 10, head: twenty });
  assert.ok(proved.ok);
  const { proof } = proved.value;
  assert.deepEqual(judgeGrowth({ from: ten, to: twenty, proof }), { ok: true, value: twenty });
  assert.deepEqual(judgeGrowth({ from: ten, to: ten, proof: [] }), { ok: true, value: ten });
  assert.equal(reasonOf(judgeGrowth({ from: twenty, to: ten, proof })), 'log-rolled-back');
  const other = { ...ten, root: flip(ten.root) };
  assert.equal(reasonOf(judgeGrowth({ from: ten, to: other, proof: [] })), 'log-forked');
  assert.equal(reasonOf(judgeGrowth({ from: other, to: twenty, proof })), 'consistency-wrong');
});

test('a tile that is missing, short, long, partial or of another tree is refused by name', async () => {
  const size = 600;
  const { store, heads } = logOf([size]);
  const head = heads.get(size) ?? assert.fail();
  const ask = (tiles: MemoryTiles) => proveInclusion(tiles, { index: 590, head });
  const edge = 'tile/0/002.p/88';
  assert.equal(reasonOf(await ask(store)), 'ok');
  const edits: [string, (bytes: Uint8Array) => Uint8Array | undefined, string][] = [
    [edge, () => undefined, 'tile-missing'],
    [edge, (bytes) => bytes.slice(32), 'tile-length-wrong'],
    [edge, (bytes) => bytes.slice(0, -1), 'tile-length-wrong'],
    [edge, (bytes) => Uint8Array.from([...bytes, ...bytes.slice(0, 32)]), 'tile-length-wrong'],
    [edge, () => new Uint8Array(0), 'tile-length-wrong'],
    [edge, (bytes) => flip(bytes), 'tiles-disagree'],
    ['tile/1/000.p/2', (bytes) => flip(bytes, 40), 'tiles-disagree'],
  ];
  for (const [path, edit, reason] of edits) {
    const answer = await ask(store.edited(path, edit));
    assert.equal(reasonOf(answer), reason, path);
    if (reason !== 'tiles-disagree') assert.ok(!answer.ok && answer.about === path);
  }
  // The whole tile may have replaced the partial one.
  const replaced = store.edited(edge, () => undefined);
  const whole = modelLeaves(768).slice(512);
  replaced.write([{ path: 'tile/0/002', bytes: Uint8Array.from(whole.flatMap((hash) => [...hash])) }]);
  assert.deepEqual(await ask(replaced), await ask(store));
  replaced.write([{ path: 'tile/0/002', bytes: new Uint8Array(88 * 32) }]);
  assert.equal(reasonOf(await ask(replaced)), 'tile-length-wrong');
});

test('a damaged tile gives no proof of growth, and what is outside the tree gives none at all', async () => {
  const { store, heads } = logOf([600]);
  const head = heads.get(600) ?? assert.fail();
  const bent = store.edited('tile/0/001', (bytes) => flip(bytes, 100));
  assert.equal(reasonOf(await proveConsistency(bent, { from: 300, head })), 'tiles-disagree');
  assert.equal(reasonOf(await proveConsistency(store, { from: 300, head })), 'ok');
  for (const index of [600, 2 ** 53 - 1, 2 ** 60, -1, 0.5, Number.NaN])
    assert.equal(reasonOf(await proveInclusion(store, { index, head })), 'index-outside-tree');
  for (const from of [601, 2 ** 60, -1, 0.5])
    assert.equal(reasonOf(await proveConsistency(store, { from, head })), 'size-outside-tree');
  assert.deepEqual(await proveConsistency(store, { from: 0, head }), {
    ok: true,
    value: { from: { size: 0, root: EMPTY_ROOT }, proof: [] },
  });
});
