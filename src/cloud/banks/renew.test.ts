/** A certificate that lasts longer, for a bank that asks over its connection: for that bank, and for that key. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CertificateMessage, DownMessage } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint, newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { certificateRequest, isIssuedBy, readClient } from '../../crypto/x509.ts';
import { attention } from '../admin/admin.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as banks from './banks.ts';
import { certificateHash } from './enrol.ts';
import { detail } from './views.ts';

const DAY_MS = 86_400_000;
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

const newBank = () => enrolledBank(stand.cloud, stand.tenant, stand.site);
const requestOf = (name: string, key: SigningKey) =>
  certificateRequest({ commonName: name, privateKey: key.privateKey });

async function asks(bank: TestBank, request: string): Promise<DownMessage[]> {
  const sent: DownMessage[] = [];
  const intake = new Intake({
    ...{ cloud: stand.cloud, nouns: NOUNS, leases: ALONE },
    send: async (_bank, message) => void sent.push(message),
  });
  intake.received(bank.bank, Buffer.from(JSON.stringify({ v: 1, type: 'certificate-ask', request })));
  await intake.stop();
  return sent;
}

async function renewed(bank: TestBank): Promise<CertificateMessage> {
  const [message, ...more] = await asks(bank, await requestOf(bank.bank, bank.key));
  assert.ok(message?.type === 'certificate' && more.length === 0);
  return message;
}

const isOnFile = (bank: TestBank, pem: string) =>
  banks.isCertificateOf(stand.cloud, bank.bank, new Uint8Array(new X509Certificate(pem).raw));
const shownUntil = (bank: TestBank) =>
  stand.inTenant(async (tx) => (await detail(stand.cloud, tx, bank.bank))?.certificateUntilMs);
const warnings = () =>
  stand.inTenant(async (tx) =>
    (await attention(stand.cloud, tx)).filter(({ kind }) => kind === 'certificate-ends'),
  );

test('a bank whose certificate nears its end gets one under its own key; both are good, and it is recorded once', async () => {
  const bank = await newBank();
  same((await renewed(bank)).certificate, bank.certificate);
  assert.equal((await stand.records('bank.certified')).length, 0, 'what it has lasts');
  stand.step(250 * DAY_MS);
  const first = await renewed(bank);
  const read = readClient(first.certificate) ?? assert.fail();
  assert.deepEqual([read.commonName, base64url(read.publicKey)], [bank.bank, base64url(bank.key.publicKey)]);
  assert.ok(isIssuedBy(first.certificate, first.authority) && isIssuedBy(bank.certificate, first.authority));
  assert.ok(Math.abs(read.notAfterMs - stand.cloud.clock.nowMs() - 365 * DAY_MS) < 60_000);
  assert.ok((await isOnFile(bank, bank.certificate)) && (await isOnFile(bank, first.certificate)));
  same((await renewed(bank)).certificate, first.certificate);
  const recorded = await stand.records('bank.certified');
  assert.equal(recorded.length, 1);
  assert.deepEqual(recorded[0]?.facts, {
    key: fingerprint(bank.key.publicKey),
    certificate: base64url(certificateHash(first.certificate)),
    untilMs: await shownUntil(bank),
  });

  stand.step(250 * DAY_MS);
  const second = await renewed(bank);
  assert.ok((await isOnFile(bank, first.certificate)) && (await isOnFile(bank, second.certificate)));
  assert.ok(!(await isOnFile(bank, bank.certificate)), 'that one has ended');
  stand.step(-500 * DAY_MS);
});

const same = (one: string, other: string) => assert.equal(one.trim(), other.trim());

test('only the key that a bank enrolled with is certified, and only for the bank whose connection it is', async () => {
  const [bank, other] = [await newBank(), await newBank()];
  const before = (await stand.records('intake.refused')).length;
  const certified = (await stand.records('bank.certified')).length;
  stand.step(250 * DAY_MS);
  const wrong = [
    await requestOf(bank.bank, newSigningKey()),
    await requestOf(other.bank, other.key),
    await requestOf('cloud', newSigningKey()),
    'PEM',
  ];
  for (const request of wrong) assert.deepEqual(await asks(bank, request), []);
  const refused = (await stand.records('intake.refused')).slice(before);
  assert.deepEqual(
    refused.map(({ facts }) => facts.reason),
    ['signer-unknown', 'signer-unknown', 'signer-unknown', 'message-malformed'],
  );
  assert.equal((await stand.records('bank.certified')).length, certified);
  // A name that is not its own is not believed: the connection says who it is.
  const [message] = await asks(bank, await requestOf('cloud', bank.key));
  assert.ok(message?.type === 'certificate');
  assert.equal(readClient(message.certificate)?.commonName, bank.bank);
  assert.ok(!(await isOnFile(other, message.certificate)));
  stand.step(-250 * DAY_MS);
});

test('enrolling anew takes the place of both certificates', async () => {
  const bank = await newBank();
  stand.step(250 * DAY_MS);
  const { certificate } = await renewed(bank);
  const code = await stand.inTenant((tx) => banks.enrolmentCode(stand.cloud, tx, bank.bank));
  const sealKey = base64url(bank.sealKey.publicKey);
  const request = await requestOf(bank.bank, bank.key);
  const anew = await banks.enrol(stand.cloud, { v: 1, code, request, sealKey });
  assert.ok(await isOnFile(bank, anew.certificate));
  for (const before of [bank.certificate, certificate]) assert.ok(!(await isOnFile(bank, before)));
  stand.step(-250 * DAY_MS);
});

test('a certificate that was not renewed is what needs a person from 60 days before its end, and more so after it', async () => {
  const bank = await newBank();
  const own = async () => (await warnings()).filter(({ link }) => link === `/admin/banks/${bank.bank}`);
  stand.step(304 * DAY_MS);
  assert.deepEqual(await own(), []);
  stand.step(2 * DAY_MS);
  const [soon] = await own();
  assert.equal(soon?.severity, 'warning');
  assert.match(soon?.says ?? '', /^Lobby: its certificate ends on \d{4}-\d\d-\d\d and was not renewed/);
  stand.step(60 * DAY_MS);
  assert.equal((await own())[0]?.severity, 'alarm');
  await renewed(bank);
  assert.deepEqual(await own(), []);
  stand.step(-366 * DAY_MS);
});
