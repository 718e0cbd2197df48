/** Changes that come while a site is told go together, and the last of them is never left out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DownMessage } from '../../contract/uplink.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import * as people from '../people/people.ts';
import { enrolledBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { Intake } from './intake.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

test('the steps of an import tell a bank in a few rounds and not in forty, and the last has them all', async () => {
  const { cloud, tenant, site } = stand;
  const bank = await enrolledBank(cloud, tenant, site);
  const hello = {
    ...{ v: 1 as const, type: 'hello' as const, boot: 'b', lastSeq: 0, acknowledgedSeq: 0 },
    ...{ epoch: null, directory: 0 },
    ...{ roster: { version: 0, hash: null }, development: false },
  } as const;
  await stand.inTenant((tx) => banks.heardHello(cloud, tx, bank.bank, { ...hello, suspensions: [] }));
  const sent: DownMessage[] = [];
  const intake = new Intake({
    cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (_bank, message) => void sent.push(message),
  });
  const telling: Promise<void>[] = [];
  const resident = { site, email: null, phone: null, accessible: false, by: null };
  await stand.inTenant((tx) => people.addResident(cloud, tx, { ...resident, name: 'First', flat: '0' }));
  telling.push(intake.tellSite(tenant, site));
  await stand.inTenant(async (tx) => {
    for (let n = 1; n <= 40; n++)
      await people.addResident(cloud, tx, { ...resident, name: 'A', flat: String(n) });
    telling.push(...Array.from({ length: 39 }, () => intake.tellSite(tenant, site)));
  });
  telling.push(intake.tellSite(tenant, site));
  await Promise.all(telling);
  const versions = sent.flatMap((message) => (message.type === 'directory' ? [message.version] : []));
  assert.ok(versions.length <= 3, `${versions.length} lists were sent`);
  assert.equal(versions.at(-1), await stand.inTenant((tx) => people.directoryVersion(tx, site)));
  const before = versions.length;
  await intake.tellSite(tenant, site);
  assert.equal(sent.filter(({ type }) => type === 'directory').length, before + 1, 'a later one begins anew');
});
