/** Whether the site root names the banks whose records are in a bundle: what the cloud says of its banks is its own word. */
import type { Roster } from '../../domain/roster.ts';
import { openRoster } from '../roster.ts';
import type { BundleKeys } from './format.ts';
import type { Journals, SigningBank } from './journals.ts';
import { need, type Say } from './refusal.ts';

type RootTrust = { rootKeys: readonly string[]; signatures: number };
type Asked = { keys: BundleKeys; tenant: string };

/** Which roster names which key of which bank; each is opened once, however many banks there are. */
function vouching(
  { keys: { rosters }, tenant }: Asked,
  { rootKeys, signatures }: RootTrust,
): (of: SigningBank) => Roster {
  const named = new Map<string, Roster>();
  for (const note of rosters) {
    const [, site = ''] = note.split('\n', 2);
    const opened = openRoster(note, { site, rootKeys, k: signatures, version: 0 });
    // Another organisation's roster says nothing of one whose name stands on the bundle.
    if (!opened.ok || opened.value.tenant !== tenant) continue;
    for (const { bank, key } of opened.value.banks) {
      const name = `${bank} ${key}`;
      if (!named.has(name)) named.set(name, opened.value);
    }
  }
  return ({ bank, key }) => {
    const roster = named.get(`${bank} ${key}`);
    need(
      roster !== undefined,
      `${bank}: vouched by the cloud only: no roster that the given root keys signed names its key for ${tenant}`,
    );
    return roster;
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
  const rosterOf = vouching(asked, trust);
  for (const signer of journals.signers()) {
    const { version, site } = rosterOf(signer);
    say(
      `${signer.bank}: the site root’s roster, version ${version} of ${site}, names its key; so the cloud did not write its records`,
    );
  }
}
