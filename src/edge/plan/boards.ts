/** What a bank makes of its lock boards as such: whether they answer, and whether their line is clean. */
import type { Draft } from './draft.ts';

/** A noisy line must not fill the journal: one record an hour and board, with the sum. */
const GARBLED_PERIOD_MS = 3_600_000;

export function boardSeen(draft: Draft, seen: { board: number; present: boolean }): void {
  const before = draft.state.volatile.boards[seen.board];
  if (before === seen.present) return;
  draft.volatile({ boards: { ...draft.state.volatile.boards, [seen.board]: seen.present } });
  if (before === undefined && seen.present && !draft.state.lost[seen.board]) return;
  if (seen.present) draft.drop('lost', seen.board);
  else draft.put('lost', seen.board, { board: seen.board });
  const cause = draft.record({
    kind: seen.present ? 'board.returned' : 'board.lost',
    facts: { board: seen.board },
  });
  if (!seen.present) draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'board' } });
  else draft.record({ kind: 'alarm.ended', cause, facts: { condition: 'board' } });
}

/** Bytes came that were no frame. The first are recorded at once; more of them are summed for an hour. */
export function boardGarbled(draft: Draft, heard: { board: number; bytes: number }): void {
  const before = draft.state.volatile.garbled[heard.board];
  if (before) return keepGarbled(draft, heard.board, { ...before, bytes: before.bytes + heard.bytes });
  draft.record({ kind: 'board.garbled', facts: { board: heard.board, bytes: heard.bytes } });
  keepGarbled(draft, heard.board, { sinceMs: draft.moment.monotonicMs, bytes: 0 });
}

/** Records what an hour has summed up; a board that was quiet for an hour is forgotten. */
export function garbledDue(draft: Draft): void {
  const { monotonicMs } = draft.moment;
  for (const [key, { sinceMs, bytes }] of Object.entries(draft.state.volatile.garbled)) {
    if (monotonicMs - sinceMs < GARBLED_PERIOD_MS) continue;
    const board = Number(key);
    if (bytes > 0) draft.record({ kind: 'board.garbled', facts: { board, bytes } });
    keepGarbled(draft, board, bytes > 0 ? { sinceMs: monotonicMs, bytes: 0 } : null);
  }
}

function keepGarbled(draft: Draft, board: number, now: { sinceMs: number; bytes: number } | null): void {
  const { [board]: _, ...others } = draft.state.volatile.garbled;
  draft.volatile({ garbled: now === null ? others : { ...others, [board]: now } });
}
