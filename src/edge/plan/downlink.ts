/**
 * What comes down from the cloud. Rosters and epochs are believed for their signatures alone; the cloud
 * itself may only suspend, for at most 24 hours in all for each subject and roster version.
 */
import {
  type DirectoryEntries,
  type DownMessage,
  SUSPENSION_HOURS_MAX,
  type SuspendMessage,
} from '../../contract/uplink.ts';
import type { Denial } from '../../domain/outcome.ts';
import { noteHash, openEpoch, openRoster } from '../../ledger/roster.ts';
import { hearLog, type LogQuestion, leaveOtherLog } from './auditor.ts';
import { hearTime } from './clock.ts';
import { signOut } from './courier.ts';
import type { Draft } from './draft.ts';
import { mintWaiting } from './minting.ts';
import { dropUnsigned, takeOrder } from './orders.ts';
import { type BankState, ONLY, rosterOf } from './state.ts';
import { endSuspension } from './suspensions.ts';

const HOUR_MS = 3_600_000;
/** An epoch is short-lived, whatever the notifier signs. */
const EPOCH_MS_MAX = 14 * 24 * HOUR_MS;
const EPOCH_AHEAD_MS_MAX = 24 * HOUR_MS;
/** What comes down may cause records so many times an hour; the rest is dropped, or it would fill the disk. */
export const DOWNLINK_RECORDS_PER_HOUR = 240;
/** More of them than anybody moves in or out; a cloud that counts versions up without end gets no further. */
export const DIRECTORIES_PER_HOUR = 240;
/** What a cloud's clock may be ahead of the bank's. */
const SLACK_MS = 5 * 60_000;

/** What a cloud that fell behind said: how much it has of what it had acknowledged, and whether that is ours. */
export type Fallen = { had: number; has: number; isOurs: boolean };

export type Heard = {
  message: DownMessage;
  hash: string;
  bytes: number;
  text: string;
  time: { atMs: number; uncertaintyMs: number } | null;
  /** A cloud that has less than it had acknowledged, where that is news. */
  fallen?: Fallen;
  /** Something that was kept sealed for the intake was destroyed, as the cloud asked. */
  forgot?: boolean;
  /** The question of ours that a `log-proof` answers; absent when it answers none. */
  question?: LogQuestion;
};

export function heard(draft: Draft, down: Heard): void {
  const { message } = down;
  draft.volatile({ heardMs: draft.moment.monotonicMs });
  noteHeard(draft);
  // A signed roster always counts, and what was asked for: a cloud cannot drown out its own answer about the log.
  // Everything else stops mattering for the hour once it has cost too much.
  if (message.type !== 'roster' && !down.question && isDownlinkSpent(draft)) return;
  const before = draft.records.length;
  hear(draft, down);
  if (draft.records.length > before) spendDownlink(draft);
}

function hear(draft: Draft, down: Heard): void {
  const { message } = down;
  switch (message.type) {
    case 'roster':
      return applyRoster(draft, message.note, down);
    case 'epoch':
      return applyEpoch(draft, message.note, down);
    case 'directory': {
      const held = draft.state.directory[ONLY]?.version ?? 0;
      if (message.version <= held || !spendDirectory(draft)) return;
      return draft.effect({ do: 'open-directory', version: message.version, ...message.entries });
    }
    case 'suspend':
      return suspend(draft, message, down);
    case 'lift':
      return endSuspension(draft, message.id, 'cloud');
    case 'order': {
      const reason = takeOrder(draft, { note: message.note, road: 'cloud' });
      if (reason === undefined) return;
      return draft.effect({ do: 'tell-refusal', hash: down.hash, reason, text: down.text });
    }
    case 'time':
      if (down.time) hearTime(draft, down.time);
      return;
    case 'log-proof':
      return hearLog(draft, message, down.question);
    case 'behind':
      return hearBehind(draft, down);
    case 'forget':
      if (down.forgot) draft.record({ kind: 'openings.forgotten', facts: { upTo: message.upTo } });
      return;
    case 'ack':
    case 'batch-refused':
    case 'certificate':
      // The uplink keeps these books; the plan has no part in them.
      return;
  }
}

/**
 * What is sent again is the uplink's to send; that the cloud had lost it, or claims it, stands in the journal. A head
 * that this bank never signed is no state of its own records.
 */
function hearBehind(draft: Draft, down: Heard): void {
  const { fallen } = down;
  if (!fallen) return;
  if (!fallen.isOurs) return refuseMessage(draft, { ...down, reason: 'batch-fork' });
  draft.record({ kind: 'cloud.behind', facts: { had: fallen.had, has: fallen.has } });
}

function isDownlinkSpent(draft: Draft): boolean {
  const { sinceMs, count } = draft.state.volatile.downlink;
  return draft.moment.monotonicMs - sinceMs < HOUR_MS && count >= DOWNLINK_RECORDS_PER_HOUR;
}

/** False once this hour's budget for what the cloud may cause in the journal is spent. */
function spendDownlink(draft: Draft): boolean {
  const { downlink } = draft.state.volatile;
  const { monotonicMs } = draft.moment;
  const fresh = monotonicMs - downlink.sinceMs >= HOUR_MS;
  const count = fresh ? 1 : downlink.count + 1;
  draft.volatile({ downlink: { sinceMs: fresh ? monotonicMs : downlink.sinceMs, count } });
  return count <= DOWNLINK_RECORDS_PER_HOUR;
}

/**
 * Each directory costs an opening, a record and a row that is written whole, all after the message was heard. So
 * they have a share of their own; the newest is asked for again by a later hello.
 */
function spendDirectory(draft: Draft): boolean {
  const { directories } = draft.state.volatile;
  const { monotonicMs } = draft.moment;
  const fresh = monotonicMs - directories.sinceMs >= HOUR_MS;
  const count = fresh ? 1 : directories.count + 1;
  if (count > DIRECTORIES_PER_HOUR) return false;
  draft.volatile({ directories: { sinceMs: fresh ? monotonicMs : directories.sinceMs, count } });
  return true;
}

/** Foreign bytes, or a message of a version or type that this bank does not know: refused and kept. */
export function refuseMessage(
  draft: Draft,
  refused: { hash: string; bytes: number; text: string; reason: Denial },
): void {
  if (!spendDownlink(draft)) return;
  draft.record({
    kind: 'message.refused',
    facts: { hash: refused.hash, bytes: refused.bytes, reason: refused.reason },
  });
  draft.effect({ do: 'tell-refusal', hash: refused.hash, reason: refused.reason, text: refused.text });
}

/** When the cloud was last heard, kept to the hour so that the journal is not written for every word. */
function noteHeard(draft: Draft): void {
  const last = draft.state.heard[ONLY]?.atMs ?? 0;
  // A clock that was set back must not make the last word lie ahead, where it would count for days.
  if (Math.abs(draft.nowMs - last) >= HOUR_MS / 4) draft.put('heard', ONLY, { atMs: draft.nowMs });
}

function applyRoster(draft: Draft, note: string, down: Heard): void {
  const { standing } = draft.state;
  const held = draft.state.roster[ONLY];
  const hash = noteHash(note);
  if (held?.hash === hash) return;
  const trust = {
    site: standing.site,
    rootKeys: held?.roster.root.keys ?? standing.rootKeys,
    k: held?.roster.root.k ?? standing.rootSignatures,
    version: held?.roster.version ?? 0,
  };
  const opened = openRoster(note, trust);
  const reason = opened.ok ? ownPlace(draft.state, opened.value) : opened.reason;
  if (!opened.ok || reason !== undefined) {
    if (!spendDownlink(draft)) return;
    draft.record({
      kind: 'roster.refused',
      facts: { version: opened.ok ? opened.value.version : 0, hash, reason: reason ?? 'roster-malformed' },
    });
    return draft.effect({
      do: 'tell-refusal',
      hash: down.hash,
      reason: reason ?? 'roster-malformed',
      text: down.text,
    });
  }
  const roster = opened.value;
  draft.put('roster', ONLY, { roster, hash, note, atMs: draft.nowMs });
  // A new roster is a new beginning: whatever version a directory claimed before, the next one counts.
  const directory = draft.state.directory[ONLY];
  if (directory) draft.put('directory', ONLY, { ...directory, version: 0 });
  for (const [key, window] of Object.entries(draft.state.window)) {
    if (window.rosterVersion < roster.version) draft.drop('window', key);
  }
  // An epoch of a notifier that the root no longer names must not read another code.
  if (held && held.roster.keys.notifier !== roster.keys.notifier) draft.drop('epoch', ONLY);
  draft.record({ kind: 'roster.applied', facts: { version: roster.version, hash } });
  leaveOtherLog(draft);
  dropUnsigned(draft);
  for (const suspension of Object.values(draft.state.suspension)) {
    const gone =
      suspension.scope === 'courier' &&
      !roster.couriers.some((courier) => courier.person === suspension.subject);
    if (gone) endSuspension(draft, suspension.id, 'roster');
  }
  const { screen } = draft.state.volatile;
  if ('courier' in screen && screen.courier !== null && screen.at !== 'session') {
    const still = roster.couriers.some((courier) => courier.person === screen.courier);
    if (!still) signOut(draft, screen.courier, 'roster', 'badge-unknown');
  }
  draft.effect({ do: 'hello' });
}

/** A roster that does not name this very bank is not this bank's roster. */
function ownPlace(
  state: BankState,
  roster: { tenant: string; banks: readonly { bank: string; key: string; sealKey: string }[] },
): Denial | undefined {
  const { standing } = state;
  if (roster.tenant !== standing.tenant) return 'roster-wrong-site';
  const own = roster.banks.find((bank) => bank.bank === standing.bank);
  return own?.key === standing.key && own.sealKey === standing.sealKey ? undefined : 'roster-key-unknown';
}

function applyEpoch(draft: Draft, note: string, down: Heard): void {
  const roster = rosterOf(draft.state);
  const opened = roster ? openEpoch(note, roster) : undefined;
  if (!opened?.ok) return refuseMessage(draft, { ...down, reason: opened?.reason ?? 'no-roster' });
  const epoch = opened.value;
  const held = draft.state.epoch[ONLY];
  if (held?.epoch === epoch.epoch) return;
  if (epoch.notAfterMs > draft.nowMs + EPOCH_MS_MAX || epoch.notBeforeMs > draft.nowMs + EPOCH_AHEAD_MS_MAX)
    return refuseMessage(draft, { ...down, reason: 'message-malformed' });
  if (held && epoch.notBeforeMs <= held.notBeforeMs)
    return refuseMessage(draft, { ...down, reason: 'message-replayed' });
  draft.put('epoch', ONLY, epoch);
  draft.record({ kind: 'epoch.applied', facts: { hash: noteHash(note), notAfterMs: epoch.notAfterMs } });
  mintWaiting(draft);
  draft.effect({ do: 'hello' });
}

/** Nothing can be sealed to this epoch: codes wait for the next one. */
export function dropEpoch(draft: Draft, epoch: string): void {
  if (draft.state.epoch[ONLY]?.epoch === epoch) draft.drop('epoch', ONLY);
}

export function directoryOpened(draft: Draft, opened: { version: number; entries: DirectoryEntries }): void {
  if (opened.version <= (draft.state.directory[ONLY]?.version ?? 0)) return;
  draft.put('directory', ONLY, opened);
  draft.record({
    kind: 'directory.applied',
    facts: { version: opened.version, entries: opened.entries.length },
  });
  draft.effect({ do: 'hello' });
}

function suspend(draft: Draft, message: SuspendMessage, down: Heard): void {
  if (Object.hasOwn(draft.state.suspension, message.id)) return;
  // One that is over by this bank's clock would end at the next tick, be told again, and so on without end.
  if (message.untilMs <= draft.nowMs) return;
  const reason = suspensionDenial(draft, message);
  if (reason !== undefined) return refuseMessage(draft, { ...down, reason });
  const { id, scope, subject, compartment, untilMs } = message;
  const key = windowKey(message);
  if (!windowOf(draft, key))
    draft.put('window', key, { sinceMs: draft.nowMs, rosterVersion: rosterOf(draft.state)?.version ?? 0 });
  draft.put('suspension', id, { id, scope, subject, compartment, untilMs });
  draft.record({
    kind: 'suspension.applied',
    facts: { scope, untilMs },
    ...(subject === null ? {} : { fields: { subject } }),
    ...(compartment === null ? {} : { compartment }),
  });
  const { screen } = draft.state.volatile;
  if (
    scope === 'courier' &&
    'courier' in screen &&
    screen.courier === subject &&
    screen.at !== 'session' &&
    screen.courier !== null
  ) {
    signOut(draft, screen.courier, 'suspended', 'courier-suspended');
  }
  draft.effect({ do: 'hello' });
}

/**
 * Doors share one window, whether the whole bank or one of them is suspended, so that pick-up is denied for
 * 24 hours in all; each courier has one of their own.
 */
function windowKey(message: SuspendMessage): string {
  return message.scope === 'courier' ? `courier/${message.subject}` : 'doors';
}

/** A scope has its own kind of subject and no other, or one subject would have many windows. */
function isShaped({ scope, subject, compartment }: SuspendMessage, state: BankState): boolean {
  switch (scope) {
    case 'courier':
      return compartment === null && isCourier(state, subject);
    case 'compartment':
      return subject === null && compartment !== null && state.compartment[compartment] !== undefined;
    case 'bank':
      return subject === null && compartment === null;
  }
}

function isCourier(state: BankState, subject: string | null): boolean {
  return rosterOf(state)?.couriers.some((courier) => courier.person === subject) ?? false;
}

function windowOf(draft: Draft, key: string) {
  const window = draft.state.window[key];
  return window && window.rosterVersion === (rosterOf(draft.state)?.version ?? 0) ? window : undefined;
}

/** One suspension a subject, so that there are never more than couriers, doors and one. */
function suspensionLike(state: BankState, message: SuspendMessage): boolean {
  return Object.values(state.suspension).some(
    (held) =>
      held.scope === message.scope &&
      held.subject === message.subject &&
      held.compartment === message.compartment,
  );
}

function suspensionDenial(draft: Draft, message: SuspendMessage): Denial | undefined {
  if (!isShaped(message, draft.state)) return 'message-malformed';
  if (suspensionLike(draft.state, message)) return 'message-replayed';
  const sinceMs = windowOf(draft, windowKey(message))?.sinceMs ?? draft.nowMs;
  return message.untilMs > sinceMs + SUSPENSION_HOURS_MAX * HOUR_MS + SLACK_MS
    ? 'suspension-too-long'
    : undefined;
}
