/** The bank alone: a parcel goes in and out at a real agent over real serial frames, with no cloud at all. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestRig, until } from '../../rig/test-rig.ts';
import type { KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { systemClock } from '../../src/platform/clock.ts';
import {
  bringIntoService,
  newestCodes,
  newSite,
  removeSite,
  startTestAgent,
  type TestSite,
} from '../bank.ts';
import { checkBank } from '../check-bank.ts';

/** Started outside the hooks, so that it lives as long as the file. */
const rig = await startTestRig();
let site: TestSite;
let agent: Agent;
const fatal: Error[] = [];

before(async () => {
  site = await newSite();
  agent = await startTestAgent(site, { serial: rig.ports.serial, scanner: rig.ports.scanner }, (error) =>
    fatal.push(error),
  );
  await bringIntoService(site, agent);
  await until(() =>
    Object.values(agent.state().compartment).every((compartment) => compartment.door === 'closed'),
  );
});

after(async () => {
  await agent.stop();
  removeSite(site);
  assert.deepEqual(fatal, []);
});

async function viewNow(): Promise<KioskView> {
  const response = await fetch(`http://127.0.0.1:${agent.kioskPort}/api/view`);
  return (await response.json()) as KioskView;
}

async function act(action: object): Promise<KioskView> {
  const response = await fetch(`http://127.0.0.1:${agent.kioskPort}/api/actions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
    body: JSON.stringify(action),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as KioskView;
}

function on<S extends KioskScreen['screen']>(
  view: KioskView,
  screen: S,
): Extract<KioskScreen, { screen: S }> {
  assert.equal(view.show.screen, screen, JSON.stringify(view));
  return view.show as Extract<KioskScreen, { screen: S }>;
}

async function doorIs(n: number, door: 'open' | 'closed'): Promise<void> {
  await until(() => agent.state().compartment[n]?.door === door);
}

async function dropOff(tracking: string, size: string): Promise<number> {
  await act({ do: 'tracking', text: tracking });
  on(await viewNow(), 'flat');
  await act({ do: 'flat', text: 'flat 12' });
  const view = await act({ do: 'size', size });
  const n = on(view, 'drop-off').door.compartment;
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'put-in', label: tracking });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(n, 'closed');
  on(await act({ do: 'deposited' }), 'drop-off-done');
  await agent.settled();
  return n;
}

test('a badge scanned at the reader, a code chosen, a parcel in, the code opens its door once, the parcel out', async () => {
  await rig.ask('/scan', { text: site.courier.badge });
  await until(async () => (await viewNow()).show.screen === 'courier-code');
  assert.equal(on(await viewNow(), 'courier-code').first, true);
  assert.equal(
    (await act({ do: 'courier-code-new', code: '123456', again: '123456' })).message,
    'courier-code-weak',
  );
  on(await act({ do: 'courier-code-new', code: '284917', again: '284917' }), 'tracking');
  const n = await dropOff('1Z 999 AA1 01 2345 6784', 'M');
  on(await act({ do: 'leave' }), 'home');

  const codes = await newestCodes(site, agent);
  assert.match(codes.pin, /^\d{9}$/);
  const wrong = codes.pin === '000000000' ? '000000001' : '000000000';
  assert.equal((await act({ do: 'pin', pin: wrong })).message, 'code-not-accepted');

  const opened = on(await act({ do: 'pin', pin: codes.pin }), 'pick-up');
  assert.equal(opened.door.compartment, n);
  await doorIs(n, 'open');
  assert.equal((await act({ do: 'collected' })).message, 'shut-the-door');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await until(async () => (await viewNow()).show.screen === 'pick-up-done');

  assert.equal(
    (await act({ do: 'pin', pin: codes.pin })).message,
    'code-not-accepted',
    'a spent code says no more than a wrong one',
  );
  assert.equal(agent.state().compartment[n]?.use, 'empty');
  checkBank(agent);
});

test('the QR code opens too; a code is needed again once the door was open; nobody frees a door by shutting it', async () => {
  await rig.ask('/scan', { text: site.courier.badge });
  await until(async () => (await viewNow()).show.screen === 'courier-code');
  on(await act({ do: 'courier-code', code: '284917' }), 'tracking');
  const n = await dropOff('TBA123456789000', 'S');
  await act({ do: 'leave' });
  const codes = await newestCodes(site, agent);

  await rig.ask('/scan', { text: codes.qr });
  await until(async () => (await viewNow()).show.screen === 'pick-up');
  await doorIs(n, 'open');
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(n, 'closed');
  assert.equal(agent.state().compartment[n]?.use, 'occupied', 'a shut door is no collection');
  assert.equal((await act({ do: 'again' })).message, 'code-again');
  on(await act({ do: 'pin', pin: codes.pin }), 'pick-up');
  await doorIs(n, 'open');
  assert.equal(Object.keys(agent.state().session).length, 1, 'one code, one session');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(n, 'closed');
  on(await act({ do: 'collected' }), 'pick-up-done');
  checkBank(agent);
});

test('a door pried open is forced, and an empty one goes out of use', async () => {
  await rig.ask('/doors/24/pry', undefined, 'POST');
  await until(() => agent.state().compartment[24]?.withdrawn === 'forced');
  await rig.ask('/doors/24/close', undefined, 'POST');
  await doorIs(24, 'closed');
  checkBank(agent);
});

test('a restart keeps parcels and codes, and settles what nobody answered', async () => {
  await rig.ask('/scan', { text: site.courier.badge });
  await until(async () => (await viewNow()).show.screen === 'courier-code');
  await act({ do: 'courier-code', code: '284917' });
  const n = await dropOff('9400111206206406260787', 'M');
  await act({ do: 'leave' });
  const codes = await newestCodes(site, agent);
  await agent.stop();
  agent = await startTestAgent(site, { serial: rig.ports.serial, scanner: rig.ports.scanner }, (error) =>
    fatal.push(error),
  );
  await until(() => Object.values(agent.state().volatile.boards).length === 2);
  on(await act({ do: 'pin', pin: codes.pin }), 'pick-up');
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(n, 'closed');
  on(await act({ do: 'collected' }), 'pick-up-done');
  assert.ok(systemClock.nowMs() > 0);
  checkBank(agent);
});
