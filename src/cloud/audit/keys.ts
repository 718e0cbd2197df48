/** The keys of banks: believed because rosters that their site's root signed name them, and their enrolment is recorded. */
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { noteHash, openRoster } from '../../ledger/roster.ts';
import type { Auditing, OwnWords } from './journals.ts';
import type { BankRow } from './rows.ts';

export async function auditKeys(
  auditing: Auditing,
  banks: readonly BankRow[],
  { enrolled, received }: OwnWords,
): Promise<void> {
  const { findings } = auditing;
  const named = await namedKeys(auditing, received);
  for (const { bank, site, key } of banks) {
    if (key === null) continue;
    // Its own first record says which key the bank has.
    const first = (await auditing.indexOf(bank, 1)) ?? null;
    if (!enrolled.has(fingerprint(key)))
      findings.add('keys', bank, 'no record of an enrolment names the key that it is kept with', first);
    const keys = named.get(`${site}/${bank}`);
    if (!keys) findings.note(`${bank}: no roster names its key yet; that is vouched for by the cloud alone`);
    else if ([...keys].some((one) => one !== base64url(key)))
      findings.add('keys', bank, 'a signed roster names another key for it', first);
  }
}

/** By site and bank. Each roster is judged with the root that the one before it names. */
async function namedKeys(
  { rows, findings, indexOf }: Auditing,
  received: ReadonlyMap<string, LedgerRecord>,
): Promise<Map<string, Set<string>>> {
  const missing = new Map(received);
  const named = new Map<string, Set<string>>();
  const placeOf = async (record: LedgerRecord | undefined) =>
    (record && (await indexOf(record.source, record.seq))) ?? null;
  for (const { site, rootKeys, k } of await rows.sites()) {
    let trust = { site, rootKeys, k, version: 0 };
    for (const { version, note, json } of await rows.rosters(site)) {
      const where = `${site} roster ${version}`;
      const hash = noteHash(note);
      const index = await placeOf(received.get(hash));
      if (!received.has(hash)) findings.add('keys', where, 'no record says that it came back signed');
      missing.delete(hash);
      const opened = openRoster(note, trust);
      if (!opened.ok) {
        findings.add('keys', where, `is not believed: ${opened.reason}`, index);
        continue;
      }
      const roster = opened.value;
      if (roster.version !== version || !note.includes(`\n${json}\n`))
        findings.add('keys', where, 'its columns differ from its note', index);
      if (version !== trust.version + 1)
        findings.add('keys', where, `follows roster ${trust.version}`, index);
      trust = { site, rootKeys: roster.root.keys, k: roster.root.k, version: roster.version };
      for (const { bank, key } of roster.banks) {
        const keys = named.get(`${site}/${bank}`) ?? new Set();
        named.set(`${site}/${bank}`, keys.add(key));
      }
    }
  }
  for (const [hash, record] of missing)
    findings.add('keys', `roster ${hash}`, 'came back signed, and is not kept', await placeOf(record));
  return named;
}
