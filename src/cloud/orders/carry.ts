/**
 * Taking an order in and passing it on. What the bank would refuse is refused early here; the bank is the
 * judge all the same.
 */
import type { z } from 'zod';
import type { orderRow } from '../../contract/http/orders.ts';
import { type DownMessage, UPLINK_VERSION } from '../../contract/uplink.ts';
import { fromBase64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { BankId } from '../../domain/ids.ts';
import { denied, type Result } from '../../domain/outcome.ts';
import { openOrder, type SignedOrder } from '../../ledger/order.ts';
import { noteHash } from '../../ledger/roster.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type PageAsked, pageOf } from '../http/http.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

type Row = z.infer<typeof orderRow>;

/** A bank answers by a record in a batch; it is not told again before that may have come. */
const TELL_AGAIN_MS = 60_000;
const TELL_AGAIN_MS_MAX = 30 * 60_000;

export const notePlace = (order: string) => `orders/note\0${order}`;
export const purposePlace = (order: string) => `orders/purpose\0${order}`;

/** Takes a signed order for `id`, or says why not. Both are recorded. */
export async function submit(cloud: Cloud, id: BankId, note: string): Promise<Result<Row>> {
  const tenant = await banks.tenantOfBank(cloud, id);
  if (!tenant) throw new HoldfastError('not-found', 'There is no such bank here.');
  return cloud.database.tenant(tenant, async (tx) => {
    const bank = await banks.findBank(tx, id);
    if (!bank) throw new HoldfastError('not-found', 'There is no such bank here.');
    if (bank.retired)
      throw new HoldfastError('conflict', 'That bank is out of service for good: it is told nothing.');
    const hash = noteHash(note);
    const judged = await judge(cloud, tx, bank, note);
    const taken = judged.ok ? await keep(cloud, tx, { bank, hash, note, signed: judged.value }) : judged;
    if (!taken.ok) {
      const facts = { hash, reason: taken.reason };
      await cloud.journal.record(tx, { kind: 'order.rejected', facts, fields: { subject: id } });
      return taken;
    }
    const { act, purpose, order } = taken.value.order;
    await cloud.journal.record(tx, {
      kind: 'order.received',
      facts: { act: act.do, hash, signatures: taken.value.signers.length },
      fields: { order, purpose, subject: id },
      ...('compartment' in act ? { compartment: act.compartment } : {}),
    });
    await cloud.tellBanks(tx, bank.site);
    await cloud.changed(tx, ['banks']);
    const row = await store.findOrder(tx, order);
    if (!row) throw new Error('the order was just kept');
    return { ok: true, value: await shown(cloud, tx, row) };
  });
}

/** As the bank will judge, with the newest roster that is known here. */
async function judge(cloud: Cloud, tx: Tx, bank: banks.Bank, note: string): Promise<Result<SignedOrder>> {
  const current = await rosters.current(tx, bank.site);
  if (!current) return denied('no-roster');
  const { keys, k } = current.roster.root;
  const trust = { tenant: tenantOf(tx), site: bank.site, bank: bank.bank, keys, k };
  const opened = openOrder(note, trust);
  if (!opened.ok) return opened;
  const { order } = opened.value;
  const nowMs = cloud.clock.nowMs();
  // A bank that is not connected may have drawn another nonce since; its own kiosk is believed then.
  const nonceIsOld = bank.hello?.orderNonce !== order.nonce && banks.isOnline(bank, nowMs);
  const kept = await store.findOrder(tx, order.order);
  if (nonceIsOld && kept === undefined) return denied('order-nonce-old');
  return order.untilMs <= nowMs ? denied('order-expired') : opened;
}

type Keep = { bank: banks.Bank; hash: string; note: string; signed: SignedOrder };

async function keep(cloud: Cloud, tx: Tx, of: Keep): Promise<Result<SignedOrder>> {
  const { order, signers } = of.signed;
  const note = await cloud.keys.sealBytesForTenant(tx, notePlace(order.order), utf8(of.note));
  const names = signers.map((key) => fingerprint(fromBase64url(key) ?? new Uint8Array(0)));
  const kept = await store.findOrder(tx, order.order);
  if (kept) {
    // The same text with a signature more goes to the bank again; anything else is a replay.
    const adds = kept.hash === of.hash && kept.bank === of.bank.bank && kept.road === 'cloud';
    const isNew = names.some((name) => !kept.signers.includes(name)) || kept.state === 'waiting';
    if (!adds || !isNew || kept.state === 'lapsed') return denied('order-replayed');
    if (kept.state !== 'waiting' || names.length > kept.signers.length)
      await store.renewNote(tx, order.order, {
        ...{ note, signers: names, untilMs: order.untilMs, atMs: cloud.clock.nowMs() },
      });
    return { ok: true, value: of.signed };
  }
  await store.insertOrder(tx, {
    order: order.order,
    bank: of.bank.bank,
    hash: of.hash,
    act: order.act.do,
    compartment: 'compartment' in order.act ? order.act.compartment : null,
    road: 'cloud',
    note,
    purpose: await cloud.keys.sealBytesForTenant(tx, purposePlace(order.order), utf8(order.purpose)),
    signers: names,
    signatures: names.length,
    state: 'waiting',
    receivedAtMs: cloud.clock.nowMs(),
    untilMs: order.untilMs,
    settledAtMs: null,
  });
  return { ok: true, value: of.signed };
}

/**
 * The orders that `bank` is told now. Each goes again, at growing distances, until the bank's record of it
 * arrives: a lost message costs a minute, and a bank whose batches are stuck is not asked without end.
 */
export async function toTell(cloud: Cloud, tx: Tx, bank: banks.Bank): Promise<DownMessage[]> {
  // Nobody would hear it; the hello of the next connection asks again.
  if (bank.connected === false) return [];
  const nowMs = cloud.clock.nowMs();
  const messages: DownMessage[] = [];
  for (const { order, note, tells, toldAtMs } of await store.waitingOf(tx, bank.bank, nowMs)) {
    const pauseMs = Math.min(TELL_AGAIN_MS * 2 ** (tells - 1), TELL_AGAIN_MS_MAX);
    if (note === null || (toldAtMs !== null && nowMs - toldAtMs < pauseMs)) continue;
    const text = await openText(cloud, tx, notePlace(order), note);
    if (text === undefined) {
      cloud.log.error('an order cannot be opened any more', { bank: bank.bank });
      continue;
    }
    await store.noteTold(tx, order, nowMs);
    messages.push({ v: UPLINK_VERSION, type: 'order', note: text });
  }
  return messages;
}

/** Newest first. */
export async function list(
  cloud: Cloud,
  tx: Tx,
  { bank, asked }: { bank: string; asked: PageAsked },
): Promise<{ items: Row[]; nextCursor: string | null }> {
  const { rows, nextCursor } = await pageOf<store.PlacedOrder>(cloud, tx, {
    name: 'orders',
    filter: [bank],
    asked,
    read: (after, limit) => store.ordersOf(tx, { bank, before: after && Number(after[0]), limit }),
    position: ({ ord }) => [ord],
  });
  const items: Row[] = [];
  for (const row of rows) items.push(await shown(cloud, tx, row));
  return { items, nextCursor };
}

async function openText(
  cloud: Cloud,
  tx: Tx,
  place: string,
  sealed: Uint8Array,
): Promise<string | undefined> {
  const opened = await cloud.keys.openBytesForTenant(tx, place, new Uint8Array(sealed));
  return opened && fromUtf8(opened);
}

/** What is sealed of an order as it opens; undefined for what does not. */
export async function openOrderTexts(
  cloud: Cloud,
  tx: Tx,
  { order, note, purpose }: Pick<store.OrderRow, 'order' | 'note' | 'purpose'>,
): Promise<{ note: string | null | undefined; purpose: string | undefined }> {
  return {
    note: note && (await openText(cloud, tx, notePlace(order), note)),
    purpose: await openText(cloud, tx, purposePlace(order), purpose),
  };
}

async function shown(cloud: Cloud, tx: Tx, row: store.OrderRow): Promise<Row> {
  const { order, hash, act, compartment, road, signers, signatures, state, reason } = row;
  const { receivedAtMs, untilMs, settledAtMs } = row;
  const purpose = (await openText(cloud, tx, purposePlace(order), row.purpose)) ?? null;
  const what = { order, hash, act, compartment, purpose, road, signers, signatures };
  return { ...what, state, reason, receivedAtMs, untilMs, settledAtMs };
}
