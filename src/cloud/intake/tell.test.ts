/** Changes that come while a site is told go together, and the last of them is never left out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type DownMessage, SEAL_INFO } from '../../contract/uplink.ts';
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { hpkeOpen, newHpkeKey } from '../../crypto/hpke.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import * as people from '../people/people.ts';
import { erasePerson } from '../privacy/privacy.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
import { Intake, projectionsOf, takeBatch } from './intake.ts';
import { whatToTell } from './tell.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

test('the steps of an import tell a bank in a few rounds and not in forty, and the last has them all', async () => {
  const { cloud, tenant, site } = stand;
  const bank = await enrolledBank(cloud, tenant, site);
  await signDraft(cloud, stand);
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

const HELLO = {
  ...{ v: 1 as const, type: 'hello' as const, boot: 'b', epoch: null, directory: 1_000_000, suspensions: [] },
  ...{ roster: { version: 0, hash: null }, development: false },
};

test('who is erased is erased from what banks keep sealed as well, also when one is heard of later', async () => {
  const { cloud, tenant, site } = stand;
  const bank = await enrolledBank(cloud, tenant, site);
  const add = (name: string, flat: string) =>
    stand.inTenant((tx) =>
      people.addResident(cloud, tx, {
        site,
        name,
        flat,
        email: null,
        phone: null,
        accessible: false,
        by: null,
      }),
    );
  const [courier, goes] = [await add('Sends', '76'), await add('Goes', '77')];
  const take = async (of: TestBank) => {
    of.writeJourney({
      courier,
      recipient: goes,
      compartment: 3,
      carrier: courier,
      tracking: '1Z',
      collect: true,
    });
    const message = await of.batch();
    assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: of.bank, message })).taken);
    return of.end.lastSeq;
  };
  const told = (acknowledgedSeq: number, kept: { keptFrom?: number }) =>
    stand.inTenant(async (tx) => {
      const known = await banks.findBank(tx, bank.bank);
      assert.ok(known);
      const hello = { ...HELLO, lastSeq: acknowledgedSeq, acknowledgedSeq, ...kept };
      return (await whatToTell(cloud, tx, { ...known, hello })).filter(({ type }) => type === 'forget');
    });
  const first = await take(bank);
  assert.deepEqual(await told(first, { keptFrom: 1 }), []);
  const erasure = await stand.inTenant((tx) => erasePerson(cloud, tx, { person: goes, by: null }));
  assert.equal(erasure.is, 'erased');
  const forget = (upTo: number) => [{ v: 1, type: 'forget', upTo }];
  assert.deepEqual(await told(first, { keptFrom: 1 }), forget(first));
  assert.deepEqual(await told(first, {}), [], 'nothing is kept');
  assert.deepEqual(await told(first, { keptFrom: first + 1 }), []);
  const second = await take(bank);
  assert.deepEqual(await told(second, { keptFrom: first + 1 }), forget(second));
});

test('who lives at a site is sealed to the key that its newest roster names, and to nobody whom none names', async () => {
  const { cloud, tenant } = stand;
  const root = newSigningKey();
  const site = await stand.inTenant((tx) =>
    banks.addSite(cloud, tx, { name: 'Quay', rootKeys: [base64url(root.publicKey)], rootSignatures: 1 }),
  );
  const bank = await enrolledBank(cloud, tenant, site);
  const told = (change: Partial<banks.Bank> = {}) =>
    stand.inTenant(async (tx) => {
      const known = await banks.findBank(tx, bank.bank);
      assert.ok(known);
      const hello = { ...HELLO, lastSeq: 0, acknowledgedSeq: 0, directory: -1 };
      const messages = await whatToTell(cloud, tx, { ...known, hello, ...change });
      return messages.find((message) => message.type === 'directory');
    });
  assert.equal(await told(), undefined, 'no roster names it yet');
  await signDraft(cloud, { tenant, site, root });
  // Whoever can write in the database puts in a key of their own.
  const message = await told({ sealKey: (await newHpkeKey()).publicKey });
  assert.ok(message);
  const [enc, ciphertext] = [fromBase64url(message.entries.enc), fromBase64url(message.entries.ciphertext)];
  assert.ok(enc && ciphertext);
  const place = { info: SEAL_INFO.directory, aad: `${bank.bank}\0${message.version}` };
  assert.ok(await hpkeOpen(bank.sealKey.privateKey, { enc, ciphertext }, place), 'it is sealed to the bank');
  assert.equal(await told({ key: newSigningKey().publicKey }), undefined, 'another key is another bank');
  await stand.inTenant((tx) => sql`delete from roster_banks where site_id = ${site}`.execute(tx));
  await signDraft(cloud, { tenant, site, root });
  assert.equal(await told(), undefined, 'the newest roster names it no more');
});
