/**
 * Orders on their way to a bank. The cloud carries what a site's root signed; it can make none, change none
 * and claim none, because it has neither the key nor the claim. What became of an order is what the bank's
 * own record says.
 */
import { utf8 } from '../../crypto/bytes.ts';
import { type BankId, parseId } from '../../domain/ids.ts';
import { ORDER_ACTS } from '../../domain/order.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { sealedColumn } from '../keys/keys.ts';
import type { Noun, Projection, Told } from '../noun.ts';
import { allTenants } from '../tenants/tenants.ts';
import { notePlace, purposePlace } from './carry.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';

export { list, openOrderTexts, submit, toTell } from './carry.ts';

type OrderTold = Pick<Told, 'record' | 'fields'> & { bank: BankId };

async function onAccepted(cloud: Cloud, tx: Tx, { bank, record, fields }: OrderTold): Promise<void> {
  const hash = String(record.facts.hash);
  const atMs = record.time.atMs;
  const from = ['waiting', 'refused', 'lapsed', 'accepted'] as const;
  if (!(await store.settle(tx, { bank, hash, from, to: 'accepted', reason: null, atMs })))
    await keepHandCarried(cloud, tx, { bank, record, fields });
}

/** The cloud never saw this order; it is shown all the same, as far as the bank's record tells of it. */
async function keepHandCarried(cloud: Cloud, tx: Tx, { bank, record, fields }: OrderTold): Promise<void> {
  const order = parseId('order', fields.order ?? '');
  const act = ORDER_ACTS.find((known) => known === record.facts.act);
  if (!order || !act) return;
  const atMs = record.time.atMs;
  await store.insertOrder(tx, {
    order,
    bank,
    hash: String(record.facts.hash),
    act,
    compartment: record.compartment ?? null,
    road: record.facts.road === 'cloud' ? 'cloud' : 'hand',
    note: null,
    purpose: await cloud.keys.sealBytesForTenant(tx, purposePlace(order), utf8(fields.purpose ?? '')),
    signers: [],
    signatures: Number(record.facts.signatures),
    state: 'accepted',
    receivedAtMs: atMs,
    untilMs: null,
    settledAtMs: atMs,
  });
}

/** Of what the cloud carried only: by hand the same text may come with fewer signatures, and fail for that. */
async function onRefused(tx: Tx, { bank, record }: OrderTold): Promise<void> {
  if (record.facts.road !== 'cloud') return;
  const { hash, reason } = record.facts;
  // A replay after the acceptance takes nothing back.
  await store.settle(tx, {
    bank,
    hash: String(hash),
    from: ['waiting'],
    to: 'refused',
    reason: String(reason),
    atMs: record.time.atMs,
  });
}

async function onLapsed(tx: Tx, { bank, record, fields }: OrderTold): Promise<void> {
  if (fields.order === undefined) return;
  const atMs = record.time.atMs;
  await store.settle(tx, {
    bank,
    order: fields.order,
    from: ['accepted'],
    to: 'lapsed',
    reason: null,
    atMs,
  });
}

/** One after another: orders are few, and each is settled by what was settled before it. */
const orderProjection: Projection = {
  kinds: ['order.accepted', 'order.refused', 'order.lapsed'],
  async follow(cloud, tx, { bank, told }) {
    for (const { record, fields } of told) {
      const of = { bank, record, fields };
      if (record.kind === 'order.accepted') await onAccepted(cloud, tx, of);
      else if (record.kind === 'order.refused') await onRefused(tx, of);
      else await onLapsed(tx, of);
    }
    await cloud.changed(tx, ['banks']);
    return [];
  },
};

/** Ends what is over, and has banks told again of what still waits. Runs by the clock. */
async function tend(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, async (tx) => {
      if ((await store.lapseOverdue(tx, cloud.clock.nowMs())) > 0) await cloud.changed(tx, ['banks']);
      for (const site of await store.sitesWaiting(tx)) await cloud.tellBanks(tx, site);
    });
  }
}

export const orders = {
  migrations,
  routes,
  jobs: { 'orders.tend': tend },
  schedule: [{ job: 'orders.tend', cron: '* * * * *' }],
  projections: [orderProjection],
  underTenantKey: [
    sealedColumn({
      table: 'orders',
      column: 'note',
      by: { order_id: 'text' },
      place: ([order]) => notePlace(String(order)),
    }),
    sealedColumn({
      table: 'orders',
      column: 'purpose',
      by: { order_id: 'text' },
      place: ([order]) => purposePlace(String(order)),
    }),
  ],
} satisfies Noun;
