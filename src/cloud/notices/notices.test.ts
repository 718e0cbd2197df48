/** Telling people: over a real mail server and a real gateway, sent once, then forgotten. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import jsQR from 'jsqr';
import { sql } from 'kysely';
import { type ParsedMail, simpleParser } from 'mailparser';
import { PNG } from 'pngjs';
import { SMTPServer } from 'smtp-server';
import { type SmsSend, smsSend } from '../../contract/sms.ts';
import { type NoticeWish, SEAL_INFO } from '../../contract/uplink.ts';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { hpkeSeal } from '../../crypto/hpke.ts';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { serverTls } from '../../crypto/tls.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { type BankId, idFrom, type ParcelId, type PersonId } from '../../domain/ids.ts';
import { openEpoch } from '../../ledger/roster.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type JobRunner, startJobs } from '../jobs/jobs.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as noticesNoun from './notices.ts';
import * as store from './store.ts';

const PIN = '482913770';
const QR = 'HFP1ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DAY_MS = 86_400_000;

const sms: SmsSend[] = [];
const mails: ParsedMail[] = [];
let down = false;
let gateway: Server;
let smtp: SMTPServer;
let stand: Stand;
let runner: JobRunner;
let bank: BankId;

async function startSmtp(): Promise<Pick<Cloud['config'], 'mail'>> {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const caPem = await selfSignedServer({
    commonName: 'mail',
    privateKey,
    hosts: ['127.0.0.1', 'localhost'],
    serial: systemRandom.bytes(8),
    notBeforeMs: nowMs - 1000,
    notAfterMs: nowMs + 3_600_000,
  });
  smtp = new SMTPServer({
    ...serverTls,
    key: privateKeyPem(privateKey),
    cert: caPem,
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: (auth, session, done) =>
      session.secure && auth.password === 'mail-password'
        ? done(null, { user: 'holdfast' })
        : done(new Error('no')),
    onRcptTo: (_address, _session, done) =>
      done(down ? Object.assign(new Error('later, ada@example.org'), { responseCode: 451 }) : null),
    onData(stream, _session, done) {
      const kept = simpleParser(stream).then((mail) => void mails.push(mail));
      kept.then(() => done(), done);
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo;
  return {
    mail: {
      host: '127.0.0.1',
      port,
      user: 'holdfast',
      password: 'mail-password',
      caPem,
      from: 'Holdfast <lockers@example.org>',
    },
  };
}

async function startGateway(): Promise<Pick<Cloud['config'], 'sms'>> {
  gateway = createServer((request, answer) => {
    let body = '';
    request
      .on('data', (part: Buffer) => (body += part.toString()))
      .on('end', () => {
        const right =
          request.headers.authorization === 'Bearer the-gateway-token' && request.url === '/messages';
        const message = smsSend.parse(JSON.parse(body));
        answer.writeHead(!right ? 401 : down ? 503 : 202, { 'content-type': 'application/json' });
        if (right && !down) sms.push(message);
        answer.end(JSON.stringify({ id: '1', reference: message.reference }));
      });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  return {
    sms: { url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, token: 'the-gateway-token' },
  };
}

before(async () => {
  stand = await openStand([noticesNoun.notices], {
    ...(await startSmtp()),
    ...(await startGateway()),
  } as Partial<Cloud['config']>);
  bank = await stand.inTenant((tx) =>
    banks.registerBank(stand.cloud, tx, { site: stand.site, name: 'North Lobby', layout: LAYOUT_24 }),
  );
  runner = await startJobs(stand.cloud, [noticesNoun.notices]);
});

after(async () => {
  await runner.stop();
  await stand.close();
  gateway.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

beforeEach(() => {
  sms.length = 0;
  mails.length = 0;
  down = false;
});

async function addResident(email: string | null, phone: string | null): Promise<PersonId> {
  return await stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, {
      site: stand.site,
      name: 'Ada Okafor',
      flat: '4B',
      email,
      phone,
      accessible: false,
      by: null,
    }),
  );
}

/** What a bank sends: the codes, sealed for the epoch that it holds. */
async function wishFor(what: NoticeWish['what'] = 'arrival', pin = PIN): Promise<NoticeWish> {
  const { epoch, key } = await stand.inTenant(async (tx) => {
    const current = await stand.cloud.keys.currentEpoch(tx);
    const { notifier } = await stand.cloud.keys.published(tx);
    const opened = openEpoch(current?.note ?? '', { tenant: stand.tenant, keys: { notifier } } as never);
    assert.ok(opened.ok);
    return opened.value;
  });
  const reference = idFrom('notice', systemRandom.bytes(16));
  const sealed = await hpkeSeal(
    fromBase64url(key) ?? new Uint8Array(0),
    utf8(JSON.stringify({ v: 1, pin, qr: QR })),
    { info: SEAL_INFO.notice, aad: `${bank}\0${reference}` },
  );
  return {
    seq: 1,
    reference,
    what,
    epoch,
    codes: { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) },
  };
}

type Wished = { recipient: PersonId; parcel: ParcelId; wish: NoticeWish };

async function wish(recipient: PersonId, wished?: NoticeWish): Promise<Wished> {
  const of = {
    recipient,
    parcel: idFrom('parcel', systemRandom.bytes(16)),
    wish: wished ?? (await wishFor()),
  };
  await stand.inTenant((tx) =>
    noticesNoun.wish(stand.cloud, tx, {
      ...of,
      bank,
      compartment: 12,
      untilMs: stand.cloud.clock.nowMs() + 7 * DAY_MS,
    }),
  );
  return of;
}

const rowsOf = (parcel: ParcelId) => stand.inTenant((tx) => store.noticesOfParcel(tx, parcel));

async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  withinMs = 15_000,
): Promise<void> {
  const endMs = systemClock.monotonicMs() + withinMs;
  while (!(await isTrue())) {
    assert.ok(systemClock.monotonicMs() < endMs, `not within ${withinMs} ms: ${what}`);
    await sleep(systemClock, 50);
  }
}

const settled = (parcel: ParcelId) =>
  until('all notices ended', async () =>
    (await rowsOf(parcel)).every((row) => row.state === 'sent' || row.state === 'dead'),
  );

describe('an arrival', () => {
  test('goes out once on each channel, and the code is gone', async () => {
    const { parcel, wish: wished, recipient } = await wish(await addResident('ada@example.org', '+15550100'));
    await settled(parcel);
    await stand.inTenant((tx) =>
      noticesNoun.wish(stand.cloud, tx, {
        wish: wished,
        recipient,
        parcel,
        bank,
        compartment: 12,
        untilMs: stand.cloud.clock.nowMs() + DAY_MS,
      }),
    );
    await sleep(systemClock, 300);
    assert.equal(sms.length, 1);
    assert.equal(mails.length, 1);
    const rows = await rowsOf(parcel);
    assert.deepEqual(
      rows.map((row) => [row.channel, row.state, row.tries, row.content]),
      [
        ['sms', 'sent', 1, null],
        ['email', 'sent', 1, null],
      ],
    );
    const kinds = await Promise.all(['notice.queued', 'notice.sent'].map((kind) => stand.records(kind)));
    assert.deepEqual(
      kinds.map((records) => records.map((record) => record.facts.channel).sort()),
      [
        ['email', 'sms'],
        ['email', 'sms'],
      ],
    );
  });

  test('an SMS holds the PIN, the bank and the day, and no link', async () => {
    const { parcel } = await wish(await addResident(null, '+15550101'));
    await settled(parcel);
    const text = sms[0]?.text ?? '';
    assert.match(text, /North Lobby/);
    assert.match(text, /PIN 482 913 770/);
    assert.doesNotMatch(text, /http|www|\.org/);
    assert.ok(text.length <= 160, `${text.length} characters`);
    assert.equal(sms[0]?.to, '+15550101');
  });

  test('a mail holds the PIN as text, and the QR code as a picture that reads', async () => {
    const { parcel } = await wish(await addResident('bo@example.org', null));
    await settled(parcel);
    const mail = mails[0];
    assert.match(mail?.text ?? '', /PIN: {3}482 913 770/);
    assert.match(String(mail?.html), /482 913 770/);
    assert.match(String(mail?.html), /<html lang="en">[\s\S]*alt="QR code/);
    assert.match(mail?.text ?? '', /North Lobby, door 12/);
    const picture = PNG.sync.read(mail?.attachments[0]?.content ?? Buffer.alloc(0));
    assert.equal(jsQR.default(new Uint8ClampedArray(picture.data), picture.width, picture.height)?.data, QR);
    // The parser has put the picture in place of its `cid:` address, which it does only if that one exists.
    assert.match(String(mail?.html), /<img src="data:image\/png;base64,/);
  });

  test('a name that holds markup stays text', async () => {
    await stand.inTenant((tx) => sql`update banks set name = '<script>alert(1)</script> & co'`.execute(tx));
    const { parcel } = await wish(await addResident('cy@example.org', '+15550102'));
    await settled(parcel);
    await stand.inTenant((tx) => sql`update banks set name = 'North Lobby'`.execute(tx));
    assert.doesNotMatch(String(mails[0]?.html), /<script>/);
    assert.doesNotMatch(sms[0]?.text ?? '', /[<>]/);
  });
});

describe('when it does not go through', () => {
  test('it waits, keeps the code sealed, says why in our own words, and goes out later', async () => {
    down = true;
    const { parcel } = await wish(await addResident('dee@example.org', '+15550103'));
    await until('both failed once', async () =>
      (await rowsOf(parcel)).every((row) => row.state === 'failed'),
    );
    const failed = await rowsOf(parcel);
    assert.deepEqual(
      failed.map((row) => row.lastError),
      ['the SMS gateway answered 503', 'the mail server answered 451'],
    );
    assert.ok(failed.every((row) => row.content?.is === 'codes'));
    assert.ok(!(await stand.dump()).includes('@example.org'));
    down = false;
    await settled(parcel);
    assert.deepEqual(
      (await rowsOf(parcel)).map((row) => row.state),
      ['sent', 'sent'],
    );
    assert.deepEqual([sms.length, mails.length], [1, 1]);
    assert.ok((await stand.records('notice.failed')).every((record) => record.facts.final === false));
  });

  test('after the last try it is a dead letter without a code', async () => {
    down = true;
    const { parcel } = await wish(await addResident(null, '+15550104'));
    await until('failed once', async () => (await rowsOf(parcel))[0]?.state === 'failed');
    await stand.inTenant((tx) => sql`update notices set tries = 9 where parcel_id = ${parcel}`.execute(tx));
    await settled(parcel);
    const [row] = await rowsOf(parcel);
    assert.deepEqual([row?.state, row?.tries, row?.content], ['dead', 10, null]);
    assert.equal((await stand.records('notice.failed')).at(-1)?.facts.final, true);
    assert.ok(
      (await stand.inTenant((tx) => noticesNoun.deadSince(tx, 0))).some((dead) => dead.parcel === parcel),
    );
  });

  test('what nobody tries any more is given up after a day', async () => {
    down = true;
    const { parcel } = await wish(await addResident(null, '+15550107'));
    await until('failed once', async () => (await rowsOf(parcel))[0]?.state === 'failed');
    await stand.inTenant((tx) =>
      sql`update notices set at_ms = at_ms - ${DAY_MS} where parcel_id = ${parcel}`.execute(tx),
    );
    await noticesNoun.notices.jobs['notices.sweep'](stand.cloud);
    const [row] = await rowsOf(parcel);
    assert.deepEqual([row?.state, row?.content, row?.lastError], ['dead', null, 'it was tried for a day']);
  });

  test('a code of another bank or epoch, or for nobody, ends at once', async () => {
    const moved = await wishFor();
    const elsewhere = await wish(await addResident(null, '+15550105'), {
      ...moved,
      reference: idFrom('notice', systemRandom.bytes(16)),
    });
    const nowhere = await wish(await addResident(null, null));
    await settled(elsewhere.parcel);
    await settled(nowhere.parcel);
    assert.equal((await rowsOf(elsewhere.parcel))[0]?.lastError, 'the code could not be opened');
    assert.equal(
      (await rowsOf(nowhere.parcel))[0]?.lastError,
      'the recipient has no phone number or mail address',
    );
    assert.equal(sms.length, 0);
  });
});

test('a sign-in mail carries a link and no code', async () => {
  const person = await addResident('eli@example.org', '+15550106');
  const url = 'http://localhost:8080/resident#token=abc';
  await stand.inTenant((tx) =>
    noticesNoun.queueLink(stand.cloud, tx, { person, app: 'resident', url, minutes: 15 }),
  );
  await until('it came', () => mails.length === 1);
  await until('it was noted', async () => (await stand.records('sign-in.link-sent')).length === 1);
  assert.ok(mails[0]?.text?.includes(url));
  assert.doesNotMatch(mails[0]?.text ?? '', /\d{3} \d{3}/);
  assert.equal(sms.length, 0);
});

test('a reminder goes out once on its day, on each channel, and holds no code; none to who has collected', async () => {
  const person = await addResident('fay@example.org', '+15550108');
  const untilMs = stand.cloud.clock.nowMs() + 3 * DAY_MS;
  const newParcel = () => idFrom('parcel', systemRandom.bytes(16));
  const [waits, collected] = [newParcel(), newParcel()];
  for (const parcel of [waits, collected])
    await stand.inTenant((tx) => store.putWaiting(tx, { parcel, person, bank, compartment: 12, untilMs }));
  const remind = (parcel: ParcelId, days: number) =>
    noticesNoun.notices.jobs['notices.remind'](stand.cloud, { tenant: stand.tenant, parcel, days });
  await remind(waits, 2);
  assert.deepEqual(await rowsOf(waits), [], 'its day has not come');
  stand.step(DAY_MS + 1000);
  for (let again = 0; again < 3; again++) await remind(waits, 2);
  await stand.inTenant((tx) => store.dropWaiting(tx, collected));
  await remind(collected, 2);
  await settled(waits);
  assert.deepEqual(await rowsOf(collected), []);
  assert.deepEqual([sms.length, mails.length], [1, 1]);
  for (const text of [sms[0]?.text ?? '', mails[0]?.text ?? '']) {
    assert.match(text, /North Lobby/);
    assert.doesNotMatch(text, /\d{3} ?\d{3}|PIN/);
  }
  assert.match(mails[0]?.text ?? '', /North Lobby, door 12/);
  assert.ok((sms[0]?.text ?? '').length <= 160);
  stand.step(3 * DAY_MS);
  await remind(waits, 1);
  assert.equal((await rowsOf(waits)).length, 2, 'over is over');
});

test('no code, name or address stands in any table when all is done', async () => {
  const everything = await stand.dump();
  for (const secret of [PIN, '482 913', QR, 'Okafor', '@example.org', '+1555', 'token='])
    assert.ok(!everything.includes(secret), secret);
});
