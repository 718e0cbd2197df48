/** A delivery that the sensor did not see is shown to staff for as long as it waits to be believed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { idFrom } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import * as intake from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { attentionGauges } from './gauges.ts';
import { attention } from './overview.ts';

let stand: Stand;
let bank: TestBank;

before(async () => {
  stand = await openStand(NOUNS);
  bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
});
after(() => stand?.close());

const id = <K extends 'parcel' | 'person' | 'session' | 'grant' | 'carrier'>(kind: K) =>
  idFrom(kind, systemRandom.bytes(16));

/** A parcel as its bank records it; the sensor sees it, or sees nothing and the courier insists. */
function deliver(compartment: number, occupied: 'yes' | 'no') {
  const fields = {
    ...{ parcel: id('parcel'), tracking: 'TBA123456789000', carrier: id('carrier'), person: id('person') },
    ...{ counterpart: id('person'), session: id('session') },
  };
  const grant = id('grant');
  const facts = { size: 'M', basis: 'person', occupied, untilMs: 1_900_000_000_000 } as const;
  bank.write({ kind: 'parcel.accepted', compartment, facts: { size: 'M', offline: false }, fields });
  bank.write({ kind: 'parcel.deposited', compartment, facts, fields: { ...fields, grant } });
  if (occupied === 'no') {
    const { parcel, person, session } = fields;
    bank.write({
      kind: 'discrepancy.reported',
      compartment,
      facts: { what: 'sensed-against-word' },
      fields: { parcel, person, session },
    });
  }
  return { ...fields, grant };
}

async function send(): Promise<void> {
  const { cloud } = stand;
  const taken = new intake.Intake({ cloud, nouns: NOUNS, leases: ALONE, send: async () => {} });
  taken.received(bank.bank, Buffer.from(JSON.stringify(await bank.batch())));
  await taken.stop();
}

const doubted = () =>
  stand.inTenant(async (tx) =>
    (await attention(stand.cloud, tx)).filter(({ kind }) => kind === 'delivery-doubted'),
  );

test('a parcel that a courier says is inside and no sensor saw needs a person, until it is collected or held', async () => {
  deliver(3, 'yes');
  const insisted = deliver(7, 'no');
  await send();
  const [item, ...more] = await doubted();
  assert.deepEqual(more, []);
  assert.match(item?.says ?? '', /door 7: a parcel is said to be inside, and the sensor saw none/);
  assert.equal(item?.link, `/admin/parcels/${insisted.parcel}`);
  bank.write({
    kind: 'parcel.collected',
    compartment: 7,
    facts: { basis: 'person', occupied: 'no' },
    fields: { ...insisted, person: insisted.counterpart, counterpart: insisted.person },
  });
  await send();
  assert.deepEqual(await doubted(), []);
  // An agent of today alarms it: that says so, and the doubt ends with it though the parcel waits on.
  deliver(8, 'no');
  bank.write({ kind: 'alarm.raised', compartment: 8, facts: { condition: 'discrepancy' } });
  await send();
  assert.deepEqual(await doubted(), []);
  const alarms = () =>
    stand.inTenant(async (tx) => (await attention(stand.cloud, tx)).map(({ kind }) => kind));
  assert.ok((await alarms()).includes('discrepancy'));
  bank.write({ kind: 'alarm.ended', compartment: 8, facts: { condition: 'discrepancy' } });
  await send();
  assert.deepEqual(await doubted(), []);
  assert.ok(!(await alarms()).includes('discrepancy'));
});

test('what needs a person is a number by kind for Prometheus, names nobody, and is none where nobody could look', async () => {
  const insisted = deliver(9, 'no');
  await send();
  const [gauge] = attentionGauges(stand.cloud);
  const found = await gauge?.value();
  assert.ok(Array.isArray(found));
  assert.deepEqual(
    found.filter(({ labels }) => labels.kind === 'delivery-doubted'),
    [{ labels: { kind: 'delivery-doubted', severity: 'warning' }, value: 1 }],
  );
  assert.ok(!JSON.stringify(found).includes('_'), 'no id');
  assert.ok(insisted.parcel.includes('_'));
  const gone = async () => {
    throw new Error('the database does not answer');
  };
  const [blind] = attentionGauges({ ...stand.cloud, database: { ...stand.cloud.database, estate: gone } });
  assert.deepEqual(await blind?.value(), []);
});
