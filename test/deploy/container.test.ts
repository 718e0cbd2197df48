/**
 * The container file, read as it stands: who runs in the image, what runs, what is kept where, and what can never
 * get into a layer. Building and running it is a matter of the long tier (test/long/container.test.ts).
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cloudConfig } from '../../src/cloud/config.ts';
import { readConfig } from '../../src/platform/config.ts';
import { readRepository } from '../../tools/tidy.ts';
import { ROOT } from '../site.ts';
import { entersContext, execForm, type Instruction, readContainerfile } from './containerfile.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const CONTAINERFILE = read('deploy/Containerfile');
const IGNORE = read('.containerignore');
const { args, stages } = readContainerfile(CONTAINERFILE);
const [build, image] = stages;
const home = mkdtempSync(join(tmpdir(), 'holdfast-container-'));
after(() => rmSync(home, { recursive: true, force: true }));

const all = (name: string, of: readonly Instruction[] = image?.instructions ?? []): string[] =>
  of.filter((one) => one.name === name).map(({ rest }) => rest);
const only = (name: string): string => {
  const found = all(name);
  assert.equal(found.length, 1, `one ${name}`);
  return found[0] ?? '';
};
/** The words of a unit's command line. */
const commandOf = (unit: string): string[] =>
  (/^ExecStart=(.+)$/m.exec(read(`deploy/${unit}`))?.[1] ?? '').split(' ');

test('a build installs by the lockfile without any package’s script, on bases that an operator can replace', () => {
  const bases = stages.map(({ base }) => base.replace(/[${}]/g, ''));
  assert.deepEqual(bases, ['BUILD_BASE AS build', 'RUN_BASE']);
  assert.deepEqual(
    [...args],
    [
      ['BUILD_BASE', 'node:24-bookworm-slim'],
      ['RUN_BASE', 'debian:bookworm-slim'],
    ],
  );
  const installs = all('RUN', build?.instructions).filter((run) => /\bnpm (?!prune)/.test(run));
  assert.deepEqual(
    installs.map((run) => run.replace(/^--mount=\S+ /, '')),
    ['npm ci --ignore-scripts'],
  );
});

test('what runs in the image is nobody’s user, by number, and stays so', () => {
  assert.match(only('USER'), /^[1-9]\d{4}:[1-9]\d{4}$/);
  const names = (image?.instructions ?? []).map(({ name }) => name);
  for (const later of ['RUN', 'COPY'])
    assert.ok(names.lastIndexOf(later) < names.indexOf('USER'), `no ${later} after USER`);
  assert.doesNotMatch(CONTAINERFILE, /setcap|chmod [ug+]*s|--privileged/);
  // What the user may write is made for that user, and nothing else is given away.
  const owned = all('RUN').join('\n');
  assert.match(owned, new RegExp(`chown ${only('USER')} ${only('VOLUME')}$`, 'm'));
  assert.doesNotMatch(all('COPY').join('\n'), /--chown/);
});

test('the image starts what the unit starts, without a shell between, and is stopped as the unit is', () => {
  const entry = execForm(only('ENTRYPOINT'));
  const given = execForm(only('CMD'));
  assert.ok(entry && given, 'both in exec form, so that signals reach the program');
  assert.deepEqual([...entry, ...given], commandOf('holdfast-cloud.service'));
  for (const unit of ['holdfast-edge.service', 'holdfast-witness.service'])
    assert.deepEqual(entry, commandOf(unit).slice(0, entry.length), unit);
  assert.equal(only('STOPSIGNAL'), 'SIGTERM');
});

test('what it keeps lies in the volume that the configuration names, and the configuration is no part of it', () => {
  const config = readConfig(join(ROOT, 'deploy/cloud.example.json'), cloudConfig);
  const volume = only('VOLUME');
  assert.equal(config.dataDir, volume);
  for (const file of [config.rootKeyFile, config.operatorTokenFile]) assert.ok(file.startsWith(`${volume}/`));
  assert.equal(config.logPath, null, 'what it says goes to whoever runs the container');
  assert.equal(only('WORKDIR'), volume);
  assert.equal(only('ENV'), `HOME=${volume}`);
  assert.doesNotMatch(all('COPY').join('\n'), /etc\/holdfast/);
  const [port] = only('EXPOSE').split(' ');
  assert.equal(port, String(config.https.port));
});

test('no layer and no variable holds a secret, and nothing comes from an address', () => {
  const everything = stages.flatMap(({ instructions }) => instructions);
  assert.deepEqual(all('ADD', everything), []);
  assert.doesNotMatch(CONTAINERFILE, /\b(curl|wget|git clone)\b|https?:\/\//);
  for (const name of ['ENV', 'ARG', 'LABEL'])
    for (const rest of all(name, everything))
      assert.doesNotMatch(rest, /pass|secret|token|key|credential|auth/i, `${name} ${rest}`);
  assert.deepEqual(
    [...args.keys()].filter((name) => !name.endsWith('_BASE')),
    [],
  );
  // Lent to one command, by a mount that no layer keeps; all that the image has was named one by one.
  assert.deepEqual(CONTAINERFILE.match(/--mount=\S+/g), ['--mount=type=secret,id=npmrc,target=/root/.npmrc']);
  for (const copy of all('COPY')) assert.match(copy, /^--from=build \/opt\/holdfast\/[\w./ -]+$/);
});

test('nothing of an estate, of its state or of history enters a build', () => {
  const private_ = [
    '.holdfast/cloud/root.key',
    '.holdfast/seeded.json',
    '.git/config',
    '.env',
    'cloud.json',
    'noor.json',
    'operator.json',
    'commissioning.json',
    'site-root/site-root.key',
    'tuesday.backup',
    'tuesday.backup.keys',
    'deploy/cloud.json',
    'src/.holdfast/cloud/root.key',
    'src/tls.pem',
    'web/operator.token',
    'bin/root.key',
    'test/upgrade/states',
    'node_modules/pg/package.json',
    'web/dist/admin/index.html',
  ];
  assert.deepEqual(
    private_.filter((path) => entersContext(IGNORE, path)),
    [],
  );
  const needed = [
    'package-lock.json',
    '.npmrc',
    'bin/holdfast.mjs',
    'deploy/health.mjs',
    'tools/setup/web.mjs',
  ];
  assert.deepEqual(
    needed.filter((path) => !entersContext(IGNORE, path)),
    [],
  );
  const entering = [...readRepository(ROOT).paths].filter((path) => entersContext(IGNORE, path));
  const homes = new Set(entering.map((path) => (path.includes('/') ? path.split('/')[0] : path)));
  assert.deepEqual([...homes].sort(), [
    '.npmrc',
    'LICENSE',
    'bin',
    'deploy',
    'package-lock.json',
    'package.json',
    'src',
    'tools',
    'tsconfig.json',
    'web',
  ]);
  assert.equal(read('.dockerignore'), IGNORE, 'docker reads the same list under another name');
});

test('the look at its health asks the process itself, and takes nothing else for life', async () => {
  const words = execForm(only('HEALTHCHECK').replace(/^.*? CMD /, ''));
  assert.ok(words, 'without a shell');
  assert.equal(
    words.at(-1),
    execForm(only('CMD'))?.at(-1),
    'it reads the configuration that the process reads',
  );
  let answer = { status: 200, text: '{"state":"alive"}' };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(home, 'cloud.json');
  writeFileSync(file, JSON.stringify({ http: { port } }));
  const program = (words[2] ?? '').replace('/opt/holdfast', ROOT);
  const look = async () => {
    const child = spawn(process.execPath, [words[1] ?? '', program, file], { stdio: 'inherit' });
    return (await once(child, 'exit'))[0] as number;
  };
  assert.equal(await look(), 0);
  assert.deepEqual(asked, ['/api/health']);
  answer = { status: 503, text: '{"state":"alive"}' };
  assert.equal(await look(), 1);
  answer = { status: 200, text: '{"state":"leaving"}' };
  assert.equal(await look(), 1);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  assert.equal(await look(), 1);
});
