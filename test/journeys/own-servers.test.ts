/** The main job once more, over an operator's own PostgreSQL and Mosquitto, given by their addresses alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/platform/clock.ts';
import {
  type MosquittoPeer,
  missingPeer,
  newMosquittoPeer,
  type PostgresPeer,
  startPostgresPeer,
} from '../peers.ts';
import { ROOT, type Site, startSite } from '../site.ts';
import { inAndOut } from './in-and-out.ts';

const needs = { skip: missingPeer };
let postgres: PostgresPeer;
let mosquitto: MosquittoPeer;
let site: Site;

before(async () => {
  if (missingPeer) return console.log(missingPeer);
  [postgres, mosquitto] = await Promise.all([startPostgresPeer(), newMosquittoPeer()]);
  site = await startSite({
    own: {
      databaseUrl: postgres.url,
      broker: { ...mosquitto.broker, ready: (dir) => mosquitto.start(dir) },
    },
  });
});
after(async () => {
  await site?.stop();
  await mosquitto?.close();
  await postgres?.close();
});

test('in and out over PostgreSQL and Mosquitto of an operator', needs, async () => {
  await inAndOut(site);
});

test('what the system stands on is the operator’s: no server of the package runs', needs, async () => {
  const client = new pg.Client({ connectionString: postgres.url.replace(/postgres$/, 'holdfast') });
  await client.connect();
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from records');
  await client.end();
  assert.ok((rows[0]?.n ?? 0) > 20, 'the records stand in that database');
  assert.match(mosquitto.said(), /bank_[a-z2-7]{26}/, 'the bank is connected to that broker');
  const { people, seeded, system } = site;
  await people.rig('/network', { up: false });
  await people.rig('/network', { up: true });
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  const n = await people.dropsOff({
    tracking: 'TBA303912345678',
    flat: seeded.signIns.resident.flat,
    size: 'S',
  });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', seeded.signIns.resident.phone, beganMs);
  assert.equal(await people.picksUp(pin), n);
  assert.ok(!existsSync(system.places.postgres));
  await site.checkSite();
});

async function countIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url.replace(/postgres$/, 'holdfast') });
  await client.connect();
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from records where source like 'bank_%'`,
  );
  await client.end();
  return rows[0]?.n ?? 0;
}

function holdfast(databaseUrl: string | undefined, ...args: string[]) {
  const { DATABASE_URL: _, ...env } = process.env;
  const run = spawnSync(process.execPath, [join(ROOT, 'bin', 'holdfast.ts'), 'admin', ...args], {
    ...{ encoding: 'utf8', cwd: ROOT, timeout: 90_000 },
    env: { ...env, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
  });
  return { status: run.status, said: run.stdout + run.stderr };
}

test(
  'one command each backs up the operator’s database and puts it back on another server, and says no password',
  needs,
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'hf-own-backup-'));
    const other = await startPostgresPeer();
    const { data } = site;
    try {
      const passwords = [postgres.url, other.url].map((url) => new URL(url).password);
      const said: string[] = [];
      const holds = (url: string | undefined, ...args: string[]) => {
        const done = holdfast(url, ...args, '--data', data);
        assert.equal(done.status, 0, done.said);
        said.push(done.said);
      };
      // As it is started; and as somebody types it who has forgotten the address.
      holds(postgres.url, 'backup', join(home, 'one'));
      holds(undefined, 'backup', join(home, 'two'));
      assert.ok(!existsSync(site.system.places.postgres), 'no server of the package was started for it');
      holds(other.url, 'restore', join(home, 'one'));
      const restored = await countIn(other.url);
      assert.ok(restored > 20 && restored <= (await countIn(postgres.url)));
      const again = holdfast(other.url, 'restore', join(home, 'one'), '--data', data);
      assert.match(again.said, /is not empty/);
      const wrong = new URL(postgres.url);
      wrong.password = 'not-the-password';
      const refused = holdfast(wrong.href, 'backup', join(home, 'three'), '--data', data);
      assert.notEqual(refused.status, 0);
      said.push(again.said, refused.said);
      for (const text of said)
        for (const password of [...passwords, 'not-the-password']) assert.ok(!text.includes(password));
    } finally {
      await other.close();
      rmSync(home, { recursive: true, force: true });
    }
  },
);
