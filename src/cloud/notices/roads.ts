/**
 * `holdfast cloud check --mail ADDRESS --sms NUMBER`: walks the two roads out step by step, before the first parcel does,
 * and says of each step what was seen or what to do. What is sent says nothing of anybody but the address that was given.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate, TLSSocket, connect as tlsConnect } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { z } from 'zod';
import { smsSend } from '../../contract/sms.ts';
import { hex } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';
import {
  type MailConfig,
  mailRoad,
  NotSent,
  type SmsConfig,
  sendMail,
  sendSms,
  TIMEOUT_MS,
} from './carriers.ts';
import { testMail, testSms } from './texts.ts';

export type RoadDeps = { clock: Clock; random: Random; say(line: string): void; timeoutMs?: number };

/** A step that did not work: what was seen, and what somebody can do about it. */
class Stopped extends Error {
  readonly step: string;
  readonly advice: string;
  constructor(step: string, seen: string, advice: string) {
    super(seen);
    this.step = step;
    this.advice = advice;
  }
}

type Of = { host: string; port: number; road: string; deps: RoadDeps };

/** True when the message was accepted. */
export async function checkMail(config: MailConfig, to: string, deps: RoadDeps): Promise<boolean> {
  if (!z.email().safeParse(to).success)
    throw wrong(`--mail takes an address like you@example.org, not ${to}`);
  const of = { host: config.host, port: config.port, road: 'mail', deps };
  return await walk(of, async (step) => {
    const socket = await reach(of, step);
    await signIn(config, { socket, step, timeoutMs: deps.timeoutMs ?? TIMEOUT_MS });
    const reference = `test_${hex(deps.random.bytes(16))}`;
    const answer = await sendMail(config, deps.clock, { ...testMail(), to, reference, qr: null }).catch(
      (error: unknown) => {
        throw mailRefused(error);
      },
    );
    step('accepted', `${printable(answer)}. Look into the mailbox of ${to}, and into its spam folder`);
  });
}

export async function checkSms(config: SmsConfig, to: string, deps: RoadDeps): Promise<boolean> {
  if (!smsSend.shape.to.safeParse(to).success)
    throw wrong(`--sms takes a number like +12125550111, not ${to}`);
  const url = new URL(config.url);
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const of = { host, port: Number(url.port || (isTls ? 443 : 80)), road: 'sms', deps };
  return await walk(of, async (step) => {
    const socket = await reach(of, step);
    if (isTls) await shakeHands(of, socket, step);
    else
      step('TLS', 'none: a gateway of this machine itself, which only a developer’s configuration may name');
    socket.destroy();
    const reference = `test_${hex(deps.random.bytes(16))}`;
    await sendSms(config, deps.clock, { to, text: testSms(), reference }).catch((error: unknown) => {
      throw smsRefused(error);
    });
    step('accepted', `202 for our reference. Look at the phone of ${to}`);
  });
}

type Step = (name: string, seen: string) => void;

async function walk({ road, deps }: Of, steps: (step: Step) => Promise<void>): Promise<boolean> {
  const line: Step = (name, seen) => deps.say(`${road.padEnd(5)}${name.padEnd(10)}${seen}`);
  try {
    await steps(line);
    return true;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    line(error.step, `NO: ${error.message}`);
    deps.say(`${''.padEnd(15)}do: ${error.advice}`);
    return false;
  }
}

/** The name, and a connection to the first of its addresses that takes one. */
async function reach({ host, port, road, deps }: Of, step: Step): Promise<Socket> {
  const key = road === 'mail' ? 'mail.host' : 'sms.url';
  const found = await lookup(host, { all: true }).catch((error: unknown) => {
    throw new Stopped(
      'DNS',
      `${host} has no address (${codeOf(error)})`,
      `mend ${key} in the configuration, or the resolver of this machine`,
    );
  });
  step('DNS', `${host} is ${found.map(({ address }) => address).join(', ')}`);
  const socket = connect({ host, port });
  const advice = `mend ${key} and the port, and let this machine reach port ${port} of ${host} (firewall, provider: many block port 25)`;
  await until(socket, { event: 'connect', ms: deps.timeoutMs ?? TIMEOUT_MS }).catch((error: unknown) => {
    socket.destroy();
    throw new Stopped('connect', `port ${port}: ${codeOf(error)}`, advice);
  });
  step('connect', `port ${port} of ${socket.remoteAddress} answers`);
  return socket;
}

function until(socket: Socket, { event, ms }: { event: string; ms: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(ms, () => reject(Object.assign(new Error('late'), { code: `nothing for ${ms} ms` })));
    socket.once('error', reject);
    socket.once(event, () => {
      socket.setTimeout(0);
      resolve();
    });
  });
}

/** Greeting, TLS and sign-in by the library and the settings by which notices go; then it says good-bye. */
async function signIn(
  config: MailConfig,
  { socket, step, timeoutMs }: { socket: Socket; step: Step; timeoutMs: number },
): Promise<void> {
  const seen: { certificate?: PeerCertificate } = {};
  const road = mailRoad(config);
  const smtp = new SMTPConnection({
    ...road,
    ...{
      connection: socket,
      greetingTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    },
    tls: {
      ...road.tls,
      checkServerIdentity(host, certificate) {
        seen.certificate = certificate;
        return checkServerIdentity(host, certificate);
      },
    },
  });
  // One answer a step: what comes after it, as a connection that ends, is no news.
  const asked = (call: (done: (error?: unknown) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      smtp.once('error', reject);
      call((error) => (error ? reject(error) : resolve()));
    });
  try {
    await asked((done) => smtp.connect(done)).catch((error: unknown) => {
      throw tlsRefused(error, { config, certificate: seen.certificate });
    });
    const tls = smtp._socket instanceof TLSSocket ? smtp._socket.getProtocol() : null;
    step('TLS', `${tls ?? 'none'} (${config.tls}), the certificate is for ${namesOf(seen.certificate)}`);
    await asked((done) => smtp.login({ user: config.user, pass: config.password }, done)).catch(
      (error: unknown) => {
        throw new Stopped(
          'sign-in',
          answerOf(error),
          'mend mail.user and mail.password; some providers want a password made for programs',
        );
      },
    );
    step('sign-in', `${printable(config.user)} was let in`);
    smtp.quit();
  } finally {
    smtp.close();
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|HOSTNAME/;

function tlsRefused(
  error: unknown,
  of: { config: MailConfig; certificate: PeerCertificate | undefined },
): Stopped {
  const { config, certificate } = of;
  const { code, command, response, message = '' } = error as Record<string, string | undefined>;
  const codes = `${code} ${codeOf((error as Error).cause)} ${message}`;
  if (code === 'ETIMEDOUT' && command === 'CONN')
    return new Stopped(
      'greeting',
      'it took the connection and said nothing',
      `is this an SMTP port that speaks ${config.tls}? A port of “implicit” TLS (465) is silent to “starttls” (587), and the other way round`,
    );
  if (command === 'STARTTLS' && response !== undefined)
    return new Stopped(
      'TLS',
      `no STARTTLS: ${printable(response)}`,
      'use a port that offers TLS: mail.port 587 with “starttls”, or 465 with “implicit”. Without TLS nothing is sent, the password least of all',
    );
  if (/altname|does not match/i.test(message))
    return new Stopped(
      'TLS',
      `the certificate is for ${namesOf(certificate)}, not for ${config.host}`,
      'put the name in the certificate into mail.host',
    );
  if (CERTIFICATE.test(codes) || /certificate|self.signed/i.test(message))
    return new Stopped(
      'TLS',
      `the certificate is not believed: ${printable(message)}`,
      'where the mail server has an authority of its own, put its certificate into mail.caPem; where it has run out, renew it',
    );
  if (code === 'ETLS' || code === 'ESOCKET')
    return new Stopped(
      'TLS',
      printable(message),
      'the mail server has to speak TLS 1.3 with TLS_AES_256_GCM_SHA384; also see whether mail.tls fits the port',
    );
  return new Stopped(
    'greeting',
    response === undefined ? printable(message) : printable(response),
    'ask whoever runs the mail server why it turns this machine away',
  );
}

function mailRefused(error: unknown): unknown {
  if (!(error instanceof NotSent)) return error;
  const { command, response } = error.cause as Record<string, string | undefined>;
  const seen = response === undefined ? error.word : printable(response);
  if (command === 'RCPT TO')
    return new Stopped(
      'recipient',
      seen,
      'is the address right? If so, the account may not send to it: ask whoever runs the mail server',
    );
  if (command === 'MAIL FROM')
    return new Stopped('sender', seen, 'put an address into mail.from that this account may send as');
  return new Stopped('accepted', seen, 'ask whoever runs the mail server; its log has the same answer');
}

function smsRefused(error: unknown): unknown {
  if (!(error instanceof NotSent)) return error;
  const advice = /answered (401|403)/.test(error.word)
    ? 'mend sms.token'
    : 'compare sms.url and what stands behind it with src/contract/sms.ts: POST /messages, 202 with { id, reference }';
  return new Stopped('accepted', error.word, advice);
}

async function shakeHands({ host, deps }: Of, socket: Socket, step: Step): Promise<void> {
  // An address is no name that a client may ask for (RFC 6066, section 3).
  const tls = tlsConnect({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
  await until(tls, { event: 'secureConnect', ms: deps.timeoutMs ?? TIMEOUT_MS }).catch((error: unknown) => {
    socket.destroy();
    throw new Stopped(
      'TLS',
      `${codeOf(error)}: ${printable((error as Error).message)}`,
      'the gateway needs a certificate for the name in sms.url, of an authority that Node trusts',
    );
  });
  step('TLS', `${tls.getProtocol()}, the certificate is for ${namesOf(tls.getPeerCertificate())}`);
  tls.destroy();
}

function namesOf(certificate: PeerCertificate | undefined): string {
  const names = certificate?.subjectaltname ?? certificate?.subject?.CN;
  return printable(Array.isArray(names) ? names.join(', ') : (names ?? 'nobody'));
}

const codeOf = (error: unknown): string =>
  String((error as { code?: unknown } | undefined)?.code ?? 'no reason');

function answerOf(error: unknown): string {
  const { response, message } = error as { response?: string; message: string };
  return printable(response ?? message);
}

/** What a far side says stands on a terminal: one line, and nothing that a terminal obeys. */
function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 300);
}

const wrong = (sentence: string) => new HoldfastError('input-invalid', sentence);
