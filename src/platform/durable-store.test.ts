/** Files that are staged together and settled together, and what is left where that does not come to its end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { stageDurable, storeDurable } from './durable-store.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
after(() => rmSync(home, { recursive: true, force: true }));

const FLAGS = ['--permission', '--allow-fs-read=*', `--allow-fs-write=${home}`, '--input-type=module'];
const UNDER_PERMISSION = `import { stageDurable } from ${JSON.stringify(join(import.meta.dirname, 'durable-store.ts'))};
const staged = await stageDurable(${JSON.stringify(join(home, 'three/a'))}, new Uint8Array([104, 105]));
await staged.settle();`;

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

test('a process that may write there and nowhere else, as the cloud is one, can stage and settle', () => {
  const { status, stderr } = spawnSync(process.execPath, [...FLAGS, '--eval', UNDER_PERMISSION], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.equal(readFileSync(join(home, 'three/a'), 'utf8'), 'hi');
});

/** What this process was given to load first: an edit of the source that a test has to notice. */
const PRELOADED = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);
const needs = { skip: spawnSync('strace', ['-V']).error === undefined ? false : 'needs strace' };

test('the disk has what is settled before it has its name, and then the name', needs, () => {
  const calls = 'trace=fsync,fdatasync,?rename,?renameat,?renameat2';
  const { status, stderr } = spawnSync(
    'strace',
    [
      '-f',
      '-y',
      '-e',
      calls,
      process.execPath,
      ...PRELOADED,
      '--input-type=module',
      '--eval',
      UNDER_PERMISSION,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const last = stderr.split('\n').filter((line) => line.includes(join(home, 'three')));
  const at = (what: RegExp) => last.findIndex((line) => what.test(line));
  const [file, name] = [at(/f(?:data)?sync\(.*\.a\.[^/]*\.new/), at(/rename/)];
  assert.ok(file >= 0 && name > file, last.join('\n'));
  assert.match(last.at(-1) ?? '', /fsync\(\d+<[^>]*three>/);
});
