/**
 * The admin app's addresses. They live in the fragment, so that the server serves one page, a reload
 * stays where it was, and a parcel's page can be sent to a colleague: `#/parcels/<id>`.
 */
export const SECTIONS = [
  'attention',
  'banks',
  'parcels',
  'people',
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
] as const;
export type ParcelState = (typeof PARCEL_STATES)[number];

export type Route =
  | { at: 'attention' | 'people' | 'people-import' | 'couriers' | 'rosters' | 'notices' | 'odds' }
  | { at: 'banks'; bank: string | null }
  | { at: 'parcels'; state: ParcelState | null; bank: string | null }
  | { at: 'parcel'; id: string }
  | { at: 'journal'; bank: string | null }
  | { at: 'nowhere'; asked: string };

/** The route of a fragment. Text that names no page is kept, so that the page can say so. */
export function routeOf(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?');
  const [section = '', id = '', ...rest] = path.split('/');
  const asked = new URLSearchParams(query);
  if (rest.length > 0) return { at: 'nowhere', asked: path };
  if (section === 'parcels' && id !== '') return { at: 'parcel', id: decoded(id) };
  if (section === 'people' && id === 'import') return { at: 'people-import' };
  if (section === 'banks') return { at: 'banks', bank: id === '' ? null : decoded(id) };
  if (id !== '') return { at: 'nowhere', asked: path };
  switch (section) {
    case '':
      return { at: 'attention' };
    case 'attention':
    case 'people':
    case 'couriers':
    case 'rosters':
    case 'notices':
    case 'odds':
      return { at: section };
    case 'parcels':
      return { at: 'parcels', state: parcelState(asked.get('state')), bank: asked.get('bank') };
    case 'journal':
      return { at: 'journal', bank: asked.get('bank') };
    default:
      return { at: 'nowhere', asked: path };
  }
}

/** The fragment of a route: `routeOf(fragmentOf(route))` is the route again. */
export function fragmentOf(route: Route): string {
  switch (route.at) {
    case 'parcel':
      return `#/parcels/${encodeURIComponent(route.id)}`;
    case 'parcels':
      return `#/parcels${queryOf({ state: route.state, bank: route.bank })}`;
    case 'journal':
      return `#/journal${queryOf({ bank: route.bank })}`;
    case 'people-import':
      return '#/people/import';
    case 'nowhere':
      return `#/${route.asked}`;
    case 'banks':
      return route.bank === null ? '#/banks' : `#/banks/${encodeURIComponent(route.bank)}`;
    case 'attention':
    case 'people':
    case 'couriers':
    case 'rosters':
    case 'notices':
    case 'odds':
      return `#/${route.at}`;
  }
}

/** The entry of the navigation that a route stands under. */
export function sectionOf(route: Route): Section | null {
  if (route.at === 'nowhere') return null;
  if (route.at === 'people-import') return 'people';
  return route.at === 'parcel' ? 'parcels' : route.at;
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

function parcelState(text: string | null): ParcelState | null {
  return PARCEL_STATES.find((state) => state === text) ?? null;
}

/** Percent-decoded text, or the text itself where it is not well formed: a bad link names no parcel. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
