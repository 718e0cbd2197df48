/** Telling people when the far side is down, refuses, or we die in between: nothing is lost, and nothing stays. */
import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { idFrom, type NoticeId, type ParcelId, type PersonId } from '../../domain/ids.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import { MAIL_MS_MAX, sendMail } from './carriers.ts';
import * as noticesNoun from './notices.ts';
import type { NoticeRow } from './store.ts';
import { DAY_MS, PIN, PostOffice, until } from './test-post.ts';
import { GIVE_UP_MS, PAUSE_MS_MAX } from './tries.ts';

let post: PostOffice;
let admin: PersonId;
const send = noticesNoun.notices.jobs['notices.send'];
const sweep = noticesNoun.notices.jobs['notices.sweep'];

before(async () => {
  post = await PostOffice.open();
  admin = await post.addResident(null, null);
});
after(() => post?.close());
beforeEach(() => post.clear());

const nowMs = () => post.stand.cloud.clock.nowMs();
const one = async (parcel: ParcelId): Promise<NoticeRow> => (await post.rowsOf(parcel))[0] ?? assert.fail();
const again = (notice: NoticeId) =>
  post.stand.inTenant((tx) => noticesNoun.sendAgain(post.stand.cloud, tx, { notice, by: admin }));

/** Until everything that was due has been tried. */
async function tried(parcels: readonly ParcelId[]): Promise<void> {
  await until('what was due was tried', async () => {
    // On a slow machine a short pause is over before the others were tried once, and the database's clock does
    // not know of it.
    await post.runDue();
    const rows = (await Promise.all(parcels.map(post.rowsOf))).flat();
    return rows.every(({ state, nextMs }) => state === 'sent' || state === 'dead' || nextMs > nowMs());
  });
}

test('a notice that is not committed leaves no row, no record and no job', async () => {
  const recipient = await post.addResident(null, '+15550201');
  const wish = await post.wishFor();
  const parcel = idFrom('parcel', systemRandom.bytes(16));
  const { stand, bank } = post;
  const counted = async () => {
    const jobs = await stand.inTenant((tx) => sql`select 1 from graphile_worker.jobs`.execute(tx));
    return [jobs.rows.length, (await stand.records('notice.queued')).length];
  };
  const before = await counted();
  const undone = stand.inTenant(async (tx) => {
    const of = { wish, recipient, parcel, bank, compartment: 3, untilMs: nowMs() + DAY_MS };
    await noticesNoun.wish(stand.cloud, tx, of);
    throw new Error('undone');
  });
  await assert.rejects(undone, /undone/);
  assert.deepEqual(await counted(), before);
  assert.deepEqual(await post.rowsOf(parcel), []);
});

test('mail server and gateway are down for a day: the pauses double to half an hour, then all are told, once', async () => {
  post.far.mood = 'later';
  const people = await Promise.all(
    [1, 2].map((n) => post.addResident(`day${n}@example.org`, `+1555021${n}`)),
  );
  const parcels = await Promise.all(people.map(async (person) => (await post.wish(person)).parcel));
  const beganMs = nowMs();
  const pauses: number[] = [];
  while (nowMs() - beganMs < DAY_MS) {
    await tried(parcels);
    const { tries, nextMs } = await one(parcels[0] as ParcelId);
    pauses[tries] ??= nextMs - nowMs();
    await post.passToNextTry();
  }
  // What is under way when they are well again may fail yet, and then waits for half an hour more.
  await tried(parcels);
  for (const [index, pause] of [5_000, 10_000, 20_000].entries()) {
    const seen = pauses[index + 1] ?? 0;
    // What is left of it when it is read: on a busy machine less than the whole.
    assert.ok(seen <= pause * 1.25 + 1, `try ${index + 1}: ${seen}`);
  }
  assert.ok(pauses.every((pause) => pause === undefined || pause <= PAUSE_MS_MAX * 1.25 + 1));
  const rows = (await Promise.all(parcels.map(post.rowsOf))).flat();
  assert.equal(rows.length, 4);
  assert.ok(rows.every(({ state, tries, content }) => state === 'failed' && tries > 40 && content !== null));
  assert.ok(!(await post.stand.dump()).includes(PIN), 'a day long no code stood in clear');
  post.far.mood = 'well';
  await post.passToNextTry();
  for (const parcel of parcels) await post.settled(parcel);
  const ended = (await Promise.all(parcels.map(post.rowsOf))).flat();
  assert.ok(ended.every(({ state, content }) => state === 'sent' && content === null));
  assert.deepEqual(post.far.sms.map(({ to }) => to).sort(), ['+15550211', '+15550212']);
  assert.equal(post.far.mails.length, 2);
});

test('killed after the far side took it: it goes out again, and the second copy can be told by its id', async () => {
  post.far.mood = 'later';
  const { parcel } = await post.wish(await post.addResident('twice@example.org', null));
  await tried([parcel]);
  const { notice } = await one(parcel);
  post.far.mood = 'well';
  const { cloud, tenant } = post.stand;
  let calls = 0;
  const dies: Cloud = {
    ...cloud,
    database: {
      ...cloud.database,
      tenant: (of, run) =>
        ++calls === 2 ? Promise.reject(new Error('killed')) : cloud.database.tenant(of, run),
    },
  };
  await assert.rejects(send(dies, { tenant, notice }), /killed/);
  assert.equal(post.far.mails.length, 1);
  assert.equal((await one(parcel)).state, 'failed', 'nobody noted it');
  await post.passToNextTry();
  await post.settled(parcel);
  const ids = post.far.mails.map(({ messageId }) => messageId);
  assert.deepEqual(ids, [`<${notice}@holdfast>`, `<${notice}@holdfast>`]);
  await send(cloud, { tenant, notice });
  assert.equal(post.far.mails.length, 2, 'what is noted as sent is not sent again');
});

test('what will never be taken is given up at once with its cause, and an administrator has it sent again', async () => {
  post.far.mood = 'never';
  const { parcel } = await post.wish(await post.addResident('wrong@example.org', '+15550220'));
  await post.settled(parcel);
  const rows = await post.rowsOf(parcel);
  assert.deepEqual(
    rows.map(({ state, tries, lastError }) => [state, tries, lastError]),
    [
      ['dead', 1, 'the SMS gateway answered 422'],
      ['dead', 1, 'the mail server answered 550'],
    ],
  );
  const dead = await post.stand.inTenant((tx) => noticesNoun.deadSince(tx, 0));
  assert.equal(dead.filter((row) => row.parcel === parcel).length, 2, 'they need attention');
  assert.ok(rows.every((row) => noticesNoun.canSendAgain(post.stand.cloud, row)));
  assert.ok(!(await post.stand.dump()).includes(PIN));
  post.far.mood = 'well';
  for (const { notice } of rows) await again(notice);
  await post.settled(parcel);
  const ended = await post.rowsOf(parcel);
  assert.deepEqual(
    ended.map(({ state, content }) => [state, content]),
    Array(2).fill(['sent', null]),
  );
  assert.match(post.far.sms[0]?.text ?? '', /482 913 770/);
  assert.deepEqual((await post.stand.records('notice.again')).map(({ facts }) => facts.channel).sort(), [
    'email',
    'sms',
  ]);
  await assert.rejects(again(rows[0]?.notice as NoticeId), /cannot be sent again/);
  await assert.rejects(again(idFrom('notice', systemRandom.bytes(16))), /no notice here/);
});

test('after five days it is given up; its code is forgotten when it ends, and then nothing can be sent again', async () => {
  post.far.mood = 'later';
  const { parcel } = await post.wish(await post.addResident(null, '+15550230'));
  await tried([parcel]);
  post.stand.step(GIVE_UP_MS);
  await post.passToNextTry();
  await post.settled(parcel);
  const row = await one(parcel);
  assert.deepEqual([row.state, row.lastError], ['dead', 'the SMS gateway answered 503']);
  assert.equal(row.content?.is, 'codes', 'the parcel waits, and so does its code');
  await sweep(post.stand.cloud);
  assert.equal((await one(parcel)).content?.is, 'codes');
  post.stand.step(3 * DAY_MS);
  await sweep(post.stand.cloud);
  assert.equal((await one(parcel)).content, null);
  await assert.rejects(again(row.notice), /cannot be sent again/);
});

test('a code that ends unsent, and a link that does, are forgotten, and say so', async () => {
  post.far.mood = 'later';
  const person = await post.addResident('late@example.org', null);
  const { parcel } = await post.wish(person);
  const url = 'http://localhost:8080/resident#token=abc';
  const { cloud, inTenant } = post.stand;
  await inTenant((tx) => noticesNoun.queueLink(cloud, tx, { person, app: 'resident', url, minutes: 15 }));
  const linkRow = async () =>
    (await inTenant((tx) => noticesNoun.list(tx, { beforeOrd: null, limit: 1 })))[0] ?? assert.fail();
  await tried([parcel]);
  // It may share a lane with the other mail, and a first try that is under way when time passes would still arrive.
  await until('the link was tried', async () => (await linkRow()).tries > 0);
  post.stand.step(8 * DAY_MS);
  post.far.mood = 'well';
  await post.passToNextTry();
  await post.settled(parcel);
  const { state, lastError, content } = await one(parcel);
  assert.deepEqual([state, lastError, content], ['dead', 'the code expired before it could be sent', null]);
  await until('the link ended', async () => {
    await post.runDue();
    return (await linkRow()).state === 'dead';
  });
  const link = await linkRow();
  assert.deepEqual([link.lastError, link.content], ['the link expired before it could be sent', null]);
  assert.deepEqual([post.far.mails.length, post.far.sms.length], [0, 0]);
});

test('a notice whose job is gone is found by the clock and goes out', async () => {
  post.far.mood = 'later';
  const { parcel } = await post.wish(await post.addResident(null, '+15550240'));
  await tried([parcel]);
  const { cloud, inTenant } = post.stand;
  await inTenant((tx) => sql`delete from graphile_worker._private_jobs`.execute(tx));
  post.far.mood = 'well';
  post.stand.step(2 * 3_600_000);
  await sweep(cloud);
  await post.settled(parcel);
  assert.equal((await one(parcel)).state, 'sent');
  assert.equal(post.far.sms.length, 1);
});

const MAIL = { to: 'ada@example.org', reference: 'r', qr: null, subject: 's', text: 't', html: '<p>t</p>' };

test('mail goes over TLS from the first byte as well, and over no certificate but the right one', async () => {
  await sendMail(post.mailAtOnce, systemClock, MAIL);
  assert.equal(post.far.mails.length, 1);
  const { caPem } = post.mailAtOnce;
  const { mail } = post.stand.cloud.config;
  await assert.rejects(sendMail({ ...mail, caPem }, systemClock, MAIL), /not reached over TLS/);
  await assert.rejects(
    sendMail({ ...post.mailAtOnce, caPem: mail.caPem }, systemClock, MAIL),
    /not reached over TLS/,
  );
  assert.equal(post.far.mails.length, 1);
});

test('a mail server without STARTTLS is told neither the account nor the mail', async () => {
  let heard = '';
  const plain = createServer((socket) => {
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.write('220 plain ESMTP\r\n');
    socket.on('data', (bytes) => {
      heard += String(bytes);
      socket.write(/^EHLO/i.test(String(bytes)) ? '250-plain\r\n250 AUTH PLAIN LOGIN\r\n' : '502 no\r\n');
    });
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as AddressInfo;
  const { mail } = post.stand.cloud.config;
  const asked = sendMail({ ...mail, port }, systemClock, MAIL).finally(() => plain.close());
  await assert.rejects(asked, /was not reached over TLS 1.3/);
  assert.match(heard, /^EHLO/);
  assert.doesNotMatch(heard, /AUTH|MAIL FROM|example/);
});

/** A server that does this with whoever comes, on the port of a mail server. */
async function farSide(does: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    does(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, sockets, stop };
}

test('a mail server that dribbles is left after a minute, whatever it says, and nothing of it stays', async () => {
  const { mail } = post.stand.cloud.config;
  // A hundredth of the time, from which on it has a line before each patience of the library ends.
  const quick = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 100, run) };
  const far = await farSide((socket) => {
    socket.write('220 slow ESMTP\r\n');
    socket.once('data', () => {
      const cancel = systemClock.every(10, () => socket.write('250-more\r\n'));
      socket.on('close', cancel);
    });
  });
  try {
    const beganMs = systemClock.monotonicMs();
    const asked = sendMail({ ...mail, port: far.port }, quick, MAIL);
    const soon = sleep(systemClock, 8_000).then(() => 'it is waited for still');
    assert.match(
      String(await Promise.race([asked.catch((error: Error) => error.message), soon])),
      /too long/,
    );
    assert.ok(systemClock.monotonicMs() - beganMs >= MAIL_MS_MAX / 100 - 5);
    await until('the connection is gone', () => far.sockets.size === 0, 5_000);
  } finally {
    far.stop();
  }
});

test('a mail server that says nothing holds two senders; codes by SMS go out meanwhile', async () => {
  const { cloud } = post.stand;
  const { config } = cloud;
  let most = 0;
  const far = await farSide(() => {
    most = Math.max(most, far.sockets.size);
  });
  Object.assign(cloud, { config: { ...config, mail: { ...config.mail, port: far.port } } });
  try {
    for (let n = 0; n < 20; n++) await post.wish(await post.addResident(`hole${n}@example.org`, null));
    await until('mails are under way', () => far.sockets.size >= 2);
    const { parcel } = await post.wish(await post.addResident(null, '+15550260'));
    // Less than the patience with one mail, so no sender was set free by it.
    await until('the code is sent', async () => (await one(parcel)).state === 'sent', 8_000);
    assert.equal(most, 2);
  } finally {
    Object.assign(cloud, { config });
    far.stop();
  }
});
