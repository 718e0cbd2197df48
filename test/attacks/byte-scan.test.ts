/**
 * Everything that a running system leaves on its disks is searched for what it was told about people. The
 * whole system runs in a temporary folder of its own, so that also what it moved there, and what any of its
 * programs left there, is searched. Left out are run.json, and the phone of the rig: the virtual recipient's.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import type { personRow } from '../../src/contract/http/admin.ts';
import { normalFlat } from '../../src/domain/scan.ts';
import { badgeHash } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT, type Site, startSite } from '../site.ts';
import type { Planted } from './byte-scan.ts';
import { type Searched, searchFolder } from './byte-search.ts';
import { asSuperuser, CONTROL, hideNothing, plantRows } from './disk-of-database.ts';

type Resident = { name: string; surname: string; flat: string; email: string; phone: string };
/** Long and odd, so that no chance puts them on a disk. Mail addresses in capitals, as people type them. */
const resident = (name: string, flat: string, mail: string, phone: string): Resident => ({
  name,
  surname: name.split(' ').at(-1) ?? '',
  flat,
  email: `${mail}@Planted-Mail.Example`,
  phone,
});
const [STAYS, BEFORE, AFTER, LEAVES] = [
  resident('Quillonia Featherstonehaugh', 'Zephyrgate Turret 90417', 'Q.Feather', '+15550190417'),
  resident('Ottoliniana Vargabrandtsdottir', 'Nightjar Mews 77203', 'Otto.Varga', '+15550177203'),
  resident('Ottoliniana Wexcombe-Thistlethwaite', 'Nightjar Loft 66518', 'Otto.Wex', '+15550166518'),
  resident('Bartholomina Quackenbushington', 'Gasworks Nook 55309', 'B.Quack', '+15550155309'),
] as const;
const COURIER = { name: 'Peregrinia Oxenstiernahof', email: 'P.Oxen@Planted-Mail.Example' };
const TRACKINGS = ['1Z999AA10123456784', 'JD014600006281230701', 'TBA902211774330', '9400111206206406260787'];
const HOLD = 'Vargabrandtsdottir against the Nightjar estate';
const PURPOSE = 'Quackenbushington says that it belongs to her sister';

let home: string;
let site: Site;
let searched: Searched;
let controlForms: string[];
const temporary = process.env.TMPDIR;
const secrets: Planted[] = [];

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-scan-'));
  // The database's user has to pass through it.
  chmodSync(home, 0o755);
  process.env.TMPDIR = home;
  site = await startSite();
  await liveThroughIt();
  await site.system.stop();
  const folder = relative(home, site.data);
  const isLeftOut = (file: string) =>
    file === `${folder}/run.json` || file.startsWith(`${folder}/rig-phone/`);
  searched = searchFolder([...planted(), { what: 'control', text: CONTROL }], home, isLeftOut);
});

after(async () => {
  await site?.system.stop();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function liveThroughIt(): Promise<void> {
  const database = await asSuperuser(site.system.places.postgres);
  assert.ok((await hideNothing(database)) > 50, 'columns that would have been compressed');
  controlForms = await plantRows(database);
  await failingStatements(database);
  await database.end();
  const { people } = site;
  await people.adminSignsIn();
  const stays = await add(STAYS);
  const moves = await add(BEFORE);
  const leaves = await add(LEAVES);
  await addsCourier();
  await inTheDirectory(LEAVES.flat);
  await inAndOut(STAYS, TRACKINGS[0] ?? '');
  await signsIn(STAYS);
  await patch(moves, AFTER);
  await inTheDirectory(AFTER.flat);
  await inAndOut(AFTER, TRACKINGS[1] ?? '');
  await takenOutByStaff(await refused(LEAVES, TRACKINGS[2] ?? ''));
  await people.admin(`/people?role=resident&limit=200`);
  await site.drained();
  commanded('admin', 'backup', join(home, 'before.backup'), '--data', site.data);
  await erase(moves);
  await inTheDirectory(AFTER.flat, false);
  await site.drained();
  await people.rig('/network', { up: false });
  await remove(leaves);
  // This one is still in the bank's journal when everything stops: its records never left the cabinet.
  await dropOff(STAYS, TRACKINGS[3] ?? '');
  assert.equal((await people.act({ do: 'pin', pin: '000000000' })).message, 'code-not-accepted');
  assert.ok(stays.length > 0);
}

/** What fails in the database is told to whoever asked, and never to the database's own log. */
async function failingStatements(database: Awaited<ReturnType<typeof asSuperuser>>): Promise<void> {
  const name = STAYS.name;
  await assert.rejects(database.query('select $1::text::int', [name]), /invalid input syntax/);
  await assert.rejects(database.query('select $1::jsonb', [name]), /invalid input syntax/);
  await assert.rejects(database.query('insert into sites (site_id, name) values ($1, $1)', [name]));
}

async function request(method: string, path: string, body?: unknown): Promise<unknown> {
  return await site.people.adminAsks(method, path, body);
}

async function add({ name, flat, email, phone }: Resident): Promise<string> {
  return ((await request('POST', '/people', { name, flat, email, phone })) as { id: string }).id;
}

async function patch(id: string, { name, flat, email, phone }: Resident): Promise<void> {
  const row = await request('PATCH', `/people/${id}`, { name, flat, email, phone });
  assert.equal((row as { name: string } & typeof personRow).name, name);
}

const remove = (id: string) => request('DELETE', `/people/${id}`);

async function addsCourier(): Promise<void> {
  const { carriers } = (await site.people.admin('/couriers')) as { carriers: { id: string }[] };
  const carrier = carriers[0]?.id;
  await request('POST', '/couriers', { ...COURIER, carrier, badgeHash: badgeHash('HFB1PLANTED') });
}

/** For good, while a backup of before lies beside. The kiosk forgets them with its next list. */
async function erase(id: string): Promise<void> {
  const admin = (...args: string[]) => commanded('admin', ...args, '--data', site.data);
  admin('hold', 'place', '--person', id, '--purpose', HOLD);
  assert.match(admin('hold'), new RegExp(`${id} since .* until lifted: ${HOLD}`));
  const answer = await request('POST', `/people/${id}/erase`, { confirm: 'erase' });
  assert.deepEqual(answer, { is: 'held' });
  admin('hold', 'lift', '--person', id, '--purpose', HOLD);
  assert.match(admin('erase', '--person', id, '--yes'), /^Ottoliniana .*\nerased: \d+ fields of records/);
  assert.match(admin('retention', '--days', '90'), /erased 90 days after .*\n0 persons .* 1 were erased/);
  // The epoch of before is gone with the answer, or soon after.
  const epochs = join(site.system.places.cloud, 'epochs');
  const files = () => readdirSync(epochs, { recursive: true, encoding: 'utf8' });
  const holds = async () => files().filter((name) => name.endsWith('.key')).length === 1;
  await waitFor({ clock: systemClock, what: 'the old epoch to be destroyed', msMax: 30_000, holds });
  assert.ok(files().some((name) => name.endsWith('2.key')));
}

/** Until the kiosk knows the flat, or knows it no more: the directory is on its way. */
async function inTheDirectory(flat: string, isKnown = true): Promise<void> {
  const { people } = site;
  await people.courierSignsIn();
  const holds = async () => {
    await people.act({ do: 'tracking', text: 'PROBE12345' });
    await people.act({ do: 'flat', text: flat });
    const { screen } = (await people.view()).show;
    if ((screen === 'size' || screen === 'recipient') === isKnown) return true;
    await people.act({ do: 'leave' });
    await people.courierSignsIn();
    return false;
  };
  await waitFor({ clock: systemClock, what: `the kiosk to know or forget ${flat}`, msMax: 30_000, holds });
  await people.act({ do: 'leave' });
}

async function dropOff({ flat }: Resident, tracking: string): Promise<number> {
  const { people } = site;
  await people.courierSignsIn();
  const n = await people.dropsOff({ tracking, flat, size: 'S' });
  await people.act({ do: 'leave' });
  return n;
}

/** Drops off, and waits until both messages came; their codes are planted from here on. */
async function toldOf(to: Resident, tracking: string): Promise<{ n: number; pin: string }> {
  const beganMs = systemClock.nowMs();
  const n = await dropOff(to, tracking);
  const { pin } = await site.people.pinFrom('sms', to.phone, beganMs);
  const { message } = await site.people.pinFrom('email', to.email.toLowerCase(), beganMs);
  const inParts = /(\d{3})(\d{3})(\d{3})/.exec(pin) ?? [];
  secrets.push(
    { what: `PIN of ${tracking}`, text: pin },
    { what: 'PIN, as shown', text: inParts.slice(1).join(' ') },
  );
  secrets.push({ what: `QR of ${tracking}`, text: message.qr ?? assert.fail('the mail has a QR code') });
  return { n, pin };
}

async function inAndOut(to: Resident, tracking: string): Promise<void> {
  const { n, pin } = await toldOf(to, tracking);
  assert.equal(await site.people.picksUp(pin), n);
}

async function refused(to: Resident, tracking: string): Promise<number> {
  const { people } = site;
  const { n, pin } = await toldOf(to, tracking);
  await people.act({ do: 'pin', pin });
  await people.shown('pick-up');
  await people.sensed('open');
  await people.rig(`/doors/${n}/close`);
  await people.sensed('closed');
  await people.act({ do: 'report', what: 'not-my-parcel' });
  await people.shown('reported');
  return n;
}

function commanded(...args: string[]): string {
  const program = [join(ROOT, 'bin', 'holdfast.ts'), ...args];
  const run = spawnSync(process.execPath, program, { encoding: 'utf8', cwd: ROOT, timeout: 60_000 });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  return run.stdout;
}

async function takenOutByStaff(n: number): Promise<void> {
  const { people, system } = site;
  const args = ['admin', 'order', 'staff-release', '--door', String(n), '--purpose', PURPOSE];
  const said = commanded(...args, '--root', system.places.root, '--yes');
  await people.scan(/HFO1[A-Z2-7]{26}/.exec(said)?.[0] ?? assert.fail(said));
  await people.shown('staff');
  await people.sensed('open');
  await people.rig(`/parcels/${n}`, { do: 'take-out' });
  await people.rig(`/doors/${n}/close`);
  await people.sensed('closed');
  await people.act({ do: 'found', what: 'removed' });
  await people.shown('staff-done');
}

async function signsIn({ email }: Resident): Promise<void> {
  const start = `http://localhost:${site.system.ports.start}`;
  const headers = { 'content-type': 'application/json', 'x-holdfast-app': 'resident', origin: start };
  const post = (path: string, body: unknown) =>
    fetch(`${start}/api/resident/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal((await post('sign-in/ask', { email })).status, 202);
  const token = (await site.people.linkFrom(email.toLowerCase())).split('#token=')[1] ?? '';
  const entered = await post('sign-in', { token });
  assert.ok(entered.ok);
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const me = await fetch(`${start}/api/resident/me`, { headers: { ...headers, cookie } });
  assert.equal(((await me.json()) as { email: string }).email, email.toLowerCase());
  secrets.push({ what: 'link to sign in', text: token });
  secrets.push({ what: 'session', text: cookie.split('=')[1] ?? '' });
}

function planted(): Planted[] {
  const people = [STAYS, BEFORE, AFTER, LEAVES].flatMap(({ name, surname, flat, email, phone }) => [
    { what: 'name', text: name },
    { what: 'surname', text: surname },
    { what: 'flat', text: flat },
    { what: 'flat, as compared', text: normalFlat(flat) },
    { what: 'mail address', text: email },
    { what: 'phone number', text: phone },
    { what: 'phone number without its sign', text: phone.slice(1) },
  ]);
  return [
    ...people,
    { what: 'courier', text: COURIER.name },
    { what: 'courier’s mail address', text: COURIER.email },
    ...TRACKINGS.map((text) => ({ what: 'tracking number', text })),
    { what: 'purpose of an order', text: PURPOSE },
    { what: 'reason of a hold', text: HOLD },
    ...secrets,
  ];
}

test('after a shutdown no byte on any disk holds a name, phone, address, flat, tracking number or code', (t) => {
  const { files, hits } = searched;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  t.diagnostic(`${planted().length} texts, ${files.length} files, ${Math.round(bytes / 1e6)} MB`);
  assert.equal(secrets.filter(({ what }) => what.startsWith('PIN of')).length, 3);
  const has = (pattern: RegExp) =>
    assert.ok(
      files.some(({ file }) => pattern.test(file)),
      String(pattern),
    );
  for (const pattern of [
    /\/postgres\/base\/\d+\/\d+$/,
    /\/postgres\/pg_wal\/[0-9A-F]{24}$/,
    /\/postgres\.log$/,
    /\/edge\/bank\/journal\.sqlite$/,
    /\/logs\/cloud\.log$/,
    /\/logs\/edge\.log$/,
    /\/rig\/metal\.json$/,
    /\/seeded\.json$/,
    /\/cloud\/config\.json$/,
    /^before\.backup$/,
    /\/cloud\/epochs\/[^/]+\/2\.key$/,
  ])
    has(pattern);
  assert.deepEqual(
    hits.filter(({ what }) => what !== 'control'),
    [],
  );
});

test('a clear row planted in a table is found in the table and in the log, and so is every other form of it', () => {
  const hits = searched.hits.filter(({ what }) => what === 'control');
  const formsIn = (place: RegExp) =>
    [...new Set(hits.filter(({ file }) => place.test(file)).map(({ form }) => form))].sort();
  assert.deepEqual(formsIn(/\/postgres\/base\//), controlForms);
  assert.deepEqual(formsIn(/\/postgres\/pg_wal\//), controlForms);
  assert.ok(controlForms.length > 20, controlForms.join());
});

test('what was left out holds what it is left out for, so leaving it out is needed and no habit', () => {
  const runFile = readFileSync(site.system.places.runFile, 'utf8');
  assert.ok(runFile.includes(site.seeded.signIns.resident.phone));
  const phone = searchFolder([{ what: 'phone', text: STAYS.phone }], site.system.places.phone);
  assert.ok(phone.hits.length > 0);
});
