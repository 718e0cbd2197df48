/** Reminders follow a bank's records: added with the deposit, gone with the collection, and a word at the end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { idFrom, type ParcelId, type PersonId } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as notices from './notices.ts';
import { expirySms, reminderSms } from './texts.ts';

const DAY_MS = 86_400_000;
let stand: Stand;
let bank: TestBank;
let recipient: PersonId;

before(async () => {
  stand = await openStand(NOUNS);
  bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  recipient = await stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, {
      site: stand.site,
      name: 'Ada',
      flat: '1',
      email: 'ada@example.org',
      phone: '+15550100',
      accessible: false,
      by: null,
    }),
  );
});
after(() => stand.close());

async function hand(): Promise<void> {
  const of = { tenant: stand.tenant, bank: bank.bank, message: await bank.batch() };
  assert.ok((await takeBatch(stand.cloud, projectionsOf(NOUNS), of)).taken);
}

function deposit(compartment: number, untilMs: number): ParcelId {
  const parcel = idFrom('parcel', systemRandom.bytes(16));
  const fields = { parcel, tracking: '1Z', counterpart: recipient };
  bank.write({ kind: 'parcel.accepted', compartment, facts: { size: 'M', offline: false }, fields });
  const facts = { size: 'M', basis: 'person', occupied: 'yes', untilMs } as const;
  bank.write({ kind: 'parcel.deposited', compartment, facts, fields });
  return parcel;
}

async function jobsOf(parcel: string): Promise<[string, number][]> {
  const { rows } = await stand.inTenant((tx) =>
    sql<{ key: string; at: Date }>`select key, run_at as at from graphile_worker.jobs
      where key like ${`notices.remind/${parcel}/%`} order by run_at`.execute(tx),
  );
  return rows.map(({ key, at }) => [key.split('/')[2] ?? '', new Date(at).getTime()]);
}

const rowsOf = (parcel: ParcelId) => stand.inTenant((tx) => notices.ofParcel(tx, parcel));
const remind = (parcel: ParcelId, days: number) =>
  notices.notices.jobs['notices.remind'](stand.cloud, { tenant: stand.tenant, parcel, days });

test('a deposit leaves one job a day, two days and one day before; none for a day that is past', async () => {
  const untilMs = stand.cloud.clock.nowMs() + 7 * DAY_MS;
  const parcel = deposit(1, untilMs);
  const short = deposit(2, stand.cloud.clock.nowMs() + 1.5 * DAY_MS);
  await hand();
  assert.deepEqual(await jobsOf(parcel), [
    ['2', untilMs - 2 * DAY_MS],
    ['1', untilMs - DAY_MS],
  ]);
  assert.deepEqual(
    (await jobsOf(short)).map(([days]) => days),
    ['1'],
  );
  bank.write({
    kind: 'parcel.collected',
    compartment: 1,
    facts: { basis: 'person', occupied: 'no' },
    fields: { parcel, person: recipient },
  });
  await hand();
  stand.step(5 * DAY_MS + 1000);
  await remind(parcel, 2);
  assert.deepEqual(await rowsOf(parcel), [], 'nothing to who has collected');
});

test('a reminder is queued once; when the time is over its recipient is told that staff keep the parcel', async () => {
  const untilMs = stand.cloud.clock.nowMs() + 7 * DAY_MS;
  const parcel = deposit(3, untilMs);
  const other = deposit(4, untilMs);
  await hand();
  stand.step(6 * DAY_MS + 1000);
  for (let again = 0; again < 3; again++) await remind(parcel, 1);
  assert.deepEqual(
    (await rowsOf(parcel)).map(({ what, channel }) => [what, channel]),
    [
      ['reminder', 'sms'],
      ['reminder', 'email'],
    ],
  );
  const fields = { counterpart: recipient };
  bank.write({
    kind: 'parcel.held',
    compartment: 3,
    facts: { why: 'expired' },
    fields: { ...fields, parcel },
  });
  bank.write({
    kind: 'parcel.held',
    compartment: 4,
    facts: { why: 'discrepancy' },
    fields: { ...fields, parcel: other },
  });
  await hand();
  const told = (await rowsOf(parcel)).filter(({ what }) => what === 'expiry');
  assert.deepEqual(
    told.map(({ channel }) => channel),
    ['sms', 'email'],
  );
  assert.deepEqual(await rowsOf(other), [], 'a parcel that is in question is no expired one');
  const queued = await stand.records('notice.queued');
  assert.deepEqual(
    queued.map((record) => record.facts.what),
    ['reminder', 'reminder', 'expiry', 'expiry'],
  );
});

test('an SMS about a place fits one message and asks for nothing', () => {
  const place = {
    bankName: 'A lobby with a name of forty characters!!',
    compartment: 24,
    untilMs: Date.UTC(2026, 8, 30),
  };
  for (const text of [reminderSms(place), expirySms(place)]) {
    assert.ok(text.length <= 160, `${text.length}: ${text}`);
    assert.match(text, /^[A-Za-z0-9 .,:;'&()/+?-]+$/);
  }
});
