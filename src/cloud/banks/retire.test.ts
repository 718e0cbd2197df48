/** A bank leaves service for good: nobody lets it in, tells it anything or waits for it, and what it had said stays true. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { sql } from 'kysely';
import { MqttClient } from 'mqtt';
import type { DownMessage } from '../../contract/uplink.ts';
import { base64url, fromBase64 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { clientTls } from '../../crypto/tls.ts';
import { certificateRequest } from '../../crypto/x509.ts';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import { badgeText } from '../../domain/scan.ts';
import { badgeHash } from '../../ledger/roster.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import { attention, odds, rosterStates } from '../admin/admin.ts';
import { auditTenant } from '../audit/audit.ts';
import { ServerCertificate } from '../certificates.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import type { CloudFiles } from '../files.ts';
import { Intake, projectionsOf, takeBatch } from '../intake/intake.ts';
import { createLog, drain } from '../log/log.ts';
import { banksWithoutPin } from '../main.ts';
import { checkCloud, detail, pageOf } from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { erasePerson } from '../privacy/privacy.ts';
import * as rosters from '../rosters/rosters.ts';
import { neededBy } from '../rotation/rotation.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
import { startUplink } from '../uplink.ts';
import * as banks from './banks.ts';

const PURPOSE = 'stolen from the lobby in the night';
let stand: Stand;
let [stolen, stays]: TestBank[] = [];
let resident: PersonId;
let parcel: string;
let uplink: Awaited<ReturnType<typeof startUplink>>;
let certificate: ServerCertificate;

before(async () => {
  const config = {
    broker: { embedded: { host: '127.0.0.1', port: 0 } },
    https: { hosts: ['localhost'] },
  } as Partial<Cloud['config']>;
  stand = await openStand(NOUNS, config);
  const { cloud, tenant, site, root } = stand;
  stolen = await enrolledBank(cloud, tenant, site);
  stays = await enrolledBank(cloud, tenant, site);
  await signDraft(cloud, { tenant, site, root });
  const of = { site, email: null, phone: null, accessible: false, by: null };
  const flat = { name: 'Ada Okafor', flat: '12' };
  resident = await stand.inTenant((tx) => people.addResident(cloud, tx, { ...of, ...flat }));
  await oneParcel();
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  const files = { current: newSigningKey(), authority: cloud.authority } as CloudFiles;
  certificate = await ServerCertificate.open({ cloud, files });
  uplink = await startUplink({ cloud, files }, { nouns: NOUNS, certificate, workers: () => [] });
});
after(async () => {
  certificate?.stop();
  await uplink?.stop();
  await stand?.close();
});

const gone = () => stolen ?? assert.fail('a bank');
const other = () => stays ?? assert.fail('a bank');
const retire = (bank = gone().bank) =>
  stand.inTenant((tx) => banks.retire(stand.cloud, tx, { bank, purpose: PURPOSE }));

/** Once: each test can be run alone. */
let leaving: Promise<banks.Retired> | undefined;
const isOut = (): Promise<banks.Retired> => (leaving ??= retire());

async function taken(bank: TestBank): Promise<boolean> {
  const { cloud, tenant } = stand;
  const message = await bank.batch();
  return (await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken;
}

/** A parcel that waits behind door 3 of the bank that is stolen, under the roster of now. */
async function oneParcel(): Promise<void> {
  const { cloud, site } = stand;
  const { carrier, courier } = await stand.inTenant(async (tx) => {
    const made = await people.addCarrier(cloud, tx, { name: 'Parcel Runner', key: null });
    const badge = badgeHash(badgeText(systemRandom.bytes(16)));
    const of = { name: 'Ben Ito', email: null, carrier: made, badgeHash: badge, by: null };
    return { carrier: made, courier: await people.addCourier(cloud, tx, of) };
  });
  const hash = (await stand.inTenant((tx) => rosters.current(tx, site)))?.hash ?? '';
  for (const bank of [gone(), other()]) bank.write({ kind: 'roster.applied', facts: { version: 1, hash } });
  const journey = { courier, recipient: resident, carrier, tracking: '1Z', collect: false };
  parcel = gone().writeJourney({ ...journey, compartment: 3 });
  gone().write({
    kind: 'discrepancy.reported',
    compartment: 3,
    facts: { what: 'door-did-not-open' },
    fields: { person: courier, parcel },
  });
  assert.ok((await taken(gone())) && (await taken(other())));
}

/** Whoever has the bank's key and its certificate. */
async function lineOf(bank: TestBank): Promise<TLSSocket> {
  const key = privateKeyPem(bank.key.privateKey);
  const to = { host: '127.0.0.1', port: uplink.brokerPort ?? 0, rejectUnauthorized: false };
  const socket = connect({ ...to, ...clientTls, cert: bank.certificate, key });
  after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** Shows it to the broker: what it answers, or null when it is let in, and the line. */
async function connects(bank: TestBank): Promise<{ refused: string | null; line: TLSSocket }> {
  const line = await lineOf(bank);
  const said = Promise.withResolvers<string | null>();
  const of = { clientId: bank.bank, protocolVersion: 4, clean: true, reconnectPeriod: 0 } as const;
  const client = new MqttClient(() => line, of);
  client.once('connect', () => said.resolve(null));
  client.on('error', (error) => said.resolve(error.message));
  client.once('close', () => said.resolve('closed'));
  return { refused: await said.promise, line };
}

async function toldBy(message: object): Promise<DownMessage[]> {
  const sent: DownMessage[] = [];
  const intake = new Intake({
    ...{ cloud: stand.cloud, nouns: NOUNS, leases: ALONE },
    send: async (_bank, answer) => void sent.push(answer),
  });
  intake.received(gone().bank, Buffer.from(JSON.stringify(message)));
  await intake.stop();
  return sent;
}

const HELLO = {
  ...{ v: 1, type: 'hello', boot: 'b', lastSeq: 0, acknowledgedSeq: 0, roster: { version: 0, hash: null } },
  ...{ epoch: null, directory: 0, suspensions: [], development: true },
};
const kindsOf = async (bank: TestBank) =>
  (await stand.inTenant((tx) => attention(stand.cloud, tx)))
    .filter(({ link }) => link?.includes(bank.bank))
    .map(({ kind }) => kind);
const erasure = () => stand.inTenant((tx) => erasePerson(stand.cloud, tx, { person: resident, by: null }));

test('a bank that nobody knows is not taken out of service', async () => {
  await assert.rejects(retire(idFrom('bank', systemRandom.bytes(16))), /there is no bank with this id/);
  assert.equal((await stand.records('bank.retired')).length, 0);
});

test('a bank goes out of service: its certificate is refused, what was connected is closed, and the others stay', async () => {
  assert.ok((await toldBy(HELLO)).length > 0, 'it is told until then');
  const [open, beside] = [await connects(gone()), await connects(other())];
  assert.deepEqual([open.refused, beside.refused], [null, null]);
  const { name, parcels, site } = await isOut();
  assert.deepEqual([name, parcels, site], ['Lobby', 1, stand.site]);
  // What every process of the cloud does that hears of it (cloud.ts).
  uplink.tellSite(stand.tenant, stand.site);
  for (let tries = 0; tries < 500 && !open.line.destroyed; tries++) await sleep(systemClock, 10);
  assert.deepEqual([open.line.destroyed, beside.line.destroyed], [true, false]);
  assert.match((await connects(gone())).refused ?? 'let in', /Not authorized/);
  assert.equal((await connects(other())).refused, null);
});

test('a certificate that is written beside a bank out of service is not good for it', async () => {
  await isOut();
  const der = fromBase64(gone().certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')) ?? new Uint8Array(0);
  const isGood = () => banks.isCertificateOf(stand.cloud, gone().bank, der);
  assert.equal(await isGood(), false);
  const write = (hash: Uint8Array | null) =>
    stand.inTenant((tx) =>
      sql`update bank_index set certificate = ${hash} where bank_id = ${gone().bank}`.execute(tx),
    );
  await write(sha256(der));
  assert.equal(
    await isGood(),
    false,
    'an enrolment or renewal that came in the same moment gives nothing back',
  );
  await write(null);
  const { key } = gone();
  const request = await certificateRequest({ commonName: gone().bank, privateKey: key.privateKey });
  const renewal = await stand.inTenant((tx) => banks.renew(stand.cloud, tx, { bank: gone().bank, request }));
  assert.deepEqual(renewal, { refused: 'signer-unknown' });
});

test('it is recorded once, with how far its journal was taken; a second time is refused, and so are its papers', async () => {
  await isOut();
  const [record, ...more] = await stand.records('bank.retired');
  assert.equal(more.length, 0);
  const { last, head, lost } = record?.facts ?? {};
  const end = await stand.inTenant((tx) => stand.cloud.journal.endOf(tx, gone().bank));
  assert.deepEqual([last, head, lost], [end?.lastSeq, end?.lastHead, 1]);
  await assert.rejects(retire(), /^HoldfastError: Lobby is out of service already, since 20/);
  const code = () => stand.inTenant((tx) => banks.enrolmentCode(stand.cloud, tx, gone().bank));
  await assert.rejects(code(), /out of service for good and is not enrolled again/);
  const place = { bank: gone().bank, door: null, hours: 1, by: null, purpose: PURPOSE };
  const suspended = stand.inTenant((tx) => banks.suspendPlace(stand.cloud, tx, place));
  await assert.rejects(suspended, /out of service for good; it is told nothing more/);
  assert.equal((await stand.records('bank.retired')).length, 1);
});

test('nothing that it sends is taken, and it is told nothing, whatever broker let it in', async () => {
  await isOut();
  const before = await stand.inTenant((tx) => stand.cloud.journal.endOf(tx, gone().bank));
  assert.deepEqual(await toldBy(HELLO), []);
  const { end } = gone();
  gone().write({ kind: 'door.opened', compartment: 3, facts: { expected: false } });
  assert.deepEqual(await toldBy(await gone().batch()), []);
  gone().goBack(end);
  gone().write({ kind: 'door.opened', compartment: 3, facts: { expected: false } });
  assert.equal(await taken(gone()), false, 'under the lock of its journal it is asked once more');
  assert.deepEqual(await stand.inTenant((tx) => stand.cloud.journal.endOf(tx, gone().bank)), before);
});

test('the next roster is drafted without it, and nobody waits for what it applied', async () => {
  await isOut();
  const { cloud, tenant, site, root } = stand;
  const named = (await stand.inTenant((tx) => rosters.current(tx, site)))?.roster.banks ?? [];
  assert.ok(named.some(({ bank }) => bank === gone().bank));
  const draft = await stand.inTenant((tx) => rosters.draft(cloud, tx, site));
  const left = (JSON.parse(draft?.json ?? '{}') as { banks: { bank: string }[] }).banks;
  assert.deepEqual(
    left.map(({ bank }) => bank),
    [other().bank],
  );
  await stand.inTenant((tx) => cloud.keys.renewIntake(tx));
  const [retired] = await stand.inTenant((tx) => cloud.keys.retiredIntakes(tx));
  await signDraft(cloud, { tenant, site, root });
  const needs = await stand.inTenant((tx) => neededBy(tx, 'intake', { hash: retired?.hash ?? '' }));
  assert.deepEqual(needs, [{ bank: other().bank, name: 'Lobby' }], 'of this key alone the other one waits');
  const another = base64url(systemRandom.bytes(32));
  assert.deepEqual(await banksWithoutPin(cloud, another), ['Lobby'], 'of two of this name');
  const [state] = await stand.inTenant((tx) => rosterStates(cloud, tx));
  assert.deepEqual(
    state?.banks.map(({ bank }) => bank),
    [other().bank],
  );
});

test('it asks for nobody’s attention any more; the pages say since when it is out, and its history holds', async () => {
  await isOut();
  const { cloud, tenant } = stand;
  stand.step(320 * 86_400_000);
  assert.deepEqual(await kindsOf(gone()), []);
  assert.ok((await kindsOf(other())).includes('certificate-ends'));
  const { items } = await stand.inTenant((tx) => odds(tx));
  assert.ok(items.every(({ bank }) => bank !== gone().bank));
  const page = await stand.inTenant((tx) => banks.summaries(cloud, tx, { limit: 10 }));
  const shown = page.rows.map(({ id, online, outSinceMs }) => ({ id, online, out: outSinceMs !== null }));
  assert.deepEqual(
    shown.filter(({ id }) => id === gone().bank),
    [{ id: gone().bank, online: false, out: true }],
  );
  const couriers = await stand.inTenant((tx) => banks.summaries(cloud, tx, { limit: 10 }, true));
  assert.ok(couriers.rows.every(({ id }) => id !== gone().bank));
  stand.step(-320 * 86_400_000);
  await drain(cloud, tenant);
  assert.deepEqual(await checkCloud(cloud, tenant), []);
  const { findings } = await auditTenant(cloud, tenant, { heads: [], progress: () => undefined });
  assert.equal(findings.total, 0);
});

test('an audit finds who is put out of service, or back into it, without a record', async () => {
  await isOut();
  const { cloud, tenant } = stand;
  const found = async (change: string, undo: string) => {
    await stand.inTenant((tx) => sql.raw(change).execute(tx));
    const { findings } = await auditTenant(cloud, tenant, { heads: [], progress: () => undefined });
    await stand.inTenant((tx) => sql.raw(undo).execute(tx));
    return findings.told.map(({ what }) => what);
  };
  const { rows } = await stand.inTenant((tx) =>
    sql<{ at: number; seq: number }>`select retired_at_ms as at, retired_seq as seq from banks
      where bank_id = ${gone().bank}`.execute(tx),
  );
  const set = (bank: TestBank, at: number | null, seq: number | null) =>
    `update banks set retired_at_ms = ${at}, retired_seq = ${seq} where bank_id = '${bank.bank}'`;
  const [{ at, seq } = { at: 0, seq: 0 }] = rows;
  assert.deepEqual(await found(set(other(), at, seq), set(other(), null, null)), [
    'is out of service, and no record says so',
  ]);
  assert.deepEqual(await found(set(gone(), null, null), set(gone(), at, seq)), [
    'left service, and is kept otherwise',
  ]);
});

test('a parcel that lay in it is shown as lost with it, and holds up no erasure', async () => {
  await isOut();
  const { cloud, tenant } = stand;
  const told = await stand.inTenant((tx) => detail(cloud, tx, parcel));
  assert.equal(told?.state, 'lost');
  assert.equal(told?.timeline.at(-1)?.kind, 'bank.retired');
  assert.match(told?.timeline.at(-1)?.says ?? '', /out of service for good; no record tells any more/);
  const listed = (state: 'waiting' | 'lost') =>
    stand.inTenant(async (tx) => {
      const { rows } = await pageOf(cloud, tx, { of: { states: [state] }, asked: { limit: 10 } });
      return rows.map((row) => row.parcel as string);
    });
  assert.deepEqual([await listed('waiting'), await listed('lost')], [[], [parcel]]);
  assert.equal((await erasure()).is, 'erased');
  await drain(cloud, tenant);
  assert.deepEqual(await checkCloud(cloud, tenant), []);
  const { findings } = await auditTenant(cloud, tenant, { heads: [], progress: () => undefined });
  assert.equal(findings.total, 0);
  assert.ok(!(await stand.dump()).includes(PURPOSE), 'why it went is sealed');
});
