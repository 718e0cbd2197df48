/**
 * What a hostile or broken stranger may hand in, in one table: each is refused with a reason of the closed
 * list, quickly and in bounded memory, and each reason of the list is given for something.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { BUNDLE_BYTES_MAX, decodeBundle, encodeEntries } from './bundle.ts';
import { checkpointText, EMPTY_ROOT, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { isConsistent, judgeGrowth } from './consistency.ts';
import { EMPTY_LOG, growTree, headOf } from './growth.ts';
import { parseTilePath } from './layout.ts';
import { openWitnessed, readPolicy } from './policy.ts';
import { encodeProof, type ProofFile, parseProof, verifyProof } from './proof-file.ts';
import { proveConsistency, proveInclusion } from './prove.ts';
import { LOG_REFUSALS, type LogRefusal, type LogResult } from './refusals.ts';
import { cosignatureLine, openLogNote, signLogNote } from './signatures.ts';
import { followSuccession } from './succession.ts';
import {
  draws,
  MemoryTiles,
  modelLeaves,
  modelPath,
  modelProof,
  modelRoot,
  RFC_SECRETS,
  signerOf,
} from './test-model.ts';
import { keyOf, rotation } from './test-succession.ts';
import { parseVkey, vkeyText } from './vkey.ts';
import { parseAddCheckpoint } from './witness.ts';

const origin = 'log.example/a';
const log = signerOf(origin, RFC_SECRETS[0]);
const witness = signerOf('witness.example/1', RFC_SECRETS[1]);
const logVkey = vkeyText({ type: 'signature', ...log });
const witnessVkey = vkeyText({ type: 'cosignature', ...witness });
const texts = { origin, logs: [logVkey], witnesses: [witnessVkey], quorum: 1 };
const read = readPolicy(texts);
assert.ok(read.ok);
const policy = read.value;

const leaves = modelLeaves(300);
const headAt = (size: number) => ({ size, root: modelRoot(leaves.slice(0, size)) });
const signed = (size: number) => signCheckpoint({ origin, ...headAt(size) }, log);
const cosigned = (size: number) =>
  signed(size) +
  cosignatureLine({ text: checkpointText({ origin, ...headAt(size) }), signer: witness, atS: 5 });
const proofOf = (index: number, size: number): ProofFile => ({
  index,
  path: modelPath(index, leaves.slice(0, size)),
  checkpoint: cosigned(size),
});
const leaf = leaves[7] ?? assert.fail();
const good = encodeProof(proofOf(7, 300));
const verify = (text: string) => verifyProof(text, { leaf, policy });
const store = new MemoryTiles();
const { state, objects } = growTree(EMPTY_LOG, leaves);
store.write(objects);
const head = headOf(state);
const bundle = encodeEntries([new Uint8Array(3), new Uint8Array(0), new Uint8Array(2)]);
const zeros = Buffer.alloc(32).toString('base64');
const flip = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1);

type Case = [string, LogRefusal, () => LogResult<unknown> | Promise<LogResult<unknown>>];

const TABLE: readonly Case[] = [
  // Proofs.
  [
    'a proof for another tree size',
    'inclusion-wrong',
    () => verify(encodeProof({ ...proofOf(7, 299), checkpoint: cosigned(300) })),
  ],
  [
    'a proof for another index',
    'inclusion-wrong',
    () => verify(encodeProof({ ...proofOf(7, 300), index: 6 })),
  ],
  [
    'a proof with one hash too many',
    'inclusion-wrong',
    () => verify(good.replace('index 7\n', `index 7\n${zeros}\n`)),
  ],
  [
    'an index just outside the tree',
    'index-outside-tree',
    () => verify(encodeProof({ ...proofOf(7, 300), index: 300 })),
  ],
  [
    'an index near 2^53',
    'index-outside-tree',
    () => verify(encodeProof({ ...proofOf(7, 300), index: 2 ** 53 - 1 })),
  ],
  ['an index of 2^64', 'number-huge', () => verify(good.replace('index 7', 'index 18446744073709551616'))],
  [
    'an index of a million digits',
    'proof-too-long',
    () => verify(good.replace('index 7', `index 7${'0'.repeat(1_000_000)}`)),
  ],
  ['a proof with trailing bytes', 'note-malformed', () => verify(`${good}x`)],
  ['a proof with a trailing line', 'note-malformed', () => verify(`${good}\n`)],
  [
    'a proof with a million hashes',
    'proof-too-long',
    () => verify(good.replace('index 7\n', `index 7\n${`${zeros}\n`.repeat(1e6)}`)),
  ],
  [
    'a proof with a thousand hashes',
    'proof-malformed',
    () => verify(good.replace('index 7\n', `index 7\n${`${zeros}\n`.repeat(1e3)}`)),
  ],
  [
    'a proof without its witness',
    'quorum-missing',
    () => verify(encodeProof({ ...proofOf(7, 300), checkpoint: signed(300) })),
  ],
  [
    'a request with a million hashes',
    'proof-too-long',
    () => parseAddCheckpoint(`old 1\n${`${zeros}\n`.repeat(1e6)}\n${signed(300)}`),
  ],
  [
    'an index that the log never had',
    'index-outside-tree',
    () => proveInclusion(store, { index: 2 ** 52, head }),
  ],
  [
    'an old size that the log never had',
    'size-outside-tree',
    () => proveConsistency(store, { from: 2 ** 52, head }),
  ],
  [
    'a head that goes back',
    'log-rolled-back',
    () => judgeGrowth({ from: headAt(9), to: headAt(8), proof: [] }),
  ],
  [
    'a head with another root',
    'log-forked',
    () => judgeGrowth({ from: headAt(9), to: { ...headAt(8), size: 9 }, proof: [] }),
  ],
  [
    'a proof of growth from another size',
    'consistency-wrong',
    () => judgeGrowth({ from: headAt(9), to: headAt(300), proof: modelProof(10, leaves) }),
  ],
  // Notes and keys.
  ['a note with trailing bytes', 'note-malformed', () => openWitnessed(`${cosigned(9)}\0`, policy)],
  ['a note of ten megabytes', 'note-too-long', () => openWitnessed('a\n'.repeat(5e6), policy)],
  ['a note of nothing but line ends', 'note-malformed', () => openWitnessed('\n'.repeat(131_000), policy)],
  [
    'a hundred signatures',
    'note-too-many-signatures',
    () => openWitnessed(cosigned(9) + `— a ${zeros}\n`.repeat(100), policy),
  ],
  [
    'a key name that does not match',
    'signature-missing',
    () => openWitnessed(signed(9).replace(`— ${origin}`, '— log.example/b'), policy),
  ],
  ['a vkey whose name does not match', 'vkey-id-wrong', () => parseVkey(logVkey.replace('/a', '/b'))],
  ['a vkey of nothing', 'vkey-malformed', () => parseVkey('')],
  [
    'a vkey of type 2',
    'vkey-type-unknown',
    () => parseVkey(`a+00000000+${Buffer.alloc(33, 2).toString('base64')}`),
  ],
  [
    'a vkey of small order',
    'vkey-key-unfit',
    () => parseVkey(`a+00000000+${Buffer.from([1, ...new Uint8Array(32)]).toString('base64')}`),
  ],
  [
    'a signature of another text',
    'signature-wrong',
    () => openWitnessed(cosigned(9).replace('\n9\n', '\n8\n'), policy),
  ],
  [
    'a cosignature of the year zero',
    'cosignature-time-wrong',
    () => openWitnessed(signed(9) + lineWithoutTime(), policy),
  ],
  // Checkpoints and policies.
  ['a checkpoint of two lines', 'checkpoint-malformed', () => openSigned(`${origin}\n9\n`)],
  [
    'a checkpoint of four',
    'checkpoint-extended',
    () => openSigned(`${checkpointText({ origin, ...headAt(9) })}more\n`),
  ],
  [
    'another log’s checkpoint',
    'checkpoint-origin-other',
    () => openSigned(checkpointText({ origin: 'b', ...headAt(9) })),
  ],
  ['a size with a leading zero', 'number-malformed', () => openSigned(`${origin}\n09\n${zeros}\n`)],
  ['a size of 2^53', 'number-huge', () => openSigned(`${origin}\n9007199254740992\n${zeros}\n`)],
  [
    'a root of 31 bytes',
    'root-malformed',
    () => openSigned(`${origin}\n9\n${Buffer.alloc(31).toString('base64')}\n`),
  ],
  ['an empty log with a root', 'root-of-empty-wrong', () => openSigned(`${origin}\n0\n${zeros}\n`)],
  [
    'a witness that is the log',
    'policy-key-twice',
    () => readPolicy({ ...texts, witnesses: [vkeyText({ type: 'cosignature', ...log })] }),
  ],
  [
    'a witness with a log’s key type',
    'policy-key-type',
    () => readPolicy({ ...texts, witnesses: [logVkey] }),
  ],
  ['two of one witness', 'policy-quorum-impossible', () => readPolicy({ ...texts, quorum: 2 })],
  // Tiles and bundles.
  ['an entry longer than its bundle', 'bundle-truncated', () => decodeBundle(bundle.slice(0, -1), 3)],
  ['a bundle that ends in a length', 'bundle-truncated', () => decodeBundle(Uint8Array.of(0), 1)],
  [
    'a bundle with a byte too many',
    'bundle-trailing-bytes',
    () => decodeBundle(Uint8Array.from([...bundle, 0]), 3),
  ],
  ['a bundle with an entry too many', 'bundle-trailing-bytes', () => decodeBundle(bundle, 2)],
  ['a bundle with an entry too few', 'bundle-truncated', () => decodeBundle(bundle, 4)],
  [
    'a bundle of a million entries',
    'bundle-trailing-bytes',
    () => decodeBundle(new Uint8Array(2_000_000), 256),
  ],
  ['a bundle of a hundred megabytes', 'bundle-too-long', () => decodeBundle(new Uint8Array(1e8), 256)],
  [
    'a path with an index of 20 digits',
    'path-malformed',
    () => parseTilePath('tile/0/x184/x467/x440/x737/x095/x516/150'),
  ],
  [
    'a path with an index above 2^53',
    'number-huge',
    () => parseTilePath('tile/0/x999/x999/x999/x999/x999/999'),
  ],
  ['a tile that is gone', 'tile-missing', () => askEdited(() => undefined)],
  ['a tile cut short', 'tile-length-wrong', () => askEdited((bytes) => bytes.slice(0, -32))],
  ['a tile of another tree', 'tiles-disagree', () => askEdited(flip)],
  ['a key that follows by no record', 'succession-malformed', () => follow('{}')],
  [
    'a record of another key than its number says',
    'succession-unsaid',
    () => follow(rotation(log, witness, { id: 1 })),
  ],
];

const follow = (record: string) =>
  followSuccession([{ record, proof: '' }], { origin, logKeys: [keyOf(log)], witnesses: [] });

function openSigned(text: string): LogResult<unknown> {
  return openCheckpoint(signLogNote(text, log), policy);
}

/** No witness of ours writes such a line, so the time is taken out of a good one. */
function lineWithoutTime(): string {
  const line = cosignatureLine({ text: 'any\n', signer: witness, atS: 5 });
  const bytes = Buffer.from(line.trimEnd().split(' ')[2] ?? '', 'base64').fill(0, 4, 12);
  return `— ${witness.name} ${bytes.toString('base64')}\n`;
}

function askEdited(edit: (bytes: Uint8Array) => Uint8Array | undefined): Promise<LogResult<unknown>> {
  return proveInclusion(store.edited('tile/0/001.p/44', edit), { index: 280, head });
}

test('the good ones of the table are taken', async () => {
  assert.ok(verify(good).ok);
  assert.ok(openWitnessed(cosigned(9), policy).ok);
  assert.ok(parseProof(good).ok);
  assert.ok(parseCheckpoint(checkpointText({ origin, size: 0, root: EMPTY_ROOT })).ok);
  assert.ok(openLogNote(signed(9), policy.logKeys).ok);
  assert.ok(decodeBundle(bundle, 3).ok);
  assert.ok((await askEdited((bytes) => bytes)).ok);
  assert.ok(isConsistent({ from: headAt(9), to: headAt(300), proof: modelProof(9, leaves) }));
  const longest = encodeEntries(Array.from({ length: 256 }, () => new Uint8Array(65_535)));
  assert.equal(longest.length, BUNDLE_BYTES_MAX);
  assert.ok(decodeBundle(longest, 256).ok);
});

test('wrong input is refused with its reason, in a line', async () => {
  for (const [what, reason, ask] of TABLE) {
    const answer = await ask();
    assert.ok(!answer.ok, what);
    assert.equal(answer.reason, reason, what);
    assert.ok(answer.about.length <= 201 && !answer.about.includes('\n'), what);
  }
});

test('every reason of the list is given for something', () => {
  const given = new Set(TABLE.map(([, reason]) => reason));
  assert.deepEqual(
    LOG_REFUSALS.filter((reason) => !given.has(reason)),
    [],
  );
});

test('a path in any other form than the one is no path', () => {
  const bad = [
    ...[
      '',
      '/',
      'tile',
      'tile/0',
      'tile/0/',
      '/tile/0/000',
      'tile/0/000/',
      'tile/00/000',
      'tile/64/000',
      'tile/100/000',
    ],
    ...[
      'tile/-1/000',
      'tile/0/0',
      'tile/0/1234',
      'tile/0/x000/001',
      'tile/0/001/002',
      'tile/0/x001',
      'tile/0/X001/002',
    ],
    ...[
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/0/000.p',
      'tile/0/000.p/1/',
    ],
    ...[
      'tile/Entries/000',
      'tile/entries/../000',
      'tile/0/../../checkpoint',
      'tile/0/%30%30%30',
      'tile/0/000\n',
      'tile/0/٠٠٠',
    ],
    'checkpoint',
  ];
  for (const path of bad) {
    const answer = parseTilePath(path);
    assert.ok(!answer.ok && answer.reason === 'path-malformed', path);
  }
});

test('no edit of one character of a proof file, and no part of it, verifies', () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
  console.log(`HOLDFAST_SEED=${seed}`);
  const draw = draws(seed);
  for (let run = 0; run < 400; run++) {
    const at = draw(good.length);
    const other = String.fromCharCode(0x20 + draw(0x5f));
    const edits = [
      good.slice(0, at) + good.slice(at + 1),
      good.slice(0, at) + other + good.slice(at),
      good.slice(0, at) + other + good.slice(at + 1),
      good.slice(0, at),
      good.slice(at),
    ];
    for (const edited of edits) {
      if (edited === good) continue;
      const answer = verify(edited);
      assert.ok(!answer.ok, `${at}: ${JSON.stringify(edited.slice(Math.max(0, at - 20), at + 20))}`);
    }
  }
});
