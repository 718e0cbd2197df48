/** The main job, whole: a parcel goes in, its owner takes it out, and the record proves it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { z } from 'zod';
import type { bankDetail, couriers, rosters } from '../../src/contract/http/admin.ts';
import { kioskHealth, kioskLog } from '../../src/contract/kiosk.ts';
import { openCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { parseVkey } from '../../src/ledger/log/vkey.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { startSite } from '../site.ts';
import { holdfast } from './commands.ts';
import { inAndOut, parcelOf } from './in-and-out.ts';

const site = await startSite();
after(() => site.stop());
const { people, seeded, system } = site;
const { resident } = seeded.signIns;

test('in and out: badge, code, parcel, notice by SMS and e-mail, PIN, the right door, a dead code, custody', () =>
  inAndOut(site));

test('with the network down everything at the cabinet works, and the cloud has it all afterwards', async () => {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.dropsOff({ tracking: 'TBA303912345678', flat: resident.flat, size: 'S' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', resident.phone, beganMs);
  await people.rig('/network', { up: false });
  await waitFor({
    clock: systemClock,
    what: 'the kiosk to say that it is offline',
    msMax: 20_000,
    holds: async () => !(await people.view()).online,
  });
  await people.picksUp(pin);
  await people.courierSignsIn();
  const n = await people.dropsOff({ tracking: '9400111206206406260787', flat: resident.flat, size: 'L' });
  await people.act({ do: 'leave' });
  assert.equal(
    (await people.messages()).filter((message) => message.receivedAtMs > beganMs).length,
    2,
    'no notice without a network',
  );
  await people.rig('/network', { up: true });
  const late = await people.pinFrom('sms', resident.phone, beganMs).then(async () => {
    await waitFor({
      clock: systemClock,
      what: 'the late notices',
      msMax: 45_000,
      holds: async () =>
        (await people.messages()).filter((message) => message.receivedAtMs > beganMs).length === 4,
    });
    return (await people.messages()).find((message) => message.channel === 'sms');
  });
  const lateCode = /(\d{3})[ -](\d{3})[ -](\d{3})/.exec(late?.text ?? '');
  assert.equal(await people.picksUp(lateCode?.slice(1).join('') ?? ''), n);
  await site.checkSite();
});

test('the cabinet audits the log by itself: the signed roster names it, and what the bank remembers is signed by it', async () => {
  const asked = (path: string) => fetch(`http://127.0.0.1:${system.ports.kiosk}${path}`);
  const standing = async () => kioskHealth.parse(await (await asked('/api/health')).json()).log;
  await waitFor({
    clock: systemClock,
    what: 'the bank to have seen the log',
    msMax: 60_000,
    holds: async () => (await standing()).is === 'holds',
  });
  const note = await (await asked('/api/log/checkpoint')).text();
  const { vkey, evidence } = kioskLog.parse(await (await asked('/api/log')).json());
  const key = parseVkey(vkey ?? '');
  assert.ok(key.ok);
  const trust = { origin: key.value.name, logKeys: [key.value], witnesses: [] };
  const opened = openCheckpoint(note, trust);
  assert.ok(opened.ok && opened.value.checkpoint.size > 0);
  assert.deepEqual([evidence, (await people.view()).logDisputed], [[], false]);
});

test('a power cut with the door not yet open: the same code resumes its session', async () => {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  const n = await people.dropsOff({ tracking: '420902105511400111899223', flat: resident.flat, size: 'M' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', resident.phone, beganMs);
  await people.rig(`/doors/${n}/jam`);
  await people.act({ do: 'pin', pin });
  await people.shown('pick-up');
  await people.rig('/power', { on: false });
  await waitFor({
    clock: systemClock,
    what: 'the agent to be cut off',
    msMax: 10_000,
    holds: async () => !system.children.isRunning('edge'),
  });
  await people.rig(`/doors/${n}/unjam`);
  await people.rig('/power', { on: true });
  await waitFor({
    clock: systemClock,
    what: 'the kiosk to be back',
    msMax: 30_000,
    holds: async () => (await people.view()).show.screen === 'home',
  });
  await waitFor({
    clock: systemClock,
    what: 'the boards to be back',
    msMax: 15_000,
    holds: async () =>
      (
        (await (await fetch(`http://127.0.0.1:${system.ports.kiosk}/api/health`)).json()) as {
          ready: boolean;
        }
      ).ready,
  });
  await people.act({ do: 'pin', pin });
  const { door } = await people.shown('pick-up');
  assert.equal(door.compartment, n);
  // The pulse from before the cut may be but a moment ago: as soon as another one is offered, it is asked for.
  await waitFor({
    clock: systemClock,
    what: 'the door to be open, or to be offered once more',
    msMax: 10_000,
    holds: async () => {
      const { show } = await people.view();
      return 'door' in show && (show.door.again || show.door.door === 'open');
    },
  });
  if ((await people.door(n)).door === 'closed') await people.act({ do: 'again' });
  assert.equal(await people.takesOut(), n);
  await people.adminSignsIn();
  await site.drained();
  const kinds = (await parcelOf(site, '420902105511400111899223')).timeline.map((event) => event.kind);
  assert.ok(kinds.includes('session.resumed'), 'the session went on, it did not begin anew');
  await site.checkSite();
});

test('a suspended courier is refused at once; the roster that drops them is signed by the operator’s own command', async () => {
  await people.adminSignsIn();
  const list = (await people.admin('/couriers')) as z.infer<typeof couriers>;
  const courier = list.items.find((item) => item.name === seeded.signIns.courier.name);
  assert.ok(courier);
  await people.adminPosts(`/couriers/${courier.id}/suspend`, { reason: 'a test' });
  await waitFor({
    clock: systemClock,
    what: 'the suspension at the bank',
    msMax: 10_000,
    holds: async () => {
      await people.scan(seeded.signIns.courier.badge);
      return (await people.view()).message === 'courier-suspended';
    },
  });
  await people.adminPosts(`/couriers/${courier.id}/lift`, { reason: 'a test' });
  await waitFor({
    clock: systemClock,
    what: 'the suspension to be lifted',
    msMax: 10_000,
    holds: async () => {
      await people.scan(seeded.signIns.courier.badge);
      return (await people.view()).show.screen === 'courier-code';
    },
  });
  await people.act({ do: 'cancel' });
  const state = (await people.admin('/rosters')) as z.infer<typeof rosters>;
  const [roster] = state.items;
  assert.equal(
    roster?.desired?.version,
    roster?.banks[0]?.applied,
    'desired and applied are shown, and agree',
  );
  await site.checkSite();
});

const suspensions = async () =>
  ((await people.admin(`/banks/${seeded.bank.id}`)) as z.infer<typeof bankDetail>).suspensions;
const suspendBy = (...args: string[]) =>
  holdfast('cloud', 'suspend', '--config', join(system.places.cloud, 'config.json'), ...args);

const untilState = (states: readonly string[]) =>
  waitFor({
    clock: systemClock,
    what: `what the bank says of it: ${states}`,
    msMax: 15_000,
    holds: async () => String((await suspensions()).map(({ state }) => state)) === String(states),
  });

test('a bank suspended by an administrator serves nobody until the operator’s command lifts it, and a door suspended by command is given to nobody', async () => {
  const { id } = seeded.bank;
  await people.adminSignsIn();
  await people.adminPosts(`/banks/${id}/suspend`, { hours: 1, reason: 'a test' });
  await untilState(['applied']);
  const { show } = await people.view();
  assert.deepEqual(show, { ...show, screen: 'closed', reason: 'lockdown' });
  const listed = await suspendBy('--bank', id);
  assert.deepEqual(
    [listed.status, /the whole bank until .*: in force at the bank/.test(listed.said)],
    [0, true],
  );
  const lifted = await suspendBy('--bank', id, '--lift', '--purpose', 'a test');
  assert.equal(lifted.status, 0, lifted.said);
  await untilState([]);
  assert.equal((await people.view()).show.screen, 'home');
  assert.equal((await suspendBy('--site', seeded.site, '--lift', '--purpose', 'again')).status, 1);
  const { doors } = (await people.admin(`/banks/${id}`)) as z.infer<typeof bankDetail>;
  const largest = doors.filter(({ size, state }) => size === 'XL' && state === 'empty').map(({ n }) => n);
  for (const n of largest) {
    const asked = await suspendBy('--bank', id, '--door', `${n}`, '--hours', '2', '--purpose', 'loose latch');
    assert.equal(asked.status, 0, asked.said);
  }
  await untilState(largest.map(() => 'applied'));
  await people.courierSignsIn();
  await people.act({ do: 'tracking', text: 'TBA303912345679' });
  await people.act({ do: 'flat', text: resident.flat });
  await people.act({ do: 'recipient', index: 0 });
  assert.equal((await people.act({ do: 'size', size: 'XL' })).message, 'no-compartment-free');
  await people.act({ do: 'cancel' });
  await people.act({ do: 'leave' });
  for (const n of largest) await people.adminPosts(`/banks/${id}/doors/${n}/lift`, { reason: 'mended' });
  await untilState([]);
  await people.courierSignsIn();
  const door = await people.dropsOff({ tracking: 'TBA303912345680', flat: resident.flat, size: 'XL' });
  assert.ok(largest.includes(door));
  await people.act({ do: 'leave' });
  await refusedAfterOrder(id);
  await site.checkSite();
});

/** An order of the site root ends what the cloud asked for, and leaves nothing of its 24 hours: the bank refuses, and it is seen. */
async function refusedAfterOrder(id: string): Promise<void> {
  await people.adminPosts(`/banks/${id}/suspend`, { hours: 1, reason: 'a test' });
  await untilState(['applied']);
  const order = ['admin', 'order', 'lift', '--purpose', 'nobody here asked', '--root', system.places.root];
  const ordered = await holdfast(...order, '--yes');
  assert.equal(ordered.status, 0, ordered.said);
  await untilState(['refused']);
  assert.equal((await suspensions())[0]?.refused, 'suspension-too-long');
  assert.match((await suspendBy('--bank', id)).said, /REFUSED by the bank \(suspension-too-long\)/);
  assert.equal((await people.view()).show.screen, 'home');
  await people.adminPosts(`/banks/${id}/lift`, { reason: 'a test' });
  await untilState([]);
}
