/**
 * The installer's guide, walked with its own commands: an empty PostgreSQL, a site root, a cloud, a cabinet whose
 * layout is another than the package's, an administrator, a carrier, a courier, a resident; then one parcel in
 * and out. The configurations are those that are delivered as examples, with the addresses of this machine.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { selfSignedServer } from '../../src/crypto/x509.ts';
import { badgeText } from '../../src/domain/scan.ts';
import { badgeHash } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { People } from '../../src/up/people.ts';
import { type Ports, portsFrom } from '../../src/up/ports.ts';
import { waitFor } from '../../src/up/wait.ts';
import { freeBase, ROOT } from '../site.ts';

const DAY_MS = 86_400_000;
const home = mkdtempSync(join(tmpdir(), 'holdfast-install-'));
const at = (...parts: string[]): string => join(home, ...parts);
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const example = (name: string) => read(join(ROOT, 'deploy', name));
const running: ChildProcess[] = [];
let ports: Ports;
let postgres: Postgres;

/** The rig's layout has each lock at the door of the next number; the example's names other doors for them. */
const doorOfRig = (n: number): number =>
  example('layout.example.json').compartments.find((place: { n: number }) => place.n === n).lock + 1;

/** The commands that were walked, as the guide would name them. */
const walked = new Set<string>();

function run(...args: string[]): string {
  walked.add(args.slice(0, 2).join(' '));
  const done = spawnSync(process.execPath, [join(ROOT, 'bin/holdfast.ts'), ...args], {
    encoding: 'utf8',
    cwd: home,
  });
  assert.equal(done.status, 0, `holdfast ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

function refused(...args: string[]): string {
  const done = spawnSync(process.execPath, [join(ROOT, 'bin/holdfast.ts'), ...args], {
    encoding: 'utf8',
    cwd: home,
  });
  assert.equal(done.status, 1, done.stdout);
  return done.stderr;
}

const cloud = (...args: string[]): string => run('cloud', ...args, '--config', at('cloud.json'));
const idIn = (said: string): string => /^\w+ (\w+_[a-z2-7]{26})$/m.exec(said)?.[1] ?? assert.fail(said);

async function start(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/holdfast.ts'), ...args], {
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (status) => reject(new Error(`holdfast ${args.join(' ')} ended with ${status}`)));
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.send({ do: 'stop' });
  await ended;
}

/** The roles and the database, by the sentences that docs/reference/peers.md gives to an operator. */
async function makeDatabase(): Promise<Record<'app' | 'owner', string>> {
  // Where we run as root the server runs as another user, who has to find its folder.
  chmodSync(home, 0o711);
  mkdirSync(at('postgres'), { mode: 0o755 });
  postgres = await startPostgres({
    ...{ dataDir: at('postgres', 'data'), log: silentLog, clock: systemClock, random: systemRandom },
  });
  const page = readFileSync(join(ROOT, 'docs/reference/peers.md'), 'utf8');
  const [, sql = ''] = /```sql\n(create role[\s\S]*?)```/.exec(page) ?? [];
  const client = new pg.Client({
    connectionString: postgres.connectionString(postgres.superuser, 'postgres'),
  });
  await client.connect();
  for (const sentence of sql.split(';').filter((part) => part.trim() !== ''))
    await client.query(sentence.replace('…', 'a-password'));
  await client.end();
  const as = (role: string) => postgres.connectionString(role, 'holdfast', 'a-password');
  return { app: as('holdfast_app'), owner: as('holdfast_owner') };
}

type Post = { smtpUser: string; smtpPassword: string; smtpCertificatePem: string; smtpKeyPem: string };

async function post(): Promise<Post> {
  const key = newSigningKey();
  const smtpCertificatePem = await selfSignedServer({
    commonName: 'a mail server',
    privateKey: key.privateKey,
    hosts: ['127.0.0.1'],
    serial: systemRandom.bytes(8),
    notBeforeMs: systemClock.nowMs() - DAY_MS,
    notAfterMs: systemClock.nowMs() + DAY_MS,
  });
  const smtpPassword = base64url(systemRandom.bytes(18));
  return { smtpUser: 'u', smtpPassword, smtpCertificatePem, smtpKeyPem: privateKeyPem(key.privateKey) };
}

before(async () => {
  ports = portsFrom(await freeBase());
  const urls = await makeDatabase();
  const mail = await post();
  const token = base64url(systemRandom.bytes(18));
  const write = (name: string, value: unknown) => writeFileSync(at(name), JSON.stringify(value));
  write('rig.json', {
    ...{ ...mail, smsToken: token, httpPort: ports.rig, smtpPort: ports.smtp, smsPort: ports.sms },
    ...{ boards: { family: 'kerong-cu' }, serialLine: { kind: 'tcp', port: ports.serial } },
    ...{ scannerPort: ports.scanner, uplinkPort: ports.uplink, brokerPort: ports.mqtt },
    ...{ dataDir: at('rig'), phoneDir: at('phone'), webDir: null, cast: null, links: {} },
  });
  const given = example('cloud.example.json');
  const own = `http://localhost:${ports.start}`;
  write('cloud.json', {
    ...given,
    ...{ databaseUrl: urls.app, ownerDatabaseUrl: urls.owner, dataDir: at('cloud') },
    ...{ rootKeyFile: at('cloud', 'root.key'), operatorTokenFile: at('cloud', 'operator.token') },
    http: { port: ports.start },
    https: { host: '127.0.0.1', port: ports.https, hosts: ['localhost', '127.0.0.1'] },
    broker: { embedded: { host: '127.0.0.1', port: ports.mqtt } },
    mail: {
      ...{ ...given.mail, host: '127.0.0.1', port: ports.smtp, user: mail.smtpUser },
      ...{ password: mail.smtpPassword, caPem: mail.smtpCertificatePem },
    },
    // The rig's gateway has no TLS, which only a developer's machine may use.
    ...{ sms: { url: `http://127.0.0.1:${ports.sms}`, token }, development: true, webDir: null },
    ...{ urls: { resident: `${own}/resident/`, courier: `${own}/courier/`, admin: `${own}/admin/` } },
    ...{ logPath: at('cloud.log'), stopping: { unreadyMs: 0, finishMs: 8000 } },
  });
  const edge = example('edge.example.json');
  write('edge.json', {
    ...{ ...edge, dataDir: at('bank'), commissioningFile: at('commissioning.json') },
    ...{ sealingKey: { kind: 'file', path: at('seal', 'bank.key') } },
    kiosk: { port: ports.kiosk, webDir: null },
    boards: { ...edge.boards, line: { kind: 'tcp', host: '127.0.0.1', port: ports.serial } },
    ...{ scanner: { host: '127.0.0.1', port: ports.scanner }, logPath: at('edge.log') },
    uplink: { host: '127.0.0.1', port: ports.uplink },
  });
  await start('rig', '--config', at('rig.json'));
});

after(async () => {
  for (const child of running.toReversed()) await stop(child);
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

test('from an empty database to a parcel that went in and out, by the commands of the guide', async () => {
  run('admin', 'root', 'init', '--root', at('root'));
  cloud('init');
  assert.match(
    refused('cloud', 'site', '--name', 'Alder Court', '--config', at('cloud.json')),
    /no tenant yet/,
  );
  cloud('tenant');
  assert.match(cloud('log'), /^log \S+\/log\/tenant_\w+\/1$/m);
  const site = idIn(cloud('site', '--name', 'Alder Court', '--root-key', at('root', 'site-root.pub')));
  cloud('carrier', '--name', 'UPS');
  const signIn = at('noor.json');
  cloud('admin', '--name', 'Noor Haddad', '--email', 'noor@alder.example', '--out', signIn);
  const layout = join(ROOT, 'deploy/layout.example.json');
  const paper = at('commissioning.json');
  const bank = idIn(cloud('bank', '--site', site, '--name', 'Lobby', '--layout', layout, '--out', paper));
  cloud('access', '--site', site, '--out', at('root', 'operator.json'));
  for (const file of [signIn, paper, at('root', 'operator.json')])
    assert.equal(statSync(file).mode & 0o777, 0o600);
  run('edge', 'sealing-key', 'init', '--out', at('seal', 'bank.key'));

  await start('cloud', '--config', at('cloud.json'));
  await start('edge', '--config', at('edge.json'));

  const people = peopleOf(read(signIn));
  await addPeople(people);
  run('admin', 'roster', 'sign', '--root', at('root'), '--yes');
  await waitFor({
    ...{ clock: systemClock, what: 'the bank to hold its roster', msMax: 30_000 },
    holds: async () => (await people.view()).show.screen === 'home',
  });
  await parcelInAndOut(people);
  await drained();
  assert.match(cloud('check'), /everything holds/);
  const detail = (await people.admin(`/banks/${bank}`)) as { doors: unknown[] };
  assert.equal(detail.doors.length, 6);
});

const BADGE = badgeText(systemRandom.bytes(16));

function peopleOf(admin: { email: string; password: string; totpSecret: string }): People {
  return new People({
    ports,
    clock: systemClock,
    signIns: {
      admin,
      courier: { carrier: 'UPS', name: 'Mara', email: '', badge: BADGE, code: '560787' },
      resident: { flat: '4', name: 'Leila', phone: '+12125550111', email: 'leila@residents.example' },
    },
  });
}

async function addPeople(people: People): Promise<void> {
  await people.adminSignsIn();
  const { carriers } = (await people.admin('/couriers')) as { carriers: { id: string; name: string }[] };
  assert.deepEqual(
    carriers.map(({ name }) => name),
    ['UPS'],
  );
  await people.adminPosts('/couriers', {
    ...{ name: 'Mara', email: null, carrier: carriers[0]?.id, badgeHash: badgeHash(BADGE) },
  });
  await people.adminPosts('/people', {
    ...{
      name: 'Leila',
      flat: '4',
      email: 'leila@residents.example',
      phone: '+12125550111',
      accessible: true,
    },
  });
}

async function parcelInAndOut(people: People): Promise<void> {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.act({ do: 'tracking', text: '1Z999AA10123456784' });
  await people.act({ do: 'flat', text: '4' });
  await people.act({ do: 'size', size: 'M' });
  const { door } = await people.shown('drop-off');
  assert.equal(door.compartment, 2, 'the door within reach, as the layout has it');
  await people.sensed('open');
  const steel = doorOfRig(door.compartment);
  assert.equal((await people.door(steel)).door, 'open', 'and the lock that the layout names');
  await people.rig(`/parcels/${steel}`, { do: 'put-in', label: '1Z999AA10123456784' });
  await people.rig(`/doors/${steel}/close`);
  await people.sensed('closed');
  await people.act({ do: 'deposited' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', '+12125550111', beganMs);
  await people.act({ do: 'pin', pin });
  await people.sensed('open');
  await people.rig(`/parcels/${steel}`, { do: 'take-out' });
  await people.rig(`/doors/${steel}/close`);
  await people.sensed('closed');
  await people.act({ do: 'collected' });
  await people.shown('pick-up-done');
}

function drained(): Promise<void> {
  return waitFor({
    ...{ clock: systemClock, what: 'the cloud to have every record', msMax: 30_000 },
    async holds() {
      const { lastSeq, acknowledgedSeq } = (await (
        await fetch(`http://127.0.0.1:${ports.kiosk}/api/health`)
      ).json()) as Record<string, number>;
      return lastSeq === acknowledgedSeq;
    },
  });
}

test('a bank refuses another layout than the one that it began with, and goes on with the old one', async () => {
  await stop(running.pop() ?? assert.fail('the agent runs'));
  const paper = at('commissioning.json');
  const before = readFileSync(paper, 'utf8');
  const changed = JSON.parse(before);
  [changed.layout.compartments[0].lock, changed.layout.compartments[1].lock] = [3, 4];
  writeFileSync(paper, JSON.stringify(changed));
  assert.match(
    refused('edge', '--config', at('edge.json')),
    /another than the one that this bank was commissioned with/,
  );
  writeFileSync(paper, before);
  await start('edge', '--config', at('edge.json'));
});

test('what is wrong is said before anything is made', () => {
  const config = ['--config', at('cloud.json')];
  mkdirSync(at('wrong'));
  const layout = example('layout.example.json');
  layout.compartments[5].lock = 4;
  layout.compartments[1].middleCm = 150;
  writeFileSync(at('wrong', 'layout.json'), JSON.stringify(layout));
  const site = read(at('commissioning.json')).site;
  const bank = ['cloud', 'bank', '--site', site, '--name', 'Second', ...config];
  const said = refused(...bank, '--layout', at('wrong', 'layout.json'), '--out', at('second.json'));
  assert.match(said, /lock 4 of board 0 moves doors 1 and 6/);
  assert.match(said, /door 2 is to be accessible and its middle is at 150 cm/);
  assert.match(refused(...bank, '--out', at('commissioning.json')), /there is a file .* already/);
  assert.match(
    refused('cloud', 'bank', '--name', 'x', '--out', at('y'), ...config),
    /say the id of its site: --site/,
  );
  assert.match(
    refused('cloud', 'site', '--name', 'x', '--root-key', at('cloud.json'), ...config),
    /not right|no such|not the public half/,
  );
  const again = at('again.json');
  const id = read(at('commissioning.json')).bank;
  cloud('enrol', '--bank', id, '--out', again);
  assert.notEqual(read(again).enrolmentCode, read(at('commissioning.json')).enrolmentCode);
  assert.equal(read(again).bank, id);
});

test('the guide names no command that was not walked', () => {
  const guide = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
  const named = [...guide.matchAll(/^holdfast (\S+ \S+)/gm)].map(([, command = '']) => command);
  assert.ok(named.length >= 10, String(named.length));
  assert.deepEqual(
    named.filter((command) => !walked.has(command)),
    [],
  );
});
