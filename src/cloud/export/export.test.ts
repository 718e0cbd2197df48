/** Bundles of evidence from a real database, a real log and a real bank's records; and what is found in one that was changed. */
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newEd25519Key } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/hash.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import type { CommittedField } from '../../domain/facts.ts';
import { idFrom } from '../../domain/ids.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { type BundleTrust, verifyBundle } from '../../ledger/export/verify.ts';
import { readPolicy } from '../../ledger/log/policy.ts';
import { parsePolicyFile } from '../../ledger/log/policy-file.ts';
import { verifyProof } from '../../ledger/log/proof-file.ts';
import { cosignatureLine } from '../../ledger/log/signatures.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import { leafHash, parseRecord } from '../../ledger/record.ts';
import { signRoster } from '../../ledger/roster.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { recordsBetween } from '../journal/journal.ts';
import { createLog, drain } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import { createTenant } from '../tenants/tenants.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addCourier, addResident, type Filled, filledTenant } from '../test-tenants.ts';
import { type Asked, type Exported, makeExport, NOBODY_NAMED, readSelection } from './export.ts';
import {
  bundleFolder,
  type Files,
  manifestOf,
  sourceOf,
  tampered,
  textOf,
  toldAlone,
  unpacked,
} from './test-bundle.ts';
import { TAMPERED } from './test-tampered.ts';

const home = bundleFolder();
const root: SigningKey = newSigningKey();
const trusted: BundleTrust = { rootKeys: [base64url(root.publicKey)], signatures: 1, policy: undefined };
let stand: Stand;
let filled: Filled;
let made = 0;

before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root, mark: 'Alder' });
  const draft = { kind: 'backup.made', facts: { bytes: 1, hash: 'A'.repeat(43) } } as const;
  const all = Array.from({ length: 300 }, () => ({ draft, owners: {} }));
  await stand.cloud.database.tenant(filled.tenant, (tx) => stand.cloud.journal.recordAll(tx, all));
});
after(() => stand.close());

type Made = Exported & { path: string; files: Files };

async function exported(
  asked: Asked,
  opened: readonly CommittedField[] = [],
  tenant = filled.tenant,
): Promise<Made> {
  made += 1;
  const out = join(home, `${made}.tar`);
  const order = {
    tenant,
    selection: readSelection(asked),
    opened,
    purpose: 'case 12',
    madeBy: 'M. Ruiz',
    by: null,
    receiver: NOBODY_NAMED,
    out,
  };
  return { ...(await makeExport(stand.cloud, order)), path: out, files: unpacked(out) };
}

const judged = (bytes: Uint8Array, trust: BundleTrust = trusted) => verifyBundle(sourceOf(bytes), trust);
const saidBy = (bytes: Uint8Array, trust: BundleTrust = trusted) =>
  judged(bytes, trust).lines.map(
    ({ holds, says }) => `${holds === null ? '--' : holds ? 'ok' : 'FAIL'} ${says}`,
  );
const bytesOf = ({ path }: Made) => new Uint8Array(readFileSync(path));

test('a bank’s whole journal: in order, nothing missing, signed by the bank that the site root names', async () => {
  const whole = await exported({ bank: filled.bank });
  const said = saidBy(bytesOf(whole));
  assert.ok(judged(bytesOf(whole)).holds, said.join('\n'));
  const has = (pattern: RegExp) =>
    assert.ok(
      said.some((line) => pattern.test(line)),
      `${pattern} in\n${said.join('\n')}`,
    );
  has(/^ok .* files, each with the length and the SHA-256/);
  has(/^ok made .* by M. Ruiz, for: case 12/);
  has(/^ok \d+ records lead, each at its place, to the root that the log signed/);
  has(/^ok \d+ proof files \(C2SP tlog-proof\)/);
  has(
    new RegExp(
      `^ok ${filled.bank}: records 1 to \\d+, none missing; each names the one before, from the first`,
    ),
  );
  has(/^ok bank_.* batches that the bank’s key signed/);
  has(/^ok bank_.*: the site root’s roster, version 1 .* so the cloud did not write its records/);
  has(/^-- cosignatures: not judged/);
  has(/^-- not checked: records.csv and report.html/);
  assert.ok(manifestOf(whole.files).sources.every((one) => one.whole && one.first === 1));
});

test('each proof in it is one that a verifier of C2SP tlog-proof takes, with the log’s key alone', async () => {
  const { files } = await exported({ bank: filled.bank });
  const { log } = JSON.parse(textOf(files, 'keys.json')) as { log: { origin: string; vkey: string } };
  const policy = readPolicy({ origin: log.origin, logs: [log.vkey], witnesses: [], quorum: 0 });
  assert.ok(policy.ok);
  const lines = textOf(files, 'records.jsonl').trimEnd().split('\n');
  for (const line of lines) {
    const { index } = JSON.parse(line) as { index: number };
    const bytes = Buffer.from(line.slice(line.indexOf('"record":') + 9, -1));
    const proof = textOf(files, `proofs/${String(index).padStart(16, '0')}.tlog-proof`);
    assert.ok(verifyProof(proof, { leaf: leafHash(bytes), policy: policy.value }).ok);
  }
  assert.ok(lines.length > 3);
});

test('every selection holds, and holds what was asked for and nothing else', async () => {
  const { bank, parcel, people } = filled;
  const recordsOf = ({ files }: Made) =>
    textOf(files, 'records.jsonl')
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          (
            JSON.parse(line) as {
              record: { source: string; compartment?: number; seq: number; time: { atMs: number } };
            }
          ).record,
      );
  const all = recordsOf(await exported({}));
  assert.ok(all.length > 300);
  const cases: [Asked, (record: (typeof all)[number]) => boolean][] = [
    [{ bank }, ({ source }) => source === bank],
    [{ bank, door: '1' }, ({ source, compartment }) => source === bank && compartment === 1],
    [
      { from: '2025-10-09T08:53:22Z', bank },
      ({ source, time }) => source === bank && time.atMs >= 1_760_000_002_000,
    ],
    [
      { to: '2025-10-09T08:53:22Z', bank },
      ({ source, time }) => source === bank && time.atMs < 1_760_000_002_000,
    ],
  ];
  for (const [asked, isMeant] of cases) {
    const one = await exported(asked);
    assert.ok(judged(bytesOf(one)).holds, saidBy(bytesOf(one)).join('\n'));
    const found = recordsOf(one);
    assert.ok(found.length > 0 && found.every(isMeant));
    assert.equal(found.length, all.filter(isMeant).length, JSON.stringify(asked));
  }
  for (const asked of [
    { parcel },
    { person: people.resident },
    { parcel, person: people.resident, door: '1' },
  ]) {
    const one = await exported(asked, ['parcel', 'counterpart']);
    assert.ok(judged(bytesOf(one)).holds, saidBy(bytesOf(one)).join('\n'));
    const count = recordsOf(one).length;
    assert.ok(count > 0 && count < all.length, JSON.stringify(asked));
  }
});

test('nothing is opened that was not named, and what is opened is what the records committed to', async () => {
  const { parcel } = filled;
  const closed = await exported({ parcel });
  assert.equal(textOf(closed.files, 'opened.jsonl'), '');
  const open = await exported({ parcel }, ['tracking']);
  const opened = textOf(open.files, 'opened.jsonl');
  assert.match(opened, /"tracking":\{"salt":"[^"]{22}","value":"Alder"\}/);
  assert.doesNotMatch(opened, /person|counterpart|carrier/);
  assert.ok(textOf(open.files, 'records.csv').includes('tracking: Alder'));
  assert.ok(textOf(open.files, 'report.html').includes('tracking: Alder'));
  for (const [name, bytes] of closed.files)
    for (const word of ['tracking: Alder', filled.people.resident, filled.carrier])
      assert.ok(
        !Buffer.from(bytes).includes(word) || (name === 'keys.json' && word === filled.carrier),
        `${name}: ${word}`,
      );
  await stand.cloud.database.tenant(filled.tenant, (tx) =>
    stand.cloud.keys.destroySubjects(tx, [filled.people.resident]),
  );
  const erased = await exported({ parcel }, ['tracking', 'counterpart']);
  assert.ok(judged(bytesOf(erased)).holds);
  assert.ok(
    !textOf(erased.files, 'opened.jsonl').includes(filled.people.resident),
    'who was forgotten is in no export',
  );
  await assert.rejects(exported({ person: filled.people.resident }), /no record is what was asked for/);
});

test('an export is a record with its purpose and its hash before the file has its name, and nobody else can read it', async () => {
  const one = await exported({ bank: filled.bank });
  assert.equal(one.sha256, Buffer.from(sha256(bytesOf(one))).toString('hex'));
  assert.equal(statSync(one.path).mode & 0o777, 0o600);
  const end = await stand.cloud.database.read(filled.tenant, (tx) =>
    stand.cloud.journal.endOf(tx, filled.tenant),
  );
  const range = { first: end?.lastSeq ?? 0, last: end?.lastSeq ?? 0 };
  const [found, openings] = await stand.cloud.database.tenant(filled.tenant, async (tx) => {
    const kept = await stand.cloud.journal.openOpenings(tx, filled.tenant, range);
    const [row] = await recordsBetween(tx, filled.tenant, range);
    const parsed = parseRecord(new Uint8Array(row?.bytes ?? []));
    return [parsed.ok ? parsed.record : undefined, kept.get(range.last)] as const;
  });
  assert.equal(found?.kind, 'export.made');
  assert.deepEqual(found?.facts, { entries: one.records, hash: base64url(Buffer.from(one.sha256, 'hex')) });
  assert.equal(openings?.purpose?.value, 'case 12');
  assert.match(openings?.subject?.value ?? '', new RegExp(`"bank":"${filled.bank}"`));
  assert.deepEqual(
    readdirSync(home).filter((name) => name.includes('parts')),
    [],
  );
  const journal = stand.cloud.journal;
  const cloud = {
    ...stand.cloud,
    journal: { ...journal, record: () => Promise.reject(new Error('no disk')) },
  };
  const out = join(home, 'unrecorded.tar');
  const order = {
    tenant: filled.tenant,
    selection: readSelection({}),
    opened: [],
    purpose: 'x',
    madeBy: null,
    by: null,
    receiver: NOBODY_NAMED,
    out,
  };
  await assert.rejects(makeExport(cloud, order), /no disk/);
  assert.deepEqual(
    [existsSync(out), readdirSync(home).some((name) => name.includes('parts'))],
    [false, false],
  );
});

test('tiles that are not the signed ones give no bundle; an organisation is given nothing of another', async () => {
  const { objects } = stand.cloud.ledger;
  const read: typeof objects.read = async (place, path) =>
    (await objects.read(place, path))?.map((byte) => byte ^ 1);
  const cloud = { ...stand.cloud, ledger: { ...stand.cloud.ledger, objects: { ...objects, read } } };
  const order = {
    tenant: filled.tenant,
    opened: [],
    purpose: 'x',
    madeBy: null,
    by: null,
    receiver: NOBODY_NAMED,
    out: join(home, 'bad.tar'),
  };
  await assert.rejects(makeExport(cloud, { ...order, selection: readSelection({ bank: filled.bank }) }));
  const other = await createTenant(stand.cloud);
  await assert.rejects(exported({}, [], other), /keeps no log/);
  await createLog(stand.cloud, { tenant: other, host: 'ledger.example.org', succeeds: false });
  await assert.rejects(exported({ bank: filled.bank }, [], other), /no such bank/);
  await assert.rejects(exported({ parcel: filled.parcel }, [], other), /no such parcel/);
  const own = await exported({}, [], other);
  assert.ok(
    !Buffer.from(bytesOf(own)).includes(filled.tenant) && !Buffer.from(bytesOf(own)).includes(filled.bank),
  );
});

test('what changed on the disk while it was made gives no bundle, and no record of one', async () => {
  const { tenant } = filled;
  const endOf = () => stand.cloud.database.read(tenant, (tx) => stand.cloud.journal.endOf(tx, tenant));
  const out = join(home, 'spoiled.tar');
  const spoil = async () => {
    const file = openSync(join(`${out}.${process.pid}.parts`, 'records.jsonl'), 'r+');
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, 100);
    writeSync(
      file,
      byte.map((old) => old ^ 1),
      0,
      1,
      100,
    );
    closeSync(file);
  };
  const order = {
    ...{ tenant, selection: readSelection({}), opened: [], purpose: 'x', madeBy: null, by: null },
    ...{ receiver: NOBODY_NAMED, out, looked: spoil },
  };
  const before = await endOf();
  await assert.rejects(makeExport(stand.cloud, order), /the bundle does not hold/);
  assert.deepEqual(await endOf(), before);
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('spoiled')),
    [],
  );
});

test('what is asked for wrongly is said before anything is made', () => {
  for (const asked of [
    { bank: 'bank_x' },
    { door: '0' },
    { from: 'yesterday' },
    { to: '2026-13-45' },
    { from: '2026-02-01', to: '2026-01-01' },
    { person: filled.parcel },
  ])
    assert.throws(() => readSelection(asked), /--/, JSON.stringify(asked));
});

test('witnesses’ signatures on the checkpoint are counted by the reader’s policy', async () => {
  const { files } = await exported({ bank: filled.bank });
  const { log } = JSON.parse(textOf(files, 'keys.json')) as { log: { vkey: string } };
  const keys = ['one', 'two'].map((name) => ({ name: `${name}.example`, ...newEd25519Key() }));
  const note = textOf(files, 'checkpoint');
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const [first] = keys;
  assert.ok(first);
  const cosigned = note + cosignatureLine({ text, signer: first, atS: 1_790_000_000 });
  const proofs = [...files.keys()].filter((name) => name.startsWith('proofs/'));
  const edit = Object.fromEntries(
    ['checkpoint', ...proofs].map((name) => [name, (old: string) => old.replace(note, cosigned)]),
  );
  const bytes = tampered(files, { edit });
  const policyOf = (k: number) => {
    const lines = keys.map((key, at) => `witness w${at} ${vkeyText({ type: 'cosignature', ...key })}`);
    const read = parsePolicyFile(
      [`log ${log.vkey}`, ...lines, `group g ${k} w0 w1`, 'quorum g', ''].join('\n'),
    );
    assert.ok(read.ok);
    return { ...trusted, policy: read.policy };
  };
  assert.ok(judged(bytes, policyOf(1)).holds, saidBy(bytes, policyOf(1)).join('\n'));
  assert.ok(
    saidBy(bytes, policyOf(1)).some((line) =>
      /^ok 1 of 2 witnesses cosigned, which is the quorum g/.test(line),
    ),
  );
  assert.match(
    saidBy(bytes, policyOf(2)).at(-1) ?? '',
    /^FAIL 1 of 2 witnesses cosigned, which is not the quorum/,
  );
  assert.match(saidBy(tampered(files, {}), policyOf(1)).at(-1) ?? '', /^FAIL 0 of 2/);
});

test('without the site root’s key, or with another one, the bank is vouched for by the cloud only', async () => {
  const bytes = bytesOf(await exported({ bank: filled.bank }));
  const none = judged(bytes, { ...trusted, rootKeys: [] });
  assert.ok(none.holds);
  assert.ok(
    saidBy(bytes, { ...trusted, rootKeys: [] }).some((line) =>
      /^-- bank_.*vouched by the cloud only/.test(line),
    ),
  );
  const other = saidBy(bytes, { ...trusted, rootKeys: [base64url(newSigningKey().publicKey)] });
  assert.match(
    other.at(-1) ?? '',
    /^FAIL bank_.*vouched by the cloud only: no roster that the given root keys signed/,
  );
});

test('the cloud’s own records are those of the organisation whose name stands on the bundle', async () => {
  const { files } = await exported({});
  const renamed = tampered(files, {
    manifest: (manifest) => {
      manifest.tenant = idFrom('tenant', systemRandom.bytes(16));
    },
  });
  const said = saidBy(renamed, { ...trusted, rootKeys: [] });
  assert.match(said.at(-1) ?? '', /^FAIL tenant_.*records of another organisation than the manifest names/);
  assert.deepEqual(aloneOn([tampered(files, {}), renamed], []), [true, false]);
});

test('each way of tampering is found, by its own line, and by the verifier that stands alone as well', async (t) => {
  const bank = await anotherBank();
  const { files } = await exported({ bank: bank.bank }, ['tracking']);
  const whole = tampered(files, {});
  assert.ok(judged(whole).holds, saidBy(whole).join('\n'));
  const cases = [whole];
  for (const [name, how, line] of TAMPERED) {
    await t.test(name, () => {
      const bytes = tampered(files, how(files));
      cases.push(bytes);
      const fails = judged(bytes).lines.filter(({ holds }) => holds === false);
      assert.equal(fails.length, 1, `not found:\n${saidBy(bytes).join('\n')}`);
      assert.match(fails[0]?.says ?? '', line);
    });
  }
  const verdicts = aloneOn(cases);
  const missed = TAMPERED.filter((_, at) => verdicts[at + 1]).map(([name]) => name);
  assert.deepEqual([verdicts[0], missed, verdicts.length], [true, [], TAMPERED.length + 1]);
});

const aloneOn = (bundles: readonly Uint8Array[], rootKeys = trusted.rootKeys): boolean[] =>
  toldAlone(home, bundles, rootKeys).map(({ holds }) => holds);

test('a bank whose key the newest roster names no more comes with both rosters, and is said to be dropped', async () => {
  const { bank } = await anotherBank();
  // As when it enrols again: the root now names the new key for it.
  const { publicKey } = newSigningKey();
  const of = { bank, key: base64url(publicKey), sealKey: base64url(publicKey.subarray(-65)) };
  await stand.cloud.database.tenant(filled.tenant, (tx) => rosters.nameBank(tx, filled.site, of));
  await signDraft();
  const { files } = await exported({ bank });
  const bytes = tampered(files, {});
  assert.ok(judged(bytes).holds);
  const said = saidBy(bytes).join('\n');
  assert.match(said, /^ok bank_.*: the site root’s roster, version \d+ .*names its key/m);
  assert.match(said, /^-- bank_.*: version \d+ of that roster, made at .*, drops its key;/m);
  // The bank of whom nothing changed is named by the newest.
  assert.doesNotMatch(saidBy(bytesOf(await exported({ bank: filled.bank }))).join('\n'), /drops/);
});

async function signDraft(): Promise<void> {
  const { cloud } = stand;
  const { tenant, site } = filled;
  const draft = await cloud.database.tenant(tenant, (tx) => rosters.draft(cloud, tx, site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '')), [root]);
  assert.ok((await rosters.submit(cloud, site, note)).ok);
}

/** A second bank of the tenant, with two batches, that the root has not named yet and then does. */
async function anotherBank(): Promise<TestBank> {
  const { cloud } = stand;
  const { tenant, site, carrier, people } = filled;
  const bank = await enrolledBank(cloud, tenant, site);
  const resident = await addResident(cloud, { tenant, site, name: 'Zoe' });
  const courier = await addCourier(cloud, { tenant, carrier, name: 'Max', by: people.admin });
  await signDraft();
  for (const collect of [false, true]) {
    bank.writeJourney({
      courier,
      recipient: resident,
      compartment: collect ? 2 : 3,
      carrier,
      tracking: 'Alder',
      collect,
    });
    const message = await bank.batch();
    assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  }
  await drain(cloud, tenant);
  return bank;
}
