/**
 * Orders at the bank: believed for their signatures and for the bank's own nonce alone, whatever road they
 * came by. An order that moves a latch waits until somebody shows its claim at the kiosk; one that moves
 * none is carried out at once. What is refused is recorded by name.
 */
import type { Order } from '../../domain/order.ts';
import { type Denial, denied, type Result } from '../../domain/outcome.ts';
import { claimHash, openOrder, type SignedOrder } from '../../ledger/order.ts';
import { noteHash } from '../../ledger/roster.ts';
import { expiryMs } from './clock.ts';
import type { Draft } from './draft.ts';
import { restoredAt } from './fruitless.ts';
import { reissue, reissueDenial } from './minting.ts';
import { type BankState, ONLY, type OrderBook, rosterOf, type WaitingOrder } from './state.ts';
import { endSuspension } from './suspensions.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A nonce serves a day, or so many orders: then the bank draws another, and older orders are worthless. */
const NONCE_MS_MAX = DAY_MS;
const TAKEN_MAX = 64;
/** Doors that one signer alone may have opened; more takes a second signature (design notes, limits). */
export const RELEASES_PER_HOUR = 3;
export const RELEASES_PER_DAY = 10;

export type Road = 'cloud' | 'hand';
export type Carried = { note: string; road: Road };

/** An order arrived. Answers why it was refused; undefined when it was accepted. */
export function takeOrder(draft: Draft, carried: Carried): Denial | undefined {
  const hash = noteHash(carried.note);
  const opened = judgeOrder(draft.state, { note: carried.note, hash }, draft.nowMs);
  if (!opened.ok) {
    draft.record({ kind: 'order.refused', facts: { hash, reason: opened.reason, road: carried.road } });
    return opened.reason;
  }
  const { order, signers } = opened.value;
  const acceptedSeq = draft.record({
    kind: 'order.accepted',
    facts: { act: order.act.do, hash, signatures: signers.length, road: carried.road },
    fields: { order: order.order, purpose: order.purpose },
    ...('compartment' in order.act ? { compartment: order.act.compartment } : {}),
  });
  const waiting = waitingOf(draft.state, order.order);
  if (waiting) {
    const all = [...new Set([...waiting.signers, ...signers])];
    draft.put('order', order.order, { ...waiting, signers: all });
    return undefined;
  }
  noteTaken(draft, order);
  const untilMs = lapsesAtMs(order, expiryMs(draft.state, draft.nowMs));
  obey(draft, { order, hash, signers, acceptedSeq, untilMs, session: null });
  return undefined;
}

/**
 * When an order lapses by this bank's clock: it lasts no longer than its signer meant, and not beyond the
 * end that they named. A clock that is in doubt cannot tell that end, so an order to set it has the first
 * limit only; that it is fresh is the nonce's word.
 */
function lapsesAtMs({ act, madeAtMs, untilMs }: Order, nowMs: number): number {
  const lastsUntilMs = nowMs + (untilMs - madeAtMs);
  return act.do === 'set-clock' ? lastsUntilMs : Math.min(untilMs, lastsUntilMs);
}

function waitingOf(state: BankState, id: string): WaitingOrder | undefined {
  return Object.hasOwn(state.order, id) ? state.order[id] : undefined;
}

type Judged = { note: string; hash: string };

function judgeOrder(state: BankState, { note, hash }: Judged, nowMs: number): Result<SignedOrder> {
  const roster = rosterOf(state);
  const book = state.orderBook[ONLY];
  if (!roster || !book) return denied('no-roster');
  const { tenant, site, bank } = state.standing;
  const opened = openOrder(note, { tenant, site, bank, keys: roster.root.keys, k: roster.root.k });
  if (!opened.ok) return opened;
  const { order, signers } = opened.value;
  const waiting = waitingOf(state, order.order);
  // A second signature may come after the first: it adds a signer to the order that waits, and nothing else.
  if (waiting?.hash === hash && waiting.session === null && !signers.every(isIn(waiting.signers)))
    return opened;
  if (book.taken.includes(order.order) || waiting) return denied('order-replayed');
  if (order.nonce !== book.nonce) return denied('order-nonce-old');
  if (lapsesAtMs(order, expiryMs(state, nowMs)) <= expiryMs(state, nowMs)) return denied('order-expired');
  const reason = pointless(state, order, nowMs);
  return reason === undefined ? opened : denied(reason);
}

const isIn = (list: readonly string[]) => (one: string) => list.includes(one);

/** Why carrying out `order` would do nothing, or cannot be done now. */
function pointless(state: BankState, { act }: Order, nowMs: number): Denial | undefined {
  switch (act.do) {
    case 'staff-release':
      return state.compartment[act.compartment] ? undefined : 'message-malformed';
    case 'restore': {
      const compartment = state.compartment[act.compartment];
      if (!compartment) return 'message-malformed';
      if (compartment.door === 'open') return 'door-open';
      return compartment.withdrawn === null ? 'order-pointless' : undefined;
    }
    case 'set-clock':
      return undefined;
    case 'lift':
      return Object.keys(state.suspension).length === 0 ? 'order-pointless' : undefined;
    case 'reissue':
      return reissueDenial(state, act.compartment, nowMs);
  }
}

function obey(draft: Draft, waiting: WaitingOrder): void {
  const { order, acceptedSeq } = waiting;
  switch (order.act.do) {
    case 'staff-release':
    case 'set-clock':
      return draft.put('order', order.order, waiting);
    case 'restore':
      return restore(draft, { compartment: order.act.compartment, order, cause: acceptedSeq });
    case 'lift':
      return liftAll(draft);
    case 'reissue':
      return reissue(draft, { compartment: order.act.compartment, order: order.order, acceptedSeq });
  }
}

/** Puts a withdrawn compartment back into service; what lies in it stays what it is. */
export function restore(draft: Draft, of: { compartment: number; order: Order; cause: number }): void {
  const { compartment: n } = of;
  const compartment = draft.state.compartment[n];
  const why = compartment?.withdrawn ?? null;
  if (!compartment || why === null) return;
  const fields = { order: of.order.order };
  draft.record({ kind: 'compartment.restored', compartment: n, facts: { by: 'order' }, fields });
  const { forced, ...rest } = compartment;
  draft.put('compartment', n, { ...rest, withdrawn: null });
  // The other reasons for which a compartment is withdrawn raise no alarm of their own.
  const ended = [
    ...(why === 'jammed' ? (['jammed'] as const) : []),
    ...(why === 'forced' || forced ? (['forced'] as const) : []),
  ];
  for (const condition of ended)
    draft.record({ kind: 'alarm.ended', cause: of.cause, compartment: n, facts: { condition }, fields });
  restoredAt(draft, n);
}

/**
 * Ends what the cloud suspended and spends what was left of its 24 hours, or a hostile cloud would suspend
 * again with the next message. The next roster gives it a new window.
 */
function liftAll(draft: Draft): void {
  for (const id of Object.keys(draft.state.suspension)) endSuspension(draft, id, 'order');
  const rosterVersion = rosterOf(draft.state)?.version ?? 0;
  const keys = ['doors', ...(rosterOf(draft.state)?.couriers ?? []).map(({ person }) => `courier/${person}`)];
  for (const key of keys) draft.put('window', key, { sinceMs: 0, rosterVersion });
}

/** The waiting order whose claim was shown, or why there is none. */
export function orderOfClaim(state: BankState, secret: string, nowMs: number): Result<WaitingOrder> {
  const hash = claimHash(secret);
  const waiting = Object.values(state.order).find(
    ({ order }) => 'claim' in order.act && order.act.claim === hash,
  );
  if (!waiting) return denied('order-unknown');
  // Who has begun may finish: a power cut in between is not the bearer's fault.
  if (waiting.session !== null) return { ok: true, value: waiting };
  if (waiting.untilMs <= expiryMs(state, nowMs)) return denied('order-expired');
  return { ok: true, value: waiting };
}

/** Why these signers may not have another door opened now; undefined when they may. Counts it when they may. */
export function spendRelease(draft: Draft, signers: readonly string[]): Denial | undefined {
  const book = bookOf(draft.state);
  const kept = book.releases.filter(({ atMs }) => draft.nowMs - atMs < DAY_MS);
  const spent = (signer: string, withinMs: number) =>
    kept.filter((release) => release.signer === signer && draft.nowMs - release.atMs < withinMs).length;
  const isFree = (signer: string) =>
    spent(signer, HOUR_MS) < RELEASES_PER_HOUR && spent(signer, DAY_MS) < RELEASES_PER_DAY;
  if (signers.length < 2 && !signers.every(isFree)) return 'order-second-signature-needed';
  const releases = signers.map((signer) => ({ signer, atMs: draft.nowMs }));
  draft.put('orderBook', ONLY, { ...book, releases: [...kept, ...releases] });
  return undefined;
}

/** The order was carried out, or given up: its claim opens nothing any more. */
export function closeOrder(draft: Draft, id: string): void {
  draft.drop('order', id);
}

function noteTaken(draft: Draft, order: Order): void {
  const book = bookOf(draft.state);
  draft.put('orderBook', ONLY, { ...book, taken: [...book.taken, order.order] });
}

function bookOf(state: BankState): OrderBook {
  const book = state.orderBook[ONLY];
  if (!book) throw new Error('an order was taken before there was a nonce');
  return book;
}

/** The roster of today lets these signers sign orders; it may name other keys than on the day they signed. */
export function isSigned(state: BankState, { signers }: WaitingOrder): boolean {
  const root = rosterOf(state)?.root;
  return root !== undefined && signers.filter(isIn(root.keys)).length >= root.k;
}

/**
 * A roster has come: an order that its keys would not carry waits no longer. A key is dropped because it is
 * lost or stolen, and what the thief has signed before must not open a door afterwards.
 */
export function dropUnsigned(draft: Draft): void {
  const keys = rosterOf(draft.state)?.root.keys ?? [];
  for (const waiting of Object.values(draft.state.order)) {
    const { order } = waiting;
    // At a door that stands open they may finish; their order moves no latch any more (see staff).
    if (!isSigned(draft.state, waiting)) {
      if (waiting.session === null) lapse(draft, waiting);
    } else if (!waiting.signers.every(isIn(keys)))
      draft.put('order', order.order, { ...waiting, signers: waiting.signers.filter(isIn(keys)) });
  }
}

function lapse(draft: Draft, { order, acceptedSeq }: WaitingOrder): void {
  draft.record({
    kind: 'order.lapsed',
    cause: acceptedSeq,
    facts: { act: order.act.do },
    fields: { order: order.order },
    ...('compartment' in order.act ? { compartment: order.act.compartment } : {}),
  });
  closeOrder(draft, order.order);
}

/** Draws the next nonce when it is time, and lets orders lapse that nobody claimed. */
export function tendOrders(draft: Draft, nonce: string): void {
  const book = draft.state.orderBook[ONLY];
  // A clock that was set back must not lengthen a nonce's life.
  const old =
    !book || Math.abs(draft.nowMs - book.drawnAtMs) >= NONCE_MS_MAX || book.taken.length >= TAKEN_MAX;
  if (old) {
    draft.put('orderBook', ONLY, {
      nonce,
      drawnAtMs: draft.nowMs,
      taken: [],
      releases: (book?.releases ?? []).filter(({ atMs }) => draft.nowMs - atMs < DAY_MS),
    });
    draft.effect({ do: 'hello' });
  }
  for (const waiting of Object.values(draft.state.order)) {
    if (waiting.session !== null || waiting.untilMs > expiryMs(draft.state, draft.nowMs)) continue;
    lapse(draft, waiting);
  }
}
