/**
 * The admin app's addresses. They live in the fragment, so that the server serves one page, a reload
 * stays where it was, and a parcel's page can be sent to a colleague: `#/parcels/<id>`.
 */
import { type JournalRoute, journalNames, journalOf } from './journal/address.ts';

export const SECTIONS = [
  'overview',
  'attention',
  'banks',
  'parcels',
  'reconciliation',
  'usage',
  'people',
  'retention',
  'couriers',
  'rosters',
  'notices',
  'odds',
  'journal',
] as const;
export type Section = (typeof SECTIONS)[number];

export const PARCEL_STATES = [
  'accepted',
  'waiting',
  'collected',
  'removed',
  'held',
  'not-deposited',
  'lost',
] as const;
export type ParcelState = (typeof PARCEL_STATES)[number];
/** By which parcels are listed: a state, or that their time is over while they are still inside. */
export type ParcelFilter = ParcelState | 'overdue';

/** How many days back the plots look. */
export const USAGE_DAYS = [1, 7, 30, 90] as const;
export type UsageDays = (typeof USAGE_DAYS)[number];

/** A count is its address: which doors, and when it began. So it survives a reload, and can be sent on. */
export type CountRoute = { at: 'count'; bank: string; doors: readonly number[]; begun: Begun | null };
/** The bank's last record when the count began, and the cloud's time. */
type Begun = { after: number; atMs: number };
export type UsageRoute = { at: 'usage'; days: UsageDays; bank: string | null; site: string | null };

/** An incident is asked about by its bank and when its alarm was raised. */
export type ExportsRoute = { at: 'exports'; incident: { bank: string; atMs: number } | null };

/** Pages without a further address. */
const PLAIN = [
  'overview',
  'attention',
  'people',
  'retention',
  'couriers',
  'rosters',
  'notices',
  'odds',
] as const;
type Plain = (typeof PLAIN)[number];

export type Route =
  | { at: Plain | 'people-import' }
  | ExportsRoute
  | { at: 'banks'; bank: string | null; door: number | null }
  | { at: 'parcels'; state: ParcelFilter | null; bank: string | null }
  | { at: 'parcel'; id: string }
  | { at: 'reconciliation'; bank: string | null }
  | CountRoute
  | UsageRoute
  | JournalRoute
  | { at: 'nowhere'; asked: string };

/** The route of a fragment. Text that names no page is kept, so that the page can say so. */
export function routeOf(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?');
  const [section = '', ...ids] = path.split('/');
  const asked = new URLSearchParams(query);
  const found = ids.every((id) => id === '') ? listAt(section, asked) : thingAt(section, ids, asked);
  return found ?? { at: 'nowhere', asked: path };
}

function listAt(section: string, asked: URLSearchParams): Route | undefined {
  const bank = asked.get('bank');
  switch (section) {
    case '':
      return { at: 'overview' };
    case 'banks':
      return { at: 'banks', bank: null, door: null };
    case 'parcels':
      return { at: 'parcels', state: parcelFilter(asked.get('state')), bank };
    case 'reconciliation':
      return { at: 'reconciliation', bank };
    case 'usage':
      return { at: 'usage', days: usageDays(asked.get('days')), bank, site: asked.get('site') };
    case 'journal':
      return journalOf(asked);
    default: {
      const at = PLAIN.find((plain) => plain === section);
      return at && { at };
    }
  }
}

function thingAt(section: string, ids: readonly string[], asked: URLSearchParams): Route | undefined {
  const [id = '', second] = ids.map(decoded);
  if (id === '' || ids.length > 2) return undefined;
  if (section === 'banks') {
    const door = second === undefined ? null : whole(second);
    return door === undefined ? undefined : { at: 'banks', bank: id, door };
  }
  if (second !== undefined) return undefined;
  if (section === 'parcels') return { at: 'parcel', id };
  if (section === 'people' && id === 'import') return { at: 'people-import' };
  if (section === 'journal' && id === 'exports') return exportsOf(asked);
  if (section !== 'reconciliation') return undefined;
  const doors = (asked.get('doors') ?? '').split(',').flatMap((text) => whole(text) ?? []);
  const [after, atMs] = [whole(asked.get('after') ?? ''), whole(asked.get('at') ?? '')];
  const begun = after === undefined || atMs === undefined ? null : { after, atMs };
  return { at: 'count', bank: id, doors: [...new Set(doors)], begun };
}

/** The fragment of a route: `routeOf(fragmentOf(route))` is the route again. */
export function fragmentOf(route: Route): string {
  switch (route.at) {
    case 'parcel':
      return `#/parcels/${encodeURIComponent(route.id)}`;
    case 'parcels':
      return `#/parcels${queryOf({ state: route.state, bank: route.bank })}`;
    case 'reconciliation':
      return `#/reconciliation${queryOf({ bank: route.bank })}`;
    case 'journal':
      return `#/journal${queryOf(journalNames(route))}`;
    case 'count': {
      const asked = queryOf({
        doors: route.doors.join(),
        after: route.begun?.after ?? null,
        at: route.begun?.atMs ?? null,
      });
      return `#/reconciliation/${encodeURIComponent(route.bank)}${asked}`;
    }
    case 'usage':
      return `#/usage${queryOf({ days: route.days, bank: route.bank, site: route.site })}`;
    case 'people-import':
      return '#/people/import';
    case 'exports':
      return `#/journal/exports${queryOf({ bank: route.incident?.bank ?? null, incident: route.incident?.atMs ?? null })}`;
    case 'nowhere':
      return `#/${route.asked}`;
    case 'banks': {
      if (route.bank === null) return '#/banks';
      const door = route.door === null ? '' : `/${route.door}`;
      return `#/banks/${encodeURIComponent(route.bank)}${door}`;
    }
    default:
      return `#/${route.at}`;
  }
}

/** The entry of the navigation that a route stands under. */
export function sectionOf(route: Route): Section | null {
  switch (route.at) {
    case 'nowhere':
      return null;
    case 'people-import':
      return 'people';
    case 'exports':
      return 'journal';
    case 'parcel':
      return 'parcels';
    case 'count':
      return 'reconciliation';
    default:
      return route.at;
  }
}

/** Query text of what is set, or nothing. */
export function queryOf(values: Readonly<Record<string, string | number | null>>): string {
  const set = Object.entries(values).filter(
    (entry): entry is [string, string | number] => entry[1] !== null && entry[1] !== '',
  );
  return set.length === 0
    ? ''
    : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString()}`;
}

function exportsOf(asked: URLSearchParams): ExportsRoute {
  const [bank, atMs] = [asked.get('bank'), whole(asked.get('incident') ?? '')];
  return { at: 'exports', incident: bank === null || atMs === undefined ? null : { bank, atMs } };
}

export function parcelFilter(text: string | null): ParcelFilter | null {
  return text === 'overdue' ? text : (PARCEL_STATES.find((state) => state === text) ?? null);
}

function usageDays(text: string | null): UsageDays {
  return USAGE_DAYS.find((days) => String(days) === text) ?? 7;
}

/** A door's number, or a record's. */
function whole(text: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}

/** Percent-decoded text, or the text itself where it is not well formed: a bad link names no parcel. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
