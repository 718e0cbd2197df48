/** The cloud's connection to a broker that hears and does not answer, or hangs up over a message. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { Aedes } from 'aedes';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { pinOf, serverTls } from '../../crypto/tls.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { breath, ManualClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { BrokerLink } from './link.ts';

const BANK = `bank_${'a'.repeat(26)}`;
const MESSAGE = { v: 1, type: 'time', nonce: 'n', atMs: 1 } as const;
const TAKEN_MS_MAX = 10_000;
const END_MS_MAX = 2_000;

/** Takes connections and subscriptions; a message it holds in its hand for good. */
async function muteBroker() {
  const key = newSigningKey();
  const certificate = await selfSignedServer({
    commonName: 'localhost',
    privateKey: key.privateKey,
    hosts: ['localhost', '127.0.0.1'],
    serial: systemRandom.bytes(16),
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: Date.UTC(2096, 0, 1),
  });
  const sockets: TLSSocket[] = [];
  let heard: () => void = () => {};
  const aedes = await Aedes.createBroker({ authorizePublish: () => heard() });
  const pem = privateKeyPem(key.privateKey);
  const server = createServer({ ...serverTls, key: pem, cert: certificate }, (socket) => {
    sockets.push(socket);
    aedes.handle(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  after(() => {
    hangUp();
    server.close();
    aedes.close();
  });
  return {
    at: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, pins: [pinOf(certificate)] },
    client: { certificate, key: pem },
    hangUp,
    hears: () => new Promise<void>((resolve) => (heard = resolve)),
  };
}

/** A link that is up, and a message on its way that the broker has heard. */
async function sending() {
  const broker = await muteBroker();
  const clock = new ManualClock(0);
  let up: () => void = () => {};
  const isUp = new Promise<void>((resolve) => (up = resolve));
  const link = new BrokerLink({
    ...broker.at,
    client: async () => broker.client,
    clock,
    random: systemRandom,
    log: silentLog,
    onMessage() {},
    onUp: () => up(),
  });
  await isUp;
  const heard = broker.hears();
  const sent = link.send(BANK, MESSAGE);
  await heard;
  return { broker, clock, link, sent };
}

test('who sends over a connection that ends is not left waiting', { timeout: 20_000 }, async () => {
  const { broker, link, sent } = await sending();
  broker.hangUp();
  await sent;
  await link.stop();
});

test('who sends to a broker that never answers waits ten seconds', { timeout: 20_000 }, async () => {
  const { broker, clock, link, sent } = await sending();
  let done = false;
  const ended = sent.then(() => (done = true));
  clock.advance(TAKEN_MS_MAX - 1);
  await breath();
  assert.equal(done, false);
  clock.advance(1);
  await ended;
  broker.hangUp();
  await link.stop();
});

test('a broker that never answers does not keep the cloud from stopping', { timeout: 20_000 }, async () => {
  const { clock, link, sent } = await sending();
  const stopped = link.stop();
  await breath();
  clock.advance(END_MS_MAX);
  await Promise.all([stopped, sent]);
});
