/**
 * What whoever is handed evidence waits for. A bundle over a whole log of a million records: every file hashed, every
 * record held against its form, its journal, its bank's signature and the signed root. Its limit is one SHA-256 for each
 * record and one for each inner node of the tree, of the same lengths, in one thread: by the call of Node that the
 * product makes, as it answers when it is asked for bytes; and, which only informs, by the product's own function over
 * it. And one receipt's proof, with three cosignatures, as its file is read.
 */
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newEd25519Key } from '../src/crypto/ed25519.ts';
import { sha256 } from '../src/crypto/hash.ts';
import type { ByteSource } from '../src/ledger/export/tar.ts';
import { verifyBundle } from '../src/ledger/export/verify.ts';
import { signCheckpoint } from '../src/ledger/log/checkpoint.ts';
import { type LogPolicy, readPolicy } from '../src/ledger/log/policy.ts';
import { encodeProof, verifyProof } from '../src/ledger/log/proof-file.ts';
import { cosignatureLine } from '../src/ledger/log/signatures.ts';
import { vkeyText } from '../src/ledger/log/vkey.ts';
import { inclusionPath } from '../src/ledger/tree.ts';
import { type LongBundle, longBundle } from './bundle.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const RECORDS = 1_000_000;
const NODE_BYTES = 65;
const RATIO_MIN = 0.5;
const PROOF_MS_MAX = 1;
const PROOF_BYTES_MAX = 2_000;
const PROOFS_A_ROUND = 500;
const WARM_UPS = 1;
const ORIGIN = 'ledger.example.com/log/tenant_aaaaaaaaaaaaaaaaaaaaaaaaaa/1';
const AT_S = 1_790_000_000;

export async function verify(say: (line: string) => void): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    say(`verify: making a bundle of ${RECORDS} records`);
    const bundle = longBundle(join(folder, 'bundle.tar'), RECORDS);
    return [...(await ofBundle(bundle)), ...(await ofProof(bundle))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Records a second. */
function timed(run: () => void): number {
  const startMs = performance.now();
  run();
  return (RECORDS / (performance.now() - startMs)) * 1000;
}

export function judge({ path, bytes: size }: LongBundle): void {
  const file = openSync(path, 'r');
  try {
    const read: ByteSource['read'] = (at, length, target = new Uint8Array(length)) => {
      const into = target.length >= length ? target : new Uint8Array(length);
      return into.subarray(0, readSync(file, into, 0, length, at));
    };
    const { holds, lines } = verifyBundle({ size, read }, { rootKeys: [], signatures: 1, policy: undefined });
    if (!holds) throw new Error(`the bundle does not hold: ${lines.at(-1)?.says}`);
  } finally {
    closeSync(file);
  }
}

export function hashAll({ lengths }: LongBundle, sha: (bytes: Uint8Array) => Uint8Array): void {
  const bytes = new Uint8Array(65_536);
  const node = new Uint8Array(NODE_BYTES);
  for (const [at, length] of lengths.entries()) {
    sha(bytes.subarray(0, length));
    if (at > 0) sha(node);
  }
}

async function ofBundle(bundle: LongBundle): Promise<Row[]> {
  const measured = await measure(['verify', 'raw', 'own'], WARM_UPS, async () => ({
    verify: [timed(() => judge(bundle))],
    raw: [timed(() => hashAll(bundle, (bytes) => hash('sha256', bytes, 'buffer')))],
    own: [timed(() => hashAll(bundle, (bytes) => sha256(bytes)))],
  }));
  const ratio = (of: 'raw' | 'own') => overRounds(measured, (round) => round.verify / round[of]);
  const row = (name: string, of: 'raw' | 'own', bar: number | null): Row => ({
    name,
    value: overRounds(measured, (round) => round.verify),
    unit: 'rows/s',
    ratio: ratio(of),
    bar,
    better: 'higher',
    holds: bar === null ? null : measured.rounds.length >= ROUNDS_MIN && ratio(of) >= bar,
    median: median(measured.samples.verify),
    p99: quantile(measured.samples.verify, 0.01),
    rounds: measured.rounds.length,
    discarded: measured.discarded,
  });
  return [
    row('verify, a bundle of 1 M records', 'raw', RATIO_MIN),
    row('verify, against the product’s own SHA-256', 'own', null),
  ];
}

/** One file, as a resident has it: the record's index, the path to the root, and the checkpoint with who cosigned it. */
function proofOf({ leaves, head }: LongBundle): { text: string; leaf: Uint8Array; policy: LogPolicy } {
  const log = { name: ORIGIN, ...newEd25519Key() };
  const witnesses = [1, 2, 3].map((number) => ({
    name: `witness-${number}.auditor.example.org/holdfast`,
    ...newEd25519Key(),
  }));
  const policy = readPolicy({
    origin: ORIGIN,
    logs: [vkeyText({ type: 'signature', ...log })],
    witnesses: witnesses.map((witness) => vkeyText({ type: 'cosignature', ...witness })),
    quorum: 3,
  });
  if (!policy.ok) throw new Error(`the policy of the bench is none: ${policy.reason}`);
  const index = 777_777;
  const note = signCheckpoint({ origin: ORIGIN, ...head }, log);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const lines = witnesses.map((signer) => cosignatureLine({ text, signer, atS: AT_S }));
  const path = inclusionPath(leaves, index);
  return {
    text: encodeProof({ index, path, checkpoint: note + lines.join('') }),
    leaf: leaves[index] ?? new Uint8Array(0),
    policy: policy.value,
  };
}

async function ofProof(bundle: LongBundle): Promise<Row[]> {
  const { text, leaf, policy } = proofOf(bundle);
  const check = () => {
    const verdict = verifyProof(text, { leaf, policy });
    if (!verdict.ok) throw new Error(`the proof does not hold: ${verdict.reason}`);
  };
  const measured = await measure(['proof'], WARM_UPS, async () => ({
    proof: Array.from({ length: PROOFS_A_ROUND }, () => {
      const startMs = performance.now();
      check();
      return performance.now() - startMs;
    }),
  }));
  const common = { rounds: measured.rounds.length, discarded: measured.discarded };
  const enough = common.rounds >= ROUNDS_MIN;
  const value = overRounds(measured, (round) => round.proof);
  const bytes = Buffer.byteLength(text);
  const size = { value: bytes, median: bytes, p99: bytes };
  return [
    {
      ...{ name: 'verify, one proof with three cosignatures', unit: 'ms', ratio: null, better: 'lower' },
      ...{ bar: PROOF_MS_MAX, holds: enough && value <= PROOF_MS_MAX, value, ...common },
      ...{ median: median(measured.samples.proof), p99: quantile(measured.samples.proof, 0.99) },
    },
    {
      ...{ name: 'verify, the file of that proof', unit: 'bytes', ratio: null, better: 'lower', ...common },
      ...{ bar: PROOF_BYTES_MAX, holds: bytes <= PROOF_BYTES_MAX, ...size },
    },
  ];
}
