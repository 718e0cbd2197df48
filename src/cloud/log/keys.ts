/**
 * The keys of a log, one after another. The first stands in its row; each later one is named by a record of the tenant's
 * own journal (`log.key-rotated`) and signs from the first checkpoint on that covers that record. Nothing else says
 * which key is whose turn: no column, no setting, no file.
 */
import { utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { KeyTerm, LogTrust } from '../../ledger/log/checkpoint.ts';
import type { LogSigner } from '../../ledger/log/signatures.ts';
import { successorIn } from '../../ledger/log/succession.ts';
import { type LogKey, vkeyText } from '../../ledger/log/vkey.ts';
import { parseRecord } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type RotationRow, rotations } from './key-store.ts';
import type { LogRow } from './store.ts';

export type LogKeys = {
  first: LogKey;
  /** `fromSize` is null while the record that names the key has no index. */
  successors: readonly {
    key: LogKey;
    seq: number;
    record: string;
    fromSize: number | null;
  }[];
};

type Keyed = Pick<LogRow, 'origin' | 'key'>;

export async function keysOf(tx: Tx, log: Keyed & Pick<LogRow, 'generation'>): Promise<LogKeys> {
  return keysFrom(log, await rotations(tx, log.generation));
}

/** Of records in their order, those that follow from the log's first key; a second one of the same key is nobody's word. */
export function keysFrom({ origin, key }: Keyed, rows: readonly RotationRow[]): LogKeys {
  const first: LogKey = { type: 'signature', name: origin, publicKey: new Uint8Array(key) };
  const successors: LogKeys['successors'][number][] = [];
  for (const { seq, record, index } of rows) {
    const parsed = parseRecord(utf8(record));
    const next = parsed.ok ? successorIn(parsed.record, successors.at(-1)?.key ?? first) : undefined;
    if (next) successors.push({ key: next, seq, record, fromSize: index === null ? null : index + 1 });
  }
  return { first, successors };
}

/** The last one that was named, though it may not have signed yet. */
export function newestKey({ first, successors }: LogKeys): LogKey {
  return successors.at(-1)?.key ?? first;
}

function termsOf({ successors }: LogKeys): KeyTerm[] {
  return successors.flatMap(({ key, fromSize }) => (fromSize === null ? [] : [{ key, fromSize }]));
}

/** Whom a reader of this log believes who knows all of its keys. */
export function trustIn(keys: LogKeys): LogTrust {
  return { origin: keys.first.name, logKeys: [keys.first], witnesses: [], successors: termsOf(keys) };
}

/** The key by which a checkpoint of this size is signed, as readers name it. */
export function vkeyAt(keys: LogKeys, size: number): string {
  return vkeyText(termsOf(keys).findLast(({ fromSize }) => fromSize <= size)?.key ?? keys.first);
}

/**
 * Who signs a checkpoint: the key whose turn it is, and the one before it for as long as this cloud has that. The first
 * checkpoint under a new key has to be signed by both: without that nobody could follow from the one to the other.
 */
export function signersAt(
  { ledger }: Cloud,
  keys: LogKeys,
  { size, before }: { size: number; before: number },
): LogSigner[] {
  const terms = [{ key: keys.first, fromSize: 0 }, ...termsOf(keys)];
  const at = terms.findLastIndex(({ fromSize }) => fromSize <= size);
  const [due, last] = [terms[at], terms[at - 1]];
  const signer = due && heldKey(ledger, due.key);
  if (!signer) throw notHere('the key that has to sign it is not in this cloud’s folder');
  const earlier = last && heldKey(ledger, last.key);
  if (last && !earlier && due.fromSize > before)
    throw notHere(
      'the key before is not in this cloud’s folder, and has to sign the first checkpoint of the new one',
    );
  return earlier ? [earlier, signer] : [signer];
}

function heldKey(ledger: Cloud['ledger'], { name, publicKey }: LogKey): LogSigner | undefined {
  const held = ledger.keyOf(publicKey);
  return held && { name, ...held };
}

function notHere(what: string): HoldfastError {
  return new HoldfastError('conflict', `a log cannot go on: ${what}; see docs/runbooks/signing-key-lost.md`);
}
