/**
 * A post office for tests of notices: a real mail server and a real gateway, which can be down or refuse, the
 * real engine of jobs, and a bank that seals codes as banks do.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { type ParsedMail, simpleParser } from 'mailparser';
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

export const PIN = '482913770';
export const QR = 'HFP1ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const DAY_MS = 86_400_000;
const TOKEN = 'the-gateway-token';
const PASSWORD = 'mail-password';

/** What the far sides answer: all is well, come back later, or never come back with this. */
export type Mood = 'well' | 'later' | 'never';
type Far = { mood: Mood; sms: SmsSend[]; mails: ParsedMail[] };

async function startSmtp(far: Far, isTlsAtOnce: boolean): Promise<{ smtp: SMTPServer; caPem: string }> {
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
  const smtp = new SMTPServer({
    ...serverTls,
    secure: isTlsAtOnce,
    key: privateKeyPem(privateKey),
    cert: caPem,
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: (auth, session, done) =>
      session.secure && auth.password === PASSWORD ? done(null, { user: 'holdfast' }) : done(new Error('no')),
    onRcptTo(_address, _session, done) {
      if (far.mood === 'well') return done(null);
      const responseCode = far.mood === 'later' ? 451 : 550;
      done(Object.assign(new Error('not ada@example.org'), { responseCode }));
    },
    onData(stream, _session, done) {
      const kept = simpleParser(stream).then((mail) => void far.mails.push(mail));
      kept.then(() => done(), done);
    },
  });
  // A client that does not like the certificate hangs up; that is its test's business and not ours.
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  return { smtp, caPem };
}

function mailConfig({ smtp, caPem }: { smtp: SMTPServer; caPem: string }): Cloud['config']['mail'] {
  const { port } = smtp.server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    tls: 'starttls',
    user: 'holdfast',
    password: PASSWORD,
    caPem,
    from: 'Holdfast <lockers@example.org>',
  };
}

const SMS_ANSWERS = { well: 202, later: 503, never: 422 } as const;

async function startGateway(far: Far): Promise<Server> {
  const gateway = createServer((request, answer) => {
    let body = '';
    request
      .on('data', (part: Buffer) => (body += part.toString()))
      .on('end', () => {
        const right = request.headers.authorization === `Bearer ${TOKEN}` && request.url === '/messages';
        const message = smsSend.parse(JSON.parse(body));
        const status = right ? SMS_ANSWERS[far.mood] : 401;
        answer.writeHead(status, { 'content-type': 'application/json' });
        if (status === 202) far.sms.push(message);
        answer.end(JSON.stringify({ id: '1', reference: message.reference }));
      });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  return gateway;
}

type Wished = { recipient: PersonId; parcel: ParcelId; wish: NoticeWish };

export class PostOffice {
  readonly stand: Stand;
  readonly bank: BankId;
  readonly far: Far;
  /** A second mail server, with TLS from the first byte. */
  readonly mailAtOnce: Cloud['config']['mail'];
  readonly #closers: (() => Promise<unknown>)[];

  private constructor(
    of: Pick<PostOffice, 'stand' | 'bank' | 'far' | 'mailAtOnce'>,
    closers: (() => Promise<unknown>)[],
  ) {
    this.stand = of.stand;
    this.bank = of.bank;
    this.far = of.far;
    this.mailAtOnce = of.mailAtOnce;
    this.#closers = closers;
  }

  static async open(): Promise<PostOffice> {
    const far: Far = { mood: 'well', sms: [], mails: [] };
    const starttls = await startSmtp(far, false);
    const atOnce = await startSmtp(far, true);
    const gateway = await startGateway(far);
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    const stand = await openStand([noticesNoun.notices], {
      mail: mailConfig(starttls),
      sms: { url, token: TOKEN },
    });
    const bank = await stand.inTenant((tx) =>
      banks.registerBank(stand.cloud, tx, { site: stand.site, name: 'North Lobby', layout: LAYOUT_24 }),
    );
    const runner: JobRunner = await startJobs(stand.cloud, [noticesNoun.notices]);
    const closeSmtp = ({ smtp }: typeof starttls) =>
      new Promise<void>((resolve) => smtp.close(() => resolve()));
    const mailAtOnce = { ...mailConfig(atOnce), tls: 'implicit' as const };
    return new PostOffice({ stand, bank, far, mailAtOnce }, [
      () => runner.stop(),
      () => stand.close(),
      async () => gateway.close(),
      () => closeSmtp(starttls),
      () => closeSmtp(atOnce),
    ]);
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }

  clear(): void {
    this.far.sms.length = 0;
    this.far.mails.length = 0;
    this.far.mood = 'well';
  }

  async addResident(email: string | null, phone: string | null): Promise<PersonId> {
    const { stand } = this;
    const person = { name: 'Ada Okafor', flat: '4B', email, phone, accessible: false, by: null };
    return await stand.inTenant((tx) => people.addResident(stand.cloud, tx, { site: stand.site, ...person }));
  }

  /** What a bank sends: the codes, sealed for the epoch that it holds. */
  async wishFor(what: NoticeWish['what'] = 'arrival', pin = PIN): Promise<NoticeWish> {
    const { stand, bank } = this;
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

  async wish(recipient: PersonId, wished?: NoticeWish): Promise<Wished> {
    const { stand, bank } = this;
    const of = {
      recipient,
      parcel: idFrom('parcel', systemRandom.bytes(16)),
      wish: wished ?? (await this.wishFor()),
    };
    const untilMs = stand.cloud.clock.nowMs() + 7 * DAY_MS;
    await stand.inTenant((tx) =>
      noticesNoun.wish(stand.cloud, tx, { ...of, bank, compartment: 12, untilMs }),
    );
    return of;
  }

  rowsOf = (parcel: ParcelId) => this.stand.inTenant((tx) => store.noticesOfParcel(tx, parcel));

  async settled(parcel: ParcelId): Promise<void> {
    await until('all notices ended', async () => {
      await this.runDue();
      return (await this.rowsOf(parcel)).every((row) => row.state === 'sent' || row.state === 'dead');
    });
  }

  /** Lets time pass until everything that waits is due, and has the engine look. */
  async passToNextTry(): Promise<void> {
    const { stand } = this;
    const { rows } = await stand.inTenant((tx) =>
      sql<{
        next: number | null;
      }>`select max(next_ms) as next from notices where state in ('queued', 'failed')`.execute(tx),
    );
    const byMs = Math.max(0, (rows[0]?.next ?? 0) - stand.cloud.clock.nowMs());
    stand.step(byMs);
    await this.runDue();
  }

  /** Has the engine take what is due by the stand's clock. */
  async runDue(): Promise<void> {
    const { stand } = this;
    await stand.inTenant(async (tx) => {
      // The engine goes by the database's clock, which nobody can move.
      await sql`update graphile_worker._private_jobs j set run_at = now() from notices n
        where j.payload ->> 'notice' = n.notice_id and n.next_ms <= ${stand.cloud.clock.nowMs()} and j.locked_at is null`.execute(
        tx,
      );
      await sql`select pg_notify('jobs:insert', '{"count":3}')`.execute(tx);
    });
  }
}

export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  withinMs = 90_000,
): Promise<void> {
  const endMs = systemClock.monotonicMs() + withinMs;
  while (!(await isTrue())) {
    assert.ok(systemClock.monotonicMs() < endMs, `not within ${withinMs} ms: ${what}`);
    await sleep(systemClock, 20);
  }
}
