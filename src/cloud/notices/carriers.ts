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
  /** TLS from the first byte (RFC 8314 section 3), or by STARTTLS (RFC 3207) before anything else is said. */
  tls: 'starttls' | 'implicit';
  user: string;
  password: string;
  caPem?: string | undefined;
  from: string;
};

export const TIMEOUT_MS = 10_000;
/**
 * For a whole mail. The library's own times are between one byte and the next, so a server that dribbles would hold a
 * sender for ever. Far below the time after which the engine of jobs takes a sender for lost, or a mail would go twice.
 */
export const MAIL_MS_MAX = 60_000;

/**
 * A sending that did not work. `word` is what is kept of the reason. `final`: the far side says that this
 * message to this address will never be taken, so asking again is no use (RFC 5321 section 4.2.1).
 */
export class NotSent extends HoldfastError {
  readonly word: string;
  readonly final: boolean;
  constructor(word: string, of: { cause?: unknown; final?: boolean } = {}) {
    super(
      'upstream',
      `The message was not taken: ${word}.`,
      of.cause === undefined ? {} : { cause: of.cause },
    );
    this.word = word;
    this.final = of.final ?? false;
  }
}

/** Answers that speak of the message; others speak of the account, the load or the gateway (RFC 9110). */
const SMS_FINAL: readonly number[] = [400, 410, 413, 422];

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
    throw new NotSent('the SMS gateway did not answer', { cause });
  });
  if (answer.status !== 202)
    throw new NotSent(`the SMS gateway answered ${answer.status}`, {
      final: SMS_FINAL.includes(answer.status),
    });
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

/** How a mail server is reached. */
export function mailRoad(config: MailConfig) {
  return {
    host: config.host,
    port: config.port,
    secure: config.tls === 'implicit',
    // Without the far side's STARTTLS nothing is sent, the account's password least of all.
    requireTLS: true,
    tls: { ...clientTls, ...(config.caPem !== undefined && { ca: config.caPem }) },
  };
}

/** Gives back what the mail server answered. */
export async function sendMail(config: MailConfig, clock: Clock, mail: Mail): Promise<string> {
  const transport = createTransport({
    ...mailRoad(config),
    auth: { user: config.user, pass: config.password },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What is closed is gone at once: a far side that says no good-bye would keep the socket.
    socketCloseTimeout: 0,
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
  const late = new AbortController();
  const cancel = clock.after(MAIL_MS_MAX, () => late.abort());
  try {
    const sent = await transport.sendMail({
      from: config.from,
      // As one address and never as a list, whatever stands in it.
      to: { name: '', address: mail.to },
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      attachments,
      messageId: `<${mail.reference}@holdfast>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: late.signal,
    });
    return sent.response;
  } catch (cause) {
    throw new NotSent(wordFor(cause), { cause, final: isFinal(cause) });
  } finally {
    cancel();
    transport.close();
  }
}

/** A permanent answer to the recipient or to the message; one to the sender or the account is ours to mend. */
function isFinal(cause: unknown): boolean {
  const { command, responseCode } = cause as { command?: unknown; responseCode?: unknown };
  const ofMessage = command === 'RCPT TO' || command === 'DATA';
  return ofMessage && typeof responseCode === 'number' && responseCode >= 500;
}

function wordFor(cause: unknown): string {
  const { name, code, responseCode } = cause as { name?: unknown; code?: unknown; responseCode?: unknown };
  if (name === 'AbortError') return 'the mail server took too long';
  // A server that does not take STARTTLS says so with a number; what matters is that nothing was sent in clear.
  if (code === 'ETLS') return 'the mail server was not reached over TLS 1.3';
  if (typeof responseCode === 'number') return `the mail server answered ${responseCode}`;
  if (code === 'EAUTH') return 'the mail server refused the account';
  if (code === 'ESOCKET') return 'the mail server was not reached over TLS 1.3';
  return 'the mail server did not answer';
}

/** Level Q (25 per cent) forgives a scratched screen; the quiet zone of ISO/IEC 18004 is four modules. */
async function qrPng(text: string): Promise<Buffer> {
  return await toBuffer(text, { errorCorrectionLevel: 'Q', margin: 4, width: 480, type: 'png' });
}
