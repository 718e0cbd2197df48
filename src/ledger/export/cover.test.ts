/** Some leaves of a tree and the parts that hold none of them lead to the root that the definition gives. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { draws, modelLeaves, modelPath, modelRoot } from '../log/test-model.ts';
import { gapsAround, partsWithin, rootInSteps, rootOfShown } from './cover.ts';
import { atOnce } from './steps.ts';

const RUNS = 300;

function rootFrom(
  leaves: readonly Uint8Array[],
  shown: readonly number[],
): { root: Uint8Array; hashes: number } {
  const parts = gapsAround(shown, leaves.length).flatMap((gap) => partsWithin(gap, leaves.length));
  const hashes = parts.map(({ begin, end }) => modelRoot(leaves.slice(begin, end)));
  const ways = [rootOfShown, (...of: Parameters<typeof rootOfShown>) => atOnce(rootInSteps(...of))];
  const [root = assert.fail(), inSteps] = ways.map((rootBy) => {
    let [at, used] = [0, 0];
    const found = rootBy(
      {
        next: () => shown[at],
        leaf: () => leaves[shown[at++] ?? -1] ?? assert.fail('a leaf too many'),
        hash: () => hashes[used++] ?? assert.fail('a hash too many'),
      },
      leaves.length,
    );
    assert.deepEqual([at, used], [shown.length, hashes.length], 'everything was used');
    return found;
  });
  assert.deepEqual(inSteps, root, 'in steps as at once');
  return { root, hashes: hashes.length };
}

test('any leaves of any tree, with no hash more than is needed', (t) => {
  const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const draw = draws(seed);
  for (let run = 0; run < RUNS; run++) {
    const leaves = modelLeaves(1 + draw(200));
    const dense = draw(4);
    const shown = leaves.flatMap((_, index) => (draw(4) <= dense ? [index] : []));
    assert.deepEqual(rootFrom(leaves, shown).root, modelRoot(leaves));
  }
});

test('a whole tree needs no hash, and one leaf as many as its audit path has', () => {
  const leaves = modelLeaves(37);
  const all = leaves.map((_, index) => index);
  assert.equal(rootFrom(leaves, all).hashes, 0);
  for (const index of all)
    assert.equal(rootFrom(leaves, [index]).hashes, modelPath(index, leaves).length, `leaf ${index}`);
});
