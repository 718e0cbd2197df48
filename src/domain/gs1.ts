/**
 * What a scanner types for a bar code in the GS1 system: a symbology identifier (ISO/IEC 15424) if the
 * scanner is set to send it, then element strings, each an application identifier and its value (GS1
 * General Specifications, section 7.8). FNC1 arrives as the character GS, or not at all.
 */

/** Group separator, ASCII 29: how FNC1 is transmitted where it ends a value (section 7.8.6). */
export const GS = '\u001d';

/** Identifiers of symbols whose first character is FNC1 (figure 5.1.2-1), as a set Caps Lock may type them. */
const GS1_SYMBOLS: ReadonlySet<string> = new Set([
  ']C1',
  ']c1',
  ']e0',
  ']Q3',
  ']q3',
  ']d2',
  ']D2',
  ']J1',
  ']j1',
]);
const SYMBOL = /^\][A-Za-z][0-9A-Za-z]/;

/** The data without its symbology identifier, and whether that one says GS1. */
export function withoutSymbology(text: string): { gs1: boolean; data: string } {
  const [symbol] = SYMBOL.exec(text) ?? [];
  if (symbol === undefined) return { gs1: false, data: text };
  return { gs1: GS1_SYMBOLS.has(symbol), data: text.slice(symbol.length) };
}

/**
 * The check digit of all numeric GS1 keys (section 7.9.1): from the right, the digits before it weigh 3, 1,
 * 3 and so on; with the check digit the sum is a multiple of ten.
 */
export function gs1CheckDigit(before: string): number {
  let sum = 0;
  for (let at = before.length - 1, weight = 3; at >= 0; at--, weight = 4 - weight)
    sum += Number(before[at]) * weight;
  return (10 - (sum % 10)) % 10;
}

export function gs1Checks(digits: string): boolean {
  return gs1CheckDigit(digits.slice(0, -1)) === Number(digits.at(-1));
}

/** Whole length, identifier included, of elements that no FNC1 ends: by their first two digits (figure 7.8.5-2). */
const PREDEFINED: Readonly<Record<string, number>> = {
  '00': 20,
  '01': 16,
  '02': 16,
  '03': 16,
  '04': 18,
  '11': 8,
  '12': 8,
  '13': 8,
  '14': 8,
  '15': 8,
  '16': 8,
  '17': 8,
  '18': 8,
  '19': 8,
  '20': 4,
  '31': 10,
  '32': 10,
  '33': 10,
  '34': 10,
  '35': 10,
  '36': 10,
  '41': 16,
};

/** How long an identifier is, by its first two digits (figure 7.8.2-1). */
const IDENTIFIER_OF_3: ReadonlySet<string> = new Set(['23', '24', '25', '40', '41', '42', '71']);
const IDENTIFIER_OF_4: ReadonlySet<string> = new Set('31 32 33 34 35 36 39 43 70 72 80 81 82'.split(' '));
const IDENTIFIER_OF_2 = /^(?:0[0-4]|1\d|2[0-2]|30|37|9\d)/;

/** What the values must look like that a parcel's label is read for (section 3.2); others are only skipped. */
const VALUES: Readonly<Record<string, RegExp>> = {
  '00': /^\d{18}$/,
  '01': /^\d{14}$/,
  '02': /^\d{14}$/,
  '400': /^.{1,30}$/,
  '401': /^.{1,30}$/,
  '402': /^\d{17}$/,
  '403': /^.{1,30}$/,
  '410': /^\d{13}$/,
  '411': /^\d{13}$/,
  '412': /^\d{13}$/,
  '413': /^\d{13}$/,
  '414': /^\d{13}$/,
  '415': /^\d{13}$/,
  '416': /^\d{13}$/,
  '417': /^\d{13}$/,
  '420': /^.{1,20}$/,
  '421': /^\d{3}.{1,9}$/,
  '8008': /^\d{8}(?:\d{2}){0,2}$/,
};
/** Values that end in a check digit. */
const CHECKED = /^(?:0[0-2]|402|41[0-7])$/;

/** The elements of a string by their identifiers, or undefined when it is no element string. */
export function gs1Elements(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  let rest = text;
  while (rest !== '') {
    const two = rest.slice(0, 2);
    const identifier = rest.slice(0, identifierLength(two));
    const predefined = PREDEFINED[two];
    const ends = predefined ?? (rest.includes(GS) ? rest.indexOf(GS) : rest.length);
    const value = rest.slice(identifier.length, ends);
    const rule = VALUES[identifier];
    if (identifier === '' || value === '' || value.includes(GS)) return;
    if (ends > rest.length || (rule && !rule.test(value))) return;
    found.set(identifier, value);
    // A separator after a value of known length is allowed and means nothing (section 7.8.6.3).
    rest = rest.slice(rest[ends] === GS ? ends + 1 : ends);
  }
  return found.size > 0 ? found : undefined;
}

function identifierLength(two: string): number {
  if (IDENTIFIER_OF_3.has(two)) return 3;
  if (IDENTIFIER_OF_4.has(two)) return 4;
  return IDENTIFIER_OF_2.test(two) ? 2 : 0;
}

/** Whether every value that carries a check digit has the right one. */
export function gs1KeysCheck(elements: ReadonlyMap<string, string>): boolean {
  return [...elements].every(([identifier, value]) => !CHECKED.test(identifier) || gs1Checks(value));
}
