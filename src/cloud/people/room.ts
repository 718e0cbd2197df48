/**
 * How many residents a site can have. Its banks get their list as one sealed message, and a message is bounded
 * (`MESSAGE_BYTES_MAX`). What would not fit is refused before anybody is added, with the numbers: a list that only
 * the banks refused would leave its newest people without parcels, and nobody would be told.
 */
import { type DirectoryEntries, MESSAGE_BYTES_MAX } from '../../contract/uplink.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';

type Entry = DirectoryEntries[number];

/** What stands around the sealed list in its message, and the tag of what seals it. */
const AROUND_BYTES = 1024;
/** Of the list in clear; base64url makes four signs of three bytes (RFC 4648, section 5). */
export const DIRECTORY_BYTES_MAX = Math.floor(((MESSAGE_BYTES_MAX - AROUND_BYTES) * 3) / 4);

const LABEL_LENGTH_MAX = 60;
const FLAT_LENGTH_MAX = 40;
const ID_LENGTH = 33;

/** With what divides it from the next. */
export const entryBytes = (entry: Omit<Entry, 'person'>): number =>
  utf8(JSON.stringify({ ...entry, person: 'x'.repeat(ID_LENGTH) })).length + 1;

/** No sign of UTF-16 takes more than three bytes of UTF-8 (RFC 3629, section 3). */
const WIDEST = '\uffff';
const longest = {
  flat: WIDEST.repeat(FLAT_LENGTH_MAX),
  label: WIDEST.repeat(LABEL_LENGTH_MAX),
  accessible: false,
};
/** So many fit whatever they are called; of more, the bytes are counted. */
export const SURELY_FIT = Math.floor(DIRECTORY_BYTES_MAX / entryBytes(longest));

/** "Ada Okafor" as "A. Okafor": enough to tell the people of one flat apart. As long as a bank takes it, in UTF-16. */
export function labelOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const last = words.at(-1) ?? '';
  const first = words.length > 1 ? `${[...(words[0] ?? '')][0]}. ` : '';
  let label = '';
  for (const sign of `${first}${last}`) {
    if (label.length + sign.length > LABEL_LENGTH_MAX) break;
    label += sign;
  }
  return label;
}

export type DirectorySize = { people: number; bytes: number };

export function sizeOf(entries: readonly Omit<Entry, 'person'>[]): DirectorySize {
  return { people: entries.length, bytes: entries.reduce((sum, entry) => sum + entryBytes(entry), 0) };
}

/** Throws when so many people do not fit. */
export function requireRoom({ people, bytes }: DirectorySize): void {
  if (bytes <= DIRECTORY_BYTES_MAX) return;
  throw new HoldfastError(
    'conflict',
    `Nobody is added: a bank takes a list of residents of ${DIRECTORY_BYTES_MAX} bytes, and with these ${people} people it has ${bytes}. About ${Math.floor((people * DIRECTORY_BYTES_MAX) / bytes)} people fit; remove who has moved out.`,
  );
}
