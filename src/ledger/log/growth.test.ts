import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { concat, hex, utf8 } from '../../crypto/bytes.ts';
import { encodeEntries } from './bundle.ts';
import { EMPTY_LOG, growBundles, growTree, headOf, type LogState, readState } from './growth.ts';
import { grownTiles, parseTilePath, tilePath } from './layout.ts';
import { appendLeaves, EMPTY_RANGE, type Node, rangeRoot } from './range.ts';
import { draws, MemoryTiles, modelLeaves, modelRoot, modelTiles } from './test-model.ts';
import { readBundle } from './tiles.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const entriesOf = (count: number) => Array.from({ length: count }, (_, index) => utf8(`entry ${index}`));

test('a range grown in any steps has the root of RFC 6962, for all sizes to 400', () => {
  const draw = draws(seed);
  const leaves = modelLeaves(400);
  let range = EMPTY_RANGE;
  for (let size = 0; size <= 400; size++) {
    assert.equal(hex(rangeRoot(range)), hex(modelRoot(leaves.slice(0, size))), `size ${size}`);
    range = appendLeaves(range, leaves.slice(size, size + 1));
  }
  for (let run = 0; run < 20; run++) {
    let stepped = EMPTY_RANGE;
    while (stepped.size < 400)
      stepped = appendLeaves(stepped, leaves.slice(stepped.size, stepped.size + 1 + draw(90)));
    assert.equal(hex(rangeRoot(stepped)), hex(modelRoot(leaves)));
  }
});

test('appending k leaves makes each new whole node once: fewer than 2k of them, and at most one a level more', () => {
  for (const [from, count] of [
    [0, 1],
    [255, 2],
    [300, 100],
    [511, 1],
    [1023, 1],
  ] as const) {
    const before = appendLeaves(EMPTY_RANGE, modelLeaves(from));
    const seen: Node[] = [];
    appendLeaves(before, modelLeaves(count), (node) => seen.push(node));
    assert.ok(seen.length <= 2 * count + Math.log2(from + count), `${from} + ${count}: ${seen.length}`);
    assert.equal(new Set(seen.map(({ height, index }) => `${height}/${index}`)).size, seen.length);
  }
});

test('tiles of a growth are those of the layout and of the formula, for random growths to 700', () => {
  const draw = draws(seed);
  const leaves = modelLeaves(700);
  for (let run = 0; run < 12; run++) {
    let state: LogState = EMPTY_LOG;
    while (state.range.size < 700) {
      const from = state.range.size;
      const grown = growTree(state, leaves.slice(from, from + 1 + draw(350)));
      state = grown.state;
      const to = state.range.size;
      const model = modelTiles(leaves.slice(0, to));
      const expected = grownTiles({ from, to }).filter(({ of }) => of === 'hashes');
      assert.deepEqual(grown.objects.map(({ path }) => path).sort(), expected.map(tilePath).sort());
      for (const { path, bytes } of grown.objects) {
        const tile = parseTilePath(path);
        assert.ok(tile.ok && tile.value.of === 'hashes');
        const hashes = model.get(`${tile.value.level}/${tile.value.index}`) ?? assert.fail(path);
        assert.equal(hashes.length, tile.value.width, path);
        assert.equal(hex(bytes), hex(concat(...hashes)), path);
      }
    }
    assert.equal(hex(headOf(state).root), hex(modelRoot(leaves)));
  }
});

test('bundles of a growth hold the entries, in any steps', async () => {
  const draw = draws(seed);
  const entries = entriesOf(700);
  const store = new MemoryTiles();
  let last = new Uint8Array(0);
  for (let size = 0; size < 700; ) {
    const part = entries.slice(size, size + 1 + draw(300));
    const objects = growBundles({ size, last, entries: part });
    const expected = grownTiles({ from: size, to: size + part.length }).filter(({ of }) => of === 'entries');
    assert.deepEqual(
      objects.map(({ path }) => path),
      expected.map(tilePath),
    );
    store.write(objects);
    size += part.length;
    last = size % 256 === 0 ? new Uint8Array(0) : new Uint8Array(objects.at(-1)?.bytes ?? assert.fail());
  }
  const read: Uint8Array[] = [];
  for (const width of [256, 256, 188]) {
    const bundle = await readBundle(store, { of: 'entries', index: read.length / 256, width });
    assert.ok(bundle.ok);
    read.push(...bundle.value);
  }
  assert.deepEqual(read, entries);
  assert.deepEqual(growBundles({ size: 700, last, entries: [] }), []);
  // The whole bundle may have replaced a partial one; a bundle that is neither there is missing.
  const partial = await readBundle(
    store.edited('tile/entries/000.p/9', () => undefined),
    { of: 'entries', index: 0, width: 9 },
  );
  assert.deepEqual(partial, { ok: true, value: entries.slice(0, 9) });
  const gone = await readBundle(store, { of: 'entries', index: 3, width: 9 });
  assert.deepEqual(gone, { ok: false, reason: 'tile-missing', about: 'tile/entries/003.p/9' });
});

test('the example of tlog-tiles: 70,000 leaves are 273 whole tiles, then 112, one whole, 17 and 1', () => {
  const paths = grownTiles({ from: 0, to: 70_000 })
    .filter(({ of }) => of === 'hashes')
    .map(tilePath);
  assert.equal(paths.filter((path) => /^tile\/0\/\d{3}$/.test(path)).length, 273);
  assert.deepEqual(
    paths.filter((path) => !/^tile\/0\/\d{3}$/.test(path)),
    ['tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1'],
  );
  // A tree of 256 leaves: a whole tile, and a partial one above it.
  assert.deepEqual(grownTiles({ from: 0, to: 256 }).map(tilePath), [
    'tile/entries/000',
    'tile/0/000',
    'tile/1/000.p/1',
  ]);
});

test('the state is read back from tiles, and only from those of its own head', async () => {
  const leaves = modelLeaves(66_000);
  const store = new MemoryTiles();
  const { state, objects } = growTree(EMPTY_LOG, leaves);
  store.write(objects);
  const read = await readState(store, headOf(state));
  assert.deepEqual(read, { ok: true, value: state });
  assert.ok(store.reads.length <= 9, store.reads.join(' '));
  const more = modelLeaves(700).slice(300);
  assert.deepEqual(growTree(state, more), growTree(read.ok ? read.value : assert.fail(), more));
  const foreign = { ...headOf(state), root: modelRoot(leaves.slice(1)) };
  assert.deepEqual(await readState(store, foreign), {
    ok: false,
    reason: 'tiles-disagree',
    about: 'the edge of 66000',
  });
  // Every hash of the edge is part of the root.
  for (const path of ['tile/0/257.p/208', 'tile/1/001.p/1', 'tile/2/000.p/1']) {
    const bent = store.edited(path, (bytes) => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1));
    const answer = await readState(bent, headOf(state));
    assert.equal(answer.ok ? 'ok' : answer.reason, 'tiles-disagree', path);
    const gone = await readState(
      store.edited(path, () => undefined),
      headOf(state),
    );
    assert.deepEqual(gone, { ok: false, reason: 'tile-missing', about: path });
  }
  assert.deepEqual(await readState(store, headOf(EMPTY_LOG)), { ok: true, value: EMPTY_LOG });
});

test('a state that does not fit its size is a bug, and writes nothing', () => {
  const { state } = growTree(EMPTY_LOG, modelLeaves(300));
  assert.throws(() => growTree({ ...state, edge: [] }, modelLeaves(1)), /another edge/);
  assert.throws(
    () => growTree({ ...state, edge: [...state.edge, [new Uint8Array(32)]] }, []),
    /another edge/,
  );
  assert.throws(() => appendLeaves({ size: 3, hashes: [new Uint8Array(32)] }, []), /no range of 3/);
  assert.throws(() => appendLeaves({ size: -1, hashes: [] }, []), /no range of -1/);
  assert.throws(() => growBundles({ size: 5, last: new Uint8Array(0), entries: [] }), /no last bundle/);
  assert.throws(() => growBundles({ size: 256, last: new Uint8Array(3), entries: [] }), /no last bundle/);
  assert.throws(() => encodeEntries([new Uint8Array(65_536)]), /65536 bytes/);
  assert.throws(() => grownTiles({ from: 2, to: 1 }), /does not grow/);
});
