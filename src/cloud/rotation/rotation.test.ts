/** A tenant's keys are replaced while everything goes on: nothing is lost, and everything is found before, meanwhile and after. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { idFrom } from '../../domain/ids.ts';
import type { Database } from '../../platform/database.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS, ROTATED_PARTS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import * as imports from '../imports/imports.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';
import { linesOf } from '../rotating.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant, signDraft } from '../test-tenants.ts';
import { carryOn, ROTATE, rotateIntake, rotateTenantKey, rotationState } from './rotation.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PARTS = NOUNS.flatMap(({ underTenantKey }) => underTenantKey ?? []);

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

const projections = projectionsOf(NOUNS);
const job = (cloud: Cloud = stand.cloud) =>
  NOUNS.find(({ jobs }) => jobs?.[ROTATE])?.jobs?.[ROTATE]?.(cloud, {}) ?? assert.fail('the job is there');

/** At another time, which ends with it. */
async function later<T>(ms: number, run: () => Promise<T>): Promise<T> {
  stand.step(ms);
  try {
    return await run();
  } finally {
    stand.step(-ms);
  }
}

/** A bank of the stand's site, which has applied the roster that there is. */
type Applied = { bank: TestBank; version: number };
const others: Applied[] = [];

/** Signs what waits; answers the version. */
async function signed(): Promise<number> {
  const { cloud, tenant, site, root } = stand;
  await signDraft(cloud, { tenant, site, root });
  return (await stand.inTenant((tx) => rosters.current(tx, site)))?.version ?? 0;
}

async function take(bank: TestBank): Promise<boolean> {
  const message = await bank.batch();
  const { cloud, tenant } = stand;
  const taken = await takeBatch(cloud, projections, { tenant, bank: bank.bank, message });
  return taken.taken;
}

async function applies(of: Applied): Promise<void> {
  of.version += 1;
  of.bank.write({
    kind: 'roster.applied',
    facts: { version: of.version, hash: base64url(new Uint8Array(32)) },
  });
  const { intake } = await stand.inTenant((tx) => stand.cloud.keys.published(tx));
  assert.ok(await take(of.bank), 'sealed to the key of the roster before');
  of.bank.intake = fromBase64url(intake) ?? assert.fail('a public key');
}

const retired = async () => (await stand.inTenant((tx) => rotationState(tx, stand.cloud, 0))).intake;

test('an intake key is replaced: banks seal to the old one until their roster names the new one, and it is forgotten when nothing of it can come any more', async () => {
  const of = { bank: await enrolledBank(stand.cloud, stand.tenant, stand.site), version: 0 };
  others.push(of);
  of.version = (await signed()) - 1;
  await applies(of);
  const old = of.bank.intake;
  const { hash } = await rotateIntake(stand.cloud, stand.tenant);
  assert.ok(
    (await stand.records('key.made')).some(({ facts }) => facts.what === 'intake' && facts.hash === hash),
  );
  of.bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
  assert.ok(await take(of.bank), 'sealed to the old key before the roster');
  await later(30 * DAY_MS, job);
  assert.equal((await retired())[0]?.unneededFromMs, null, 'the newest roster still names it');
  await signed();
  await later(30 * DAY_MS, job);
  const [waits] = await retired();
  assert.deepEqual(waits?.neededBy, [{ bank: of.bank.bank, name: 'Lobby' }]);
  assert.match(linesOf({ intake: [waits], notifier: [], tenant: null })[0] ?? '', /needed by Lobby \(bank_/);
  await applies(of);
  assert.notDeepEqual(of.bank.intake, old);
  await job();
  of.bank.write({ kind: 'alarm.ended', facts: { condition: 'power' } });
  assert.ok(await take(of.bank), 'sealed to the new key');
  await later(7 * DAY_MS, job);
  assert.equal((await retired()).length, 1, 'a bank keeps for a week what it had sealed to it');
  assert.ok(await opensOld(old), 'what comes late');
  await later(8 * DAY_MS, job);
  assert.deepEqual(await retired(), []);
  assert.ok(
    (await stand.records('key.destroyed')).some(
      ({ facts }) => facts.what === 'intake' && facts.hash === waits?.hash,
    ),
  );
  assert.ok(!(await opensOld(old)), 'nobody opens it any more');
});

/** Whether a box that was sealed to this key opens. */
async function opensOld(intake: Uint8Array): Promise<boolean> {
  const bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  bank.intake = intake;
  bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
  return await take(bank);
}

test('a bank that is back at a roster of before begins the time of its intake key anew', async () => {
  const of = { bank: await enrolledBank(stand.cloud, stand.tenant, stand.site), version: 0 };
  const applyNewest = async () => {
    const version = await signed();
    // The banks of other tests too: they are waited for as well.
    for (const one of [...others, of]) {
      one.version = version - 1;
      await applies(one);
    }
    return version;
  };
  await applyNewest();
  await rotateIntake(stand.cloud, stand.tenant);
  const newest = await applyNewest();
  await job();
  assert.ok((await retired())[0]?.unneededFromMs);
  of.version = newest - 2;
  await applies(of);
  await later(20 * DAY_MS, job);
  assert.equal((await retired())[0]?.unneededFromMs, null);
  of.version = newest - 1;
  await applies(of);
  await job();
  await later(9 * DAY_MS, job);
  assert.deepEqual(await retired(), []);
});

/** An organisation with something of everything that stands under its key, and more rows than one portion has. */
async function filled(mark: string): Promise<Filled> {
  const { cloud, root } = stand;
  const of = await filledTenant(cloud, { root, mark });
  const { tenant, site } = of;
  const inTenant: Stand['inTenant'] = (run) => cloud.database.tenant(tenant, run);
  // The test of the wall has it there; here the command begins it.
  await inTenant((tx) => sql`delete from tenant_rotations`.execute(tx));
  const residents = Array.from({ length: 450 }, (_, n) => ({
    ...{ name: `${mark} ${n}`, flat: `F ${n}`, email: null, phone: null, accessible: false },
  }));
  await inTenant((tx) => people.addResidents(cloud, tx, { site, by: null, residents }));
  for (let n = 0; n < 230; n += 1)
    await inTenant((tx) =>
      cloud.journal.record(tx, { kind: 'site.created', fields: { subject: `${site} ${n}` } }),
    );
  await inTenant(async (tx) => {
    const seal = (place: string) => cloud.keys.sealForTenant(tx, place, `${mark} ${place}`);
    const id = `export_${mark}`;
    const [about, envelope] = [await seal(`export/about\0${id}`), await seal(`export/envelope\0${id}`)];
    await sql`insert into exports (export_id, state, asked_at_ms, about, envelope)
      values (${id}, 'waiting', 1, ${about}, ${envelope})`.execute(tx);
    const gap = (await banks.alarms(tx)).find(({ kind }) => kind === 'gap');
    assert.ok(gap);
    const { bank, condition, compartment, raisedAtMs } = gap.alarm;
    const named = { bank, condition, compartment, raisedAtMs, by: of.people.admin };
    await banks.careForAlarm(cloud, tx, named);
    await banks.endAlarm(cloud, tx, { ...named, reason: 'own-copy', note: `${mark} found it` });
  });
  const bank = await enrolledBank(cloud, tenant, site);
  const stranger = idFrom('person', systemRandom.bytes(16));
  const journey = { courier: of.people.courier, recipient: stranger, compartment: 2, carrier: of.carrier };
  bank.writeJourney({ ...journey, tracking: `${mark} of nobody`, collect: false });
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projections, { tenant, bank: bank.bank, message })).taken);
  return of;
}

type Row = { sealed: Uint8Array; a: string; b: string; c: string; d: string };

/** Every column with something under a tenant's key, and where each value belongs: written a second time, by hand. */
const UNDER_IT: Readonly<Record<string, [query: string, place: (row: Row) => string]>> = {
  'tenant_pairs.private_sealed': ['name as a from tenant_pairs', ({ a }) => `pair\0${a}`],
  'retired_intake_keys.private_sealed': [
    'hash as a from retired_intake_keys',
    ({ a }) => `retired-intake\0${a}`,
  ],
  'retired_notifier_keys.private_sealed': [
    'hash as a from retired_notifier_keys',
    ({ a }) => `retired-notifier\0${a}`,
  ],
  'notifier_epochs.private_sealed': ['epoch_id as a from notifier_epochs', ({ a }) => `notifier-epoch\0${a}`],
  'openings.sealed': [
    `source as a, seq as b, last as c, field as d from openings where subject_id is null`,
    ({ a, b, c, d }) => (d === null ? `openings\0${a}\0${b}\0${c}` : `opening\0${a}\0${b}\0${d}`),
  ],
  'orders.note': ['order_id as a from orders', ({ a }) => `orders/note\0${a}`],
  'orders.purpose': ['order_id as a from orders', ({ a }) => `orders/purpose\0${a}`],
  'exports.about': ['export_id as a from exports where about is not null', ({ a }) => `export/about\0${a}`],
  'exports.envelope': [
    'export_id as a from exports where envelope is not null',
    ({ a }) => `export/envelope\0${a}`,
  ],
  'alarm_acts.note': ['alarm as a from alarm_acts where note is not null', ({ a }) => `alarm-end\0${a}`],
  'parcel_holds.reason': ['hold_id as a from parcel_holds', ({ a }) => `privacy/parcel-hold\0${a}`],
  'refused_messages.sealed': ['bank_id as a from refused_messages', ({ a }) => `refused-message\0${a}`],
  'parcels.tracking': [
    'parcel_id as a from parcels where not exists (select from subject_keys where person_id = recipient_id)',
    ({ a }) => `parcels/tracking\0${a}`,
  ],
};

/** Whatever lies under the organisation's key, opened; and who is found by their flat. */
async function everything({ tenant, site }: Filled): Promise<Record<string, string[]>> {
  const { cloud } = stand;
  return await cloud.database.tenant(tenant, async (tx) => {
    const found: Record<string, string[]> = {};
    for (const [name, [query, place]] of Object.entries(UNDER_IT)) {
      const { rows } =
        await sql<Row>`select ${sql.raw(name.split('.')[1] ?? '')} as sealed, ${sql.raw(query)}`.execute(tx);
      assert.ok(rows.length > 0, `${name} has something`);
      const values: string[] = [];
      for (const row of rows) {
        const bytes = await cloud.keys.openBytesForTenant(tx, place(row), new Uint8Array(row.sealed));
        values.push(base64url(bytes ?? assert.fail(`${name} of ${row.a} does not open`)));
      }
      found[name] = values.sort();
    }
    const flats = ['1', 'F 0', 'F 201', 'F 449', 'F 450'];
    const live = await Promise.all(
      flats.map((flat) => people.residentsOfFlats(cloud, tx, { site, flats: [flat] })),
    );
    return { ...found, flats: live.map((those) => those.map(({ profile }) => profile.name).join()) };
  });
}

test('everything that can be sealed in a column is under a person’s key, or moves when the tenant’s is replaced', async () => {
  const { rows } = await stand.inTenant((tx) =>
    sql<{ name: string }>`select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public' and data_type = 'bytea'`.execute(tx),
  );
  const moved = new Set([...PARTS.map(({ name }) => name), ...NOT_UNDER_IT]);
  assert.deepEqual(
    rows.map(({ name }) => name).filter((name) => !moved.has(name)),
    [],
  );
  assert.deepEqual(
    [...Object.keys(UNDER_IT), 'persons.flat_index'].sort(),
    PARTS.map(({ name }) => name).sort(),
  );
});

/** Hashes, public keys, bytes of records; and what is sealed under a person's key, or under the root key. */
const NOT_UNDER_IT: readonly string[] = [
  ...['logs.key', 'logs.root', 'logs.state', 'log_checkpoints.root'],
  ...[
    'records.hash',
    'records.bytes',
    'heads.key',
    'banks.key',
    'banks.seal_key',
    'bank_index.certificate',
    'bank_index.renewed',
  ],
  ...[
    'refused_messages.hash',
    'exports.sha256',
    'exports.file_sha256',
    'tenant_pairs.public',
    'notifier_epochs.public',
    'retired_notifier_keys.public',
  ],
  ...[
    'enrolment_codes.code_hash',
    'sign_in_links.token_hash',
    'sign_in_devices.token_hash',
    'sessions.token_hash',
  ],
  // Known again for a day, which the key before is kept for (repeats.ts).
  ...['request_answers.key_hash', 'request_answers.fingerprint', 'request_answers.answer'],
  ...[
    'persons.profile',
    'admin_credentials.totp_secret',
    'notices.link',
    'legal_holds.reason',
    'address_index.address',
    'evidence.sealed',
  ],
  ...['tenant_keys.wrapped', 'tenant_keys.former', 'wrapping_epochs.wrapped', 'subject_keys.wrapped'],
];

/** A cloud whose process dies at its nth transaction from now. */
function dying(nth: number): Cloud {
  let left = nth;
  const tenant: Database['tenant'] = async (of, run) => {
    left -= 1;
    if (left > 0) return await stand.cloud.database.tenant(of, run);
    return await stand.cloud.database.tenant(of, async (tx) => {
      await run(tx);
      throw new Error('killed');
    });
  };
  return { ...stand.cloud, database: { ...stand.cloud.database, tenant } };
}

test('a tenant’s key is replaced: killed at every step, everything opens and every flat is found before, meanwhile and after', async () => {
  const of = await filled('Alder');
  const whole = await everything(of);
  assert.deepEqual(whole.flats, ['Alder Ada', 'Alder 0', 'Alder 201', 'Alder 449', '']);
  const old = await keyOf(of);
  await assert.rejects(rotateTenantKey(dying(1), of.tenant), /killed/);
  assert.equal(await keyOf(of), old, 'killed before it was replaced: nothing has happened');
  assert.ok(await rotateTenantKey(stand.cloud, of.tenant));
  assert.equal((await epochFiles(of)).length, 1, 'the epoch of before is gone from the disk');
  assert.deepEqual(await everything(of), whole);
  assert.equal(await rotateTenantKey(stand.cloud, of.tenant), undefined, 'one at a time');
  let kills = 0;
  for (let done = -1; done < ROTATED_PARTS; kills += 1) {
    await assert.rejects(carryOn(dying(1), of.tenant, PARTS), /killed/);
    await carryOn(dying(2), of.tenant, PARTS).catch((error: Error) => assert.equal(error.message, 'killed'));
    assert.deepEqual(await everything(of), whole);
    done = (await doneOf(of)) ?? assert.fail('the one before is kept for a day');
    assert.ok(kills < 60, 'each run goes on from where the last one came to');
  }
  assert.ok(kills >= ROTATED_PARTS + 5, `${kills} steps, of several portions where there are many rows`);
  await carryOn(stand.cloud, of.tenant, PARTS);
  assert.equal(await doneOf(of), ROTATED_PARTS, 'the one before is kept for a day');
  await later(26 * HOUR_MS, () => carryOn(stand.cloud, of.tenant, PARTS));
  assert.equal(await doneOf(of), null);
  assert.deepEqual(await everything(of), whole);
  assert.notEqual(await keyOf(of), old);
});

test('what a transaction of before writes under the key of before is waited for, and is not lost', async () => {
  const of = await filled('Birch');
  const [isBegun, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = stand.cloud.database.tenant(of.tenant, async (tx) => {
    await stand.cloud.keys.sealForTenant(tx, 'x', 'y');
    isBegun.resolve();
    await mayEnd.promise;
    await stand.cloud.journal.record(tx, { kind: 'site.created', fields: { subject: 'late' } });
  });
  await isBegun.promise;
  await rotateTenantKey(stand.cloud, of.tenant);
  await carryOn(stand.cloud, of.tenant, PARTS);
  assert.equal(await doneOf(of), 0, 'nobody knows yet what that one writes');
  mayEnd.resolve();
  await slow;
  await later(26 * HOUR_MS, () => carryOn(stand.cloud, of.tenant, PARTS));
  assert.equal(await doneOf(of), null);
  await everything(of);
});

test('an import that was previewed before the key was replaced is done after it, and not days later', async () => {
  const { cloud } = stand;
  const of = await filled('Cedar');
  const place = { tenant: of.tenant, site: async () => of.site };
  const asked = {
    bytes: utf8('Name,Flat\nIda Late,900\n'),
    header: true,
    fields: ['name', 'flat'],
    country: null,
  };
  const { rows } = await imports.preview(cloud, place, asked as Parameters<typeof imports.preview>[2]);
  const act = rows[0]?.act ?? assert.fail('a new resident');
  await rotateTenantKey(cloud, of.tenant);
  const inTenant: Stand['inTenant'] = (run) => cloud.database.tenant(of.tenant, run);
  const step = () =>
    inTenant((tx) =>
      imports.step(cloud, tx, { site: of.site, by: of.people.admin, rows: [{ row: 1, act }] }),
    );
  assert.deepEqual((await step()).rows, [{ row: 1, done: 'added', left: null }]);
  assert.equal((await step()).rows[0]?.left, 'there-already', 'found by a flat of the new key');
  await later(26 * HOUR_MS, () => carryOn(cloud, of.tenant, PARTS));
  assert.equal((await step()).rows[0]?.left, 'not-as-previewed', 'a day later that preview is too old');
});

async function epochFiles({ tenant }: Filled): Promise<number[]> {
  const { rows } = await stand.cloud.database.tenant(tenant, (tx) =>
    sql<{ place: string }>`select epoch_place as place from tenant_keys`.execute(tx),
  );
  return stand.epochs.list(rows[0]?.place ?? '');
}

async function keyOf({ tenant }: Filled): Promise<string> {
  const { rows } = await stand.cloud.database.tenant(tenant, (tx) =>
    sql<{ wrapped: Uint8Array }>`select wrapped from tenant_keys`.execute(tx),
  );
  return base64url(rows[0]?.wrapped ?? assert.fail('a key'));
}

/** How many parts are done; null when no rotation is under way. */
async function doneOf({ tenant }: Filled): Promise<number | null> {
  const state = await stand.cloud.database.tenant(tenant, (tx) =>
    rotationState(tx, stand.cloud, ROTATED_PARTS),
  );
  return state.tenant?.done ?? null;
}
