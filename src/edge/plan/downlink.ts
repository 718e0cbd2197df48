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
import { hearTime } from './clock.ts';
import { signOut } from './courier.ts';
import type { Draft } from './draft.ts';
import { mintWaiting } from './dropoff.ts';
import { type BankState, ONLY, rosterOf } from './state.ts';

const HOUR_MS = 3_600_000;
/** What a cloud's clock may be ahead of the bank's. */
const SLACK_MS = 5 * 60_000;

export type Heard = {
  message: DownMessage;
  hash: string;
  bytes: number;
  text: string;
  time: { atMs: number; uncertaintyMs: number } | null;
};

export function heard(draft: Draft, down: Heard): void {
  const { message } = down;
  draft.volatile({ heardMs: draft.moment.monotonicMs });
  noteHeard(draft);
  switch (message.type) {
    case 'roster':
      return applyRoster(draft, message.note, down);
    case 'epoch':
      return applyEpoch(draft, message.note, down);
    case 'directory': {
      const held = draft.state.directory[ONLY]?.version ?? 0;
      if (message.version <= held) return;
      return draft.effect({ do: 'open-directory', version: message.version, ...message.entries });
    }
    case 'suspend':
      return suspend(draft, message, down);
    case 'lift':
      return endSuspension(draft, message.id, 'cloud');
    case 'time':
      if (down.time) hearTime(draft, down.time);
      return;
    case 'ack':
    case 'batch-refused':
      // The uplink keeps these books; the plan has no part in them.
      return;
  }
}

/** Foreign bytes, or a message of a version or type that this bank does not know: refused and kept. */
export function refuseMessage(
  draft: Draft,
  refused: { hash: string; bytes: number; text: string; reason: Denial },
): void {
  draft.record({
    kind: 'message.refused',
    facts: { hash: refused.hash, bytes: refused.bytes, reason: refused.reason },
  });
  draft.effect({ do: 'tell-refusal', hash: refused.hash, reason: refused.reason, text: refused.text });
}

/** When the cloud was last heard, kept to the hour so that the journal is not written for every word. */
function noteHeard(draft: Draft): void {
  const last = draft.state.heard[ONLY]?.atMs ?? 0;
  if (draft.nowMs - last >= HOUR_MS / 4) draft.put('heard', ONLY, { atMs: draft.nowMs });
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
  // An epoch of a notifier that the root no longer names must not read another code.
  if (held && held.roster.keys.notifier !== roster.keys.notifier) draft.drop('epoch', ONLY);
  draft.record({ kind: 'roster.applied', facts: { version: roster.version, hash } });
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
  if (held && epoch.notAfterMs <= held.notAfterMs)
    return refuseMessage(draft, { ...down, reason: 'message-replayed' });
  draft.put('epoch', ONLY, epoch);
  draft.record({ kind: 'epoch.applied', facts: { hash: noteHash(note), notAfterMs: epoch.notAfterMs } });
  mintWaiting(draft);
  draft.effect({ do: 'hello' });
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
  if (draft.state.suspension[message.id]) return;
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

function windowKey(message: SuspendMessage): string {
  return `${message.scope}/${message.subject ?? message.compartment ?? ''}`;
}

/** A scope has its own kind of subject and no other, or one subject would have many windows. */
function isShaped({ scope, subject, compartment }: SuspendMessage, state: BankState): boolean {
  switch (scope) {
    case 'courier':
      return subject !== null && compartment === null;
    case 'compartment':
      return subject === null && compartment !== null && state.compartment[compartment] !== undefined;
    case 'bank':
      return subject === null && compartment === null;
  }
}

function windowOf(draft: Draft, key: string) {
  const window = draft.state.window[key];
  return window && window.rosterVersion === (rosterOf(draft.state)?.version ?? 0) ? window : undefined;
}

function suspensionDenial(draft: Draft, message: SuspendMessage): Denial | undefined {
  if (!isShaped(message, draft.state)) return 'message-malformed';
  const sinceMs = windowOf(draft, windowKey(message))?.sinceMs ?? draft.nowMs;
  return message.untilMs > sinceMs + SUSPENSION_HOURS_MAX * HOUR_MS + SLACK_MS
    ? 'suspension-too-long'
    : undefined;
}

export function endSuspension(draft: Draft, id: string, by: 'time' | 'cloud' | 'roster' | 'order'): void {
  const suspension = draft.state.suspension[id];
  if (!suspension) return;
  draft.record({
    kind: 'suspension.ended',
    facts: { scope: suspension.scope, by },
    ...(suspension.subject === null ? {} : { fields: { subject: suspension.subject } }),
    ...(suspension.compartment === null ? {} : { compartment: suspension.compartment }),
  });
  draft.drop('suspension', id);
  draft.effect({ do: 'hello' });
}

export function suspensionsOverdue(draft: Draft): void {
  for (const suspension of Object.values(draft.state.suspension)) {
    if (suspension.untilMs <= draft.nowMs) endSuspension(draft, suspension.id, 'time');
  }
}
