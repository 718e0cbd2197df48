/** A cloud process that runs for years: what its servers show, and what it shows to the broker. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { clientTls, pinOf } from '../crypto/tls.ts';
import { issueClient, selfSignedAuthority } from '../crypto/x509.ts';
import { ManualClock, sleep, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { startBroker } from './broker/broker.ts';
import { clientCertificate, ServerCertificate } from './certificates.ts';
import type { Cloud } from './deps.ts';
import type { CloudFiles } from './files.ts';
import { startHttp } from './http/http.ts';

const DAY_MS = 86_400_000;
const BANK = `bank_${'a'.repeat(26)}`;
const times = { notBeforeMs: systemClock.nowMs() - DAY_MS, notAfterMs: systemClock.nowMs() + DAY_MS };

const authorityKey = newSigningKey();
const authority = {
  privateKey: authorityKey.privateKey,
  certificatePem: await selfSignedAuthority({
    ...{ commonName: 'banks', privateKey: authorityKey.privateKey, serial: Uint8Array.of(1), ...times },
  }),
};
const current = newSigningKey();

function processAt(clock: ManualClock) {
  const config = { https: { hosts: ['localhost', '127.0.0.1'] } } as Cloud['config'];
  const cloud = { clock, random: systemRandom, log: silentLog, config };
  return { cloud, files: { authority, current } as CloudFiles };
}

const until = async (holds: () => boolean) => {
  for (let tries = 0; tries < 500 && !holds(); tries++) await sleep(systemClock, 10);
  assert.ok(holds());
};

test('servers show a new certificate under the same key when two thirds of a year are over, and again after that', async () => {
  const clock = new ManualClock(times.notBeforeMs);
  const certificate = await ServerCertificate.open(processAt(clock));
  const first = certificate.pem;
  const shown: string[] = [];
  certificate.shownBy((pem) => shown.push(pem));
  clock.advance(243 * DAY_MS);
  await sleep(systemClock, 20);
  assert.deepEqual(shown, []);
  clock.advance(DAY_MS);
  await until(() => shown.length === 1);
  assert.equal(certificate.pem, shown[0]);
  assert.equal(pinOf(certificate.pem), pinOf(first));
  const ends = (pem: string) => new X509Certificate(pem).validToDate.getTime();
  assert.ok(ends(certificate.pem) - clock.nowMs() > 364 * DAY_MS && ends(first) > clock.nowMs());
  clock.advance(244 * DAY_MS);
  await until(() => shown.length === 2);
  certificate.stop();
  clock.advance(400 * DAY_MS);
  await sleep(systemClock, 20);
  assert.equal(shown.length, 2);
});

test('the next connection to the broker is begun with a new certificate when two thirds of a year are over', async () => {
  const clock = new ManualClock(times.notBeforeMs);
  const client = clientCertificate(processAt(clock));
  const first = await client();
  clock.advance(243 * DAY_MS);
  assert.deepEqual(await client(), first);
  clock.advance(DAY_MS);
  const second = await client();
  assert.equal(second.key, first.key);
  assert.ok(new X509Certificate(second.certificate).validToDate.getTime() > clock.nowMs() + 364 * DAY_MS);
});

/** What a server shows to whoever comes now; and how it answers TLS 1.2. */
function look(port: number, change: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...clientTls, ...change });
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw).serialNumber);
    });
    socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
  });
}
const serialOf = (pem: string) => new X509Certificate(pem).serialNumber;
const OLD_TLS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: undefined };

test('the broker shows it to whoever comes next, cuts nobody off, and asks for certificates of our authority as before', async () => {
  const clock = new ManualClock(systemClock.nowMs());
  const certificate = await ServerCertificate.open(processAt(clock));
  const broker = await startBroker({
    ...{ host: '127.0.0.1', port: 0, key: privateKeyPem(current.privateKey), certificate: certificate.pem },
    ...{ authority: authority.certificatePem, log: silentLog, isOnFile: async () => true, onConnection() {} },
  });
  after(() => broker.stop());
  certificate.shownBy((pem) => broker.shows(pem));
  const key = newSigningKey();
  const cert = await issueClient({
    ...{ authority, commonName: BANK, publicKey: key.publicKey, serial: Uint8Array.of(2), ...times },
  });
  const shown = { cert, key: privateKeyPem(key.privateKey) };
  assert.equal(await look(broker.port, shown), serialOf(certificate.pem));
  const standing = connect({
    host: '127.0.0.1',
    port: broker.port,
    rejectUnauthorized: false,
    ...clientTls,
    ...shown,
  });
  after(() => standing.destroy());
  await new Promise<void>((resolve) => standing.once('secureConnect', resolve));
  const first = certificate.pem;
  clock.advance(244 * DAY_MS);
  await until(() => certificate.pem !== first);
  certificate.stop();
  assert.equal(await look(broker.port, shown), serialOf(certificate.pem));
  assert.match(await look(broker.port, { ...shown, ...OLD_TLS }), /PROTOCOL|ALERT|SSL/i);
  assert.match(await refusal(broker.port), /CERTIFICATE_REQUIRED|ECONNRESET|closed/i);
  assert.ok(!standing.destroyed);
});

/** Of a client without a certificate: with TLS 1.3 it hears of it after the handshake. */
function refusal(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...clientTls });
    socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('closed'));
    socket.resume();
  });
}

test('the HTTPS server shows it to whoever comes next, with TLS 1.3 only as before', async () => {
  const clock = new ManualClock(systemClock.nowMs());
  const certificate = await ServerCertificate.open(processAt(clock));
  const keyPem = privateKeyPem(current.privateKey);
  const servers = await startHttp({
    cloud: { clock: systemClock, log: silentLog } as Cloud,
    ...{ routes: [], httpPort: 0, hosts: [], webDir: null, startFile: null, isReady: async () => true },
    keeper: { authenticate: async () => undefined, operatorTokenHash: new Uint8Array(32) },
    https: { port: 0, host: '127.0.0.1', keyPem, certificatePem: certificate.pem },
  });
  after(() => servers.stop());
  certificate.shownBy((pem) => servers.shows(pem));
  const port = servers.httpsPort ?? assert.fail();
  const first = certificate.pem;
  assert.equal(await look(port), serialOf(first));
  clock.advance(244 * DAY_MS);
  await until(() => certificate.pem !== first);
  certificate.stop();
  assert.equal(await look(port), serialOf(certificate.pem));
  assert.match(await look(port, OLD_TLS), /PROTOCOL|ALERT|SSL/i);
});
