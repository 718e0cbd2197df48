/** Sites and banks: registering, enrolling, what each holds, and what the cloud may ask of it. */
import type { z } from 'zod';
import type { bankDetail, bankSummary } from '../../contract/http/admin.ts';
import type { HelloMessage } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import type { BankLayout } from '../../domain/bank.ts';
import { type BankId, idFrom, isId, type SiteId, type TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Noun, Projection } from '../noun.ts';
import * as rosters from '../rosters/rosters.ts';
import { alarmProjections } from './alarms.ts';
import { certificateHash } from './enrol.ts';
import { migrations } from './migrations.ts';
import { countFree, EMPTY, pictureProjections, pictures, shownState } from './picture.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';

export type { Bank, Site } from './store.ts';
export { alarms, end as endAlarm, raise as raiseAlarm } from './alarms.ts';
export { enrolmentCode } from './enrol.ts';
export { foldPicture, EMPTY as EMPTY_PICTURE, type Picture, pictures } from './picture.ts';
export { lift, suspend, suspensionsOf, type Suspend } from './suspensions.ts';

export type BankSummary = z.infer<typeof bankSummary>;

/** Begins a site. `rootKeys` are the public keys that sign its rosters; their private halves are nowhere here. */
export async function addSite(cloud: Cloud, tx: Tx, of: { name: string; rootKeys: readonly string[]; rootSignatures: number }): Promise<SiteId> {
  const site = idFrom('site', cloud.random.bytes(16));
  await store.insertSite(tx, { site_id: site, name: of.name, created_at_ms: cloud.clock.nowMs() });
  await rosters.openSite(tx, { site, rootKeys: of.rootKeys, k: of.rootSignatures });
  await cloud.journal.record(tx, { kind: 'site.created', fields: { subject: site } });
  return site;
}

export const sites = store.allSites;

export async function siteName(tx: Tx, site: string): Promise<string> {
  return (await store.allSites(tx)).find((known) => known.site === site)?.name ?? site;
}

export async function registerBank(cloud: Cloud, tx: Tx, of: { site: SiteId; name: string; layout: BankLayout }): Promise<BankId> {
  const bank = idFrom('bank', cloud.random.bytes(16));
  await store.insertBank(tx, { ...of, bank, atMs: cloud.clock.nowMs() });
  await cloud.journal.begin(tx, bank);
  await cloud.journal.record(tx, { kind: 'bank.registered', fields: { subject: bank } });
  await cloud.changed(tx, ['banks']);
  return bank;
}

export async function allBanks(tx: Tx): Promise<store.Bank[]> {
  return store.selectBanks(tx);
}

export async function banksOf(tx: Tx, site: SiteId): Promise<store.Bank[]> {
  return store.selectBanks(tx, { site });
}

export async function findBank(tx: Tx, bank: string): Promise<store.Bank | undefined> {
  return isId('bank', bank) ? (await store.selectBanks(tx, { bank }))[0] : undefined;
}

export async function bankName(tx: Tx, bank: string): Promise<string> {
  return (await findBank(tx, bank))?.name ?? bank;
}

/** Whose bank this is, before a tenant is known. Undefined for a stranger's id. */
export async function tenantOfBank(cloud: Cloud, bank: string): Promise<TenantId | undefined> {
  if (!isId('bank', bank)) return undefined;
  return (await cloud.database.estate((tx) => store.findIndex(tx, bank)))?.tenant;
}

/** True when `certificate` (DER) is the one that this bank was last given: an older or foreign one is refused. */
export async function isCertificateOf(cloud: Cloud, bank: string, certificate: Uint8Array): Promise<boolean> {
  if (!isId('bank', bank)) return false;
  const index = await cloud.database.estate((tx) => store.findIndex(tx, bank));
  return index?.certificate != null && base64url(index.certificate) === base64url(certificateHash(certificate));
}

export async function heardHello(cloud: Cloud, tx: Tx, bank: BankId, hello: HelloMessage): Promise<void> {
  const before = (await findBank(tx, bank))?.hello;
  await store.setHello(tx, bank, { hello, atMs: cloud.clock.nowMs() });
  if (before?.boot !== hello.boot) await cloud.journal.record(tx, { kind: 'bank.connected', fields: { subject: bank } });
  await cloud.changed(tx, ['banks']);
}

export async function heard(cloud: Cloud, tx: Tx, bank: BankId): Promise<void> {
  await store.setHeard(tx, bank, cloud.clock.nowMs());
}

/** What our own broker says of a bank's connection; of every bank when it starts. */
export async function setConnected(cloud: Cloud, tx: Tx, bank: BankId | null, connected: boolean): Promise<void> {
  await store.setConnected(tx, bank, connected);
  await cloud.changed(tx, ['banks', 'attention']);
}

/** Without word from a broker, a bank that says something every quarter of an hour is online for this long. */
const HEARD_WITHIN_MS = 20 * 60_000;

export function isOnline(bank: store.Bank, nowMs: number): boolean {
  if (bank.connected !== null) return bank.connected;
  return bank.lastHeardMs !== null && nowMs - bank.lastHeardMs < HEARD_WITHIN_MS;
}

/** A bank's key counts when a roster that the site's root signed, and that the bank applied, names it. */
export async function vouchedBy(tx: Tx, bank: Pick<store.Bank, 'bank' | 'site' | 'key' | 'roster'>): Promise<BankSummary['vouchedBy']> {
  if (bank.key === null || bank.roster.applied === 0) return 'the cloud only';
  const key = base64url(bank.key);
  const roster = await rosters.verifiedRoster(tx, bank.site, bank.roster.applied);
  return roster?.banks.some((named) => named.bank === bank.bank && named.key === key) ? 'site root' : 'the cloud only';
}

export async function summaries(cloud: Cloud, tx: Tx): Promise<BankSummary[]> {
  const items: BankSummary[] = [];
  for (const bank of await store.selectBanks(tx)) items.push(await summaryOf(cloud, tx, bank));
  return items;
}

async function summaryOf(cloud: Cloud, tx: Tx, bank: store.Bank): Promise<BankSummary> {
  const { free, occupied } = countFree(bank.layout, await pictures(tx, bank.bank));
  const end = await cloud.journal.endOf(tx, bank.bank);
  const desired = await rosters.current(tx, bank.site);
  return {
    id: bank.bank,
    name: bank.name,
    site: bank.site,
    online: isOnline(bank, cloud.clock.nowMs()),
    lastHeardMs: bank.lastHeardMs,
    fingerprint: bank.key && fingerprint(bank.key),
    vouchedBy: await vouchedBy(tx, bank),
    lastSeq: end?.lastSeq ?? 0,
    roster: { desired: desired?.version ?? 0, applied: bank.roster.applied, appliedAtMs: bank.roster.appliedAtMs },
    free,
    occupied,
    compartments: bank.layout.compartments.length,
  };
}

export async function detail(cloud: Cloud, tx: Tx, id: string): Promise<z.infer<typeof bankDetail> | undefined> {
  const bank = await findBank(tx, id);
  if (!bank) return undefined;
  const shown = await pictures(tx, bank.bank);
  const doors = bank.layout.compartments.map(({ n, size, column, row, heightUnits, accessible }) => {
    const picture = shown.get(n) ?? EMPTY;
    return { n, size, column, row, heightUnits, accessible, state: shownState(picture), door: picture.door, parcel: picture.parcel, sinceMs: picture.sinceMs };
  });
  return { ...(await summaryOf(cloud, tx, bank)), layoutColumns: bank.layout.columns, doors };
}

const onRosterApplied: Projection = async (cloud, tx, { bank, record }) => {
  await store.setRosterApplied(tx, bank, { version: Number(record.facts['version']), atMs: record.time.atMs });
  await cloud.changed(tx, ['rosters', 'couriers', 'banks', 'attention']);
};

const onRosterRefused: Projection = async (cloud, tx, { bank, record }) => {
  await store.setRosterRefused(tx, bank, String(record.facts['reason']));
  await cloud.changed(tx, ['rosters', 'attention']);
};

export const banks: Noun = {
  migrations,
  routes,
  projections: { ...pictureProjections, ...alarmProjections, 'roster.applied': onRosterApplied, 'roster.refused': onRosterRefused },
};
