import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import QRCode from 'qrcode';
import { type RigMessage, rigMessage } from '../src/contract/rig.ts';
import { ManualClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { LOOPBACK } from './config.ts';
import { MESSAGES_MAX, MessageBox } from './messages.ts';
import { qrIn } from './qr.ts';
import { asked, json, startTestRig, type TestRig } from './test-rig.ts';

function mailerOf(
  rig: TestRig,
  changes: { pass?: string; tls?: boolean; trust?: string; auth?: boolean } = {},
) {
  const auth = { user: rig.config.smtpUser, pass: changes.pass ?? rig.config.smtpPassword };
  return createTransport({
    host: 'localhost',
    port: rig.ports.smtp,
    secure: false,
    requireTLS: changes.tls ?? true,
    ignoreTLS: changes.tls === false,
    tls: { ca: changes.trust ?? rig.config.smtpCertificatePem },
    ...(changes.auth === false ? {} : { auth }),
  });
}

const LETTER = {
  from: 'Holdfast <no-reply@example.org>',
  to: 'r@example.org',
  subject: 'Grüße',
  text: '123 456 789',
};

async function received(rig: TestRig): Promise<RigMessage[]> {
  return rigMessage.array().parse((await rig.ask('/messages')).body);
}

function codeOf(error: unknown): number | undefined {
  return (error as { responseCode?: number }).responseCode;
}

test('a letter with an inline QR code arrives over STARTTLS, and the phone reads the picture', async () => {
  const rig = await startTestRig();
  const qr = 'holdfast:pickup:2b7e151628aed2a6abf7158809cf4f3c';
  await mailerOf(rig).sendMail({
    ...LETTER,
    to: ['r@example.org', 's@example.org'],
    html: '<p>Your code</p><img src="cid:code@holdfast" alt="QR code">',
    attachments: [{ filename: 'code.png', content: await QRCode.toBuffer(qr), cid: 'code@holdfast' }],
  });
  const [second, first] = await received(rig);
  assert.deepEqual([first?.to, second?.to], ['r@example.org', 's@example.org']);
  assert.deepEqual([first?.channel, first?.subject, first?.text.trim()], ['email', 'Grüße', '123 456 789']);
  assert.match(first?.from ?? '', /no-reply@example\.org/);
  assert.equal(first?.images.length, 1);
  assert.equal(first?.qr, qr);
  assert.match(first?.html ?? '', /<img src="data:image\/png;base64,/);
});

test('no letter without TLS, without the password, or with a wrong one', async () => {
  const rig = await startTestRig();
  await assert.rejects(mailerOf(rig, { tls: false }).sendMail(LETTER), (error) => codeOf(error) === 538);
  await assert.rejects(mailerOf(rig, { auth: false }).sendMail(LETTER), (error) => codeOf(error) === 530);
  await assert.rejects(mailerOf(rig, { pass: 'wrong' }).sendMail(LETTER), (error) => codeOf(error) === 535);
  const other = await startTestRig();
  await assert.rejects(
    mailerOf(rig, { trust: other.config.smtpCertificatePem }).sendMail(LETTER),
    /certificate/,
  );
  assert.deepEqual(await received(rig), []);
  await mailerOf(rig).sendMail(LETTER);
  assert.equal((await received(rig)).length, 1);
});

test('a letter that is too large is refused, and the next one is not', async () => {
  const rig = await startTestRig();
  await assert.rejects(
    mailerOf(rig).sendMail({ ...LETTER, text: 'x'.repeat(2_100_000) }),
    (error) => codeOf(error) === 552,
  );
  await mailerOf(rig).sendMail(LETTER);
  assert.equal((await received(rig)).length, 1);
});

test('a picture that is broken, enormous or plain says nothing', async () => {
  const dataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`;
  const good = await QRCode.toBuffer('code');
  // A whole picture, readable but for its size.
  const enormous = await QRCode.toBuffer('code', { width: 2_100 });
  assert.equal(
    qrIn([
      dataUrl(good.subarray(0, 60)),
      dataUrl(enormous),
      dataUrl(Buffer.alloc(0)),
      'data:image/gif;base64,AAAA',
    ]),
    null,
  );
  assert.equal(
    qrIn([dataUrl(Buffer.from('no picture at all, whatever it is called')), dataUrl(good)]),
    'code',
  );
});

test('carriers that are down refuse, say that it passes, and come back', async () => {
  const rig = await startTestRig();
  assert.deepEqual((await rig.ask('/carriers', { mail: 'down' })).body, { mail: 'down', sms: 'up' });
  await assert.rejects(mailerOf(rig).sendMail(LETTER), (error) => codeOf(error) === 421);
  assert.deepEqual((await rig.ask('/carriers', { mail: 'up', sms: 'down' })).body, {
    mail: 'up',
    sms: 'down',
  });
  assert.equal((await smsTo(rig, SMS)).status, 503);
  await mailerOf(rig).sendMail(LETTER);
  await rig.ask('/carriers', { sms: 'up' });
  assert.equal((await smsTo(rig, SMS)).status, 202);
  assert.deepEqual(
    (await received(rig)).map((message) => message.channel),
    ['sms', 'email'],
  );
});

const SMS = { to: '+4915112345678', text: 'Ihr Code: 123 456 789', reference: 'notice-1' };

function smsTo(rig: TestRig, body: unknown, changes: { token?: string | null; method?: string } = {}) {
  const token = changes.token === undefined ? rig.config.smsToken : changes.token;
  const { headers, body: text } = json(body);
  const method = changes.method ?? 'POST';
  return asked(`http://${LOOPBACK}:${rig.ports.sms}/messages`, {
    method,
    headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    ...(method === 'GET' ? {} : { body: text }),
  });
}

test('a text message is delivered once, however often it is sent', async () => {
  const rig = await startTestRig();
  const [one, two] = await Promise.all([smsTo(rig, SMS), smsTo(rig, SMS)]);
  assert.deepEqual([one.status, two.status], [202, 202]);
  assert.deepEqual(one.body, two.body);
  const next = await rig.restarted();
  assert.deepEqual((await smsTo(next, SMS)).body, one.body);
  await smsTo(next, { ...SMS, reference: 'notice-2' });
  const messages = await received(next);
  assert.equal(messages.length, 2);
  const { id } = one.body as { id: string };
  assert.deepEqual(
    { ...messages[1], receivedAtMs: 0, from: '' },
    {
      id,
      channel: 'sms',
      to: SMS.to,
      from: '',
      subject: null,
      text: SMS.text,
      html: null,
      images: [],
      qr: null,
      receivedAtMs: 0,
    },
  );
});

test('the gateway answers strangers 401, nonsense 422 and other methods 405, as problems', async () => {
  const rig = await startTestRig();
  const cases = [
    [401, smsTo(rig, SMS, { token: null })],
    [401, smsTo(rig, SMS, { token: `${rig.config.smsToken}x` })],
    [401, smsTo(rig, { to: 'nonsense' }, { token: 'wrong' })],
    [422, smsTo(rig, { ...SMS, to: '0151 123' })],
    [422, smsTo(rig, { ...SMS, reference: '' })],
    [422, smsTo(rig, { ...SMS, extra: 1 })],
    [405, smsTo(rig, SMS, { method: 'GET' })],
    [405, smsTo(rig, SMS, { method: 'DELETE' })],
  ] as const;
  for (const [status, answering] of cases) {
    const answer = await answering;
    assert.equal(answer.status, status);
    assert.equal(answer.type, 'application/problem+json');
  }
  assert.deepEqual(await received(rig), []);
});

test('messages are the person’s own files, outlive a restart, and are gone when forgotten', async () => {
  const rig = await startTestRig();
  await smsTo(rig, SMS);
  await mailerOf(rig).sendMail(LETTER);
  const before = await received(rig);
  const folder = rig.config.phoneDir;
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  const files = await readdir(folder);
  assert.equal(files.length, 2);
  for (const file of files) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  const next = await rig.restarted();
  assert.deepEqual(await received(next), before);
  assert.equal((await next.ask('/messages', undefined, 'DELETE')).status, 204);
  assert.deepEqual(await received(next), []);
  assert.deepEqual(await readdir(folder), []);
});

test('the phone keeps the latest messages only, and leaves files alone that are not its own', async () => {
  const rig = await startTestRig();
  await rig.stop();
  const folder = rig.config.phoneDir;
  await writeFile(join(folder, 'notes.json'), 'not a message');
  const box = await MessageBox.open({ folder, clock: new ManualClock(1_000), random: systemRandom });
  const heard: string[] = [];
  box.onMessage((message) => heard.push(message.text));
  const plain = {
    channel: 'sms' as const,
    to: SMS.to,
    from: '',
    subject: null,
    html: null,
    images: [],
    qr: null,
  };
  const count = MESSAGES_MAX + 3;
  for (let n = 1; n <= count; n++) await box.receive({ ...plain, text: String(n), reference: null });
  assert.equal(heard.length, count);
  assert.equal((await readdir(folder)).length, MESSAGES_MAX + 1);
  const again = await MessageBox.open({ folder, clock: new ManualClock(1_000), random: systemRandom });
  assert.equal(again.list().length, MESSAGES_MAX);
  assert.deepEqual([again.list()[0]?.text, again.list().at(-1)?.text], [String(count), '4']);
});
