/** What stops the holder of a root key from signing a roster, before anybody is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import { idFrom } from '../domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../domain/roster.ts';
import { addRosterSignature, readUnverifiedRoster, signRoster } from '../ledger/roster.ts';
import { type Asked, judge, lastFromCloud, lastOf, signersSoFar } from './roster-judge.ts';

const [a, b, c, d] = [newSigningKey(), newSigningKey(), newSigningKey(), newSigningKey()];
const text = (key: SigningKey) => base64url(key.publicKey);
const hash = base64url(new Uint8Array(32).fill(9));
const roster: Roster = {
  v: 1,
  tenant: idFrom('tenant', new Uint8Array(16).fill(1)),
  site: idFrom('site', new Uint8Array(16).fill(1)),
  version: 5,
  madeAtMs: 1_768_478_400_000,
  root: { keys: [text(a), text(b), text(c)], k: 2 },
  banks: [],
  pins: { current: hash, next: hash, offline: null },
  keys: { intake: base64url(a.publicKey.subarray(-65)), notifier: text(a), ledger: null },
  carriers: [],
  couriers: [],
  staff: [],
  policy: DEFAULT_POLICY,
};
const { site } = roster;
const next: Roster = { ...roster, version: 6 };
const alone: Roster['root'] = { keys: [text(a)], k: 1 };
const lastSigned = (of: Roster, key = a) => ({ note: signRoster(of, [key]), roster: of });
const asked = (change: Partial<Asked>): Asked => ({
  ...{ roster: next, last: lastSigned(roster), own: a.publicKey, named: undefined, again: false },
  ...change,
});

test('a roster that names another root is signed only by who named that root', () => {
  judge(asked({}));
  const other = { ...next, root: { keys: [text(b), text(c), text(d)], k: 2 } };
  const lower = { ...next, root: { ...roster.root, k: 1 } };
  const more = { ...next, root: { keys: [...roster.root.keys, text(d)], k: 2 } };
  assert.throws(() => judge(asked({ roster: other })), /does not name this root key; signing it would lock/);
  for (const changed of [lower, more])
    assert.throws(() => judge(asked({ roster: changed })), /another root than the last roster/);
  for (const changed of [other, lower, more]) judge(asked({ roster: changed, named: changed.root }));
  for (const named of [lower.root, more.root, { ...other.root, k: 1 }])
    assert.throws(() => judge(asked({ roster: other, named })), /another root than the one that was given/);
  const turned = { ...next, root: { ...next.root, keys: next.root.keys.toReversed() } };
  judge(asked({ roster: turned }));
});

test('two rosters of one number are not both signed, unless the first was given up', () => {
  const second = { ...roster, madeAtMs: roster.madeAtMs + 1 };
  assert.throws(() => judge(asked({ roster: second })), /version 5 is not newer than 5.*--again/);
  judge(asked({ roster: second, again: true }));
  judge(asked({ roster }));
  for (const again of [false, true])
    assert.throws(() => judge(asked({ roster: { ...roster, version: 4 }, again })), /4 is not newer than 5/);
  // One signature is enough there, so the first of that number may be in force.
  const last = lastSigned({ ...roster, root: alone });
  const other = { ...second, root: alone };
  assert.throws(() => judge(asked({ roster: other, last, again: true })), /is not newer/);
});

test('a number that leaves none above it is not signed', () => {
  judge(asked({ roster: { ...roster, version: 1_005 } }));
  const beyond = /is far beyond the last one, 5: signing it would leave no number for the next/;
  for (const version of [1_006, 2 ** 31, Number.MAX_SAFE_INTEGER])
    assert.throws(() => judge(asked({ roster: { ...roster, version }, again: true })), beyond);
  judge(asked({ roster: { ...roster, version: 1_000_000 }, last: undefined }));
  const first = { ...roster, version: 1_000_001 };
  assert.throws(() => judge(asked({ roster: first, last: undefined })), /far beyond what a site comes to/);
});

test('what lies beside the key or comes from the cloud as the last roster is believed only under this key', () => {
  assert.equal(lastOf(signRoster(roster, [b, a]), site, a.publicKey).roster.version, 5);
  assert.throws(() => lastOf(signRoster(roster, [b, c]), site, a.publicKey), /not signed by this root/);
  assert.equal(lastFromCloud(null, site, a.publicKey), undefined);
  assert.equal(lastFromCloud(signRoster(roster, [b, c]), site, a.publicKey), undefined, 'the others signed');
  assert.equal(lastFromCloud(signRoster(roster, [c, a]), site, a.publicKey)?.roster.version, 5);
  for (const note of [signRoster({ ...roster, root: alone }, [b]), signRoster(roster, [b, c]), 'no note'])
    assert.throws(() => lastFromCloud(note, site, d.publicKey), /not signed by this root/);
});

test('below a signature that does not fit nobody signs', () => {
  const first = signRoster(roster, [a]);
  const of = (note: string) => signersSoFar({ note, roster, last: undefined });
  assert.deepEqual(of(first), [text(a)]);
  assert.deepEqual(of(addRosterSignature(first, roster, b)), [text(a), text(b)]);
  assert.deepEqual(readUnverifiedRoster(first), roster);
  const elsewhere = signRoster(next, [b]);
  const mixed = `${first}${elsewhere.slice(elsewhere.lastIndexOf('\n\n') + 2)}`;
  for (const note of [mixed, signRoster(roster, [d]), first.replace('"version":5', '"version":6')])
    assert.throws(() => of(note), /it is not signed too/);
});
