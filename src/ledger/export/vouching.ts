/** Whether the site root names the banks whose records are in a bundle: what the cloud says of its banks is its own word. */
import type { Roster } from '../../domain/roster.ts';
import { openRoster } from '../roster.ts';
import type { BundleKeys } from './format.ts';
import type { Journals, SigningBank } from './journals.ts';
import { need, type Say } from './refusal.ts';

type RootTrust = { rootKeys: readonly string[]; signatures: number };
type Asked = { keys: BundleKeys; tenant: string };

/** The newest of the rosters here that names the bank's key, and a newer one of its site that does not, where one is here. */
type Vouching = { by: Roster; dropped: Roster | undefined };

/** Each roster is opened once, however many banks there are. */
function vouching(
  { keys: { rosters }, tenant }: Asked,
  { rootKeys, signatures }: RootTrust,
): (of: SigningBank) => Vouching {
  const named = new Map<string, Roster>();
  const newest = new Map<string, Roster>();
  const isNewer = (one: Roster, than: Roster | undefined) => than === undefined || one.version > than.version;
  for (const note of rosters) {
    const [, site = ''] = note.split('\n', 2);
    const opened = openRoster(note, { site, rootKeys, k: signatures, version: 0 });
    // Another organisation's roster says nothing of one whose name stands on the bundle.
    if (!opened.ok || opened.value.tenant !== tenant) continue;
    const roster = opened.value;
    if (isNewer(roster, newest.get(site))) newest.set(site, roster);
    for (const { bank, key } of roster.banks) {
      const name = `${bank} ${key}`;
      if (isNewer(roster, named.get(name))) named.set(name, roster);
    }
  }
  return ({ bank, key }) => {
    const by = named.get(`${bank} ${key}`);
    need(
      by !== undefined,
      `${bank}: vouched by the cloud only: no roster that the given root keys signed names its key for ${tenant}`,
    );
    const last = newest.get(by.site);
    return { by, dropped: last && isNewer(last, by) ? last : undefined };
  };
}

/** Says of each bank who vouches for it; refuses one that no roster names, where the reader says whose rosters count. */
export function vouch(
  asked: Asked,
  trust: RootTrust,
  { journals, say }: { journals: Journals; say: Say },
): void {
  if (trust.rootKeys.length === 0) {
    for (const { bank } of journals.signers())
      say(`${bank}: vouched by the cloud only, for no --root-key says whose roster counts`, null);
    return;
  }
  const vouchingFor = vouching(asked, trust);
  for (const signer of journals.signers()) {
    const { by, dropped } = vouchingFor(signer);
    say(
      `${signer.bank}: the site root’s roster, version ${by.version} of ${by.site}, names its key; so the cloud did not write its records`,
    );
    // When a record was made is its bank's word, and that of whoever has its key by now: no time is compared here.
    if (dropped)
      say(
        `${signer.bank}: version ${dropped.version} of that roster, made at ${new Date(dropped.madeAtMs).toISOString()}, drops its key; which records are older is the cloud’s word`,
        null,
      );
  }
}
