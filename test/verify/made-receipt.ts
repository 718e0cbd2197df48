/** A log with its witnesses, and a parcel's receipt whose records stand in it: made from the formats alone. */
import assert from 'node:assert/strict';
import { base64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../../src/crypto/sign.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../../src/domain/roster.ts';
import { batchRoot, NO_HEAD, signHead } from '../../src/ledger/batch.ts';
import { signCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { EMPTY_LOG, growTree, headOf } from '../../src/ledger/log/growth.ts';
import { encodeProof } from '../../src/ledger/log/proof-file.ts';
import { proveInclusion } from '../../src/ledger/log/prove.ts';
import { cosignatureLine } from '../../src/ledger/log/signatures.ts';
import { MemoryTiles, modelLeaf, RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { type Receipt, receiptPath } from '../../src/ledger/receipt.ts';
import { leafHash, NO_HASH, writeRecord } from '../../src/ledger/record.ts';
import { signRoster } from '../../src/ledger/roster.ts';

export const LOG = signerOf('log.example/a', RFC_SECRETS[0]);
const WITNESSES = RFC_SECRETS.slice(1).map((secret, at) => signerOf(`w.example/${at + 1}`, secret));
export const policyOf = (k: number | string): string =>
  [
    '# A policy of C2SP tlog-policy.',
    `log ${vkeyText({ type: 'signature', ...LOG })}`,
    ...WITNESSES.map(
      (one, at) => `witness w${at} ${vkeyText({ type: 'cosignature', ...one })} https://w.example`,
    ),
    `group all-of-them ${k} w0 w1 w2`,
    'quorum all-of-them',
    '',
  ].join('\n');

export const ENTRIES = Array.from({ length: 600 }, (_, at) => utf8(`entry ${at}`));
export const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Proofs of a log that the pure core wrote, cosigned by the first `k` witnesses. */
export async function proofsOf(
  indices: readonly number[],
  k: number,
  entries: readonly Uint8Array[] = ENTRIES,
): Promise<{ proof: string; entry: string }[]> {
  const tiles = new MemoryTiles();
  const { state, objects } = growTree(EMPTY_LOG, entries.map(modelLeaf));
  tiles.write(objects);
  const head = headOf(state);
  const note = signCheckpoint({ origin: LOG.name, ...head }, LOG);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const lines = WITNESSES.slice(0, k).map((signer, at) =>
    cosignatureLine({ text, signer, atS: 1_790_000_000 + at }),
  );
  const proofs = indices.map(async (index) => {
    const proven = await proveInclusion(tiles, { index, head });
    assert.ok(proven.ok);
    const proof = encodeProof({ index, path: proven.value.path, checkpoint: note + lines.join('') });
    return { proof, entry: b64(entries[index] ?? assert.fail()) };
  });
  return Promise.all(proofs);
}

export const id = <K extends Parameters<typeof idFrom>[0]>(kind: K, fill = 1) =>
  idFrom(kind, new Uint8Array(16).fill(fill));
export const [root, second, stranger, bankKey] = [
  newSigningKey(),
  newSigningKey(),
  newSigningKey(),
  newSigningKey(),
];
export const keyText = (key: SigningKey) => base64url(key.publicKey);
const HASH = base64url(new Uint8Array(32).fill(9));

function rosterNote(): string {
  const point = (key: SigningKey) => base64url(key.publicKey.subarray(-65));
  const roster: Roster = {
    ...{ v: 1, tenant: id('tenant'), site: id('site'), version: 1, madeAtMs: 1_768_478_400_000 },
    root: { keys: [keyText(root), keyText(second)], k: 2 },
    banks: [{ bank: id('bank'), key: keyText(bankKey), sealKey: point(bankKey) }],
    pins: { current: HASH, next: HASH, offline: null },
    keys: { intake: point(root), notifier: keyText(root), ledger: null },
    ...{ carriers: [], couriers: [], staff: [], policy: DEFAULT_POLICY },
  };
  return signRoster(roster, [root, second]);
}

/** A parcel that goes in and out, and a door between, as the bank writes it. */
function receiptMade(): Receipt {
  const who = {
    tracking: '1Z999AA10123456784',
    carrier: id('carrier'),
    person: id('person'),
    counterpart: id('person', 2),
    session: id('session'),
    grant: id('grant'),
  };
  const drafts = [
    {
      kind: 'parcel.deposited' as const,
      compartment: 3,
      facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs: 9_000 },
      fields: { parcel: id('parcel'), ...who },
    },
    { kind: 'door.opened' as const, compartment: 3, facts: { expected: true } },
    {
      kind: 'parcel.collected' as const,
      compartment: 3,
      facts: { basis: 'person', occupied: 'no' },
      fields: { parcel: id('parcel'), ...who },
    },
  ];
  let prev = NO_HASH;
  const written = drafts.map((draft, at) => {
    const time = { atMs: at, source: 'clock' as const, uncertaintyMs: 1 };
    const drawSalt = () => new Uint8Array(16).fill(at + 1);
    const one = writeRecord({ draft, source: id('bank'), seq: at + 1, prev, time, drawSalt });
    prev = one.hash;
    return one;
  });
  const all = written.map(({ bytes }) => bytes);
  const head = signHead({
    head: { bank: id('bank'), first: 1, last: 3, previous: NO_HEAD, root: batchRoot(all) },
    key: bankKey,
  });
  const entries = written.map(({ bytes, openings }, at) => ({
    record: fromUtf8(bytes),
    ...{ openings, head, path: receiptPath(all.map(leafHash), at), proof: null },
  }));
  const parcel = { v: 2 as const, parcel: id('parcel'), bank: id('bank'), log: null };
  return { ...parcel, roster: rosterNote(), bankKey: keyText(bankKey), entries };
}

/** Its records behind the others of the log, each with its proof, cosigned by the first `k` witnesses. */
export async function receiptProven(k = 3): Promise<Receipt> {
  const records = RECEIPT.entries.map(({ record }) => utf8(record));
  const proofs = await proofsOf([600, 601, 602], k, [...ENTRIES, ...records]);
  const entries = RECEIPT.entries.map((entry, at) => ({ ...entry, proof: proofs[at]?.proof ?? '' }));
  return { ...RECEIPT, log: vkeyText({ type: 'signature', ...LOG }), entries };
}

export const RECEIPT = receiptMade();
export const asked = { rootKeys: [keyText(root), keyText(second)], signatures: 2 };
