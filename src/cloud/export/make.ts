/**
 * Makes a bundle of evidence (docs/reference/export.md). Records come in pages in the order of the log, and each file of
 * the bundle grows beside; so what is held does not grow with what is asked for. What is indexed and signed never
 * changes, so no transaction has to last: everything is taken under one checkpoint.
 *
 * The bundle is verified by the very routine that a receiver runs, then recorded in the tenant's journal with its hash
 * and its purpose, and only then it gets its name: an export that nobody recorded has none, or lies where nobody is
 * given it.
 */
import { base64, base64url, hex } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { PersonId, SiteId, TenantId } from '../../domain/ids.ts';
import { gapsAround, partsWithin } from '../../ledger/export/cover.ts';
import {
  canonical,
  EXPORT_FORMAT,
  fileEntry,
  type HeadLine,
  type Manifest,
  openedLine,
  PROOFS_MAX,
  proofName,
  recordLine,
} from '../../ledger/export/format.ts';
import { encodeProof } from '../../ledger/log/proof-file.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import type { LogResult } from '../../ledger/log/refusals.ts';
import type { Span } from '../../ledger/log/spans.ts';
import { hashSpans } from '../../ledger/log/tiles.ts';
import { type LedgerRecord, type Openings, parseRecord } from '../../ledger/record.ts';
import { treeHash } from '../../ledger/tree.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import type { ReadableEvidence } from '../evidence/evidence.ts';
import type { Owned } from '../journal/journal.ts';
import { drain, type SignedLog, signedLog } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import { checkMade, inBreaths } from './check.ts';
import { EvidenceParts, requireEvidenceReceiver } from './evidence.ts';
import { BundleParts } from './parts.ts';
import type { ExportReceiver } from './receiver.ts';
import { recordExport } from './recorded.ts';
import { REPORT_ROWS_MAX, type ReportRow, reportEnd, reportHead, reportRow } from './report.ts';
import { csvHead, csvRow } from './rows.ts';
import { type Selection, wantedBy } from './selection.ts';
import { type BatchRow, batchOf, type EntryRow, type Wanted, wantedBetween } from './store.ts';

export type ExportOrder = {
  tenant: TenantId;
  selection: Selection;
  opened: readonly CommittedField[];
  purpose: string;
  madeBy: string | null;
  receiver: ExportReceiver;
  /** A path that nothing has yet; what has it by then is not overwritten. */
  out: string;
  /**
   * The file has its name a moment before it is recorded, so that none is recorded that is not there: for whoever hands
   * it to nobody until that is committed, and removes it where it never is.
   */
  isNamedFirst?: true;
  /** The administrator whose wish it was; null for the operator of the installation. */
  by: PersonId | null;
  /** More are refused; no bound when unset. */
  recordsMax?: number;
  /** Is told, page by page, how far the log was looked through. */
  looked?(far: { entries: number; of: number }): Promise<void>;
  /** Notes the bundle in the transaction that records it. */
  note?(tx: Tx, made: Exported & { seq: number }): Promise<void>;
};

/** `sha256` is of the bundle, `fileSha256` of the file, which is something else when that is encrypted. */
export type Exported = { records: number; bytes: number; sha256: string; fileSha256: string };

/** Entries of the log that are looked through with one query. */
const ENTRIES_A_PAGE = 2_048;
const SPANS_A_READ = 128;

/** So often somebody may be erased who is in it, each time anew, before it is given up. */
const TRIES_MAX = 3;

export async function makeExport(cloud: Cloud, order: ExportOrder): Promise<Exported> {
  requireEvidenceReceiver(order);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const made = await makeOnce(cloud, order);
    if (made) return made;
  }
  throw new HoldfastError('unavailable', 'people in it were erased while it was made, each time; ask again');
}

/** Undefined where it shows somebody who was erased meanwhile: nothing of it is left, and it can be made anew. */
async function makeOnce(cloud: Cloud, order: ExportOrder): Promise<Exported | undefined> {
  const { tenant, selection } = order;
  await drain(cloud, tenant);
  const log = await signedLog(cloud, tenant);
  if (!log) throw new HoldfastError('not-found', 'the organisation keeps no log yet: holdfast cloud log');
  const wanted = await wantedBy(cloud, tenant, selection);
  const parts = new BundleParts(order.out);
  try {
    const making = new Making({ cloud, order, log, wanted, parts });
    const manifest = await making.run();
    const text = canonical({ ...manifest, files: making.files() });
    const whole = await inBreaths(parts.pack(text, making.ended(), order.receiver.envelope));
    const { lines, holds } = await checkMade(whole);
    // What lies here is not what was signed: an operator has to look, and nobody is given a bundle of it.
    if (!holds) throw new Error(`the bundle does not hold: ${lines.at(-1)?.says}`);
    const [records, bytes] = [manifest.records, whole.bytes];
    const made = { records, bytes, sha256: hex(whole.sha256), fileSha256: hex(whole.fileSha256) };
    await parts.flush(whole);
    parts.take();
    if (order.isNamedFirst) await parts.name(whole);
    const showsErased = (tx: Tx) => making.showsErased(tx);
    const isRecorded = await recordExport(cloud, order, { made, whole, showsErased });
    if (!isRecorded) {
      parts.takeBack();
      return undefined;
    }
    if (!order.isNamedFirst) await parts.name(whole);
    return made;
  } finally {
    parts.abandon();
  }
}

type Sources = Map<string, { source: string; first: number; last: number; records: number; whole: boolean }>;

/** What was fetched with a page, by number in the organisation's own journal. */
type Beside = {
  own: ReadonlyMap<number, Owned>;
  evidence: ReadonlyMap<number, ReadableEvidence>;
};

type MakingOf = { cloud: Cloud; order: ExportOrder; log: SignedLog; wanted: Wanted; parts: BundleParts };

class Making {
  readonly #of: MakingOf;
  readonly #sources: Sources = new Map();
  /** The batch that each bank's records are at. */
  readonly #batches = new Map<string, { row: BatchRow; openings: Map<number, Owned> }>();
  readonly #signers = new Map<string, { bank: string; key: string }>();
  readonly #banks = new Map<string, banks.Bank>();
  /** The first entries, as many as may have a proof each, and one more. */
  readonly #proven: number[] = [];
  readonly #evidence: EvidenceParts;
  /** Of whom something is in it, as far as it is sealed to somebody. */
  readonly #shown = new Set<PersonId>();
  #spans: Span[] = [];
  #before = -1;
  #records = 0;
  #ended: ReturnType<BundleParts['end']> = [];

  constructor(of: MakingOf) {
    this.#of = of;
    this.#evidence = new EvidenceParts(of.cloud, of.order);
    const { person } = of.order.selection;
    if (person !== null) this.#shown.add(person);
  }

  /** Whether somebody was erased of whom something is in it: read before that, and known to nobody's record. */
  async showsErased(tx: Tx): Promise<boolean> {
    const { cloud } = this.#of;
    if ((await cloud.keys.destroyed(tx, [...this.#shown])).size > 0) return true;
    return !(await this.#evidence.isReadable(tx));
  }

  async run(): Promise<Omit<Manifest, 'files'>> {
    const { cloud, order, log, parts } = this.#of;
    const { tenant, selection, opened, purpose, madeBy } = order;
    const madeAtMs = cloud.clock.nowMs();
    const { origin, head, vkey, succession } = log;
    const about = { origin, size: head.size };
    const named = { origin, vkey, ...(succession.length > 0 && { succession }) };
    for (const bank of await cloud.database.read(tenant, (tx) => banks.allBanks(tx)))
      this.#banks.set(bank.bank, bank);
    for (const name of [
      'checkpoint',
      'keys.json',
      'records.jsonl',
      'tree.txt',
      'heads.jsonl',
      'opened.jsonl',
    ])
      parts.add(name, '');
    parts.add('records.csv', csvHead());
    parts.add('report.html', reportHead({ madeAtMs, madeBy, purpose, selection, log: about }));
    for (let from = 0; from < head.size; from += ENTRIES_A_PAGE) {
      await this.#page(from);
      await order.looked?.({ entries: Math.min(from + ENTRIES_A_PAGE, head.size), of: head.size });
    }
    if (this.#records === 0)
      throw new HoldfastError('not-found', 'no record is what was asked for; nothing was made');
    this.#gapUpTo(head.size);
    await this.#hashSpans();
    await this.#evidence.write(parts);
    parts.add('report.html', reportEnd({ records: this.#records }));
    parts.add('checkpoint', log.note);
    parts.add('keys.json', canonical({ log: named, rosters: await this.#rosters() }));
    const isEach = this.#records + this.#evidence.count <= PROOFS_MAX;
    if (isEach) for (const index of this.#proven) await this.#prove(index);
    this.#ended = parts.end();
    const manifest = {
      format: EXPORT_FORMAT,
      madeAtMs,
      madeBy,
      purpose,
      tenant,
      selection,
    } as const;
    const sources = [...this.#sources.values()];
    return {
      ...manifest,
      opened: [...opened],
      log: about,
      records: this.#records,
      proofs: isEach ? 'each' : 'tree',
      sources,
    };
  }

  ended() {
    return this.#ended;
  }

  files(): Manifest['files'] {
    return this.#ended.map(({ name, ...file }) => fileEntry(name, file));
  }

  /** What the database answers is fetched first and used afterwards: a transaction that failed is run again. */
  async #page(from: number): Promise<void> {
    const { cloud, order, log, wanted } = this.#of;
    const { tenant } = order;
    const to = Math.min(from + ENTRIES_A_PAGE, log.head.size);
    const { rows, own, evidence } = await cloud.database.read(tenant, async (tx) => {
      const rows = await wantedBetween(tx, wanted, { generation: log.generation, from, to });
      const seqs = rows.flatMap(({ source, seq }) => (source === tenant ? [seq] : []));
      const [first, last] = [seqs[0], seqs.at(-1)];
      const evidence = await this.#evidence.readable(tx, seqs);
      const hasOwn = order.opened.length > 0 && first !== undefined && last !== undefined;
      return {
        rows,
        evidence,
        own: hasOwn ? await cloud.journal.openOwned(tx, tenant, { first, last }) : new Map(),
      };
    });
    for (const row of rows) await this.#entry(row, { own, evidence });
    if (this.#spans.length >= SPANS_A_READ) await this.#hashSpans();
  }

  async #entry(row: EntryRow, { own, evidence }: Beside): Promise<void> {
    const { parts } = this.#of;
    const { index, source, seq } = row;
    const bytes = new Uint8Array(row.bytes);
    const parsed = parseRecord(bytes);
    if (!parsed.ok) throw new Error(`record ${seq} of ${source} does not parse: ${parsed.why}`);
    this.#gapUpTo(index);
    this.#before = index;
    this.#count(source, seq);
    if (this.#proven.length <= PROOFS_MAX) this.#proven.push(index);
    parts.add('records.jsonl', `${recordLine(index, bytes)}\n`);
    const batch = row.batch_last === null ? undefined : await this.#batch(source, row.batch_last);
    const kept = (batch?.openings ?? own).get(seq);
    const openings = this.#mayBeSeen(kept);
    if (Object.keys(openings).length > 0) parts.add('opened.jsonl', `${openedLine(index, openings)}\n`);
    parts.add('records.csv', csvRow(index, parsed.record, openings));
    const isOwn = source === this.#of.order.tenant;
    const attached = { openings, seq, evidence: isOwn ? evidence.get(seq) : undefined };
    const file = this.#evidence.take(index, attached);
    this.#report(parsed.record, { index, openings, batch: batch?.row ?? null, file });
  }

  #report(record: LedgerRecord, of: Omit<ReportRow, 'record' | 'bank'>): void {
    if (this.#records > REPORT_ROWS_MAX) return;
    const bank = of.batch ? (this.#banks.get(record.source)?.name ?? record.source) : null;
    this.#of.parts.add('report.html', reportRow({ ...of, record, bank }));
  }

  #gapUpTo(index: number): void {
    this.#spans.push(...partsWithin({ begin: this.#before + 1, end: index }, this.#of.log.head.size));
  }

  #count(source: string, seq: number): void {
    const known = this.#sources.get(source) ?? { source, first: seq, last: seq - 1, records: 0, whole: true };
    this.#sources.set(source, known);
    if (seq !== known.last + 1) known.whole = false;
    known.last = seq;
    known.records += 1;
    this.#records += 1;
    const { recordsMax } = this.#of.order;
    if (recordsMax !== undefined && this.#records > recordsMax)
      throw new HoldfastError('too-large', `more than ${recordsMax} records; ask for a part of the time`);
  }

  /** The batch of a record; the first record of each brings its head, with what proves the others away. */
  async #batch(source: string, last: number) {
    const known = this.#batches.get(source);
    if (known?.row.last === last) return known;
    const { cloud, order, log, wanted, parts } = this.#of;
    const of = { source, last, log: { generation: log.generation, size: log.head.size } };
    const fresh = await cloud.database.read(order.tenant, async (tx) => {
      const row = await batchOf(tx, wanted, of);
      if (!row) throw new Error(`there is no batch of ${source} that ends at ${last}`);
      const openings = order.opened.length > 0 ? await cloud.journal.openOwned(tx, source, row) : new Map();
      return { row, openings };
    });
    this.#batches.set(source, fresh);
    const key = base64url(new Uint8Array(fresh.row.key));
    this.#signers.set(`${source} ${key}`, { bank: source, key });
    parts.add('heads.jsonl', `${canonical(headLine(source, fresh.row, key))}\n`);
    return fresh;
  }

  /** Only those fields that this receiver may see; whose they are is noted. */
  #mayBeSeen(kept: Owned | undefined): Openings {
    return Object.fromEntries(
      this.#of.order.opened.flatMap((field) => {
        const opening = kept?.openings[field];
        const owner = kept?.owners[field];
        if (opening && owner) this.#shown.add(owner);
        return opening ? [[field, opening]] : [];
      }),
    );
  }

  async #hashSpans(): Promise<void> {
    const { log, parts } = this.#of;
    const { size } = log.head;
    for (let at = 0; at < this.#spans.length; at += SPANS_A_READ) {
      const spans = this.#spans.slice(at, at + SPANS_A_READ);
      for (const hash of proved(await hashSpans(log.tiles, { spans, size })))
        parts.add('tree.txt', `${base64(hash)}\n`);
    }
    this.#spans = [];
  }

  async #prove(index: number): Promise<void> {
    const { log, parts } = this.#of;
    const { path } = proved(await proveInclusion(log.tiles, { index, head: log.head }));
    parts.add(proofName(index), encodeProof({ index, path, checkpoint: log.note }));
  }

  /**
   * For each key that signed something here the newest roster that names it, where there is one, and the newest of its
   * site: a key that was dropped is seen to be.
   */
  async #rosters(): Promise<string[]> {
    const { cloud, order } = this.#of;
    const notes = new Set<string>();
    for (const { bank, key } of this.#signers.values()) {
      const known = this.#banks.get(bank);
      if (!known) continue;
      const site = known.site as SiteId;
      const found = await cloud.database.read(order.tenant, (tx) =>
        Promise.all([rosters.noteNaming(tx, site, { bank: known.bank, key }), rosters.newestNote(tx, site)]),
      );
      for (const note of found) if (note !== undefined) notes.add(note);
    }
    return [...notes];
  }
}

function headLine(bank: string, { note, leaves }: BatchRow, key: string): HeadLine {
  const shown = leaves.flatMap((leaf, at) => (leaf.shown ? [at] : []));
  const parts = gapsAround(shown, leaves.length).flatMap((gap) => partsWithin(gap, leaves.length));
  const hashes = parts.map(({ begin, end }) =>
    base64(treeHash(leaves.slice(begin, end).map(({ hash }) => new Uint8Array(hash)))),
  );
  return { bank, key, head: note, hashes };
}

/** Tiles that do not lead to the signed root are an operator's matter, and no answer to who asked. */
function proved<T>(result: LogResult<T>): T {
  if (!result.ok) throw new Error(`the log cannot be proved: ${result.reason} ${result.about}`);
  return result.value;
}
