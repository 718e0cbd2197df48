/** One bank that reads nothing, on the broker that all banks share. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { MqttClient } from 'mqtt';
import { downTopic, MESSAGE_BYTES_MAX, upTopic } from '../../contract/uplink.ts';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { clientTls } from '../../crypto/tls.ts';
import { issueClient, selfSignedAuthority, selfSignedServer } from '../../crypto/x509.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { positiveSerial } from '../files.ts';
import { CLOUD_NAME, startBroker } from './broker.ts';

const HUNG = `bank_${'a'.repeat(26)}`;
const OTHER = `bank_${'b'.repeat(26)}`;
const ANSWERED_MS_MAX = 5_000;

const authorityKey = newSigningKey();
const valid = () => ({
  serial: positiveSerial(systemRandom),
  notBeforeMs: Date.UTC(2026, 0, 1),
  notAfterMs: Date.UTC(2096, 0, 1),
});

async function openBroker() {
  const authority = await selfSignedAuthority({
    commonName: 'authority',
    privateKey: authorityKey.privateKey,
    ...valid(),
  });
  const serverKey = newSigningKey();
  const lines: string[] = [];
  const log = { ...silentLog, warn: (_says: string, of?: object) => void lines.push(JSON.stringify(of)) };
  const broker = await startBroker({
    host: '127.0.0.1',
    port: 0,
    key: privateKeyPem(serverKey.privateKey),
    certificate: await selfSignedServer({
      commonName: 'localhost',
      privateKey: serverKey.privateKey,
      hosts: ['localhost'],
      ...valid(),
    }),
    authority,
    log: { ...log, child: () => log },
    isOnFile: async () => true,
    onConnection() {},
  });
  after(() => broker.stop());
  const dial = async (name: string, topics: string[]) => {
    const key = newSigningKey();
    const certificate = await issueClient({
      authority: { privateKey: authorityKey.privateKey, certificatePem: authority },
      commonName: name,
      publicKey: key.publicKey,
      ...valid(),
    });
    const at = { host: '127.0.0.1', port: broker.port, ...clientTls, rejectUnauthorized: false };
    const socket = connect({ ...at, cert: certificate, key: privateKeyPem(key.privateKey) });
    const clientId = name === CLOUD_NAME ? `${name}-1` : name;
    const client = new MqttClient(() => socket, { clientId, protocolVersion: 4, reconnectPeriod: 0 });
    client.on('error', () => {});
    after(() => client.end(true));
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await client.subscribeAsync(topics, { qos: 1 });
    return { client, socket };
  };
  return { dial, lines };
}

const heard = (client: MqttClient, socket: TLSSocket) =>
  Promise.race([
    new Promise<string>((resolve) => client.once('message', (_topic, payload) => resolve(String(payload)))),
    new Promise<string>((resolve) => socket.once('close', () => resolve('hung up on'))),
    sleep(systemClock, ANSWERED_MS_MAX).then(() => 'nothing'),
  ]);

test('a bank that reads nothing is hung up on, and meanwhile every other is served', {
  timeout: 60_000,
}, async () => {
  const { dial, lines } = await openBroker();
  const { client: cloud } = await dial(CLOUD_NAME, [upTopic(HUNG), upTopic(OTHER)]);
  const hung = await dial(HUNG, [downTopic(HUNG)]);
  const other = await dial(OTHER, [downTopic(OTHER)]);
  hung.socket.pause();
  // The system itself takes a few megabytes for a socket before a byte waits here.
  for (let n = 0; n < 1_000; n++) await cloud.publishAsync(downTopic(HUNG), Buffer.alloc(20_000), { qos: 1 });
  const answer = heard(other.client, other.socket);
  cloud.publish(downTopic(OTHER), 'served', { qos: 1 });
  assert.equal(await answer, 'served');
  const broken = { bank: HUNG, error: 'SlowReader' };
  assert.deepEqual(lines, [JSON.stringify(broken)]);
});

test('a bank that reads slowly gets three of the largest messages', { timeout: 60_000 }, async () => {
  const { dial, lines } = await openBroker();
  const { client: cloud } = await dial(CLOUD_NAME, [upTopic(OTHER)]);
  const slow = await dial(OTHER, [downTopic(OTHER)]);
  const got: number[] = [];
  slow.client.on('message', (_topic, payload) => got.push(payload.length));
  slow.socket.pause();
  for (let n = 0; n < 3; n++)
    await cloud.publishAsync(downTopic(OTHER), Buffer.alloc(MESSAGE_BYTES_MAX), { qos: 1 });
  await sleep(systemClock, 500);
  slow.socket.resume();
  const last = heard(slow.client, slow.socket);
  await cloud.publishAsync(downTopic(OTHER), 'last', { qos: 1 });
  assert.notEqual(await last, 'nothing');
  while (got.length < 4 && slow.client.connected) await sleep(systemClock, 50);
  assert.deepEqual(got, [MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX, 4]);
  assert.deepEqual(lines, []);
});
