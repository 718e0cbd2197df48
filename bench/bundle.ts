/** A bundle of evidence over a whole log, as long as one likes, in the formats alone: several banks' batches in turn. */
import { closeSync, openSync, writeSync } from 'node:fs';

import { csvHead, csvRow } from '../src/cloud/export/rows.ts';
import { base64url, utf8 } from '../src/crypto/bytes.ts';
import { newEd25519Key } from '../src/crypto/ed25519.ts';
import { type RunningHash, runningSha256 } from '../src/crypto/hash.ts';
import { newSigningKey } from '../src/crypto/sign.ts';
import { type BankId, idFrom } from '../src/domain/ids.ts';
import { headHash, NO_HEAD, signHead } from '../src/ledger/batch.ts';
import { canonical, EXPORT_FORMAT, fileEntry, recordLine } from '../src/ledger/export/format.ts';
import { TAR_END, tarHeader, tarPadding } from '../src/ledger/export/tar.ts';
import { signCheckpoint, type TreeHead } from '../src/ledger/log/checkpoint.ts';
import { appendLeaves, EMPTY_RANGE, rangeRoot } from '../src/ledger/log/range.ts';
import { vkeyText } from '../src/ledger/log/vkey.ts';
import { parseRecord } from '../src/ledger/record.ts';
import { treeHash } from '../src/ledger/tree.ts';
import { systemRandom } from '../src/platform/random.ts';
import { Chain, templatesOf } from './chained.ts';

const BANKS = 4;
const BATCH = 1_000;
const TEMPLATES = 1_000;
const ORIGIN = 'ledger.example.org/log/tenant/1';
const MADE_AT_MS = 1_790_000_000_000;

export type LongBundle = {
  path: string;
  bytes: number;
  /** Of each record, in the order of the log. */
  lengths: Uint16Array;
  leaves: Uint8Array[];
  head: TreeHead;
};

class Bank {
  readonly chain: Chain;
  readonly #key = newSigningKey();
  #previous = NO_HEAD;

  constructor() {
    const bank: BankId = idFrom('bank', systemRandom.bytes(16));
    this.chain = new Chain(bank, templatesOf(bank, TEMPLATES));
  }

  /** Signs what it wrote from `first` on. */
  head(first: number, leaves: readonly Uint8Array[]): string {
    const { bank } = this.chain;
    const root = base64url(treeHash(leaves));
    const head = { bank, first, last: first + leaves.length - 1, previous: this.#previous, root };
    this.#previous = headHash(head);
    const key = base64url(this.#key.publicKey);
    return canonical({ bank, key, head: signHead({ head, key: this.#key }), hashes: [] });
  }
}

/** The files of it, in memory until they are packed: a maker may hold what no reader has to. */
class Files {
  readonly #files = new Map<string, { pieces: Uint8Array[]; bytes: number; hash: RunningHash }>();

  add(name: string, text: string): void {
    const file = this.#files.get(name) ?? { pieces: [], bytes: 0, hash: runningSha256() };
    this.#files.set(name, file);
    const piece = utf8(text);
    file.pieces.push(piece);
    file.bytes += piece.length;
    file.hash.add(piece);
  }

  entries() {
    return [...this.#files].map(([name, { bytes, hash }]) => fileEntry(name, { bytes, sha256: hash.end() }));
  }

  pack(path: string, manifest: string): number {
    const first = utf8(manifest);
    const file = openSync(path, 'wx', 0o600);
    let written = 0;
    const put = (bytes: Uint8Array) => {
      written += writeSync(file, bytes);
    };
    const all = new Map<string, { pieces: Uint8Array[]; bytes: number }>([
      ['manifest.json', { pieces: [first], bytes: first.length }],
      ...this.#files,
    ]);
    for (const [name, { pieces, bytes }] of all) {
      put(tarHeader(name, bytes));
      for (const piece of pieces) put(piece);
      put(tarPadding(bytes));
    }
    put(TAR_END);
    closeSync(file);
    return written;
  }
}

/** Writes it to `out`. */
export function longBundle(out: string, records: number): LongBundle {
  const parts = new Files();
  const banks = Array.from({ length: BANKS }, () => new Bank());
  const lengths = new Uint16Array(records);
  const leaves: Uint8Array[] = [];
  for (const name of ['tree.txt', 'opened.jsonl', 'report.html']) parts.add(name, '');
  parts.add('records.csv', csvHead());
  for (let batch = 0; leaves.length < records; batch++) {
    const bank = banks[batch % BANKS] as Bank;
    const first = bank.chain.end.seq + 1;
    const begin = leaves.length;
    const lines: string[] = [];
    const rows: string[] = [];
    for (let at = 0; at < BATCH && leaves.length < records; at++) {
      const { text, hash } = bank.chain.next();
      const bytes = utf8(text);
      lengths[leaves.length] = bytes.length;
      lines.push(`${recordLine(leaves.length, bytes)}\n`);
      rows.push(rowOf(batch * BATCH + at, text));
      leaves.push(hash);
    }
    parts.add('records.jsonl', lines.join(''));
    parts.add('records.csv', rows.join(''));
    parts.add('heads.jsonl', `${bank.head(first, leaves.slice(begin))}\n`);
  }
  return finish(parts, { out, banks, lengths, leaves });
}

/** One row for all that repeat: they are for reading, and only their length and hash are checked. */
const rowsKnown = new Map<string, string>();

function rowOf(index: number, text: string): string {
  const kind = /"kind":"([^"]+)"/.exec(text)?.[1] ?? '';
  const known = rowsKnown.get(kind);
  if (known !== undefined) return `${index}${known}`;
  const parsed = parseRecord(utf8(text));
  if (!parsed.ok) throw new Error(`a record of the bench does not parse: ${parsed.why}`);
  const row = csvRow(0, parsed.record, {}).slice(1);
  rowsKnown.set(kind, row);
  return `${index}${row}`;
}

type Whole = { out: string; banks: readonly Bank[] } & Pick<LongBundle, 'lengths' | 'leaves'>;

function finish(parts: Files, { out, banks, lengths, leaves }: Whole): LongBundle {
  const range = appendLeaves(EMPTY_RANGE, leaves);
  const head = { size: range.size, root: rangeRoot(range) };
  const signer = { name: ORIGIN, ...newEd25519Key() };
  parts.add('checkpoint', signCheckpoint({ origin: ORIGIN, ...head }, signer));
  const log = { origin: ORIGIN, vkey: vkeyText({ type: 'signature', ...signer }) };
  parts.add('keys.json', canonical({ log, rosters: [] }));
  const nothing = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
  const sources = banks.flatMap(({ chain: { bank, end } }) =>
    end.seq === 0 ? [] : [{ source: bank, first: 1, last: end.seq, records: end.seq, whole: true }],
  );
  const manifest = {
    ...{ format: EXPORT_FORMAT, madeAtMs: MADE_AT_MS, madeBy: null, purpose: 'a bench', tenant: 'tenant' },
    ...{ selection: nothing, opened: [], log: { origin: ORIGIN, size: head.size }, records: head.size },
    ...{ proofs: 'tree', sources, files: parts.entries() },
  };
  return { path: out, bytes: parts.pack(out, canonical(manifest)), lengths, leaves, head };
}
