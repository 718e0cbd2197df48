/** The cloud's server key changes twice, and no cabinet is stranded: the path that row D4 asks for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import { edgeSpec, type SystemConfig } from '../../src/up/configs.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT, startSite } from '../site.ts';
import { restartCloud } from './commands.ts';
import { parcelOf } from './in-and-out.ts';

const site = await startSite();
after(() => site.stop());
const { system, people } = site;

function holdfast(...args: string[]): { status: number | null; text: string } {
  const run = spawnSync(process.execPath, [join(ROOT, 'bin', 'holdfast.ts'), ...args], { encoding: 'utf8' });
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

const rotate = () => holdfast('cloud', 'rotate-tls', '--config', join(system.places.cloud, 'config.json'));
const sign = () => holdfast('admin', 'roster', 'sign', '--root', system.places.root, '--yes');

async function appliedVersion(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${system.ports.kiosk}/api/health`);
  return ((await answer.json()) as { rosterVersion: number }).rosterVersion;
}

const keys = (...args: string[]) =>
  holdfast('admin', 'keys', ...args, '--config', join(system.places.cloud, 'config.json'));

/** A parcel in, and its code. */
async function dropsOff(tracking: string): Promise<string> {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.dropsOff({ tracking, flat: site.seeded.signIns.resident.flat, size: 'S' });
  await people.act({ do: 'leave' });
  return (await people.pinFrom('sms', site.seeded.signIns.resident.phone, beganMs)).pin;
}

test('an organisation’s keys change while parcels go in and out: every one is told, opened and readable', async () => {
  const trackings = [
    '1Z999AA10123456784',
    ...['303912345678', '902211774330', '123456789000', '303912345679', '303912345680'].map((n) => `TBA${n}`),
  ];
  const [first = '', second = '', third = '', fourth = '', fifth = '', sixth = ''] = trackings;
  const pins = [await dropsOff(first)];
  const made = keys('rotate', 'intake', '--yes');
  assert.equal(made.status, 0, made.text);
  pins.push(await dropsOff(second));
  const before = await appliedVersion();
  const signed = sign();
  assert.match(signed.text, /intake key/);
  await waitFor({
    clock: systemClock,
    what: 'the roster at the bank',
    msMax: 20_000,
    holds: async () => (await appliedVersion()) === before + 1,
  });
  pins.push(await dropsOff(third));
  const replaced = keys('rotate', 'tenant', '--yes');
  assert.equal(replaced.status, 0, replaced.text);
  assert.equal(keys('rotate', 'tenant', '--yes').status, 1, 'one at a time');
  pins.push(await dropsOff(fourth));
  const notifier = keys('rotate', 'notifier', '--yes');
  assert.equal(notifier.status, 0, notifier.text);
  pins.push(await dropsOff(fifth));
  const named = await appliedVersion();
  assert.match(sign().text, /notifier key/);
  await waitFor({
    clock: systemClock,
    what: 'the roster that names the next notifier',
    msMax: 20_000,
    holds: async () => (await appliedVersion()) === named + 1,
  });
  pins.push(await dropsOff(sixth));
  for (const pin of pins) await people.picksUp(pin);
  await waitFor({
    clock: systemClock,
    what: 'everything to lie under the new key, and the notifier key of before to be forgotten',
    msMax: 130_000,
    holds: async () => {
      const { text } = keys();
      return /: (\d+) of \1 parts are under the new one/.test(text) && !text.includes('notifier key');
    },
  });
  assert.match(keys().text, /intake key \S+, replaced \S+: needed by nobody/);
  await site.drained();
  await people.adminSignsIn();
  for (const tracking of trackings) assert.equal((await parcelOf(site, tracking)).state, 'collected');
  await site.checkSite();
});

test('the server key changes twice and the bank is back each time', async () => {
  const now = await appliedVersion();
  for (const version of [now + 1, now + 2]) {
    const changed = rotate();
    assert.equal(changed.status, 0, changed.text);
    await restartCloud(site);
    const early = rotate();
    assert.equal(early.status, 1, 'a key that banks do not know yet is not put to use');
    assert.match(early.text, /Alder Court lobby/);
    const signed = sign();
    assert.equal(signed.status, 0, signed.text);
    assert.match(signed.text, /server pin next/);
    await waitFor({
      clock: systemClock,
      what: 'the roster at the bank',
      msMax: 20_000,
      holds: async () => (await appliedVersion()) === version,
    });
  }
  await site.checkSite();
});

test('a bank is enrolled anew with a code, as its runbook says, and no file of it is removed', async () => {
  const { places, ports } = system;
  const keysDir = join(places.edge, 'bank', 'keys');
  const certificate = () => readFileSync(join(keysDir, 'certificate.pem'), 'utf8');
  const before = certificate();
  const out = join(places.edge, 'again.json');
  const config = join(places.cloud, 'config.json');
  const made = holdfast('cloud', 'enrol', '--bank', site.seeded.bank.id, '--out', out, '--config', config);
  assert.equal(made.status, 0, made.text);
  renameSync(out, join(places.edge, 'commissioning.json'));
  await system.children.stop('edge');
  await system.children.start(edgeSpec({ root: ROOT, places, ports } as SystemConfig));
  await waitFor({
    clock: systemClock,
    what: 'the bank to be back with another certificate',
    msMax: 60_000,
    holds: async () => certificate() !== before && (await people.view()).online,
  });
  await site.checkSite();
});
