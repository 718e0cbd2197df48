/**
 * Every sentence that leaves the house by SMS or mail. An SMS carries the PIN only; a mail the PIN and the
 * QR code; a sign-in mail a link and never a code. No message asks anybody for anything, so that one which
 * does is known to be false.
 */

/** What an arrival notice tells. */
export type Arrival = { bankName: string; compartment: number; untilMs: number; pin: string };
export type MailText = { subject: string; text: string; html: string };

/** The picture's name inside the mail (RFC 2392). */
export const QR_CONTENT_ID = 'pick-up-code@holdfast';

/** 123456789 as "123 456 789": the groups that the kiosk shows too. */
export function grouped(pin: string): string {
  return pin.replace(/(\d{3})(?=\d)/g, '$1 ');
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export function dayOf(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

function momentOf(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${dayOf(atMs)}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`;
}

/** Letters of the GSM 7-bit alphabet only (3GPP TS 23.038), so that it is one cheap message. */
export function arrivalSms({ bankName, pin, untilMs }: Arrival): string {
  return `Your parcel is at ${gsm(bankName)}. PIN ${grouped(pin)}, until ${dayOf(untilMs)}. Holdfast never asks you for it.`;
}

function gsm(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '');
  return plain
    .replaceAll(/[^A-Za-z0-9 .,:;'&()/+-]/g, '')
    .slice(0, 40)
    .trim();
}

/** A name is one line: what breaks lines or hides letters could add a sentence of its own, or a header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** What an operator's test of the roads sends: nothing of anybody, and nothing to do. */
export function testSms(): string {
  return 'A test of Holdfast by its operator. No parcel waits, and nothing has to be done.';
}

export function testMail(): MailText {
  const text = `${testSms()}\n\nWhoever reads this knows that notices reach this address.\n`;
  return { subject: 'A test of Holdfast', text, html: `<p>${testSms()}</p>` };
}

export function arrivalMail({ compartment, untilMs, pin, ...place }: Arrival): MailText {
  const until = momentOf(untilMs);
  const bankName = oneLine(place.bankName);
  const text = [
    'A parcel is waiting for you.',
    '',
    `Where: ${bankName}, door ${compartment}`,
    `Until: ${until}`,
    `PIN:   ${grouped(pin)}`,
    '',
    'At the kiosk show the QR code of this message to the scanner, or type the PIN.',
    'The code works once. Whoever has it can collect the parcel, so keep it to yourself; nobody of Holdfast or of the building asks you for it.',
    '',
  ].join('\n');
  const body = `
<h1 style="font-size:22px;margin:0 0 16px">A parcel is waiting for you</h1>
<table role="presentation" style="border-collapse:collapse;font-size:16px">
<tr><td style="padding:4px 16px 4px 0;color:#444">Where</td><td style="padding:4px 0"><strong>${escaped(bankName)}</strong>, door <strong>${compartment}</strong></td></tr>
<tr><td style="padding:4px 16px 4px 0;color:#444">Until</td><td style="padding:4px 0">${until}</td></tr>
</table>
<p style="margin:24px 0 4px;color:#444">Your PIN</p>
<p style="margin:0 0 16px;font-size:32px;font-weight:bold;letter-spacing:2px;font-family:monospace">${grouped(pin)}</p>
<img src="cid:${QR_CONTENT_ID}" width="240" height="240" alt="QR code for the kiosk's scanner. The PIN above does the same.">
<p style="margin:16px 0">At the kiosk show the QR code to the scanner, or type the PIN.</p>
<p style="margin:16px 0;color:#444">The code works once. Whoever has it can collect the parcel, so keep it to yourself; nobody of Holdfast or of the building asks you for it.</p>`;
  return {
    subject: `A parcel is waiting for you at ${bankName}`,
    text,
    html: page('A parcel is waiting for you', body),
  };
}

/** What a reminder tells, and what is told at the end: never a code, because ours is forgotten by then. */
export type PlaceTold = Omit<Arrival, 'pin'>;

export function reminderSms({ bankName, untilMs }: PlaceTold): string {
  return `Your parcel still waits at ${gsm(bankName)}, until ${dayOf(untilMs)}. Use the code of our first message. Just collected? Ignore this.`;
}

export function reminderMail(place: PlaceTold): MailText {
  return placeMail('Your parcel still waits', place, [
    'Use the code of our first message. We do not keep codes, so this message has none.',
    'After that time staff keep the parcel for you. If you have just collected it, ignore this message.',
  ]);
}

export function expirySms({ bankName }: PlaceTold): string {
  return `The time to collect your parcel at ${gsm(bankName)} is over. Staff keep it for you; its code opens nothing any more. Ask them for it.`;
}

export function expiryMail(place: PlaceTold): MailText {
  return placeMail('Staff keep your parcel', place, [
    'The time to collect it is over, and its code opens nothing any more.',
    'It is not lost: staff keep it for you. Ask them for it, and bring something that shows who you are.',
  ]);
}

function placeMail(title: string, place: PlaceTold, sentences: readonly string[]): MailText {
  const bankName = oneLine(place.bankName);
  const rows = [
    ['Where', `${bankName}, door ${place.compartment}`],
    ['Until', momentOf(place.untilMs)],
  ];
  const text = [
    `${title}.`,
    '',
    ...rows.map(([name, value]) => `${name}: ${value}`),
    '',
    ...sentences,
    '',
  ].join('\n');
  const cells = rows.map(
    ([name, value = '']) =>
      `<tr><td style="padding:4px 16px 4px 0;color:#444">${name}</td><td style="padding:4px 0">${escaped(value)}</td></tr>`,
  );
  const body = `
<h1 style="font-size:22px;margin:0 0 16px">${title}</h1>
<table role="presentation" style="border-collapse:collapse;font-size:16px">
${cells.join('\n')}
</table>
${sentences.map((sentence) => `<p style="margin:16px 0">${sentence}</p>`).join('\n')}`;
  return { subject: `${title}: ${bankName}`, text, html: page(title, body) };
}

const APP_NAMES = { resident: 'resident', courier: 'courier' } as const;

export function signInMail({
  app,
  url,
  minutes,
}: {
  app: keyof typeof APP_NAMES;
  url: string;
  minutes: number;
}): MailText {
  const rules = `The link works once, for ${minutes} minutes, in the browser where you open it.`;
  const notYou = 'If you did not ask for it, do nothing: without the link nobody gets in.';
  const text = [`Sign in to the Holdfast ${APP_NAMES[app]} app:`, '', url, '', rules, notYou, ''].join('\n');
  const body = `
<h1 style="font-size:22px;margin:0 0 16px">Sign in to Holdfast</h1>
<p style="margin:0 0 24px"><a href="${escaped(url)}" style="display:inline-block;padding:12px 20px;background:#0b3d91;color:#ffffff;border-radius:6px;text-decoration:none;font-size:16px">Sign in to the ${APP_NAMES[app]} app</a></p>
<p style="margin:16px 0;color:#444">${rules}</p>
<p style="margin:16px 0;color:#444">${notYou}</p>`;
  return { subject: 'Sign in to Holdfast', text, html: page('Sign in to Holdfast', body) };
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head>
<body style="margin:0;padding:24px;background:#ffffff;color:#111111;font-family:Arial,Helvetica,sans-serif;line-height:1.5">${body}
</body></html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
