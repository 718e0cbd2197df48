/** The two roads out, walked step by step against real servers: what works, and each way in which it does not. */
import assert from 'node:assert/strict';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, test } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { smsSend } from '../../contract/sms.ts';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { serverTls } from '../../crypto/tls.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import type { MailConfig } from './carriers.ts';
import { checkMail, checkSms } from './roads.ts';

const PASSWORD = 'mail-password';
const TOKEN = 'the-gateway-token';
const closers: (() => void)[] = [];
const mails: ParsedMail[] = [];
after(() => {
  for (const close of closers) close();
});

async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
}): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function certificate(...hosts: string[]): Promise<{ key: string; cert: string }> {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const cert = await selfSignedServer({
    ...{ commonName: 'mail', privateKey, hosts, serial: systemRandom.bytes(8) },
    ...{ notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 3_600_000 },
  });
  return { key: privateKeyPem(privateKey), cert };
}

/** A mail server as providers run them, and the configuration that fits it. */
async function mailServer(
  change: SMTPServerOptions = {},
  hosts = ['127.0.0.1', 'localhost'],
): Promise<MailConfig> {
  const tls = await certificate(...hosts);
  const smtp = new SMTPServer({
    ...{ ...serverTls, ...tls, authMethods: ['PLAIN'] },
    onAuth: (auth, session, done) =>
      session.secure && auth.password === PASSWORD ? done(null, { user: 'u' }) : done(new Error('not you')),
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        mails.push(mail);
        done(null, 'kept as 4711');
      }, done);
    },
    ...change,
  });
  // A client that does not like what it sees hangs up, which is what several of these tests are about.
  smtp.on('error', () => undefined);
  await listen(smtp);
  closers.push(() => smtp.close());
  return {
    ...{
      host: 'localhost',
      port: portOf(smtp.server),
      tls: change.secure === true ? 'implicit' : 'starttls',
    },
    ...{ user: 'u', password: PASSWORD, caPem: tls.cert, from: 'Holdfast <lockers@example.org>' },
  };
}

type Said = { ok: boolean; lines: string[]; text: string };

async function walked(road: (deps: Parameters<typeof checkMail>[2]) => Promise<boolean>): Promise<Said> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const ok = await road({ clock: systemClock, random: systemRandom, say, timeoutMs: 4000 });
  return { ok, lines, text: lines.join('\n') };
}
const mail = (config: MailConfig, to = 'ada@example.org') => walked((deps) => checkMail(config, to, deps));

/** The steps that worked, then the one that did not, with what to do. */
async function stops(
  config: MailConfig,
  steps: readonly string[],
  seen: RegExp,
  todo: RegExp,
): Promise<void> {
  const { ok, lines, text } = await mail(config);
  assert.equal(ok, false, text);
  assert.deepEqual(
    lines.slice(0, -1).map((line) => line.slice(5, 15).trim()),
    steps,
  );
  assert.match(lines.at(-2) ?? '', seen);
  assert.match(lines.at(-1) ?? '', todo);
  assert.ok(!text.includes(PASSWORD), text);
}

test('a mail server that is right is walked to its yes, by STARTTLS and by TLS at once', async () => {
  for (const secure of [false, true]) {
    mails.length = 0;
    const { ok, lines, text } = await mail(await mailServer({ secure }));
    assert.equal(ok, true, text);
    assert.match(lines[0] ?? '', /^mail DNS {7}localhost is .*127\.0\.0\.1/);
    assert.match(lines[1] ?? '', /^mail connect {3}port \d+ of \S+ answers$/);
    assert.match(
      lines[2] ?? '',
      secure ? /TLSv1\.3 \(implicit\).*localhost/ : /TLSv1\.3 \(starttls\).*localhost/,
    );
    assert.match(lines[3] ?? '', /^mail sign-in {3}u was let in$/);
    assert.match(
      lines[4] ?? '',
      /^mail accepted {2}250 kept as 4711\. Look into the mailbox of ada@example\.org/,
    );
    assert.equal(lines.length, 5);
    const [sent, ...more] = mails;
    assert.equal(more.length, 0, 'one notice');
    assert.match(sent?.text ?? '', /^A test of Holdfast by its operator\. No parcel waits/);
  }
});

test('each way in which a mail server is not reached, not believed or not willing is told apart', async () => {
  const good = await mailServer();
  const dns = { ...good, host: 'mail.invalid' };
  await stops(dns, ['DNS'], /mail\.invalid has no address \(E\w+\)/, /mend mail\.host/);
  const closed = createServer();
  await listen(closed);
  const port = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
  await stops({ ...good, port }, ['DNS', 'connect'], /ECONNREFUSED/, /let this machine reach port/);
  const wrong = { ...good, password: 'another' };
  await stops(wrong, ['DNS', 'connect', 'TLS', 'sign-in'], /NO: 535/, /mend mail\.user and mail\.password/);
  const { caPem: _, ...noAuthority } = good;
  await stops(noAuthority, ['DNS', 'connect', 'TLS'], /the certificate is not believed/, /mail\.caPem/);
  const plain = await mailServer({ disabledCommands: ['STARTTLS'] });
  await stops(plain, ['DNS', 'connect', 'TLS'], /NO: no STARTTLS: 5\d\d/, /Without TLS nothing is sent/);
  const other = await mailServer({}, ['mail.example.org']);
  await stops(
    other,
    ['DNS', 'connect', 'TLS'],
    /is for .*mail\.example\.org.*, not for localhost/,
    /into mail\.host/,
  );
  const old = await mailServer({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT' });
  await stops(old, ['DNS', 'connect', 'TLS'], /NO: /, /has to speak TLS 1\.3/);
});

test('a mail server that refuses the sender, the recipient or the message is told apart', async () => {
  const no = (text: string) => Object.assign(new Error(text), { responseCode: 550 });
  const before = ['DNS', 'connect', 'TLS', 'sign-in'];
  const recipient = await mailServer({
    onRcptTo: (_address, _session, done) => done(no('nobody of that name')),
  });
  await stops(recipient, [...before, 'recipient'], /NO: 550 nobody of that name/, /is the address right/);
  const sender = await mailServer({ onMailFrom: (_address, _session, done) => done(no('not as them')) });
  await stops(sender, [...before, 'sender'], /NO: 550 not as them/, /mail\.from/);
  const full = await mailServer({
    onData(stream, _session, done) {
      stream.resume().on('end', () => done(no('over quota\u001b[2J')));
    },
  });
  await stops(full, [...before, 'accepted'], /NO: 550 over quota \[2J$/, /its log has the same answer/);
});

test('a server that takes the connection and says nothing is given up, with the ports of the two kinds of TLS', async () => {
  const silent = createServer(() => undefined);
  await listen(silent);
  closers.push(() => silent.close());
  const good = await mailServer();
  await stops({ ...good, port: portOf(silent) }, ['DNS', 'connect', 'greeting'], /said nothing/, /465/);
});

test('an SMS gateway is walked to its yes, and its no is told with what to do', async () => {
  let status = 202;
  const sent: string[] = [];
  const gateway = createHttp((request, answer) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      const { reference, to, text } = smsSend.parse(JSON.parse(body));
      sent.push(`${to} ${text}`);
      const right = request.headers.authorization === `Bearer ${TOKEN}`;
      answer.writeHead(right ? status : 401, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ id: '1', reference }));
    });
  });
  await listen(gateway);
  closers.push(() => gateway.close());
  const config = { url: `http://127.0.0.1:${portOf(gateway)}`, token: TOKEN };
  const sms = (given = config) => walked((deps) => checkSms(given, '+12125550111', deps));
  const good = await sms();
  assert.equal(good.ok, true, good.text);
  assert.match(good.text, /^sms {2}accepted {2}202/m);
  assert.match(sent[0] ?? '', /^\+12125550111 A test of Holdfast by its operator/);
  const token = await sms({ ...config, token: 'another-token-of-them' });
  assert.equal(token.ok, false);
  assert.match(token.text, /NO: the SMS gateway answered 401\n +do: mend sms\.token$/);
  assert.ok(!token.text.includes('another-token'));
  status = 404;
  assert.match((await sms()).text, /NO: the SMS gateway answered 404\n +do: compare sms\.url/);
  const clear = { ...config, url: config.url.replace('http:', 'https:') };
  const plain = await sms(clear);
  assert.equal(plain.ok, false);
  assert.match(plain.text, /^sms {2}TLS {7}NO: /m);
});

test('what is no address or number is refused before anything is dialled', async () => {
  const good = await mailServer();
  const refused = (error: unknown) => error instanceof HoldfastError && error.code === 'input-invalid';
  for (const to of [
    'ada',
    'ada@example.org, eve@example.org',
    'ada@example.org\r\nRCPT TO:<eve@example.org>',
  ])
    await assert.rejects(mail(good, to), refused);
  const sms = { url: 'https://127.0.0.1:1', token: TOKEN };
  for (const to of ['0123', '+12', 'ada@example.org'])
    await assert.rejects(
      walked((deps) => checkSms(sms, to, deps)),
      refused,
    );
});
