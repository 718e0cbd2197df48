import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../crypto/bytes.ts';
import { leafHash } from './record.ts';
import { includes, inclusionPath, nodeHash, treeHash } from './tree.ts';

// The eight reference inputs of Certificate Transparency and the roots of their first n, from
// transparency-dev/merkle testonly/constants.go (Apache-2.0).
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const NODES: Record<string, string> = {
  '0-1': 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  '2-3': '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '4-5': '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  '6-7': 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  '4-7': '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
};
const REFERENCE = INPUTS.map((input) => leafHash(fromHex(input)));

const leavesOf = (size: number) =>
  Array.from({ length: size }, (_, index) => leafHash(utf8(`leaf ${index}`)));

test('leaf and root hashes are those of the reference inputs', () => {
  for (const [size, root] of ROOTS.entries()) assert.equal(hex(treeHash(REFERENCE.slice(0, size))), root);
  assert.equal(hex(leafHash(new Uint8Array(0))), createHash('sha256').update('\0').digest('hex'));
});

test('inner nodes of the reference tree stand in its audit paths', () => {
  for (const [name, node] of Object.entries(NODES)) {
    const [from = 0, to = 0] = name.split('-').map(Number);
    assert.equal(hex(treeHash(REFERENCE.slice(from, to + 1))), node);
  }
  const path = inclusionPath(REFERENCE, 0).map(hex);
  assert.deepEqual(path, [hex(REFERENCE[1] ?? assert.fail()), NODES['2-3'], NODES['4-7']]);
});

test('a leaf and a node of the same content differ, so that no node passes for a leaf', () => {
  const [left, right] = leavesOf(2);
  assert.ok(left && right);
  assert.notDeepEqual(nodeHash(left, right), leafHash(Uint8Array.from([...left, ...right])));
  assert.notDeepEqual(nodeHash(left, right), nodeHash(right, left));
});

test('every leaf of every tree up to 64 is included, at its own index, size and root only', () => {
  for (let size = 1; size <= 64; size++) {
    const leaves = leavesOf(size);
    const root = treeHash(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const path = inclusionPath(leaves, index);
      assert.ok(path.length <= Math.ceil(Math.log2(size)));
      const claim = { leaf, index, size, path, root };
      assert.ok(includes(claim), `${index} of ${size}`);
      for (const other of [index - 1, index + 1, index ^ 1]) {
        if (other !== index)
          assert.ok(!includes({ ...claim, index: other }), `${index} as ${other} of ${size}`);
      }
      assert.ok(!includes({ ...claim, leaf: root.map((byte) => byte ^ 1) }));
      assert.ok(!includes({ ...claim, path: [...path, root] }), 'a path too long');
      if (path.length > 0) assert.ok(!includes({ ...claim, path: path.slice(0, -1) }), 'a path too short');
    }
  }
});

test('a path with one changed bit, or with two hashes swapped, is refused', () => {
  const leaves = leavesOf(13);
  const root = treeHash(leaves);
  for (const [index, leaf] of leaves.entries()) {
    const path = inclusionPath(leaves, index);
    path.forEach((_, at) => {
      const bent = path.map((hash, which) =>
        which === at ? hash.map((byte, i) => (i === at ? byte ^ 0x80 : byte)) : hash,
      );
      assert.ok(!includes({ leaf, index, size: 13, path: bent, root }));
    });
    const [first, second, ...rest] = path;
    if (first && second)
      assert.ok(!includes({ leaf, index, size: 13, path: [second, first, ...rest], root }));
  }
});

test('an index that is not a leaf is no claim', () => {
  const [leaf] = leavesOf(1);
  assert.ok(leaf);
  const claim = { leaf, index: 0, size: 1, path: [], root: leaf };
  assert.ok(includes(claim));
  for (const index of [-1, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.ok(!includes({ ...claim, index }));
    assert.throws(() => inclusionPath([leaf], index), /no leaf/);
  }
  for (const size of [0, 0.5, 2, Number.NaN, Number.POSITIVE_INFINITY])
    assert.ok(!includes({ ...claim, size }));
  assert.throws(() => inclusionPath([], 0), /no leaf/);
});
