/**
 * The two roads out: the SMS gateway (contract/sms.ts) and a mail server over TLS 1.3. A failure becomes a
 * short word that may stand in a table and on a screen; what the far side said may quote an address, and
 * is dropped.
 */
import { createTransport } from 'nodemailer';
import { toBuffer } from 'qrcode';
import { smsAccepted } from '../../contract/sms.ts';
import { clientTls } from '../../crypto/tls.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { type MailText, QR_CONTENT_ID } from './texts.ts';

export type SmsConfig = { url: string; token: string };
export type MailConfig = {
  host: string;
  port: number;
  user: string;
  password: string;
  caPem: string;
  from: string;
};

const TIMEOUT_MS = 10_000;

/** A sending that did not work. `word` is what is kept of the reason. */
export class NotSent extends HoldfastError {
  readonly word: string;
  constructor(word: string, cause?: unknown) {
    super('upstream', `The message was not taken: ${word}.`, cause === undefined ? {} : { cause });
    this.word = word;
  }
}

export type Sms = { to: string; text: string; reference: string };

export async function sendSms(config: SmsConfig, clock: Clock, message: Sms): Promise<void> {
  const late = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => late.abort());
  try {
    await postSms(config, message, late.signal);
  } finally {
    cancel();
  }
}

async function postSms(config: SmsConfig, message: Sms, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${config.url}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${config.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(message),
    redirect: 'error',
    signal,
  }).catch((cause: unknown) => {
    throw new NotSent('the SMS gateway did not answer', cause);
  });
  if (answer.status !== 202) throw new NotSent(`the SMS gateway answered ${answer.status}`);
  // A body that is no JSON confirms nothing, which is what the check says.
  const accepted = smsAccepted.safeParse(await answer.json().catch(() => null));
  if (accepted.data?.reference !== message.reference)
    throw new NotSent('the SMS gateway confirmed another message');
}

export type Mail = MailText & {
  to: string;
  /** Stays the same over tries, so that a mail server or reader can drop the second copy. */
  reference: string;
  /** What the QR code says, where the mail has one. */
  qr: string | null;
};

export async function sendMail(config: MailConfig, mail: Mail): Promise<void> {
  const transport = createTransport({
    host: config.host,
    port: config.port,
    secure: false,
    requireTLS: true,
    tls: { ...clientTls, ca: config.caPem },
    auth: { user: config.user, pass: config.password },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const attachments =
    mail.qr === null
      ? []
      : [
          {
            filename: 'pick-up-code.png',
            content: await qrPng(mail.qr),
            cid: QR_CONTENT_ID,
            contentDisposition: 'inline' as const,
          },
        ];
  try {
    await transport.sendMail({
      from: config.from,
      // As one address and never as a list, whatever stands in it.
      to: { name: '', address: mail.to },
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      attachments,
      messageId: `<${mail.reference}@holdfast>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (cause) {
    throw new NotSent(wordFor(cause), cause);
  } finally {
    transport.close();
  }
}

function wordFor(cause: unknown): string {
  const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown };
  if (typeof responseCode === 'number') return `the mail server answered ${responseCode}`;
  if (code === 'EAUTH') return 'the mail server refused the account';
  if (code === 'ETLS' || code === 'ESOCKET') return 'the mail server was not reached over TLS 1.3';
  return 'the mail server did not answer';
}

/** Level Q (25 per cent) forgives a scratched screen; the quiet zone of ISO/IEC 18004 is four modules. */
async function qrPng(text: string): Promise<Buffer> {
  return await toBuffer(text, { errorCorrectionLevel: 'Q', margin: 4, width: 480, type: 'png' });
}
