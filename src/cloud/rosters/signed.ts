/**
 * Signed rosters. What comes back from the root is taken only when the site's root signed it, it is newer
 * than the last, and it is the draft, to the byte.
 */
import { fromBase64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { SiteId } from '../../domain/ids.ts';
import type { Denial, Result } from '../../domain/outcome.ts';
import type { Roster } from '../../domain/roster.ts';
import { openNote } from '../../ledger/note.ts';
import { isWhole, noteHash, openRoster, type RosterTrust, rosterNeeds } from '../../ledger/roster.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { canonical, draft, readRoster } from './drafts.ts';
import * as store from './store.ts';

/** A roster that differs from the draft: another one was signed, or the desired state moved meanwhile. */
const NOT_THE_DRAFT = 'roster-malformed' satisfies Denial;

/** `differs`: the root did sign it, but it is not what waits now. */
export type Refusal = { reason: Denial; differs: boolean };

/** Takes a signed roster, or says why not. Both are recorded. */
export async function submit(
  cloud: Cloud,
  site: SiteId,
  note: string,
): Promise<Result<{ version: number }, Refusal>> {
  const tenant = await cloud.database.estate((tx) => store.tenantOfSite(tx, site));
  if (!tenant) throw new HoldfastError('not-found', 'There is no such site here.');
  if (note.includes('\0')) throw new HoldfastError('input-invalid', 'A note is text of whole lines.');
  return await cloud.database.tenant(tenant, async (tx) => {
    const waiting = await draft(cloud, tx, site);
    const opened = await judge(tx, site, note);
    const hash = noteHash(note);
    const isDraft = opened.ok && canonical(opened.value) === waiting?.json;
    if (!opened.ok || !isDraft) {
      const reason = opened.ok ? NOT_THE_DRAFT : opened.reason;
      const version = opened.ok ? opened.value.version : 0;
      await cloud.journal.record(tx, { kind: 'roster.rejected', facts: { version, hash, reason } });
      return { ok: false, reason: { reason, differs: opened.ok } };
    }
    const { version } = opened.value;
    await store.insertSigned(tx, site, {
      version,
      note,
      json: waiting.json,
      signatures: opened.signatures,
      atMs: cloud.clock.nowMs(),
    });
    await store.deleteDraft(tx, site);
    await cloud.journal.record(tx, { kind: 'roster.received', facts: { version, hash } });
    await cloud.tellBanks(tx, site);
    await cloud.changed(tx, ['rosters', 'couriers', 'banks', 'attention']);
    return { ok: true, value: { version } };
  });
}

type Judged = { ok: true; value: Roster; signatures: number } | { ok: false; reason: Denial };

async function judge(tx: Tx, site: SiteId, note: string): Promise<Judged> {
  const begun = await store.lockSite(tx, site);
  if (!begun) throw new HoldfastError('not-found', 'There is no such site here.');
  const trust = await trustOf(tx, begun);
  const opened = openRoster(note, trust);
  if (!opened.ok) return opened;
  // Asked of nothing but a change of the root: see rosterNeeds.
  if (!isWhole(rosterNeeds(note, opened.value, { keys: [...trust.rootKeys], k: trust.k })))
    return { ok: false, reason: 'signature-wrong' };
  const verifiers = trust.rootKeys.map((key) => ({
    name: trust.site,
    publicKey: fromBase64url(key) ?? new Uint8Array(0),
  }));
  return { ok: true, value: opened.value, signatures: openNote(note, verifiers)?.signedBy.length ?? 0 };
}

/** The root that the last roster names, or that the site began with. */
async function trustOf(tx: Tx, begun: store.SiteTrust): Promise<RosterTrust> {
  const last = await store.lastSigned(tx, begun.site);
  const root = last ? readRoster(last.json).root : { keys: begun.rootKeys, k: begun.rootK };
  return { site: begun.site, rootKeys: root.keys, k: root.k, version: last?.version ?? 0 };
}

export type Signed = { version: number; hash: string; note: string; signatures: number; roster: Roster };

/** The last signed roster of a site; undefined before the first. */
export async function current(tx: Tx, site: SiteId): Promise<Signed | undefined> {
  const last = await store.lastSigned(tx, site);
  return last && signedFrom(last);
}

const signedFrom = (row: store.SignedRow): Signed => ({
  version: row.version,
  hash: noteHash(row.note),
  note: row.note,
  signatures: row.signatures,
  roster: readRoster(row.json),
});

export async function currentNote(tx: Tx, site: SiteId): Promise<string | undefined> {
  return (await store.lastSigned(tx, site))?.note;
}

/** The root that signs the next roster: what a bank begins with that is commissioned now. */
export async function rootNow(
  tx: Tx,
  site: SiteId,
): Promise<{ rootKeys: readonly string[]; k: number } | undefined> {
  const begun = await store.findSite(tx, site);
  return begun && (await trustOf(tx, begun));
}

/**
 * The note of the roster that a bank needs next. It knows the root that the roster it holds names, and no later one; so
 * while a change of the root lies between it and the last roster, it is given the one that changed it.
 */
export async function noteAfter(tx: Tx, site: SiteId, held: number): Promise<Signed | undefined> {
  const last = await current(tx, site);
  if (!last || held === 0 || last.version <= held + 1) return last;
  const roots = await store.rootsFrom(tx, site, held);
  const changed = roots.findIndex(({ root }, at) => at > 0 && root !== roots[at - 1]?.root);
  const version = roots[changed]?.version;
  const row = version === undefined ? undefined : await store.signedOf(tx, site, version);
  return row ? signedFrom(row) : last;
}

/** The root that a site began with: where a verifier starts. */
export async function rootOf(tx: Tx, site: SiteId): Promise<{ rootKeys: string[]; k: number } | undefined> {
  const begun = await store.findSite(tx, site);
  return begun && { rootKeys: begun.rootKeys, k: begun.rootK };
}

/**
 * The roster of one version, if its signatures verify now, from the root that the site began with; what
 * the table says about itself is not believed. Undefined when there is none, or it does not verify.
 */
export async function verifiedRoster(tx: Tx, site: SiteId, version: number): Promise<Roster | undefined> {
  const begun = await rootOf(tx, site);
  const note = await store.signedNote(tx, site, version);
  if (!begun || note === undefined) return undefined;
  const direct = openRoster(note, { site, ...begun, version: version - 1 });
  if (direct.ok) return direct.value.version === version ? direct.value : undefined;
  // The root has changed since: each roster names the root of the next.
  let trust: RosterTrust = { site, ...begun, version: 0 };
  for (const earlier of await store.signedNotesUpTo(tx, site, version)) {
    const opened = openRoster(earlier, trust);
    if (!opened.ok) return undefined;
    if (opened.value.version === version) return opened.value;
    trust = { site, rootKeys: opened.value.root.keys, k: opened.value.root.k, version: opened.value.version };
  }
  return undefined;
}

export type SiteRoot = { site: SiteId; k: number; rootKeys: readonly string[]; fingerprints: string[] };

/** Says which root the next draft names; the one of now takes back what was said before. */
export async function desireRoot(
  tx: Tx,
  site: SiteId,
  root: { rootKeys: readonly string[]; k: number },
): Promise<void> {
  await store.putNextRoot(tx, site, { keys: [...root.rootKeys], k: root.k });
}

/** Each site of the tenant with the root that signs its next roster. */
export async function sites(tx: Tx): Promise<SiteRoot[]> {
  const roots: SiteRoot[] = [];
  for (const begun of await store.listSites(tx)) {
    const { rootKeys, k } = await trustOf(tx, begun);
    roots.push({
      site: begun.site,
      k,
      rootKeys,
      fingerprints: rootKeys.map((key) => fingerprint(fromBase64url(key) ?? new Uint8Array(0))),
    });
  }
  return roots;
}
