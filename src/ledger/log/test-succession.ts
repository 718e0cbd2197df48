/** Records that give a log another key, and proofs of them over trees of the model. */
import { fromUtf8 } from '../../crypto/bytes.ts';
import { idFrom } from '../../domain/ids.ts';
import { type Fact, leafHash, NO_HASH, writeRecord } from '../record.ts';
import { signCheckpoint } from './checkpoint.ts';
import { encodeProof } from './proof-file.ts';
import type { LogSigner } from './signatures.ts';
import { rotationDraft, type SuccessionLink } from './succession.ts';
import { modelPath, modelRoot } from './test-model.ts';
import type { LogKey } from './vkey.ts';

const SOURCE = idFrom('tenant', new Uint8Array(16).fill(7));

export const keyOf = ({ name, publicKey }: LogSigner): LogKey => ({ type: 'signature', name, publicKey });

/** The text of the record by which `to` follows `from`, or of one that says something else beside. */
export function rotation(from: LogSigner, to: LogSigner, change: Record<string, Fact> = {}): string {
  const draft = rotationDraft({ before: keyOf(from), publicKey: to.publicKey });
  const time = { atMs: 1_790_000_000_000, source: 'clock', uncertaintyMs: 1 } as const;
  const of = { source: SOURCE, seq: 1, prev: NO_HASH, time, drawSalt: () => new Uint8Array(16) };
  return fromUtf8(writeRecord({ draft: { ...draft, facts: { ...draft.facts, ...change } }, ...of }).bytes);
}

export type Linked = {
  record: string;
  /** Its place in a tree of `size` of these leaves, of which it takes one's place. */
  index: number;
  size: number;
  leaves: readonly Uint8Array[];
  signers: readonly LogSigner[];
};

export function link({ record, index, size, leaves, signers }: Linked): SuccessionLink {
  const tree = leaves.with(index, leafHash(record)).slice(0, size);
  const origin = signers[0]?.name ?? '';
  const checkpoint = signCheckpoint({ origin, size, root: modelRoot(tree) }, ...signers);
  return { record, proof: encodeProof({ index, path: modelPath(index, tree), checkpoint }) };
}
