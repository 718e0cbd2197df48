/** The notifier key is replaced: every bank has an epoch meanwhile, and what the key before signs is worth nothing in the end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import type { Roster } from '../../domain/roster.ts';
import { SIGNATURES_MAX } from '../../ledger/note.ts';
import { openEpoch } from '../../ledger/roster.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import * as rosters from '../rosters/rosters.ts';
import { linesOf } from '../rotating.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
import { ROTATE, rotateNotifier, rotationState } from './rotation.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

const job = () =>
  NOUNS.find(({ jobs }) => jobs?.[ROTATE])?.jobs?.[ROTATE]?.(stand.cloud, {}) ??
  assert.fail('the job is there');
const state = () => stand.inTenant((tx) => rotationState(tx, stand.cloud, 0));
const epoch = () => stand.inTenant((tx) => stand.cloud.keys.currentEpoch(tx));

/** The roster that counts from now on. */
async function signed(): Promise<Roster> {
  const { cloud, tenant, site, root } = stand;
  await signDraft(cloud, { tenant, site, root });
  return current();
}

async function current(): Promise<Roster> {
  const newest = await stand.inTenant((tx) => rosters.current(tx, stand.site));
  return newest?.roster ?? assert.fail('a roster');
}

async function applies(bank: TestBank, { version }: Roster): Promise<void> {
  bank.write({ kind: 'roster.applied', facts: { version, hash: base64url(new Uint8Array(32)) } });
  const { cloud, tenant } = stand;
  const message = await bank.batch();
  const { taken } = await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message });
  assert.ok(taken);
}

/** Another one, a moment later: an epoch begins behind the one before it. */
async function rotated(): Promise<string> {
  stand.step(1);
  return (await rotateNotifier(stand.cloud, stand.tenant)).hash;
}

test('a notifier key is replaced: both sign until no roster names the one before, and then it signs nothing', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  const old = await signed();
  await applies(bank, old);
  const first = (await epoch()) ?? assert.fail('an epoch');
  assert.ok(openEpoch(first.note, old).ok);
  const hash = await rotated();
  const made = (await stand.records('key.made')).map(({ facts }) => facts);
  assert.ok(made.some((facts) => facts.what === 'notifier' && facts.hash === hash));

  const second = (await epoch()) ?? assert.fail('an epoch');
  assert.notEqual(second.epoch, first.epoch, 'who read the key may have read the epoch');
  assert.ok(openEpoch(second.note, old).ok, 'a bank with the roster of before believes it');
  await job();
  assert.equal((await state()).notifier.length, 1, 'the newest roster names the one before');
  const next = await signed();
  assert.notEqual(next.keys.notifier, old.keys.notifier);
  assert.ok(openEpoch(second.note, next).ok, 'and one that has the next');
  assert.ok(!openEpoch(first.note, next).ok);
  await job();
  const waits = await state();
  assert.deepEqual(waits.notifier[0]?.neededBy, [{ bank: bank.bank, name: 'Lobby' }]);
  assert.match(linesOf(waits)[0] ?? '', /^notifier key \S+, replaced \S+: needed by Lobby \(bank_/);

  await applies(bank, next);
  assert.match(linesOf(await state())[0] ?? '', /needed by nobody, forgotten within a minute$/);
  await job();
  assert.deepEqual((await state()).notifier, []);
  const destroyed = (await stand.records('key.destroyed')).map(({ facts }) => facts);
  assert.ok(destroyed.some((facts) => facts.what === 'notifier' && facts.hash === waits.notifier[0]?.hash));
  stand.step(1);
  await stand.inTenant((tx) => stand.cloud.keys.makeNotifierEpoch(tx));
  const third = (await epoch()) ?? assert.fail('an epoch');
  assert.deepEqual([openEpoch(third.note, old).ok, openEpoch(third.note, next).ok], [false, true]);
});

test('however often it is replaced, an epoch has no more signatures than a note may', async () => {
  const before = await current();
  for (let n = 0; n <= SIGNATURES_MAX; n++) await rotated();
  const { note } = (await epoch()) ?? assert.fail('an epoch');
  const newest = await signed();
  assert.ok(openEpoch(note, newest).ok);
  assert.ok(!openEpoch(note, before).ok, 'a bank that is that far behind waits for its roster');
  await job();
});

test('an epoch that is made while the key is being replaced is signed by the one that comes', async () => {
  const { cloud, site } = stand;
  const [isReplaced, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  stand.step(1);
  const replacing = stand.inTenant(async (tx) => {
    await cloud.keys.renewNotifier(tx);
    await rosters.draft(cloud, tx, site);
    isReplaced.resolve();
    await mayEnd.promise;
  });
  await isReplaced.promise;
  const making = stand.inTenant((tx) => cloud.keys.makeNotifierEpoch(tx));
  // As long as it takes to read the key of before, were that not waited for.
  await sleep(systemClock, 100);
  mayEnd.resolve();
  await Promise.all([replacing, making]);
  const { note } = (await epoch()) ?? assert.fail('an epoch');
  assert.ok(openEpoch(note, await signed()).ok);
});
