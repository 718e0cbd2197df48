/**
 * What a scanner reads: a badge, a pick-up code, the claim of an order, or a parcel's label. Those of ours
 * begin with a short mark and go on with 128 random bits in capital base32, which both Code 128 and the
 * alphanumeric mode of QR carry densely. They are the whole text, but for the symbology identifier that
 * some scanners send before it: nothing is looked for inside a longer one. Everything else is a label.
 */
import { withoutSymbology } from './gs1.ts';
import { base32 } from './ids.ts';

export type Scan =
  | { is: 'badge'; secret: string }
  | { is: 'pick-up'; secret: string }
  | { is: 'claim'; secret: string }
  | { is: 'label'; text: string };

const BADGE = /^HFB1([A-Z2-7]{26})$/;
const PICK_UP = /^HFP1([A-Z2-7]{26})$/;
const CLAIM = /^HFO1([A-Z2-7]{26})$/;

export function readScan(text: string): Scan {
  const trimmed = text.trim();
  const capitals = withoutSymbology(trimmed).data.toUpperCase();
  if (BADGE.test(capitals)) return { is: 'badge', secret: capitals };
  if (PICK_UP.test(capitals)) return { is: 'pick-up', secret: capitals };
  if (CLAIM.test(capitals)) return { is: 'claim', secret: capitals };
  return { is: 'label', text: trimmed };
}

export function badgeText(bytes: Uint8Array): string {
  return `HFB1${base32(bytes).toUpperCase()}`;
}

export function pickUpText(bytes: Uint8Array): string {
  return `HFP1${base32(bytes).toUpperCase()}`;
}

/** On the slip of whoever carries out an order at the cabinet. */
export function claimText(bytes: Uint8Array): string {
  return `HFO1${base32(bytes).toUpperCase()}`;
}

/** The longest number that any carrier prints, with room. */
export const TRACKING_LENGTH_MAX = 40;
const TRACKING = /^[A-Z0-9][A-Z0-9./-]{2,39}$/;

/** A tracking number in capitals without its spaces, or undefined when it cannot be one. */
export function normalTracking(text: string): string | undefined {
  const capitals = text.trim().toUpperCase().replaceAll(' ', '');
  return TRACKING.test(capitals) ? capitals : undefined;
}

/**
 * A flat's label in the form that is compared: capitals, no "flat" or "apt", no spaces, dots or dashes.
 * Between two digits one dash stays, because 1-11 and 11-1 are two flats.
 */
export function normalFlat(text: string): string {
  const bare = text.toUpperCase().replaceAll(/\b(FLAT|APT|APARTMENT|UNIT)\b/g, ' ');
  return bare.replaceAll(/(?<=\d)[\s.#-]+(?=\d)/g, '-').replaceAll(/[\s.#]|(?<!\d)-|-(?!\d)/g, '');
}

/**
 * The fewest digits with which `guesses` wrong guesses a kiosk-day find one of `codes` live codes with
 * probability at most 10^-6 (a guess at a kiosk searches every live code).
 */
export function pinDigits(codes: number, guesses: number): number {
  let digits = 6;
  while ((guesses * codes) / 10 ** digits > 1e-6) digits++;
  return digits;
}
