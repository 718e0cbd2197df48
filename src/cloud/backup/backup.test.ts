/** Backup and restore without the rest of the system: what is in which file, and what a restore leaves. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { prepareDatabase } from '../migrate.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { filledTenant } from '../test-tenants.ts';
import { restoreBackup } from './restore.ts';
import { takeBackup } from './take.ts';

const rootKey = systemRandom.bytes(32);
let stand: Stand;
let home: string;
let file: string;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-backup-'));
  file = join(home, 'one');
  stand = await openStand(NOUNS);
  for (const mark of ['Alder', 'Birch']) await filledTenant(stand.cloud, { root: stand.root, mark });
  await take(file);
});
after(async () => {
  await stand?.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

function urlOf(database: string, user: 'owner' | 'superuser'): string {
  const url = new URL(stand.superuserUrl());
  url.pathname = `/${database}`;
  if (user === 'owner')
    Object.assign(url, { username: 'holdfast_owner', password: stand.passwords.ownerPassword });
  return url.href;
}

const take = (path: string, database = 'holdfast') =>
  takeBackup({
    ownerUrl: urlOf(database, 'owner'),
    rootKey,
    backup: base64url(systemRandom.bytes(16)),
    madeAtMs: systemClock.nowMs(),
    file: path,
    keysFile: `${path}.keys`,
    epochs: stand.epochs,
    evidence: stand.cloud.evidence,
  });

async function emptyDatabase(database: string): Promise<string> {
  await prepareDatabase({ superuserUrl: stand.superuserUrl(), database, ...stand.passwords });
  return urlOf(database, 'owner');
}

const restore = (ownerUrl: string, from = file, keysFile = `${file}.keys`) =>
  restoreBackup({
    ownerUrl,
    rootKey,
    file: from,
    keysFile,
    epochs: stand.epochs,
    random: systemRandom,
    migrations: NOUNS.flatMap((noun) => noun.migrations ?? []),
    log: silentLog,
  });

async function query<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: urlOf(database, 'superuser') });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n');

test('the epoch keys stand in the file of keys and in no other', async () => {
  const keys = await query<{ hex: string }>(
    'holdfast',
    `select encode(wrapped, 'hex') as hex from subject_keys
     union all select encode(private_sealed, 'hex') from notifier_epochs`,
  );
  assert.ok(keys.length > 6, 'of each of three tenants');
  const places = await query<{ place: string; epoch: number }>(
    'holdfast',
    'select epoch_place as place, epoch from tenant_keys join wrapping_epochs using (tenant_id)',
  );
  for (const { place, epoch } of places)
    keys.push({ hex: base64url(stand.epochs.read(place, epoch) ?? assert.fail('an epoch has its file')) });
  const [rows, apart] = [readFileSync(file, 'utf8'), readFileSync(`${file}.keys`, 'utf8')];
  for (const { hex } of keys) {
    assert.ok(apart.includes(hex));
    assert.ok(!rows.includes(hex));
  }
  assert.deepEqual(
    [
      ...new Set(
        lines(`${file}.keys`)
          .slice(1, -1)
          .map((line) => line.split('\t')[0]),
      ),
    ].sort(),
    [
      'epoch-files',
      'public.destroyed_subjects',
      'public.notifier_epochs',
      'public.retired_intake_keys',
      'public.retired_notifier_keys',
      'public.subject_keys',
      'public.tenant_pairs',
      'public.wrapping_epochs',
      'tenant-generations',
    ],
  );
});

/** What signs its bearer in is not restored. */
const LET_IN = ['sessions', 'sign_in_links', 'enrolment_codes'];

test('every row of every tenant is there again, the wall stands, and numbers go on', async () => {
  const restored = await restore(await emptyDatabase('again'));
  const objects = lines(file).filter((line) => line.startsWith('evidence-objects\t')).length;
  assert.ok(objects > 0);
  assert.equal(
    restored.rows,
    lines(file).length + lines(`${file}.keys`).length - 4 - 3 - 3 - objects,
    'but for three files, three generations and the bytes of evidence',
  );
  await take(join(home, 'two'), 'again');
  const unlocked = (line: string) => !line.startsWith('graphile_worker.');
  const rowsOf = (path: string) =>
    lines(path)
      .slice(1, -1)
      .filter((line) => unlocked(line) && !LET_IN.some((table) => line.startsWith(`public.${table}\t`)))
      // The files of epochs lie elsewhere for every database.
      .map((line) => line.replace(/"epoch_place":"[^"]+"/, ''))
      .sort();
  assert.deepEqual(rowsOf(join(home, 'two')), rowsOf(file));
  assert.deepEqual(rowsOf(join(home, 'two.keys')), rowsOf(`${file}.keys`));
  const wall = `select relname, relrowsecurity as on, relforcerowsecurity as forced from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`;
  assert.deepEqual(await query('again', wall), await query('holdfast', wall));
  const highest = `select max(position)::int as n from records`;
  const last = `select last_value::int as n from records_position_seq`;
  assert.deepEqual(await query('again', last), await query('again', highest));
});

test('a backup that was changed by one letter is refused before the database is touched', async () => {
  const bent = join(home, 'bent');
  writeFileSync(bent, readFileSync(file, 'utf8').replace('"state":"active"', '"state":"removed"'));
  const url = await emptyDatabase('bent');
  await assert.rejects(restore(url, bent), /SHA-256/);
  assert.deepEqual(await query('bent', `select 1 from pg_tables where schemaname = 'public'`), []);
});

test('a text that holds what other readers take for the end of a line is restored to the letter', async () => {
  // All of a row that a bank words itself; and a carrier's name, which people do.
  const strange = 'a\u2028b\u2029c\u0085d\u000be\u000cf\rg\nh';
  await query('holdfast', `update banks set hello = jsonb_build_object('boot', $$${strange}$$::text)`);
  await query('holdfast', `update carriers set name = $$${strange}$$`);
  const path = join(home, 'lines');
  await take(path);
  const url = await emptyDatabase('lines');
  await restore(url, path, `${path}.keys`);
  for (const question of [`select hello from banks order by bank_id`, `select name from carriers order by 1`])
    assert.deepEqual(await query('lines', question), await query('holdfast', question));
});

test('what was signed out, and a code that was spent, since the backup, do not live again by a restore', async () => {
  await restore(await emptyDatabase('signed-out'));
  for (const table of LET_IN) {
    const question = `select count(*)::int as n from ${table}`;
    assert.notDeepEqual(await query('holdfast', question), [{ n: 0 }], `${table} has nothing to show`);
    assert.deepEqual(await query('signed-out', question), [{ n: 0 }], table);
  }
});

test('a backup that somebody without the root key has written anew is refused, however right its hash', async () => {
  for (const part of ['', '.keys']) {
    const forged = join(home, `forged${part}`);
    const other = join(home, `other${part === '' ? '.keys' : ''}`);
    copyFileSync(`${file}${part === '' ? '.keys' : ''}`, other);
    const whole = readFileSync(`${file}${part}`, 'utf8').split('\n').slice(0, -2);
    const rows =
      part === '' ? whole.map((line) => line.replace('"active"', '"removed"')) : whole.slice(0, -1);
    assert.notDeepEqual(rows, whole);
    const body = `${rows.join('\n')}\n`;
    const end = JSON.parse(lines(`${file}${part}`).at(-1)?.split('\t')[1] ?? '') as { sha256: string };
    end.sha256 = base64url(sha256(utf8(body)));
    writeFileSync(forged, `${body}end\t${JSON.stringify(end)}\n`);
    const [rowsFile, keysFile] = part === '' ? [forged, other] : [other, forged];
    const database = `forged${part.length}`;
    const url = await emptyDatabase(database);
    await assert.rejects(restore(url, rowsFile, keysFile), /HMAC/);
    assert.deepEqual(await query(database, `select 1 from pg_tables where schemaname = 'public'`), []);
  }
});

test('a restore into a database that holds anything is refused, and one that breaks off leaves nothing', async () => {
  await assert.rejects(restore(urlOf('holdfast', 'owner')), /is not empty/);
  const url = await emptyDatabase('broken');
  const client = new pg.Client({ connectionString: urlOf('broken', 'superuser') });
  await client.connect();
  // The disk of the database is full, or its server stops: here a rule of the database says no.
  await client.query(`create function no() returns event_trigger language plpgsql as
    $$ begin if exists (select 1 from pg_class where relname = 'parcel_events') then raise 'no room'; end if; end $$`);
  await client.query(
    "create event trigger no on ddl_command_end when tag in ('CREATE TABLE') execute function no()",
  );
  await assert.rejects(restore(url), /migration .* failed/);
  await client.query('drop event trigger no');
  await client.end();
  assert.deepEqual(await query('broken', `select 1 from pg_tables where schemaname = 'public'`), []);
  assert.ok((await restore(url)).rows > 100);
});

test('a backup that breaks off leaves no file', async () => {
  await assert.rejects(take(join(home, 'none'), 'postgres'));
  assert.ok(!existsSync(join(home, 'none')) && !existsSync(join(home, 'none.keys')));
});

test('a newer file of keys fits an older backup and brings its intake keys, until the tenant’s key was replaced', async () => {
  const { cloud, tenant } = stand;
  const inTenant: Stand['inTenant'] = (run) => cloud.database.tenant(tenant, run);
  const path = (name: string) => join(home, name);
  await take(path('before'));
  const { hash } = await inTenant((tx) => cloud.keys.renewIntake(tx));
  await take(path('newer'));
  await restore(await emptyDatabase('newer'), path('before'), path('newer.keys'));
  const pairs = `select encode(public, 'hex') as public from tenant_pairs where name = 'intake' order by 1`;
  assert.deepEqual(await query('newer', pairs), await query('holdfast', pairs), hash);
  assert.equal((await query('newer', 'select 1 from retired_intake_keys')).length, 3);
  await inTenant((tx) => cloud.keys.renewTenant(tx));
  await inTenant((tx) => cloud.keys.settle(tx));
  await take(path('rotated'));
  const url = await emptyDatabase('rotated');
  await assert.rejects(
    restore(url, path('before'), path('rotated.keys')),
    /was rotated after .*before was made/,
  );
  await restore(url, path('rotated'), path('rotated.keys'));
  await restore(await emptyDatabase('own'), path('before'), path('before.keys'));
});
