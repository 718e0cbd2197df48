/** A bank's way from registration to being vouched for by the site's root. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DownMessage, SEAL_INFO } from '../../contract/uplink.ts';
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { hpkeOpen, newHpkeKey } from '../../crypto/hpke.ts';
import type { SiteId } from '../../domain/ids.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { noteHash, signRoster } from '../../ledger/roster.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as banks from './banks.ts';

let stand: Stand;
let site: SiteId;
let bank: TestBank;
const sent: DownMessage[] = [];

before(async () => {
  stand = await openStand(NOUNS);
  site = await stand.inTenant((tx) =>
    banks.addSite(stand.cloud, tx, {
      name: 'Alder Court',
      rootKeys: [base64url(stand.root.publicKey)],
      rootSignatures: 1,
    }),
  );
  await stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, {
      site,
      name: 'Ada Okafor',
      flat: '12',
      email: null,
      phone: null,
      accessible: true,
      by: null,
    }),
  );
  bank = await enrolledBank(stand.cloud, stand.tenant, site);
});
after(() => stand.close());

async function say(message: object): Promise<void> {
  const intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (_bank, answer) => void sent.push(answer),
  });
  sent.length = 0;
  intake.received(bank.bank, Buffer.from(JSON.stringify(message)));
  await intake.stop();
}

const hello = (change: object = {}) => ({
  v: 1,
  type: 'hello',
  boot: 'b',
  lastSeq: 0,
  acknowledgedSeq: 0,
  roster: { version: 0, hash: null },
  epoch: null,
  directory: 0,
  suspensions: [],
  development: true,
  ...change,
});

const summary = async () =>
  (await stand.inTenant((tx) => banks.summaries(stand.cloud, tx, { limit: 50 }))).rows[0];

test('until a roster is signed and applied, only the cloud vouches for a bank, and it is told of nobody', async () => {
  assert.equal((await summary())?.vouchedBy, 'the cloud only');
  await say(hello());
  assert.deepEqual(sent, []);
});

async function opensDirectory(): Promise<void> {
  const message = sent.find(({ type }) => type === 'directory');
  assert.ok(message?.type === 'directory');
  const box = {
    enc: fromBase64url(message.entries.enc) ?? new Uint8Array(0),
    ciphertext: fromBase64url(message.entries.ciphertext) ?? new Uint8Array(0),
  };
  const place = { info: SEAL_INFO.directory, aad: `${bank.bank}\0${message.version}` };
  const opened = await hpkeOpen(bank.sealKey.privateKey, box, place);
  assert.match(Buffer.from(opened ?? []).toString(), /"flat":"12","label":"A. Okafor","accessible":true/);
  assert.equal(await hpkeOpen((await newHpkeKey()).privateKey, box, place), undefined);
}

test('a signed roster reaches the bank first, then the epoch, then who lives there, sealed for it; its record makes the root vouch', async () => {
  const draft = await stand.inTenant((tx) => rosters.draft(stand.cloud, tx, site));
  const note = signRoster(rosterSchema.parse(JSON.parse(draft?.json ?? '')), [stand.root]);
  assert.ok((await rosters.submit(stand.cloud, site, note)).ok);
  assert.ok(stand.told.includes(site), 'the banks of the site are told');
  await say(hello());
  assert.deepEqual(
    sent.map((message) => message.type),
    ['roster', 'epoch', 'directory'],
  );
  await opensDirectory();
  bank.write({ kind: 'roster.applied', facts: { version: 1, hash: noteHash(note) } });
  await say(await bank.batch());
  assert.deepEqual(
    sent.map((message) => message.type),
    ['ack'],
  );
  const shown = await summary();
  assert.equal(shown?.vouchedBy, 'site root');
  assert.deepEqual([shown?.roster.desired, shown?.roster.applied], [1, 1]);
});

test('a bank that has everything is told nothing', async () => {
  const epoch = await stand.inTenant((tx) => stand.cloud.keys.currentEpoch(tx));
  const directory = await stand.inTenant((tx) => people.directoryVersion(tx, site));
  await say(hello({ roster: { version: 1, hash: null }, epoch: epoch?.epoch, directory }));
  assert.deepEqual(sent, []);
});

test('each start of a bank is recorded once', async () => {
  assert.equal((await stand.records('bank.connected')).length, 1);
  await say(hello({ boot: 'another' }));
  assert.equal((await stand.records('bank.connected')).length, 2);
});
