/** The check by which a bank audits its log, held against the definitions of RFC 6962 written down apart. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { LOG_DISPUTES, type LogDispute } from '../../domain/conditions.ts';
import { signCheckpoint, type TreeHead } from './checkpoint.ts';
import { judgeShown, type Shown, type Verdict } from './remembered.ts';
import { signLogNote } from './signatures.ts';
import { draws, modelLeaves, modelProof, modelRoot, RFC_SECRETS, signerOf } from './test-model.ts';
import type { LogKey } from './vkey.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const ORIGIN = 'ledger.example.com/log/tenant/1';
const LOG = signerOf(ORIGIN, RFC_SECRETS[0]);
const key: LogKey = { type: 'signature', name: ORIGIN, publicKey: LOG.publicKey };
const LEAVES = modelLeaves(40);
const OTHERS = LEAVES.with(2, modelLeaves(41)[40] ?? LEAVES[0] ?? new Uint8Array(32));

const headOf = (size: number, leaves = LEAVES): TreeHead => ({
  size,
  root: modelRoot(leaves.slice(0, size)),
});
const noteOf = (head: TreeHead, signer = LOG, origin = ORIGIN) => signCheckpoint({ origin, ...head }, signer);
/** What an honest log shows to who remembers `from` entries. */
const shownOf = (from: number, to: number, leaves = LEAVES): Shown => ({
  note: noteOf(headOf(to, leaves)),
  proof: from === 0 ? [] : modelProof(from, leaves.slice(0, to)),
});
const judge = (remembered: TreeHead | undefined, shown: Shown): Verdict =>
  judgeShown({ key, remembered, shown });

test('a log that only grew is found to have grown, from every size to every other', () => {
  for (let to = 0; to <= LEAVES.length; to++) {
    assert.deepEqual(judge(undefined, shownOf(0, to)), { is: 'grown', head: headOf(to), followed: [] });
    for (let from = 0; from <= to; from++)
      assert.deepEqual(
        judge(headOf(from), shownOf(from, to)),
        { is: 'grown', head: headOf(to), followed: [] },
        `${from} to ${to}`,
      );
  }
});

test('that there is no log is no news to who never saw one, and a dispute to who did', () => {
  const nothing: Shown = { note: null, proof: [] };
  assert.deepEqual(judge(undefined, nothing), { is: 'nothing' });
  assert.deepEqual(judge(headOf(0), nothing), { is: 'disputed', reason: 'gone', shown: null });
  assert.deepEqual(judge(headOf(9), nothing), { is: 'disputed', reason: 'gone', shown: null });
});

const STRANGER = signerOf(ORIGIN, RFC_SECRETS[1]);
const OTHER_LOG = 'ledger.example.com/log/other/1';
const good = shownOf(9, 20);
const note = good.note ?? '';
const signed = (text: string): Shown => ({ note: signLogNote(text, LOG), proof: good.proof });

/** To who remembers nine entries. `shown`: a head that the key signed, which is then named. */
const CASES: readonly [what: string, LogDispute, Shown, shown: TreeHead | null][] = [
  ['fewer entries', 'rolled-back', shownOf(8, 8), headOf(8)],
  ['none', 'rolled-back', shownOf(0, 0), headOf(0)],
  ['as many, others', 'forked', shownOf(9, 9, OTHERS), headOf(9, OTHERS)],
  ['more, on others', 'unproved', shownOf(9, 20, OTHERS), headOf(20, OTHERS)],
  ['no proof', 'unproved', { ...good, proof: [] }, headOf(20)],
  ['a proof cut short', 'unproved', { ...good, proof: good.proof.slice(0, -1) }, headOf(20)],
  ['a proof with one hash more', 'unproved', { ...good, proof: [...good.proof, headOf(3).root] }, headOf(20)],
  [
    'a proof with something that is no hash',
    'unproved',
    { ...good, proof: [...good.proof, undefined] },
    headOf(20),
  ],
  ['the proof from another size', 'unproved', { ...good, proof: shownOf(10, 20).proof }, headOf(20)],
  ['as many, and a proof that nothing needs', 'unproved', { ...shownOf(9, 9), proof: good.proof }, headOf(9)],
  ['the log’s name and another key', 'unsigned', { ...good, note: noteOf(headOf(20), STRANGER) }, null],
  [
    'the key, signing for another log',
    'unsigned',
    { ...good, note: noteOf(headOf(20), LOG, OTHER_LOG) },
    null,
  ],
  [
    'another log’s note',
    'unsigned',
    { ...good, note: noteOf(headOf(20), signerOf(OTHER_LOG, RFC_SECRETS[0]), OTHER_LOG) },
    null,
  ],
  ['a signature of another head', 'unsigned', { ...good, note: note.replace('\n20\n', '\n21\n') }, null],
  ['no signature', 'malformed', { ...good, note: note.slice(0, note.indexOf('\n\n') + 2) }, null],
  ['nothing', 'malformed', { ...good, note: '' }, null],
  ['words', 'malformed', { ...good, note: 'this is no note' }, null],
  ['one line more, signed', 'malformed', signed(`${ORIGIN}\n20\n${'A'.repeat(43)}=\nmore\n`), null],
  ['a size that is no number, signed', 'malformed', signed(`${ORIGIN}\n020\n${'A'.repeat(43)}=\n`), null],
];

test('whatever contradicts the remembered head is disputed, each for its reason', () => {
  for (const [what, reason, shown, head] of CASES)
    assert.deepEqual(judge(headOf(9), shown), { is: 'disputed', reason, shown: head }, what);
  assert.deepEqual(
    new Set([...CASES.map(([, reason]) => reason), 'gone']),
    new Set(LOG_DISPUTES),
    'each reason is seen',
  );
});

test('a first head is believed for its signature alone, and never without one', () => {
  for (const [what, reason, shown] of CASES) {
    if (reason === 'unsigned' || reason === 'malformed')
      assert.equal(judge(undefined, shown).is, 'disputed', what);
  }
  assert.deepEqual(judge(undefined, { ...good, proof: [] }), { is: 'grown', head: headOf(20), followed: [] });
});

test('no random change of what is shown is taken for growth', () => {
  const below = draws(seed);
  for (let n = 0; n < 400; n++) {
    const from = 1 + below(LEAVES.length - 2);
    const to = from + 1 + below(LEAVES.length - from);
    const shown = shownOf(from, to);
    const text = shown.note ?? '';
    const proof = shown.proof.map((hash) => new Uint8Array(hash ?? []));
    const at = below(proof.length + 1);
    const spoiled = proof[at];
    if (spoiled) spoiled[below(32)] = (spoiled[below(32)] ?? 0) ^ (1 + below(255));
    const isSame = proof.every((hash, i) => Buffer.compare(hash, shown.proof[i] ?? new Uint8Array(0)) === 0);
    // One letter of the text or of the signature, else one byte of the proof.
    const where = below(text.length);
    const letter = String.fromCharCode(0x21 + below(90));
    const changed = isSame ? text.slice(0, where) + letter + text.slice(where + 1) : text;
    if (isSame && changed === text) continue;
    const verdict = judge(headOf(from), { note: changed, proof });
    assert.equal(verdict.is, 'disputed', `${n}: ${JSON.stringify(changed)}; HOLDFAST_SEED=${seed}`);
  }
});
