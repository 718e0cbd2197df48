/** What somebody could do who holds the key that signs a log: everything is made anew, and fits together. */
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import type { Ed25519Key } from '../../crypto/ed25519.ts';
import { encodeEntries } from '../../ledger/log/bundle.ts';
import { signCheckpoint } from '../../ledger/log/checkpoint.ts';
import { EMPTY_LOG, growBundles, growTree, headOf } from '../../ledger/log/growth.ts';
import { TILE_WIDTH } from '../../ledger/log/layout.ts';
import { encodeRecord, type LedgerRecord, leafHash, NO_HASH } from '../../ledger/record.ts';
import type { RecordRow } from '../journal/journal.ts';
import type { CheckpointRow } from '../log/log.ts';
import { encodeState } from '../log/log.ts';
import { type Memory, rowsOf } from './test-memory.ts';

/** The journal `source` with its records changed one by one, chained again, and its end moved. */
export function rechain(
  memory: Memory,
  source: string,
  change: (record: LedgerRecord) => LedgerRecord,
): Memory {
  const own = memory.records.filter((row) => row.source === source).sort((a, b) => a.seq - b.seq);
  let prev = NO_HASH;
  const fresh: RecordRow[] = own.map((row) => {
    const record = { ...change(JSON.parse(fromUtf8(new Uint8Array(row.bytes))) as LedgerRecord), prev };
    const bytes = encodeRecord(record);
    const hash = leafHash(bytes);
    prev = base64url(hash);
    return { ...row, at_ms: record.time.atMs, bytes, hash };
  });
  return {
    ...memory,
    records: [...memory.records.filter((row) => row.source !== source), ...fresh],
    journals: memory.journals.map((row) =>
      row.source === source ? { ...row, last_seq: own.at(-1)?.seq ?? 0, last_hash: prev } : row,
    ),
  };
}

/** The log over these records and spans, with a checkpoint at each of the sizes that had one. */
export async function regrow(memory: Memory, key: Ed25519Key): Promise<Memory> {
  const [log] = memory.logs;
  if (!log) throw new Error('there is a log');
  const end = memory.spans.reduce((sum, { count }) => sum + count, 0);
  const rows = rowsOf(memory);
  const objects = new Map<string, Uint8Array>();
  const checkpoints: CheckpointRow[] = [];
  let state = EMPTY_LOG;
  let edge: Uint8Array[] = [];
  const sizes = [
    ...new Set([...memory.checkpoints.map(({ size }) => size).filter((size) => size < end), end]),
  ];
  for (const size of sizes.sort((a, b) => a - b)) {
    const from = state.range.size;
    const entries = (await rows.entries(1, { from, to: size })).map(({ bytes }) => new Uint8Array(bytes));
    const bundles = growBundles({ size: from, last: encodeEntries(edge), entries });
    const grown = growTree(state, entries.map(leafHash));
    for (const { path, bytes } of [...bundles, ...grown.objects]) objects.set(path, bytes);
    state = grown.state;
    const all = [...edge, ...entries];
    edge = all.slice(all.length - (size % TILE_WIDTH));
    const head = headOf(state);
    const note = signCheckpoint({ origin: log.origin, ...head }, { name: log.origin, ...key });
    checkpoints.push({ ...head, note, at_ms: 1 });
  }
  const last = checkpoints.at(-1);
  if (!last) throw new Error('there is a checkpoint');
  objects.set('checkpoint', new TextEncoder().encode(last.note));
  const { size, root } = last;
  return {
    ...memory,
    objects,
    checkpoints,
    logs: [{ ...log, size, root, published_size: size, shown_size: size, state: encodeState(state) }],
  };
}
