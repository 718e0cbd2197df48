/** An operator's own Mosquitto, with the files that `holdfast cloud broker` writes, keeps banks apart as our broker does. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { MqttClient } from 'mqtt';
import { writeBrokerFiles } from '../../src/cloud/broker/broker.ts';
import { type CloudFiles, initFiles, openFiles, positiveSerial } from '../../src/cloud/files.ts';
import { downTopic, upTopic } from '../../src/contract/uplink.ts';
import { fingerprint, newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { issueClient } from '../../src/crypto/x509.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { connectPinned } from '../../src/platform/tls.ts';
import { waitFor } from '../../src/up/wait.ts';
import { type MosquittoPeer, missingMosquitto, newMosquittoPeer } from '../peers.ts';

const needs = { skip: missingMosquitto };
if (missingMosquitto) console.log(missingMosquitto);
const dir = mkdtempSync(join(tmpdir(), 'holdfast-own-broker-'));
const deps = { clock: systemClock, random: systemRandom };
const newBank = () => idFrom('bank', systemRandom.bytes(16));
const [alder, birch] = [newBank(), newBank()];

let peer: MosquittoPeer;
let files: CloudFiles;
const open: MqttClient[] = [];

before(async () => {
  if (missingMosquitto) return;
  peer = await newMosquittoPeer();
  const config = {
    dataDir: join(dir, 'cloud'),
    rootKeyFile: join(dir, 'root.key'),
    operatorTokenFile: join(dir, 'token'),
    broker: peer.broker,
  };
  await initFiles(config, deps);
  await writeBrokerFiles(config, deps);
  files = await openFiles(config);
  await peer.start(join(config.dataDir, 'broker'));
});
after(async () => {
  for (const client of open) client.end(true);
  await peer?.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function certificateFor(commonName: string) {
  const key = newSigningKey();
  const nowMs = systemClock.nowMs();
  const certificate = await issueClient({
    authority: files.authority,
    commonName,
    publicKey: key.publicKey,
    serial: positiveSerial(systemRandom),
    notBeforeMs: nowMs - 60_000,
    notAfterMs: nowMs + 3_600_000,
  });
  return { certificate, key: privateKeyPem(key.privateKey) };
}

type Line = { client: MqttClient; heard: string[] };

/** A connection that shows `name` and asks for `clientId`. */
async function lineOf(name: string, clientId = name): Promise<Line> {
  const { host, port, mosquitto } = peer.broker;
  const socket = await connectPinned({
    host,
    port: name === 'cloud' ? port : mosquitto.port,
    pins: [fingerprint(files.current.publicKey)],
    client: await certificateFor(name),
  });
  const client = new MqttClient(() => socket, {
    clientId,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
  });
  open.push(client);
  const heard: string[] = [];
  client.on('message', (topic, payload) => void heard.push(`${topic} ${payload}`));
  client.on('error', () => undefined);
  await waitFor({
    clock: systemClock,
    what: `${name} to be connected`,
    msMax: 30_000,
    holds: async () => client.connected,
  });
  return { client, heard };
}

const say = ({ client }: Line, topic: string, text: string) => client.publishAsync(topic, text, { qos: 1 });
const hears = (line: Line, what: string) =>
  waitFor({ clock: systemClock, what, msMax: 15_000, holds: async () => line.heard.includes(what) });

test(
  'a bank speaks on its own topic and hears its own; the cloud hears and tells every bank',
  needs,
  async () => {
    const cloud = await lineOf('cloud', 'cloud-1');
    const [one, other] = [await lineOf(alder), await lineOf(birch)];
    await cloud.client.subscribeAsync([upTopic(alder), upTopic(birch)], { qos: 1 });
    for (const line of [one, other])
      await line.client
        .subscribeAsync([downTopic(alder), upTopic(alder), 'holdfast/#'], { qos: 1 })
        .catch(() => []);
    await say(other, upTopic(alder), 'forged').catch(() => undefined);
    await say(other, downTopic(alder), 'forged').catch(() => undefined);
    await say(other, upTopic(birch), 'own');
    await hears(cloud, `${upTopic(birch)} own`);
    await say(cloud, downTopic(alder), 'to the first');
    await say(cloud, downTopic(birch), 'to the other');
    await hears(one, `${downTopic(alder)} to the first`);
    await hears(other, `${downTopic(birch)} to the other`);
    assert.ok(![...cloud.heard, ...one.heard].some((said) => said.includes('forged')));
    assert.ok(!other.heard.some((said) => said.includes(alder)), 'another’s messages are not heard');
  },
);

test('a bank that takes another’s client id does not push it off', needs, async () => {
  const one = await lineOf(alder);
  await one.client.subscribeAsync(downTopic(alder), { qos: 1 });
  const cloud = await lineOf('cloud', 'cloud-2');
  const thief = await lineOf(birch, alder);
  await say(cloud, downTopic(alder), 'still there');
  await hears(one, `${downTopic(alder)} still there`);
  assert.ok(one.client.connected && thief.client.connected);
});

test('TLS 1.2 and a connection without a certificate are refused', needs, async () => {
  const { host, port, mosquitto } = peer.broker;
  for (const at of [port, mosquitto.port]) {
    assert.equal(await isServed({ host, port: at, maxVersion: 'TLSv1.2' }), false, 'TLS 1.2');
    assert.equal(await isServed({ host, port: at }), false, 'no certificate');
    assert.equal(await isServed({ host, port: at, ...(await shown(alder)) }), true, 'a bank’s certificate');
  }
});

async function shown(name: string): Promise<{ cert: string; key: string }> {
  const { certificate, key } = await certificateFor(name);
  return { cert: certificate, key };
}

/** True when the handshake is done and the line is still there a while later (TLS 1.3 refuses a client after it). */
function isServed(to: {
  host: string;
  port: number;
  maxVersion?: 'TLSv1.2';
  cert?: string;
  key?: string;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...to, rejectUnauthorized: false });
    const over = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.once('error', () => over(false));
    socket.once('close', () => over(false));
    // A PINGREQ before a CONNECT is no MQTT; what matters is whether anybody waits for one.
    socket.once('secureConnect', () => setTimeout(() => over(true), 500));
  });
}
