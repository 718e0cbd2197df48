/**
 * The claim of an order, for the person who carries it out: in the terminal, and as a slip to print. Whoever
 * has the claim opens that one door, so a slip is a file of its owner's, and names no person.
 */
import { toString as qrString } from 'qrcode';
import { utf8 } from '../crypto/bytes.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Order } from '../domain/order.ts';
import { writeDurable } from '../platform/durable.ts';

export type Slip = { claim: string; order: Order; bankName: string };

export async function showClaim({ claim, order }: Slip): Promise<string> {
  const qr = await qrString(claim, { type: 'terminal', small: true, errorCorrectionLevel: 'M' });
  return `\nclaim ${claim}\n${qr}\nWhoever shows this claim at the kiosk of ${order.bank} does what the order says. It goes to nobody else: not to the cloud, not by mail.\n`;
}

/** An SVG or an HTML page, by the ending of its name; mode 0600. */
export async function writeSlip(path: string, slip: Slip): Promise<void> {
  const isSvg = path.endsWith('.svg');
  if (!isSvg && !path.endsWith('.html'))
    throw new HoldfastError('input-invalid', `a slip is FILE.svg or FILE.html, not ${path}`);
  const svg = await slipSvg(slip);
  writeDurable(path, utf8(isSvg ? svg : slipPage(svg)), 0o600);
  process.stdout.write(`slip written to ${path} (print it, then remove it)\n`);
}

const WIDTH = 480;
const QR_SIDE = 280;

async function slipSvg({ claim, order, bankName }: Slip): Promise<string> {
  const { act } = order;
  const rows = [
    ['Bank', bankName],
    ...('compartment' in act ? [['Door', String(act.compartment)]] : []),
    ['Order', act.do],
    ['Why', order.purpose],
    ['Until', `${new Date(order.untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`],
  ];
  const lines = rows.flatMap(([name = '', value = '']) =>
    wrapped(value).map((part, index) => ({ name: index === 0 ? name : '', part })),
  );
  const top = 60 + lines.length * 26;
  // The picture of the code is drawn by the library; only its place and size are set here.
  const qr = (await qrString(claim, { type: 'svg', margin: 4, errorCorrectionLevel: 'Q' })).replace(
    '<svg ',
    `<svg x="${(WIDTH - QR_SIDE) / 2}" y="${top}" width="${QR_SIDE}" height="${QR_SIDE}" `,
  );
  const texts = lines.map(
    ({ name, part }, index) =>
      `<text x="24" y="${72 + index * 26}" font-weight="bold">${name}</text><text x="104" y="${72 + index * 26}">${escaped(part)}</text>`,
  );
  const foot = top + QR_SIDE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${foot + 72}" viewBox="0 0 ${WIDTH} ${foot + 72}" font-family="Arial, Helvetica, sans-serif" font-size="16">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="24" y="36" font-size="22" font-weight="bold">Holdfast: order for staff</text>
${texts.join('\n')}
${qr.trim()}
<text x="${WIDTH / 2}" y="${foot + 20}" text-anchor="middle" font-family="monospace" font-size="14">${claim}</text>
<text x="${WIDTH / 2}" y="${foot + 48}" text-anchor="middle" font-size="13">Show the code at the kiosk's scanner. It works once. Destroy this slip afterwards.</text>
</svg>
`;
}

function slipPage(svg: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Holdfast: order for staff</title></head>
<body>
${svg}</body></html>
`;
}

const LINE_LENGTH = 44;

/** Lines of whole words; a word that is longer than a line is cut. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((long) => long.match(/.{1,44}/gu) ?? [''])) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= LINE_LENGTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
