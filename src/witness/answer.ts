/**
 * One request to add a checkpoint (C2SP tlog-witness, section "add-checkpoint"), from its bytes to its answer.
 * It is one synchronous step from looking at the remembered head to keeping the new one, so requests for one log
 * are in turn; and the head is on the disk before the cosignature is in anybody's hands.
 */
import { fromUtf8 } from '../crypto/bytes.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { LogTrust } from '../ledger/log/checkpoint.ts';
import type { LogRefusal } from '../ledger/log/refusals.ts';
import { cosignatureLine, type LogSigner } from '../ledger/log/signatures.ts';
import { followSuccession, type SuccessionLink } from '../ledger/log/succession.ts';
import { type LogKey, parseVkey } from '../ledger/log/vkey.ts';
import {
  type AddCheckpoint,
  claimedOrigin,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  type WitnessVerdict,
} from '../ledger/log/witness.ts';
import type { Log } from '../platform/log.ts';
import type { Heads } from './heads.ts';

/** How each log is believed, by its origin. */
export type WatchedLogs = ReadonlyMap<string, Omit<LogTrust, 'witnesses'>>;

type Succession = { origin: string; links: readonly SuccessionLink[] };

/**
 * The logs of a configuration: a key's name is the origin (C2SP tlog-policy, section "Defining a log"). A later key of one
 * of them is taken where the log itself recorded it under a key that stands here.
 */
export function watchedLogs(vkeys: readonly string[], successions: readonly Succession[] = []): WatchedLogs {
  const watched = new Map<string, Omit<LogTrust, 'witnesses'>>();
  for (const [origin, logKeys] of namedLogs(vkeys)) watched.set(origin, { origin, logKeys });
  for (const { origin, links } of successions) {
    const log = watched.get(origin);
    if (!log)
      throw new HoldfastError(
        'input-invalid',
        `successions: there is one of ${origin}, which is not watched`,
      );
    const followed = followSuccession(links, { ...log, witnesses: [] });
    if (!followed.ok)
      throw new HoldfastError(
        'input-invalid',
        `successions: the keys of ${origin} do not follow each other (${followed.reason})`,
      );
    watched.set(origin, { ...log, successors: followed.value });
  }
  return watched;
}

function namedLogs(vkeys: readonly string[]): Map<string, LogKey[]> {
  const logs = new Map<string, LogKey[]>();
  const seen = new Set<string>();
  for (const vkey of vkeys) {
    const key = parseVkey(vkey);
    if (!key.ok) throw new HoldfastError('input-invalid', `logs: ${vkey} is no vkey (${key.reason})`);
    const { type, name, publicKey } = key.value;
    if (type !== 'signature')
      throw new HoldfastError('input-invalid', `logs: ${name} is the key of a witness and of no log`);
    const bytes = publicKey.toString();
    // One key under two names could have the checkpoint of the one believed as the other's.
    if (seen.has(bytes)) throw new HoldfastError('input-invalid', `logs: the key of ${name} is there twice`);
    seen.add(bytes);
    logs.set(name, [...(logs.get(name) ?? []), key.value]);
  }
  return logs;
}

export type AnswerDeps = {
  signer: LogSigner;
  logs: WatchedLogs;
  heads: Heads;
  clock: { nowMs(): number };
  log: Log;
};

export type Answer = { status: number; body: string; type: string };

const PLAIN = 'text/plain; charset=utf-8';
/** The standard's own type for the size in a conflict. */
const SIZE = 'text/x.tlog.size';

export function answerAddCheckpoint(body: Uint8Array, deps: AnswerDeps): Answer {
  const text = textOf(body);
  if (text === undefined) return plain(400, 'The body is not UTF-8.');
  const request = parseAddCheckpoint(text);
  if (!request.ok) return plain(400, `The body is no request to add a checkpoint (${request.reason}).`);
  const origin = claimedOrigin(request.value.checkpoint);
  const verdict = judgeAddCheckpoint({
    request: request.value,
    log: deps.logs.get(origin),
    remembered: deps.heads.of(origin),
  });
  switch (verdict.status) {
    case 200:
      return cosign({ origin, note: request.value.checkpoint, text: verdict.text }, deps);
    case 404:
      return plain(404, 'This witness does not watch that log.');
    case 409:
      return { status: 409, body: `${verdict.size}\n`, type: SIZE };
    case 400:
    case 403:
    case 422:
      if (verdict.status === 422) noteContradiction({ origin, request: request.value, verdict }, deps);
      return plain(verdict.status, `${SAYS[verdict.status]} (${verdict.reason}).`);
  }
}

const SAYS = {
  400: 'The checkpoint or the old size is not of the form that is taken here',
  403: 'No key of that log signed the checkpoint, or a signature in its name is wrong',
  422: 'The checkpoint does not continue the one that this witness cosigned',
} as const;

function cosign({ origin, note, text }: { origin: string; note: string; text: string }, deps: AnswerDeps) {
  const { heads, signer, clock, log } = deps;
  const atS = Math.floor(clock.nowMs() / 1000);
  const before = heads.of(origin);
  // A cosignature says that no larger tree was known at its time (C2SP tlog-cosignature, section "Ed25519
  // signed message"). With a time before the last one it could be a lie.
  if (atS < (before?.atS ?? 1))
    return plain(503, 'The clock of this witness stands before its last cosignature.');
  // Who repeats a checkpoint within the second gets the same answer, and costs the disk nothing.
  if (before?.text === text && before.atS === atS) return cosigned(before.line);
  const line = cosignatureLine({ text, signer, atS });
  heads.keep({ origin, note, line });
  log.info('cosigned', { origin, size: heads.of(origin)?.size ?? 0 });
  return cosigned(line);
}

type Contradiction = {
  origin: string;
  request: AddCheckpoint;
  verdict: Extract<WitnessVerdict, { reason: LogRefusal }>;
};

/** The log itself signed what is refused here. A fork is proven by two notes, so they are kept. */
function noteContradiction({ origin, request, verdict }: Contradiction, { heads, log }: AnswerDeps): void {
  if (verdict.reason === 'log-forked')
    log.error('this log signed two trees of one size', {
      origin,
      evidence: heads.keepFork(origin, request.checkpoint),
    });
  else log.warn('a checkpoint of this log was refused', { origin, reason: verdict.reason });
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return fromUtf8(body);
  } catch {
    // A stranger's bytes that are no text are an answer, given as such.
    return undefined;
  }
}

function cosigned(line: string): Answer {
  return { status: 200, body: line, type: PLAIN };
}

export function plain(status: number, sentence: string): Answer {
  return { status, body: `${sentence}\n`, type: PLAIN };
}
