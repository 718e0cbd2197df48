/**
 * Backup and restore by one command each, of the embedded database and of one elsewhere; what was restored is
 * started and checked anew from the bytes. And what happens to a bank that went on after the backup.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import { evidenceAttached } from '../../src/contract/http/evidence.ts';
import { base64, concat } from '../../src/crypto/bytes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { waitFor } from '../../src/up/wait.ts';
import { searchFolder } from '../attacks/byte-search.ts';
import { asSuperuser } from '../attacks/disk-of-database.ts';
import { ROOT, type Site, startSite } from '../site.ts';
import { parcelOf } from './in-and-out.ts';

let site: Site;
let home: string;
let elsewhere: Postgres;
let pin: string;
const warm = () => join(home, 'warm.backup');
const cold = () => join(home, 'cold.backup');
const passwords = { ownerPassword: 'owner-of-elsewhere', appPassword: 'app-of-elsewhere' };

function holdfast(...args: string[]): { status: number | null; said: string } {
  const program = [join(ROOT, 'bin', 'holdfast.ts'), ...args];
  const run = spawnSync(process.execPath, program, { encoding: 'utf8', cwd: ROOT, timeout: 90_000 });
  return { status: run.status, said: run.stdout + run.stderr };
}

function holds(...args: string[]): string {
  const { status, said } = holdfast(...args);
  assert.equal(status, 0, said);
  return said;
}

function refused(pattern: RegExp, ...args: string[]): void {
  const { status, said } = holdfast(...args);
  assert.notEqual(status, 0, said);
  assert.match(said, pattern);
}

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-backup-'));
  chmodSync(home, 0o755);
  elsewhere = await startPostgres({
    dataDir: join(home, 'elsewhere'),
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  site = await startSite();
});
after(async () => {
  await site?.stop();
  await elsewhere?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function dropOff(tracking: string): Promise<string> {
  const { people, seeded } = site;
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.dropsOff({ tracking, flat: seeded.signIns.resident.flat, size: 'S' });
  await people.act({ do: 'leave' });
  return (await people.pinFrom('sms', seeded.signIns.resident.phone, beganMs)).pin;
}

/** A photo of a parcel that is sealed to whom it is about, longer than a piece of a backup's row. */
const PHOTO = concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1), new Uint8Array(1_500_000).fill(7));
let photo: string;

async function attachPhoto(tracking: string): Promise<void> {
  await site.people.adminSignsIn();
  const { id } = await parcelOf(site, tracking);
  const wish = { purpose: 'a dent', about: 'recipient', file: base64(PHOTO) };
  photo = evidenceAttached.parse(await site.people.adminPosts(`/parcels/${id}/evidence`, wish)).id;
}

/** As an administrator is handed it. */
async function photoNow(): Promise<Uint8Array> {
  await site.people.adminSignsIn();
  const origin = `http://localhost:${site.system.ports.start}`;
  const answer = await fetch(`${origin}/api/admin/evidence/${photo}/file`, {
    method: 'POST',
    headers: {
      ...{ cookie: site.people.adminCookie, 'x-holdfast-app': 'admin', origin },
      'content-type': 'application/json',
    },
    body: JSON.stringify({ purpose: 'is it there again' }),
  });
  assert.equal(answer.status, 200);
  return new Uint8Array(await answer.arrayBuffer());
}

const evidenceFolder = () => join(site.system.places.cloud, 'evidence');

/** The disk of the database is gone; everything else of the machine is there. */
function loseDatabase(): void {
  const { postgres } = site.system.places;
  for (const path of [postgres, `${postgres}.password`, `${postgres}.log`, `${postgres}.socket`])
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

async function startAgain(): Promise<void> {
  const { data, system } = site;
  site = await startSite({ before: { data, base: system.ports.start } });
}

/** A cloud's configuration that names an empty database on the other server. */
async function configOf(database: string): Promise<string> {
  await prepareDatabase({
    superuserUrl: elsewhere.connectionString(elsewhere.superuser, 'postgres'),
    database,
    ...passwords,
  });
  const own = JSON.parse(readFileSync(join(site.system.places.cloud, 'config.json'), 'utf8')) as object;
  const path = join(home, `${database}.json`);
  const databaseUrl = elsewhere.connectionString('holdfast_app', database, passwords.appPassword);
  const ownerDatabaseUrl = elsewhere.connectionString('holdfast_owner', database, passwords.ownerPassword);
  writeFileSync(path, JSON.stringify({ ...own, databaseUrl, ownerDatabaseUrl }), { mode: 0o600 });
  return path;
}

test('a backup beside the running system: one command, two private files, and no key that opens anything alone', async (t) => {
  const collected = await dropOff('1Z999AA10123456784');
  await site.people.picksUp(collected);
  await site.drained();
  await attachPhoto('1Z999AA10123456784');
  pin = await dropOff('JD014600006281230701');
  await site.drained();
  const said = holds('admin', 'backup', warm(), '--data', site.data);
  t.diagnostic(said.trim().split('\n').at(-1) ?? '');
  assert.match(said, /backup took \d+\.\d s/);
  for (const what of [/root key/, /epoch keys/, /site root/]) assert.match(said, what);
  for (const file of [warm(), `${warm()}.keys`]) assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(home).filter((name) => name.includes('.new')),
    [],
  );
  const database = await asSuperuser(site.system.places.postgres);
  const { rows } = await database.query<{ key: Buffer }>(
    `select wrapped as key from subject_keys union all
     select private_sealed from notifier_epochs where private_sealed is not null`,
  );
  await database.end();
  const epochs = join(site.system.places.cloud, 'epochs');
  for (const name of readdirSync(epochs, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.key')) rows.push({ key: readFileSync(join(epochs, name)) });
  assert.ok(rows.length >= 2);
  const rootKey = readFileSync(join(site.system.places.cloud, 'root.key'));
  const wanted = [...rows.map(({ key }) => ({ what: 'epoch key', key })), { what: 'root key', key: rootKey }];
  const planted = wanted.map(({ what, key }) => ({ what, text: key.toString('hex'), raw: key }));
  const { hits } = searchFolder(planted, home, (file) => !file.startsWith('warm.backup'));
  assert.deepEqual(
    [...new Set(hits.map(({ what, file }) => `${what} in ${file}`))],
    ['epoch key in warm.backup.keys'],
  );
  refused(/is there already/, 'admin', 'backup', warm(), '--data', site.data);
  refused(/the database is not empty/, 'admin', 'restore', warm(), '--data', site.data);
});

test('the embedded database is lost with what lay beside it and restored by one command; the site is checked from its bytes and goes on', async (t) => {
  await site.system.stop();
  holds('admin', 'backup', cold(), '--data', site.data);
  loseDatabase();
  rmSync(evidenceFolder(), { recursive: true });
  const said = holds('admin', 'restore', cold(), '--data', site.data);
  t.diagnostic(said.trim().split('\n').at(-1) ?? '');
  assert.match(said, /restore took \d+\.\d s/);
  assert.match(said, /the backup is \d+ minutes old/);
  assert.match(said, new RegExp(`${site.seeded.bank.id}: records up to \\d+`));
  await startAgain();
  assert.deepEqual(await photoNow(), PHOTO, 'what was attached is there, and opens');
  await site.people.picksUp(pin);
  pin = await dropOff('TBA902211774330');
  await site.checkSite();
  const { items } = (await site.people.admin('/journal?limit=200')) as { items: { kind: string }[] };
  for (const kind of ['backup.made', 'backup.restored'])
    assert.ok(
      items.some((item) => item.kind === kind),
      kind,
    );
});

test('a database elsewhere is restored and backed up by the same commands, and every row is there again', async (t) => {
  const config = await configOf('moved');
  const said = holds('admin', 'restore', cold(), '--config', config);
  t.diagnostic(said.trim().split('\n').at(-1) ?? '');
  assert.match(holds('cloud', 'check', '--config', config), /everything holds/);
  const second = join(home, 'second.backup');
  holds('admin', 'backup', second, '--config', config);
  const rowsIn = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(1, -1)
      // Of journals the end has moved, and of keys the place of their epochs; what lets its bearer in is not restored.
      .filter(
        (line) =>
          !/^(graphile_worker\.|public\.(journals|tenant_keys|sessions|sign_in_links|enrolment_codes)\t)/.test(
            line,
          ),
      );
  const [first, again] = [rowsIn(cold()), rowsIn(second)].map((rows) => new Set(rows)) as [
    Set<string>,
    Set<string>,
  ];
  assert.ok(first.size > 300, `${first.size}`);
  assert.deepEqual(
    [...first].filter((row) => !again.has(row)),
    [],
  );
});

test('a backup that was changed, is of a newer form, or does not fit its keys or the root key is refused, and nothing is left behind', async () => {
  const config = await configOf('empty');
  const restore = (file: string, keys: string) => [
    'admin',
    'restore',
    file,
    '--keys',
    keys,
    '--config',
    config,
  ];
  const keys = `${cold()}.keys`;
  const changed = (name: string, change: (text: string) => string): string => {
    const path = join(home, name);
    writeFileSync(path, change(readFileSync(cold(), 'utf8')), { mode: 0o600 });
    return path;
  };
  const bent = changed('bent', (text) => text.replace('"state":"active"', '"state":"removed"'));
  refused(/SHA-256/, ...restore(bent, keys));
  const cut = changed('cut', (text) => text.slice(0, -200));
  refused(/no end|does not read/, ...restore(cut, keys));
  refused(
    /does not know/,
    ...restore(
      changed('newer', (text) => text.replace('{"v":1,', '{"v":2,')),
      keys,
    ),
  );
  refused(/does not hold the epoch keys/, ...restore(cold(), `${warm()}.keys`));
  const cloud = join(home, 'cloud-of-others');
  cpSync(site.system.places.cloud, cloud, { recursive: true });
  const other = JSON.parse(readFileSync(config, 'utf8')) as { rootKeyFile: string };
  rmSync(join(cloud, 'keys'), { recursive: true });
  rmSync(join(cloud, 'root.key'));
  const others = join(home, 'others.json');
  writeFileSync(others, JSON.stringify({ ...other, dataDir: cloud, rootKeyFile: join(cloud, 'root.key') }));
  holds('cloud', 'init', '--config', others);
  refused(/another root key/, 'admin', 'restore', cold(), '--config', others);
  assert.match(holds(...restore(cold(), keys)), /rows restored/);
});

test('a bank that went on after the backup sends again what the cloud had lost, and nothing doubles', async () => {
  const { bank } = site.seeded;
  const parcels = async () =>
    ((await site.people.admin('/parcels?limit=200')) as { items: { id: string }[] }).items.map(
      ({ id }) => id,
    );
  await site.drained();
  const old = join(home, 'old.backup');
  holds('admin', 'backup', old, '--data', site.data);
  await dropOff('9400111206206406260787');
  await site.drained();
  await site.people.adminSignsIn();
  const [records, all] = [await site.people.journalOf(bank.id), await parcels()];
  await site.system.stop();
  loseDatabase();
  holds('admin', 'restore', old, '--data', site.data);
  await startAgain();
  await site.people.adminSignsIn();
  let again = new Map<number, string>();
  await waitFor({
    clock: systemClock,
    what: 'the cloud to have every record again',
    msMax: 60_000,
    holds: async () => {
      again = await site.people.journalOf(bank.id);
      return [...again.values()].some((json) => json.includes('"cloud.behind"'));
    },
  });
  for (const [seq, json] of records) assert.equal(again.get(seq), json, `record ${seq}`);
  assert.deepEqual(await parcels(), all, 'and what follows from them, under the same ids');
  const { items } = (await site.people.admin('/attention')) as { items: { kind: string }[] };
  assert.deepEqual(
    items.filter(({ kind }) => ['gap', 'fork', 'rollback', 'batch-refused'].includes(kind)),
    [],
  );
  await site.checkSite();
});
