/** What the program says to who has called it wrongly: one sentence with what to do, and a status that scripts can tell. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'holdfast.ts');
const home = mkdtempSync(join(tmpdir(), 'hf-words-'));
after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

function holdfast(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { timeout: 60_000 });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes: Buffer) => {
    said.out += bytes.toString('utf8');
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said.err += bytes.toString('utf8');
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...said })));
}

test('help has whole commands to copy, and says what a status means', async () => {
  const { status, out } = await holdfast('admin', 'order', '--help');
  assert.equal(status, 0);
  for (const command of [
    'admin order staff-release',
    'admin order lift',
    'edge order lift.order',
    'admin backup',
  ])
    assert.match(out, new RegExp(`^ {2}npm run holdfast -- ${command}`, 'm'));
  assert.match(out, /^Status: 0 /m);
});

test('what is not understood has another status than what is refused', async () => {
  for (const args of [['opne'], ['sign', '--prot', '1']]) assert.equal((await holdfast(...args)).status, 2);
  assert.equal((await holdfast('edge', 'order', 'x')).status, 1);
});

test('a port that is taken, a folder without a key and a file that is not there are one sentence each', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const cases: [string[], RegExp][] = [
    [['sign', '--port', String(port)], /^holdfast: port \d+ is in use; choose another with --port\n$/],
    [
      ['admin', 'order', 'lift', '--data', home],
      /^holdfast: there is no site root key in \S+\. Say which .*--root DIR.*\n$/,
    ],
    [['cloud', '--config', join(home, 'none.json')], /^holdfast: there is no configuration \S+none\.json\n$/],
  ];
  for (const [args, pattern] of cases) {
    const { status, err } = await holdfast(...args);
    assert.equal(status, 1);
    assert.match(err, pattern);
  }
  taken.close();
});

test('a command on a folder of another user names that user before it writes anything, and never says that the folder go', {
  skip: process.getuid?.() === 0 ? false : 'only root can give a folder to somebody else',
}, async () => {
  const NOBODY = 65_534;
  const example = (name: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, '..', 'deploy', `${name}.example.json`), 'utf8'));
  const dataDir = join(home, 'theirs');
  const logs = join(home, 'their-logs');
  mkdirSync(join(dataDir, 'keys'), { recursive: true });
  for (const path of [dataDir, join(dataDir, 'keys')]) chownSync(path, NOBODY, NOBODY);
  const cloud = join(home, 'cloud.json');
  const edge = join(home, 'edge.json');
  const order = join(home, 'some.order');
  writeFileSync(order, 'an order');
  const places = { rootKeyFile: join(dataDir, 'root.key'), operatorTokenFile: join(dataDir, 'token') };
  writeFileSync(
    cloud,
    JSON.stringify({ ...example('cloud'), ...places, dataDir, logPath: join(logs, 'cloud.log') }),
  );
  writeFileSync(edge, JSON.stringify({ ...example('edge'), dataDir }));
  for (const args of [
    ['cloud', '--config', cloud],
    ['cloud', 'init', '--config', cloud],
    // The one opens the database at once, the other puts files into the folder before that.
    ['admin', 'keys', 'rotate', 'tenant', '--yes', '--config', cloud],
    ['admin', 'restore', order, '--config', cloud],
    ['edge', 'order', order, '--config', edge],
  ]) {
    const { status, err } = await holdfast(...args);
    assert.match(
      err,
      /^holdfast: run this as \S+ \(uid 65534\), whose folder \S+theirs is: sudo -u \S+ …\n$/,
      args.join(' '),
    );
    assert.equal(status, 1);
  }
  assert.deepEqual(readdirSync(dataDir), ['keys']);
  assert.deepEqual(readdirSync(join(dataDir, 'keys')), []);
  assert.deepEqual(readdirSync(home).sort(), ['cloud.json', 'edge.json', 'some.order', 'theirs']);
});
