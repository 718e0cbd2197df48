/**
 * Drafts: the desired state of a site (its carriers, couriers, banks, pins, keys and policy), whenever that
 * differs from the last signed roster. A draft keeps its bytes until the desired state moves.
 */
import canonicalize from 'canonicalize';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { SiteId } from '../../domain/ids.ts';
import {
  ROSTER_VERSION,
  type Roster,
  type RosterChange,
  rosterChanges,
  rosterSchema,
} from '../../domain/roster.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { namedLog } from '../log/log.ts';
import * as people from '../people/people.ts';
import * as store from './store.ts';

export type Draft = {
  version: number;
  madeAtMs: number;
  hash: string;
  json: string;
  changes: RosterChange[];
  previousNote: string | null;
};

/** What waits for the root's signature; null when nothing does. Writes a new draft when the desired state moved. */
export async function draft(cloud: Cloud, tx: Tx, site: SiteId, by: people.By = null): Promise<Draft | null> {
  const trust = await store.lockSite(tx, site);
  if (!trust) throw new HoldfastError('not-found', 'There is no such site here.');
  const last = await store.lastSigned(tx, site);
  const before = last ? readRoster(last.json) : null;
  const desired = await desiredRoster(cloud, tx, trust, before);
  if (before && contentOf(before) === contentOf(desired)) {
    await store.deleteDraft(tx, site);
    return null;
  }
  const kept = await store.findDraft(tx, site);
  const current =
    kept && kept.version === desired.version && contentOf(readRoster(kept.json)) === contentOf(desired)
      ? kept.json
      : undefined;
  const json = current ?? canonical(desired);
  const roster = readRoster(json);
  const shown: Draft = {
    version: roster.version,
    madeAtMs: roster.madeAtMs,
    hash: draftHash(json),
    json,
    changes: rosterChanges(before, roster),
    previousNote: last?.note ?? null,
  };
  if (current !== undefined) return shown;
  await store.putDraft(tx, site, { version: desired.version, json, atMs: desired.madeAtMs });
  const person = by === null ? {} : { person: by };
  await cloud.journal.record(
    tx,
    { kind: 'roster.drafted', facts: { version: shown.version, hash: shown.hash }, fields: person },
    person,
  );
  await cloud.changed(tx, ['rosters', 'attention']);
  return shown;
}

async function desiredRoster(
  cloud: Cloud,
  tx: Tx,
  trust: store.SiteTrust,
  before: Roster | null,
): Promise<Roster> {
  const nowMs = cloud.clock.nowMs();
  const couriers = (await people.couriers(tx)).filter(
    (courier) => courier.active && (courier.suspendedUntilMs ?? 0) <= nowMs,
  );
  const carriers = await people.carriers(tx);
  const keys = await cloud.keys.published(tx);
  return rosterSchema.parse({
    v: ROSTER_VERSION,
    tenant: tenantOf(tx),
    site: trust.site,
    version: (before?.version ?? 0) + 1,
    madeAtMs: nowMs,
    root: trust.nextRoot ?? before?.root ?? { keys: trust.rootKeys, k: trust.rootK },
    banks: await store.banksOf(tx, trust.site),
    pins: cloud.pins,
    keys: { intake: keys.intake, notifier: keys.notifier, ledger: await namedLog(tx) },
    carriers: carriers.map(({ carrier, name, key }) => ({ carrier, name, key })),
    couriers: couriers.map(({ person, carrier, badgeHash, untilMs }) => ({
      person,
      carrier,
      badgeHash,
      untilMs,
    })),
    staff: before?.staff ?? [],
    policy: trust.policy,
  });
}

/** Everything but its number and date, by which two rosters are compared. */
function contentOf(roster: Roster): string {
  return canonical({ ...roster, version: 1, madeAtMs: 0 });
}

export function canonical(roster: Roster): string {
  const text = canonicalize(roster);
  if (text === undefined) throw new Error('a roster is a JSON object');
  return text;
}

export function readRoster(json: string): Roster {
  return rosterSchema.parse(JSON.parse(json));
}

function draftHash(json: string): string {
  return base64url(sha256(utf8(json)));
}
