/** Whoever looks at a parcel's custody leaves a record of it, in the same transaction as the look. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { idFrom, type PersonId, type SiteId } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import { enrolledBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { parcels } from './parcels.ts';

let stand: Stand;
let looker: PersonId;
let parcel: string;

const newPerson = () => idFrom('person', systemRandom.bytes(16));

before(async () => {
  stand = await openStand(NOUNS);
  const { cloud, tenant } = stand;
  let site: SiteId | undefined;
  let recipient: PersonId | undefined;
  await stand.inTenant(async (tx) => {
    const rootKeys = [base64url(stand.root.publicKey)];
    site = await banks.addSite(cloud, tx, { name: 'Alder Court', rootKeys, rootSignatures: 1 });
    const person = { name: 'Ada Okafor', flat: '12', email: null, phone: null, accessible: false };
    recipient = await people.addResident(cloud, tx, { site, ...person, by: null });
    looker = await people.addAdmin(cloud, tx, {
      role: 'admin',
      name: 'Sam Ito',
      email: 'sam@example.org',
      by: null,
    });
  });
  assert.ok(site && recipient);
  const bank = await enrolledBank(cloud, tenant, site);
  const carrier = idFrom('carrier', systemRandom.bytes(16));
  const of = {
    courier: newPerson(),
    recipient,
    compartment: 3,
    carrier,
    tracking: 'RR123456789DE',
    collect: true,
  };
  parcel = bank.writeJourney(of);
  const intake = new Intake({ cloud, nouns: NOUNS, leases: ALONE, send: async () => {} });
  intake.received(bank.bank, Buffer.from(JSON.stringify(await bank.batch())));
  await intake.stop();
});
after(() => stand?.close());

/** Asks a route as its handler is asked once the gate has let an administrator in. */
function look(url: string, params: object): Promise<unknown> {
  const route = (parcels.routes ?? []).find((one) => one.url === url) ?? assert.fail(url);
  const actor = { is: 'admin', tenant: stand.tenant, person: looker, role: 'admin', signedInAtMs: 0 };
  return route.handle({ cloud: stand.cloud, actor, params, query: { limit: 10 } } as never);
}

const views = async () => (await stand.records('custody.viewed')).length;

test('each look at one parcel’s custody, and each receipt, is a record of who looked; what is not there leaves none', async () => {
  await look('/api/admin/parcels/:id', { id: parcel });
  assert.equal(await views(), 1);
  await look('/api/admin/parcels/:id/receipt', { id: parcel });
  await look('/api/admin/parcels/:id', { id: parcel });
  assert.equal(await views(), 3);
  const [record] = await stand.records('custody.viewed');
  assert.deepEqual(Object.keys(record?.commitments ?? {}).sort(), ['parcel', 'person']);
  const missing = idFrom('parcel', systemRandom.bytes(16));
  await assert.rejects(look('/api/admin/parcels/:id', { id: missing }), /no such parcel/);
  assert.equal(await views(), 3);
});

test('a look that cannot be recorded shows nothing', async () => {
  const { cloud } = stand;
  const mute = {
    ...cloud,
    journal: { ...cloud.journal, record: () => Promise.reject(new Error('no room')) },
  };
  const route = (parcels.routes ?? []).find((one) => one.url === '/api/admin/parcels/:id') ?? assert.fail();
  const actor = { is: 'admin', tenant: stand.tenant, person: looker, role: 'admin', signedInAtMs: 0 };
  await assert.rejects(
    route.handle({ cloud: mute, actor, params: { id: parcel }, query: {} } as never),
    /no room/,
  );
  assert.equal(await views(), 3);
});
