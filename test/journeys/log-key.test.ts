/**
 * The key that signs the log is changed as docs/runbooks/signing-key-lost.md has it, by its commands, while parcels go in
 * and out: who has the first key in a policy follows to the second, the bank does, and the first key is gone.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { z } from 'zod';
import type { logWitnesses } from '../../src/contract/http/witnesses.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { startSite } from '../site.ts';
import { command, holdfast, restartCloud } from './commands.ts';
import { inAndOut, parcelOf } from './in-and-out.ts';

const home = mkdtempSync(join(tmpdir(), 'hf-log-key-'));
const site = await startSite();
after(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

const at = (name: string) => join(home, name);
const keys = (name: string) => join(site.system.places.cloud, 'keys', name);
const cloud = (...args: string[]) =>
  holdfast('cloud', ...args, '--config', join(site.system.places.cloud, 'config.json'));

async function well(given: Promise<{ status: number | null; said: string }>): Promise<string> {
  const { status, said } = await given;
  assert.equal(status, 0, said);
  return said;
}

/** The key by which readers know the log now. */
async function vkeyNow(): Promise<string> {
  await site.people.adminSignsIn();
  const { log } = (await site.people.admin('/log-witnesses')) as z.infer<typeof logWitnesses>;
  return log?.vkey ?? assert.fail('there is a log');
}

function policy(name: string, vkey: string): string {
  writeFileSync(at(name), `log ${vkey}\nquorum none\n`);
  return at(name);
}

/** The old key in memory is no more, and another parcel is signed for by the new one alone. */
async function anotherParcel(): Promise<void> {
  const { people, seeded } = site;
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.dropsOff({ tracking: 'TBA303912345678', flat: seeded.signIns.resident.flat, size: 'S' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', seeded.signIns.resident.phone, beganMs);
  await people.picksUp(pin);
  await site.drained();
  await people.adminSignsIn();
  assert.equal((await parcelOf(site, 'TBA303912345678')).state, 'collected');
}

/** The whole log in a bundle, as both verifiers see it under a policy. */
async function read(name: string, under: string) {
  const config = join(site.system.places.cloud, 'config.json');
  if (!existsSync(at(name)))
    await well(holdfast('admin', 'export', '--purpose', 'a test', '--out', at(name), '--config', config));
  const root = join(site.system.places.root, 'site-root.pub');
  const more = ['--root-key', root, '--policy', under];
  return {
    ours: await holdfast('verify', at(name), ...more),
    alone: await command(join('verify', 'verify.mjs'), ['bundle', at(name), ...more]),
  };
}

test('the key of the log is changed and the one before destroyed: reader and bank follow by what the log itself recorded', async () => {
  await inAndOut(site);
  const before = await vkeyNow();

  assert.match(await well(cloud('rotate-log-key')), /Both keys sign now/);
  await well(cloud('log-succession', '--out', at('tenant.succession')));
  assert.match(readFileSync(at('tenant.succession'), 'utf8'), /log\.key-rotated/);
  const signed = await well(holdfast('admin', 'roster', 'sign', '--root', site.system.places.root, '--yes'));
  assert.match(signed, /~ ledger key/);
  const old = readFileSync(keys('ledger.key'));
  assert.match(await well(cloud('retire-log-key')), /The key before is destroyed/);
  assert.notDeepEqual(readFileSync(keys('ledger.key')), old);
  assert.equal(existsSync(keys('ledger-next.key')), false);
  assert.equal((await cloud('retire-log-key')).status, 1, 'the only key is not retired');
  await restartCloud(site);

  await site.people.adminSignsIn();
  const next = await vkeyNow();
  assert.notEqual(next, before);
  await anotherParcel();
  for (const [name, vkey] of [
    ['before.policy', before],
    ['next.policy', next],
  ] as const) {
    const { ours, alone } = await read('whole.tar', policy(name, vkey));
    assert.deepEqual([ours.status, alone.status], [0, 0], `${ours.said}\n${alone.said}`);
    const follows = /the log recorded that from \d+ entries on the key \S+ signs it/;
    for (const { said } of [ours, alone]) assert.equal(follows.test(said), vkey === before, said);
  }
  const { items } = (await site.people.admin('/attention')) as { items: { what: string }[] };
  assert.deepEqual(items, [], 'no bank and no witness takes the new key for another log');
  await site.checkSite();
});
