/**
 * Texts that would do something if anybody forgot that they are text (injections.ts), through every field that a
 * person, a courier, a label or a flat can carry: into the database, mails and messages, tables for spreadsheets, logs,
 * and a bank. Each carries a canary; afterwards nothing is called like it, and nothing has done what it says.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { SMTPServer } from 'smtp-server';
import { sendMail } from '../../src/cloud/notices/carriers.ts';
import {
  arrivalMail,
  arrivalSms,
  expiryMail,
  expirySms,
  type MailText,
  reminderMail,
  reminderSms,
  signInMail,
} from '../../src/cloud/notices/texts.ts';
import { AccessStand } from '../../src/cloud/test-access.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { serverTls } from '../../src/crypto/tls.ts';
import { selfSignedServer } from '../../src/crypto/x509.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { csvOf } from '../../web/kit/csv.ts';
import { openStand as openBank } from '../drill/stand.ts';
import { type Right, written } from './bad-requests.ts';
import { CANARY, INJECTIONS } from './injections.ts';
import { sendRaw } from './raw-http.ts';

const TEXTS = INJECTIONS.map(({ text }) => text);
const folder = mkdtempSync(join(tmpdir(), 'hf-inject-'));
after(() => rmSync(folder, { recursive: true }));

/** Names of everything that a statement can make. */
async function namesIn(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`
      select relname::text as name from pg_class union all select nspname::text from pg_namespace
      union all select rolname::text from pg_roles union all select proname::text from pg_proc`);
    return rows.map(({ name }) => name).sort();
  } finally {
    await client.end();
  }
}

test('the database takes them as text, or they are refused: nothing is made, dropped or called so', async (t) => {
  const stand = await AccessStand.open();
  try {
    const [own] = stand.tenants;
    const names = await namesIn(stand.stand.superuserUrl());
    const port = stand.servers.httpPort;
    const headers = [
      `host: localhost:${port}`,
      'x-holdfast-app: a',
      `cookie: holdfast_admin=${own.tokens.admin}`,
    ];
    const send = async (method: string, path: string, body: Record<string, unknown> | null) => {
      const right: Right = { method, path, headers, body };
      const answer = await sendRaw({ port, tls: false }, written(right));
      assert.ok(
        answer && answer.status < 500,
        `${method} ${path} ${JSON.stringify(body)}: ${answer?.status}`,
      );
      if (answer.text !== '') assert.match(answer.type, /^application\/(problem\+)?json/);
      assert.match(answer.headers, /x-content-type-options: nosniff/);
      assert.doesNotMatch(answer.headers, new RegExp(CANARY));
      return answer;
    };
    let taken = 0;
    const bearer = { email: null, phone: null, accessible: false };
    for (const { kind, text } of INJECTIONS) {
      for (const body of [
        { name: text, flat: '1' },
        { name: 'Ada', flat: text.slice(0, 40) },
        { name: 'Ada', flat: '1', email: text },
      ]) {
        const answer = await send('POST', '/api/admin/people', { ...bearer, ...body });
        if (answer.status !== 201) continue;
        taken += 1;
        const told = JSON.parse(answer.text) as Record<string, unknown>;
        for (const [field, value] of Object.entries(body)) assert.equal(told[field], value.trim());
      }
      await send('PATCH', `/api/admin/people/${own.people.resident}`, { name: text });
      const badgeHash = base64url(systemRandom.bytes(32));
      await send('POST', '/api/admin/couriers', { name: text, email: null, carrier: own.carrier, badgeHash });
      await send('POST', '/api/admin/couriers', { name: 'Mara', email: null, carrier: text, badgeHash });
      for (const verb of ['lift', 'suspend'])
        await send('POST', `/api/admin/couriers/${own.people.courier}/${verb}`, {
          reason: text.slice(0, 200),
        });
      await send('POST', '/api/resident/sign-in/ask', { email: text });
      // A password is compared slowly, whoever asks.
      if (kind === 'sql' || kind === 'header')
        await send('POST', '/api/admin/sign-in', { email: text, password: text, totp: '123456' });
      for (const [path, field] of [
        ['people', 'cursor'],
        ['people', 'role'],
        ['parcels', 'bank'],
        ['journal', 'cursor'],
      ])
        await send('GET', `/api/admin/${path}?${field}=${encodeURIComponent(text)}`, null);
      await send('GET', `/api/admin/parcels/${encodeURIComponent(text.slice(0, 60))}`, null);
    }
    assert.ok(taken > 30, `${taken} were taken as text`);
    assert.deepEqual(await namesIn(stand.stand.superuserUrl()), names);
    assert.ok(!(await stand.stand.dump()).includes(CANARY), 'what was taken lies sealed');
    const list = await send('GET', '/api/admin/people?limit=200', null);
    assert.ok(list.text.includes(CANARY), 'and comes back to whoever may read it');
    t.diagnostic(`${TEXTS.length} texts, ${taken} taken, 0 effects`);
  } finally {
    await stand.close();
  }
  assert.ok(!existsSync(`/tmp/${CANARY}`));
});

const marks = (html: string) => [html.match(/<[a-z/!?]/gi)?.length, html.match(/["']/g)?.length];

const PLAIN = 'North Lobby';
const place = (bankName: string) => ({
  bankName,
  compartment: 3,
  untilMs: 1_760_000_000_000,
  pin: '314159265',
});
const MAILS: readonly ((name: string) => MailText)[] = [
  (name) => arrivalMail(place(name)),
  (name) => reminderMail(place(name)),
  (name) => expiryMail(place(name)),
];

test('in a mail they add no tag, no attribute, no line and no header; in an SMS nothing but letters', () => {
  for (const text of TEXTS) {
    for (const mail of MAILS) {
      const [told, plain] = [mail(text), mail(PLAIN)];
      assert.deepEqual(marks(told.html.replaceAll("'", '')), marks(plain.html.replaceAll("'", '')), text);
      assert.equal(
        told.text.split(/[\r\n\u2028\u2029\u0085\v\f]/).length,
        plain.text.split('\n').length,
        text,
      );
      assert.doesNotMatch(told.subject, /\p{Cc}|\u2028|\u2029/u, text);
    }
    for (const sms of [arrivalSms, reminderSms, expirySms])
      assert.match(sms(place(text)), /^[A-Za-z0-9 .,:;'&()/+?-]+$/, text);
    const link = { app: 'resident', minutes: 15 } as const;
    const plain = signInMail({ ...link, url: 'http://localhost/#a' });
    assert.deepEqual(
      marks(signInMail({ ...link, url: text }).html.replaceAll("'", '')),
      marks(plain.html.replaceAll("'", '')),
      text,
    );
  }
});

type Got = { to: string[]; raw: string };

/** Takes whatever comes, and keeps it. */
async function startMail(got: Got[]) {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const times = { notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 3_600_000 };
  const serial = systemRandom.bytes(8);
  const caPem = await selfSignedServer({
    commonName: 'mail',
    privateKey,
    hosts: ['127.0.0.1', 'localhost'],
    serial,
    ...times,
  });
  const smtp = new SMTPServer({
    ...serverTls,
    key: privateKeyPem(privateKey),
    cert: caPem,
    onAuth: (_auth, _session, done) => done(null, { user: 'holdfast' }),
    onData(stream, session, done) {
      let raw = '';
      stream.on('data', (part: Buffer) => {
        raw += part.toString('utf8');
      });
      stream.on('end', () => {
        got.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo;
  const config = {
    host: '127.0.0.1',
    port,
    user: 'u',
    password: 'p',
    caPem,
    from: 'Holdfast <a@example.org>',
    tls: 'starttls' as const,
  };
  return { config, stop: () => new Promise<void>((resolve) => smtp.close(() => resolve())) };
}

test('over a real mail server: one recipient, and the headers of a plain mail', async () => {
  const got: Got[] = [];
  const { config, stop } = await startMail(got);
  const to = 'ada@example.org';
  try {
    for (const name of [PLAIN, ...TEXTS])
      await sendMail(config, systemClock, {
        ...arrivalMail(place(name)),
        to,
        reference: 'notice_a',
        qr: null,
      });
    const namesOf = (raw: string) =>
      raw
        .split('\r\n\r\n', 1)[0]
        ?.split('\r\n')
        .filter((line) => !/^\s/.test(line))
        .map((line) => line.split(':', 1)[0]);
    const plain = namesOf(got[0]?.raw ?? '');
    assert.ok(plain?.includes('Subject'));
    assert.equal(got.length, TEXTS.length + 1);
    for (const [n, mail] of got.entries()) {
      assert.deepEqual(mail.to, [to], TEXTS[n - 1]);
      assert.deepEqual(namesOf(mail.raw), plain, TEXTS[n - 1]);
    }
    // An address that is more than one goes nowhere else: it is not taken, or it is one.
    for (const text of TEXTS.filter((one) => /@|\n/.test(one))) {
      got.length = 0;
      await sendMail(config, systemClock, {
        ...arrivalMail(place(PLAIN)),
        to: text,
        reference: 'notice_a',
        qr: null,
      }).catch((error: Error) => assert.equal(error.name, 'HoldfastError'));
      assert.ok(
        got.every((mail) => mail.to.length <= 1),
        text,
      );
    }
  } finally {
    await stop();
  }
});

/** RFC 4180, read by another hand. */
function cellsOf(csv: string): string[][] {
  const rows = csv.slice(0, -2).match(/(?:"(?:[^"]|"")*"|[^\r\n"])*(?:\r\n|$)/g) ?? [];
  return rows
    .filter((row) => row !== '')
    .map((row) =>
      (row.replace(/\r\n$/, '').match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,"]*)(?=,|$)/g) ?? []).map((cell) =>
        cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
      ),
    );
}

test('in a table for a spreadsheet each stays one cell, and none begins like a formula', () => {
  const lead = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
  assert.ok(TEXTS.filter((text) => lead.test(text)).length >= 9);
  for (const text of TEXTS) {
    const rows = cellsOf(
      csvOf([
        ['a', text, 'b'],
        ['c', 'd', 'e'],
      ]),
    );
    assert.equal(rows.length, 2, text);
    assert.equal(rows[0]?.length, 3, text);
    const cell = rows[0]?.[1] ?? '';
    assert.doesNotMatch(cell, lead, text);
    // Where the comma is a decimal sign a spreadsheet splits at other signs and at line ends, whatever is quoted.
    for (const part of cell.split(/[;\t|\r\n]/).slice(1)) assert.doesNotMatch(part.trimStart(), lead, text);
    const bare = (marked: string) => marked.replaceAll(/(^|[;\t|\r\n]\s*)'/g, '$1');
    assert.equal(bare(cell), bare(text), 'and says what it said');
  }
});

test('in a log each stays in its line and in its field', () => {
  const path = join(folder, 'log');
  const log = openLog({ name: 'test', level: 'info', path });
  for (const text of TEXTS) log.info('said', { bank: text });
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, TEXTS.length);
  for (const [n, line] of lines.entries()) {
    const told = JSON.parse(line) as Record<string, unknown>;
    assert.equal(told.bank, TEXTS[n]?.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd'));
    assert.doesNotMatch(line, /\p{Cc}|\u2028|\u2029/u);
    assert.deepEqual(Object.keys(told).sort(), ['bank', 'level', 'msg', 'name', 'time']);
  }
});

test('at a bank, from a scanner, a label or a flat: no door, no record of it in clear, and the screen is the same', async () => {
  const bank = await openBank();
  try {
    await bank.rosterFromRoot(1);
    await bank.drained();
    const doors = await bank.hands.doors();
    const act = async (action: object) => {
      const answer = await fetch(`http://127.0.0.1:${bank.agent.kioskPort}/api/actions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
        body: JSON.stringify(action),
      });
      assert.ok(answer.status === 200 || answer.status === 400, `${answer.status}`);
      return answer;
    };
    for (const text of TEXTS) {
      await act({ do: 'scan', text });
      await act({ do: 'flat-and-pin', flat: text.slice(0, 40), pin: '123456789' });
    }
    await act({ do: 'leave' });
    await bank.hands.signIn(bank.courier);
    for (const text of TEXTS) {
      await act({ do: 'tracking', text: text.slice(0, 60) });
      await act({ do: 'scan', text });
      await act({ do: 'flat', text: text.slice(0, 40) });
    }
    await bank.agent.settled();
    assert.deepEqual(await bank.hands.doors(), doors);
    assert.deepEqual(bank.fatal, []);
    const bytes = bank.agent.journal.everyRecord(0).map((one) => Buffer.from(one).toString('utf8'));
    assert.ok(bytes.length > 5);
    assert.ok(!bytes.some((text) => text.includes(CANARY) || text.includes(CANARY.toUpperCase())));
    assert.ok(!existsSync(`/tmp/${CANARY}`));
  } finally {
    await bank.stop();
  }
});
