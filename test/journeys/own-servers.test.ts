/** The main job once more, over an operator's own PostgreSQL and Mosquitto, given by their addresses alone. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
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
import { type Site, startSite } from '../site.ts';
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
