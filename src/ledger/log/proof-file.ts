/**
 * Proofs to take away (C2SP tlog-proof): a text file with the index of an entry, its audit path, and the
 * cosigned checkpoint, which verifies without us and without a network.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>            (only where there is any; nobody vouches for it)
 *     index <decimal>
 *     <base64 hash>             (one a line, nearest sibling first)
 *
 *     <the checkpoint, verbatim>
 */
import { base64, fromBase64 } from '../../crypto/bytes.ts';
import { allowed } from '../../domain/outcome.ts';
import { HASH_BYTES } from './checkpoint.ts';
import { isIncluded } from './inclusion.ts';
import { isCount, readDecimal } from './numbers.ts';
import { type LogPolicy, openWitnessed, type WitnessedCheckpoint } from './policy.ts';
import { type LogResult, refused } from './refusals.ts';
import { LOG_NOTE_LENGTH_MAX } from './signatures.ts';

const TITLE = 'c2sp.org/tlog-proof@v1';
/** A checkpoint, and as much again for what may stand before it. */
export const PROOF_LENGTH_MAX = 2 * LOG_NOTE_LENGTH_MAX;
/** As many as a tree of 64-bit sizes can need. */
export const PATH_HASHES_MAX = 63;

export type ProofFile = {
  index: number;
  path: readonly Uint8Array[];
  /** The checkpoint's note. */
  checkpoint: string;
  extra?: Uint8Array;
};

export function encodeProof({ index, path, checkpoint, extra }: ProofFile): string {
  if (!isCount(index) || path.length > PATH_HASHES_MAX) throw new Error(`no proof of entry ${index}`);
  const lines = [TITLE];
  if (extra) lines.push(`extra ${base64(extra)}`);
  lines.push(`index ${index}`, ...path.map(base64));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** The parts of a proof by its form alone: nothing is verified yet. */
export function parseProof(text: string): LogResult<ProofFile> {
  if (text.length > PROOF_LENGTH_MAX) return refused('proof-too-long', `${text.length} characters`);
  const split = text.indexOf('\n\n');
  if (split < 0) return refused('proof-malformed', 'no empty line before the checkpoint');
  const [title, ...lines] = text.slice(0, split).split('\n');
  if (title !== TITLE) return refused('proof-malformed', title ?? '');
  const extraText = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined;
  const extra = extraText === undefined ? undefined : fromBase64(extraText);
  if (extraText !== undefined && !extra) return refused('proof-malformed', 'the extra data');
  const indexLine = lines.shift() ?? '';
  if (!indexLine.startsWith('index ')) return refused('proof-malformed', indexLine);
  const index = readDecimal(indexLine.slice('index '.length));
  if (!index.ok) return index;
  const path = readHashes(lines);
  if (!path.ok) return path;
  const checkpoint = text.slice(split + 2);
  return allowed({ index: index.value, path: path.value, checkpoint, ...(extra ? { extra } : {}) });
}

/** Hashes in base64, one a line, at most as many as a tree can ask for. */
export function readHashes(lines: readonly string[]): LogResult<Uint8Array[]> {
  if (lines.length > PATH_HASHES_MAX) return refused('proof-malformed', `${lines.length} hashes`);
  const hashes: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return refused('proof-malformed', line);
    hashes.push(hash);
  }
  return allowed(hashes);
}

export type VerifiedProof = WitnessedCheckpoint & { index: number };

/**
 * The steps of the standard's section "Verifying a tlog proof": the log's signature and its witnesses, then
 * the path of `leaf` (the leaf hash of an entry that the reader holds) to the root that they signed.
 */
export function verifyProof(
  text: string,
  { leaf, policy }: { leaf: Uint8Array; policy: LogPolicy },
): LogResult<VerifiedProof> {
  const parsed = parseProof(text);
  if (!parsed.ok) return parsed;
  const { index, path, checkpoint } = parsed.value;
  const opened = openWitnessed(checkpoint, policy);
  if (!opened.ok) return opened;
  const head = opened.value.checkpoint;
  const about = `entry ${index} of ${head.size}`;
  if (index >= head.size) return refused('index-outside-tree', about);
  return isIncluded({ leaf, index, head, path })
    ? allowed({ ...opened.value, index })
    : refused('inclusion-wrong', about);
}
