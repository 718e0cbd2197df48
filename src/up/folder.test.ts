import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { Arguments } from '../../bin/holdfast.ts';
import { systemClock } from '../platform/clock.ts';
import { runDemo } from './demo.ts';
import { claimFolder, MARK } from './folder.ts';
import { startSystem } from './system.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-folder-'));
after(() => rmSync(home, { recursive: true, force: true }));
const root = join(home, 'checkout');

/** A folder with these files; in it and of it nothing may change where it is refused. */
function folder(name: string, files: Record<string, string> = {}): string {
  const dir = join(home, name);
  mkdirSync(dir, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  chmodSync(dir, 0o755);
  return dir;
}

function stateOf(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true }).map(String).sort();
  return ['', ...names].map((name) => {
    const { mode, size, mtimeMs } = statSync(join(dir, name));
    return `${name} ${mode.toString(8)} ${size} ${mtimeMs}`;
  });
}

const TERRAFORM = {
  'secrets.json': '{ "db": "hunter2" }',
  'state.json': '{ "commissioned": true, "serial": 7 }',
  'cloud/terraform.tf': 'resource {}',
  'logs/app.log': 'a line',
  'root/index.html': '<p>',
};
const SECRETS = { ownerPassword: 'a', appPassword: 'b', smtpUser: 'holdfast', smtpPassword: 'c' };
const OURS = JSON.stringify({ ...SECRETS, smsToken: 'd', courier: { badge: 'e', code: 'f' } });

test('a folder of somebody else’s is refused before anything in it is changed, with --fresh and without', async () => {
  for (const files of [TERRAFORM, { 'notes.txt': '' }, { 'secrets.json': 'not JSON' }, { '.git/HEAD': '' }]) {
    const data = folder(`foreign-${Object.keys(files).length}-${Object.values(files)[0]?.length}`, files);
    const before = stateOf(data);
    for (const fresh of [false, true]) {
      const start = { root, data, base: 18_080, fresh, clock: systemClock, say: () => {} };
      await assert.rejects(startSystem(start), /is no data folder of Holdfast and is not empty; nothing/);
      assert.deepEqual(stateOf(data), before);
    }
  }
  assert.throws(() => claimFolder({ root, data: join(folder('file', { f: '' }), 'f') }), /f is no folder/);
});

test('a new and an empty folder are marked first of all, and are ours from then on, whatever stands in them', () => {
  for (const data of [join(home, 'new', 'er'), folder('empty'), folder('disk', { 'lost+found/x': '' })]) {
    claimFolder({ root, data });
    assert.match(readFileSync(join(data, MARK), 'utf8'), /^Holdfast keeps its data in this folder/);
    writeFileSync(join(data, 'half'), '');
    claimFolder({ root, data });
  }
});

test('a data folder of an earlier version is known by what it keeps, and is marked', () => {
  const cases = {
    whole: { 'secrets.json': OURS, 'state.json': '{"commissioned":true}', 'cloud/config.json': '' },
    'half-made': { 'secrets.json': OURS, 'postgres/PG_VERSION': '18' },
    'broken off while it was emptied': { 'state.json': '{"commissioned":true}' },
  };
  for (const [name, files] of Object.entries(cases)) {
    const data = folder(name, files);
    claimFolder({ root, data });
    assert.ok(existsSync(join(data, MARK)), name);
  }
});

test('what only points at a file of ours is none; the checkout’s own folder is ours by its place', () => {
  const data = folder('pointing');
  symlinkSync(join(folder('ours', { 'secrets.json': OURS }), 'secrets.json'), join(data, 'secrets.json'));
  assert.throws(() => claimFolder({ root, data }), /is not empty/);
  claimFolder({ root, data: folder('checkout/.holdfast', { 'screens/kiosk.png': '' }) });
  assert.throws(() => claimFolder({ root, data: folder('checkout/src', { 'a.ts': '' }) }), /is not empty/);
});

test('the demo begins in no folder that is there, an estate’s neither', async () => {
  const data = folder('estate', { 'secrets.json': OURS, 'state.json': '{"commissioned":true}', [MARK]: '' });
  const before = stateOf(data);
  const values = { data, keep: false } as Arguments['values'];
  await assert.rejects(
    runDemo({ values, rest: [], root }),
    /estate is there already; the demo makes a folder/,
  );
  assert.deepEqual(stateOf(data), before);
});
