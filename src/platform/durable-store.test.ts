/** Files that are staged together and settled together, and what is left where that does not come to its end. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { stageDurable, storeDurable } from './durable-store.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
after(() => rmSync(home, { recursive: true, force: true }));

const inFolder = (folder: string) => readdirSync(join(home, folder)).sort();

test('what is staged is there for nobody; settled it is there whole, for its owner alone, and nothing is beside it', async () => {
  await storeDurable(join(home, 'one/deep/a'), utf8('before'));
  const staged = await Promise.all(
    ['a', 'b', 'c'].map((name) => stageDurable(join(home, 'one/deep', name), utf8(`new ${name}`))),
  );
  assert.equal(readFileSync(join(home, 'one/deep/a'), 'utf8'), 'before');
  assert.deepEqual(
    inFolder('one/deep').filter((name) => !name.startsWith('.')),
    ['a'],
  );
  await Promise.all(staged.map((one) => one.settle()));
  assert.deepEqual(inFolder('one/deep'), ['a', 'b', 'c']);
  for (const name of ['a', 'b', 'c']) {
    assert.equal(fromUtf8(readFileSync(join(home, 'one/deep', name))), `new ${name}`);
    assert.equal(statSync(join(home, 'one/deep', name)).mode & 0o777, 0o600);
  }
});

test('what is dropped leaves nothing, whenever and however often', async () => {
  const [first, second] = [
    await stageDurable(join(home, 'two/a'), utf8('kept')),
    await stageDurable(join(home, 'two/b'), utf8('dropped')),
  ];
  await first.settle();
  for (const one of [first, second, second]) await one.drop();
  assert.deepEqual(inFolder('two'), ['a']);
  await assert.rejects(second.settle(), /settled once/);
  await assert.rejects(first.settle(), /settled once/);
  assert.equal(readFileSync(join(home, 'two/a'), 'utf8'), 'kept');
});
