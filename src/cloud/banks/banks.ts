/** Sites and banks: registering, enrolling, what each holds, and what the cloud may ask of it. */
import type { HelloMessage } from '../../contract/uplink.ts';
import { equalBytes } from '../../crypto/hash.ts';
import type { BankLayout } from '../../domain/bank.ts';
import { type BankId, idFrom, isId, type SiteId, type TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { sealedColumn } from '../keys/keys.ts';
import { bankAdded } from '../leases/leases.ts';
import type { Noun, Projection } from '../noun.ts';
import * as rosters from '../rosters/rosters.ts';
import { placeOfNote } from './alarm-acts.ts';
import { alarmProjection } from './alarms.ts';
import { certificateHash } from './enrol.ts';
import { migrations } from './migrations.ts';
import { pictureProjection } from './picture.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';
import { suspensionProjection } from './suspended.ts';

export { care as careForAlarm, end as endAlarm, history as alarmHistory, openNote } from './alarm-acts.ts';
export { alarms, alarmsRaised, move as moveAlarms, raise as raiseAlarm } from './alarms.ts';
export { enrol, enrolmentCode } from './enrol.ts';
export { ONCE_STANDING } from './migrations.ts';
export { EMPTY as EMPTY_PICTURE, foldPicture, type Picture, pictures } from './picture.ts';
export { renew } from './renew.ts';
export { type Retired, retire } from './retire.ts';
export type { Bank, Site } from './store.ts';
export { liftPlace, type Place, suspendedAt, suspendPlace } from './suspended.ts';
export { forgetSuspensionsOf, hasSuspension } from './suspension-store.ts';
export { lift, SUSPENSION_MS, type Suspend, suspend, suspensionsOf } from './suspensions.ts';
export { type BankSummary, isOnline, pageOfBanks, summaries, vouchedBy } from './views.ts';

/** Begins a site. `rootKeys` are the public keys that sign its rosters; their private halves are nowhere here. */
export async function addSite(
  cloud: Cloud,
  tx: Tx,
  of: { name: string; rootKeys: readonly string[]; rootSignatures: number },
): Promise<SiteId> {
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

export async function registerBank(
  cloud: Cloud,
  tx: Tx,
  of: { site: SiteId; name: string; layout: BankLayout },
): Promise<BankId> {
  const bank = idFrom('bank', cloud.random.bytes(16));
  await store.insertBank(tx, { ...of, bank, atMs: cloud.clock.nowMs() });
  await cloud.journal.begin(tx, bank);
  await cloud.journal.record(tx, { kind: 'bank.registered', fields: { subject: bank } });
  await bankAdded(tx);
  await cloud.changed(tx, ['banks']);
  return bank;
}

/** Those out of service among them: for names, and for what their journals say. */
export async function allBanks(tx: Tx): Promise<store.Bank[]> {
  return store.selectBanks(tx);
}

/** Of a site, those that are not out of service. */
export async function banksOf(tx: Tx, site: SiteId): Promise<store.Bank[]> {
  return store.selectBanks(tx, { site, serving: true });
}

/** Of the whole tenant, those that are not out of service: whom something is still asked of, or told. */
export async function servingBanks(tx: Tx): Promise<store.Bank[]> {
  return store.selectBanks(tx, { serving: true });
}

/** Of the whole tenant, those that are. */
export const retiredBanks = store.retiredBanks;

export async function findBank(tx: Tx, bank: string): Promise<store.Bank | undefined> {
  return isId('bank', bank) ? (await store.selectBanks(tx, { bank }))[0] : undefined;
}

export async function bankName(tx: Tx, bank: string): Promise<string> {
  return (await findBank(tx, bank))?.name ?? bank;
}

/** Whose bank this is, before a tenant is known. Undefined for a stranger's id. */
export async function tenantOfBank(cloud: Cloud, bank: string): Promise<TenantId | undefined> {
  if (!isId('bank', bank)) return undefined;
  return (await cloud.database.readEstate((tx) => store.findIndex(tx, bank)))?.tenant;
}

/** Whose bank this is while it is in service: nothing that another one sends is taken. */
export async function tenantOfServing(cloud: Cloud, bank: string): Promise<TenantId | undefined> {
  if (!isId('bank', bank)) return undefined;
  const index = await cloud.database.readEstate((tx) => store.findIndex(tx, bank));
  return index?.retired ? undefined : index?.tenant;
}

/**
 * True when `certificate` (DER) is one that this bank may show: what it was enrolled with last, or what came after that
 * over its connection, and the one before. An older or foreign one is refused.
 */
export async function isCertificateOf(cloud: Cloud, bank: string, certificate: Uint8Array): Promise<boolean> {
  if (!isId('bank', bank)) return false;
  const index = await cloud.database.readEstate((tx) => store.findIndex(tx, bank));
  const shown = certificateHash(certificate);
  return index?.certificates.some((onFile) => equalBytes(onFile, shown)) ?? false;
}

export async function heardHello(cloud: Cloud, tx: Tx, bank: BankId, hello: HelloMessage): Promise<void> {
  const before = (await findBank(tx, bank))?.hello;
  await store.setHello(tx, bank, { hello, atMs: cloud.clock.nowMs() });
  if (before?.boot !== hello.boot)
    await cloud.journal.record(tx, { kind: 'bank.connected', fields: { subject: bank } });
  await cloud.changed(tx, ['banks']);
}

/** Somebody was erased: of records up to `upTo` the bank is to keep nothing sealed for the intake. */
export async function forgetKept(tx: Tx, of: { bank: BankId; upTo: number }): Promise<void> {
  await store.setForgetTo(tx, of.bank, of.upTo);
}

export async function heard(cloud: Cloud, tx: Tx, bank: BankId): Promise<void> {
  await store.setHeard(tx, bank, cloud.clock.nowMs());
}

/** What our own broker says of a bank's connection; of every bank when it starts. */
export async function setConnected(
  cloud: Cloud,
  tx: Tx,
  bank: BankId | null,
  connected: boolean | null,
): Promise<void> {
  await store.setConnected(tx, bank, connected);
  await cloud.changed(tx, ['banks', 'attention']);
}

/** The last word counts: what was applied, or what was refused after it. */
const rosterProjection: Projection = {
  kinds: ['roster.applied', 'roster.refused'],
  async follow(cloud, tx, { bank, told }) {
    const last = told.findLastIndex(({ record }) => record.kind === 'roster.applied');
    const applied = told[last]?.record;
    if (applied)
      await store.setRosterApplied(tx, bank, {
        version: Number(applied.facts.version),
        atMs: applied.time.atMs,
      });
    const refused = told.slice(last + 1).at(-1)?.record;
    if (refused) await store.setRosterRefused(tx, bank, String(refused.facts.reason));
    await cloud.changed(tx, ['rosters', 'couriers', 'banks', 'attention']);
    return [];
  },
};

export const banks: Noun = {
  migrations,
  routes,
  projections: [pictureProjection, alarmProjection, rosterProjection, suspensionProjection],
  underTenantKey: [
    sealedColumn({
      table: 'alarm_acts',
      column: 'note',
      by: { alarm: 'bigint', ord: 'bigint' },
      place: ([alarm]) => placeOfNote(Number(alarm)),
    }),
  ],
};
