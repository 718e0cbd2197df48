/**
 * Receipts as the apps of residents and couriers fetch them, over HTTP: only their own, with nothing open that they
 * did not know, of nobody who was erased; and each file verifies as a stranger verifies it, by both programs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { codeOf, type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { type TestRecords, testRecords } from '../../src/cloud/http/test-records.ts';
import { drain } from '../../src/cloud/log/log.ts';
import { erasePerson } from '../../src/cloud/privacy/privacy.ts';
import {
  addCourier,
  addResident,
  newToken,
  type SignedInRole,
  signDraft,
} from '../../src/cloud/test-tenants.ts';
import { cosign, policyTextOf } from '../../src/cloud/test-witnesses.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { idFrom, type PersonId } from '../../src/domain/ids.ts';
import { type Receipt, receiptSchema } from '../../src/ledger/receipt.ts';
import { parseRecord } from '../../src/ledger/record.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ROOT } from '../site.ts';

let http: HttpStand;
let records: TestRecords;
let home: string;
/** A second pair of people of the same organisation, and what they are signed in with. */
let other: { resident: PersonId; courier: PersonId; tokens: { resident: string; courier: string } };
/** `theirs`: from the other courier to the other resident; `mixed`: from the other courier to the first resident. */
let parcels: { collected: string; waiting: string; theirs: string; mixed: string; goes: string };
let goes: PersonId;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-app-receipts-'));
  http = await openHttpStand();
  const { stand, alder } = http;
  const { cloud, root } = stand;
  const { tenant, site, carrier, people } = alder;
  records = await testRecords(http);
  const resident = await addResident(cloud, { tenant, site, name: 'Alder Ida' });
  const courier = await addCourier(cloud, { tenant, carrier, name: 'Alder Otto', by: people.admin });
  goes = await addResident(cloud, { tenant, site, name: 'Alder Quill' });
  const token = (role: SignedInRole, person: PersonId) => newToken(cloud, { tenant, role, person });
  other = {
    ...{ resident, courier },
    tokens: { resident: await token('resident', resident), courier: await token('courier', courier) },
  };
  const left = (by: PersonId, to: PersonId, compartment: number, collect = true) =>
    records.bank.writeJourney({
      ...{ courier: by, recipient: to, carrier, compartment, collect },
      tracking: `RR${compartment}DE`,
    });
  parcels = {
    collected: left(people.courier, people.resident, 3),
    waiting: left(people.courier, people.resident, 4, false),
    theirs: left(courier, resident, 5),
    mixed: left(courier, people.resident, 6),
    goes: left(people.courier, goes, 7),
  };
  await records.send();
  // The roster that names this bank's key.
  await signDraft(cloud, { tenant, site, root });
  await drain(cloud, tenant);
  await cosign(cloud, tenant);
});
after(async () => {
  await http?.close();
  rmSync(home, { recursive: true, force: true });
});

const RESIDENT = (parcel: string) => `/api/resident/parcels/${parcel}/receipt`;
const COURIER = (parcel: string) => `/api/courier/drops/${parcel}/receipt`;
const MISSING = () => idFrom('parcel', systemRandom.bytes(16));

async function receipt(path: string, headers: Record<string, string> = {}): Promise<Receipt> {
  const answer = await http.ask('GET', path, { headers });
  assert.equal(answer.status, 200, answer.text);
  return receiptSchema.parse(answer.body);
}

const kindsOf = ({ entries }: Receipt) =>
  entries.map(({ record }) => {
    const parsed = parseRecord(Buffer.from(record));
    return parsed.ok ? parsed.record.kind : parsed.why;
  });
const openedIn = ({ entries }: Receipt) =>
  [...new Set(entries.flatMap(({ openings }) => Object.keys(openings)))].sort();

test('a resident and a courier fetch the receipt of their own parcel, and of nobody else’s: that one is not there', async () => {
  const { collected, waiting, theirs, mixed } = parcels;
  for (const own of [collected, waiting, mixed]) assert.equal((await receipt(RESIDENT(own))).parcel, own);
  for (const own of [collected, waiting]) assert.equal((await receipt(COURIER(own))).parcel, own);
  const mine = (app: 'resident' | 'courier') => ({ cookie: `holdfast_${app}=${other.tokens[app]}` });
  assert.equal((await receipt(RESIDENT(theirs), mine('resident'))).parcel, theirs);
  assert.equal((await receipt(COURIER(mixed), mine('courier'))).parcel, mixed);
  const missing = { resident: RESIDENT(MISSING()), courier: COURIER(MISSING()) };
  const refused = [
    { app: 'resident', path: RESIDENT(theirs), headers: {} },
    { app: 'resident', path: RESIDENT(http.birch.parcel), headers: {} },
    { app: 'resident', path: RESIDENT(collected), headers: mine('resident') },
    { app: 'resident', path: RESIDENT('not an id'), headers: {} },
    { app: 'courier', path: COURIER(theirs), headers: {} },
    { app: 'courier', path: COURIER(mixed), headers: {} },
    { app: 'courier', path: COURIER(http.birch.parcel), headers: {} },
    { app: 'courier', path: COURIER(collected), headers: mine('courier') },
  ] as const;
  const before = (await http.stand.dump()).split('custody.viewed').length;
  for (const { app, path, headers } of refused) {
    const [said, none] = [
      await http.ask('GET', path, { headers }),
      await http.ask('GET', missing[app], { headers }),
    ];
    assert.equal(said.status, 404, path);
    // To the byte, headers and all, but for when it was and how many tries are left.
    assert.equal(said.text, none.text, path);
    const told = ({ headers: all }: typeof said) => [...all.keys()].sort();
    assert.deepEqual(told(said), told(none), path);
  }
  assert.equal(
    (await http.stand.dump()).split('custody.viewed').length,
    before,
    'a refusal leaves no record',
  );
  // One that never came to lie in a bank is in no list, and has no receipt.
  const { tenant, people, carrier } = http.alder;
  const begun = MISSING();
  const fields = {
    parcel: begun,
    tracking: 'RR9DE',
    carrier,
    person: people.courier,
    counterpart: people.resident,
  };
  records.bank.write({
    kind: 'parcel.accepted',
    compartment: 9,
    facts: { size: 'M', offline: false },
    fields,
  });
  await records.send();
  for (const path of [RESIDENT(begun), COURIER(begun)])
    assert.equal(codeOf(await http.ask('GET', path)), 'not-found');
  await drain(http.stand.cloud, tenant);
});

test('a resident’s receipt opens nothing of the courier, a courier’s nothing of the recipient and nothing after the drop-off', async () => {
  const { people } = http.alder;
  const ofResident = await receipt(RESIDENT(parcels.collected));
  assert.deepEqual(openedIn(ofResident), [
    ...['carrier', 'counterpart', 'grant', 'parcel', 'person', 'session', 'tracking'],
  ]);
  assert.ok(kindsOf(ofResident).includes('parcel.collected'));
  assert.ok(!JSON.stringify(ofResident.entries).includes(people.courier), 'the courier is not named');
  const values = ofResident.entries.flatMap(({ openings: { person, counterpart } }) => [person, counterpart]);
  assert.deepEqual([...new Set(values.flatMap((one) => one?.value ?? []))], [people.resident]);

  const ofCourier = await receipt(COURIER(parcels.collected));
  assert.deepEqual(openedIn(ofCourier), ['carrier', 'parcel', 'person', 'session', 'tracking']);
  assert.deepEqual(kindsOf(ofCourier), [
    ...['parcel.accepted', 'door.opened', 'door.closed', 'parcel.deposited', 'grant.issued'],
  ]);
  assert.ok(!JSON.stringify(ofCourier).includes(people.resident), 'the recipient is not named');
  for (const { openings } of ofCourier.entries)
    assert.ok(openings.person === undefined || openings.person.value === people.courier);

  const url = `/api/admin/parcels/${parcels.collected}/receipt`;
  const ofAdmin = JSON.stringify(await receipt(url));
  assert.ok(
    ofAdmin.includes(people.courier) && ofAdmin.includes(people.resident),
    'the administrator’s is whole',
  );
});

test('that a receipt was handed out is a record, which names who got it as what; an address gets few a minute', async () => {
  const { database } = http.stand.cloud;
  const seen = () =>
    database.tenant(http.alder.tenant, async (tx) => {
      const { rows } = await sql<{ bytes: Uint8Array }>`select bytes from records
        where kind = 'custody.viewed' order by seq desc`.execute(tx);
      return rows.map(({ bytes }) => {
        const parsed = parseRecord(new Uint8Array(bytes));
        assert.ok(parsed.ok);
        assert.deepEqual(Object.keys(parsed.record.commitments).sort(), ['parcel', 'person']);
        return parsed.record.facts.role;
      });
    });
  const before = await seen();
  await receipt(RESIDENT(parcels.collected));
  await receipt(COURIER(parcels.collected));
  assert.deepEqual(await seen(), ['courier', 'resident', ...before]);
  const named = NOUNS.flatMap((noun) => noun.routes ?? []).filter(({ url }) =>
    /^\/api\/(r|c).*\/receipt$/.test(url),
  );
  assert.deepEqual(
    named.map(({ guarded }) => guarded),
    [true, true],
  );
});

test('the files of both apps verify without a network, by verify.mjs and by holdfast verify, with three cosignatures in 2,000 bytes', async () => {
  const { stand, alder } = http;
  const file = (name: string, text: string): string => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  // What was handed out before is in the log by now, and its newest checkpoint is one that nobody has cosigned.
  await cosign(stand.cloud, alder.tenant);
  const key = file('site-root.pub', JSON.stringify({ key: base64url(stand.root.publicKey) }));
  const policy = file('policy.txt', await policyTextOf(stand.cloud, alder.tenant));
  const run = (...args: string[]) => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
  };
  for (const path of [RESIDENT(parcels.collected), COURIER(parcels.collected), RESIDENT(parcels.waiting)]) {
    const answer = await http.ask('GET', path);
    const { entries } = receiptSchema.parse(answer.body);
    for (const { proof } of entries) {
      assert.ok(proof && Buffer.byteLength(proof) <= 2_000, path);
      assert.equal(proof.split('\n').filter((line) => line.startsWith('— witness.example.org/')).length, 3);
    }
    const whole = file('it.receipt.json', answer.text);
    const trust = ['--root-key', key, '--policy', policy];
    const alone = run('verify/verify.mjs', 'receipt', whole, ...trust);
    assert.deepEqual(
      [alone.status, alone.stdout.split('\n').at(-2)],
      [0, 'verified'],
      alone.stdout + alone.stderr,
    );
    const ours = run('bin/holdfast.mjs', 'verify', whole, ...trust);
    assert.deepEqual(
      [ours.status, ours.stdout.split('\n').at(-2)],
      [0, 'verified'],
      ours.stdout + ours.stderr,
    );
    // An opening that was put in, another parcel's name on it: neither is believed.
    const changed = file(
      'changed.receipt.json',
      answer.text.replaceAll(parcels.collected, parcels.theirs).replaceAll(parcels.waiting, parcels.theirs),
    );
    for (const program of [
      ['verify/verify.mjs', 'receipt'],
      ['bin/holdfast.mjs', 'verify'],
    ])
      assert.equal(run(...program, changed, ...trust).status, 1, program.join(' '));
  }
});

test('what was erased stays unreadable in a receipt: the courier’s file of before has the number, the one of after has not', async () => {
  const { cloud } = http.stand;
  const { tenant, people } = http.alder;
  const before = await receipt(COURIER(parcels.goes));
  assert.ok(openedIn(before).includes('tracking'));
  await cloud.database.tenant(tenant, async (tx) => {
    assert.equal((await erasePerson(cloud, tx, { person: goes, by: people.admin })).is, 'erased');
  });
  const after = await receipt(COURIER(parcels.goes));
  assert.deepEqual(openedIn(after), ['carrier', 'parcel', 'person', 'session']);
  const bare = ({ entries }: Receipt) => entries.map(({ record, head, path }) => ({ record, head, path }));
  assert.deepEqual(bare(after), bare(before), 'the records stay');
  const file = join(home, 'erased.receipt.json');
  const key = join(home, 'root.pub');
  writeFileSync(file, JSON.stringify(after));
  writeFileSync(key, JSON.stringify({ key: base64url(http.stand.root.publicKey) }));
  const ran = spawnSync(
    process.execPath,
    [join(ROOT, 'verify/verify.mjs'), 'receipt', file, '--root-key', key],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  assert.equal((await http.ask('GET', RESIDENT(parcels.goes))).status, 404, 'and it is nobody else’s now');
});
