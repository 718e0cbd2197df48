/**
 * One log of a tenant, grown anew from the records as the sequencer had grown it: from checkpoint to checkpoint,
 * so that every root, tile and bundle that was ever written is made again and compared, and each record read once.
 */
import { fromUtf8 } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { decodeBundle, encodeEntries } from '../../ledger/log/bundle.ts';
import {
  HASH_BYTES,
  type KeyTerm,
  type LogTrust,
  openCheckpoint,
  type TreeHead,
} from '../../ledger/log/checkpoint.ts';
import {
  EMPTY_LOG,
  edgeObjects,
  growBundles,
  growTree,
  growWhole,
  headOf,
  type LogObject,
  type LogState,
} from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH, parseTilePath, TILE_WIDTH } from '../../ledger/log/layout.ts';
import type { LogKey } from '../../ledger/log/vkey.ts';
import { leafHash } from '../../ledger/record.ts';
import { type CheckpointRow, encodeState, firstOtherLeaf, type LogRow } from '../log/log.ts';
import { auditCosignatures } from './cosignatures.ts';
import type { Auditing } from './journals.ts';
import { auditOrder } from './order.ts';
import type { JournalRow } from './rows.ts';
import { keysIn, type SeenHead, SeenHeads } from './seen.ts';

const ENTRIES_A_STEP = 1_000;
const ROWS_A_READ = 500;

export type AuditLog = {
  log: LogRow;
  journals: readonly JournalRow[];
  heads: readonly string[];
  /** What banks recorded of this log. */
  seen: readonly SeenHead[];
};

type Growing = Auditing & {
  log: LogRow;
  trust: LogTrust;
  state: LogState;
  /** The entries of the last bundle, as long as it is not full. */
  edge: Uint8Array[];
  /** Where the remembered heads of this log stand. */
  remembered: TreeHead[];
  seenHeads: SeenHeads;
};

export async function auditLog(auditing: Auditing, { log, journals, heads, seen }: AuditLog): Promise<void> {
  await auditOrder(auditing, log, journals);
  const seenHeads = new SeenHeads(seen);
  const { trust, newest } = await trustIn(auditing, log);
  const growing: Growing = { ...auditing, log, trust, state: EMPTY_LOG, edge: [], remembered: [], seenHeads };
  growing.remembered = readHeads(growing, heads);
  if (!auditing.rows.holdsKey(newest.publicKey))
    auditing.findings.add('checkpoints', log.origin, 'is signed by another key than this cloud has', 0);
  const last = await growThroughCheckpoints(growing);
  await auditEnd(growing, last);
  await auditShown(growing);
  await auditPaths(growing);
}

function readHeads(growing: Growing, notes: readonly string[]): TreeHead[] {
  const heads: TreeHead[] = [];
  for (const note of notes) {
    const opened = openCheckpoint(note, growing.trust);
    if (opened.ok) heads.push(opened.value.checkpoint);
    else
      growing.findings.add(
        'head',
        growing.log.origin,
        `the remembered head is not this log’s: ${opened.reason}`,
      );
  }
  return heads.sort((a, b) => a.size - b.size);
}

/** A key signs from the record on that gives it to the log; where that has no index, it has signed nothing. */
async function trustIn(
  { indexOf, rotations }: Auditing,
  log: LogRow,
): Promise<{ trust: LogTrust; newest: LogKey }> {
  const [first, ...later] = keysIn(log, rotations);
  if (!first) throw new Error('a log has a key');
  const successors: KeyTerm[] = [];
  for (const { key, record } of later) {
    const index = record && (await indexOf(record.source, record.seq));
    if (index !== undefined) successors.push({ key, fromSize: index + 1 });
  }
  const trust = { origin: log.origin, logKeys: [first.key], witnesses: [], successors };
  return { trust, newest: later.at(-1)?.key ?? first.key };
}

async function growThroughCheckpoints(growing: Growing): Promise<CheckpointRow | undefined> {
  const { rows, findings, log } = growing;
  let last: CheckpointRow | undefined;
  for (let more = true; more; ) {
    const batch = await rows.checkpoints(log.generation, last?.size ?? -1, ROWS_A_READ);
    more = batch.length === ROWS_A_READ;
    await auditCosignatures(growing, { log, checkpoints: batch, above: last?.size ?? -1, isLast: !more });
    for (const checkpoint of batch) {
      const from = growing.state.range.size;
      const step = await growTo(growing, checkpoint.size, true);
      const { state, edge } = growing;
      const open = edge.length === 0 ? [] : [encodeEntries(edge)];
      for (const object of edgeObjects(from, state, open)) await auditObject(growing, object, step);
      auditCheckpoint(growing, checkpoint, from);
      if (!last && checkpoint.size !== 0)
        findings.add('checkpoints', log.origin, `its first checkpoint is of ${checkpoint.size} entries`, 0);
      last = checkpoint;
    }
  }
  return last;
}

/** `from`: the first entry that it covers and none before it does. */
function auditCheckpoint(
  { findings, log, trust, state }: Growing,
  { size, root, note }: CheckpointRow,
  from: number,
): void {
  const where = `${log.origin} checkpoint ${size}`;
  const opened = openCheckpoint(note, trust);
  if (!opened.ok) findings.add('checkpoints', where, `is not this log’s: ${opened.reason}`, from);
  else if (opened.value.checkpoint.size !== size || !equalBytes(opened.value.checkpoint.root, root))
    findings.add('checkpoints', where, 'says something else than its row', from);
  const head = headOf(state);
  if (head.size !== size || !equalBytes(head.root, root))
    findings.add('tree', where, `the records up to ${head.size} have another root`, from);
}

/**
 * The tree up to `size`, step by step; each tile and bundle that becomes full is compared where it was `published`: a
 * turn of the sequencer may have many more entries than one step. Answers where the last step began.
 */
async function growTo(growing: Growing, size: number, published: boolean): Promise<number> {
  const { rows, findings, log } = growing;
  let from = growing.state.range.size;
  while (growing.state.range.size < size) {
    from = growing.state.range.size;
    const to = Math.min(size, from + ENTRIES_A_STEP);
    const found = await rows.entries(log.generation, { from, to });
    const gap = found.findIndex(({ index }, at) => index !== from + at);
    const entries = (gap < 0 ? found : found.slice(0, gap)).map(({ bytes }) => new Uint8Array(bytes));
    const fresh = entries.slice(0, to - from);
    auditRemembered(growing, fresh);
    for (const head of growing.seenHeads.contradicted(growing.state, fresh))
      await addSeen(growing, head, 'has another root');
    const whole = grow(growing, fresh);
    if (published) for (const object of whole) await auditObject(growing, object, from);
    growing.advance(fresh.length);
    if (fresh.length === to - from) continue;
    findings.add(
      'order',
      `${log.origin} entry ${from + fresh.length}`,
      'its record is not there',
      from + fresh.length,
    );
    break;
  }
  return from;
}

/** A head within these entries is compared with the tree that they make. */
function auditRemembered({ remembered, findings, log, state }: Growing, fresh: readonly Uint8Array[]): void {
  const { size } = state.range;
  for (const head of remembered) {
    const isFirst = head.size === 0 && size === 0;
    if (!isFirst && (head.size <= size || head.size > size + fresh.length)) continue;
    const there = headOf(growTree(state, fresh.slice(0, head.size - size).map(leafHash)).state);
    if (!equalBytes(there.root, head.root))
      findings.add(
        'head',
        `${log.origin} entry below ${head.size}`,
        'is another one than the remembered head covers',
        null,
      );
  }
}

async function addSeen(
  { findings, log, indexOf }: Growing,
  { bank, seq, size }: SeenHead,
  what: string,
): Promise<void> {
  const says = `says that ${log.origin} had ${size} entries when it was shown; with the records that are here it`;
  findings.add('seen', `${bank} record ${seq}`, `${says} ${what}`, (await indexOf(bank, seq)) ?? null);
}

/** Answers what became full by these entries. */
function grow(growing: Growing, fresh: readonly Uint8Array[]): LogObject[] {
  const { state, edge } = growing;
  const size = state.range.size;
  const grown = growWhole(state, fresh.map(leafHash));
  const bundles = growBundles({ size, last: encodeEntries(edge), entries: fresh });
  growing.state = grown.state;
  const open = (size + fresh.length) % TILE_WIDTH;
  growing.edge = [...edge, ...fresh].slice(edge.length + fresh.length - open);
  return [...(open === 0 ? bundles : bundles.slice(0, -1)), ...grown.objects];
}

async function auditObject(
  { rows, findings, log }: Growing,
  { path, bytes }: LogObject,
  from: number,
): Promise<void> {
  const there = await rows.object(log.generation, path);
  const where = `${log.origin} ${path}`;
  if (!there) findings.add('tiles', where, 'is not there', from);
  else if (!equalBytes(there, bytes)) {
    // A hash over many entries says less of where than one over a single entry, which came before it.
    const index =
      path.startsWith('tile/0/') || path.startsWith('tile/entries/')
        ? firstDifference(path, { bytes, there })
        : (findings.firstIndex('tiles') ?? firstDifference(path, { bytes, there }));
    findings.add('tiles', where, `differs from its records from entry ${index} on`, index);
  }
}

/** The first entry whose part of a tile or bundle is another one. */
function firstDifference(path: string, { bytes, there }: { bytes: Uint8Array; there: Uint8Array }): number {
  const parsed = parseTilePath(path);
  if (!parsed.ok) throw new Error(`${path} is no path of a tile`);
  const tile = parsed.value;
  const before = bytes.findIndex((byte, at) => byte !== there[at]);
  const at = before < 0 ? bytes.length : before;
  if (tile.of === 'hashes')
    return (
      Math.min(
        tile.index * TILE_WIDTH + Math.floor(at / HASH_BYTES),
        tile.index * TILE_WIDTH + tile.width - 1,
      ) *
      TILE_WIDTH ** tile.level
    );
  const entries = decodeBundle(bytes, tile.width);
  if (!entries.ok) throw new Error('a bundle of ours is whole');
  let end = 0;
  const index = entries.value.findIndex((entry) => {
    end += 2 + entry.length;
    return at < end;
  });
  return tile.index * TILE_WIDTH + (index < 0 ? tile.width - 1 : index);
}

/** What the log says of itself, and what has an index and no checkpoint yet. */
async function auditEnd(growing: Growing, last: CheckpointRow | undefined): Promise<void> {
  const { findings, log, remembered } = growing;
  const { origin, published_size, size, root } = log;
  if (!last) findings.add('checkpoints', origin, 'has no checkpoint', 0);
  if ((last?.size ?? 0) !== published_size)
    findings.add(
      'checkpoints',
      origin,
      `${published_size} entries are published, ${last?.size ?? 0} are signed`,
      Math.min(published_size, last?.size ?? 0),
    );
  const there = growing.state.range.size;
  if (there === published_size && !equalBytes(encodeState(growing.state), log.state))
    findings.add(
      'tree',
      origin,
      `the tree that is kept of ${published_size} entries is another one`,
      firstOtherLeaf(growing.state, log.state),
    );
  for (const head of remembered)
    if (head.size > published_size)
      findings.add(
        'head',
        origin,
        `log-rolled-back: ${head.size} entries are remembered, and it has ${published_size}`,
        published_size,
      );
  await growTo(growing, size, false);
  for (const head of growing.seenHeads.beyond(size)) await addSeen(growing, head, `ends before, at ${size}`);
  if (there === published_size && !equalBytes(headOf(growing.state).root, root))
    findings.add('tree', origin, `the records up to ${size} have another root`, there);
}

/**
 * What others are shown: signed, and the last checkpoint or, after a death, the one before; or one that was signed
 * since the rows were read, and then the database has it by now.
 */
async function auditShown({ rows, findings, log, trust }: Growing): Promise<void> {
  const { generation, origin, published_size } = log;
  const bytes = await rows.object(generation, CHECKPOINT_PATH);
  if (!bytes) return findings.add('checkpoints', origin, 'shows no checkpoint', published_size);
  const opened = openCheckpoint(fromUtf8Loosely(bytes), trust);
  if (!opened.ok)
    return findings.add(
      'checkpoints',
      origin,
      `shows a checkpoint that is not its own: ${opened.reason}`,
      published_size,
    );
  const { size, root } = opened.value.checkpoint;
  const signed = await rows.signedNow(generation, { from: size, to: size });
  if (!signed)
    return findings.add('checkpoints', origin, `shows ${size} entries, and no such checkpoint is kept`, size);
  if (!equalBytes(signed.root, root) || signed.note !== fromUtf8Loosely(bytes))
    findings.add('checkpoints', origin, `two checkpoints are signed over ${size} entries`, size);
  const behind = await rows.checkpoints(generation, size, 2);
  if (size < published_size && behind.length > 1)
    findings.add('checkpoints', origin, `shows ${size} entries, and ${published_size} are signed`, size);
}

/**
 * Nothing lies in the folder that the log did not write: a tile or bundle of a width is of the sizes that have just
 * that width there, and one of them was signed, or is on its way. So a checkpoint that is gone is missed, too.
 */
async function auditPaths({ rows, findings, log }: Growing): Promise<void> {
  const { generation, origin } = log;
  for await (const path of rows.paths(generation)) {
    if (path === CHECKPOINT_PATH) continue;
    const parsed = parseTilePath(path);
    if (!parsed.ok) {
      findings.add('tiles', `${origin} ${path}`, 'is no part of a log');
      continue;
    }
    const tile = parsed.value;
    const unit = tile.of === 'hashes' ? TILE_WIDTH ** tile.level : 1;
    const from = (tile.index * TILE_WIDTH + tile.width) * unit;
    const to = tile.width === TILE_WIDTH ? Number.MAX_SAFE_INTEGER : from + unit - 1;
    if (from <= log.size && log.size <= to) continue;
    if (await rows.signedNow(generation, { from, to })) continue;
    const size = await rows.sizeNow(generation);
    if (from <= size && size <= to) continue;
    findings.add(
      'tiles',
      `${origin} ${path}`,
      `is there, and no checkpoint of ${from} entries is kept`,
      Math.min(from, log.size),
    );
  }
}

/** What is not Unicode is another text, and then not signed. */
function fromUtf8Loosely(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return '';
  }
}
