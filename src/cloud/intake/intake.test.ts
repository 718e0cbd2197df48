import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { type DownMessage, readUp } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { newHpkeKey } from '../../crypto/hpke.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { certificateRequest } from '../../crypto/x509.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import type { PersonId, SiteId } from '../../domain/ids.ts';
import { badgeHash } from '../../ledger/roster.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { checkCloud, detail } from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
import { takeBatch } from './batch.ts';
import { Intake, projectionsOf } from './intake.ts';
import type { Taken } from './judge.ts';

let stand: Stand;
let site: SiteId;
let courier: PersonId;
let recipient: PersonId;
let carrier: string;

const projections = projectionsOf(NOUNS);

before(async () => {
  stand = await openStand(NOUNS);
  const { cloud } = stand;
  await stand.inTenant(async (tx) => {
    site = await banks.addSite(cloud, tx, {
      name: 'Alder Court',
      rootKeys: [base64url(stand.root.publicKey)],
      rootSignatures: 1,
    });
    carrier = await people.addCarrier(cloud, tx, { name: 'UPS', key: null });
    courier = await people.addCourier(cloud, tx, {
      name: 'Mara Lindqvist',
      email: null,
      carrier,
      badgeHash: badgeHash('x'),
      by: null,
    });
    recipient = await people.addResident(cloud, tx, {
      site,
      name: 'Ada Okafor',
      flat: '12',
      email: null,
      phone: null,
      accessible: false,
      by: null,
    });
  });
});
after(() => stand.close());

const journey = (compartment: number, collect = false) => ({
  courier,
  recipient,
  compartment,
  carrier,
  tracking: '1Z999AA10123456784',
  collect,
});

const take = (bank: TestBank, message: Awaited<ReturnType<TestBank['batch']>>): Promise<Taken> =>
  takeBatch(stand.cloud, projections, { tenant: stand.tenant, bank: bank.bank, message });

async function count(bank: TestBank): Promise<number> {
  const { rows } = await stand.inTenant((tx) =>
    sql<{ n: number }>`select count(*) as n from records where source = ${bank.bank}`.execute(tx),
  );
  return rows[0]?.n ?? -1;
}

test('a batch is taken once, however often and however parallel it comes', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  const parcel = bank.writeJourney(journey(3));
  const message = await bank.batch();
  const answers = await Promise.all([take(bank, message), take(bank, message), take(bank, message)]);
  for (const answer of answers)
    assert.deepEqual(answer, { taken: true, lastSeq: 5, head: bank.end.lastHead });
  assert.deepEqual(await take(bank, message), answers[0]);
  assert.equal(await count(bank), 5);
  const shown = await stand.inTenant((tx) => detail(stand.cloud, tx, parcel));
  assert.equal(shown?.state, 'waiting');
  assert.equal(shown?.custody, 'bank');
  assert.equal(shown?.tracking, '1Z999AA10123456784');
  assert.equal(shown?.recipient, 'Ada Okafor');
  assert.deepEqual(shown?.verified, {
    chain: true,
    head: true,
    commitments: true,
    vouchedBy: 'the cloud only',
  });
  assert.deepEqual(
    shown?.timeline.map((event) => event.kind),
    ['parcel.accepted', 'door.opened', 'door.closed', 'parcel.deposited', 'grant.issued'],
  );
  assert.equal(shown?.timeline[0]?.who, 'Mara Lindqvist');
});

test('what the records make of it stands, in two batches, and checks out', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney(journey(4, true));
  bank.writeJourney(journey(5));
  assert.equal((await take(bank, await bank.batch())).taken, true);
  bank.writeJourney(journey(4));
  assert.equal((await take(bank, await bank.batch())).taken, true);
  assert.deepEqual(await checkCloud(stand.cloud, stand.tenant), []);
  const detailed = await stand.inTenant(async (tx) => (await banks.pictures(tx, bank.bank)).get(4));
  assert.equal(detailed?.use, 'occupied');
  assert.equal(detailed?.door, 'closed');
});

test('a gap is refused and names the missing numbers; the missing batch still fits', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney(journey(6));
  const first = await bank.batch();
  bank.writeJourney(journey(7));
  const second = await bank.batch();
  assert.deepEqual(await take(bank, second), {
    taken: false,
    verdict: 'refused',
    reason: 'batch-gap',
    lastSeq: 0,
    firstMissing: 1,
    lastMissing: 5,
  });
  assert.equal((await take(bank, first)).taken, true);
  assert.equal((await take(bank, second)).taken, true);
});

test('a journal that says something else under a number it has used is refused', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  const start = bank.end;
  bank.writeJourney(journey(8));
  assert.equal((await take(bank, await bank.batch())).taken, true);
  const middle = bank.end;
  bank.goBack(start);
  bank.writeJourney(journey(9));
  assert.equal(reasonOf(await take(bank, await bank.batch())), 'batch-fork');
  bank.goBack(start);
  bank.write({ kind: 'agent.stopped' });
  bank.write({ kind: 'agent.stopped' });
  assert.equal(reasonOf(await take(bank, await bank.batch())), 'batch-rollback');
  bank.goBack({ ...middle, lastHead: start.lastHead });
  bank.write({ kind: 'agent.stopped' });
  assert.equal(reasonOf(await take(bank, await bank.batch())), 'batch-fork');
  assert.equal(await count(bank), 5);
});

const reasonOf = (taken: Taken) => (taken.taken ? 'taken' : taken.reason);

test('every commitment has to open, and nothing else may be sent beside it', async () => {
  const other = await newHpkeKey();
  const spoils: [string, (bank: TestBank) => Promise<Awaited<ReturnType<TestBank['batch']>>>, string][] = [
    [
      'a wrong value',
      (bank) =>
        bank.batch([], (all) =>
          all.map((each) => ({
            ...each,
            openings: {
              ...each.openings,
              ...(each.openings.tracking
                ? { tracking: { salt: each.openings.tracking.salt, value: 'X' } }
                : {}),
            },
          })),
        ),
      'batch-commitment-wrong',
    ],
    ['a missing opening', (bank) => bank.batch([], (all) => all.slice(1)), 'batch-commitment-wrong'],
    [
      'an opening too many',
      (bank) =>
        bank.batch([], (all) =>
          all.map((each) => ({
            ...each,
            openings: { ...each.openings, note: { salt: base64url(new Uint8Array(16)), value: 'x' } },
          })),
        ),
      'batch-commitment-wrong',
    ],
    [
      'openings of another record',
      (bank) => bank.batch([], (all) => [...all, { seq: 99, openings: {} }]),
      'batch-commitment-wrong',
    ],
    [
      'sealed for another',
      async (bank) => ({
        ...(await bank.batch()),
        openings: { enc: base64url(other.publicKey), ciphertext: base64url(new Uint8Array(40)) },
      }),
      'batch-sealed-wrong',
    ],
  ];
  for (const [what, spoil, reason] of spoils) {
    const bank = await enrolledBank(stand.cloud, stand.tenant, site);
    bank.writeJourney(journey(10));
    assert.equal(reasonOf(await take(bank, await spoil(bank))), reason, what);
    assert.equal(await count(bank), 0, what);
  }
});

test('another key, and another bank, cannot write a journal', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  const foreign = await enrolledBank(stand.cloud, stand.tenant, site);
  foreign.write({ kind: 'agent.stopped' });
  assert.equal(reasonOf(await take(bank, await foreign.batch())), 'batch-head-wrong');
});

test('what does not commit is not acknowledged; sent again, it is taken once', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.write({ kind: 'agent.stopped' });
  const batch = Buffer.from(JSON.stringify(await bank.batch()));
  const sent: { type: string }[] = [];
  const intakeOf = () =>
    new Intake({
      cloud: stand.cloud,
      nouns: NOUNS,
      leases: ALONE,
      send: async (_bank, message) => void sent.push(message),
    });
  const superuser = new pg.Client({ connectionString: stand.superuserUrl() });
  await superuser.connect();
  // The last moment at which a database may still say no: every statement has run, and the commit fails.
  await superuser.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
    create constraint trigger refuse after insert on heads deferrable initially deferred for each row execute function refuse()`);
  const first = intakeOf();
  first.received(bank.bank, batch);
  await first.stop();
  assert.deepEqual(sent, [], 'nothing was committed, and nothing is said');
  assert.equal(await count(bank), 0);
  await superuser.query('drop trigger refuse on heads; drop function refuse');
  await superuser.end();
  const second = intakeOf();
  for (let times = 0; times < 3; times++) second.received(bank.bank, batch);
  await second.stop();
  assert.deepEqual(
    sent.map(({ type }) => type),
    ['ack', 'ack', 'ack'],
  );
  assert.equal(await count(bank), 1);
});

test('a refusal is kept, recorded and raised once, and answered each time', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.write({ kind: 'agent.stopped' });
  await bank.batch();
  bank.write({ kind: 'agent.stopped' });
  const second = Buffer.from(JSON.stringify(await bank.batch()));
  const sent: { type: string; reason?: string }[] = [];
  const intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (_bank, message) => void sent.push(message),
  });
  for (let times = 0; times < 3; times++) intake.received(bank.bank, second);
  intake.received(bank.bank, Buffer.from('{"v":2,"type":"batch"}'));
  intake.received(bank.bank, Buffer.from('{"v":1,"type":"open-everything"}'));
  intake.received(bank.bank, Buffer.from('\xff rubbish', 'latin1'));
  intake.received('bank_aaaaaaaaaaaaaaaaaaaaaaaaaa', second);
  await intake.stop();
  assert.deepEqual(sent, Array(3).fill({ v: 1, type: 'batch-refused', reason: 'batch-gap', lastSeq: 0 }));
  const { rows } = await stand.inTenant((tx) =>
    sql<{
      reason: string;
      seen: number;
    }>`select reason, seen from refused_messages where bank_id = ${bank.bank} order by reason`.execute(tx),
  );
  assert.deepEqual(rows, [
    { reason: 'batch-gap', seen: 3 },
    { reason: 'message-kind-unknown', seen: 1 },
    { reason: 'message-malformed', seen: 1 },
    { reason: 'message-version-unknown', seen: 1 },
  ]);
  const gaps = (await stand.records('intake.refused')).filter(
    (record) => record.facts.reason === 'batch-gap' && record.facts.lastMissing === 1,
  );
  assert.equal(gaps.length, 1);
  const alarms = await stand.inTenant((tx) => banks.alarms(tx));
  assert.ok(alarms.some((alarm) => alarm.kind === 'gap' && alarm.says.includes('numbers 1 to 1')));
});

const alarmsOf = async (bank: TestBank) =>
  (await stand.inTenant((tx) => banks.alarms(tx)))
    .filter((alarm) => alarm.link?.endsWith(bank.bank))
    .map((alarm) => alarm.kind);

/** One that says two things under one number, as the clone of a bank does. */
async function forkedBank(): Promise<{ bank: TestBank; fork: Buffer }> {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  const start = bank.end;
  bank.write({ kind: 'agent.stopped' });
  assert.ok((await take(bank, await bank.batch())).taken);
  const { end } = bank;
  bank.goBack(start);
  bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
  const fork = Buffer.from(JSON.stringify(await bank.batch()));
  bank.goBack(end);
  return { bank, fork };
}

async function hear(bank: TestBank, ...payloads: readonly Uint8Array[]): Promise<void> {
  const intake = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send: async () => undefined });
  for (const payload of payloads) intake.received(bank.bank, payload);
  await intake.stop();
}

test('a bank that has sent more rubbish than is kept hides no fork behind it', async () => {
  const { bank, fork } = await forkedBank();
  await stand.inTenant((tx) =>
    sql`insert into refused_messages (bank_id, hash, reason, sealed, bytes, first_at_ms)
      select ${bank.bank}, sha256(n::text::bytea), 'message-malformed', '', 0, 0 from generate_series(1, 500) n`.execute(
      tx,
    ),
  );
  const recorded = async () =>
    (await stand.records('intake.refused')).filter(({ facts }) => facts.reason === 'batch-fork').length;
  const before = await recorded();
  await hear(bank, fork, fork, Buffer.concat([fork, Buffer.from(' ')]));
  assert.deepEqual(await alarmsOf(bank), ['fork']);
  assert.equal(await recorded(), before + 1, 'said once, and no disk is filled');
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from refused_messages where bank_id = ${bank.bank}`.execute(tx),
  );
  assert.equal(rows.length, 500);
});

test('no bank ends what was found wrong with its own journal', async () => {
  const { bank, fork } = await forkedBank();
  await hear(bank, fork);
  assert.deepEqual(await alarmsOf(bank), ['fork']);
  bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
  bank.write({ kind: 'alarm.ended', facts: { condition: 'power' } });
  for (const condition of ['fork', 'rollback', 'gap'])
    bank.write({ kind: 'alarm.ended', facts: { condition } });
  assert.ok((await take(bank, await bank.batch())).taken);
  assert.deepEqual(await alarmsOf(bank), ['fork'], 'it ended its own alarm and no other');
});

test('a parcel that waits until the end of all calendars is taken like any other', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney({ ...journey(3), untilMs: 8.64e15 });
  assert.ok((await take(bank, await bank.batch())).taken);
});

test('a batch that can never be taken is an alarm, though its bank is heard; taken after all, it ends it', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney(journey(4));
  const batch = Buffer.from(JSON.stringify(await bank.batch()));
  const owner = new pg.Client({ connectionString: stand.superuserUrl() });
  await owner.connect();
  // As a projection does that a record of this bank breaks.
  await owner.query(`alter table waiting_parcels add constraint never check (bank_id <> '${bank.bank}')`);
  await hear(bank, batch);
  assert.deepEqual(await alarmsOf(bank), ['batch-refused']);
  assert.equal(await count(bank), 0);
  await owner.query(`alter table waiting_parcels drop constraint never`);
  await owner.end();
  await hear(bank, batch);
  assert.deepEqual(await alarmsOf(bank), []);
  assert.equal(await count(bank), 5);
});

test('hello is answered with what differs, and time with the clock', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  await signDraft(stand.cloud, { tenant: stand.tenant, site, root: stand.root });
  const sent: { type: string }[] = [];
  const intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (_bank, message) => void sent.push(message),
  });
  const id = await stand.inTenant((tx) =>
    banks.suspend(stand.cloud, tx, {
      site,
      scope: 'courier',
      subject: courier,
      compartment: null,
      untilMs: stand.cloud.clock.nowMs() + 3_600_000,
      by: null,
      purpose: 'lost badge',
    }),
  );
  const hello = {
    v: 1,
    type: 'hello',
    boot: 'b',
    lastSeq: 0,
    acknowledgedSeq: 0,
    roster: { version: 0, hash: null },
    epoch: null,
    directory: 0,
    suspensions: ['a-suspension-that-is-over'],
    development: true,
  };
  intake.received(bank.bank, Buffer.from(JSON.stringify(hello)));
  intake.received(bank.bank, Buffer.from(JSON.stringify({ v: 1, type: 'time', nonce: '12345678' })));
  await intake.stop();
  assert.deepEqual(
    sent.map((message) => message.type),
    ['roster', 'epoch', 'directory', 'suspend', 'lift', 'time'],
  );
  assert.ok(await stand.inTenant((tx) => banks.lift(stand.cloud, tx, { id, by: null, purpose: 'found' })));
  assert.equal(
    await stand.inTenant((tx) => banks.lift(stand.cloud, tx, { id, by: null, purpose: 'found' })),
    false,
  );
});

/** What a bank says of itself that was told up to `acknowledgedSeq` that everything is taken. */
async function hello(bank: TestBank, acknowledgedSeq: number, change: object = {}): Promise<DownMessage[]> {
  const sent: DownMessage[] = [];
  const intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (_bank, message) => void sent.push(message),
  });
  const message = {
    ...{ v: 1, type: 'hello', boot: 'b', lastSeq: acknowledgedSeq, acknowledgedSeq },
    ...{
      roster: { version: 0, hash: null },
      epoch: null,
      directory: 1_000_000,
      suspensions: [],
      development: true,
    },
    ...change,
  };
  intake.received(bank.bank, Buffer.from(JSON.stringify(message)));
  await intake.stop();
  return sent.filter(({ type }) => type === 'behind' || type === 'forget');
}

const gapsOf = (bank: TestBank) =>
  stand.inTenant(async (tx) => {
    const { rows } = await sql<{ first: number; last: number; ended: boolean }>`
      select first_seq as first, last_seq as last, ended_at_ms is not null as ended from alarms
      where bank_id = ${bank.bank} and condition = 'gap' order by ord`.execute(tx);
    return rows;
  });

test('a cloud that has less than it had acknowledged says how much, and is alarmed until it has all of it again', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney(journey(6));
  assert.equal((await take(bank, await bank.batch())).taken, true);
  const end = bank.end;
  bank.writeJourney(journey(7));
  const second = await bank.batch();
  bank.writeJourney(journey(8, true));
  const third = await bank.batch();
  assert.deepEqual(await hello(bank, 5), [], 'nothing is missing');
  const last = bank.end.lastSeq;
  // As after a restore: the bank had been told that both were taken, and this database has neither.
  for (let told = 0; told < 2; told++)
    assert.deepEqual(await hello(bank, last), [{ v: 1, type: 'behind', lastSeq: 5, head: end.lastHead }]);
  assert.deepEqual(await gapsOf(bank), [{ first: 6, last, ended: false }]);
  assert.equal((await take(bank, second)).taken, true);
  assert.deepEqual(await gapsOf(bank), [{ first: 6, last, ended: false }], 'something is missing still');
  assert.equal((await take(bank, third)).taken, true);
  assert.deepEqual(await gapsOf(bank), [{ first: 6, last, ended: true }]);
  assert.deepEqual(await hello(bank, last), []);
  assert.equal(await count(bank), last);
  assert.deepEqual(await checkCloud(stand.cloud, stand.tenant), []);
});

test('records that come back without what stood behind them are taken where they were acknowledged, and the loss is a record', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  bank.writeJourney(journey(9, true));
  const sealed = await bank.batch();
  const bare = { ...sealed, openings: null };
  const refused = (answer: Taken) => (answer.taken ? 'taken' : answer.reason);
  assert.equal(refused(await take(bank, bare)), 'batch-sealed-wrong');
  const { lastSeq } = bank.end;
  await hello(bank, lastSeq - 1);
  assert.equal(refused(await take(bank, bare)), 'batch-sealed-wrong', 'not all of it had been taken');
  await hello(bank, lastSeq);
  assert.equal(refused(await take(bank, bare)), 'taken');
  assert.equal(await count(bank), lastSeq);
  const own = await stand.inTenant((tx) =>
    sql<{
      bytes: Uint8Array;
    }>`select bytes from records where kind = 'openings.lost' order by position`.execute(tx),
  );
  const { facts } = JSON.parse(Buffer.from(own.rows.at(-1)?.bytes ?? '').toString('utf8'));
  const commitments = sealed.records.flatMap((text) => Object.keys(JSON.parse(text).commitments ?? {}));
  assert.deepEqual(facts, { fields: commitments.length, first: 1, last: lastSeq });
  assert.deepEqual(await checkCloud(stand.cloud, stand.tenant), [], 'a loss that is recorded is no finding');
});

test('a suspension of more than a day is refused', async () => {
  const untilMs = stand.cloud.clock.nowMs() + 25 * 3_600_000;
  await assert.rejects(
    stand.inTenant((tx) =>
      banks.suspend(stand.cloud, tx, {
        site,
        scope: 'bank',
        subject: null,
        compartment: null,
        untilMs,
        by: null,
        purpose: 'x',
      }),
    ),
    /within 24 hours/,
  );
});

test('an enrolment code works once, for its bank and its key only, for a day', async () => {
  const { cloud } = stand;
  const { bank, code } = await stand.inTenant(async (tx) => {
    const made = await banks.registerBank(cloud, tx, { site, name: 'Yard', layout: LAYOUT_24 });
    return { bank: made, code: await banks.enrolmentCode(cloud, tx, made) };
  });
  const key = newSigningKey();
  const sealKey = base64url((await newHpkeKey()).publicKey);
  const ask = async (change: { code?: string; name?: string; request?: string } = {}) =>
    banks.enrol(cloud, {
      v: 1,
      code: change.code ?? code,
      sealKey,
      request:
        change.request ??
        (await certificateRequest({ commonName: change.name ?? bank, privateKey: key.privateKey })),
    });
  const words: string[] = [];
  const refused = async (asked: Promise<unknown>) =>
    assert.rejects(asked, (error: Error) => Boolean(words.push(error.message)));
  await refused(ask({ code: 'a'.repeat(26) }));
  await refused(ask({ code: 'not a code at all, but long enough' }));
  await refused(ask({ name: 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa' }));
  await refused(ask({ request: 'rubbish' }));
  const both = await Promise.allSettled([ask(), ask()]);
  assert.deepEqual(both.map((each) => each.status).sort(), ['fulfilled', 'rejected']);
  await refused(ask());
  assert.equal(new Set(words).size, 1, 'one constant answer');
  const late = await stand.inTenant(async (tx) => banks.enrolmentCode(cloud, tx, bank));
  stand.step(25 * 3_600_000);
  await refused(ask({ code: late }));
  stand.step(-25 * 3_600_000);
  assert.ok((await stand.records('bank.enrolled')).length >= 1);
});

test('a changed row is found', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, site);
  const parcel = bank.writeJourney(journey(11));
  await take(bank, await bank.batch());
  assert.deepEqual(await checkCloud(stand.cloud, stand.tenant), []);
  await stand.inTenant((tx) =>
    sql`update parcels set custody = 'recipient' where parcel_id = ${parcel}`.execute(tx),
  );
  await stand.inTenant((tx) =>
    sql`update compartments set use = 'empty' where bank_id = ${bank.bank} and n = 11`.execute(tx),
  );
  const found = await checkCloud(stand.cloud, stand.tenant);
  assert.deepEqual(found.map((finding) => finding.where).sort(), [parcel, `${bank.bank}/11`].sort());
  await assert.rejects(
    stand.inTenant((tx) =>
      sql`update records set kind = 'agent.stopped' where source = ${bank.bank}`.execute(tx),
    ),
    /permission denied/,
  );
  await assert.rejects(
    stand.inTenant((tx) => sql`delete from heads`.execute(tx)),
    /permission denied/,
  );
});

test('nothing personal stands in any table', async () => {
  const everything = await stand.dump();
  for (const secret of ['Okafor', 'Lindqvist', '1Z999AA10123456784', 'lost badge']) {
    assert.ok(
      !everything.includes(secret) && !everything.includes(Buffer.from(secret).toString('hex')),
      `${secret} stands in the clear`,
    );
  }
});

test('foreign bytes are read as exactly one message or refused by name', () => {
  assert.deepEqual(readUp(Buffer.alloc(3_000_000, 32)), { ok: false, reason: 'message-oversized' });
  assert.deepEqual(readUp(Buffer.from('null')), { ok: false, reason: 'message-malformed' });
  assert.deepEqual(readUp(Buffer.from('{"v":1,"type":"time"}')), { ok: false, reason: 'message-malformed' });
});
