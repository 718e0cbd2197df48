/** The schedule by which who moved out is erased: who is due, who waits, and what an administrator sees of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PersonId } from '../../domain/ids.ts';
import { NOUNS } from '../cloud.ts';
import { renewWrapping } from '../keys/keys.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addResident } from '../test-tenants.ts';
import { placeHold, previewRetention, retainAll, retentionOf, setRetention } from './privacy.ts';

const DAY_MS = 86_400_000;
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

const nameOf = (person: PersonId) =>
  stand.inTenant(async (tx) => (await people.findPerson(stand.cloud, tx, person))?.profile.name);

test('who moved out so many days ago is erased by night, who is held waits, and nobody is erased unasked', async () => {
  const { cloud, tenant, site } = stand;
  const add = (name: string) => addResident(cloud, { tenant, site, name });
  const [here, gone, held] = [await add('Here'), await add('Gone'), await add('Held')];
  for (const person of [gone, held])
    await stand.inTenant((tx) => people.removePerson(cloud, tx, person, null));
  await stand.inTenant((tx) => placeHold(cloud, tx, { person: held, reason: 'x', untilMs: null, by: null }));
  const told = () => stand.inTenant((tx) => retentionOf(tx));
  await retainAll(cloud);
  assert.deepEqual(await told(), { movedOutDays: null, run: null, removed: 2, erased: 0 });
  for (const days of [0, 3651, 1.5])
    await assert.rejects(
      stand.inTenant((tx) => setRetention(cloud, tx, { days, by: null })),
      /whole number of days/,
    );
  await stand.inTenant((tx) => setRetention(cloud, tx, { days: 30, by: null }));
  stand.step(29 * DAY_MS);
  await retainAll(cloud);
  assert.deepEqual([await nameOf(gone), (await told()).run?.erased], ['Gone', 0]);
  stand.step(2 * DAY_MS);
  // What a schedule would find is what its night then does, and finding it changes nothing.
  const previewOf = (days: number) => stand.inTenant((tx) => previewRetention(cloud, tx, days));
  const nobody = { erased: 0, held: 0, waiting: 0 };
  assert.deepEqual(await previewOf(32), { days: 32, due: 0, tonight: nobody, longestGoneAtMs: null });
  const { longestGoneAtMs, ...preview } = await previewOf(30);
  assert.deepEqual(preview, { days: 30, due: 2, tonight: { erased: 1, held: 1, waiting: 0 } });
  assert.equal(Math.round((cloud.clock.nowMs() - (longestGoneAtMs ?? 0)) / DAY_MS), 31);
  assert.deepEqual([await nameOf(gone), (await stand.records('erasure.refused')).length], ['Gone', 0]);
  await assert.rejects(previewOf(0), /whole number of days/);
  await retainAll(cloud);
  const { run, ...counts } = await told();
  assert.deepEqual(counts, { movedOutDays: 30, removed: 1, erased: 1 });
  assert.deepEqual([run?.erased, run?.held, run?.waiting], [1, 1, 0]);
  assert.deepEqual(await Promise.all([here, gone, held].map(nameOf)), ['Here', '(erased)', 'Held']);
  assert.equal((await stand.records('erasure.done')).length, 1);
  assert.equal((await stand.records('erasure.refused')).length, 1);
  assert.equal((await stand.records('retention.set')).length, 1, 'who set what is on record');
});

test('an epoch is never destroyed in the transaction that replaced it, and one that is undone has lost nobody', async () => {
  const { cloud, tenant, site } = stand;
  const person = await addResident(cloud, { tenant, site, name: 'Stays' });
  await assert.rejects(
    stand.inTenant(async (tx) => {
      await renewWrapping(cloud, tx, 'now');
      await cloud.keys.settle(tx);
    }),
    /behind the transaction/,
  );
  assert.equal(await nameOf(person), 'Stays');
  await stand.inTenant((tx) => cloud.keys.settle(tx));
  assert.equal(await nameOf(person), 'Stays');
  // Readers that began before an epoch was replaced find the rows of after.
  const several = Array.from({ length: 5 }, async () => {
    await stand.inTenant((tx) => renewWrapping(cloud, tx, 'now'));
    await stand.inTenant((tx) => cloud.keys.settle(tx));
  });
  const readers = Array.from({ length: 20 }, () => nameOf(person));
  await Promise.all(several);
  assert.deepEqual(new Set(await Promise.all(readers)), new Set(['Stays']));
});
