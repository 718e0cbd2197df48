/**
 * How often a read asks the database, counted where it says that it is ready again: once for the session, and then
 * a number that does not grow with what is shown. Each name and each key was a question of its own once.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type pg from 'pg';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import * as notices from '../notices/notices.ts';
import { enrolledBank } from '../test-bank.ts';
import { addCourier, addResident } from '../test-tenants.ts';
import { type HttpStand, openHttpStand } from './test-http-stand.ts';

const MORE = 6;

/** The session is one of them. */
/** `again`: once more for all that opens under no key, as of who was erased: the tenant's may be another by now. */
type Read = { path(http: HttpStand): string; roundTrips: number; items: number; again?: 1 };
const READS: readonly Read[] = [
  { path: () => '/api/resident/me', roundTrips: 2, items: 0 },
  { path: () => '/api/admin/me', roundTrips: 2, items: 0 },
  { path: () => '/api/resident/parcels?limit=100', roundTrips: 3, items: MORE },
  { path: () => '/api/courier/drops?limit=100', roundTrips: 3, items: 2 * MORE, again: 1 },
  { path: () => '/api/admin/parcels?limit=100', roundTrips: 3, items: 2 * MORE, again: 1 },
  { path: () => '/api/admin/people?limit=100', roundTrips: 3, items: 2 * MORE },
  { path: () => '/api/admin/notices?limit=100', roundTrips: 3, items: MORE },
  { path: () => '/api/admin/journal?limit=100', roundTrips: 2, items: 3 * MORE },
  { path: () => '/api/admin/banks?limit=100', roundTrips: 5, items: MORE },
  { path: () => '/api/courier/banks?limit=100', roundTrips: 5, items: MORE },
  { path: ({ alder }) => `/api/admin/banks/${alder.bank}`, roundTrips: 6, items: 0 },
  { path: ({ alder }) => `/api/admin/banks/${alder.bank}/orders`, roundTrips: 4, items: 0 },
  { path: () => '/api/admin/odds', roundTrips: 4, items: MORE },
];

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
});
after(() => http.close());

/** Round trips of the first server's pool while `run` runs. */
async function counted(run: () => Promise<void>): Promise<number> {
  const { pool } = http.stand.cloud.database;
  const heard = new Map<pg.PoolClient, () => void>();
  let count = 0;
  const hear = (client: pg.PoolClient) => {
    if (heard.has(client)) return;
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    const ready = () => void count++;
    connection.on('readyForQuery', ready);
    heard.set(client, () => connection.off('readyForQuery', ready));
  };
  pool.on('acquire', hear);
  await run();
  pool.off('acquire', hear);
  for (const stop of heard.values()) stop();
  return count;
}

async function readAll(): Promise<Map<string, { roundTrips: number; items: number }>> {
  await http.signInAgain(http.alder);
  const seen = new Map<string, { roundTrips: number; items: number }>();
  for (const { path } of READS) {
    const at = path(http);
    let items = 0;
    const roundTrips = await counted(async () => {
      const { status, body } = await http.ask('GET', at);
      assert.equal(status, 200, at);
      items = (body as { items?: unknown[] }).items?.length ?? 0;
    });
    seen.set(at, { roundTrips, items });
  }
  return seen;
}

async function parcelOf(recipient: PersonId): Promise<void> {
  const { stand, alder } = http;
  const { cloud } = stand;
  const parcel = idFrom('parcel', systemRandom.bytes(16));
  await cloud.database.tenant(alder.tenant, async (tx) => {
    const tracking = await cloud.keys.sealFor(tx, recipient, `parcels/tracking\0${parcel}`, '1Z');
    await sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id, tracking, accepted_at_ms)
      values (${parcel}, ${alder.bank}, 2, 'S', 'collected', 'recipient', ${alder.carrier}, ${alder.people.courier}, ${recipient}, ${tracking}, 1)`.execute(
      tx,
    );
  });
}

/** More of everything, each of somebody else; the key of every second person is destroyed after. */
async function grow(): Promise<void> {
  const { stand, alder } = http;
  const { cloud } = stand;
  const { tenant, site, carrier, people } = alder;
  for (let n = 0; n < MORE; n++) {
    const person = await addResident(cloud, { tenant, site, name: `Resident ${n}` });
    await parcelOf(person);
    await parcelOf(people.resident);
    await addCourier(cloud, { tenant, carrier, name: `Courier ${n}`, by: people.admin });
    await enrolledBank(cloud, tenant, site);
    await cloud.database.tenant(tenant, async (tx) => {
      await notices.queueLink(cloud, tx, { person, app: 'resident', url: 'x', minutes: 15 });
      if (n % 2 === 1) await cloud.keys.destroySubjects(tx, [person]);
    });
  }
}

test('a read asks the database as often as is said here, however many rows it shows', async () => {
  // What a connection plans once is planned before anything is counted.
  await readAll();
  const few = await readAll();
  await grow();
  const many = await readAll();
  for (const { path, roundTrips, items, again = 0 } of READS) {
    const at = path(http);
    assert.equal(few.get(at)?.roundTrips, roundTrips, at);
    assert.equal(many.get(at)?.roundTrips, roundTrips + again, `${at}, with more rows`);
    const more = (many.get(at)?.items ?? 0) - (few.get(at)?.items ?? 0);
    assert.ok(more >= items, `${at} shows ${more} more rows, and should ${items}`);
  }
});
