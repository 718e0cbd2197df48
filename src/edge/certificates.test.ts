/** A bank's certificate through the years: what it asks for, what it takes, and what it shows when. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CERTIFICATE_DAYS, type CertificateMessage, type Commissioning } from '../contract/uplink.ts';
import { newHpkeKey } from '../crypto/hpke.ts';
import { fingerprint, newSigningKey, privateKeyPem, type SigningKey } from '../crypto/sign.ts';
import { pinOf, serverTls } from '../crypto/tls.ts';
import { issueClient, openRequest, selfSignedAuthority, selfSignedServer } from '../crypto/x509.ts';
import { ManualClock } from '../platform/clock.ts';
import { makePrivateDir } from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { CERTIFICATE_DISK, Certificates } from './certificates.ts';
import { BANK, START_MS } from './plan/test-bank.ts';

const DAY_MS = 86_400_000;
const OTHER = `bank_${'b'.repeat(26)}`;
const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

type Authority = { privateKey: Uint8Array; certificatePem: string };
const serial = () => Uint8Array.of(0x40, ...systemRandom.bytes(15));

async function newAuthority(): Promise<Authority> {
  const { privateKey } = newSigningKey();
  const times = { notBeforeMs: START_MS - DAY_MS, notAfterMs: START_MS + 9_000 * DAY_MS };
  const certificatePem = await selfSignedAuthority({
    ...{ commonName: 'holdfast banks', privateKey, serial: serial(), ...times },
  });
  return { privateKey, certificatePem };
}

const authority = await newAuthority();
const identity = newSigningKey();
const keys = { identity, seal: await newHpkeKey(), fingerprint: fingerprint(identity.publicKey) };

/** As the cloud issues them, on `day`. */
function issued(day: number, change: { name?: string; key?: SigningKey; by?: Authority } = {}) {
  const notBeforeMs = START_MS + day * DAY_MS;
  return issueClient({
    authority: change.by ?? authority,
    commonName: change.name ?? BANK,
    publicKey: (change.key ?? identity).publicKey,
    serial: serial(),
    notBeforeMs,
    notAfterMs: notBeforeMs + CERTIFICATE_DAYS * DAY_MS,
  });
}
const FIRST = await issued(0);
const answer = (certificate: string, by = authority): CertificateMessage => ({
  ...{ v: 1, type: 'certificate', certificate, authority: by.certificatePem },
});

function newHome(certificate: string | null = FIRST): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-certificates-'));
  homes.push(dataDir);
  makePrivateDir(join(dataDir, 'keys'));
  if (certificate !== null) writeFileSync(join(dataDir, 'keys', 'certificate.pem'), certificate);
  return dataDir;
}

type Of = { dataDir?: string; day?: number; code?: string; url?: string; pin?: string };

/** A bank of that folder on that day. */
async function bank({ dataDir = newHome(), day = 0, code = 'a', url = 'https://127.0.0.1:9', pin }: Of = {}) {
  const clock = new ManualClock(START_MS + day * DAY_MS);
  const said: string[] = [];
  const log: Log = {
    info: (message) => void said.push(message),
    warn: (message) => void said.push(message),
    error: (message, fields) => void said.push(`${message} ${fields?.why ?? ''}`.trim()),
    child: () => log,
  };
  const commissioning = {
    ...{ bank: BANK, enrolmentCode: code.repeat(26), enrolmentUrl: url, pins: [pin ?? keys.fingerprint] },
  } as Partial<Commissioning> as Commissioning;
  const disk = { ...CERTIFICATE_DISK };
  const certificates = await Certificates.open({ dataDir, commissioning, keys, clock, log, disk });
  const inFolder = (name = 'certificate.pem') => readFileSync(join(dataDir, 'keys', name), 'utf8');
  return { certificates, clock, said, disk, dataDir, inFolder };
}
type Bank = Awaited<ReturnType<typeof bank>>;

/** Asks, as the uplink does when it is time. */
function asks({ certificates }: Bank, cloudMs: number | null = null): string | undefined {
  const request = certificates.wanted(cloudMs);
  if (request !== undefined) certificates.asked();
  return request;
}

const same = (one: string, other: string) => assert.equal(one.trim(), other.trim());

test('a bank asks when a third of its certificate’s life is left, and again at most once a day until it has another', async () => {
  const one = await bank({ day: 243 });
  assert.equal(asks(one), undefined, 'more than a third is left');
  one.clock.advance(DAY_MS);
  const request = asks(one) ?? assert.fail('it is time');
  assert.deepEqual(await openRequest(request), { commonName: BANK, publicKey: identity.publicKey });
  assert.equal(asks(one), undefined, 'it was asked for just now');
  one.clock.advance(DAY_MS - 1);
  assert.equal(asks(one), undefined);
  one.clock.advance(1);
  assert.equal(asks(one), request, 'the same bytes: a cloud that refuses them keeps them once');
  one.certificates.answered(answer(await issued(245)));
  one.clock.advance(30 * DAY_MS);
  assert.equal(asks(one), undefined, 'it has another');
});

test('a bank whose clock stands asks by the cloud’s word on the time', async () => {
  const one = await bank();
  assert.equal(asks(one, START_MS + 200 * DAY_MS), undefined);
  assert.ok(asks(one, START_MS + 300 * DAY_MS));
});

test('what it asked for is on the disk before it is shown, and what worked stays beside it', async () => {
  const one = await bank({ day: 300 });
  same(await one.certificates.toShow(), FIRST);
  one.certificates.taken();
  asks(one);
  const second = await issued(300);
  one.certificates.answered(answer(second));
  same(one.inFolder(), second);
  same(one.inFolder('certificate-before.pem'), FIRST);
  same(await one.certificates.toShow(), second);
  const later = await bank({ dataDir: one.dataDir, day: 400 });
  same(await later.certificates.toShow(), second);
  assert.deepEqual(later.said, []);
});

test('a certificate for another name, under another key or of another authority is not taken, nor one that ends sooner', async () => {
  const foreign = await newAuthority();
  const wrong: [string, CertificateMessage][] = [
    ['it is for another name', answer(await issued(300, { name: OTHER }))],
    ['it is for another key', answer(await issued(300, { key: newSigningKey() }))],
    ['another authority signed it', answer(await issued(300, { by: foreign }))],
    ['its authority did not sign what this bank has', answer(await issued(300, { by: foreign }), foreign)],
    ['its authority did not sign what this bank has', { ...answer(await issued(300)), authority: '' }],
    ['it does not last longer', answer(await issued(-1))],
    ['it is no certificate', answer('PEM')],
  ];
  for (const [why, message] of wrong) {
    const one = await bank({ day: 300 });
    await one.certificates.toShow();
    asks(one);
    one.certificates.answered(message);
    assert.deepEqual(one.said, [`the certificate that the cloud sent is not taken ${why}`]);
    same(one.inFolder(), FIRST);
    same(await one.certificates.toShow(), FIRST);
    one.clock.advance(DAY_MS);
    assert.ok(asks(one), 'it asks again the next day');
  }
});

test('a certificate that nobody asked for is not taken, and one question has one answer', async () => {
  const one = await bank({ day: 300 });
  one.certificates.answered(answer(await issued(300)));
  same(one.inFolder(), FIRST);
  asks(one);
  const second = await issued(300);
  one.certificates.answered(answer(second));
  one.certificates.answered(answer(await issued(310)));
  same(one.inFolder(), second);
  assert.equal(one.said.filter((line) => line.includes('had not asked')).length, 2);
});

test('power that goes at any write leaves a certificate that is good, and a full disk is asked about again', async () => {
  const second = await issued(300);
  for (const written of [0, 1]) {
    const one = await bank({ day: 300 });
    await one.certificates.toShow();
    asks(one);
    let writes = 0;
    one.disk.write = (...given) => {
      if (writes++ === written) throw new Error('no space left on device');
      CERTIFICATE_DISK.write(...given);
    };
    one.certificates.answered(answer(second));
    assert.deepEqual(one.said, ['a new certificate was not kept']);
    same(await one.certificates.toShow(), FIRST);
    const again = await bank({ dataDir: one.dataDir, day: 301 });
    same(await again.certificates.toShow(), FIRST);
    assert.ok(asks(again));
    again.certificates.answered(answer(second));
    same(await again.certificates.toShow(), second);
  }
});

test('a broker that does not take the new certificate is shown the one before; the bank asks again, and takes what comes then', async () => {
  const one = await bank({ day: 300 });
  await one.certificates.toShow();
  asks(one);
  const lost = await issued(300);
  one.certificates.answered(answer(lost));
  one.clock.advance(DAY_MS);
  same(await one.certificates.toShow(), lost);
  one.certificates.refused();
  same(await one.certificates.toShow(), FIRST);
  one.certificates.taken();
  assert.ok(asks(one), 'though what it has lasts for a year');
  // The cloud was restored to before, and makes another, which ends at the same time.
  const third = await issued(300);
  one.certificates.answered(answer(third));
  same(await one.certificates.toShow(), third);
  one.certificates.taken();
  same(one.inFolder('certificate-before.pem'), FIRST);
  one.clock.advance(DAY_MS);
  assert.equal(asks(one), undefined);
});

test('two certificates are shown in turn while neither is taken, and never one that has ended beside one that has not', async () => {
  const one = await bank({ day: 300 });
  await one.certificates.toShow();
  asks(one);
  const second = await issued(300);
  one.certificates.answered(answer(second));
  for (const expected of [second, FIRST, second, FIRST]) {
    same(await one.certificates.toShow(), expected);
    one.certificates.refused();
  }
  const later = await bank({ dataDir: one.dataDir, day: 366 });
  for (let tries = 0; tries < 3; tries++) {
    same(await later.certificates.toShow(), second);
    later.certificates.refused();
  }
});

type Asked = { code: string; request: string };

/** The cloud's one route that a bank calls, with the answer that a test gives. */
async function enrolmentAt(
  answers: (asked: Asked) => { status: number; body: object } | Promise<{ status: number; body: object }>,
) {
  const key = newSigningKey();
  const cert = await selfSignedServer({
    ...{ commonName: 'cloud', privateKey: key.privateKey, hosts: ['127.0.0.1'], serial: serial() },
    ...{ notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2096, 0, 1) },
  });
  const server = createServer(
    { ...serverTls, key: privateKeyPem(key.privateKey), cert },
    (request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', async () => {
        const { status, body } = await answers(JSON.parse(text) as Asked);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  after(() => server.close());
  return { url: `https://127.0.0.1:${port}/api/enrolments`, pin: pinOf(cert) };
}

const enrolled = (certificate: string) => ({
  status: 200,
  body: { v: 1, certificate, fingerprint: keys.fingerprint },
});
const DENIED = { status: 403, body: { reason: 'enrolment-code-wrong' } };
const ENDED = /^the certificate of this bank has ended, and the cloud does not let it in: enrol it anew/;

test('a bank whose certificate has ended says so in one line, and takes a new one for a code without a file being removed', async () => {
  const codes: string[] = [];
  const anew = await issued(500);
  const cloud = await enrolmentAt(({ code }) => {
    codes.push(code);
    return code.startsWith('b') ? enrolled(anew) : DENIED;
  });
  const dataDir = newHome();
  const spent = await bank({ dataDir, day: 500, code: 'a', ...cloud });
  for (let dials = 0; dials < 3; dials++) same(await spent.certificates.toShow(), FIRST);
  assert.equal(spent.said.filter((line) => ENDED.test(line)).length, 1);
  assert.equal(codes.length, 1, 'a code that is not taken is shown once');
  // The cloud gives both one answer, so the log names both.
  assert.ok(
    spent.said.some((line) => /code is not taken: .*key is another than the one enrolled/.test(line)),
  );
  const again = await bank({ dataDir, day: 500, code: 'a', ...cloud });
  await again.certificates.toShow();
  assert.equal(codes.length, 1, 'and not once for each start');

  const carried = await bank({ dataDir, day: 500, code: 'b', ...cloud });
  same(await carried.certificates.toShow(), anew);
  same(carried.inFolder(), anew);
  assert.deepEqual(carried.said, ['this bank was enrolled anew']);
  const later = await bank({ dataDir, day: 501, code: 'b', ...cloud });
  same(await later.certificates.toShow(), anew);
  assert.equal(codes.length, 2);
});

test('a code that was not shown yet takes the place of certificates that are good, both of them', async () => {
  const anew = await issued(310);
  const cloud = await enrolmentAt(() => enrolled(anew));
  const one = await bank({ day: 300 });
  await one.certificates.toShow();
  asks(one);
  one.certificates.answered(answer(await issued(300)));
  const carried = await bank({ dataDir: one.dataDir, day: 310, code: 'b', ...cloud });
  same(await carried.certificates.toShow(), anew);
  assert.deepEqual(readdirSync(join(one.dataDir, 'keys')).sort(), ['certificate.pem', 'enrolled-with']);
});

test('while the cloud is not reached for a code, what the bank has is shown, and the code is shown again with the next connection', async () => {
  const anew = await issued(300);
  let isReached = false;
  const cloud = await enrolmentAt(() => (isReached ? enrolled(anew) : { status: 503, body: {} }));
  const one = await bank();
  const carried = await bank({ dataDir: one.dataDir, day: 300, code: 'b', ...cloud });
  same(await carried.certificates.toShow(), FIRST);
  isReached = true;
  same(await carried.certificates.toShow(), anew);
});

test('a first enrolment is kept with its code; a code that is not taken leaves no bank', async () => {
  const cloud = await enrolmentAt(({ code }) => (code.startsWith('b') ? enrolled(FIRST) : DENIED));
  const dataDir = newHome(null);
  await assert.rejects(
    bank({ dataDir, ...cloud }),
    /the cloud did not enrol this bank \(403\).*or this bank’s key is another than the one enrolled/,
  );
  const one = await bank({ dataDir, code: 'b', ...cloud });
  same(one.inFolder(), FIRST);
  same(await one.certificates.toShow(), FIRST);
});

test('a cloud in strange hands that says every day that it is time does not put out the certificate that worked', async () => {
  const one = await bank();
  same(await one.certificates.toShow(), FIRST);
  one.certificates.taken();
  for (const day of [1, 2, 3]) {
    // Signed by the true authority, and known to no true database.
    assert.ok(asks(one, START_MS + 300 * DAY_MS));
    const strange = await issued(day);
    one.certificates.answered(answer(strange));
    same(one.inFolder(), strange);
    same(await one.certificates.toShow(), strange);
    one.certificates.taken();
    one.clock.advance(DAY_MS);
  }
  same(one.inFolder('certificate-before.pem'), FIRST);
  const later = await bank({ dataDir: one.dataDir, day: 10 });
  await later.certificates.toShow();
  later.certificates.refused();
  same(await later.certificates.toShow(), FIRST);
});

test('a bank whose certificate cannot be read shows the one before; without that it starts, offline, and a code lets it in again', async () => {
  const damages = [
    Buffer.alloc(0),
    Buffer.from([0xff, 0xfe, 0xfd]),
    Buffer.from('-----BEGIN CERTIFICATE-----'),
  ];
  for (const damage of damages) {
    const one = await bank({ day: 300 });
    await one.certificates.toShow();
    asks(one);
    one.certificates.answered(answer(await issued(300)));
    const file = (name: string) => join(one.dataDir, 'keys', name);
    writeFileSync(file('certificate.pem'), damage);
    const second = await bank({ dataDir: one.dataDir, day: 301 });
    same(await second.certificates.toShow(), FIRST);
    assert.match(second.said.join('; '), /cannot be read: the one before it is shown/);

    rmSync(file('certificate-before.pem'));
    const offline = await bank({ dataDir: one.dataDir, day: 302 });
    assert.match(
      offline.said.join('; '),
      /cannot be read: this bank goes on without the cloud; enrol it anew/,
    );
    for (let dials = 0; dials < 2; dials++)
      await assert.rejects(offline.certificates.toShow(), /this bank has no certificate: enrol it anew/);
    assert.equal(offline.certificates.wanted(null), undefined);
    offline.certificates.refused();

    const anew = await issued(303);
    const cloud = await enrolmentAt(() => enrolled(anew));
    const carried = await bank({ dataDir: one.dataDir, day: 303, code: 'b', ...cloud });
    same(await carried.certificates.toShow(), anew);
    same(carried.inFolder(), anew);
  }
});

test('a code that was brought with the new version is shown once the broker hangs up, and no sooner', async () => {
  const codes: string[] = [];
  const anew = await issued(10);
  const cloud = await enrolmentAt(({ code }) => {
    codes.push(code);
    return enrolled(anew);
  });
  const one = await bank({ day: 10, code: 'b', ...cloud });
  same(await one.certificates.toShow(), FIRST);
  assert.equal(codes.length, 0);
  one.certificates.refused();
  same(await one.certificates.toShow(), anew);
  const other = await bank({ day: 10, code: 'b', ...cloud });
  await other.certificates.toShow();
  other.certificates.taken();
  other.certificates.refused();
  same(await other.certificates.toShow(), FIRST);
  assert.equal(codes.length, 1);
});
