/** Bundles of any length, made from the formats alone: one bank's journal that fills a log of its own. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { base64, base64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { newEd25519Key } from '../../src/crypto/ed25519.ts';
import { runningSha256, sha256 } from '../../src/crypto/hash.ts';
import { newSigningKey, type SigningKey } from '../../src/crypto/sign.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../../src/domain/roster.ts';
import { batchRoot, headHash, NO_HEAD, signHead } from '../../src/ledger/batch.ts';
import { canonical, EXPORT_FORMAT, fileEntry, recordLine } from '../../src/ledger/export/format.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/ledger/export/tar.ts';
import { signCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { appendLeaves, EMPTY_RANGE, rangeRoot } from '../../src/ledger/log/range.ts';
import { RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { leafHash, NO_HASH, type RecordDraft, writeRecord } from '../../src/ledger/record.ts';
import { signRoster } from '../../src/ledger/roster.ts';

export const LOG = signerOf('log.example/a', RFC_SECRETS[0]);
export const POLICY = `log ${vkeyText({ type: 'signature', ...LOG })}\nquorum none\n`;
const id = <K extends Parameters<typeof idFrom>[0]>(kind: K) => idFrom(kind, new Uint8Array(16).fill(1));
const [BANK, SITE, TENANT] = [id('bank'), id('site'), id('tenant')];
const BATCH = 1024;

export type MadeBundle = { path: string; root: SigningKey; bank: SigningKey };

type Sees = 'this' | 'another' | 'more' | 'unnamed';

/** What a cloud that has its log's key can do to a bank's records before it signs a tree over them. */
export type HostileCloud = {
  /** A record says another door; the bank's heads stay. */
  changes?: number;
  /** A record is left out of the log. */
  omits?: number;
  /** All of it is the cloud's own work, under a key that no roster names. */
  forges?: boolean;
  /**
   * The bank says of the log what it saw of it: the root that was then, or another face's, or more than was there; or
   * it says so of a log by a key that nothing in the bundle names.
   */
  sees?: Sees;
  /** A newer roster, which is in it too, names the bank no more. */
  drops?: boolean;
};

type Keys = { root: SigningKey; bank: SigningKey };

/** The text of each file of a bundle of `count` records; the long ones a piece at a time. */
function* piecesOf(count: number, keys: Keys, cloud: HostileCloud): Generator<[string, string]> {
  const signer = cloud.forges ? newSigningKey() : keys.bank;
  let index = 0;
  const leaves: Uint8Array[] = [];
  let [prev, previous, range] = [NO_HASH, NO_HEAD, EMPTY_RANGE];
  for (let first = 1; first <= count; first += BATCH) {
    const last = Math.min(count, first + BATCH - 1);
    const all: Uint8Array[] = [];
    for (let seq = first; seq <= last; seq++) {
      const draft: RecordDraft =
        cloud.sees !== undefined && seq === SEEN_AT
          ? { kind: 'log.seen', facts: seenFacts(leaves, cloud.sees) }
          : { kind: 'door.opened', compartment: 3, facts: { expected: true } };
      const time = { atMs: 1_760_000_000_000 + seq, source: 'clock', uncertaintyMs: 1 } as const;
      const written = writeRecord({
        draft,
        source: BANK,
        seq,
        prev,
        time,
        drawSalt: () => new Uint8Array(16),
      });
      prev = written.hash;
      all.push(written.bytes);
      if (seq < SEEN_AT) leaves.push(leafHash(written.bytes));
    }
    const told = all.map((bytes, at) =>
      first + at === cloud.changes
        ? utf8(fromUtf8(bytes).replace('"compartment":3', '"compartment":4'))
        : bytes,
    );
    const logged = told.filter((_, at) => first + at !== cloud.omits);
    range = appendLeaves(range, logged.map(leafHash));
    yield ['records.jsonl', logged.map((bytes) => `${recordLine(index++, bytes)}\n`).join('')];
    const head = { bank: BANK, first, last, previous, root: batchRoot(all) };
    previous = headHash(head);
    const omitted = all.filter((_, at) => first + at === cloud.omits).map((bytes) => base64(leafHash(bytes)));
    const line = {
      bank: BANK,
      key: base64url(signer.publicKey),
      head: signHead({ head, key: signer }),
      hashes: omitted,
    };
    yield ['heads.jsonl', `${canonical(line)}\n`];
  }
  for (const name of ['tree.txt', 'opened.jsonl', 'records.csv', 'report.html']) yield [name, ''];
  yield ['checkpoint', signCheckpoint({ origin: LOG.name, size: range.size, root: rangeRoot(range) }, LOG)];
  const log = { origin: LOG.name, vkey: vkeyText({ type: 'signature', ...LOG }) };
  const rosters = [rosterNote(keys), ...(cloud.drops ? [rosterNote(keys, { version: 2, banks: [] })] : [])];
  yield ['keys.json', canonical({ log, rosters })];
}

/** The record with this number says what its bank saw of the log before it. */
const SEEN_AT = 20;

function seenFacts(leaves: readonly Uint8Array[], sees: Sees) {
  const there = sees === 'another' || sees === 'unnamed' ? leaves.with(3, leafHash(utf8('another'))) : leaves;
  const key = sees === 'unnamed' ? newEd25519Key().publicKey : LOG.publicKey;
  const log = base64url(sha256(utf8(vkeyText({ type: 'signature', name: LOG.name, publicKey: key }))));
  const size = sees === 'more' ? SEEN_AT + 5 : leaves.length;
  return { log, size, root: base64url(rangeRoot(appendLeaves(EMPTY_RANGE, there))), first: true };
}

function rosterNote({ root, bank }: Keys, newer: Partial<Pick<Roster, 'version' | 'banks'>> = {}): string {
  const point = base64url(root.publicKey.subarray(-65));
  const hash = base64url(new Uint8Array(32).fill(9));
  const roster: Roster = {
    ...{ v: 1, tenant: TENANT, site: SITE, version: 1, madeAtMs: 1_768_478_400_000 },
    root: { keys: [base64url(root.publicKey)], k: 1 },
    banks: [{ bank: BANK, key: base64url(bank.publicKey), sealKey: point }],
    pins: { current: hash, next: hash, offline: null },
    keys: { intake: point, notifier: base64url(root.publicKey), ledger: null },
    ...{ carriers: [], couriers: [], staff: [], policy: DEFAULT_POLICY },
    ...newer,
  };
  return signRoster(roster, [root]);
}

/** Writes it to `path`. What is long is held as text once, which a maker may and a reader must not need. */
export function makeBundle(path: string, count: number, cloud: HostileCloud = {}): MadeBundle {
  const keys = { root: newSigningKey(), bank: newSigningKey() };
  const files = new Map<string, Uint8Array[]>();
  for (const [name, text] of piecesOf(count, keys, cloud))
    files.set(name, [...(files.get(name) ?? []), utf8(text)]);
  const sizeOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, { length }) => sum + length, 0);
  const entries = [...files].map(([name, pieces]) => {
    const hash = runningSha256();
    for (const piece of pieces) hash.add(piece);
    return fileEntry(name, { bytes: sizeOf(pieces), sha256: hash.end() });
  });
  const kept = cloud.omits === undefined ? count : count - 1;
  const selection = { bank: BANK, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
  const manifest = {
    ...{
      format: EXPORT_FORMAT,
      madeAtMs: 1_768_478_400_000,
      madeBy: null,
      purpose: 'a test',
      tenant: TENANT,
    },
    ...{ selection, opened: [], log: { origin: LOG.name, size: kept }, records: kept, proofs: 'tree' },
    sources: [{ source: BANK, first: 1, last: count, records: kept, whole: true }],
    files: entries,
  };
  const out = openSync(path, 'w', 0o600);
  for (const [name, pieces] of [['manifest.json', [utf8(canonical(manifest))]] as const, ...files]) {
    writeSync(out, tarHeader(name, sizeOf(pieces)));
    for (const piece of pieces) writeSync(out, piece);
    writeSync(out, tarPadding(sizeOf(pieces)));
  }
  writeSync(out, TAR_END);
  closeSync(out);
  return { path, ...keys };
}
