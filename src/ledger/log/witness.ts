/**
 * What a witness decides (C2SP tlog-witness, section "add-checkpoint"), without its clock, key and store: the
 * body of a request, and the answer to it from the one head that the witness remembers of a log. A witness
 * has to compare and keep that head in one transaction, and keeps it before it answers.
 *
 *     old <size>
 *     <base64 hash>             (the consistency proof, at most 63)
 *
 *     <the checkpoint, verbatim>
 */
import { base64 } from '../../crypto/bytes.ts';
import { allowed } from '../../domain/outcome.ts';
import { type Checkpoint, EMPTY_ROOT, type LogTrust, openCheckpoint, type TreeHead } from './checkpoint.ts';
import { judgeGrowth } from './consistency.ts';
import { readDecimal } from './numbers.ts';
import { PROOF_LENGTH_MAX, readHashes } from './proof-file.ts';
import { type LogRefusal, type LogRefused, type LogResult, refused } from './refusals.ts';

export type AddCheckpoint = { oldSize: number; proof: readonly Uint8Array[]; checkpoint: string };

export function addCheckpointBody({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `${[`old ${oldSize}`, ...proof.map(base64)].join('\n')}\n\n${checkpoint}`;
}

export function parseAddCheckpoint(body: string): LogResult<AddCheckpoint> {
  if (body.length > PROOF_LENGTH_MAX) return refused('proof-too-long', `${body.length} characters`);
  const split = body.indexOf('\n\n');
  const [oldLine = '', ...lines] = body.slice(0, Math.max(split, 0)).split('\n');
  if (!oldLine.startsWith('old ')) return refused('proof-malformed', oldLine);
  const oldSize = readDecimal(oldLine.slice('old '.length));
  if (!oldSize.ok) return oldSize;
  const proof = readHashes(lines);
  if (!proof.ok) return proof;
  return allowed({ oldSize: oldSize.value, proof: proof.value, checkpoint: body.slice(split + 2) });
}

/** The origin that a note claims, for finding the keys to verify it with; for nothing else. */
export function claimedOrigin(note: string): string {
  return note.slice(0, Math.max(note.indexOf('\n'), 0));
}

export type WitnessQuestion = {
  request: AddCheckpoint;
  /** The log of the claimed origin; undefined when this witness does not know it. */
  log: Omit<LogTrust, 'witnesses'> | undefined;
  /** The last head that it cosigned of this log; undefined when it never has. */
  remembered: TreeHead | undefined;
};

/** `status` is that of HTTP. Only with 200 is `text` kept, cosigned, and answered. */
export type WitnessVerdict =
  | { status: 200; checkpoint: Checkpoint; text: string }
  | { status: 404 }
  | { status: 409; size: number }
  | { status: 400 | 403 | 422; reason: LogRefusal; about: string };

export function judgeAddCheckpoint({ request, log, remembered }: WitnessQuestion): WitnessVerdict {
  if (!log) return { status: 404 };
  const opened = openCheckpoint(request.checkpoint, { ...log, witnesses: [] });
  if (!opened.ok) return { status: statusOf(opened.reason), ...told(opened) };
  const { checkpoint, text } = opened.value;
  const from = remembered ?? { size: 0, root: EMPTY_ROOT };
  if (request.oldSize > checkpoint.size)
    return { status: 400, ...told(refused('size-outside-tree', `${request.oldSize} of ${checkpoint.size}`)) };
  if (request.oldSize !== from.size) return { status: 409, size: from.size };
  const grown = judgeGrowth({ from, to: checkpoint, proof: request.proof });
  return grown.ok ? { status: 200, checkpoint, text } : { status: 422, ...told(grown) };
}

function told({ reason, about }: LogRefused): { reason: LogRefusal; about: string } {
  return { reason, about };
}

/** What is wrong with a text that the log signed is its fault; without a good signature, nobody said anything. */
function statusOf(reason: LogRefusal): 400 | 403 | 422 {
  if (reason === 'root-of-empty-wrong') return 422;
  return WHEN_SIGNED.includes(reason) ? 400 : 403;
}

const WHEN_SIGNED: readonly LogRefusal[] = [
  'checkpoint-malformed',
  'checkpoint-extended',
  'checkpoint-origin-other',
  'number-malformed',
  'number-huge',
  'root-malformed',
];
