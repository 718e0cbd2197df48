/**
 * Flats as a kiosk's keys can write them. The keys are Latin capitals, digits and four marks (web/kit/keypad.tsx), in
 * each language; a list of residents has 502室, Büro 2 and 3º B. What is written exactly so is looked for first. Only
 * where there is none of it the kiosk takes the one flat that is left of what its keys cannot write: never one of two.
 */
import { normalFlat } from './scan.ts';

/** Letters that Unicode takes to be letters of their own, and that people write with others. */
const WRITTEN: Readonly<Record<string, string>> = { Ø: 'O', Ł: 'L', Đ: 'D', Æ: 'AE', Œ: 'OE' };
/** The zeros of the digits of Arabic and Persian; the others of each follow it (Unicode, block Arabic). */
const ZEROS = [0x0660, 0x06f0];

/** In capitals, without accents and ordinals, with Latin digits: as who has only such keys writes it. */
export function inCapitals(text: string): string {
  const bare = text.replaceAll(/[ºª]/g, '').normalize('NFKD').replaceAll(/\p{M}/gu, '').toUpperCase();
  return [...bare].map((one) => WRITTEN[one] ?? latinDigit(one)).join('');
}

function latinDigit(one: string): string {
  const at = one.codePointAt(0) ?? 0;
  const zero = ZEROS.find((candidate) => at >= candidate && at <= candidate + 9);
  return zero === undefined ? one : String(at - zero);
}

/** What is left of a flat on the keys of a kiosk, in the form that is compared. */
export function flatOnKeys(text: string): string {
  return normalFlat(inCapitals(text).replaceAll(/[^A-Z0-9 ./-]/g, ''));
}

/** False for a flat that nobody could type at a kiosk: its people would never get a parcel. */
export function isTypeable(flat: string): boolean {
  return /[A-Z0-9]/.test(flatOnKeys(flat));
}

/** Which of `flats` somebody means who typed `typed`, in the compared form; what was typed itself where none is meant. */
export function flatMeant(typed: string, flats: readonly string[]): string {
  const wanted = normalFlat(typed);
  const known = new Set(flats.map(normalFlat));
  if (known.has(wanted)) return wanted;
  const onKeys = flatOnKeys(typed);
  if (onKeys === '') return wanted;
  const alike = new Set(flats.filter((flat) => flatOnKeys(flat) === onKeys).map(normalFlat));
  const [only] = alike;
  return only !== undefined && alike.size === 1 ? only : wanted;
}
