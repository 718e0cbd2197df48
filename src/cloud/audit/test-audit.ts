/** A small estate with a log for tests of the audit: several banks with mixed journeys, taken in as they come. */
import assert from 'node:assert/strict';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { idFrom, type PersonId, type SiteId, type TenantId } from '../../domain/ids.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { signRoster } from '../../ledger/roster.ts';
import type { Tx } from '../../platform/database.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { createLog, drain } from '../log/log.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';
import { createTenant } from '../tenants/tenants.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { addResident } from '../test-tenants.ts';

export const HOST = 'ledger.example.org';
const HASH = base64url(new Uint8Array(32).fill(9));

export type Estate = {
  tenant: TenantId;
  site: SiteId;
  banks: TestBank[];
  root: SigningKey;
  resident: PersonId;
  carrier: string;
};

export type Pick = <Value>(of: readonly Value[]) => Value;

/** mulberry32: small, and the same everywhere. */
export function picking(seed: number): Pick & { below(count: number): number } {
  let state = seed;
  const below = (count: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % count;
  };
  return Object.assign(<Value>(of: readonly Value[]) => of[below(of.length)] as Value, { below });
}

/** A tenant with a log in which nothing stands but its beginning. */
export async function newEstate(cloud: Cloud, bankCount: number): Promise<Estate> {
  const tenant = await createTenant(cloud);
  const inTenant = <T>(run: (tx: Tx) => Promise<T>) => cloud.database.tenant(tenant, run);
  const root = newSigningKey();
  const site = await inTenant((tx) =>
    banks.addSite(cloud, tx, { name: 'Riverside', rootKeys: [base64url(root.publicKey)], rootSignatures: 1 }),
  );
  const all: TestBank[] = [];
  for (let n = 0; n < bankCount; n++) all.push(await enrolledBank(cloud, tenant, site));
  const carrier = await inTenant((tx) => people.addCarrier(cloud, tx, { name: 'Express', key: null }));
  const resident = await addResident(cloud, { tenant, site, name: 'Ada' });
  await signDraft(cloud, { tenant, site, root });
  await createLog(cloud, { tenant, host: HOST, succeeds: false });
  await drain(cloud, tenant);
  return { tenant, site, banks: all, root, resident, carrier };
}

async function signDraft(cloud: Cloud, of: { tenant: TenantId; site: SiteId; root: SigningKey }) {
  const draft = await cloud.database.tenant(of.tenant, (tx) => rosters.draft(cloud, tx, of.site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), [of.root]);
  assert.ok((await rosters.submit(cloud, of.site, note)).ok);
}

export async function take(cloud: Cloud, { tenant }: Estate, bank: TestBank): Promise<void> {
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
}

/** A day of one bank, in a batch of its own; the log grows after it. */
export async function oneDay(cloud: Cloud, estate: Estate, bank: TestBank, day: number): Promise<void> {
  writeDay(estate, bank, day);
  await take(cloud, estate, bank);
  await cloud.database.tenant(estate.tenant, (tx) =>
    cloud.journal.record(tx, { kind: 'backup.made', facts: { bytes: day, hash: HASH } }),
  );
  await drain(cloud, estate.tenant);
}

/** Something of every table that follows from records. */
function writeDay({ resident, carrier }: Estate, bank: TestBank, day: number): void {
  const courier = idFrom('person', systemRandom.bytes(16));
  const compartment = 1 + (day % 20);
  const journey = { courier, recipient: resident, carrier, tracking: `1Z${day}` };
  if (day === 0) bank.write({ kind: 'roster.applied', facts: { version: 1, hash: HASH } });
  bank.writeJourney({ ...journey, compartment, collect: day % 3 !== 0 });
  bank.write({ kind: 'alarm.raised', compartment: 21, facts: { condition: 'ajar' } });
  if (day % 2 === 0) bank.write({ kind: 'alarm.ended', compartment: 21, facts: { condition: 'ajar' } });
  const missing = { person: resident, parcel: idFrom('parcel', systemRandom.bytes(16)) };
  bank.write({ kind: 'discrepancy.reported', compartment, facts: { what: 'not-received' }, fields: missing });
  bank.write({ kind: 'count.taken', compartment, facts: { found: 'as-expected' }, fields: {} });
  // Of a parcel that was never accepted: it stands, and is complained of.
  const fields = { parcel: missing.parcel, person: resident };
  bank.write({
    kind: 'parcel.collected',
    compartment: 22,
    facts: { basis: 'person', occupied: 'no' },
    fields,
  });
  bank.write({ kind: 'door.forced', compartment: 23, facts: { occupied: 'no' } });
  bank.write({ kind: 'compartment.withdrawn', compartment: 24, facts: { why: 'order' } });
  const order = idFrom('order', systemRandom.bytes(16));
  bank.write({
    kind: 'order.accepted',
    facts: { act: 'lift', hash: base64url(systemRandom.bytes(32)), signatures: 1, road: 'hand' },
    fields: { order, person: resident, purpose: 'told' },
  });
  if (day % 2 === 1) bank.write({ kind: 'order.lapsed', facts: { act: 'lift' }, fields: { order } });
}
