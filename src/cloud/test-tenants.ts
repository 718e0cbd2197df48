/** An organisation for tests of the wall: something of every kind, each marked so that it is known where it leaks. */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { base64url, utf8 } from '../crypto/bytes.ts';
import type { SigningKey } from '../crypto/sign.ts';
import { idFrom, type PersonId, type SiteId, type TenantId } from '../domain/ids.ts';
import { rosterSchema } from '../domain/roster.ts';
import { signOrder } from '../ledger/order.ts';
import { signRoster } from '../ledger/roster.ts';
import type { Tx } from '../platform/database.ts';
import { systemRandom } from '../platform/random.ts';
import * as banks from './banks/banks.ts';
import { NOUNS } from './cloud.ts';
import * as couriers from './couriers/couriers.ts';
import type { Cloud } from './deps.ts';
import { attach } from './evidence/evidence.ts';
import { projectionsOf, takeBatch } from './intake/intake.ts';
import { createLog, drain } from './log/log.ts';
import * as notices from './notices/notices.ts';
import * as orders from './orders/orders.ts';
import * as people from './people/people.ts';
import * as rosters from './rosters/rosters.ts';
import * as signin from './signin/signin.ts';
import { createTenant } from './tenants/tenants.ts';
import { enrolledBank, type TestBank } from './test-bank.ts';

export type SignedInRole = 'resident' | 'courier' | 'admin' | 'super-admin';

export type Filled = {
  tenant: TenantId;
  site: SiteId;
  bank: string;
  parcel: string;
  /** The first of the bank. */
  record: string;
  notice: string;
  carrier: string;
  /** One that was handed out long ago. */
  exported: string;
  /** A text that was attached to the parcel, in which the mark stands. */
  evidence: string;
  people: Record<SignedInRole, PersonId>;
  /** A session's token of each. */
  tokens: Record<SignedInRole, string>;
  /** Words and ids that nobody of another organisation may ever see. */
  marks: readonly string[];
};

const NONCE = base64url(new Uint8Array(16).fill(7));

export async function filledTenant(cloud: Cloud, of: { root: SigningKey; mark: string }): Promise<Filled> {
  const { root, mark } = of;
  const tenant = await createTenant(cloud);
  const inTenant = <T>(run: (tx: Tx) => Promise<T>) => cloud.database.tenant(tenant, run);
  const site = await inTenant((tx) =>
    banks.addSite(cloud, tx, {
      name: `${mark} Court`,
      rootKeys: [base64url(root.publicKey)],
      rootSignatures: 1,
    }),
  );
  const bank = await enrolledBank(cloud, tenant, site);
  const carrier = await inTenant((tx) =>
    people.addCarrier(cloud, tx, { name: `${mark} Express`, key: null }),
  );
  const staff = await inTenant((tx) => addStaff(cloud, tx, mark));
  const resident = await addResident(cloud, { tenant, site, name: `${mark} Ada` });
  const courier = await addCourier(cloud, { tenant, carrier, name: `${mark} Mara`, by: staff.admin });
  await inTenant(async (tx) => {
    const draft = await rosters.draft(cloud, tx, site);
    assert.ok(draft);
  });
  await signDraft(cloud, { tenant, site, root });
  const parcel = await oneParcel(cloud, { tenant, bank, courier, resident, carrier, mark });
  await oneOrder(cloud, { tenant, site, bank, root });
  await addCourier(cloud, { tenant, carrier, name: `${mark} Nils`, by: staff.admin });
  await inTenant(async (tx) => {
    await couriers.suspend(cloud, tx, { courier, by: staff.admin, purpose: mark });
    await rosters.draft(cloud, tx, site);
    await notices.queueLink(cloud, tx, { person: resident, app: 'resident', url: mark, minutes: 15 });
    await odds(cloud, tx, { bank: bank.bank, resident });
  });
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  await drain(cloud, tenant);
  await inTenant((tx) => oneWitness(tx, mark));
  const evidence = await attach(cloud, tenant, {
    ...{ parcel, about: 'recipient', purpose: `${mark} saw it`, by: staff.admin },
    bytes: utf8(`${mark}: the box is dented on one side.\n`),
  });
  const [notice] = await inTenant((tx) => notices.list(tx, { beforeOrd: null, limit: 1 }));
  assert.ok(notice);
  const signedIn = { resident, courier, ...staff };
  return {
    tenant,
    site,
    tokens: await newTokens(cloud, tenant, signedIn),
    bank: bank.bank,
    parcel,
    record: `${bank.bank}.1`,
    notice: notice.notice,
    carrier,
    evidence: evidence.id,
    exported: await inTenant((tx) => oneExport(tx, staff.admin)),
    people: signedIn,
    marks: [mark, tenant, site, bank.bank, parcel, carrier, resident, courier, ...Object.values(staff)],
  };
}

async function oneExport(tx: Tx, by: PersonId): Promise<string> {
  const id = idFrom('export', systemRandom.bytes(16));
  await sql`insert into exports (export_id, state, asked_at_ms, asked_by) values (${id}, 'gone', 1, ${by})`.execute(
    tx,
  );
  return id;
}

/** Of the checkpoint over nothing, so that no proof stands on what is no signature. */
async function oneWitness(tx: Tx, mark: string): Promise<void> {
  await sql`insert into log_witnesses (generation, vkey, due_at_ms) values (1, ${mark}, 0)`.execute(tx);
  await sql`insert into log_cosignatures (generation, size, vkey, line, at_s, at_ms)
    values (1, 0, ${mark}, ${mark}, 1, 1)`.execute(tx);
}

async function newTokens(
  cloud: Cloud,
  tenant: TenantId,
  of: Filled['people'],
): Promise<Record<SignedInRole, string>> {
  const token = (role: SignedInRole) => newToken(cloud, { tenant, role, person: of[role] });
  return {
    resident: await token('resident'),
    courier: await token('courier'),
    admin: await token('admin'),
    'super-admin': await token('super-admin'),
  };
}

/** Of a session that begins now. */
export function newToken(
  cloud: Cloud,
  { tenant, role, person }: { tenant: TenantId; role: SignedInRole; person: PersonId },
): Promise<string> {
  const app = role === 'super-admin' ? 'admin' : role;
  return cloud.database.tenant(tenant, (tx) =>
    signin.beginSession(cloud, tx, { app, person, role, replaces: undefined }),
  );
}

async function addStaff(
  cloud: Cloud,
  tx: Tx,
  mark: string,
): Promise<Record<'admin' | 'super-admin', PersonId>> {
  const add = (role: 'admin' | 'super-admin') =>
    signin.addAdmin(cloud, tx, {
      role,
      name: `${mark} ${role}`,
      email: `${mark.toLowerCase()}-${role}@example.org`,
      password: 'a long and quiet river',
      totpSecret: systemRandom.bytes(20),
      by: null,
    });
  return { admin: await add('admin'), 'super-admin': await add('super-admin') };
}

export function addResident(
  cloud: Cloud,
  of: { tenant: TenantId; site: SiteId; name: string },
): Promise<PersonId> {
  return cloud.database.tenant(of.tenant, (tx) =>
    people.addResident(cloud, tx, {
      site: of.site,
      name: of.name,
      flat: '1',
      email: `${base64url(systemRandom.bytes(9)).toLowerCase()}@example.org`,
      phone: null,
      accessible: false,
      by: null,
    }),
  );
}

export function addCourier(
  cloud: Cloud,
  of: { tenant: TenantId; carrier: string; name: string; by: PersonId },
): Promise<PersonId> {
  return cloud.database.tenant(of.tenant, (tx) =>
    couriers.add(cloud, tx, {
      name: of.name,
      email: null,
      carrier: of.carrier,
      badgeHash: base64url(systemRandom.bytes(32)),
      by: of.by,
    } as Parameters<typeof couriers.add>[2]),
  );
}

/** What the next roster would be, signed and taken. */
export async function signDraft(
  cloud: Cloud,
  { tenant, site, root }: { tenant: TenantId; site: SiteId; root: SigningKey },
): Promise<void> {
  const draft = await cloud.database.tenant(tenant, (tx) => rosters.draft(cloud, tx, site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), [root]);
  assert.ok((await rosters.submit(cloud, site, note)).ok);
}

type Journey = {
  tenant: TenantId;
  bank: TestBank;
  courier: PersonId;
  resident: PersonId;
  carrier: string;
  mark: string;
};

async function oneParcel(cloud: Cloud, of: Journey): Promise<string> {
  const { tenant, bank, courier, resident: recipient, carrier, mark } = of;
  const parcel = bank.writeJourney({
    courier,
    recipient,
    compartment: 1,
    carrier,
    tracking: mark,
    collect: false,
  });
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  return parcel;
}

type Ordered = { tenant: TenantId; site: SiteId; bank: TestBank; root: SigningKey };

async function oneOrder(cloud: Cloud, { tenant, site, bank, root }: Ordered): Promise<void> {
  const hello: Parameters<typeof banks.heardHello>[3] = {
    v: 1,
    type: 'hello',
    boot: 'a',
    lastSeq: 0,
    acknowledgedSeq: 0,
    roster: { version: 1, hash: null },
    epoch: null,
    directory: 0,
    suspensions: [],
    development: false,
    orderNonce: NONCE,
  };
  await cloud.database.tenant(tenant, (tx) => banks.heardHello(cloud, tx, bank.bank, hello));
  const madeAtMs = cloud.clock.nowMs();
  const order = {
    v: 1,
    order: idFrom('order', systemRandom.bytes(16)),
    tenant,
    site,
    bank: bank.bank,
    nonce: NONCE,
    madeAtMs,
    untilMs: madeAtMs + 3_600_000,
    purpose: 'to be told',
    act: { do: 'lift' },
  } as const;
  assert.ok((await orders.submit(cloud, bank.bank, signOrder(order, [root]))).ok);
}

/** Rows of what only a fault or a stranger makes. */
async function odds(
  cloud: Cloud,
  tx: Tx,
  { bank, resident }: { bank: string; resident: PersonId },
): Promise<void> {
  const token = systemRandom.bytes(32);
  const sealed = utf8('sealed');
  const hold = base64url(token);
  const asTenant = (place: string) => cloud.keys.sealBytesForTenant(tx, place, sealed);
  await sql`insert into alarms (condition, bank_id, raised_at_ms) values ('gap', ${bank}, 1)`.execute(tx);
  await sql`insert into alarm_acts (alarm, act, person_id, at_ms)
    select ord, 'care', ${resident}, 1 from alarms where bank_id = ${bank}`.execute(tx);
  await sql`insert into refused_messages (bank_id, hash, reason, sealed, bytes, first_at_ms)
    values (${bank}, ${token}, 'batch-gap', ${await asTenant(`refused-message\0${bank}`)}, 6, 1)`.execute(tx);
  await sql`insert into discrepancies (bank_id, seq, what, at_ms) values (${bank}, 900, 'missing', 1)`.execute(
    tx,
  );
  await sql`insert into counts (bank_id, seq, compartment, found, at_ms)
    values (${bank}, 901, 2, 'as-expected', 1)`.execute(tx);
  await sql`insert into door_sights (bank_id, compartment) values (${bank}, 2)`.execute(tx);
  await sql`insert into sign_in_links (token_hash, person_id, app, made_at_ms)
    values (${token}, ${resident}, 'resident', 1)`.execute(tx);
  await sql`insert into sign_in_devices (token_hash, person_id, made_at_ms)
    values (${token}, ${resident}, 1)`.execute(tx);
  await sql`insert into erased_openings (source, first, last, fields)
    values (${bank}, 1, 1, '{"1": []}'::jsonb)`.execute(tx);
  await sql`insert into destroyed_subjects (person_id, at_ms)
    values (${idFrom('person', systemRandom.bytes(16))}, 1)`.execute(tx);
  await sql`insert into legal_holds (hold_id, person_id, reason, placed_at_ms, lifted_at_ms)
    values (${base64url(token)}, ${resident}, ${sealed}, 1, 2)`.execute(tx);
  await sql`insert into parcel_holds (hold_id, parcel_id, reason, placed_at_ms, lifted_at_ms)
    values (${hold}, ${idFrom('parcel', token.subarray(0, 16))},
      ${await asTenant(`privacy/parcel-hold\0${hold}`)}, 1, 2)`.execute(tx);
  await cloud.keys.renewIntake(tx);
  await cloud.keys.renewNotifier(tx);
  await sql`insert into tenant_rotations (begun_at_ms) values (${cloud.clock.nowMs()})`.execute(tx);
  await sql`insert into retention (moved_out_days) values (null)`.execute(tx);
  await sql`insert into evidence_strays (evidence_id, seen_at_ms)
    values (${idFrom('evidence', token.subarray(0, 16))}, 1)`.execute(tx);
  await sql`insert into request_answers (key_hash, fingerprint, person_id, answer, answered_at_ms)
    values (${token}, ${token}, ${resident}, ${sealed}, 1)`.execute(tx);
}
