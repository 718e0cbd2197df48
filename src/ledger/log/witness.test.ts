import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointText, EMPTY_ROOT, signCheckpoint, type TreeHead } from './checkpoint.ts';
import { LOG_NOTE_LENGTH_MAX, signLogNote } from './signatures.ts';
import { modelLeaves, modelProof, modelRoot, RFC_SECRETS, signerOf } from './test-model.ts';
import type { LogKey } from './vkey.ts';
import {
  type AddCheckpoint,
  addCheckpointBody,
  claimedOrigin,
  judgeAddCheckpoint,
  parseAddCheckpoint,
} from './witness.ts';

const log = signerOf('log.example/a', RFC_SECRETS[0]);
const stranger = signerOf('log.example/a', RFC_SECRETS[1]);
const logKey: LogKey = { type: 'signature', name: log.name, publicKey: log.publicKey };
const watched = { origin: log.name, logKeys: [logKey] };
const leaves = modelLeaves(40);
const headOf = (size: number): TreeHead => ({ size, root: modelRoot(leaves.slice(0, size)) });
const noteOf = (head: TreeHead, signer = log) => signCheckpoint({ origin: log.name, ...head }, signer);
const requestOf = (from: number, to: number): AddCheckpoint => ({
  oldSize: from,
  proof: from === 0 ? [] : modelProof(from, leaves.slice(0, to)),
  checkpoint: noteOf(headOf(to)),
});
const judge = (request: AddCheckpoint, remembered?: TreeHead) =>
  judgeAddCheckpoint({ request, log: watched, remembered });

test('a request is read as it is written', () => {
  for (const [from, to] of [
    [0, 7],
    [7, 7],
    [7, 29],
    [16, 32],
  ] as const) {
    const request = requestOf(from, to);
    const body = addCheckpointBody(request);
    assert.ok(body.startsWith(`old ${from}\n`));
    assert.deepEqual(parseAddCheckpoint(body), { ok: true, value: request });
    assert.equal(claimedOrigin(request.checkpoint), log.name);
  }
});

test('a request in any other form is refused', () => {
  const { checkpoint } = requestOf(0, 7);
  const hash = Buffer.alloc(32).toString('base64');
  const cases: [string, string][] = [
    [`old 07\n\n${checkpoint}`, 'number-malformed'],
    [`old 18446744073709551616\n\n${checkpoint}`, 'number-huge'],
    [`old\n\n${checkpoint}`, 'proof-malformed'],
    [`Old 7\n\n${checkpoint}`, 'proof-malformed'],
    ['old 7\n', 'proof-malformed'],
    ['', 'proof-malformed'],
    [`old 7\n${hash.slice(4)}\n\n${checkpoint}`, 'proof-malformed'],
    [`old 7\n${hash} \n\n${checkpoint}`, 'proof-malformed'],
    [`old 7\n${`${hash}\n`.repeat(64)}\n${checkpoint}`, 'proof-malformed'],
    ['x'.repeat(2 * LOG_NOTE_LENGTH_MAX + 1), 'proof-too-long'],
  ];
  for (const [body, reason] of cases) {
    const answer = parseAddCheckpoint(body);
    assert.equal(answer.ok ? 'ok' : answer.reason, reason, JSON.stringify(body.slice(0, 80)));
  }
  assert.ok(parseAddCheckpoint(`old 7\n${`${hash}\n`.repeat(63)}\n${checkpoint}`).ok);
  assert.equal(claimedOrigin('no note'), '');
});

test('a witness cosigns what continues the one head that it remembers', () => {
  const answers: [AddCheckpoint, TreeHead | undefined, number][] = [
    [requestOf(0, 7), undefined, 200],
    [requestOf(7, 29), headOf(7), 200],
    [requestOf(7, 7), headOf(7), 200],
    // The numbers that the standard gives to each refusal.
    [requestOf(0, 7), headOf(7), 409],
    [requestOf(7, 29), headOf(8), 409],
    [requestOf(7, 29), undefined, 409],
    [{ ...requestOf(7, 29), oldSize: 30 }, headOf(7), 400],
    [{ ...requestOf(7, 29), proof: [] }, headOf(7), 422],
    [{ ...requestOf(0, 7), proof: [EMPTY_ROOT] }, undefined, 422],
    [requestOf(7, 29), { size: 7, root: headOf(8).root }, 422],
    [requestOf(7, 7), { size: 7, root: headOf(8).root }, 422],
    [{ ...requestOf(7, 29), checkpoint: noteOf(headOf(29), stranger) }, headOf(7), 403],
    [{ ...requestOf(7, 29), checkpoint: 'no note' }, headOf(7), 403],
    [{ ...requestOf(7, 29), checkpoint: signLogNote('log.example/a\n029\n', log) }, headOf(7), 400],
  ];
  for (const [index, [request, remembered, status]] of answers.entries())
    assert.equal(judge(request, remembered).status, status, `case ${index}`);
  assert.deepEqual(judge(requestOf(0, 7), headOf(9)), { status: 409, size: 9 });
  assert.equal(
    judgeAddCheckpoint({ request: requestOf(0, 7), log: undefined, remembered: undefined }).status,
    404,
  );
  const taken = judge(requestOf(7, 29), headOf(7));
  assert.ok(taken.status === 200);
  assert.equal(taken.text, checkpointText({ origin: log.name, ...headOf(29) }));
});

test('a log that rolls back or forks gets no cosignature, whatever proof it sends', () => {
  const remembered = headOf(20);
  assert.equal(judge(requestOf(7, 12), remembered).status, 409);
  const back = judge({ oldSize: 20, proof: [], checkpoint: noteOf(headOf(12)) }, remembered);
  assert.deepEqual([back.status, 'reason' in back ? back.reason : ''], [400, 'size-outside-tree']);
  const other = modelLeaves(41).slice(1);
  const forked = { origin: log.name, size: 20, root: modelRoot(other.slice(0, 20)) };
  const fork = judge({ oldSize: 20, proof: [], checkpoint: signCheckpoint(forked, log) }, remembered);
  assert.deepEqual([fork.status, 'reason' in fork ? fork.reason : ''], [422, 'log-forked']);
  const head = { origin: log.name, size: 40, root: modelRoot(other) };
  const proof = modelProof(20, other);
  const grown = judge({ oldSize: 20, proof, checkpoint: signCheckpoint(head, log) }, remembered);
  assert.deepEqual([grown.status, 'reason' in grown ? grown.reason : ''], [422, 'consistency-wrong']);
});

test('an empty log with another root than that of nothing is refused with 422', () => {
  const empty = noteOf({ size: 0, root: EMPTY_ROOT });
  assert.equal(judge({ oldSize: 0, proof: [], checkpoint: empty }).status, 200);
  const wrong = signWrongEmpty();
  assert.equal(judge({ oldSize: 0, proof: [], checkpoint: wrong }).status, 422);
});

/** The house itself cannot write such a checkpoint, so the text is signed as a note. */
function signWrongEmpty(): string {
  const root = Buffer.from(headOf(7).root).toString('base64');
  return signLogNote(`${log.name}\n0\n${root}\n`, log);
}
