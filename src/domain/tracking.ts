/**
 * A parcel's label: which carrier's number it is, by its form and its check digit. The rules and where they
 * stand are listed in docs/reference/labels.md, which a test keeps equal to `FORMATS`.
 *
 * A format is *marked* when its text shows whose it is (1Z, TBA, 9400 …). Then a wrong check digit is a
 * misread number for everybody. Plain digits are known by their check digit alone, and by who brings them:
 * twelve digits that do not check are a misread number from a FedEx courier, and from anybody else just a
 * number that this list does not know. Where several carriers' rules fit, the courier's own carrier is
 * meant if it is among them, and none is named if it is not.
 */

import { COUNTRIES } from './countries.ts';
import { GS, gs1Checks, gs1Elements, gs1KeysCheck, withoutSymbology } from './gs1.ts';
import { normalTracking, TRACKING_LENGTH_MAX } from './scan.ts';

/** Carriers that a label can name. `postal`: the post of whichever country the label says. */
export const CARRIERS = ['UPS', 'FedEx', 'USPS', 'Amazon', 'DHL', 'postal'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** Record separator: what ends the header of an ISO/IEC 15434 message; many scanners leave it out. */
const RS = '\u001e';

export type Label = {
  /** The number in the form that is kept and compared. */
  tracking: string;
  /** Null: nobody's that we know, or one of several carriers'. */
  carrier: Carrier | null;
  format: FormatName | null;
  /** `wrong`: the form is known and its check digit is not right, or the code holds no parcel's number. */
  check: 'good' | 'none' | 'wrong';
};

/** What a format makes of a text that has its form. `good` is null where the format has no check digit. */
type Reading = { tracking: string; carrier?: Carrier; good: boolean | null };

export type Format = {
  name: string;
  carrier: Carrier | null;
  /** Carriers that print it too; the number belongs to one of them when its courier brings it. */
  also?: readonly Carrier[];
  marked: boolean;
  read(text: string): Reading | undefined;
};

/** A format whose whole text is the number. */
const plain =
  (form: RegExp, good: (text: string) => boolean | null): Format['read'] =>
  (text) =>
    form.test(text) ? { tracking: text, good: good(text) } : undefined;
const unchecked = () => null;

const FORMAT_LIST = [
  { name: 'UPS 1Z', carrier: 'UPS', marked: true, read: plain(/^1Z[0-9A-Z]{15}\d$/, upsChecks) },
  {
    name: 'UPS Mail Innovations',
    carrier: 'UPS',
    marked: true,
    read: plain(/^MI\d{6}[0-9A-Z]{1,22}$/, unchecked),
  },
  { name: 'USPS IMpb', carrier: 'USPS', marked: true, read: readImpb },
  { name: 'UPU S10', carrier: 'postal', marked: true, read: readS10 },
  { name: 'Amazon TBA', carrier: 'Amazon', marked: true, read: plain(/^TB[ACM]\d{12}$/, unchecked) },
  {
    name: 'FedEx Ground 96',
    carrier: 'FedEx',
    marked: true,
    read: plain(/^96\d{20}$/, (text) => gs1Checks(text.slice(-15))),
  },
  { name: 'FedEx Ground 34', carrier: 'FedEx', marked: true, read: readFedEx34(/^96[23]2\d{30}$/) },
  {
    name: 'DHL Paket 20',
    carrier: 'DHL',
    marked: true,
    read: plain(/^0034043[34]\d{12}$/, (text) => gs1Checks(text)),
  },
  {
    name: 'DHL licence plate',
    carrier: 'DHL',
    marked: true,
    read: plain(/^(?:JJD|JVGL)\d{10,18}$/, unchecked),
  },
  {
    name: 'DHL eCommerce GM',
    carrier: 'DHL',
    marked: true,
    read: plain(/^GM[0-9A-F]{11,38}$/, unchecked),
  },
  {
    name: 'GS1 SSCC',
    carrier: null,
    also: ['FedEx', 'DHL'],
    marked: true,
    read: plain(/^00\d{18}$/, (text) => gs1Checks(text.slice(2))),
  },
  { name: 'FedEx Express 34', carrier: 'FedEx', marked: false, read: readFedEx34(/^[0-8]\d{33}$/) },
  { name: 'FedEx Express 12', carrier: 'FedEx', marked: false, read: plain(/^\d{12}$/, fedExChecks) },
  { name: 'FedEx Ground 15', carrier: 'FedEx', marked: false, read: plain(/^\d{15}$/, gs1Checks) },
  {
    name: 'FedEx Ground Economy 20',
    carrier: 'FedEx',
    marked: false,
    read: plain(/^\d{3}9\d{16}$/, (text) => gs1Checks(`92${text}`)),
  },
  { name: 'USPS 20', carrier: 'USPS', marked: false, read: plain(/^\d{20}$/, gs1Checks) },
  {
    name: 'USPS 20 without 91',
    carrier: 'USPS',
    marked: false,
    read: plain(/^\d{20}$/, (text) => gs1Checks(`91${text}`)),
  },
  { name: 'DHL Express 10', carrier: 'DHL', marked: false, read: plain(/^\d{10}$/, dhlExpressChecks) },
  { name: 'DHL Identcode 12', carrier: 'DHL', marked: false, read: plain(/^\d{12}$/, identcodeChecks) },
  {
    name: 'GS1 SSCC 18',
    carrier: null,
    also: ['FedEx', 'DHL'],
    marked: false,
    read: readSscc18,
  },
] as const satisfies readonly Format[];
export type FormatName = (typeof FORMAT_LIST)[number]['name'];
export const FORMAT_NAMES: readonly FormatName[] = FORMAT_LIST.map(({ name }) => name);
/** Every format, marked ones first; among the marked the first that reads a text decides. */
export const FORMATS: readonly (Format & { name: FormatName })[] = FORMAT_LIST;

/** Which carrier of the list a carrier's own name means, or null: a roster may name any company. */
export function carrierNamed(name: string): Carrier | null {
  if (/\bUPS\b|united parcel service/i.test(name)) return 'UPS';
  if (/\bfedex\b|federal express/i.test(name)) return 'FedEx';
  if (/\bUSPS\b|united states postal service/i.test(name)) return 'USPS';
  if (/\bamazon\b/i.test(name)) return 'Amazon';
  return /\bDHL\b/i.test(name) ? 'DHL' : null;
}

/** True where it is worth saying that a label is not of the courier's carrier; a post hands over to any. */
export function isOthers(label: Pick<Label, 'carrier'>, own: Carrier | null): boolean {
  return label.carrier !== null && label.carrier !== 'postal' && label.carrier !== own;
}

/** What stands on a label, read by a scanner or typed; undefined when it cannot be a number at all. */
export function recognise(text: string, own: Carrier | null): Label | undefined {
  const { gs1, data: read } = withoutSymbology(text.trim());
  if (read.startsWith('[)>')) return ofMessage(read.slice(3), own);
  const data = withoutRouting(read.startsWith(GS) ? read.slice(1) : read);
  const number = normalTracking(data);
  // AIs 91 to 99 are a company's own: USPS and FedEx Ground numbers come first, whatever the symbol.
  const marked = number === undefined ? undefined : byMark(number, own);
  if (marked) return marked;
  const elements = gs1Elements(data);
  if (elements && (gs1 || data.includes(GS) || beginsWithSscc(data))) return ofElements(elements, own);
  if (number === undefined) return;
  // The second bar code of many labels: the postcode alone, as AI 420.
  if (/^420\d{5}(?:\d{4})?$/.test(number)) return misread(number);
  return byCheckDigit(number, own);
}

/** Where the scanner says nothing of GS1 and drops FNC1, a parcel's SSCC in front still shows it. */
function beginsWithSscc(data: string): boolean {
  return /^00\d{18}/.test(data) && gs1Checks(data.slice(2, 20));
}

function byMark(text: string, own: Carrier | null): Label | undefined {
  for (const format of FORMATS) {
    const reading = format.marked ? format.read(text) : undefined;
    if (reading) return labelOf(format, reading, own);
  }
  return;
}

function byCheckDigit(text: string, own: Carrier | null): Label {
  const shaped = FORMATS.flatMap((format) => {
    const reading = format.marked ? undefined : format.read(text);
    return reading ? [labelOf(format, reading, own)] : [];
  });
  const fits = shaped.filter(({ check }) => check !== 'wrong');
  const mine = (labels: readonly Label[]) => labels.find(({ carrier }) => own !== null && carrier === own);
  const [first] = fits;
  if (first) {
    const alone = fits.every(({ carrier }) => carrier === first.carrier);
    return mine(fits) ?? (alone ? first : { ...first, carrier: null, format: null });
  }
  return mine(shaped) ?? { tracking: text, carrier: null, format: null, check: 'none' };
}

function labelOf(format: Format & { name: FormatName }, reading: Reading, own: Carrier | null): Label {
  const { tracking, good } = reading;
  const shared = own !== null && format.also?.includes(own) ? own : format.carrier;
  const check = good === null ? 'none' : good ? 'good' : 'wrong';
  return { tracking, carrier: reading.carrier ?? shared, format: format.name, check };
}

/** A code that was read and is no parcel's number. */
function misread(text: string): Label {
  return { tracking: text, carrier: null, format: null, check: 'wrong' };
}

/**
 * The SSCC names one parcel; a shipment (402) or consignment (401) is taken where a label has no more. An
 * order (400), a trade item (01), a route (403), a postcode (420, 421) and a date (8008) are no parcel.
 */
function ofElements(elements: ReadonlyMap<string, string>, own: Carrier | null): Label | undefined {
  const sscc = elements.get('00');
  const number = sscc === undefined ? (elements.get('402') ?? elements.get('401')) : `00${sscc}`;
  if (number === undefined) {
    const all = normalTracking([...elements].flat().join('').slice(0, TRACKING_LENGTH_MAX));
    return all === undefined ? undefined : misread(all);
  }
  const tracking = normalTracking(number);
  if (tracking === undefined) return;
  if (!gs1KeysCheck(elements))
    return { ...misread(tracking), format: sscc === undefined ? null : 'GS1 SSCC' };
  if (sscc === undefined) {
    const check = elements.has('402') ? 'good' : 'none';
    return { tracking, carrier: null, format: null, check };
  }
  return byMark(tracking, own);
}

/** USPS routes by a ZIP code of 5 or 9 digits before the number (Publication 199, IMpb with AI 420). */
function withoutRouting(data: string): string {
  const [routing = '', number] = data.split(GS);
  const isUsps = number !== undefined && /^420(?:\d{5}|\d{9})$/.test(routing) && /^9[1-5]\d/.test(number);
  return isUsps ? data.slice(routing.length + 1) : data;
}

/**
 * The message of a MaxiCode or Data Matrix after its "[)>": "01", GS, "96" and the fields of a transport
 * label (ISO/IEC 15434, format 01). UPS prints the short number there: 1Z and eight characters. The class
 * of service and the shipper's number stand beside it and make the whole one; its check digit confirms that.
 */
function ofMessage(text: string, own: Carrier | null): Label | undefined {
  const fields = text.toUpperCase().replaceAll(RS, GS).split(GS);
  if (fields[0] === '') fields.shift();
  const [format, postcode = '', , service = '', number = '', , shipper = ''] = fields;
  if (format !== '01' || !/^\d\d/.test(postcode)) return;
  const isShort = /^1Z[0-9A-Z]{8}$/.test(number);
  return byMark(isShort ? `1Z${shipper}${service.slice(-2)}${number.slice(2)}` : number, own);
}

/**
 * UPS: the fifteen characters after 1Z, letters as (ASCII - 63) mod 10, so A is 2; every second one counts
 * twice; the check digit fills the sum up to a multiple of ten.
 */
function upsChecks(text: string): boolean {
  let sum = 0;
  for (let at = 2; at < 17; at++) {
    const code = text.charCodeAt(at);
    const value = code < 58 ? code - 48 : (code - 63) % 10;
    sum += at % 2 === 0 ? value : 2 * value;
  }
  return (10 - (sum % 10)) % 10 === Number(text[17]);
}

/** FedEx Express: from the right the digits before the last weigh 1, 3, 7 and so on; modulo 11, ten is 0. */
function fedExChecks(text: string): boolean {
  let sum = 0;
  for (let at = text.length - 2, place = 0; at >= 0; at--, place++)
    sum += Number(text[at]) * ([1, 3, 7][place % 3] ?? 0);
  return (sum % 11) % 10 === Number(text.at(-1));
}

/** The long FedEx bar code ends in the tracking number, filled up to fourteen digits with zeros. */
function readFedEx34(form: RegExp): Format['read'] {
  return (text) => {
    if (!form.test(text)) return;
    const number = text.slice(-14);
    const good = fedExChecks(number);
    return { tracking: good ? number.replace(/^0{1,2}/, '') : text, good };
  };
}

/** An SSCC as it is printed without its application identifier; kept with it, as scanners read it. */
function readSscc18(text: string): Reading | undefined {
  if (!/^\d{18}$/.test(text)) return;
  const good = gs1Checks(text);
  return { tracking: good ? `00${text}` : text, good };
}

/**
 * USPS IMpb: 22, 26 or 30 digits that begin with 91 to 95; a scanner that drops FNC1 types the routing
 * straight before them. Thirty-four digits may then be read in two ways, and the check digit chooses.
 */
function readImpb(text: string): Reading | undefined {
  const readings = [0, 8, 12].flatMap((routing) => {
    const number = text.slice(routing);
    if (!/^9[1-5](?:\d{20}|\d{24}|\d{28})$/.test(number)) return [];
    if (routing > 0 && !/^420\d+$/.test(text.slice(0, routing))) return [];
    return [{ tracking: number, good: gs1Checks(number) }];
  });
  return readings.find(({ good }) => good) ?? readings[0];
}

const S10_WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7];

/** UPU S10, section 5: eight digits weighed 8 6 4 2 3 5 9 7, then 11 minus the rest; 10 is 0 and 11 is 5. */
function readS10(text: string): Reading | undefined {
  const [, digits = '', last, country = ''] = /^[A-Z]{2}(\d{8})(\d)([A-Z]{2})$/.exec(text) ?? [];
  if (!COUNTRIES.has(country)) return;
  const sum = S10_WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  const rest = 11 - (sum % 11);
  const check = rest === 10 ? 0 : rest === 11 ? 5 : rest;
  return { tracking: text, carrier: country === 'US' ? 'USPS' : 'postal', good: check === Number(last) };
}

/** DHL Express: the last of ten digits is the rest of the nine before it, divided by seven. */
function dhlExpressChecks(text: string): boolean {
  return Number(text.slice(0, -1)) % 7 === Number(text.at(-1));
}

/** Identcode of Deutsche Post: the digits before the last weigh 4 and 9 in turn, up to a multiple of ten. */
function identcodeChecks(text: string): boolean {
  let sum = 0;
  for (let at = 0; at < 11; at++) sum += Number(text[at]) * (at % 2 === 0 ? 4 : 9);
  return (10 - (sum % 10)) % 10 === Number(text[11]);
}
