import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SuspendMessage } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { badgeHash, signRoster } from '../../ledger/roster.ts';
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
  bank.epoch(2, 6 * DAY_MS);
  assert.equal(refusal(bank), 'message-replayed');
  bank.epoch(2, 8 * DAY_MS);
  assert.equal(bank.state.epoch.only?.epoch, testId('epoch', 2));
});

test('a roster that names another notifier ends the old one’s epoch: no code is sealed to it any more', () => {
  const bank = bankInService();
  bank.epoch(2, 365 * DAY_MS);
  bank.roster({ version: 2, keys: { ...rosterOf().keys, notifier: base64url(STRANGER.publicKey) } });
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  assert.equal(bank.wishes.length, 0);
  bank.hear({ v: 1, type: 'epoch', note: epochNote(2, bank.wallMs + 365 * DAY_MS, NOTIFIER) });
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

test('a bank suspension stops the pulses of a session under way', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  suspend(bank);
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
