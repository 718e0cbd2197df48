/**
 * A batch is followed as its records would be one after another: whatever a bank writes, it makes the same of
 * the projections whether it comes in one batch or in batches of one.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { NoticeWish } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import type { RecordDraft } from '../../ledger/record.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { checkCloud, detail } from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { projectionsOf, takeBatch } from './intake.ts';

const DAY_MS = 86_400_000;
const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
const projections = projectionsOf(NOUNS);
let stand: Stand;
let residents: PersonId[];
let untilMs: number;

before(async () => {
  stand = await openStand(NOUNS);
  untilMs = stand.cloud.clock.nowMs() + 7 * DAY_MS;
  const common = { site: stand.site, accessible: false, by: null };
  residents = await stand.inTenant(async (tx) => [
    await people.addResident(stand.cloud, tx, {
      ...common,
      name: 'Ada Okafor',
      flat: '1',
      email: 'ada@example.org',
      phone: '+15550100',
    }),
    await people.addResident(stand.cloud, tx, {
      ...common,
      name: 'Bo Lind',
      flat: '2',
      email: null,
      phone: null,
    }),
    idFrom('person', systemRandom.bytes(16)),
  ]);
});
after(() => stand.close());

/** Parcels and references go by a number; each bank has ids of its own for them. */
type Step = {
  draft: RecordDraft;
  parcel?: number;
  resident?: number;
  wish?: { reference: number; what: 'arrival' | 'reissue' };
};

class Teller {
  readonly names = new Map<string, string>();
  readonly bank: TestBank;

  constructor(bank: TestBank) {
    this.bank = bank;
    this.names.set(bank.bank, 'the bank');
  }

  id(kind: 'parcel' | 'notice', of: number): string {
    const name = `${kind} ${of}`;
    const known = [...this.names].find(([, other]) => other === name)?.[0];
    const id = known ?? idFrom(kind, systemRandom.bytes(16));
    this.names.set(id, name);
    return id;
  }

  async tell(steps: readonly Step[]): Promise<void> {
    const wishes: NoticeWish[] = [];
    for (const { draft, parcel, resident, wish } of steps) {
      const fields = {
        ...draft.fields,
        ...(parcel === undefined ? {} : { parcel: this.id('parcel', parcel) }),
        ...(resident === undefined ? {} : { counterpart: residents[resident] ?? '' }),
      };
      const seq = this.bank.write({ ...draft, fields });
      if (!wish) continue;
      const codes = { enc: base64url(new Uint8Array(32)), ciphertext: base64url(new Uint8Array(40)) };
      const epoch = idFrom('epoch', new Uint8Array(16));
      wishes.push({ seq, reference: this.id('notice', wish.reference), what: wish.what, epoch, codes });
    }
    const message = await this.bank.batch(wishes);
    const of = { tenant: stand.tenant, bank: this.bank.bank, message };
    assert.ok((await takeBatch(stand.cloud, projections, of)).taken);
  }

  /** Everything that the nouns made of this bank's records, with names in the place of ids. */
  async picture(): Promise<unknown> {
    const text = await stand.inTenant(async (tx) => {
      const { bank } = this.bank;
      const rows = async (query: ReturnType<typeof sql<{ row: unknown }>>) =>
        (await query.execute(tx)).rows.map(({ row }) => row);
      const parcels = sql<{ parcel: string; ord: number; rest: object }>`select parcel_id as parcel,
        (to_jsonb(parcels) - 'ord' - 'tracking') as rest from parcels where bank_id = ${bank} order by ord`;
      const shown: unknown[] = [];
      for (const { parcel, rest } of (await parcels.execute(tx)).rows)
        shown.push({ rest, tracking: (await detail(stand.cloud, tx, parcel))?.tracking });
      return JSON.stringify({
        parcels: shown,
        events: await rows(
          sql`select jsonb_build_object('parcel_id', parcel_id, 'seq', one) as row
            from parcel_events, unnest(seq || also) as one where source = ${bank} order by one`,
        ),
        doors: await rows(
          sql`select to_jsonb(c) as row from compartments c where bank_id = ${bank} order by n`,
        ),
        alarms: await rows(
          sql`select to_jsonb(a) - 'ord' as row from alarms a where bank_id = ${bank} order by ord`,
        ),
        waiting: await rows(sql`select to_jsonb(w) as row from waiting_parcels w where bank_id = ${bank}`),
        notices: await rows(
          sql`select to_jsonb(n) - array['ord', 'notice_id', 'at_ms', 'since_ms', 'next_ms'] as row from notices n where bank_id = ${bank} order by ord`,
        ),
        roster: await rows(
          sql`select jsonb_build_array(roster_applied, roster_applied_at_ms, roster_refused) as row from banks where bank_id = ${bank}`,
        ),
      });
    });
    const picture = this.#named(text) as { waiting: { parcel_id: string }[] };
    picture.waiting.sort((a, b) => (a.parcel_id < b.parcel_id ? -1 : 1));
    return picture;
  }

  /** The jobs that remind of this bank's parcels. */
  async reminders(): Promise<unknown> {
    const { rows } = await stand.inTenant((tx) =>
      sql<{ key: string; at: string }>`select key, run_at::text as at from graphile_worker.jobs
        where key like 'notices.remind/%'`.execute(tx),
    );
    const own = rows.filter(({ key }) => this.names.has(key.split('/')[1] ?? ''));
    return (this.#named(JSON.stringify(own)) as { key: string }[]).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #named(text: string): unknown {
    return JSON.parse(text.replace(/[a-z]+_[a-z2-7]{26}/g, (id) => this.names.get(id) ?? id));
  }
}

const newTeller = async () => new Teller(await enrolledBank(stand.cloud, stand.tenant, stand.site));

/** Both ways, and the picture that both make. */
async function told(steps: readonly Step[]): Promise<{
  parcels: { rest: { state: string; custody: string; parcel_id: string }; tracking: string | null }[];
  events: { parcel_id: string; seq: number }[];
  doors: { n: number; use: string; door: string }[];
  alarms: { condition: string; first_seq: number | null; ended_at_ms: number | null }[];
  waiting: { parcel_id: string }[];
  notices: { reference: string; channel: string; what: string }[];
}> {
  const [whole, single] = [await newTeller(), await newTeller()];
  await whole.tell(steps);
  for (const step of steps) await single.tell([step]);
  const picture = await whole.picture();
  assert.deepEqual(picture, await single.picture());
  assert.deepEqual(await whole.reminders(), await single.reminders());
  return picture as Awaited<ReturnType<typeof told>>;
}

const accepted = (parcel: number, compartment: number, resident = 0): Step => ({
  draft: {
    kind: 'parcel.accepted',
    compartment,
    facts: { size: 'M', offline: false },
    fields: { tracking: `1Z${parcel}` },
  },
  parcel,
  resident,
});
const deposited = (parcel: number, compartment: number, resident = 0): Step => ({
  draft: {
    kind: 'parcel.deposited',
    compartment,
    facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs },
  },
  parcel,
  resident,
});
const issued = (parcel: number, compartment: number, resident = 0): Step => ({
  draft: { kind: 'grant.issued', compartment, facts: { issue: 1, fromMs: 0, untilMs, digits: 9 } },
  parcel,
  resident,
  wish: { reference: parcel, what: 'arrival' },
});
const collected = (parcel: number, compartment: number): Step => ({
  draft: { kind: 'parcel.collected', compartment, facts: { basis: 'person', occupied: 'no' } },
  parcel,
});
const opened = (compartment: number): Step => ({
  draft: { kind: 'door.opened', compartment, facts: { expected: true } },
});
const closed = (compartment: number): Step => ({
  draft: { kind: 'door.closed', compartment, facts: { openMs: 4000, occupied: 'yes' } },
});
const alarm = (kind: 'alarm.raised' | 'alarm.ended', condition: string, compartment?: number): Step => ({
  draft: { kind, facts: { condition }, ...(compartment === undefined ? {} : { compartment }) },
});

test('deposited, collected and deposited again in one batch: what does not fit stands and is complained of', async () => {
  const of = await told([
    accepted(1, 3),
    deposited(1, 3),
    collected(1, 3),
    // Nothing lies behind the door now, so this tells of no parcel.
    closed(3),
    accepted(2, 3),
    deposited(2, 3),
    deposited(1, 3),
    opened(3),
  ]);
  assert.deepEqual(
    of.parcels.map(({ rest, tracking }) => [rest.parcel_id, rest.state, tracking]),
    [
      ['parcel 1', 'collected', '1Z1'],
      ['parcel 2', 'waiting', '1Z2'],
    ],
  );
  assert.deepEqual(
    of.events.map(({ parcel_id }) => parcel_id),
    ['parcel 1', 'parcel 1', 'parcel 1', 'parcel 2', 'parcel 2', 'parcel 1', 'parcel 2'],
  );
  assert.deepEqual(
    of.alarms.map(({ condition, first_seq }) => [condition, first_seq]),
    [['discrepancy', 7]],
  );
});

test('two records of one compartment in one batch: the later counts', async () => {
  const of = await told([accepted(1, 5), opened(5), deposited(1, 5), closed(5), opened(5), closed(99)]);
  const door = of.doors.find(({ n }) => n === 5);
  assert.deepEqual([door?.use, door?.door], ['occupied', 'open']);
  assert.equal(of.events.filter(({ parcel_id }) => parcel_id === 'parcel 1').length, 5);
});

test('a record in the middle that does not fit is kept, and what comes after it is followed', async () => {
  const of = await told([
    accepted(1, 1),
    deposited(1, 1),
    collected(2, 1),
    collected(1, 2),
    accepted(3, 4),
    deposited(3, 4),
  ]);
  assert.deepEqual(
    of.parcels.map(({ rest }) => [rest.parcel_id, rest.state]),
    [
      ['parcel 1', 'waiting'],
      ['parcel 3', 'waiting'],
    ],
  );
  assert.deepEqual(
    of.alarms.map(({ first_seq }) => first_seq),
    [3, 4],
  );
  assert.deepEqual(of.waiting.length, 1, 'a parcel that its bank calls collected is not reminded of');
});

test('a batch whose middle record breaks the chain leaves nothing behind, whatever stands before it', async () => {
  const teller = await newTeller();
  const empty = await teller.picture();
  const { bank } = teller;
  const other = await newTeller();
  for (const { draft } of [accepted(1, 1), opened(1), closed(1)]) {
    bank.write({ ...draft, fields: {} });
    other.bank.write({ ...draft, fields: {} });
  }
  const [message, foreign] = [await bank.batch(), await other.bank.batch()];
  const records = message.records.map((record, at) => (at === 1 ? (foreign.records[1] ?? '') : record));
  const of = { tenant: stand.tenant, bank: bank.bank, message: { ...message, records } };
  const taken = await takeBatch(stand.cloud, projections, of);
  assert.equal(taken.taken ? 'taken' : taken.reason, 'batch-root-wrong');
  assert.deepEqual(await teller.picture(), empty);
  assert.ok(
    (await takeBatch(stand.cloud, projections, { ...of, message })).taken,
    'the whole one still fits',
  );
});

test('two parcels of one resident in one batch: one notice each, on each channel', async () => {
  const before = (await stand.records('notice.queued')).length;
  const of = await told([
    accepted(1, 1),
    deposited(1, 1),
    issued(1, 1),
    accepted(2, 2),
    deposited(2, 2),
    issued(2, 2),
    issued(2, 2),
  ]);
  assert.deepEqual(
    of.notices.map(({ reference, channel }) => [reference, channel]),
    [
      ['notice 1', 'sms'],
      ['notice 1', 'email'],
      ['notice 2', 'sms'],
      ['notice 2', 'email'],
    ],
  );
  const queued = (await stand.records('notice.queued')).slice(before);
  assert.equal(queued.length, 8, 'four of each bank');
  const jobs = await stand.inTenant((tx) =>
    sql<{
      n: number;
    }>`select count(*) as n from notices join graphile_worker.jobs on key = notice_id || '/0'`.execute(tx),
  );
  assert.ok((jobs.rows[0]?.n ?? 0) >= 8, 'each has its job');
});

test('alarms of one batch begin and end in the order of the records, whichever noun found them', async () => {
  const of = await told([
    collected(1, 3),
    alarm('alarm.ended', 'discrepancy', 3),
    alarm('alarm.raised', 'jammed', 4),
    alarm('alarm.raised', 'jammed', 4),
    alarm('alarm.ended', 'jammed', 4),
    alarm('alarm.raised', 'jammed', 4),
  ]);
  assert.deepEqual(
    of.alarms.map(({ condition, ended_at_ms }) => [condition, ended_at_ms !== null]),
    [
      ['discrepancy', true],
      ['jammed', true],
      ['jammed', false],
    ],
  );
});

test('whatever a bank writes: one batch and batches of one make the same of it', async () => {
  console.log(`HOLDFAST_SEED=${seed}`);
  const draw = drawing(seed);
  for (let run = 0; run < 2; run++) await told(Array.from({ length: 40 }, () => anyStep(draw)));
  // Such records do not fit each other, and the check says so; what was made of them is right all the same.
  const found = await checkCloud(stand.cloud, stand.tenant);
  assert.deepEqual(
    found.filter(({ what }) => what.includes('differs')),
    [],
  );
});

type Draw = <Value>(of: readonly Value[]) => Value;

/** mulberry32: small, and the same everywhere. */
function drawing(from: number): Draw {
  let state = from;
  return (of) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return of[((t ^ (t >>> 14)) >>> 0) % of.length] as (typeof of)[number];
  };
}

function anyStep(draw: Draw): Step {
  const parcel = draw([1, 2, 3, 4, 5, 6]);
  // Mostly the door that a parcel began behind, so that journeys get on.
  const compartment = draw([1, 2, 3, parcel % 3, parcel % 3, parcel % 3]) || 3;
  const resident = draw([0, 1, 2]);
  const hash = base64url(new Uint8Array(32));
  const condition = draw(['discrepancy', 'jammed']);
  return draw<() => Step>([
    () => accepted(parcel, compartment, resident),
    () => accepted(parcel, compartment, resident),
    () => deposited(parcel, compartment, resident),
    () => deposited(parcel, compartment, resident),
    () => issued(parcel, compartment, resident),
    () => ({
      draft: { kind: 'grant.reissued', compartment, facts: { issue: 2, by: 'person' } },
      parcel,
      resident,
      wish: { reference: draw([20, 21, 22, 23]), what: 'reissue' },
    }),
    () => collected(parcel, compartment),
    () => ({
      draft: {
        kind: 'parcel.removed',
        compartment,
        facts: { basis: 'staff', work: 'staff-release', occupied: 'no' },
      },
      parcel,
    }),
    () => ({
      draft: { kind: 'parcel.held', compartment, facts: { why: draw(['expired', 'revoked']) } },
      parcel,
      resident,
    }),
    () => ({
      draft: { kind: 'parcel.not-deposited', compartment, facts: { why: 'cancelled' } },
      parcel,
    }),
    () => ({ draft: { kind: 'compartment.freed', compartment, facts: { basis: 'staff' } }, parcel }),
    () => ({ draft: { kind: 'compartment.withdrawn', compartment, facts: { why: 'jammed' } } }),
    () => ({ draft: { kind: 'compartment.restored', compartment, facts: { by: 'order' } } }),
    () => opened(compartment),
    () => closed(draw([compartment, 99])),
    () => alarm(draw(['alarm.raised', 'alarm.ended'] as const), condition, draw([compartment, undefined])),
    () => ({ draft: { kind: 'roster.applied', facts: { version: parcel, hash } } }),
    () => ({
      draft: { kind: 'roster.refused', facts: { version: parcel, hash, reason: 'roster-version-old' } },
    }),
  ])();
}

test('openings that were sealed field by field, as before, still open', async () => {
  const { cloud } = stand;
  const teller = await newTeller();
  await teller.tell([accepted(1, 1), deposited(1, 1)]);
  const source = teller.bank.bank;
  await stand.inTenant(async (tx) => {
    const range = { first: 1, last: 2 };
    const kept = await cloud.journal.openOpenings(tx, source, range);
    await sql`delete from openings where source = ${source}`.execute(tx);
    for (const [seq, openings] of kept)
      for (const [field, opening] of Object.entries(openings)) {
        const place = `opening\0${source}\0${seq}\0${field}`;
        const sealed = await cloud.keys.sealForTenant(tx, place, JSON.stringify(opening));
        await sql`insert into openings (source, seq, field, sealed) values (${source}, ${seq}, ${field}, ${sealed})`.execute(
          tx,
        );
      }
    assert.deepEqual(await cloud.journal.openOpenings(tx, source, range), kept);
    const second = await cloud.journal.openOpenings(tx, source, { first: 2, last: 2 });
    assert.deepEqual([...second], [[2, kept.get(2)]]);
  });
  assert.equal((await stand.inTenant((tx) => detail(cloud, tx, teller.id('parcel', 1))))?.tracking, '1Z1');
});

test('an erased person takes their part of a batch with them, and nothing else goes', async () => {
  const { cloud } = stand;
  const teller = await newTeller();
  const common = { site: stand.site, flat: '9', email: null, phone: null, accessible: false, by: null };
  const gone = await stand.inTenant((tx) => people.addResident(cloud, tx, { ...common, name: 'Cy Gone' }));
  residents.push(gone);
  await teller.tell([accepted(1, 1, residents.length - 1), accepted(2, 2, 0)]);
  await stand.inTenant((tx) => cloud.keys.destroySubjects(tx, [gone]));
  const left = await stand.inTenant((tx) =>
    cloud.journal.openOpenings(tx, teller.bank.bank, { first: 1, last: 2 }),
  );
  // The parcel's own id names nobody.
  assert.deepEqual(Object.keys(left.get(1) ?? {}), ['parcel']);
  assert.deepEqual(Object.keys(left.get(2) ?? {}).sort(), ['counterpart', 'parcel', 'tracking']);
});
