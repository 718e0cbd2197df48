/**
 * Labels as carriers print them, newly drawn each time. The check digit is whichever one the house's own rules
 * (src/domain/tracking.ts) find right, so a label of this page is never one that the kiosk calls misread.
 */
import { type FormatName, recognise } from '../../src/domain/tracking.ts';
import { drawBelow } from '../kit/draw.ts';

/**
 * How each looks: # is a digit, @ a digit or a letter, % a letter, * the check digit. Letters that are taken for
 * digits are never drawn: a person may have to type them.
 */
const PATTERNS = {
  'UPS 1Z': '1Z@@@@@@#########*',
  'USPS IMpb': '94001################*',
  'FedEx Express 12': '###########*',
  'FedEx Ground 96': '96###################*',
  'Amazon TBA': 'TBA############',
  'DHL Express 10': '#########*',
  'DHL Paket 20': '00340434###########*',
  'UPU S10': 'C%########*GB',
  'GS1 SSCC': '00#################*',
} as const satisfies { readonly [F in FormatName]?: string };

export type LabelKind = keyof typeof PATTERNS;
export const LABEL_KINDS = Object.keys(PATTERNS) as readonly LabelKind[];

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHJKLMNPRTUVWXYZ';
const ALPHABETS: Readonly<Record<string, string>> = { '#': DIGITS, '@': DIGITS + LETTERS, '%': LETTERS };

/** A draw that another format would fit as well is drawn again: a label names one carrier. */
export function drawLabel(kind: LabelKind, below: (limit: number) => number = drawBelow): string {
  for (;;) {
    const drawn = PATTERNS[kind].replaceAll(/[#@%]/g, (mark) => {
      const alphabet = ALPHABETS[mark] ?? DIGITS;
      return alphabet[below(alphabet.length)] ?? '';
    });
    const right = [...DIGITS].map((digit) => drawn.replace('*', digit)).find((text) => isOf(kind, text));
    if (right !== undefined) return right;
  }
}

function isOf(kind: LabelKind, text: string): boolean {
  const label = recognise(text, null);
  return label?.format === kind && label.check !== 'wrong' && label.tracking === text;
}
