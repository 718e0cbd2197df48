/**
 * Every bank is an auditor of its tenant's log. It remembers one head, demands a proof that every head that it is
 * shown later continues it (`upload.ts` asks, at least hourly), and believes the one key that the signed roster
 * names. What contradicts is recorded once for each reason, raises an alarm, and is said to everybody who stands
 * here. The remembered head stays: the bank goes on asking from it. No door waits for any of this, because whoever
 * could spoil a log would otherwise hold every parcel.
 *
 * A head counts once it is committed: the next question is made from what the journal holds.
 */
import type { KioskHealth, KioskLog } from '../../contract/kiosk.ts';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { LogDispute } from '../../domain/conditions.ts';
import type { KeyTerm, TreeHead } from '../../ledger/log/checkpoint.ts';
import { judgeShown } from '../../ledger/log/remembered.ts';
import type { SuccessionLink } from '../../ledger/log/succession.ts';
import { type LogKey, parseVkey, vkeyText } from '../../ledger/log/vkey.ts';
import { NO_HASH } from '../../ledger/record.ts';
import { timeAt } from './clock.ts';
import type { Draft, Moment } from './draft.ts';
import type { RememberedLog } from './log-memory.ts';
import { type BankState, ONLY, rosterOf } from './state.ts';

const DAY_MS = 86_400_000;
/** A line that was just made has had no time for an answer; two questions fit into this. */
const LINE_MS = 900_000;

/** What is asked of the cloud: the log by its key and name, and how much of it is remembered. */
export type LogQuestion = { vkey: string; origin: string; from: number };

/** Undefined where the roster names no key that a log could sign with: then nothing is asked. */
export function logQuestion(state: BankState): LogQuestion | undefined {
  const key = namedKey(state);
  if (!key) return undefined;
  return { vkey: key.vkey, origin: key.name, from: rememberedOf(state, key.vkey)?.size ?? 0 };
}

function namedKey(state: BankState): (LogKey & { vkey: string }) | undefined {
  const vkey = rosterOf(state)?.keys.ledger ?? null;
  const parsed = vkey === null ? undefined : parseVkey(vkey);
  // A witness's key speaks for no log.
  if (vkey === null || !parsed?.ok || parsed.value.type !== 'signature') return undefined;
  return { ...parsed.value, vkey };
}

function rememberedOf(state: BankState, vkey: string): RememberedLog | undefined {
  const log = state.log[ONLY];
  return log?.vkey === vkey ? log : undefined;
}

type Shown = {
  note: string | null;
  hashes: readonly string[];
  succession?: readonly SuccessionLink[] | undefined;
};

/** `asked`: the question that this answers. An answer to none, or to one from before a change, says nothing. */
export function hearLog(draft: Draft, shown: Shown, asked: LogQuestion | undefined): void {
  const key = namedKey(draft.state);
  const now = logQuestion(draft.state);
  if (!key || !asked || asked.vkey !== key.vkey || asked.from !== now?.from) return;
  const { vkey } = key;
  const remembered = rememberedOf(draft.state, vkey);
  const verdict = judgeShown({
    key,
    remembered: remembered && headOf(remembered),
    followed: followedBy(remembered),
    shown: {
      note: shown.note,
      proof: shown.hashes.map(fromBase64url),
      succession: shown.succession ?? [],
    },
  });
  switch (verdict.is) {
    case 'nothing':
      return;
    case 'disputed':
      return dispute(draft, { vkey, remembered, shown, reason: verdict.reason, head: verdict.shown });
    case 'grown':
      return remember(draft, {
        vkey,
        note: shown.note ?? '',
        head: verdict.head,
        followed: verdict.followed,
      });
  }
}

function followedBy(log: RememberedLog | undefined): KeyTerm[] {
  return (log?.followed ?? []).map(({ vkey, fromSize }) => {
    const key = parseVkey(vkey);
    if (!key.ok) throw new Error('what was followed is a key');
    return { key: key.value, fromSize };
  });
}

function headOf({ size, root }: RememberedLog): TreeHead {
  return { size, root: fromBase64url(root) ?? new Uint8Array(0) };
}

const hashOf = (text: string): string => base64url(sha256(utf8(text)));

type Seen = { vkey: string; note: string; head: TreeHead; followed: readonly KeyTerm[] };

function remember(draft: Draft, of: Seen): void {
  const { vkey, note } = of;
  const { size } = of.head;
  const root = base64url(of.head.root);
  const before = rememberedOf(draft.state, vkey);
  // A clock that was set back must not put off what is told daily.
  const isDue = !before || Math.abs(draft.nowMs - before.toldAtMs) >= DAY_MS;
  const atMs = draft.nowMs;
  const followed = of.followed.map(({ key, fromSize }) => ({ vkey: vkeyText(key), fromSize }));
  const keys = followed.length > 0 ? { followed } : {};
  draft.put('log', ONLY, { vkey, ...keys, size, root, note, atMs, toldAtMs: isDue ? atMs : before.toldAtMs });
  const log = hashOf(vkey);
  for (const next of followed.slice(before?.followed?.length ?? 0))
    draft.record({ kind: 'log.key-followed', facts: { log, next: hashOf(next.vkey), size, by: 'proof' } });
  // Two banks that are shown two logs say so here, and each log has to carry what both of them say.
  if (isDue) draft.record({ kind: 'log.seen', facts: { log, size, root, first: !before } });
  settle(draft, { log, size, root, by: 'proof' });
}

/**
 * The roster that was just applied may name another log: what is remembered of the one before is no head of it. Another
 * key under the same name is the same log: its head stays, or a change of keys would be the moment to show another one.
 */
export function leaveOtherLog(draft: Draft): void {
  const vkey = rosterOf(draft.state)?.keys.ledger ?? null;
  followRoster(draft);
  const before = draft.state.log[ONLY];
  const standing = draft.state.logDispute[ONLY];
  const left = before && before.vkey !== vkey ? before : undefined;
  if (left) {
    const { size, root } = left;
    draft.record({ kind: 'log.left', facts: { log: hashOf(left.vkey), size, root } });
    draft.drop('log', ONLY);
  }
  if (!standing || standing.vkey === vkey) return;
  const { size = 0, root = NO_HASH } = left ?? {};
  settle(draft, { log: hashOf(standing.vkey), size, root, by: 'roster' });
}

function followRoster(draft: Draft): void {
  const named = namedKey(draft.state);
  const before = draft.state.log[ONLY];
  if (!named || !before || before.vkey === named.vkey || nameIn(before.vkey) !== named.name) return;
  const { vkey } = named;
  const at = before.followed?.findIndex((one) => one.vkey === vkey) ?? -1;
  const left = before.followed?.slice(at + 1) ?? [];
  const { followed: _, ...kept } = before;
  draft.put('log', ONLY, { ...kept, vkey, ...(at >= 0 && left.length > 0 ? { followed: left } : {}) });
  // What was disputed of this log under its other key still is.
  const standing = draft.state.logDispute[ONLY];
  if (standing?.vkey === before.vkey) draft.put('logDispute', ONLY, { ...standing, vkey });
  const facts = { log: hashOf(before.vkey), next: hashOf(vkey), size: before.size, by: 'roster' as const };
  draft.record({ kind: 'log.key-followed', facts });
}

const nameIn = (vkey: string): string => vkey.slice(0, vkey.indexOf('+'));

function settle(
  draft: Draft,
  facts: { log: string; size: number; root: string; by: 'proof' | 'roster' },
): void {
  const standing = draft.state.logDispute[ONLY];
  if (!standing) return;
  const cause = draft.record({ kind: 'log.settled', cause: standing.seq, facts });
  draft.record({ kind: 'alarm.ended', cause, facts: { condition: 'log' } });
  draft.drop('logDispute', ONLY);
  changeView(draft);
}

type Disputed = {
  vkey: string;
  remembered: RememberedLog | undefined;
  shown: Shown;
  reason: LogDispute;
  /** As signed; null when nobody signed it. */
  head: TreeHead | null;
};

/** Said once for each reason while it stands: the same fault each hour would fill the journal with itself. */
function dispute(draft: Draft, of: Disputed): void {
  const { vkey, remembered, shown, reason, head } = of;
  const standing = draft.state.logDispute[ONLY];
  if (standing?.reasons.includes(reason)) return;
  const seq = draft.record({
    kind: 'log.disputed',
    facts: {
      log: hashOf(vkey),
      why: reason,
      size: remembered?.size ?? 0,
      root: remembered?.root ?? NO_HASH,
      shownSize: head?.size ?? 0,
      shownRoot: head ? base64url(head.root) : NO_HASH,
      shownNote: shown.note === null ? NO_HASH : hashOf(shown.note),
    },
  });
  const evidence = {
    ...{ vkey, reason, seq, atMs: draft.nowMs },
    ...{ remembered: remembered?.note ?? null, shown: shown.note, hashes: [...shown.hashes] },
  };
  const first = `${reason}/first`;
  draft.put('logEvidence', draft.state.logEvidence[first] ? `${reason}/last` : first, evidence);
  const reasons = [...(standing?.reasons ?? []), reason];
  if (!standing) draft.record({ kind: 'alarm.raised', cause: seq, facts: { condition: 'log' } });
  draft.put(
    'logDispute',
    ONLY,
    standing ? { ...standing, reasons } : { vkey, sinceMs: draft.nowMs, seq, reasons },
  );
  changeView(draft);
}

/** Everybody who looks at the screen is told, and nobody's screen stays longer for it. */
function changeView(draft: Draft): void {
  draft.volatile({ turn: draft.state.volatile.turn + 1 });
}

/** For whoever looks at this bank's own page. A log that is not shown for a day is told of here, and is no alarm. */
export function logStatus(state: BankState, moment: Moment): KioskHealth['log'] {
  const key = namedKey(state);
  const log = key && rememberedOf(state, key.vkey);
  const { size = null, root = null, atMs = null } = log ?? {};
  const of = { size, root, atMs };
  if (state.logDispute[ONLY]) return { is: 'disputed', ...of };
  if (!key) return { is: 'unnamed', ...of };
  const { clock, linkedMs } = state.volatile;
  const sinceMs = atMs ?? state.roster[ONLY]?.atMs ?? 0;
  const isLinked = linkedMs !== null && moment.monotonicMs - linkedMs >= LINE_MS;
  if (isLinked && timeAt(clock, moment).atMs - sinceMs >= DAY_MS) return { is: 'late', ...of };
  return { is: log ? 'holds' : 'unseen', ...of };
}

/** Both sides of every dispute, oldest first, and the head that is remembered. */
export function logEvidence(state: BankState): KioskLog {
  const log = state.log[ONLY];
  const evidence = Object.values(state.logEvidence).sort((a, b) => a.seq - b.seq);
  return {
    vkey: namedKey(state)?.vkey ?? null,
    note: log?.note ?? null,
    evidence: evidence.map((one) => ({ ...one, hashes: [...one.hashes] })),
  };
}
