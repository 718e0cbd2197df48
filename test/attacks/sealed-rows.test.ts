/**
 * The cloud's tables at rest, without the rest of the system: people come, are renamed and leave, a notice
 * waits and is sent, and the files of the database are searched. It is the small, quick form of the byte
 * scan, on which the sabotages of sealing are tried out.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { notices, queueLink } from '../../src/cloud/notices/notices.ts';
import * as people from '../../src/cloud/people/people.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { normalFlat } from '../../src/domain/scan.ts';
import type { Planted } from './byte-scan.ts';
import { searchFolder } from './byte-search.ts';
import { asSuperuser, CONTROL, hideNothing } from './disk-of-database.ts';

const CAME = { name: 'Quillonia Featherstonehaugh', flat: 'Zephyrgate Turret 90417', phone: '+15550190417' };
const BECAME = { name: 'Ottoliniana Vargabrandtsdottir', flat: 'Nightjar Mews 77203', phone: '+15550177203' };
const MAILS = { came: 'Q.Feather@Planted-Mail.Example', became: 'Otto.Varga@Planted-Mail.Example' };
const TOKEN = 'plantedTokenOfALink90417';

const planted: Planted[] = [
  ...[CAME, BECAME].flatMap(({ name, flat, phone }) => [
    { what: 'name', text: name },
    { what: 'flat', text: flat },
    { what: 'flat, as compared', text: normalFlat(flat) },
    { what: 'phone number', text: phone },
  ]),
  ...Object.values(MAILS).map((text) => ({ what: 'mail address', text })),
  { what: 'link to sign in', text: TOKEN },
  { what: 'control', text: CONTROL },
];

const temporary = process.env.TMPDIR;
let home: string;
let stand: Stand;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-rows-'));
  chmodSync(home, 0o755);
  process.env.TMPDIR = home;
  // Every byte that was ever written for this database is searched, so it is no copy, and stands in here too.
  delete process.env.HOLDFAST_STANDS;
  stand = await openStand([notices]);
});
after(async () => {
  await stand?.close();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

test('no file of the database holds a name, flat, address, number or link in clear, and a clear row is found', async () => {
  const dataDir = join(home, readdirSync(home).find((name) => name.startsWith('hf-cloud-')) ?? '', 'data');
  const database = await asSuperuser(dataDir);
  await hideNothing(database);
  const { cloud, site } = stand;
  const common = { site, accessible: false, by: null };
  await stand.inTenant(async (tx) => {
    const person = await people.addResident(cloud, tx, { ...common, ...CAME, email: MAILS.came });
    await people.patchPerson(cloud, tx, person, { ...BECAME, email: MAILS.became, by: null });
    const url = `http://localhost/resident#token=${TOKEN}`;
    await queueLink(cloud, tx, { person, app: 'resident', url, minutes: 15 });
    const other = await people.addResident(cloud, tx, { ...common, ...CAME, email: MAILS.came });
    await people.removePerson(cloud, tx, other, null);
  });
  await database.query('create table planted_control as select $1::text as value', [CONTROL]);
  await database.query('checkpoint');
  await database.end();
  const { hits, files } = searchFolder(planted, home);
  assert.ok(files.length > 500);
  const controls = hits.filter(({ what }) => what === 'control');
  assert.ok(
    controls.some(({ file }) => file.includes('/data/base/')),
    'the planted row is found',
  );
  assert.deepEqual(
    hits.filter(({ what }) => what !== 'control'),
    [],
  );
});
