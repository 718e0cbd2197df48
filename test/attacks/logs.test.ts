/**
 * The logs of a whole system after a day's work and a day's faults: parcels in and out, people signed in by every
 * road, wrong input, requests that carry secrets in the wrong places, and a database that refuses rows. Every
 * name, address, number, code and token that was used is looked for in every form.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CSRF_HEADER } from '../../src/contract/http/common.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { killCloudProcesses, openOwner, post, startCloudProcess } from '../faults/cloud-process.ts';
import { type Site, startSite } from '../site.ts';
import { filesUnder, formsOfText, type Planted, scanFor } from './byte-scan.ts';

const ADDED = {
  name: 'Zenobia Quillfeather',
  flat: 'Lantern-7741',
  email: 'zenobia.quillfeather@example.org',
  phone: '+15550198237',
  accessible: false,
};
const TRACKING = '1Z999AA10123456784';
const REASON = 'Quillfeather-complained';

let site: Site;
const planted: Planted[] = Object.entries(ADDED).flatMap(([what, text]) =>
  typeof text === 'string' ? [{ what, text }] : [],
);
const plant = (what: string, text: string): string => {
  planted.push({ what, text });
  return text;
};

before(async () => {
  site = await startSite();
});
after(async () => {
  killCloudProcesses();
  await site.stop();
});

type Sent = { method?: string; headers?: Record<string, string>; body?: unknown };

const url = (path: string) => `http://localhost:${site.system.ports.start}${path}`;
async function send(path: string, { method = 'POST', headers = {}, body }: Sent = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return await fetch(url(path), {
    method,
    headers: { [CSRF_HEADER]: 'admin', ...type, ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
}
const asAdmin = () => ({ cookie: site.people.adminCookie });

async function parcelInAndOut(): Promise<void> {
  const { people, seeded } = site;
  const { resident, courier } = seeded.signIns;
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  const flat = resident.flat;
  await people.dropsOff({ tracking: plant('tracking', TRACKING), flat, size: 'M' });
  await people.act({ do: 'leave' });
  const sms = await people.pinFrom('sms', resident.phone, beganMs);
  const mail = await people.pinFrom('email', resident.email, beganMs);
  await people.picksUp(plant('PIN', sms.pin));
  plant('QR', mail.message.qr ?? '');
  plant('badge', courier.badge);
  plant('resident’s phone', resident.phone);
  plant('resident’s address', resident.email);
  plant('resident’s name', resident.name);
  plant('courier’s name', courier.name);
}

async function everyoneSignsIn(): Promise<void> {
  const { people, seeded } = site;
  const { admin, resident, courier } = seeded.signIns;
  await people.adminSignsIn();
  plant('admin’s session', people.adminCookie.split('=')[1] ?? '');
  plant('admin’s address', admin.email);
  plant('admin’s password', admin.password);
  plant('TOTP secret', admin.totpSecret);
  for (const [app, email] of [
    ['resident', resident.email],
    ['courier', courier.email],
  ] as const) {
    assert.equal((await send(`/api/${app}/sign-in/ask`, { body: { email } })).status, 202);
    const token = plant(`${app}’s link`, (await people.linkFrom(email)).split('#token=')[1] ?? '');
    const entered = await send(`/api/${app}/sign-in`, { body: { token } });
    assert.equal(entered.status, 204);
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    plant(`${app}’s session`, cookie.split('=')[1] ?? '');
    const me = await send(`/api/${app}/me`, { method: 'GET', headers: { cookie } });
    assert.equal(me.status, 200);
    assert.equal((await send(`/api/${app}/sign-in`, { body: { token } })).status, 401, 'a link works once');
  }
  const wrong = { email: admin.email, password: plant('wrong password', 'quiet-river-4417'), totp: '000000' };
  assert.equal((await send('/api/admin/sign-in', { body: wrong })).status, 401);
}

async function staffWorks(): Promise<void> {
  const headers = () => ({ ...asAdmin(), 'idempotency-key': `"${plant('key', randomUUID())}"` });
  const added = await send('/api/admin/people', { headers: headers(), body: ADDED });
  assert.equal(added.status, 201);
  const { id } = (await added.json()) as { id: string };
  const people = `/api/admin/people/${id}`;
  const patched = await send(people, { method: 'PATCH', headers: asAdmin(), body: { flat: ADDED.flat } });
  assert.equal(patched.status, 200);
  const list = (await site.people.admin('/couriers')) as { items: { id: string }[] };
  const courier = `/api/admin/couriers/${list.items[0]?.id}`;
  for (const act of ['suspend', 'lift'])
    await send(`${courier}/${act}`, { headers: headers(), body: { reason: plant('reason', REASON) } });
}

/** Secrets and names where they do not belong, and input that is wrong around them. */
async function wrongRequests(): Promise<void> {
  const session = planted.find(({ what }) => what === 'admin’s session')?.text ?? '';
  const get = { method: 'GET', headers: asAdmin() };
  for (const { text } of [...planted]) {
    const part = encodeURIComponent(text);
    await send(`/api/admin/people?cursor=${part}&token=${part}`, get);
    await send(`/api/admin/parcels/${part}?who=${part}`, get);
    await send(`/${part}/${part}`, { method: 'GET' });
    await send('/api/admin/people', { headers: asAdmin(), body: { ...ADDED, phone: text, [text]: text } });
  }
  await send('/api/admin/people', { headers: asAdmin(), body: `{"name": ${ADDED.name}` });
  await send('/api/operator/banks/x', { method: 'GET', headers: { authorization: `Bearer ${session}` } });
}

/** The database refuses rows, and says in its errors what stood in them. */
async function refusedRows(): Promise<void> {
  const owner = await openOwner(site.system);
  const rule = (table: string) => `alter table ${table} add constraint planted check (false) not valid`;
  try {
    for (const table of ['persons', 'couriers', 'sign_in_links']) await owner.query(rule(table));
    const list = (await site.people.admin('/couriers')) as { carriers: { id: string }[] };
    // 43 characters whose last one ends 32 bytes (RFC 4648 section 3.5), so that the row reaches the database.
    const badgeHash = plant('badge’s hash', `${'Q'.repeat(20)}uillfeather-badge-hashA`);
    const courier = { name: ADDED.name, email: ADDED.email, carrier: list.carriers[0]?.id, badgeHash };
    const statuses = [
      (await send('/api/admin/people', { headers: asAdmin(), body: ADDED })).status,
      (await send('/api/admin/couriers', { headers: asAdmin(), body: courier })).status,
      (await send('/api/resident/sign-in/ask', { body: { email: site.seeded.signIns.resident.email } }))
        .status,
    ];
    assert.deepEqual(statuses, [500, 500, 500]);
  } finally {
    for (const table of ['persons', 'couriers', 'sign_in_links'])
      await owner.query(`alter table ${table} drop constraint if exists planted`);
    await owner.end();
  }
}

/** A fault that nobody catches, which quotes the request. Answers what the process printed. */
async function uncaughtFault(): Promise<string> {
  await site.system.children.stop('cloud');
  const hook = join(import.meta.dirname, '..', 'faults', 'cloud-kill-hook.ts');
  const cloud = await startCloudProcess(site.system, hook);
  const body = { ...ADDED, name: plant('name in a fault', 'Kay Uncaught') };
  const of = { path: '/api/admin/people', cookie: site.people.adminCookie, body, key: randomUUID() };
  await post(site.system, of).catch(() => undefined);
  assert.equal(await cloud.ended, 1);
  return cloud.said();
}

test('the logs of a whole system hold no name, address, number, code, cookie or token', async () => {
  await everyoneSignsIn();
  await parcelInAndOut();
  await staffWorks();
  await wrongRequests();
  await refusedRows();
  const printed = await uncaughtFault();
  assert.ok(planted.length > 25 && planted.every(({ text }) => text.length >= 8), JSON.stringify(planted));

  const { places } = site.system;
  const logs = filesUnder(places.logs);
  const cloudLog = logs.find(({ file }) => file === 'cloud.log')?.bytes.toString('utf8') ?? '';
  const lines = cloudLog
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.ok(lines.filter(({ msg }) => msg === 'request').length > 100);
  assert.equal(lines.filter(({ msg }) => msg === 'a request broke').length, 3);
  assert.equal(lines.filter(({ msg }) => String(msg).startsWith('a fault that nobody caught')).length, 1);
  const database = { file: 'postgres.log', bytes: readFileSync(`${places.postgres}.log`) };
  const all = [...logs, database, { file: 'printed', bytes: Buffer.from(printed) }];
  assert.deepEqual(scanFor(planted, all), []);
});

test('the search finds each of them when it is there, in each form', () => {
  const { places } = site.system;
  const log = join(places.logs, 'cloud.log');
  for (const { text } of planted)
    for (const { pattern } of formsOfText(text))
      appendFileSync(log, Buffer.concat([pattern, Buffer.from('\n')]));
  const hits = scanFor(planted, filesUnder(places.logs));
  for (const { what, text } of planted) {
    const found = hits.filter((hit) => hit.what === what).map(({ form }) => form);
    assert.deepEqual(new Set(found), new Set(formsOfText(text).map(({ form }) => form)), what);
  }
});
