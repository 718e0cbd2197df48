/**
 * The site root's key is out of the cloud's reach: the cloud runs with exactly the flags that `up` gives it,
 * and code in that process tries every road to the key file. The control shows that the same code reads it
 * where the flags are missing.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeRoot } from '../../src/signer/root.ts';
import { HARDENED } from '../../src/up/children.ts';
import { cloudSpec, type SystemConfig } from '../../src/up/configs.ts';
import { placesIn } from '../../src/up/places.ts';
import { portsFrom } from '../../src/up/ports.ts';
import { ROOT } from '../site.ts';

const data = mkdtempSync(join(tmpdir(), 'holdfast-root-'));
after(() => rmSync(data, { recursive: true, force: true, maxRetries: 5 }));
const places = placesIn(data);
for (const dir of [places.cloud, places.logs]) mkdirSync(dir, { recursive: true });
await makeRoot(places.root);
const keyFile = join(places.root, 'site-root.key.pem');
const spec = cloudSpec({ root: ROOT, places, ports: portsFrom(20_000) } as SystemConfig);

/** Each road answers "read" when it got the key, or the error that stopped it. */
const ROADS: Record<string, string> = {
  'reading the file': `require('node:fs').readFileSync(KEY, 'utf8')`,
  'opening it and reading the descriptor': `(() => { const fs = require('node:fs'); const f = fs.openSync(KEY, 'r'); return fs.readFileSync(f, 'utf8'); })()`,
  'a link from the cloud’s own folder': `(() => { const fs = require('node:fs'); const own = CLOUD + '/link'; fs.symlinkSync(KEY, own); return fs.readFileSync(own, 'utf8'); })()`,
  'copying it into the cloud’s own folder': `(() => { const fs = require('node:fs'); fs.copyFileSync(KEY, CLOUD + '/copy'); return fs.readFileSync(CLOUD + '/copy', 'utf8'); })()`,
  'a path that climbs out of the cloud’s folder': `require('node:fs').readFileSync(CLOUD + '/../root/site-root.key.pem', 'utf8')`,
  'another program': `require('node:child_process').execFileSync('cat', [KEY], { encoding: 'utf8' })`,
  'a worker thread': `new (require('node:worker_threads').Worker)('1', { eval: true }) && 'a worker ran'`,
  'loading it as a module': `require(KEY)`,
};

function walk(road: string, flags: readonly string[]): string {
  const script = `
    const KEY = ${JSON.stringify(keyFile)}, CLOUD = ${JSON.stringify(places.cloud)};
    try { const got = String(${road}); console.log(got.includes('PRIVATE KEY') ? 'read' : 'got ' + got.slice(0, 40)); }
    catch (error) { console.log(error.code ?? error.name); }`;
  const run = spawnSync(process.execPath, [...flags, '--eval', script], {
    encoding: 'utf8',
    cwd: places.cloud,
  });
  return run.stdout.trim();
}

test('the same code reads the key where nothing confines it', () => {
  assert.equal(walk(ROADS['reading the file'] ?? '', []), 'read');
});

for (const [name, road] of Object.entries(ROADS)) {
  test(`the cloud process does not get the site root’s key by ${name}`, () => {
    const answer = walk(road, spec.nodeFlags ?? []);
    assert.notEqual(answer, 'read');
    assert.match(answer, /^ERR_ACCESS_DENIED$/, name);
  });
}

test('no path to the root’s folder is given to the cloud', () => {
  const given = JSON.stringify(spec);
  assert.ok(!given.includes(places.root), 'neither flags nor arguments name it');
});

test('no other process of ours opens its inspector on a signal, which would lend the cloud its rights', async () => {
  const flags = [...HARDENED, '--eval', 'setInterval(() => {}, 1000); console.log("up")'];
  const victim = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  victim.stderr.on('data', (part) => {
    said += String(part);
  });
  await new Promise((resolve) => victim.stdout.once('data', resolve));
  const answer = walk(`process.kill(${victim.pid}, 'SIGUSR1') && 'signalled'`, spec.nodeFlags ?? []);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(answer, 'got signalled', 'the model of permissions does not stop signals');
  assert.equal(victim.exitCode, null, 'it lives on');
  assert.doesNotMatch(said, /Debugger listening/);
  victim.kill('SIGKILL');
});
