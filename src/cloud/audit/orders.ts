/** Orders: what the banks' records, and the cloud's own of what it was given to carry, make of each. */
import { isDeepStrictEqual } from 'node:util';
import { fromBase64url } from '../../crypto/bytes.ts';
import { fingerprint } from '../../crypto/sign.ts';
import type { Roster } from '../../domain/roster.ts';
import { openOrder } from '../../ledger/order.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { noteHash } from '../../ledger/roster.ts';
import type { OrderTold } from './fold.ts';
import type { Auditing } from './journals.ts';
import type { BankRow, KeptRow } from './rows.ts';

/** By the hash of its text: each time that the cloud was given it. Those of which a row is found are taken out. */
export type ReceivedOrders = Map<string, OrderTold[]>;

type Judge = {
  bank: BankRow;
  tenant: string;
  told: readonly OrderTold[];
  received: ReceivedOrders;
  roots: readonly Roster['root'][];
};

export async function auditOrders(
  { rows, findings, indexOf }: Auditing,
  of: Omit<Judge, 'tenant'>,
): Promise<void> {
  const { told, received } = of;
  const { bank } = of.bank;
  const accepted = new Map(
    told.flatMap(({ record, order }) =>
      record.kind === 'order.accepted' && order !== undefined
        ? [[String(record.facts.hash), record] as const]
        : [],
    ),
  );
  for (const row of await rows.kept('orders', bank)) {
    const wrong = judge(row, { ...of, tenant: rows.tenant });
    if (wrong !== undefined) {
      const last = [...(received.get(String(row.hash)) ?? []), ...told].findLast(
        ({ record, order }) => record.facts.hash === row.hash || order === row.order_id,
      );
      const index = last && (await indexOf(last.record.source, last.record.seq));
      findings.add('projections', `orders ${String(row.order_id)}`, wrong, index ?? null);
    }
    accepted.delete(String(row.hash));
    received.delete(String(row.hash));
  }
  for (const [hash, { source, seq }] of accepted) {
    const what = 'was accepted by its bank, and is not kept';
    findings.add('projections', `orders ${bank} ${hash}`, what, (await indexOf(source, seq)) ?? null);
  }
}

function judge(row: KeptRow, of: Judge): string | undefined {
  const { told, received } = of;
  const given = received.get(String(row.hash)) ?? [];
  const own = told.filter(
    ({ record, order }) =>
      record.facts.hash === row.hash || (record.kind === 'order.lapsed' && order === row.order_id),
  );
  // Carried by hand, or lost here and told by the bank: the bank's record began it.
  const accepted = own.find(({ record }) => record.kind === 'order.accepted');
  const [first] = given;
  const begun = [first, !first || first.isRestored ? accepted : undefined].filter((one) => one !== undefined);
  if (begun.length === 0) return 'follows from no record';
  const signed = [...given, ...begun].some(({ record }) => record.facts.signatures === row.signatures);
  if (!signed || !begun.some((one) => isAsSaid(row, one))) return 'says something else than its record';
  if (!hasTextsOf(row, { ...of, first, begun })) return 'its text or its signers are not those of its record';
  return isSettled(row, { given, own }) ? undefined : 'its state differs from its records';
}

type Texts = Judge & { first: OrderTold | undefined; begun: readonly OrderTold[] };

/**
 * Its purpose is what its record opens to. Of what the cloud carries the note is kept, and its signers are those that
 * count under one of the roots that the site had; the bank's own word brings neither.
 */
function hasTextsOf(row: KeptRow, { bank, tenant, roots, first, begun }: Texts): boolean {
  const { note, signers, hash, purpose, until_ms: untilMs } = row;
  // What an erasure, or a loss that is recorded, has taken opens no more.
  if (!begun.some((one) => one.purpose === undefined || one.purpose === purpose)) return false;
  if (!first) return note === null && untilMs === null && isDeepStrictEqual(signers, []);
  if (typeof note !== 'string' || noteHash(note) !== hash) return false;
  // Where the bank's record had begun the row, an earlier version did not put in the end with the note.
  const isEndless = untilMs === null && begun.slice(1).some((one) => isAsSaid(row, one));
  return roots.some((root) => {
    const opened = openOrder(note, { tenant, site: bank.site, bank: bank.bank, ...root });
    if (!opened.ok) return false;
    const names = opened.value.signers.map((key) => fingerprint(fromBase64url(key) ?? new Uint8Array(0)));
    return (
      (untilMs === opened.value.order.untilMs || isEndless) &&
      isDeepStrictEqual(signers, names) &&
      row.signatures === names.length
    );
  });
}

function isAsSaid(row: KeptRow, { record, order }: OrderTold): boolean {
  const { act, road = 'cloud' } = record.facts;
  return (
    row.order_id === order &&
    row.act === act &&
    row.road === road &&
    row.compartment === (record.compartment ?? null) &&
    isNear(row.received_at_ms, record)
  );
}

/** So far apart may two readings of the cloud's clock in one transaction be. */
const SAME_MOMENT_MS = 10_000;

export function isNear(atMs: unknown, { time }: LedgerRecord): boolean {
  return typeof atMs === 'number' && Math.abs(atMs - time.atMs) <= SAME_MOMENT_MS;
}

/** Where an order may stand, and whether the record that settled it says what its row does. */
type Standing = `${'none' | 'waiting' | 'over'}` | `${'accepted' | 'refused' | 'lapsed'}${'' | ' as kept'}`;

/**
 * Whether the row stands as the records leave it. Records of the cloud and of the bank have no order among each other,
 * so each that their own orders allow is gone through: what was refused and signed once more may be refused again.
 */
function isSettled(
  row: KeptRow,
  { given, own }: { given: readonly OrderTold[]; own: readonly OrderTold[] },
): boolean {
  // No bank answers what the cloud was not given yet, unless the cloud has forgotten that it was.
  const [first] = given;
  const isFirst = !first || first.isRestored;
  let reached: ReadonlySet<Standing>[] = [new Set(['none'])];
  for (const _ of given) reached.push(afterGiven(reached.at(-1)));
  for (const told of own) {
    const next: ReadonlySet<Standing>[] = [];
    for (const standings of reached) {
      const after = [...standings].filter((one) => isFirst || one !== 'none' || !isAnswer(told));
      next.push(new Set([...after.map((one) => afterRecord(one, told, row)), ...afterGiven(next.at(-1))]));
    }
    reached = next;
  }
  return [...(reached.at(-1) ?? [])].some((standing) => isAsKept(row, standing));
}

function isAnswer({ record, order }: OrderTold): boolean {
  if (record.kind === 'order.accepted') return order !== undefined;
  return record.kind === 'order.refused' && record.facts.road === 'cloud';
}

/** What waits is over some day, without a record; then it is taken no more, nor is what the bank says is over. */
function afterGiven(standings: ReadonlySet<Standing> = new Set()): ReadonlySet<Standing> {
  const after = new Set<Standing>();
  for (const one of standings) {
    if (one.startsWith('accepted')) after.add(one);
    else if (one === 'none' || one === 'waiting' || one.startsWith('refused'))
      after.add('waiting').add('over');
  }
  return after;
}

function afterRecord(standing: Standing, { record, order }: OrderTold, row: KeptRow): Standing {
  const { kind, facts, time } = record;
  const reason = kind === 'order.refused' ? String(facts.reason) : null;
  const kept = row.settled_at_ms === time.atMs && row.reason === reason ? ' as kept' : '';
  // Without the opening that names the order nothing was kept of one that the cloud had not carried.
  if (kind === 'order.accepted')
    return standing === 'none' && order === undefined ? 'none' : `accepted${kept}`;
  if (kind === 'order.lapsed') return standing.startsWith('accepted') ? `lapsed${kept}` : standing;
  return standing === 'waiting' && facts.road === 'cloud' ? `refused${kept}` : standing;
}

function isAsKept(row: KeptRow, standing: Standing): boolean {
  const { state, reason, until_ms: untilMs, settled_at_ms: atMs } = row;
  if (standing === 'waiting') return state === 'waiting' && reason === null && atMs === null;
  if (standing === 'over')
    return state === 'lapsed' && reason === null && untilMs !== null && Number(atMs ?? 0) >= Number(untilMs);
  return standing === `${String(state)} as kept`;
}
