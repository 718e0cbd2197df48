/**
 * Attacks on the uplink, against a real cloud with its own broker. Before and after every round a
 * legitimate bank is served on the same broker: an attack that finds nobody alive proves nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { type IClientOptions, MqttClient } from 'mqtt';
import * as banks from '../../src/cloud/banks/banks.ts';
import type { RunningCloud } from '../../src/cloud/cloud.ts';
import { checkCloud } from '../../src/cloud/parcels/parcels.ts';
import type { Seeded } from '../../src/cloud/seed/seed.ts';
import { enrolledBank, type TestBank } from '../../src/cloud/test-bank.ts';
import { ALL_UP_TOPICS, downTopic, MESSAGE_BYTES_MAX, upTopic } from '../../src/contract/uplink.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { clientTls } from '../../src/crypto/tls.ts';
import { issueClient, selfSignedAuthority } from '../../src/crypto/x509.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { connectPinned } from '../../src/platform/tls.ts';
import { startWholeCloud, type WholeCloud } from './whole-cloud.ts';

const WAIT_MS = 8_000;
let whole: WholeCloud;
let cloud: RunningCloud;
let seeded: Seeded;
let bank: TestBank;
let other: TestBank;

before(async () => {
  whole = await startWholeCloud();
  cloud = whole.cloud;
  seeded = whole.seeded;
  bank = await enrolledBank(cloud.cloud, seeded.tenant, seeded.site);
  other = await enrolledBank(cloud.cloud, seeded.tenant, seeded.site);
});
after(() => whole?.stop());

type Shown = { certificate: string; key: string };
const shownBy = (of: TestBank): Shown => ({
  certificate: of.certificate,
  key: privateKeyPem(of.key.privateKey),
});
const brokerAt = () => ({ host: '127.0.0.1', port: cloud.brokerPort ?? 0, pins: [cloud.cloud.pins.current] });

/** Connects as MQTT client over a pinned connection; answers once the broker said yes, or why it did not. */
async function dial(
  shown: Shown,
  options: Partial<IClientOptions> & { clientId: string },
): Promise<MqttClient | string> {
  const socket = await connectPinned({ ...brokerAt(), client: shown });
  return handshake(socket, options);
}

function handshake(
  socket: TLSSocket,
  options: Partial<IClientOptions> & { clientId: string },
): Promise<MqttClient | string> {
  return new Promise((resolve) => {
    const client = new MqttClient(() => socket, {
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: WAIT_MS,
      ...options,
    });
    client.once('connect', () => resolve(client));
    client.once('error', (error) => resolve(error.message));
    client.once('close', () => resolve('closed'));
  });
}

/** The legitimate bank sends a batch and gets its acknowledgement. */
async function servesTheBank(): Promise<void> {
  const client = await dial(shownBy(bank), { clientId: bank.bank });
  assert.ok(client instanceof MqttClient, `the bank is let in, not "${String(client)}"`);
  const acked = new Promise<{ type: string; lastSeq: number }>((resolve) => {
    client.on('message', (_topic, payload) =>
      resolve(JSON.parse(String(payload)) as { type: string; lastSeq: number }),
    );
  });
  await client.subscribeAsync(downTopic(bank.bank), { qos: 1 });
  bank.write({ kind: 'agent.stopped' });
  await client.publishAsync(upTopic(bank.bank), JSON.stringify(await bank.batch()), { qos: 1 });
  const ack = await Promise.race([
    acked,
    sleep(systemClock, WAIT_MS).then(() => ({ type: 'none', lastSeq: 0 })),
  ]);
  assert.deepEqual({ type: ack.type, lastSeq: ack.lastSeq }, { type: 'ack', lastSeq: bank.end.lastSeq });
  await client.endAsync(true);
}

async function isBrokenOff(client: MqttClient): Promise<boolean> {
  const closed = new Promise<boolean>((resolve) => client.once('close', () => resolve(true)));
  client.on('error', () => {});
  return Promise.race([closed, sleep(systemClock, WAIT_MS).then(() => false)]);
}

test('a legitimate bank is served', () => servesTheBank());

test('a server with another key than the pinned ones is not spoken to', async () => {
  await assert.rejects(
    connectPinned({ ...brokerAt(), pins: [base64url(new Uint8Array(32))], client: shownBy(bank) }),
    /not one of the pinned keys/,
  );
  await servesTheBank();
});

function tlsError(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: cloud.brokerPort ?? 0,
      rejectUnauthorized: false,
      ...options,
    });
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    // In TLS 1.3 the server's refusal of a client certificate comes after the client's handshake.
    socket.on('close', () => resolve('closed'));
    socket.on('data', () => resolve('answered'));
    socket.on('secureConnect', () =>
      socket.write(Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0])),
    );
  });
}

test('TLS 1.2, another cipher, no certificate, and a certificate of another authority are refused', async () => {
  const mine = { cert: bank.certificate, key: privateKeyPem(bank.key.privateKey) };
  assert.match(
    await tlsError({ ...mine, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    /PROTOCOL|ALERT|SSL/i,
  );
  assert.match(
    await tlsError({ ...mine, ...clientTls, ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }),
    /HANDSHAKE|ALERT|SSL/i,
  );
  assert.match(await tlsError({ ...mine, ...clientTls, ecdhCurve: 'P-256' }), /HANDSHAKE|ALERT|SSL/i);
  assert.match(await tlsError({ ...clientTls }), /CERTIFICATE_REQUIRED|ECONNRESET|closed/i);
  const foreign = await foreignCertificate();
  assert.match(
    await tlsError({ ...clientTls, cert: foreign.certificate, key: foreign.key }),
    /UNKNOWN_CA|ALERT|SSL|ECONNRESET|closed/i,
  );
  await servesTheBank();
});

async function foreignCertificate(): Promise<Shown> {
  const authority = newSigningKey();
  const times = { notBeforeMs: systemClock.nowMs() - 60_000, notAfterMs: systemClock.nowMs() + 3_600_000 };
  const certificatePem = await selfSignedAuthority({
    commonName: 'holdfast banks',
    privateKey: authority.privateKey,
    serial: systemRandom.bytes(8),
    ...times,
  });
  const certificate = await issueClient({
    authority: { privateKey: authority.privateKey, certificatePem },
    commonName: bank.bank,
    publicKey: bank.key.publicKey,
    serial: systemRandom.bytes(8),
    ...times,
  });
  return { certificate, key: privateKeyPem(bank.key.privateKey) };
}

test('a certificate of our authority that is not the one on file is refused', async () => {
  const times = { notBeforeMs: systemClock.nowMs() - 60_000, notAfterMs: systemClock.nowMs() + 3_600_000 };
  const earlier = await issueClient({
    authority: cloud.cloud.authority,
    commonName: bank.bank,
    publicKey: bank.key.publicKey,
    serial: systemRandom.bytes(8),
    ...times,
  });
  assert.match(
    String(
      await dial({ certificate: earlier, key: privateKeyPem(bank.key.privateKey) }, { clientId: bank.bank }),
    ),
    /Not authorized|closed/,
  );
  const nobody = await issueClient({
    authority: cloud.cloud.authority,
    commonName: 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    publicKey: bank.key.publicKey,
    serial: systemRandom.bytes(8),
    ...times,
  });
  assert.match(
    String(
      await dial(
        { certificate: nobody, key: privateKeyPem(bank.key.privateKey) },
        { clientId: 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa' },
      ),
    ),
    /Not authorized|closed/,
  );
  await servesTheBank();
});

test('a bank cannot take another id, leave a will, or keep a session', async () => {
  const refusals: (Partial<IClientOptions> & { clientId: string })[] = [
    { clientId: other.bank },
    { clientId: 'cloud-x' },
    {
      clientId: bank.bank,
      will: { topic: downTopic(other.bank), payload: Buffer.from('x'), qos: 0, retain: false },
    },
    { clientId: bank.bank, clean: false },
    { clientId: bank.bank, protocolVersion: 5 },
  ];
  for (const options of refusals)
    assert.equal(typeof (await dial(shownBy(bank), options)), 'string', JSON.stringify(options));
  await servesTheBank();
});

test('a bank hears nothing but its own topic', async () => {
  const client = await dial(shownBy(other), { clientId: other.bank });
  assert.ok(client instanceof MqttClient);
  const heard: string[] = [];
  client.on('message', (topic) => heard.push(topic));
  for (const topic of [
    downTopic(bank.bank),
    upTopic(bank.bank),
    upTopic(other.bank),
    ALL_UP_TOPICS,
    'holdfast/v1/+/down',
    '#',
    '$SYS/#',
    `${downTopic(other.bank)}/#`,
  ]) {
    const granted: { qos: number }[] = await client
      .subscribeAsync(topic, { qos: 1 })
      .catch(() => [{ qos: 128 }]);
    assert.equal(granted[0]?.qos ?? 128, 128, topic);
  }
  await servesTheBank();
  assert.deepEqual(heard, []);
  await client.endAsync(true);
});

test('a bank speaks on nothing but its own topic, and leaves nothing behind', async () => {
  const attempts: [string, { retain?: boolean; qos?: 0 | 1 | 2 }, string][] = [
    [upTopic(bank.bank), { qos: 1 }, '{"v":1,"type":"time","nonce":"12345678"}'],
    [downTopic(bank.bank), { qos: 1 }, '{"v":1,"type":"lift","id":"12345678"}'],
    [downTopic(other.bank), { qos: 1 }, '{}'],
    ['holdfast/v1/anything', { qos: 0 }, '{}'],
    [upTopic(other.bank), { qos: 1, retain: true }, '{}'],
  ];
  for (const [topic, options, payload] of attempts) {
    const client = await dial(shownBy(other), { clientId: other.bank });
    assert.ok(client instanceof MqttClient);
    const broken = isBrokenOff(client);
    client.publish(topic, payload, options, () => {});
    assert.ok(await broken, `${topic} ends the connection`);
  }
  await servesTheBank();
});

test('a packet that announces more than a message may have ends the connection at once', async () => {
  const socket = await connectPinned({ ...brokerAt(), client: shownBy(other) });
  const client = await handshake(socket, { clientId: other.bank });
  assert.ok(client instanceof MqttClient);
  const broken = isBrokenOff(client);
  // PUBLISH with a remaining length of 256 MiB, of which the first bytes are sent.
  socket.write(Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(1000)]));
  assert.ok(await broken);
  const next = await dial(shownBy(other), { clientId: other.bank });
  assert.ok(next instanceof MqttClient);
  const alsoBroken = isBrokenOff(next);
  next.publish(upTopic(other.bank), Buffer.alloc(MESSAGE_BYTES_MAX + 1, 32), { qos: 1 }, () => {});
  assert.ok(await alsoBroken);
  await servesTheBank();
});

test('a bank is shown connected while it is, and everything that was taken checks out', async () => {
  const isOnline = () =>
    cloud.cloud.database.tenant(
      seeded.tenant,
      async (tx) => (await banks.findBank(tx, other.bank))?.connected,
    );
  const client = await dial(shownBy(other), { clientId: other.bank });
  assert.ok(client instanceof MqttClient);
  await until(async () => (await isOnline()) === true);
  await client.endAsync(true);
  await until(async () => (await isOnline()) === false);
  assert.deepEqual(await checkCloud(cloud.cloud, seeded.tenant), []);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + WAIT_MS;
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() < endMs, 'in time');
    await sleep(systemClock, 50);
  }
}

test('a role that bypasses the wall between tenants is refused at start', async () => {
  await assert.rejects(
    openDatabase({
      url: whole.superuserUrl,
      clock: systemClock,
      log: silentLog,
    }),
    /bypasses row security/,
  );
});

test('the cloud answers over HTTPS with the pinned key, and says that it is ready', async () => {
  const socket = await connectPinned({
    host: '127.0.0.1',
    port: cloud.httpsPort ?? 0,
    pins: [cloud.cloud.pins.current],
  });
  socket.destroy();
  const ready = await fetch(`http://127.0.0.1:${cloud.httpPort}/api/ready`);
  assert.equal(ready.status, 200);
});
