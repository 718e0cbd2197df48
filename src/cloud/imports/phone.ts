/** A telephone number as people write it, as E.164 (ITU-T E.164, section 6), or what is wrong with it. */
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { residentAdd } from '../../contract/http/admin.ts';
import type { Caution, Fault } from '../../contract/http/people-import.ts';

export type PhoneRead = { phone: string; cautions: Caution[] } | { fault: Fault };

/** Excel shows a long number so, and writes it so: the last digits are gone. */
const SHORTENED = /^\d+([.,]\d+)?e\+?\d+$/i;
const DIGITS_OF_A_NUMBER_MIN = 7;

export function readPhone(text: string, country: string | null): PhoneRead {
  const plain = plainOf(text);
  if (SHORTENED.test(plain.replaceAll(' ', ''))) return { fault: 'phone-shortened' };
  if (isSeveral(plain)) return { fault: 'phone-several' };
  const home = country !== null && isSupportedCountry(country) ? (country as CountryCode) : undefined;
  const isWhole = plain.startsWith('+');
  if (!isWhole && !home) return { fault: /^[\d ().\-/]+$/.test(plain) ? 'phone-country' : 'phone-shape' };
  const found = parsePhoneNumberFromString(plain, {
    ...(home ? { defaultCountry: home } : {}),
    extract: false,
  });
  if (found?.ext) return { fault: 'phone-extension' };
  // What is typed by hand with a plus sign is taken by its shape alone, and so it is here.
  const number = found?.number ?? (isWhole ? plain.replaceAll(/[\s().-]/g, '') : '');
  const fits = residentAdd.shape.phone.safeParse(number).success;
  if (!fits || (!isWhole && !found?.isPossible())) return { fault: 'phone-shape' };
  if (!found?.isValid()) return { phone: number, cautions: ['phone-unusual'] };
  return { phone: number, cautions: found.getType() === 'FIXED_LINE' ? ['phone-landline'] : [] };
}

/** In plain digits and dashes, without what programs put around a number. */
function plainOf(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/\p{Pd}/gu, '-')
    .replace(/^tel:\s*/i, '')
    .replace(/^(\d{7,})\.0+$/, '$1')
    .replace(/^00(?=[1-9])/, '+')
    .trim();
}

/** Two numbers in one cell; the slash after a German area code does not make two. */
function isSeveral(text: string): boolean {
  const parts = text.split(/[;,/|]|\b(?:or|and|und|oder|ou|et)\b/i);
  const digits = parts.map((part) => part.replaceAll(/\D/g, '').length);
  return digits.filter((count) => count >= DIGITS_OF_A_NUMBER_MIN).length > 1;
}
