import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { downMessage, type SuspendMessage } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { EpochId, TenantId } from '../../domain/ids.ts';
import { NO_HASH, SALT_BYTES, writeRecord } from '../../ledger/record.ts';
import { badgeHash, signEpoch, signRoster } from '../../ledger/roster.ts';
import { DIRECTORIES_PER_HOUR, DOWNLINK_RECORDS_PER_HOUR } from './downlink.ts';
import {
  bankInService,
  beginDropOff,
  CARRIER,
  COURIER,
  DAY_MS,
  dropOff,
  epochNote,
  HOUR_MS,
  NOTIFIER,
  RESIDENT,
  ROOT,
  rosterOf,
  SECOND_COURIER,
  STRANGER,
  signIn,
  TestBank,
  testId,
} from './test-bank.ts';

let suspensionNumber = 0;

function suspend(bank: TestBank, change: Partial<SuspendMessage> = {}) {
  const id = `suspension-${suspensionNumber++}`;
  return bank.hear({
    v: 1,
    type: 'suspend',
    id,
    scope: 'bank',
    subject: null,
    compartment: null,
    untilMs: bank.wallMs + 24 * HOUR_MS,
    ...change,
  });
}

const refusal = (bank: TestBank) => bank.told('message.refused').at(-1)?.facts?.reason;
const rosterRefusal = (bank: TestBank) => bank.told('roster.refused').at(-1)?.facts?.reason;

test('before any roster the bank serves nobody', () => {
  const bank = new TestBank();
  assert.equal(bank.on('closed').reason, 'no-roster');
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'no-roster');
  bank.epoch();
  assert.equal(refusal(bank), 'no-roster');
});

test('a roster counts only when this site’s root signed it, for this bank, newer than the one held', () => {
  const cases: [string, (bank: TestBank) => void][] = [
    ['signature-wrong', (bank) => bank.roster({ version: 2 }, [STRANGER])],
    ['signature-wrong', (bank) => bank.roster({ version: 2 }, [])],
    ['roster-wrong-site', (bank) => bank.roster({ version: 2, site: testId('site', 2) })],
    ['roster-wrong-site', (bank) => bank.roster({ version: 2, tenant: testId('tenant', 2) })],
    ['roster-version-old', (bank) => bank.roster({ version: 1, madeAtMs: 5 })],
    ['roster-key-unknown', (bank) => bank.roster({ version: 2, banks: [] })],
    [
      'roster-key-unknown',
      (bank) =>
        bank.roster({ version: 2, banks: [{ ...ownBank(), key: base64url(newSigningKey().publicKey) }] }),
    ],
    [
      'roster-key-unknown',
      (bank) => bank.roster({ version: 2, banks: [{ ...ownBank(), bank: testId('bank', 2) }] }),
    ],
  ];
  for (const [reason, send] of cases) {
    const bank = bankInService();
    const held = bank.state.roster;
    send(bank);
    // A note of another site is signed under another name, so it may fail at its signature already.
    assert.ok(
      [reason, 'signature-wrong'].includes(String(rosterRefusal(bank))),
      `${reason}, not ${rosterRefusal(bank)}`,
    );
    assert.equal(bank.state.roster, held, `${reason}: the roster held stands`);
    assert.ok(
      bank.effects.some((effect) => effect.do === 'tell-refusal'),
      reason,
    );
  }
});

function ownBank() {
  const [own] = rosterOf().banks;
  if (!own) throw new Error('the roster names no bank');
  return own;
}

test('one letter changed after signing, and it is no roster', () => {
  const bank = bankInService();
  const note = signRoster(rosterOf({ version: 2, policy: { ...rosterOf().policy, holdDays: 7 } }), [ROOT]);
  const forged = note.replace('"holdDays":7', '"holdDays":1');
  assert.notEqual(forged, note);
  bank.hear({ v: 1, type: 'roster', note: forged });
  assert.equal(rosterRefusal(bank), 'signature-wrong');
  assert.equal(bank.state.roster.only?.roster.version, 1);
});

test('the root passes on only by the root held', () => {
  const next = newSigningKey();
  const bank = bankInService();
  const root = { keys: [base64url(next.publicKey)], k: 1 };
  bank.roster({ version: 2, root }, [next]);
  assert.equal(rosterRefusal(bank), 'signature-wrong');
  bank.roster({ version: 2, root });
  bank.roster({ version: 3, root }, [ROOT]);
  assert.equal(bank.state.roster.only?.roster.version, 2);
  bank.roster({ version: 3, root }, [next]);
  assert.equal(bank.state.roster.only?.roster.version, 3);
});

test('the same roster again is heard and changes nothing', () => {
  const bank = bankInService();
  const before = bank.records.length;
  bank.hear({ v: 1, type: 'roster', note: bank.state.roster.only?.note ?? '' });
  assert.equal(bank.records.length, before);
});

test('an epoch counts only when the notifier that the roster names signed it, and only a later one', () => {
  const bank = bankInService();
  bank.epoch(2, 30 * DAY_MS, STRANGER);
  assert.equal(refusal(bank), 'signature-wrong');
  bank.epoch(0, 6 * DAY_MS);
  assert.equal(refusal(bank), 'message-replayed');
  bank.epoch(2, 8 * DAY_MS);
  assert.equal(bank.state.epoch.only?.epoch, testId('epoch', 2));
  bank.epoch(3, 15 * DAY_MS);
  assert.equal(refusal(bank), 'message-malformed', 'no notifier signs itself a year');
  assert.equal(bank.state.epoch.only?.epoch, testId('epoch', 2));
});

test('an epoch whose key is no point of the curve is refused before anything is sealed to it', () => {
  const bank = bankInService();
  const epoch = {
    v: 1 as const,
    tenant: bank.state.standing.tenant as TenantId,
    epoch: testId('epoch', 9) as EpochId,
    key: base64url(new Uint8Array(65).fill(7).with(0, 4)),
    notBeforeMs: bank.wallMs,
    notAfterMs: bank.wallMs + DAY_MS,
  };
  bank.hear({ v: 1, type: 'epoch', note: signEpoch(epoch, NOTIFIER) });
  assert.equal(refusal(bank), 'message-malformed');
});

test('a code that could not be sealed costs its epoch and nothing else', () => {
  const bank = bankInService();
  const { epoch } = bank.state.epoch.only ?? assert.fail('an epoch is held');
  bank.do({ type: 'mint-failed', epoch });
  assert.equal(bank.state.epoch.only, undefined);
  bank.epoch(2, 8 * DAY_MS);
  assert.ok(dropOff(bank).pin, 'the next epoch serves');
});

test('a new roster takes the poison out of a directory that claimed the last version there is', () => {
  const bank = bankInService();
  bank.directory(Number.MAX_SAFE_INTEGER, []);
  bank.roster({ version: 2 });
  bank.directory(1, [RESIDENT]);
  assert.equal(bank.state.directory.only?.entries.length, 1);
});

test('doors share one window of suspension, and each is suspended once at a time', () => {
  const bank = bankInService();
  suspend(bank);
  suspend(bank, { id: 'another-id' });
  assert.equal(refusal(bank), 'message-replayed');
  bank.wait(25 * HOUR_MS);
  for (let n = 1; n <= 24; n++) suspend(bank, { id: `door-${n}`, scope: 'compartment', compartment: n });
  assert.equal(Object.keys(bank.state.suspension).length, 0);
  assert.equal(refusal(bank), 'suspension-too-long');
});

test('names that every object has are nobody’s suspension', () => {
  const bank = bankInService();
  const before = bank.records.length;
  for (const id of ['__proto__', 'constructor', 'toString']) bank.hear({ v: 1, type: 'lift', id });
  assert.equal(bank.records.length, before);
});

test('a flood from the cloud fills no journal: after its budget it is dropped for the hour', () => {
  const bank = bankInService();
  const refused = {
    hash: base64url(new Uint8Array(32)),
    bytes: 9,
    text: 'AA',
    reason: 'message-malformed' as const,
  };
  const before = bank.records.length;
  for (let times = 0; times < 5000; times++) bank.do({ type: 'unheard', refused });
  assert.ok(bank.records.length - before <= DOWNLINK_RECORDS_PER_HOUR);
  bank.roster({ version: 2 });
  assert.equal(bank.state.roster.only?.roster.version, 2, 'a signed roster always counts');
  bank.wait(HOUR_MS);
  bank.do({ type: 'unheard', refused });
  assert.equal(refusal(bank), 'message-malformed', 'the next hour begins anew');
});

test('a cloud that counts directories up without end has no more of them opened than its share', () => {
  const bank = bankInService();
  const before = bank.records.length;
  const send = (version: number) => {
    const { effects } = bank.hear({
      v: 1,
      type: 'directory',
      version,
      entries: { enc: 'AA', ciphertext: 'AA' },
    });
    if (effects.some((effect) => effect.do === 'open-directory')) bank.directory(version);
  };
  for (let version = 2; version < 1000; version++) send(version);
  assert.equal(bank.records.length - before, DIRECTORIES_PER_HOUR);
  bank.wait(HOUR_MS);
  send(1000);
  assert.equal(bank.state.directory.only?.version, 1000, 'the next hour begins anew');
});

test('whatever passes the contract, no message makes a record that cannot be written', () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? 20_261);
  const odd = fc.oneof(fc.constantFrom(0, 1, 8_000_000_000_000_000), fc.nat());
  const person = fc.constantFrom(COURIER.person, `person_${'a'.repeat(26)}`, null);
  const message = fc.oneof(
    fc.record({
      v: fc.constant(1),
      type: fc.constant('lift'),
      id: fc.constantFrom('__proto__', 'constructor', 'A'.repeat(22)),
    }),
    fc.record({
      v: fc.constant(1),
      type: fc.constant('suspend'),
      id: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      scope: fc.constantFrom('courier', 'compartment', 'bank'),
      subject: person,
      compartment: fc.option(fc.integer({ min: 1, max: 30 })),
      untilMs: odd,
    }),
    fc.record({
      v: fc.constant(1),
      type: fc.constant('directory'),
      version: fc.nat(),
      entries: fc.constant({ enc: '', ciphertext: '' }),
    }),
    fc.record({ v: fc.constant(1), type: fc.constantFrom('roster', 'epoch'), note: fc.string() }),
    fc.record({ v: fc.constant(1), type: fc.constant('time'), nonce: fc.string(), atMs: odd }),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const bank = bankInService();
      for (const value of messages) {
        const parsed = downMessage.safeParse(value);
        if (!parsed.success) continue;
        const { data } = parsed;
        if (data.type === 'time') bank.hearTime(data.atMs);
        else bank.hear(data);
      }
      for (const [index, { record }] of bank.records.entries()) {
        writeRecord({
          draft: record,
          source: bank.state.standing.bank,
          seq: index + 1,
          prev: index === 0 ? NO_HASH : base64url(new Uint8Array(32).fill(1)),
          time: { atMs: 1, source: 'clock', uncertaintyMs: 0 },
          drawSalt: () => new Uint8Array(SALT_BYTES),
        });
      }
    }),
    { seed, numRuns: 60 },
  );
});

test('a roster that names another notifier ends the old one’s epoch: no code is sealed to it any more', () => {
  const bank = bankInService();
  bank.epoch(2, 13 * DAY_MS);
  bank.roster({ version: 2, keys: { ...rosterOf().keys, notifier: base64url(STRANGER.publicKey) } });
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  assert.equal(bank.wishes.length, 0);
  bank.hear({ v: 1, type: 'epoch', note: epochNote(4, bank.wallMs + 13 * DAY_MS, NOTIFIER) });
  assert.equal(refusal(bank), 'signature-wrong');
  bank.epoch(3, DAY_MS, STRANGER);
  assert.equal(bank.wishes.length, 1);
});

test('a directory is taken when it is newer', () => {
  const bank = bankInService();
  bank.directory(3, [{ ...RESIDENT, flat: '99' }]);
  bank.directory(2, []);
  assert.deepEqual(
    bank.state.directory.only?.entries.map((entry) => entry.flat),
    ['99'],
  );
  bank.hear({ v: 1, type: 'directory', version: 3, entries: { enc: 'AA', ciphertext: 'AA' } });
  assert.ok(!bank.effects.some((effect) => effect.do === 'open-directory'));
  bank.hear({ v: 1, type: 'directory', version: 4, entries: { enc: 'AA', ciphertext: 'AA' } });
  assert.ok(bank.effects.some((effect) => effect.do === 'open-directory'));
  bank.do({
    type: 'directory-refused',
    refused: { hash: base64url(new Uint8Array(32)), bytes: 10, text: '' },
  });
  assert.equal(refusal(bank), 'signature-wrong');
});

test('a bank suspension closes the bank at once and ends by itself', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  suspend(bank);
  assert.equal(bank.on('closed').reason, 'lockdown');
  assert.equal(bank.act({ do: 'pin', pin }).message, 'lockdown');
  bank.wait(24 * HOUR_MS + 1000);
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
});

test('a suspension that is over by this bank’s clock is none: told again and again it makes no record', () => {
  const bank = bankInService();
  const before = bank.records.length;
  for (let time = 0; time < 3; time++) {
    suspend(bank, { untilMs: bank.wallMs - HOUR_MS });
    bank.wait(1000);
  }
  assert.equal(bank.records.length, before);
  bank.on('home');
});

test('a bank suspension stops the pulses of a session under way', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  suspend(bank);
  bank.wait(3000);
  assert.equal(bank.act({ do: 'again' }).message, 'lockdown');
  assert.equal(bank.session().pulses, 1);
});

test('24 hours in all, whatever the cloud repeats, lifts, or calls it', () => {
  const bank = bankInService();
  let closedHours = 0;
  for (let hour = 0; hour < 100; hour++) {
    suspend(bank, { untilMs: bank.wallMs + 2 * HOUR_MS });
    suspend(bank);
    suspend(bank, { subject: `anything-${hour}` });
    suspend(bank, { compartment: 1 + (hour % 24) });
    if (bank.view().show.screen === 'closed') closedHours++;
    bank.wait(HOUR_MS);
  }
  assert.ok(closedHours <= 25, `the bank was closed for ${closedHours} hours`);
  assert.ok(bank.told('message.refused').some((record) => record.facts?.reason === 'suspension-too-long'));
});

test('a compartment’s suspension is one compartment’s, and has one window however it is named', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  suspend(bank, { scope: 'compartment', compartment: n });
  assert.equal(bank.act({ do: 'pin', pin }).message, 'compartment-out-of-service');
  bank.act({ do: 'cancel' });
  bank.wait(25 * HOUR_MS);
  suspend(bank, { scope: 'compartment', compartment: n });
  assert.equal(refusal(bank), 'suspension-too-long');
  suspend(bank, { scope: 'compartment', compartment: n, subject: 'again' });
  assert.equal(refusal(bank), 'message-malformed');
  suspend(bank, { scope: 'compartment', compartment: 25 });
  assert.equal(refusal(bank), 'message-malformed');
  assert.equal(Object.keys(bank.state.suspension).length, 0);
});

test('a courier’s suspension works at once, at the screen too, and is lifted when the roster drops them', () => {
  const bank = bankInService();
  signIn(bank);
  suspend(bank, { scope: 'courier', subject: COURIER.person });
  bank.on('home');
  assert.equal(bank.view().message, 'courier-suspended');
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'courier-suspended');
  signIn(bank, SECOND_COURIER);
  bank.act({ do: 'leave' });
  const couriers = [
    {
      person: SECOND_COURIER.person,
      carrier: CARRIER,
      badgeHash: badgeHash(SECOND_COURIER.badge),
      untilMs: null,
    },
  ];
  bank.roster({ version: 2, couriers });
  assert.equal(bank.told('suspension.ended').at(-1)?.facts?.by, 'roster');
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'badge-unknown');
  bank.roster({ version: 3 });
  suspend(bank, { scope: 'courier', subject: COURIER.person });
  assert.equal(
    bank.act({ do: 'scan', text: COURIER.badge }).message,
    'courier-suspended',
    'a new roster is a new window',
  );
});

test('a courier who is dropped while at the screen is signed out', () => {
  const bank = bankInService();
  signIn(bank);
  bank.act({ do: 'tracking', text: '1Z999AA10123456784' });
  bank.roster({ version: 2, couriers: [] });
  bank.on('home');
  assert.equal(bank.told('courier.signed-out').at(-1)?.facts?.why, 'roster');
});

test('the cloud lifts what it laid', () => {
  const bank = bankInService();
  suspend(bank, { id: 'suspension-x' });
  bank.hear({ v: 1, type: 'lift', id: 'suspension-x' });
  bank.on('home');
  bank.hear({ v: 1, type: 'lift', id: 'suspension-x' });
  assert.equal(bank.told('suspension.ended').length, 1);
});

test('what is no message is refused by name and kept', () => {
  const bank = bankInService();
  bank.do({
    type: 'unheard',
    refused: { hash: base64url(new Uint8Array(32)), bytes: 9, text: 'AA', reason: 'message-version-unknown' },
  });
  assert.equal(refusal(bank), 'message-version-unknown');
  assert.ok(bank.effects.some((effect) => effect.do === 'tell-refusal' && effect.text === 'AA'));
});

test('that the cloud fell behind is recorded once a claim, and one that is not of this journal is refused', () => {
  const bank = bankInService();
  const behind = { v: 1, type: 'behind', lastSeq: 3, head: NO_HASH } as const;
  const forget = { v: 1, type: 'forget', upTo: 8 } as const;
  bank.hear(behind);
  bank.hear(forget);
  assert.deepEqual(
    [bank.told('cloud.behind'), bank.told('openings.forgotten')],
    [[], []],
    'neither was news',
  );
  bank.hear(behind, { fallen: { had: 9, has: 3, isOurs: true } });
  assert.deepEqual(bank.told('cloud.behind').at(-1)?.facts, { had: 9, has: 3 });
  bank.hear(behind, { fallen: { had: 9, has: 3, isOurs: false } });
  assert.equal(refusal(bank), 'batch-fork');
  assert.equal(bank.told('cloud.behind').length, 1);
  bank.hear(forget, { forgot: true });
  assert.deepEqual(bank.told('openings.forgotten').at(-1)?.facts, { upTo: 8 });
});
