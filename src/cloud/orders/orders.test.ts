/** An order's way through the cloud: taken when the root signed it, told until the bank has answered, sealed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DownMessage } from '../../contract/uplink.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type BankId, idFrom } from '../../domain/ids.ts';
import type { Order, OrderAct } from '../../domain/order.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { signOrder } from '../../ledger/order.ts';
import { noteHash, signRoster } from '../../ledger/roster.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake, projectionsOf, takeBatch } from '../intake/intake.ts';
import * as rosters from '../rosters/rosters.ts';
import { createTenant } from '../tenants/tenants.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as orders from './orders.ts';

const PURPOSE = 'the recipient moved to Lisbon';
const HOUR_MS = 3_600_000;
const NONCE = base64url(new Uint8Array(16).fill(7));

let stand: Stand;
let bank: TestBank;
let intake: Intake;
let sent: { bank: BankId; message: DownMessage }[] = [];

before(async () => {
  stand = await openStand(NOUNS);
  bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  const draft = await stand.inTenant((tx) => rosters.draft(stand.cloud, tx, stand.site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), [stand.root]);
  assert.ok((await rosters.submit(stand.cloud, stand.site, note)).ok);
  intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (to, message) => void sent.push({ bank: to, message }),
  });
  await hello();
});
after(async () => {
  await intake.stop();
  await stand.close();
});

async function hello(orderNonce = NONCE): Promise<void> {
  const message = {
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
    orderNonce,
  };
  await stand.inTenant((tx) => banks.heardHello(stand.cloud, tx, bank.bank, message as never));
}

function orderFor(change: Partial<Order> = {}, act: OrderAct = { do: 'lift' }): Order {
  const nowMs = stand.cloud.clock.nowMs();
  return {
    v: 1,
    order: idFrom('order', systemRandom.bytes(16)),
    tenant: stand.tenant,
    site: stand.site,
    bank: bank.bank,
    nonce: NONCE,
    madeAtMs: nowMs,
    untilMs: nowMs + 5 * HOUR_MS,
    purpose: PURPOSE,
    act,
    ...change,
  };
}

const submit = (order: Order, keys = [stand.root]) =>
  orders.submit(stand.cloud, bank.bank, signOrder(order, keys));
const list = async () =>
  (await stand.inTenant((tx) => orders.list(stand.cloud, tx, { bank: bank.bank, asked: { limit: 200 } })))
    .items;
const stateOf = async (order: Order) => (await list()).find((row) => row.order === order.order);

/** The orders that the bank is told now. */
async function told(): Promise<string[]> {
  sent = [];
  await intake.tellSite(stand.tenant, stand.site);
  return sent.flatMap(({ message }) => (message.type === 'order' ? [noteHash(message.note)] : []));
}

async function bankWrites(draft: Parameters<TestBank['write']>[0]): Promise<void> {
  bank.write(draft);
  const of = { tenant: stand.tenant, bank: bank.bank, message: await bank.batch() };
  assert.ok((await takeBatch(stand.cloud, projectionsOf(NOUNS), of)).taken);
}

test('what the root signed is taken, told, told again only later, and shown as the bank recorded it', async () => {
  const order = orderFor();
  const taken = await submit(order);
  assert.ok(taken.ok);
  const { hash } = taken.value;
  assert.equal((await stateOf(order))?.state, 'waiting');
  assert.equal((await stateOf(order))?.purpose, PURPOSE);
  assert.deepEqual(await told(), [hash]);
  assert.deepEqual(await told(), [], 'its record is on the way');
  stand.step(61_000);
  assert.deepEqual(await told(), [hash], 'a message may be lost');
  await bankWrites({
    kind: 'order.accepted',
    facts: { act: 'lift', hash, signatures: 1, road: 'cloud' },
    fields: { order: order.order, purpose: PURPOSE },
  });
  await bankWrites({ kind: 'order.refused', facts: { hash, reason: 'order-replayed', road: 'cloud' } });
  assert.equal((await stateOf(order))?.state, 'accepted', 'a replay takes nothing back');
  stand.step(HOUR_MS);
  assert.deepEqual(await told(), []);
  assert.equal((await stand.records('order.received')).at(-1)?.facts.hash, hash);
});

test('refused early, by the bank’s own words, and recorded: a stranger, another bank, an old nonce, the past', async () => {
  const nowMs = stand.cloud.clock.nowMs();
  await stand.inTenant((tx) => banks.setConnected(stand.cloud, tx, bank.bank, true));
  const cases: [string, Order, (typeof stand.root)[]][] = [
    ['signature-wrong', orderFor(), [newSigningKey()]],
    ['order-wrong-bank', orderFor({ bank: idFrom('bank', systemRandom.bytes(16)) }), [stand.root]],
    ['order-nonce-old', orderFor({ nonce: base64url(new Uint8Array(16)) }), [stand.root]],
    ['order-expired', orderFor({ madeAtMs: nowMs - 2 * HOUR_MS, untilMs: nowMs - HOUR_MS }), [stand.root]],
  ];
  for (const [reason, order, keys] of cases) {
    const taken = await submit(order, keys);
    assert.equal(taken.ok ? 'taken' : taken.reason, reason);
    assert.equal((await stand.records('order.rejected')).at(-1)?.facts.reason, reason);
    assert.equal(await stateOf(order), undefined);
  }
  await stand.inTenant((tx) => banks.setConnected(stand.cloud, tx, bank.bank, false));
  const offline = orderFor({ nonce: base64url(new Uint8Array(16).fill(9)) });
  assert.ok((await submit(offline)).ok, 'a bank that is away may have drawn another nonce');
  assert.deepEqual(await told(), [], 'and is told when it is back');
  await stand.inTenant((tx) => banks.setConnected(stand.cloud, tx, bank.bank, true));
  assert.equal((await told()).length, 1);
  await assert.rejects(
    orders.submit(stand.cloud, idFrom('bank', systemRandom.bytes(16)), signOrder(offline, [stand.root])),
    (error) => error instanceof HoldfastError && error.code === 'not-found',
  );
});

test('what the bank refused stays refused with its reason; what nobody answered lapses', async () => {
  const refused = orderFor();
  const taken = await submit(refused);
  assert.ok(taken.ok);
  await bankWrites({
    kind: 'order.refused',
    facts: { hash: taken.value.hash, reason: 'order-pointless', road: 'cloud' },
  });
  assert.deepEqual(
    [(await stateOf(refused))?.state, (await stateOf(refused))?.reason],
    ['refused', 'order-pointless'],
  );
  const again = await submit(refused);
  assert.equal(again.ok ? 'taken' : again.reason, 'order-replayed');
  const late = orderFor();
  assert.ok((await submit(late)).ok);
  stand.step(6 * HOUR_MS);
  await orders.orders.jobs['orders.tend'](stand.cloud);
  assert.equal((await stateOf(late))?.state, 'lapsed');
  assert.deepEqual(await told(), []);
});

test('an accepted order that nobody claimed is shown as lapsed, and one carried by hand is shown too', async () => {
  const act = {
    do: 'staff-release',
    compartment: 4,
    claim: base64url(new Uint8Array(32)),
    restore: false,
  } as const;
  const order = orderFor({}, act);
  const hash = noteHash(signOrder(order, [stand.root]));
  const fields = { order: order.order, purpose: PURPOSE };
  await bankWrites({
    kind: 'order.accepted',
    compartment: 4,
    facts: { act: 'staff-release', hash, signatures: 1, road: 'hand' },
    fields,
  });
  const row = await stateOf(order);
  assert.deepEqual([row?.state, row?.road, row?.compartment, row?.purpose], ['accepted', 'hand', 4, PURPOSE]);
  await bankWrites({
    kind: 'order.lapsed',
    compartment: 4,
    facts: { act: 'staff-release' },
    fields: { order: order.order },
  });
  assert.equal((await stateOf(order))?.state, 'lapsed');
});

test('a second signature on the same text goes to the bank again; the same text as it was does not', async () => {
  const second = newSigningKey();
  const order = orderFor({}, { do: 'restore', compartment: 2 });
  const first = await submit(order);
  assert.ok(first.ok);
  await told();
  assert.equal((await submit(order)).ok, true, 'handing it in twice before the bank answered is one order');
  assert.equal((await list()).filter((row) => row.order === order.order).length, 1);
  const { hash } = first.value;
  await bankWrites({
    kind: 'order.accepted',
    compartment: 2,
    facts: { act: 'restore', hash, signatures: 1, road: 'cloud' },
    fields: { order: order.order, purpose: PURPOSE },
  });
  const again = await submit(order);
  assert.equal(again.ok ? 'taken' : again.reason, 'order-replayed');
  const unknown = await submit(order, [stand.root, second]);
  assert.equal(
    unknown.ok ? 'taken' : unknown.reason,
    'order-replayed',
    'a key that the roster does not name adds none',
  );
});

test('neither the purpose nor the note stands in a table; another tenant sees no order', async () => {
  const dump = await stand.dump();
  assert.ok(!dump.includes(PURPOSE));
  assert.ok(!dump.includes(Buffer.from(utf8(PURPOSE)).toString('hex')));
  assert.ok(!dump.includes('holdfast/order/v1'));
  const other = await createTenant(stand.cloud);
  const seen = await stand.cloud.database.tenant(other, async (tx) => {
    return orders.list(stand.cloud, tx, { bank: bank.bank, asked: { limit: 200 } });
  });
  assert.deepEqual(seen.items, []);
});
