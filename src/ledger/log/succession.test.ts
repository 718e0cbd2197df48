/** Keys that follow each other in a log: who is followed, who is not, and whose signature counts from then on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { NO_HASH } from '../record.ts';
import { type KeyTerm, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { cosignatureLine, type LogSigner } from './signatures.ts';
import { followSuccession, namesOfLog, type SuccessionLink } from './succession.ts';
import { modelLeaves, modelRoot, RFC_SECRETS, signerOf } from './test-model.ts';
import { keyOf, link, rotation } from './test-succession.ts';
import type { LogKey } from './vkey.ts';

const ORIGIN = 'ledger.example.com/log/tenant/1';
const [FIRST, SECOND, THIRD, STRANGER] = RFC_SECRETS.map((secret) => signerOf(ORIGIN, secret)) as [
  LogSigner,
  LogSigner,
  LogSigner,
  LogSigner,
];
const LEAVES = modelLeaves(60);

const FIRST_LINK = {
  record: rotation(FIRST, SECOND),
  index: 20,
  size: 22,
  signers: [FIRST, SECOND],
  leaves: LEAVES,
};
const SECOND_LINK = {
  record: rotation(SECOND, THIRD),
  index: 40,
  size: 41,
  signers: [SECOND, THIRD],
  leaves: LEAVES,
};
const TRUST = { origin: ORIGIN, logKeys: [keyOf(FIRST)], witnesses: [] };
const follow = (...links: SuccessionLink[]) => followSuccession(links, TRUST);
const reasonOf = (result: ReturnType<typeof follow>) => (result.ok ? 'followed' : result.reason);

function note(size: number, ...signers: readonly LogSigner[]): string {
  return signCheckpoint({ origin: ORIGIN, size, root: modelRoot(LEAVES.slice(0, size)) }, ...signers);
}

test('who trusts the first key follows from key to key, by records that each key before has signed', () => {
  const followed = follow(link(FIRST_LINK), link(SECOND_LINK));
  assert.ok(followed.ok);
  assert.deepEqual(
    followed.value.map(({ key, fromSize }) => [base64url(key.publicKey), fromSize]),
    [
      [base64url(SECOND.publicKey), 21],
      [base64url(THIRD.publicKey), 41],
    ],
  );
  // Who trusts a later one begins there, and who was told before goes on from there.
  const later = followSuccession([link(FIRST_LINK), link(SECOND_LINK)], {
    ...TRUST,
    logKeys: [keyOf(SECOND)],
  });
  assert.deepEqual(later.ok && later.value.map(({ fromSize }) => fromSize), [41]);
  const on = followSuccession([link(SECOND_LINK)], { ...TRUST, followed: followed.value.slice(0, 1) });
  assert.deepEqual(on.ok && on.value, followed.value);
});

test('a key that the key before did not record is not followed', () => {
  const cases: [string, SuccessionLink][] = [
    ['signature-missing', link({ ...FIRST_LINK, signers: [SECOND] })],
    ['signature-missing', link({ ...FIRST_LINK, signers: [FIRST] })],
    ['signature-missing', link({ ...FIRST_LINK, signers: [STRANGER, SECOND] })],
    ['inclusion-wrong', { ...link(FIRST_LINK), record: rotation(FIRST, STRANGER) }],
    [
      'inclusion-wrong',
      { ...link(FIRST_LINK), proof: link({ ...FIRST_LINK, record: rotation(FIRST, THIRD) }).proof },
    ],
    ['succession-unsaid', link({ ...FIRST_LINK, record: rotation(FIRST, SECOND, { id: 5 }) })],
    ['succession-unsaid', link({ ...FIRST_LINK, record: rotation(FIRST, SECOND, { key: NO_HASH }) })],
    ['succession-malformed', { ...link(FIRST_LINK), record: '{}' }],
    ['proof-malformed', { ...link(FIRST_LINK), proof: 'none' }],
  ];
  for (const [reason, one] of cases) {
    const said = reasonOf(follow(one));
    // A stranger's key in the place of the one that is due has signed nothing that is verified with it.
    assert.ok(said === reason, `${said}, not ${reason}`);
  }
  // What begins elsewhere says nothing of this log's keys.
  for (const one of [link(SECOND_LINK), link({ ...SECOND_LINK, record: rotation(STRANGER, THIRD) })])
    assert.deepEqual(follow(one), { ok: true, value: [] });
});

test('where a policy counts witnesses, a link without enough of them is not followed', () => {
  const witness = signerOf('witness.example/1', RFC_SECRETS[3]);
  const witnesses: LogKey[] = [{ type: 'cosignature', name: witness.name, publicKey: witness.publicKey }];
  const trust = {
    ...{ ...TRUST, witnesses },
    agreed: ({ signatures }: { signatures: readonly { atS: number | null }[] }) =>
      signatures.some(({ atS }) => atS !== null),
  };
  const bare = link(FIRST_LINK);
  assert.equal(reasonOf(followSuccession([bare], trust)), 'quorum-missing');
  const checkpoint = bare.proof.slice(bare.proof.indexOf('\n\n') + 2);
  const text = checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1);
  const cosigned = bare.proof + cosignatureLine({ text, signer: witness, atS: 1_790_000_000 });
  assert.equal(reasonOf(followSuccession([{ ...bare, proof: cosigned }], trust)), 'followed');
});

test('from its record on the new key has to sign, and the one before is not enough any more', () => {
  const followed = follow(link(FIRST_LINK), link(SECOND_LINK));
  assert.ok(followed.ok);
  const opens = (text: string, successors: readonly KeyTerm[] = followed.value) =>
    openCheckpoint(text, { ...TRUST, successors }).ok;
  assert.ok(opens(note(20, FIRST)));
  assert.ok(!opens(note(20, SECOND)), 'a key that has no turn yet signs nothing');
  assert.ok(opens(note(21, FIRST, SECOND)) && opens(note(40, SECOND)));
  assert.ok(!opens(note(21, FIRST)) && !opens(note(40, FIRST)));
  assert.ok(opens(note(41, THIRD)) && !opens(note(41, FIRST, SECOND)));
  assert.ok(!opens(note(50, STRANGER)));
  // Who knows the first key alone reads what both have signed, and nothing that it did not sign.
  assert.ok(opens(note(21, FIRST, SECOND), []) && !opens(note(40, SECOND), []));
});

test('a head that was recorded under an earlier key is a head of the same log', () => {
  const parsed = [FIRST_LINK, SECOND_LINK].map(({ record }) => JSON.parse(record));
  const names = namesOfLog(keyOf(THIRD), parsed);
  assert.equal(names.size, 3);
  assert.equal(namesOfLog(keyOf(THIRD), parsed.slice(0, 1)).size, 1, 'what is not recorded is not guessed');
});
