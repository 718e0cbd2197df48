/** The keys of banks: believed because rosters that their site's root signed name them, and their enrolment is recorded. */
import { isDeepStrictEqual } from 'node:util';
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import type { Roster } from '../../domain/roster.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import {
  isWhole,
  noteHash,
  openRoster,
  type RosterTrust,
  rosterNeeds,
  rosterSigners,
} from '../../ledger/roster.ts';
import type { Auditing, OwnWords } from './journals.ts';
import { isNear } from './orders.ts';
import type { BankRow, RosterRow } from './rows.ts';

/** What the rosters of one site say of a bank; of keys to seal to only the newest counts. */
type Named = {
  keys: Set<string>;
  sealKey: string;
  /** That the newest of them came back signed. */
  received: LedgerRecord | undefined;
};
/** By bank, and there by site. */
type NamedBanks = Map<string, Map<string, Named>>;

export async function auditKeys(
  auditing: Auditing,
  banks: readonly BankRow[],
  words: OwnWords,
): Promise<void> {
  const named = await namedKeys(auditing, words);
  for (const bank of banks) if (bank.key !== null) await auditBankKeys(auditing, bank, { named, words });
}

async function auditBankKeys(
  { findings, indexOf }: Auditing,
  { bank, site, key, seal_key: sealKey }: BankRow,
  { named, words: { enrolled } }: { named: NamedBanks; words: OwnWords },
): Promise<void> {
  // Its own first record says which key the bank has.
  const first = (await indexOf(bank, 1)) ?? null;
  const enrolment = enrolled.get(fingerprint(key ?? NONE));
  if (!enrolment)
    findings.add('keys', bank, 'no record of an enrolment names the key that it is kept with', first);
  const bySite = named.get(bank);
  const own = bySite?.get(site);
  for (const other of bySite?.keys() ?? [])
    if (other !== site) findings.add('keys', bank, `a signed roster of ${other} names it`, first);
  if (!bySite) findings.note(`${bank}: no roster names its key yet; that is vouched for by the cloud alone`);
  if (!own) return;
  if ([...own.keys].some((one) => one !== base64url(key ?? NONE)))
    findings.add('keys', bank, 'a signed roster names another key for it', first);
  if (own.sealKey === base64url(sealKey ?? NONE)) return;
  // Who enrols anew with the same key may bring another to seal to, and no record says which.
  if ((enrolment?.seq ?? 0) > (own.received?.seq ?? 0))
    findings.note(`${bank}: enrolled anew; no roster names the key yet to which it is sealed`);
  else findings.add('keys', bank, 'the newest roster that names it names another key to seal to', first);
}

const NONE = new Uint8Array(0);

/** Each roster is judged with the root that the one before it names. */
async function namedKeys(auditing: Auditing, { received, roots }: OwnWords): Promise<NamedBanks> {
  const { rows, findings } = auditing;
  const missing = new Map(received);
  const named: NamedBanks = new Map();
  for (const { site, rootKeys, k } of await rows.sites()) {
    let trust: RosterTrust = { site, rootKeys, k, version: 0 };
    const own = [{ keys: [...rootKeys], k }];
    roots.set(site, own);
    for (const row of await rows.rosters(site)) {
      const hash = noteHash(row.note);
      missing.delete(hash);
      const of = { row, trust, record: received.get(hash) };
      const roster = await auditRoster(auditing, of);
      if (!roster) continue;
      const { root } = roster;
      if (!isDeepStrictEqual(own.at(-1), root)) own.push(root);
      trust = { site, rootKeys: roster.root.keys, k: roster.root.k, version: roster.version };
      for (const { bank, key, sealKey } of roster.banks) {
        const bySite = named.get(bank) ?? new Map<string, Named>();
        const keys = bySite.get(site)?.keys ?? new Set();
        named.set(bank, bySite.set(site, { keys: keys.add(key), sealKey, received: of.record }));
      }
    }
  }
  for (const [hash, record] of missing)
    findings.add(
      'keys',
      `roster ${hash}`,
      'came back signed, and is not kept',
      await placeOf(auditing, record),
    );
  return named;
}

async function placeOf({ indexOf }: Auditing, record: LedgerRecord | undefined): Promise<number | null> {
  return (record && (await indexOf(record.source, record.seq))) ?? null;
}

type OneRoster = { row: RosterRow; trust: RosterTrust; record: LedgerRecord | undefined };

/** Undefined where it is not believed. */
async function auditRoster(
  auditing: Auditing,
  { row, trust, record }: OneRoster,
): Promise<Roster | undefined> {
  const { version, note, json, signatures, received_at_ms: atMs } = row;
  const { site, rootKeys, k } = trust;
  const index = await placeOf(auditing, record);
  const tell = (what: string) => auditing.findings.add('keys', `${site} roster ${version}`, what, index);
  if (!record) tell('no record says that it came back signed');
  else if (!isNear(atMs, record)) tell('came back at another time than its record says');
  const opened = openRoster(note, trust);
  if (!opened.ok) {
    tell(`is not believed: ${opened.reason}`);
    return undefined;
  }
  const roster = opened.value;
  if (roster.version !== version || !note.includes(`\n${json}\n`)) tell('its columns differ from its note');
  if (version !== trust.version + 1) tell(`follows roster ${trust.version}`);
  // Where those of a root that it brings are gone, whoever begins with that root refuses it (`rosterNeeds`).
  const signed = rosterSigners(note, { site, keys: rootKeys }).length;
  if (!isWhole(rosterNeeds(note, roster, { keys: [...rootKeys], k })) || signed !== signatures)
    tell('lacks signatures that it came back with');
  return roster;
}
