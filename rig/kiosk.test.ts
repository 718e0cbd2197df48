import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { KioskScreen, KioskView } from '../src/contract/kiosk.ts';
import type { RigKiosk, RigState } from '../src/contract/rig.ts';
import { LOOPBACK } from './config.ts';
import { sightOf } from './kiosk.ts';
import { startTestRig, type TestRig, until } from './test-rig.ts';

const TRACKING = '1Z999AA10123456784';
const DOOR: Extract<KioskScreen, { screen: 'drop-off' }>['door'] = {
  ...{ compartment: 7, size: 'M', column: 1, row: 2, latch: 'released', door: 'open', occupied: 'unsensed' },
  ...{ again: false, pulsesLeft: 2, opened: true, stuck: false },
};
const HOME: KioskScreen = { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null };
const DROP_OFF: KioskScreen = {
  ...{ screen: 'drop-off', tracking: TRACKING, ask: false, larger: true, otherDoor: false },
  door: DOOR,
};
const DONE: KioskScreen = { screen: 'drop-off-done', tracking: TRACKING, offline: false };
const SIZE: KioskScreen = {
  ...{ screen: 'size', tracking: TRACKING, recipient: '12 · A. Okafor', free: { S: 3, M: 1, L: 0, XL: 0 } },
  recognised: { carrier: 'UPS', format: 'UPS 1Z', others: false },
};

const viewOf = (show: KioskScreen): KioskView => ({
  ...{ v: 1, bank: 'bank', development: true, online: true, turn: 1, message: null, idleMs: null },
  logDisputed: false,
  show,
});

/** A kiosk's server as the rig sees it: one stream of views. */
async function startKiosk() {
  const streams = new Set<ServerResponse>();
  let asked = 0;
  let show = HOME;
  const say = (stream: ServerResponse, data: string) => stream.write(`event: view\ndata: ${data}\n\n`);
  const server = createServer((request, response) => {
    assert.equal(request.url, '/api/events');
    asked += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    streams.add(response);
    say(response, JSON.stringify(viewOf(show)));
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  after(() => server.closeAllConnections());
  after(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    shows(next: KioskScreen) {
      show = next;
      for (const stream of streams) say(stream, JSON.stringify(viewOf(next)));
    },
    says(data: string) {
      for (const stream of streams) say(stream, data);
    },
    cut() {
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
  };
}

const stateOf = async (rig: TestRig) => (await rig.ask('/state')).body as RigState;
const sees = (rig: TestRig, holds: (kiosk: RigKiosk | null) => boolean) =>
  until(async () => holds((await stateOf(rig)).kiosk));

/** Listens as a page does, until the rig stops. */
async function listen(rig: TestRig): Promise<() => string> {
  let heard = '';
  const { body } = await fetch(`http://${LOOPBACK}:${rig.ports.http}/events`);
  assert.ok(body);
  void (async () => {
    for await (const text of body.pipeThrough(new TextDecoderStream())) heard += text;
  })();
  return () => heard;
}

test('nobody looks at the kiosk before a page listens; then each page is told which screen it is', async () => {
  const kiosk = await startKiosk();
  const rig = await startTestRig({ kioskPort: kiosk.port });
  assert.equal((await stateOf(rig)).kiosk, null);
  assert.equal(kiosk.asked(), 0);
  const heard = await listen(rig);
  await sees(rig, (seen) => seen?.screen === 'home');
  kiosk.shows(DROP_OFF);
  await sees(rig, (seen) => seen?.screen === 'drop-off');
  assert.equal((await stateOf(rig)).kiosk?.compartment, 7);
  await until(() => heard().includes('"screen":"drop-off"'));
  await listen(rig);
  assert.equal(kiosk.asked(), 1, 'one look serves every page');
});

test('no name, flat or number from the screen is kept or told', async () => {
  const kiosk = await startKiosk();
  const rig = await startTestRig({ kioskPort: kiosk.port });
  const heard = await listen(rig);
  await sees(rig, (seen) => seen !== null);
  kiosk.shows(SIZE);
  await sees(rig, (seen) => seen?.screen === 'size');
  kiosk.shows(DONE);
  await sees(rig, (seen) => seen?.screen === 'drop-off-done');
  for (const text of [heard(), JSON.stringify(await stateOf(rig))])
    assert.ok(!text.includes(TRACKING) && !text.includes('Okafor'), text);
});

test('each word of a parcel put in or taken is counted once, over a dark screen too', async () => {
  const kiosk = await startKiosk();
  const rig = await startTestRig({ kioskPort: kiosk.port });
  await listen(rig);
  await sees(rig, (seen) => seen?.screen === 'home');
  kiosk.shows(DONE);
  await sees(rig, (seen) => seen?.deposits === 1);
  kiosk.cut();
  await sees(rig, (seen) => seen === null);
  await sees(rig, (seen) => seen?.screen === 'drop-off-done');
  assert.equal((await stateOf(rig)).kiosk?.deposits, 1);
  kiosk.shows(HOME);
  kiosk.shows({ screen: 'pick-up-done' });
  await sees(rig, (seen) => seen?.collections === 1);
  assert.equal((await stateOf(rig)).kiosk?.deposits, 1);
});

test('what is no view of a kiosk is not seen, and the next one is', async () => {
  const kiosk = await startKiosk();
  const rig = await startTestRig({ kioskPort: kiosk.port });
  await listen(rig);
  await sees(rig, (seen) => seen !== null);
  kiosk.says('{"v":2}');
  await sees(rig, (seen) => seen === null);
  kiosk.shows(HOME);
  await sees(rig, (seen) => seen?.screen === 'home');
  kiosk.says('{');
  await sees(rig, (seen) => seen === null);
  await sees(rig, (seen) => seen?.screen === 'home');
  assert.equal(kiosk.asked(), 2);
});

test('what stood on the screen at the first look is not counted', () => {
  const first = sightOf(JSON.stringify(viewOf(DONE)), null);
  assert.deepEqual(first, { screen: 'drop-off-done', compartment: null, deposits: 0, collections: 0 });
});

test('whether carriers work is told to every page', async () => {
  const rig = await startTestRig();
  const heard = await listen(rig);
  assert.deepEqual((await stateOf(rig)).carriers, { mail: 'up', sms: 'up' });
  await rig.ask('/carriers', { sms: 'down' });
  assert.deepEqual((await stateOf(rig)).carriers, { mail: 'up', sms: 'down' });
  await until(() => heard().includes('"carriers":{"mail":"up","sms":"down"}'));
});
