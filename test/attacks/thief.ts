/** What the attempts of a disk's thief share: the disk as it lies there, its rows, and what an attempt answers. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { base64url, fromBase64url, fromUtf8 } from '../../src/crypto/bytes.ts';
import type { SigningKey } from '../../src/crypto/sign.ts';
import { batchRoot, judgeBatch, NO_HEAD, signHead } from '../../src/ledger/batch.ts';
import { leafHash, NO_HASH, SALT_BYTES, writeRecord } from '../../src/ledger/record.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { filesUnder, type ScannedFile } from './byte-scan.ts';

/** `opened`: the attempt got something that it should not have. `at`: where that something is good. */
export type Attempt = { attempt: string; opened: boolean; at: 'this bank' | 'elsewhere'; says: string };
export type Said = Omit<Attempt, 'at' | 'attempt'>;

export type Disk = {
  /** The copied folder that holds `journal.sqlite`. */
  dataDir: string;
  bank: string;
  files: ScannedFile[];
  sealedText: string;
  sealed: Uint8Array;
  identity: Uint8Array;
  certificate: string;
};

export type Tries = {
  disk: Disk;
  home: string;
  attempt(at: Attempt['at'], name: string, act: () => Promise<Said> | Said): Promise<void>;
};

/**
 * The room that a bank keeps in reserve: random bytes, written once and never read (`src/edge/room.ts`). What
 * stands in four MiB of chance proves nothing and would be tried as millions of keys.
 */
export const isFiller = (file: string): boolean => file.endsWith('journal.reserve');

export function readDisk(dir: string): Disk {
  const files = filesUnder(dir).filter(({ file }) => !isFiller(file));
  const named = (name: string) => {
    const file = files.find((candidate) => candidate.file.endsWith(name));
    if (!file) throw new Error(`there is no ${name} under ${dir}: this is no bank's disk`);
    return file;
  };
  const sealedText = fromUtf8(named('bank.sealed').bytes);
  const { bank, sealed } = JSON.parse(sealedText) as { bank: string; sealed: string };
  const certificate = fromUtf8(named('certificate.pem').bytes);
  return {
    dataDir: join(dir, named('journal.sqlite').file, '..'),
    bank,
    files,
    sealedText,
    sealed: fromBase64url(sealed) ?? new Uint8Array(0),
    identity: new Uint8Array(
      new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }),
    ),
    certificate,
  };
}

export const answer = (opened: boolean, says: string): Said => ({ opened, says });

/** Runs what should be refused; its error's sentence is the refusal. */
export async function refusalOf(act: () => unknown): Promise<Said> {
  try {
    await act();
  } catch (error) {
    return answer(false, `refused: ${(error as Error).message.split('\n')[0]}`);
  }
  return answer(true, 'it was taken');
}

export type Rows = {
  records: { seq: number; bytes: Uint8Array }[];
  heads: { last: number; hash: string }[];
  sealed: { bytes: Uint8Array; place: string }[];
  wishes: { reference: string; enc: string; ciphertext: string }[];
};

/** What SQLite shows to anybody: the records, which are written to be public, and sealed bytes. */
export function readRows({ dataDir, bank }: Disk): Rows {
  const db = new DatabaseSync(join(dataDir, 'journal.sqlite'));
  const all = (sql: string) => db.prepare(sql).all() as Record<string, unknown>[];
  const rows = {
    records: all('select seq, bytes from record order by seq').map((row) => ({
      seq: Number(row.seq),
      bytes: row.bytes as Uint8Array,
    })),
    heads: all('select last, hash from head order by last').map((row) => ({
      last: Number(row.last),
      hash: String(row.hash),
    })),
    sealed: [
      ...all('select collection, key, sealed from state').map((row) => ({
        bytes: row.sealed as Uint8Array,
        place: `state/${bank}/${row.collection}/${row.key}`,
      })),
      ...all('select seq, sealed from opening').map((row) => ({
        bytes: row.sealed as Uint8Array,
        place: `opening/${bank}/${row.seq}`,
      })),
    ],
    wishes: all('select reference, json from wish').map((row) => ({
      reference: String(row.reference),
      ...(JSON.parse(String(row.json)) as { codes: { enc: string; ciphertext: string } }).codes,
    })),
  };
  db.close();
  return rows;
}

export type Forgery = {
  rows: Pick<Rows, 'records' | 'heads'>;
  signer: SigningKey & { name: string };
  /** Whose key the cloud's roster holds. */
  judged: { name: string; publicKey: Uint8Array };
};

/** Signs one more record onto what the cloud has of a bank, and asks the cloud's own judge. */
export function forgeBatch({ rows, signer, judged }: Forgery): Said {
  const tip = rows.records.at(-1);
  const seq = (tip?.seq ?? 0) + 1;
  const committed = {
    lastSeq: seq - 1,
    lastHash: tip ? base64url(leafHash(tip.bytes)) : NO_HASH,
    lastHead: rows.heads.at(-1)?.hash ?? NO_HEAD,
  };
  const { bytes } = writeRecord({
    draft: { kind: 'agent.stopped', facts: {} },
    source: signer.name,
    seq,
    prev: committed.lastHash,
    time: { atMs: 1, source: 'clock', uncertaintyMs: 0 },
    drawSalt: () => systemRandom.bytes(SALT_BYTES),
  });
  const range = { first: seq, last: seq, previous: committed.lastHead, root: batchRoot([bytes]) };
  const note = signHead({ head: { bank: signer.name, ...range }, key: signer });
  const judgement = judgeBatch({ note, records: [bytes], key: judged, committed, headAt: () => undefined });
  return judgement.verdict === 'refused'
    ? answer(false, `the cloud refuses: ${judgement.reason}`)
    : answer(true, `the cloud takes it (${judgement.verdict}), until the roster drops this bank’s key`);
}
