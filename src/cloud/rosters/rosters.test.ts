/** The road of a roster: drafted by the cloud, signed elsewhere, taken only as it was drafted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newHpkeKey } from '../../crypto/hpke.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import { type Roster, rosterSchema } from '../../domain/roster.ts';
import { badgeText } from '../../domain/scan.ts';
import { parseVkey } from '../../ledger/log/vkey.ts';
import { badgeHash, noteHash, signRoster } from '../../ledger/roster.ts';
import { systemRandom } from '../../platform/random.ts';
import { createLog, log } from '../log/log.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as rosters from './rosters.ts';

let stand: Stand;
let courier: PersonId;

const waiting = () => stand.inTenant((tx) => rosters.draft(stand.cloud, tx, stand.site));
const signed = (json: string, key: SigningKey, change: Partial<Roster> = {}) =>
  signRoster({ ...rosterSchema.parse(JSON.parse(json)), ...change }, [key]);
const submit = (note: string) => rosters.submit(stand.cloud, stand.site, note);
const reasonOf = (result: Awaited<ReturnType<typeof submit>>) => (result.ok ? 'taken' : result.reason.reason);

async function waitingJson(): Promise<string> {
  const draft = await waiting();
  assert.ok(draft, 'a draft waits');
  return draft.json;
}

before(async () => {
  stand = await openStand([log]);
  await stand.inTenant(async (tx) => {
    const carrier = await people.addCarrier(stand.cloud, tx, { name: 'Parcel Runner', key: null });
    courier = await people.addCourier(stand.cloud, tx, {
      name: 'Ben Ito',
      email: null,
      carrier,
      badgeHash: badgeHash(badgeText(systemRandom.bytes(16))),
      by: null,
    });
  });
});
after(() => stand.close());

test('a draft stays the same, byte for byte, until the desired state moves', async () => {
  const first = await waiting();
  stand.step(1000);
  assert.equal((await waiting())?.json, first?.json);
  assert.equal((await stand.records('roster.drafted')).length, 1);
  const bank = {
    bank: idFrom('bank', systemRandom.bytes(16)),
    key: base64url(newSigningKey().publicKey),
    sealKey: base64url((await newHpkeKey()).publicKey),
  };
  await stand.inTenant((tx) => rosters.nameBank(tx, stand.site, bank));
  const second = await waiting();
  assert.notEqual(second?.json, first?.json);
  assert.equal(second?.version, 1);
  assert.ok(second?.changes.some((row) => row.what === `bank ${bank.bank}`));
  assert.equal((await stand.records('roster.drafted')).at(-1)?.facts.hash, second?.hash);
});

test('another root is refused, and so is what the root did not sign', async () => {
  const json = await waitingJson();
  assert.equal(reasonOf(await submit(signed(json, newSigningKey()))), 'signature-wrong');
  const note = signed(json, stand.root);
  assert.equal(reasonOf(await submit(note.replace('Parcel Runner', 'Parcel Bunner'))), 'signature-wrong');
  assert.equal(reasonOf(await submit('nothing like a note')), 'signature-wrong');
  const rejected = await stand.records('roster.rejected');
  assert.deepEqual(
    rejected.map((record) => record.facts.reason),
    ['signature-wrong', 'signature-wrong', 'signature-wrong'],
  );
  assert.deepEqual(stand.told, []);
});

test('what the root signed but nobody drafted is a conflict', async () => {
  const json = await waitingJson();
  for (const change of [{ couriers: [] }, { version: 7 }, { madeAtMs: 1 }] satisfies Partial<Roster>[]) {
    const result = await submit(signed(json, stand.root, change));
    assert.ok(!result.ok && result.reason.differs);
  }
});

test('the draft, signed, is taken, recorded, and told to the banks; then nothing waits', async () => {
  const json = await waitingJson();
  const note = signed(json, stand.root);
  assert.equal(reasonOf(await submit(note)), 'taken');
  assert.deepEqual(stand.told, [stand.site]);
  assert.equal((await stand.records('roster.received')).at(-1)?.facts.hash, noteHash(note));
  assert.equal(await waiting(), null);
  assert.equal(await stand.inTenant((tx) => rosters.currentNote(tx, stand.site)), note);
  assert.equal(reasonOf(await submit(note)), 'roster-version-old', 'the same one again');
});

test('an older one is refused once a newer was taken', async () => {
  const first = (await stand.inTenant((tx) => rosters.current(tx, stand.site)))?.note ?? '';
  await stand.inTenant((tx) => people.removePerson(stand.cloud, tx, courier, null));
  const draft = await waiting();
  assert.deepEqual(draft?.changes.map((row) => row.what).sort(), [
    `courier ${courier}`,
    'made at',
    'version',
  ]);
  assert.equal(draft?.previousNote, first);
  assert.equal(reasonOf(await submit(signed(await waitingJson(), stand.root))), 'taken');
  assert.equal(reasonOf(await submit(first)), 'roster-version-old');
  assert.equal((await stand.inTenant((tx) => rosters.current(tx, stand.site)))?.version, 2);
});

test('a roster counts only when its signatures verify from the first root', async () => {
  const verified = (version: number) =>
    stand.inTenant((tx) => rosters.verifiedRoster(tx, stand.site, version));
  assert.equal((await verified(1))?.couriers.length, 1);
  assert.equal((await verified(2))?.couriers.length, 0);
  assert.equal(await verified(3), undefined);
});

test('a suspended courier is not in the draft while the suspension runs', async () => {
  const [carrier] = await stand.inTenant((tx) => people.carriers(tx));
  const other = await stand.inTenant((tx) =>
    people.addCourier(stand.cloud, tx, {
      name: 'Eva Lund',
      email: null,
      carrier: carrier?.carrier ?? '',
      badgeHash: badgeHash(badgeText(systemRandom.bytes(16))),
      by: null,
    }),
  );
  const named = async () =>
    (JSON.parse((await waiting())?.json ?? '{"couriers":[]}') as Roster).couriers.map((row) => row.person);
  assert.deepEqual(await named(), [other]);
  await stand.inTenant((tx) => people.setSuspendedUntil(tx, other, stand.cloud.clock.nowMs() + 3_600_000));
  assert.deepEqual(await named(), []);
  stand.step(3_600_001);
  assert.deepEqual(await named(), [other]);
});

test('a site that is not there is not found', async () => {
  const nowhere = idFrom('site', systemRandom.bytes(16));
  await assert.rejects(
    rosters.submit(stand.cloud, nowhere, 'x'),
    (error) => error instanceof HoldfastError && error.code === 'not-found',
  );
});

test('the draft names the key of the log that grows, and until there is one it names none', async () => {
  const { cloud, tenant } = stand;
  const named = async () => rosterSchema.parse(JSON.parse(await waitingJson())).keys.ledger;
  const of = { tenant, host: 'ledger.example.org' };
  assert.equal(await named(), null);
  for (const generation of [1, 2]) {
    const origin = await createLog(cloud, { ...of, succeeds: generation > 1 });
    assert.equal(origin, `ledger.example.org/log/${tenant}/${generation}`);
    const vkey = await named();
    const parsed = parseVkey(vkey ?? '');
    assert.ok(parsed.ok && parsed.value.name === origin);
    assert.deepEqual(parsed.value.publicKey, cloud.ledger.key.publicKey);
  }
  const host = `${'long.'.repeat(24)}example.org`;
  await assert.rejects(createLog(cloud, { tenant, host, succeeds: true }), /host is too long/);
});

test('a root follows another: both sign, the keys that come in have to, and a bank that was away is led over it', async () => {
  const next = newSigningKey();
  const desire = (key: SigningKey) =>
    stand.inTenant((tx) =>
      rosters.desireRoot(tx, stand.site, { rootKeys: [base64url(key.publicKey)], k: 1 }),
    );
  const by = (json: string, ...keys: SigningKey[]) => signRoster(rosterSchema.parse(JSON.parse(json)), keys);
  // Some were before, whatever ran before this.
  for (const name of ['First', 'Second']) {
    await stand.inTenant((tx) => people.addCarrier(stand.cloud, tx, { name, key: null }));
    assert.equal(reasonOf(await submit(by(await waitingJson(), stand.root))), 'taken');
  }
  const held = (await stand.inTenant((tx) => rosters.current(tx, stand.site)))?.version ?? 0;
  await desire(next);
  const change = await waitingJson();
  assert.equal(reasonOf(await submit(by(change, stand.root))), 'signature-wrong', 'nobody showed to hold it');
  assert.equal(reasonOf(await submit(by(change, next))), 'signature-wrong', 'it does not name itself');
  assert.equal(reasonOf(await submit(by(change, stand.root, next))), 'taken');
  assert.equal(await waiting(), null, 'the root is the desired one now');
  await stand.inTenant((tx) => people.addCarrier(stand.cloud, tx, { name: 'Another', key: null }));
  assert.equal(
    reasonOf(await submit(by(await waitingJson(), stand.root))),
    'signature-wrong',
    'the root before',
  );
  assert.equal(reasonOf(await submit(by(await waitingJson(), next))), 'taken');
  const given = async (version: number) =>
    (await stand.inTenant((tx) => rosters.noteAfter(tx, stand.site, version)))?.version;
  assert.deepEqual(
    [await given(0), await given(held - 1), await given(held), await given(held + 1)],
    [held + 2, held + 1, held + 1, held + 2],
  );
  const sound = await stand.inTenant((tx) => rosters.verifiedRoster(tx, stand.site, held + 2));
  assert.equal(sound?.version, held + 2, 'led from the root that the site began with');
  const now = await stand.inTenant((tx) => rosters.rootNow(tx, stand.site));
  assert.deepEqual(now?.rootKeys, [base64url(next.publicKey)], 'with which new banks begin');
});
