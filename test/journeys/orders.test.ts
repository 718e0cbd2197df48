/**
 * Orders on the whole system, by both roads: what staff take out, what is put back into service, and what a
 * bank refuses. Every order is written by the operator's own command; every claim is scanned at the kiosk.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { z } from 'zod';
import type { journal, parcelDetail, parcelRow } from '../../src/contract/http/admin.ts';
import type { orders } from '../../src/contract/http/orders.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { idFrom } from '../../src/domain/ids.ts';
import type { Order } from '../../src/domain/order.ts';
import { readUnverified, signOrder } from '../../src/ledger/order.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { readRoot } from '../../src/signer/root.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT, startSite } from '../site.ts';

const site = await startSite();
const stick = mkdtempSync(join(tmpdir(), 'holdfast-stick-'));
after(async () => {
  await site.stop();
  rmSync(stick, { recursive: true, force: true });
});
const { people, seeded, system } = site;
const { resident } = seeded.signIns;
const bank = seeded.bank.id;

function holdfast(...args: string[]): { status: number | null; said: string } {
  const run = spawnSync(process.execPath, [join(ROOT, 'bin', 'holdfast.ts'), ...args], {
    encoding: 'utf8',
    cwd: ROOT,
    timeout: 60_000,
  });
  return { status: run.status, said: run.stdout + run.stderr };
}

const sign = (...args: string[]) =>
  holdfast('admin', 'order', ...args, '--root', system.places.root, '--yes');
const carry = (file: string) =>
  holdfast('edge', 'order', file, '--config', join(system.places.edge, 'config.json'));
const claimIn = (said: string) => /HFO1[A-Z2-7]{26}/.exec(said)?.[0] ?? assert.fail(said);

async function health(): Promise<{ orderNonce: string; online: boolean; lastSeq: number }> {
  const answer = await fetch(`http://127.0.0.1:${system.ports.kiosk}/api/health`);
  return (await answer.json()) as { orderNonce: string; online: boolean; lastSeq: number };
}

/** A parcel goes in, its recipient says that it is not theirs: the bank holds it for staff. */
async function heldParcel(tracking: string): Promise<number> {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  const n = await people.dropsOff({ tracking, flat: resident.flat, size: 'M' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', resident.phone, beganMs);
  await people.act({ do: 'pin', pin });
  await people.shown('pick-up');
  await people.sensed('open');
  await people.rig(`/doors/${n}/close`);
  await people.sensed('closed');
  await people.act({ do: 'report', what: 'not-my-parcel' });
  await people.shown('reported');
  return n;
}

async function staffTakeOut(n: number, claim: string): Promise<void> {
  await people.scan(claim);
  const screen = await people.shown('staff');
  assert.equal(screen.door.compartment, n);
  assert.equal(screen.expected, 'parcel');
  await people.sensed('open');
  await people.rig(`/parcels/${n}`, { do: 'take-out' });
  await people.rig(`/doors/${n}/close`);
  await people.sensed('closed');
  await people.act({ do: 'found', what: 'removed' });
  await people.shown('staff-done');
}

async function parcelOf(tracking: string): Promise<z.infer<typeof parcelDetail>> {
  const { items } = (await people.admin('/parcels?limit=50')) as { items: z.infer<typeof parcelRow>[] };
  const row = items.find((item) => item.tracking === tracking) ?? assert.fail(tracking);
  return (await people.admin(`/parcels/${row.id}`)) as z.infer<typeof parcelDetail>;
}

async function doorsOpen(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${system.ports.rig}/doors`);
  return ((await answer.json()) as { door: string }[]).filter(({ door }) => door === 'open').length;
}

test('a held parcel is taken out by an order through the cloud: the claim opens the door, custody is the staff’s', async () => {
  const n = await heldParcel('1Z999AA10123456784');
  const slip = join(stick, 'slip.html');
  const purpose = 'the recipient says it is a neighbour’s';
  const { status, said } = sign('staff-release', '--door', String(n), '--purpose', purpose, '--slip', slip);
  assert.equal(status, 0, said);
  assert.match(said, /the bank has accepted it/);
  assert.match(said, new RegExp(`opens door ${n} to whoever shows the claim`));
  const claim = claimIn(said);
  assert.equal(statSync(slip).mode & 0o777, 0o600);
  const page = readFileSync(slip, 'utf8');
  for (const part of [claim, seeded.bank.name, '<svg', String(n)]) assert.ok(page.includes(part), part);
  assert.equal(await doorsOpen(), 0, 'an order alone opens nothing');
  await staffTakeOut(n, claim);
  await site.drained();
  await people.adminSignsIn();
  const parcel = await parcelOf('1Z999AA10123456784');
  assert.deepEqual([parcel.state, parcel.custody], ['removed', 'staff']);
  const { items } = (await people.admin(`/banks/${bank}/orders`)) as z.infer<typeof orders>;
  assert.deepEqual(
    [items[0]?.state, items[0]?.road, items[0]?.purpose, items[0]?.compartment],
    ['accepted', 'cloud', purpose, n],
  );
  await people.scan(claim);
  await waitFor({
    clock: systemClock,
    what: 'the claim to be refused',
    msMax: 10_000,
    holds: async () => (await people.view()).message === 'order-unknown',
  });
  assert.equal(await doorsOpen(), 0);
  await site.checkSite();
});

test('the same with the network cut: the nonce from the kiosk, the order on a stick', async () => {
  const n = await heldParcel('TBA303912345678');
  await people.rig('/network', { up: false });
  await waitFor({
    clock: systemClock,
    what: 'the kiosk to say that it is offline',
    msMax: 20_000,
    holds: async () => !(await people.view()).online,
  });
  const file = join(stick, 'release.order');
  const { orderNonce } = await health();
  const options = [
    '--door',
    String(n),
    '--purpose',
    'no network here',
    `--nonce=${orderNonce}`,
    '--out',
    file,
  ];
  const { status, said } = sign('staff-release', ...options);
  assert.equal(status, 0, said);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const claim = claimIn(said);
  assert.ok(!readFileSync(file, 'utf8').includes(claim), 'the claim does not travel with the order');
  const given = carry(file);
  assert.equal(given.status, 0, given.said);
  assert.match(given.said, /the bank has accepted it/);
  await staffTakeOut(n, claim);
  await people.rig('/network', { up: true });
  await site.drained();
  await people.adminSignsIn();
  assert.equal((await parcelOf('TBA303912345678')).custody, 'staff');
  const { items } = (await people.admin(`/banks/${bank}/orders`)) as z.infer<typeof orders>;
  assert.deepEqual(
    [items[0]?.road, items[0]?.state],
    ['hand', 'accepted'],
    'the cloud learns of it afterwards',
  );
  await site.checkSite();
});

test('a compartment that was forced serves again by order', async () => {
  const n = 20;
  await people.adminSignsIn();
  type Doors = { doors: { n: number; state: string; door: string }[] };
  const shown = async () =>
    ((await people.admin(`/banks/${bank}`)) as Doors).doors.find((door) => door.n === n);
  const becomes = (what: string) =>
    waitFor({ clock: systemClock, what, msMax: 20_000, holds: async () => (await shown())?.state === what });
  await people.rig(`/doors/${n}/pry`);
  await becomes('out-of-service');
  await people.rig(`/doors/${n}/close`);
  await waitFor({
    clock: systemClock,
    what: 'the door to be shut again',
    msMax: 20_000,
    holds: async () => (await shown())?.door === 'closed',
  });
  const { status, said } = sign('restore', '--door', String(n), '--purpose', 'looked at, nothing is bent');
  assert.equal(status, 0, said);
  await becomes('empty');
  const again = sign('restore', '--door', String(n), '--purpose', 'looked at, nothing is bent');
  assert.equal(again.status, 1, again.said);
  assert.match(again.said, /the bank refused it: order-pointless/);
  await site.checkSite();
});

test('refused by hand with its reason, and nothing opens: a replay, another bank, an old nonce, a foreign root', async () => {
  const { orderNonce } = await health();
  const file = join(stick, 'one.order');
  const options = ['--door', '3', '--purpose', 'to be tried twice', `--nonce=${orderNonce}`, '--out', file];
  const signed = sign('staff-release', ...options);
  assert.equal(signed.status, 0, signed.said);
  assert.equal(carry(file).status, 0);
  const copy = join(stick, 'copy.order');
  copyFileSync(file, copy);
  const order = readUnverified(readFileSync(file, 'utf8')) ?? assert.fail('the file holds an order');
  const root = await readRoot(system.places.root);
  const other = (change: Partial<Order>, keys = [root]) =>
    signOrder({ ...order, order: idFrom('order', systemRandom.bytes(16)), ...change }, keys);
  const cases: [string, string][] = [
    ['order-replayed', readFileSync(copy, 'utf8')],
    ['order-wrong-bank', other({ bank: idFrom('bank', systemRandom.bytes(16)) })],
    ['order-nonce-old', other({ nonce: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['signature-wrong', other({}, [newSigningKey()])],
    ['signature-wrong', readFileSync(copy, 'utf8').slice(0, -20)],
  ];
  for (const [reason, note] of cases) {
    const tried = join(stick, 'tried.order');
    writeFileSync(tried, note);
    const { status, said } = carry(tried);
    assert.equal(status, 1);
    assert.match(said, new RegExp(`the bank refused it: ${reason}`));
  }
  assert.equal(await doorsOpen(), 0);
  assert.ok(existsSync(join(system.places.edge, 'bank', 'orders', 'refused')));
  await site.drained();
  await people.adminSignsIn();
  const { items } = (await people.admin(`/journal?bank=${bank}&limit=50`)) as z.infer<typeof journal>;
  const reasons = items
    .filter(({ kind }) => kind === 'order.refused')
    .map(({ json }) => (JSON.parse(json) as { facts: { reason: string } }).facts.reason);
  for (const [reason] of cases) assert.ok(reasons.includes(reason), reason);
  await site.checkSite();
});
