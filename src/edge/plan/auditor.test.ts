/** A bank that audits: what it remembers, what it disputes, what it tells, and what a restart leaves of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LogProof } from '../../contract/uplink.ts';
import { newKey } from '../../crypto/aead.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { LogDispute } from '../../domain/conditions.ts';
import { signCheckpoint } from '../../ledger/log/checkpoint.ts';
import type { LogSigner } from '../../ledger/log/signatures.ts';
import type { SuccessionLink } from '../../ledger/log/succession.ts';
import { modelLeaves, modelProof, modelRoot, RFC_SECRETS, signerOf } from '../../ledger/log/test-model.ts';
import { link, rotation } from '../../ledger/log/test-succession.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import { leafHash } from '../../ledger/record.ts';
import { systemRandom } from '../../platform/random.ts';
import { Journal } from '../journal.ts';
import { logEvidence, logQuestion, logStatus } from './auditor.ts';
import { DOWNLINK_RECORDS_PER_HOUR } from './downlink.ts';
import type { Planned } from './draft.ts';
import { emptyKept, ONLY } from './state.ts';
import { BANK, bankInService, DAY_MS, dropOff, HOUR_MS, rosterOf, type TestBank } from './test-bank.ts';

const LOG = signerOf('ledger.example.com/log/tenant/1', RFC_SECRETS[0]);
const SUCCESSOR = signerOf('ledger.example.com/log/tenant/2', RFC_SECRETS[0]);
const LEAVES = modelLeaves(60);
const FORKED = LEAVES.with(4, modelLeaves(61)[60] ?? new Uint8Array(32));

const vkeyOf = ({ name, publicKey }: LogSigner) => vkeyText({ type: 'signature', name, publicKey });
const keysWith = (ledger: string | null) => ({ keys: { ...rosterOf().keys, ledger } });

function auditor(): TestBank {
  const bank = bankInService();
  bank.roster({ version: 2, ...keysWith(vkeyOf(LOG)) });
  return bank;
}

type Said = {
  to: number;
  leaves?: typeof LEAVES;
  signer?: LogSigner;
  /** Signs beside it. */
  beside?: LogSigner;
  hashes?: string[];
  note?: null;
  succession?: SuccessionLink[];
};

const proofMessage = (
  note: string | null,
  hashes: string[] = [],
  succession: SuccessionLink[] = [],
): LogProof => ({
  ...{ v: 1, type: 'log-proof', nonce: 'n'.repeat(16) },
  ...{ note, hashes, ...(succession.length > 0 && { succession }) },
});

/** The cloud answers the question that the bank would ask now. */
function answer(bank: TestBank, { to, leaves = LEAVES, signer = LOG, ...said }: Said) {
  const question = logQuestion(bank.state) ?? assert.fail('the bank asks nothing');
  const { from } = question;
  const proof = from > 0 && from < to ? modelProof(from, leaves.slice(0, to)) : [];
  const root = modelRoot(leaves.slice(0, to));
  const signers = said.beside ? [said.beside, signer] : [signer];
  const note =
    said.note === null ? null : signCheckpoint({ origin: signer.name, size: to, root }, ...signers);
  const message = proofMessage(note, said.hashes ?? proof.map(base64url), said.succession);
  const text = JSON.stringify(message);
  const heard = { message, hash: 'A'.repeat(43), bytes: text.length, text, time: null };
  return { planned: bank.do({ type: 'heard', heard: { ...heard, question } }), message, question };
}

const disputes = (bank: TestBank) => bank.told('log.disputed').map(({ facts }) => facts?.why);
const alarms = (bank: TestBank) =>
  bank.records.filter(({ record }) => record.facts?.condition === 'log').map(({ record }) => record.kind);

test('a roster that names no log: the bank asks for none, hears of none, and says so', () => {
  const bank = bankInService();
  for (const named of [null, 'log.example+0badcafe+AAAA']) {
    bank.roster({ version: (bank.state.roster.only?.roster.version ?? 0) + 1, ...keysWith(named) });
    assert.equal(logQuestion(bank.state), undefined);
    assert.equal(logStatus(bank.state, bank.moment()).is, 'unnamed');
  }
  const { note } = answer(auditor(), { to: 3 }).message;
  bank.hear(proofMessage(note));
  assert.deepEqual([bank.state.log, bank.told('log.seen')], [{}, []]);
});

test('the first head is remembered and told, later ones are remembered, and one a day is told', () => {
  const bank = auditor();
  assert.equal(logQuestion(bank.state)?.from, 0);
  assert.equal(logStatus(bank.state, bank.moment()).is, 'unseen');
  for (const to of [5, 5, 9, 30]) {
    answer(bank, { to });
    assert.equal(logQuestion(bank.state)?.from, to);
    bank.wait(HOUR_MS);
  }
  assert.deepEqual(
    bank.told('log.seen').map(({ facts }) => [facts?.size, facts?.first]),
    [[5, true]],
  );
  bank.wait(DAY_MS);
  answer(bank, { to: 31 });
  const [, second, ...more] = bank.told('log.seen');
  assert.deepEqual([second?.facts?.size, second?.facts?.first, more], [31, false, []]);
  assert.equal(second?.facts?.root, base64url(modelRoot(LEAVES.slice(0, 31))));
  assert.deepEqual([disputes(bank), alarms(bank)], [[], []]);
  assert.equal(logStatus(bank.state, bank.moment()).is, 'holds');
});

const LIES: readonly [LogDispute, Said][] = [
  ['gone', { to: 0, note: null }],
  ['rolled-back', { to: 11 }],
  ['forked', { to: 12, leaves: FORKED }],
  ['unproved', { to: 20, leaves: FORKED }],
  ['unproved', { to: 20, hashes: [] }],
  ['unsigned', { to: 20, signer: signerOf(LOG.name, RFC_SECRETS[1]) }],
  ['unsigned', { to: 20, signer: SUCCESSOR }],
];

test('a log that is gone, rolled back, forked or unproved is disputed: recorded, alarmed, shown, and the head stays', () => {
  for (const [reason, said] of LIES) {
    const bank = auditor();
    answer(bank, { to: 12 });
    const held = bank.state.log[ONLY];
    const { planned, message } = answer(bank, said);
    assert.deepEqual(
      planned.records.map(({ kind }) => kind),
      ['log.disputed', 'alarm.raised'],
      reason,
    );
    const [told] = planned.records;
    assert.deepEqual([told?.facts?.why, told?.facts?.size], [reason, 12]);
    assert.equal(told?.facts?.root, held?.root);
    assert.equal(bank.state.log[ONLY], held, 'what was shown is not remembered');
    assert.ok(bank.view().logDisputed, 'everybody who stands here is told');
    assert.equal(logStatus(bank.state, bank.moment()).is, 'disputed');
    const [evidence] = logEvidence(bank.state).evidence;
    assert.deepEqual(
      [evidence?.remembered, evidence?.shown, evidence?.hashes],
      [held?.note, message.note, message.hashes],
    );
    // Parcels are not the log's hostage.
    assert.ok(dropOff(bank).n > 0, reason);
  }
});

test('the same fault is told once, another beside it once more, and a good proof from the remembered head ends it', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  for (let hour = 0; hour < 30; hour++) {
    bank.wait(HOUR_MS);
    answer(bank, { to: 13 + hour, leaves: FORKED });
  }
  assert.deepEqual(disputes(bank), ['unproved']);
  answer(bank, { to: 3 });
  answer(bank, { to: 3 });
  assert.deepEqual(disputes(bank), ['unproved', 'rolled-back']);
  assert.deepEqual(alarms(bank), ['alarm.raised'], 'one alarm for one dispute');
  answer(bank, { to: 45 });
  const [settled, ...more] = bank.told('log.settled');
  assert.deepEqual([settled?.facts?.by, settled?.facts?.size, more], ['proof', 45, []]);
  assert.deepEqual(alarms(bank), ['alarm.raised', 'alarm.ended']);
  assert.ok(!bank.view().logDisputed);
  assert.equal(logEvidence(bank.state).evidence.length, 2, 'evidence outlives the dispute');
  // Whoever comes and goes with one lie pushes out neither the other's evidence nor the first of its own.
  const [first] = logEvidence(bank.state).evidence;
  for (let n = 0; n < 40; n++) {
    answer(bank, { to: 46, leaves: FORKED });
    answer(bank, { to: 46 });
  }
  const all = logEvidence(bank.state).evidence;
  assert.deepEqual([all.length, all[0]], [5, first]);
});

test('an answer to no question, or to one from before a change, is no news of the log', () => {
  const bank = auditor();
  const before = answer(bank, { to: 12 }).question;
  answer(bank, { to: 20 });
  const held = bank.state.log;
  const { note } = answer(auditor(), { to: 11 }).message;
  const message = proofMessage(note);
  bank.hear(message);
  const heard = { message, hash: 'A'.repeat(43), bytes: 9, text: '', time: null };
  bank.do({ type: 'heard', heard: { ...heard, question: before } });
  assert.deepEqual([bank.state.log, disputes(bank)], [held, []]);
});

test('a cloud that has spent its hour of records cannot drown out its own answer about the log', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  for (let n = 0; n <= DOWNLINK_RECORDS_PER_HOUR; n++)
    bank.do({
      type: 'unheard',
      refused: { hash: 'A'.repeat(43), bytes: 1, text: '', reason: 'message-malformed' },
    });
  answer(bank, { to: 11 });
  assert.deepEqual(disputes(bank), ['rolled-back']);
});

test('only a roster leads to another log: how far the one before was seen is recorded, and its dispute ends', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  answer(bank, { to: 40, signer: SUCCESSOR });
  assert.deepEqual(disputes(bank), ['unsigned']);
  bank.roster({ version: 3, ...keysWith(vkeyOf(SUCCESSOR)) });
  const [left] = bank.told('log.left');
  assert.deepEqual([left?.facts?.size, bank.told('log.settled')[0]?.facts?.by], [12, 'roster']);
  assert.deepEqual(alarms(bank), ['alarm.raised', 'alarm.ended']);
  assert.deepEqual([logQuestion(bank.state)?.origin, logQuestion(bank.state)?.from], [SUCCESSOR.name, 0]);
  answer(bank, { to: 8, signer: SUCCESSOR, leaves: FORKED });
  assert.deepEqual(
    bank.told('log.seen').map(({ facts }) => [facts?.size, facts?.first]),
    [
      [12, true],
      [8, true],
    ],
  );
  // The same roster again, or one that names the same log, changes nothing of it.
  bank.roster({ version: 4, ...keysWith(vkeyOf(SUCCESSOR)) });
  assert.equal(logQuestion(bank.state)?.from, 8);
});

const NEXT = signerOf(LOG.name, RFC_SECRETS[2]);
const THIEF = signerOf(LOG.name, RFC_SECRETS[3]);
/** The log in whose entry 20 the next key is named. */
const ROTATED = LEAVES.with(20, leafHash(rotation(LOG, NEXT)));
const LINK = { record: rotation(LOG, NEXT), index: 20, size: 24, leaves: LEAVES, signers: [LOG, NEXT] };

test('a key that the log recorded as its next is followed and told once, and the one before is not enough any more', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  const succession = [link(LINK)];
  answer(bank, { to: 24, leaves: ROTATED, signer: NEXT, beside: LOG, succession });
  answer(bank, { to: 30, leaves: ROTATED, signer: NEXT, succession });
  assert.deepEqual(
    bank.told('log.key-followed').map(({ facts }) => [facts?.size, facts?.by]),
    [[24, 'proof']],
  );
  bank.powerCut();
  // Whoever stole the key that was given up shows what it alone has signed, and says nothing of the next.
  answer(bank, { to: 31, leaves: ROTATED });
  assert.deepEqual([disputes(bank), logQuestion(bank.state)?.from], [['unsigned'], 30]);
  answer(bank, { to: 32, leaves: ROTATED, signer: NEXT });
  assert.deepEqual([logQuestion(bank.state)?.from, bank.view().logDisputed], [32, false]);
});

test('a next key that the key before did not record is a stranger’s: disputed, and nothing of it is remembered', () => {
  for (const succession of [
    [],
    [link({ ...LINK, record: rotation(LOG, THIEF), signers: [THIEF] })],
    [link({ ...LINK, record: rotation(NEXT, THIEF), signers: [NEXT, THIEF] })],
    [{ ...link(LINK), record: rotation(LOG, THIEF) }],
  ]) {
    const bank = auditor();
    answer(bank, { to: 12 });
    const held = bank.state.log[ONLY];
    answer(bank, { to: 30, leaves: ROTATED, signer: THIEF, succession });
    assert.deepEqual([disputes(bank), bank.told('log.key-followed')], [['unsigned'], []]);
    assert.equal(bank.state.log[ONLY], held);
  }
});

test('a roster that names another key of the same log keeps the remembered head, and what is disputed of it', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  answer(bank, { to: 12, leaves: FORKED });
  bank.roster({ version: 3, ...keysWith(vkeyOf(NEXT)) });
  assert.deepEqual(
    [logQuestion(bank.state)?.from, bank.told('log.left'), bank.view().logDisputed],
    [12, [], true],
  );
  assert.deepEqual(
    bank.told('log.key-followed').map(({ facts }) => [facts?.size, facts?.by]),
    [[12, 'roster']],
  );
  answer(bank, { to: 30, leaves: FORKED, signer: NEXT });
  assert.deepEqual(
    disputes(bank),
    ['forked', 'unproved'],
    'a change of keys is no moment to show another log',
  );
  answer(bank, { to: 30, signer: NEXT });
  assert.deepEqual([logQuestion(bank.state)?.from, bank.view().logDisputed], [30, false]);
});

test('a day without a good proof while the line stands is said, and is no alarm', () => {
  const bank = auditor();
  const is = () => logStatus(bank.state, bank.moment()).is;
  bank.do({ type: 'link', up: true });
  answer(bank, { to: 12 });
  const before = bank.records.length;
  bank.wait(DAY_MS - HOUR_MS);
  assert.equal(is(), 'holds');
  bank.wait(HOUR_MS);
  assert.equal(is(), 'late');
  // A line that was gone all that time gets its time for an answer first.
  bank.do({ type: 'link', up: false });
  assert.equal(is(), 'holds');
  bank.do({ type: 'link', up: true });
  assert.equal(is(), 'holds');
  bank.wait(HOUR_MS);
  assert.equal(is(), 'late');
  assert.deepEqual(
    bank.records.slice(before).map(({ record }) => record.kind),
    [],
  );
  answer(bank, { to: 13 });
  assert.equal(is(), 'holds');
});

test('the remembered head and a dispute outlive a power cut, and a restart begins nothing anew', () => {
  const bank = auditor();
  answer(bank, { to: 12 });
  bank.powerCut();
  assert.equal(logQuestion(bank.state)?.from, 12);
  answer(bank, { to: 11 });
  bank.powerCut();
  assert.ok(bank.view().logDisputed);
  answer(bank, { to: 11 });
  assert.deepEqual([disputes(bank), alarms(bank)], [['rolled-back'], ['alarm.raised']]);
  answer(bank, { to: 14 });
  assert.deepEqual([logQuestion(bank.state)?.from, bank.view().logDisputed], [14, false]);
});

test('a head counts once it is on the disk: a cut before the commit leaves the one before, a cut after it the new one', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-auditor-'));
  const of = { dataDir, bank: BANK, storageKey: newKey(), random: systemRandom };
  try {
    const bank = auditor();
    // The journal begins here, so the plans count from here.
    const numbered = (planned: Planned) => ({ ...planned, state: { ...planned.state, lastSeq: 1 } });
    const before = { ...bank.state, ...emptyKept() };
    const first = numbered(answer(bank, { to: 12 }).planned);
    let journal = new Journal(of);
    journal.commit(before, first);
    journal.close();
    const second = numbered(answer(bank, { to: 30 }).planned);
    // The power goes before the second is committed: nothing of it is on the disk, and the bank asks from the first.
    journal = new Journal(of);
    const cut = { ...bank.state, ...journal.readState() };
    assert.deepEqual([logQuestion(cut)?.from, cut.log[ONLY]], [12, first.state.log[ONLY]]);
    journal.commit(first.state, second);
    journal.close();
    journal = new Journal(of);
    assert.deepEqual(journal.readState().log[ONLY], second.state.log[ONLY]);
    journal.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
