/** Orders that are signed twice, refused twice or given up, and what the audit makes of their rows: honest, and changed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { DownMessage } from '../../contract/uplink.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { type BankId, idFrom, type SiteId, type TenantId } from '../../domain/ids.ts';
import type { Order, OrderAct } from '../../domain/order.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { signOrder } from '../../ledger/order.ts';
import { noteHash, signRoster } from '../../ledger/roster.ts';
import type { Tx } from '../../platform/database.ts';
import { systemRandom } from '../../platform/random.ts';
import { auditTenant } from '../audit/audit.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake, projectionsOf, takeBatch } from '../intake/intake.ts';
import { createLog, drain } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import { createTenant } from '../tenants/tenants.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { notePlace } from './carry.ts';
import { REPAIRED_FROM_RECORDS } from './migrations.ts';
import * as orders from './orders.ts';

const PURPOSE = 'the recipient moved to Lisbon';
const HOUR_MS = 3_600_000;
const NONCE = base64url(new Uint8Array(16).fill(7));
const STAFF_RELEASE: OrderAct = {
  ...{ do: 'staff-release', compartment: 4 },
  ...{ claim: base64url(new Uint8Array(32)), restore: false },
};
const [FIRST, SECOND, THIRD] = [newSigningKey(), newSigningKey(), newSigningKey()] as const;

let stand: Stand;
let tenant: TenantId;
let site: SiteId;
let bank: TestBank;
let intake: Intake;
let sent: { bank: BankId; message: DownMessage }[] = [];
let client: pg.Client;

const inTenant = <T>(run: (tx: Tx) => Promise<T>) => stand.cloud.database.tenant(tenant, run);

before(async () => {
  stand = await openStand(NOUNS);
  const { cloud } = stand;
  tenant = await createTenant(cloud);
  const rootKeys = [FIRST, SECOND, THIRD].map(({ publicKey }) => base64url(publicKey));
  site = await inTenant((tx) => banks.addSite(cloud, tx, { name: 'Riverside', rootKeys, rootSignatures: 1 }));
  bank = await enrolledBank(cloud, tenant, site);
  const draft = await inTenant((tx) => rosters.draft(cloud, tx, site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), [FIRST]);
  assert.ok((await rosters.submit(cloud, site, note)).ok);
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  const hello = {
    ...{ v: 1, type: 'hello', boot: 'a', lastSeq: 0, acknowledgedSeq: 0, roster: { version: 1, hash: null } },
    ...{ epoch: null, directory: 0, suspensions: [], development: false, orderNonce: NONCE },
  };
  await inTenant((tx) => banks.heardHello(cloud, tx, bank.bank, hello as never));
  const send = async (to: BankId, message: DownMessage) => void sent.push({ bank: to, message });
  intake = new Intake({ cloud, nouns: NOUNS, leases: ALONE, send });
  client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query('set session_replication_role = replica');
});
after(async () => {
  await client.end();
  await intake.stop();
  await stand.close();
});

function orderFor(act: OrderAct): Order {
  const nowMs = stand.cloud.clock.nowMs();
  return {
    ...{ v: 1, order: idFrom('order', systemRandom.bytes(16)), tenant, site, bank: bank.bank },
    ...{ nonce: NONCE, madeAtMs: nowMs, untilMs: nowMs + 5 * HOUR_MS, purpose: PURPOSE, act },
  };
}

/** Answers the hash of its text. */
async function submit(order: Order, keys: readonly SigningKey[]): Promise<string> {
  const note = signOrder(order, keys);
  const taken = await orders.submit(stand.cloud, bank.bank, note);
  assert.ok(taken.ok);
  return noteHash(note);
}

async function bankWrites(draft: Parameters<TestBank['write']>[0]): Promise<number> {
  const seq = bank.write(draft);
  const of = { tenant, bank: bank.bank, message: await bank.batch() };
  assert.ok((await takeBatch(stand.cloud, projectionsOf(NOUNS), of)).taken);
  return seq;
}

const accepts = ({ order, act }: Order, hash: string, signatures: number) =>
  bankWrites({
    kind: 'order.accepted',
    facts: { act: act.do, hash, signatures, road: 'cloud' },
    fields: { order, purpose: PURPOSE },
    ...('compartment' in act ? { compartment: act.compartment } : {}),
  });
const refuses = (hash: string, reason: 'order-replayed' | 'door-open' | 'order-pointless') =>
  bankWrites({ kind: 'order.refused', facts: { hash, reason, road: 'cloud' } });
const lapses = ({ order, act }: Order, cause: number) =>
  bankWrites({
    kind: 'order.lapsed',
    cause,
    facts: { act: act.do },
    fields: { order },
    ...('compartment' in act ? { compartment: act.compartment } : {}),
  });

async function stateOf({ order }: Order): Promise<[string | undefined, string | null | undefined]> {
  const asked = { limit: 200 };
  const { items } = await inTenant((tx) => orders.list(stand.cloud, tx, { bank: bank.bank, asked }));
  const row = items.find((one) => one.order === order);
  return [row?.state, row?.reason];
}

/** The orders that the bank is told now. */
async function told(): Promise<string[]> {
  sent = [];
  await intake.tellSite(tenant, site);
  return sent.flatMap(({ message }) => (message.type === 'order' ? [noteHash(message.note)] : []));
}

async function findings(): Promise<string[]> {
  await drain(stand.cloud, tenant);
  const { findings } = await auditTenant(stand.cloud, tenant, { heads: [], progress: () => undefined });
  return findings.told.map(({ check, where, what }) => `${check}: ${where}: ${what}`);
}

/** The audit over what `statement` makes of the orders; then they are as they were. */
async function findingsAfter(statement: string, values: unknown[] = []): Promise<string[]> {
  await client.query('create table before as select * from orders');
  const done = await client.query(statement, values);
  assert.ok((done.rowCount ?? 0) > 0, statement);
  const found = await findings();
  await client.query(`delete from orders;
    insert into orders overriding system value select * from before; drop table before`);
  return found;
}

test('what a bank accepted stays accepted when another signature comes: the bank is told, and refuses it as a replay', async () => {
  const order = orderFor(STAFF_RELEASE);
  const hash = await submit(order, [FIRST]);
  assert.deepEqual(await told(), [hash]);
  await accepts(order, hash, 1);
  assert.deepEqual(await told(), [], 'it was answered');
  // The claim was shown meanwhile, and the door opened; somebody adds a signature all the same.
  await submit(order, [FIRST, SECOND]);
  assert.deepEqual(await stateOf(order), ['accepted', null]);
  assert.deepEqual(await told(), [hash], 'a bank that waits for its claim needs the further signature');
  assert.deepEqual(await findings(), []);
  await refuses(hash, 'order-replayed');
  assert.deepEqual(await stateOf(order), ['accepted', null]);
  stand.step(HOUR_MS);
  assert.deepEqual(await told(), [], 'this was answered, too');
  assert.deepEqual(await findings(), []);
  for (const state of ['refused', 'waiting', 'lapsed']) {
    const changed = `update orders set state = '${state}', reason = null, settled_at_ms = null where hash = $1`;
    assert.match(String(await findingsAfter(changed, [hash])), /state differs/, state);
  }
  const asBefore = `update orders set state = 'refused', reason = 'order-replayed', settled_at_ms =
    (select max(at_ms) from records where kind = 'order.refused') where hash = $1`;
  assert.match(String(await findingsAfter(asBefore, [hash])), /state differs/);
});

test('a further signature for an order that waits for its claim is accepted too, and it may lapse after that', async () => {
  const order = orderFor(STAFF_RELEASE);
  const hash = await submit(order, [FIRST]);
  const cause = await accepts(order, hash, 1);
  await submit(order, [FIRST, SECOND]);
  await accepts(order, hash, 2);
  assert.deepEqual(await stateOf(order), ['accepted', null]);
  assert.deepEqual(await told(), []);
  await submit(order, [FIRST, SECOND, THIRD]);
  await lapses(order, cause);
  assert.deepEqual(await stateOf(order), ['lapsed', null]);
  assert.deepEqual(await told(), [], 'what has lapsed is told no more');
  assert.deepEqual(await findings(), []);
});

test('of a further signature that nobody answers the bank is told no longer than the order lasts', async () => {
  const order = orderFor(STAFF_RELEASE);
  const hash = await submit(order, [FIRST]);
  await accepts(order, hash, 1);
  await submit(order, [FIRST, SECOND]);
  stand.step(6 * HOUR_MS);
  await orders.orders.jobs['orders.tend'](stand.cloud);
  assert.deepEqual(await told(), []);
  assert.deepEqual(await stateOf(order), ['accepted', null], 'what a bank accepted only it says to be over');
  assert.deepEqual(await findings(), []);
});

test('an order that is refused, signed once more and refused again is no finding; a reason that no record gives is', async () => {
  const order = orderFor({ do: 'restore', compartment: 5 });
  const hash = await submit(order, [FIRST]);
  await refuses(hash, 'door-open');
  assert.deepEqual(await stateOf(order), ['refused', 'door-open']);
  assert.deepEqual(await findings(), []);
  const waits = `update orders set state = 'waiting', reason = null, settled_at_ms = null where hash = $1`;
  assert.match(String(await findingsAfter(waits, [hash])), /state differs/);
  await submit(order, [FIRST, SECOND]);
  assert.deepEqual(await stateOf(order), ['waiting', null]);
  assert.deepEqual(await findings(), []);
  await refuses(hash, 'order-pointless');
  assert.deepEqual(await stateOf(order), ['refused', 'order-pointless']);
  assert.deepEqual(await findings(), []);
  const changes = [
    `update orders set reason = 'order-expired' where hash = $1`,
    `update orders set settled_at_ms = settled_at_ms + 1 where hash = $1`,
    `update orders set state = 'accepted', reason = null where hash = $1`,
  ];
  for (const changed of changes)
    assert.match(String(await findingsAfter(changed, [hash])), /state differs/, changed);
});

test('a row that an earlier version put back to waiting, refused or lapsed is mended by what the bank recorded', async () => {
  const [opened, waits, over, gone] = [1, 2, 3, 4].map(() => orderFor(STAFF_RELEASE));
  assert.ok(opened && waits && over && gone);
  const hashes = new Map<Order, string>();
  for (const order of [opened, waits, over, gone]) {
    const hash = await submit(order, [FIRST]);
    hashes.set(order, hash);
    const cause = await accepts(order, hash, 1);
    await submit(order, [FIRST, SECOND]);
    if (order === opened) await refuses(hash, 'order-replayed');
    if (order === gone) await lapses(order, cause);
  }
  const { rows } = await client.query('select * from orders order by order_id');
  const was = async (order: Order, change: string) =>
    client.query(`update orders set ${change} where hash = $1`, [hashes.get(order)]);
  await was(opened, `state = 'refused', reason = 'order-replayed', settled_at_ms = 5`);
  await was(waits, `state = 'waiting', settled_at_ms = null`);
  await was(over, `state = 'lapsed', settled_at_ms = until_ms`);
  await was(gone, `state = 'refused', reason = 'order-replayed', settled_at_ms = 5`);
  assert.equal((await findings()).length, 4);
  await client.query(REPAIRED_FROM_RECORDS);
  assert.deepEqual((await client.query('select * from orders order by order_id')).rows, rows);
  assert.deepEqual(await findings(), []);
});

test('a cloud that was restored may be given anew what it has forgotten, before or after its bank tells of it', async () => {
  const { cloud } = stand;
  const restored = { kind: 'backup.restored', facts: { hash: base64url(new Uint8Array(32)) } } as const;
  const [refused, accepted] = [orderFor({ do: 'restore', compartment: 6 }), orderFor(STAFF_RELEASE)];
  const hashOf = (order: Order) => noteHash(signOrder(order, [FIRST]));
  // As the bank sends again what the restored cloud has not.
  await refuses(hashOf(refused), 'door-open');
  await accepts(accepted, hashOf(accepted), 1);
  await inTenant((tx) => cloud.journal.record(tx, restored));
  stand.step(HOUR_MS);
  for (const order of [refused, accepted]) await submit(order, [FIRST]);
  assert.deepEqual(await stateOf(refused), ['waiting', null]);
  assert.deepEqual(await stateOf(accepted), ['accepted', null]);
  assert.deepEqual(await findings(), []);
  await refuses(hashOf(refused), 'order-pointless');
  await refuses(hashOf(accepted), 'order-replayed');
  assert.deepEqual(await stateOf(refused), ['refused', 'order-pointless']);
  assert.deepEqual(await stateOf(accepted), ['accepted', null]);
  assert.deepEqual(await findings(), []);
});

test('the text, the purpose, the signers and the end of an order are those of its record', async () => {
  const { cloud } = stand;
  const order = orderFor({ do: 'restore', compartment: 7 });
  const hash = await submit(order, [FIRST, SECOND]);
  const other = await submit(orderFor({ do: 'restore', compartment: 8 }), [FIRST]);
  const byHand = { ...orderFor({ do: 'lift' }), purpose: 'by hand' };
  const handed = noteHash(signOrder(byHand, [FIRST]));
  await bankWrites({
    kind: 'order.accepted',
    facts: { act: 'lift', hash: handed, signatures: 1, road: 'hand' },
    fields: { order: byHand.order, purpose: byHand.purpose },
  });
  assert.deepEqual(await findings(), []);
  const sealed = (text: string) =>
    inTenant((tx) => cloud.keys.sealBytesForTenant(tx, notePlace(order.order), utf8(text)));
  const changes: [what: string, set: string, values: unknown[]][] = [
    ['no purpose that opens', `purpose = '\\x00'`, [hash]],
    ['the purpose of another', `purpose = (select purpose from orders where hash = $2)`, [hash, other]],
    ['signers that are none', `signers = '["x"]'`, [hash]],
    ['a signer fewer', `signers = jsonb_build_array(signers -> 0), signatures = 1`, [hash]],
    ['no note, so that nobody is told', 'note = null', [hash]],
    ['a note that does not open', `note = '\\x00'`, [hash]],
    ['a note without a signature', 'note = $2', [hash, await sealed(signOrder(order, [FIRST]))]],
    ['a note of a stranger', 'note = $2', [hash, await sealed(signOrder(order, [newSigningKey()]))]],
    ['another end', 'until_ms = until_ms + 1', [hash]],
    ['no end', 'until_ms = null', [hash]],
    ['another purpose of one that came by hand', `purpose = '\\x00'`, [handed]],
    ['signers of one that came by hand', `signers = '["x"]'`, [handed]],
    ['an end of one that came by hand', 'until_ms = 5', [handed]],
  ];
  for (const [what, set, values] of changes) {
    const found = await findingsAfter(`update orders set ${set} where hash = $1`, values);
    assert.match(String(found), /its text or its signers|something else than its record/, what);
  }
  // The site has another root by now: what was signed under the one before holds.
  const next = newSigningKey();
  const root = { rootKeys: [base64url(next.publicKey)], k: 1 };
  await inTenant((tx) => rosters.desireRoot(tx, site, root));
  const draft = await inTenant((tx) => rosters.draft(cloud, tx, site));
  const roster = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '{}')), [FIRST, next]);
  assert.ok((await rosters.submit(cloud, site, roster)).ok);
  assert.deepEqual(await findings(), []);
});
