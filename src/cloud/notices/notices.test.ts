/** Telling people: over a real mail server and a real gateway, sent once, then forgotten. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import jsQR from 'jsqr';
import { sql } from 'kysely';
import type { ParsedMail } from 'mailparser';
import { PNG } from 'pngjs';
import type { SmsSend } from '../../contract/sms.ts';
import type { NoticeWish } from '../../contract/uplink.ts';
import { type BankId, idFrom, type ParcelId, type PersonId } from '../../domain/ids.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Stand } from '../test-stand.ts';
import * as noticesNoun from './notices.ts';
import * as store from './store.ts';
import { DAY_MS, PIN, PostOffice, QR, until } from './test-post.ts';

let post: PostOffice;
let stand: Stand;
let bank: BankId;
let sms: SmsSend[];
let mails: ParsedMail[];

before(async () => {
  post = await PostOffice.open();
  stand = post.stand;
  bank = post.bank;
  sms = post.far.sms;
  mails = post.far.mails;
});
after(() => post?.close());
beforeEach(() => post.clear());

const addResident = (email: string | null, phone: string | null) => post.addResident(email, phone);
const wishFor = (what?: NoticeWish['what'], pin?: string) => post.wishFor(what, pin);
const wish = (recipient: PersonId, wished?: NoticeWish) => post.wish(recipient, wished);
const rowsOf = (parcel: ParcelId) => post.rowsOf(parcel);
const settled = (parcel: ParcelId) => post.settled(parcel);

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
    post.far.mood = 'later';
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
    post.far.mood = 'well';
    await settled(parcel);
    assert.deepEqual(
      (await rowsOf(parcel)).map((row) => row.state),
      ['sent', 'sent'],
    );
    assert.deepEqual([sms.length, mails.length], [1, 1]);
    assert.ok((await stand.records('notice.failed')).every((record) => record.facts.final === false));
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
    await stand.inTenant((tx) => store.putWaiting(tx, [{ parcel, person, bank, compartment: 12, untilMs }]));
  const remind = (parcel: ParcelId, days: number) =>
    noticesNoun.notices.jobs['notices.remind'](stand.cloud, { tenant: stand.tenant, parcel, days });
  await remind(waits, 2);
  assert.deepEqual(await rowsOf(waits), [], 'its day has not come');
  stand.step(DAY_MS + 1000);
  for (let again = 0; again < 3; again++) await remind(waits, 2);
  await stand.inTenant((tx) => store.dropWaiting(tx, [collected]));
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
