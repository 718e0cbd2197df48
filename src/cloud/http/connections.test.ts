/** How many connections stand, for how long, and whose. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { positiveSerial } from '../files.ts';
import { buildApp } from './app.ts';
import { placeOf } from './connections.ts';
import { openMetrics } from './metrics.ts';

const OF_ONE_ADDRESS_MAX = 500;
const HANDSHAKE_MS_MAX = 10_000;
const PROXY = '127.0.0.3';

const sockets: Socket[] = [];
after(() => {
  for (const socket of sockets) socket.destroy();
});

async function openApp(secure: boolean) {
  const key = newSigningKey();
  const certificatePem = await selfSignedServer({
    commonName: 'localhost',
    privateKey: key.privateKey,
    hosts: ['localhost'],
    serial: positiveSerial(systemRandom),
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: Date.UTC(2096, 0, 1),
  });
  const app = await buildApp(
    {
      clock: systemClock,
      log: silentLog,
      metrics: openMetrics(),
      hosts: [],
      trustedProxies: [`${PROXY}/32`],
      webDir: null,
      tls: secure ? { keyPem: privateKeyPem(key.privateKey), certificatePem } : null,
      requestsPerMinute: 1_200,
      isLeaving: () => false,
    },
    () => {},
  );
  // A server that stops waits for whoever it did not end.
  app.server.on('connection', (socket: Socket) => sockets.push(socket));
  await app.listen({ host: '127.0.0.1', port: 0 });
  after(() => {
    for (const socket of sockets) socket.destroy();
    return app.close();
  });
  return { app, port: (app.server.address() as { port: number }).port };
}

/** So many connections that say nothing. */
async function silent(port: number, localAddress: string, count: number): Promise<Socket[]> {
  const all = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port, localAddress }));
  sockets.push(...all);
  for (const socket of all) socket.on('error', () => {}).resume();
  await Promise.all(all.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  return all;
}

const standing = (of: readonly Socket[]) => of.filter(({ closed }) => !closed).length;

test('one address has five hundred connections and no more, and takes no other’s place', {
  timeout: 60_000,
}, async () => {
  const { port } = await openApp(true);
  const many = await silent(port, '127.0.0.2', OF_ONE_ADDRESS_MAX + 50);
  const [other] = await silent(port, '127.0.0.4', 1);
  const proxied = await silent(port, PROXY, OF_ONE_ADDRESS_MAX + 50);
  while (standing(many) > OF_ONE_ADDRESS_MAX) await sleep(systemClock, 20);
  await sleep(systemClock, 200);
  assert.equal(standing(many), OF_ONE_ADDRESS_MAX);
  assert.equal(other?.closed, false);
  assert.equal(standing(proxied), OF_ONE_ADDRESS_MAX + 50, 'a trusted proxy speaks for everybody');
  for (const socket of many.slice(0, OF_ONE_ADDRESS_MAX)) socket.destroy();
  await sleep(systemClock, 500);
  const [again] = await silent(port, '127.0.0.2', 1);
  await sleep(systemClock, 200);
  assert.equal(again?.closed, false, 'who hung up has room again');
});

test('a handshake that never comes is waited for ten seconds', { timeout: 60_000 }, async () => {
  const { port } = await openApp(true);
  const [socket] = await silent(port, '127.0.0.2', 1);
  assert.ok(socket);
  const beganMs = systemClock.monotonicMs();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([closed, sleep(systemClock, 3 * HANDSHAKE_MS_MAX)]);
  const tookMs = systemClock.monotonicMs() - beganMs;
  assert.ok(tookMs > HANDSHAKE_MS_MAX - 2_000 && tookMs < 3 * HANDSHAKE_MS_MAX, `${tookMs} ms`);
});

test('both servers have a bound in all', async () => {
  for (const secure of [true, false]) {
    const { app } = await openApp(secure);
    assert.equal(app.server.maxConnections, 10_000);
  }
});

test('of IPv6 a network is counted, however it is written', () => {
  for (const [address, place] of [
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const)
    assert.equal(placeOf(address), place);
});
