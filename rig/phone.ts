/**
 * The phone's mail: an SMTP server for everyone in the demonstration. It offers STARTTLS, takes a
 * password only inside TLS, and takes mail only after the password.
 */
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import {
  SMTPServer,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server';
import { serverTls } from '../src/crypto/tls.ts';
import type { Log } from '../src/platform/log.ts';
import type { Carriers } from './carriers.ts';
import { LOOPBACK, type RigConfig } from './config.ts';
import { cannotListen } from './loopback.ts';
import type { MessageBox } from './messages.ts';
import { qrIn } from './qr.ts';
import { sameSecret } from './secret.ts';

export type MailDeps = {
  config: Pick<RigConfig, 'smtpPort' | 'smtpUser' | 'smtpPassword' | 'smtpCertificatePem' | 'smtpKeyPem'>;
  box: MessageBox;
  carriers: Carriers;
  log: Log;
};

export type MailServer = { port: number; stop(): Promise<void> };

const MESSAGE_BYTES_MAX = 2_000_000;
const RECIPIENTS_MAX = 20;
const CLIENTS_MAX = 32;
const IDLE_MS = 30_000;
const CLOSE_MS = 500;

const DATA_IMAGE = /data:image\/[a-z.+-]+;base64,[A-Za-z0-9+/=]+/g;

export async function startMail(deps: MailDeps): Promise<MailServer> {
  const { config, log } = deps;
  const server = new SMTPServer(optionsOf(deps));
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(cannotListen({ what: 'The mail server', port: config.smtpPort }, cause)),
    );
    server.listen({ port: config.smtpPort, host: LOOPBACK }, () => {
      resolve((server.server.address() as AddressInfo).port);
    });
  });
  // A client that breaks off, or that does not trust the certificate, is no reason to stop.
  server.on('error', (error) => log.warn('mail connection failed', { error: error.name }));
  return { port, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

function optionsOf({ config, box, carriers, log }: MailDeps): SMTPServerOptions {
  return {
    name: 'phone.localhost',
    secure: false,
    key: config.smtpKeyPem,
    cert: config.smtpCertificatePem,
    ...serverTls,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: false,
    allowInsecureAuth: false,
    disableReverseLookup: true,
    size: MESSAGE_BYTES_MAX,
    maxClients: CLIENTS_MAX,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_MS,
    onConnect(_session, callback) {
      callback(carriers.mail === 'up' ? null : refusal(421, '4.3.2 Mail is down; try again later'));
    },
    onAuth(presented, _session, callback) {
      const user = sameSecret(presented.username ?? '', config.smtpUser);
      const password = sameSecret(presented.password ?? '', config.smtpPassword);
      if (user && password) callback(null, { user: config.smtpUser });
      else callback(refusal(535, '5.7.8 The user name or the password is wrong'));
    },
    onMailFrom(_address, _session, callback) {
      callback(carriers.mail === 'up' ? null : refusal(451, '4.3.2 Mail is down; try again later'));
    },
    onRcptTo(_address, session, callback) {
      const full = session.envelope.rcptTo.length >= RECIPIENTS_MAX;
      callback(full ? refusal(452, '4.5.3 Too many recipients') : null);
    },
    onData(stream, session, callback) {
      keep(stream, session, box).then(
        (refused) => callback(refused),
        (error: unknown) => {
          log.error('mail not kept', { error: error instanceof Error ? error.name : 'unknown' });
          callback(refusal(451, '4.3.0 The message could not be kept'));
        },
      );
    },
  };
}

/** Each recipient has a copy of their own: on a real phone they would be different phones. */
async function keep(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  box: MessageBox,
): Promise<Error | null> {
  const mail = await simpleParser(stream);
  if (stream.sizeExceeded) return refusal(552, '5.3.4 The message is too large');
  const images = imagesIn(mail);
  const common = {
    channel: 'email' as const,
    from: mail.from?.text ?? (session.envelope.mailFrom ? session.envelope.mailFrom.address : ''),
    subject: mail.subject ?? null,
    text: mail.text ?? '',
    html: mail.html || null,
    images,
    qr: qrIn(images),
    reference: null,
  };
  for (const { address } of session.envelope.rcptTo) await box.receive({ ...common, to: address });
  return null;
}

/** Pictures come as parts that the HTML refers to, or as data inside it; once each, in order. */
function imagesIn(mail: ParsedMail): string[] {
  const parts = mail.attachments
    .filter((part) => part.contentType.startsWith('image/'))
    .map((part) => `data:${part.contentType};base64,${part.content.toString('base64')}`);
  const inHtml = (mail.html || '').match(DATA_IMAGE) ?? [];
  return [...new Set([...parts, ...inHtml])];
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
