/**
 * What an operator is given to install with: example configurations, units, and the page of every key. Each is
 * held to the program by the program's own reader, or by the service manager's.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { cloudConfig } from '../../src/cloud/config.ts';
import { witnessing } from '../../src/cloud/witnessing.ts';
import { bankLayout } from '../../src/contract/layout.ts';
import { edgeConfig } from '../../src/edge/config.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { waitFor } from '../../src/up/wait.ts';
import { watchedLogs } from '../../src/witness/answer.ts';
import { witnessConfig } from '../../src/witness/config.ts';
import { CONFIGURATION_PAGE, configurationPage } from '../../tools/configuration.ts';
import { missingSystemd } from '../peers.ts';
import { ROOT } from '../site.ts';

const UNITS = ['holdfast-cloud.service', 'holdfast-edge.service', 'holdfast-witness.service'] as const;
/** systemd-analyze(1), "security": 0 is the best and 100 the worst that a unit may be; "OK" ends at 40. */
const EXPOSURE_MAX = 20;
const WATCHDOG_S = 2;
const needs = { skip: missingSystemd };
const home = mkdtempSync(join(tmpdir(), 'holdfast-deploy-'));
after(() => rmSync(home, { recursive: true, force: true }));
const deploy = (name: string): string => join(ROOT, 'deploy', name);
const unit = (name: string): string => readFileSync(deploy(name), 'utf8');

test('the page of the configuration says what the programs read', () => {
  assert.equal(
    readFileSync(CONFIGURATION_PAGE, 'utf8'),
    configurationPage(),
    'npm run configuration writes it',
  );
});

test('the example configurations are taken as they stand', () => {
  readConfig(deploy('cloud.example.json'), cloudConfig);
  readConfig(deploy('witnessing.example.json'), z.strictObject({ witnessing }));
  readConfig(deploy('edge.example.json'), edgeConfig);
  readConfig(deploy('layout.example.json'), bankLayout);
  watchedLogs(readConfig(deploy('witness.example.json'), witnessConfig).logs);
});

test('what a unit starts and reads is what the examples and the guide name', () => {
  const guides = ['docs/install.md', 'docs/reference/witness.md'];
  const guide = guides.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n');
  for (const name of UNITS) {
    const [, node = '', program = ''] = /ExecStart=(\S+) \S+ (\S+) /.exec(unit(name)) ?? [];
    assert.ok(readFileSync(node.replace('/opt/holdfast', ROOT)).length > 0);
    assert.ok(readFileSync(program.replace('/opt/holdfast', ROOT)).length > 0);
    const [, user = ''] = /^User=(\S+)$/m.exec(unit(name)) ?? [];
    assert.match(guide, new RegExp(`useradd .*${user}`), `the guide makes ${user}`);
  }
  const { sealingKey, dataDir } = readConfig(deploy('edge.example.json'), edgeConfig);
  assert.ok(sealingKey.kind === 'credential');
  assert.match(
    unit('holdfast-edge.service'),
    new RegExp(`^LoadCredentialEncrypted=${sealingKey.name}:`, 'm'),
  );
  assert.ok(dataDir.startsWith('/var/lib/holdfast-edge/'), 'in the folder that the service manager makes');
  const { keyFile, stateFile } = readConfig(deploy('witness.example.json'), witnessConfig);
  assert.equal(stateFile, `${keyFile}.heads`, 'where `witness init` makes it');
  assert.ok(keyFile.startsWith('/var/lib/holdfast-witness/'), 'in the folder that the service manager makes');
  const { stopping } = readConfig(deploy('cloud.example.json'), cloudConfig);
  const [, stopS] = /^TimeoutStopSec=(\d+)$/m.exec(unit('holdfast-cloud.service')) ?? [];
  assert.ok(
    Number(stopS) * 1000 > (stopping?.finishMs ?? 0),
    'nobody is ended before what it began is finished',
  );
});

test('the service manager takes the units, and finds little that they could harm', needs, () => {
  for (const name of UNITS) {
    const copy = join(home, name);
    writeFileSync(copy, unit(name).replaceAll('/opt/holdfast', ROOT));
    const taken = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
    assert.equal(
      taken.stderr
        .split('\n')
        .filter((line) => line.includes(name))
        .join('\n'),
      '',
      name,
    );
    assert.equal(taken.status, 0, taken.stderr);
    const judged = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, '--no-pager', copy],
      { encoding: 'utf8' },
    );
    assert.equal(judged.status, 0, judged.stdout.split('\n').slice(-3).join('\n'));
    console.log(`  ${judged.stdout.trim().split('\n').at(-1)}`);
  }
});

test('the service manager takes the units of the nightly backup', needs, () => {
  for (const name of ['holdfast-backup.service', 'holdfast-backup.timer'])
    writeFileSync(join(home, name), unit(name).replaceAll('/opt/holdfast', ROOT));
  const copies = ['holdfast-backup.service', 'holdfast-backup.timer'].map((name) => join(home, name));
  const taken = spawnSync('systemd-analyze', ['verify', '--man=no', ...copies], { encoding: 'utf8' });
  assert.ok(!taken.stderr.includes('holdfast-backup'), taken.stderr);
  assert.equal(taken.status, 0, taken.stderr);
});

test('the nightly backup leaves the newest file of keys alone, and destroys nothing where it failed', () => {
  const [, script = ''] = /^ExecStart=\/bin\/sh -euc '([^']*)'$/m.exec(unit('holdfast-backup.service')) ?? [];
  const keys = join(home, 'keys');
  const rows = join(home, 'rows');
  for (const folder of [keys, rows]) mkdirSync(folder);
  writeFileSync(join(keys, 'old.keys'), 'of last night');
  const night = (program: string) =>
    spawnSync(
      '/bin/sh',
      [
        '-euc',
        script
          .replaceAll('$$', '$')
          .replaceAll('%%', '%')
          .replaceAll('\\\n', ' ')
          .replaceAll('/media/holdfast-keys', keys)
          .replaceAll('/var/backups/holdfast', rows)
          // What stands for the program is called with: admin backup FILE --keys FILE --config FILE.
          .replace(/\/opt\/holdfast\S+ --disable-sigusr1 \S+/, program),
      ],
      { encoding: 'utf8' },
    );
  assert.equal(night('false').status, 1);
  assert.deepEqual(readdirSync(keys), ['old.keys']);
  const stub = join(home, 'stub');
  writeFileSync(stub, '[ "$2" = backup ] && [ "$4" = --keys ] && echo rows >"$3" && echo keys >"$5"\n');
  const done = night(`/bin/sh ${stub}`);
  assert.equal(done.status, 0, done.stderr);
  const [newest = '', ...more] = readdirSync(keys);
  assert.match(newest, /^\d{8}T\d{6}\.keys$/);
  assert.deepEqual(more, []);
  assert.deepEqual(readdirSync(rows), [newest.replace('.keys', '.backup')]);
});

/** A socket as the service manager holds it; Node has no datagram socket of the local kind. */
const LISTEN =
  'use Socket; socket(S,PF_UNIX,SOCK_DGRAM,0); bind(S,sockaddr_un($ARGV[0])); $|=1; print "listening\\n"; while(defined recv(S,$b,4096,0)){print "$b\\n"}';

test('a process says that it is ready, that it still turns, and that it stops', needs, async () => {
  const socket = join(home, 'notify');
  let heard = '';
  const manager = spawn('perl', ['-e', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  manager.stdout.on('data', (part: Buffer) => {
    heard += part.toString('utf8');
  });
  const hears = (what: string, msMax = 30_000) =>
    waitFor({ clock: systemClock, what: `the word ${what}`, msMax, holds: async () => heard.includes(what) });
  await hears('listening');
  const program = spawn(
    process.execPath,
    [join(ROOT, 'bin/holdfast.ts'), 'sign', '--port', String(await freePort())],
    {
      env: { PATH: process.env.PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(WATCHDOG_S * 1_000_000) },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  try {
    await hears('READY=1');
    await hears('WATCHDOG=1');
    // A process that does not turn is silent, which is what the manager goes by.
    program.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 1000 * WATCHDOG_S));
    heard = '';
    await new Promise((resolve) => setTimeout(resolve, 2000 * WATCHDOG_S));
    assert.equal(heard, '');
    program.kill('SIGCONT');
    await hears('WATCHDOG=1');
    const ended = new Promise((resolve) => program.once('exit', resolve));
    program.kill('SIGTERM');
    assert.equal(await ended, 0);
    await hears('STOPPING=1');
  } finally {
    program.kill('SIGKILL');
    manager.kill();
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
