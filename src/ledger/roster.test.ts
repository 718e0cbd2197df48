import assert from 'node:assert/strict';
import { createHash, createPublicKey, createVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import { base64url, fromBase64url } from '../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import { idFrom } from '../domain/ids.ts';
import { DEFAULT_POLICY, type Epoch, type Roster } from '../domain/roster.ts';
import { signNote } from './note.ts';
import {
  badgeHash,
  isWhole,
  noteHash,
  openEpoch,
  openRoster,
  type RosterTrust,
  rosterNeeds,
  signEpoch,
  signRoster,
} from './roster.ts';

const [rootA, rootB, rootC, bankKey, notifier] = [
  newSigningKey(),
  newSigningKey(),
  newSigningKey(),
  newSigningKey(),
  newSigningKey(),
];
const text = (key: SigningKey) => base64url(key.publicKey);
const point = (key: SigningKey) => base64url(key.publicKey.subarray(-65));
const id = <K extends Parameters<typeof idFrom>[0]>(kind: K, fill = 1) =>
  idFrom(kind, new Uint8Array(16).fill(fill));
const HASH = base64url(new Uint8Array(32).fill(9));

const roster: Roster = {
  v: 1,
  tenant: id('tenant'),
  site: id('site'),
  version: 5,
  madeAtMs: 1_768_478_400_000,
  root: { keys: [text(rootA), text(rootB), text(rootC)], k: 2 },
  banks: [{ bank: id('bank'), key: text(bankKey), sealKey: point(bankKey) }],
  pins: { current: HASH, next: HASH, offline: null },
  keys: { intake: point(rootA), notifier: text(notifier), ledger: null },
  carriers: [{ carrier: id('carrier'), name: 'Example "Ü" Parcel', key: null }],
  couriers: [{ person: id('person'), carrier: id('carrier'), badgeHash: HASH, untilMs: null }],
  staff: [{ person: id('person', 2), role: 'admin', key: text(rootB) }],
  policy: DEFAULT_POLICY,
};
const trust: RosterTrust = { site: roster.site, rootKeys: roster.root.keys, k: 2, version: 4 };
const refused = (reason: string) => ({ ok: false, reason });

/** Signs any text as this site's root would; the canonical roster, unless told otherwise. */
function noteOf(changes: { title?: string; site?: string; json?: string; after?: string } = {}): string {
  const {
    title = 'holdfast/roster/v1',
    site = roster.site,
    json = canonicalize(roster),
    after = '',
  } = changes;
  const signers = [rootA, rootB].map((key) => ({ name: roster.site, ...key }));
  return signNote(`${title}\n${site}\n${json}\n${after}`, signers);
}
const changed = (change: object) => noteOf({ json: canonicalize({ ...roster, ...change }) ?? '' });

test('vector: the note is read with plain node:crypto, and by us', () => {
  const file = new URL('../contract/vectors/roster/v1.json', import.meta.url);
  const vector = JSON.parse(readFileSync(file, 'utf8'));
  const split = vector.note.lastIndexOf('\n\n');
  const [title, site, json, end] = vector.note.slice(0, split + 1).split('\n');
  assert.deepEqual([title, site, end], ['holdfast/roster/v1', vector.roster.site, '']);
  assert.deepEqual(JSON.parse(json), vector.roster);
  const publicKey = createPublicKey({
    key: Buffer.from(vector.key.publicKey, 'base64url'),
    format: 'der',
    type: 'spki',
  });
  const signature = Buffer.from(vector.note.trimEnd().split(' ').at(-1), 'base64').subarray(4);
  assert.ok(
    createVerify('sha256')
      .update(vector.note.slice(0, split + 1))
      .verify(publicKey, signature),
  );
  const opened = openRoster(vector.note, {
    site: vector.roster.site,
    rootKeys: [vector.key.publicKey],
    k: 1,
    version: 1,
  });
  assert.deepEqual(opened, { ok: true, value: vector.roster });
  assert.equal(createHash('sha256').update(`note/v1\0${vector.note}`).digest('base64url'), vector.noteHash);
  assert.equal(
    createHash('sha256').update(`badge/v1\0${vector.badge.secret}`).digest('base64url'),
    vector.badge.hash,
  );
  assert.equal(badgeHash(vector.badge.secret), vector.badge.hash);
});

test('a roster signed by k of the n root keys is opened', () => {
  for (const keys of [
    [rootA, rootB],
    [rootC, rootA],
    [rootA, rootB, rootC],
  ]) {
    assert.deepEqual(openRoster(signRoster(roster, keys), trust), { ok: true, value: roster });
  }
});

test('fewer than k, the same key twice, and keys of others are refused', () => {
  const stranger = newSigningKey();
  for (const keys of [[rootA], [rootA, rootA], [rootA, stranger], [stranger], [bankKey, notifier]]) {
    assert.deepEqual(openRoster(signRoster(roster, keys), trust), refused('signature-wrong'));
  }
  assert.deepEqual(openRoster(signRoster(roster, [rootA, stranger]), { ...trust, k: 1 }), {
    ok: true,
    value: roster,
  });
  // The keys that a roster names sign the next one, never itself.
  const takeover = { ...roster, root: { keys: [text(stranger)], k: 1 } };
  assert.deepEqual(openRoster(signRoster(takeover, [stranger]), trust), refused('signature-wrong'));
  assert.equal(openRoster(signRoster(takeover, [rootA, rootB]), trust).ok, true);
});

test('a change of the root is whole when both sides have signed, and each key that comes in', () => {
  const rootD = newSigningKey();
  const before = roster.root;
  const missing = (next: Roster, keys: readonly SigningKey[]) => {
    const { signed, unproved, missingNext } = rosterNeeds(signRoster(next, keys), next, before);
    return [signed, unproved, missingNext];
  };
  assert.ok(isWhole(rosterNeeds(signRoster(roster, [rootB, rootC]), roster, before)));
  assert.deepEqual(missing(roster, [rootB]), [1, [], 1]);
  assert.deepEqual(missing(roster, [rootB, rootB]), [1, [], 1]);
  const replaced = { ...roster, root: { keys: [text(rootB), text(rootC), text(rootD)], k: 2 } };
  assert.deepEqual(missing(replaced, [rootB, rootC]), [2, [text(rootD)], 0]);
  assert.deepEqual(missing(replaced, [rootB, rootD]), [1, [], 0]);
  assert.ok(isWhole(rosterNeeds(signRoster(replaced, [rootB, rootC, rootD]), replaced, before)));
  const narrowed = { ...roster, root: { keys: [text(rootC)], k: 1 } };
  assert.deepEqual(missing(narrowed, [rootA, rootB]), [2, [], 1]);
  const other = signRoster({ ...roster, version: 6 }, [rootB]);
  const mixed = `${signRoster(roster, [rootA])}${other.slice(other.lastIndexOf('\n\n') + 2)}`;
  assert.equal(
    rosterNeeds(mixed, roster, before).signed,
    0,
    'a signature over another roster spoils the note',
  );
});

test('a key listed in two encodings does not count twice', () => {
  const hybrid = Uint8Array.from(rootA.publicKey);
  hybrid[26] = 6 + ((hybrid[90] ?? 0) & 1);
  const rootKeys = [text(rootA), base64url(hybrid)];
  const note = signRoster(roster, [rootA, { ...rootA, publicKey: hybrid }]);
  assert.equal(openRoster(note, { ...trust, rootKeys, k: 2 }).ok, false);
});

test('a version that is not newer is refused', () => {
  const note = noteOf();
  assert.deepEqual(openRoster(note, { ...trust, version: 5 }), refused('roster-version-old'));
  assert.deepEqual(openRoster(note, { ...trust, version: 6 }), refused('roster-version-old'));
  assert.equal(openRoster(note, { ...trust, version: 0 }).ok, true);
});

test('a roster of another site is refused, also when the same root signs both', () => {
  const other = { ...roster, site: id('site', 2) };
  assert.deepEqual(openRoster(signRoster(other, [rootA, rootB]), trust), refused('signature-wrong'));
  const json = canonicalize(other) ?? '';
  assert.deepEqual(openRoster(noteOf({ json, site: other.site }), trust), refused('roster-wrong-site'));
  assert.deepEqual(openRoster(noteOf({ json }), trust), refused('roster-malformed'));
  assert.deepEqual(openRoster(noteOf({ site: other.site }), trust), refused('roster-malformed'));
});

test('signed text that is not the one form of a roster is refused', () => {
  const json = canonicalize(roster) ?? '';
  const forms = {
    'another title': noteOf({ title: 'holdfast/roster/v2' }),
    'the title of an epoch': noteOf({ title: 'holdfast/notifier-epoch/v1' }),
    'a further line': noteOf({ after: 'more\n' }),
    'no JSON': noteOf({ json: '{' }),
    'a space': noteOf({ json: json.replace(':', ': ') }),
    'another order': noteOf({ json: JSON.stringify(roster) }),
    'a duplicate key': noteOf({ json: json.replace('"v":1', '"v":1,"v":1') }),
    'an unknown key': changed({ more: 1 }),
    'an unknown key of the policy': changed({ policy: { ...DEFAULT_POLICY, anyDoor: true } }),
    'an unknown key of a bank': changed({ banks: [{ ...roster.banks[0], more: 1 }] }),
    'another version of the form': changed({ v: 2 }),
    'a missing part': noteOf({ json: (canonicalize(roster) ?? '').replace(',"staff":[', ',"stuff":[') }),
    'version 0': changed({ version: 0 }),
  };
  for (const [name, note] of Object.entries(forms))
    assert.deepEqual(openRoster(note, trust), refused('roster-malformed'), name);
});

test('policy outside its bounds, a name that hides something, and a second entry of one name are refused', () => {
  const [courier] = roster.couriers;
  const [staff] = roster.staff;
  assert.ok(courier && staff);
  const forms = {
    'a hold of no days': { policy: { ...DEFAULT_POLICY, holdDays: 0 } },
    'fifty-one guesses': { policy: { ...DEFAULT_POLICY, kioskGuessesPerDay: 51 } },
    'four pulses': { policy: { ...DEFAULT_POLICY, pulsesPerSession: 4 } },
    'a terminal escape in a name': { carriers: [{ ...roster.carriers[0], name: 'A\u001b[2K' }] },
    'a turned direction in a name': { carriers: [{ ...roster.carriers[0], name: 'A\u202eB' }] },
    'a second line in a name': { carriers: [{ ...roster.carriers[0], name: 'A\u2028B' }] },
    'no name': { carriers: [{ ...roster.carriers[0], name: '' }] },
    'one bank twice': {
      banks: [...roster.banks, { bank: id('bank'), key: text(rootC), sealKey: point(rootC) }],
    },
    'one courier twice': { couriers: [courier, { ...courier, badgeHash: base64url(new Uint8Array(32)) }] },
    'one badge for two': { couriers: [courier, { ...courier, person: id('person', 3) }] },
    'one order key for two': { staff: [staff, { ...staff, person: id('person', 3) }] },
    'a key in another spelling': {
      keys: { ...roster.keys, notifier: `${roster.keys.notifier.slice(0, -1)}B` },
    },
    'a pin of 31 bytes': { pins: { ...roster.pins, current: HASH.slice(0, -1) } },
  };
  for (const [name, change] of Object.entries(forms))
    assert.deepEqual(openRoster(changed(change), trust), refused('roster-malformed'), name);
});

test('a lone surrogate in signed JSON is refused and does not throw', () => {
  const json = (canonicalize(roster) ?? '').replace('Example', '\\ud800');
  assert.deepEqual(openRoster(noteOf({ json }), trust), refused('roster-malformed'));
});

test('a root that could not sign the next roster is never adopted', () => {
  const keys = [text(rootA), text(rootB)];
  const noPoint = base64url(Uint8Array.from(rootA.publicKey, (byte, at) => (at === 90 ? byte ^ 1 : byte)));
  for (const root of [
    { keys, k: 3 },
    { keys: [text(rootA), text(rootA)], k: 2 },
    { keys: [...keys, noPoint], k: 1 },
    { keys: [], k: 1 },
    { keys, k: 0 },
  ]) {
    assert.deepEqual(openRoster(changed({ root }), trust), refused('roster-malformed'));
  }
});

test('what is no note, and trust in keys that are none, opens nothing', () => {
  for (const note of [
    '',
    'x',
    '\n\n',
    noteOf().slice(0, -3),
    noteOf().replace('site_', 'site-'),
    `\0${noteOf()}`,
  ]) {
    assert.deepEqual(openRoster(note, trust), refused('signature-wrong'));
  }
  assert.deepEqual(
    openRoster(noteOf(), { ...trust, rootKeys: ['', '*', 'AAAA'] }),
    refused('signature-wrong'),
  );
  assert.deepEqual(openRoster(noteOf(), { ...trust, rootKeys: [], k: 0 }), refused('signature-wrong'));
});

test('every note has a hash, also one that is refused', () => {
  const notes = ['', '\0', 'note/v1\0', '\ud800', noteOf()];
  assert.equal(new Set(notes.map(noteHash)).size, notes.length);
});

const epoch: Epoch = {
  v: 1,
  tenant: roster.tenant,
  epoch: id('epoch'),
  key: point(rootC),
  notBeforeMs: 1000,
  notAfterMs: 2000,
};

test('an epoch is opened when the notifier key of the roster signed it, and only then', () => {
  assert.deepEqual(openEpoch(signEpoch(epoch, notifier), roster), { ok: true, value: epoch });
  for (const key of [rootA, bankKey])
    assert.deepEqual(openEpoch(signEpoch(epoch, key), roster), refused('signature-wrong'));
  const elsewhere = { ...roster, tenant: id('tenant', 2) };
  assert.deepEqual(openEpoch(signEpoch(epoch, notifier), elsewhere), refused('signature-wrong'));
  assert.deepEqual(openEpoch('', roster), refused('signature-wrong'));
});

test('an epoch in another form is refused', () => {
  const signed = (body: string, title = 'holdfast/notifier-epoch/v1') =>
    signNote(`${title}\n${body}`, [{ name: roster.tenant, ...notifier }]);
  const json = canonicalize(epoch) ?? '';
  const forms = [
    signed(`${json}\n`, 'holdfast/roster/v1'),
    signed(`${json}\nmore\n`),
    signed(`${JSON.stringify(epoch)}\n`),
    signed('{\n'),
    signed(`${canonicalize({ ...epoch, v: 2 })}\n`),
    signed(`${canonicalize({ ...epoch, more: 1 })}\n`),
    signed(`${canonicalize({ ...epoch, tenant: id('tenant', 2) })}\n`),
    signed(`${canonicalize({ ...epoch, key: 'AAAA' })}\n`),
  ];
  for (const note of forms) assert.deepEqual(openEpoch(note, roster), refused('message-malformed'));
});

test('the hash of a badge is of its secret with its label', () => {
  assert.equal(fromBase64url(badgeHash('HFB1A'))?.length, 32);
  assert.notEqual(badgeHash('HFB1A'), noteHash('HFB1A'));
});
