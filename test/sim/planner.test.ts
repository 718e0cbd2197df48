/**
 * The planner against chance: random people, doors, boards, clouds, clocks and power cuts at one bank, with
 * every plan held to the rules of `src/edge/plan/test-rules.ts`. `HOLDFAST_SEED` repeats a run.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KioskAction } from '../../src/contract/kiosk.ts';
import {
  bankInService,
  COURIER,
  DAY_MS,
  epochNote,
  HOUR_MS,
  ROOT,
  rosterOf,
  SECOND_COURIER,
  START_MS,
  STRANGER,
  type TestBank,
} from '../../src/edge/plan/test-bank.ts';
import { CLAIM, carry, noteFor, OTHER_CLAIM, staffRelease } from '../../src/edge/plan/test-orders.ts';
import { claimHash } from '../../src/ledger/order.ts';
import { signRoster } from '../../src/ledger/roster.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
const RUNS = process.env.HOLDFAST_LONG === 'true' ? 3000 : 250;
const STEPS_MAX = 120;

/** Signed once: rosters that a bank may hear, good and bad. */
const couriers = rosterOf().couriers;
const ROSTERS = [
  ...[2, 3, 4].map((version) => signRoster(rosterOf({ version }), [ROOT])),
  signRoster(rosterOf({ version: 5, couriers: couriers.slice(0, 1) }), [ROOT]),
  signRoster(
    rosterOf({
      version: 6,
      policy: { ...rosterOf().policy, occupancyConfirms: false, graceMinutes: 1, pulsesPerSession: 1 },
    }),
    [ROOT],
  ),
  signRoster(rosterOf({ version: 9 }), [STRANGER]),
];
const EPOCHS = [2, 3, 4]
  .map((number) => epochNote(number, START_MS + number * 10 * DAY_MS))
  .concat(epochNote(9, START_MS + 90 * DAY_MS, STRANGER));

type Step = (bank: TestBank) => void;
const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name });

const door = fc.constantFrom(1, 3, 5, 8, 12, 19, 24);
const flat = fc.constantFrom('12', '3B', '7', '99');
const badge = fc.constantFrom(COURIER.badge, SECOND_COURIER.badge, `HFB1${'A'.repeat(26)}`);
const courierCode = fc.constantFrom(COURIER.code, SECOND_COURIER.code, '111111');
const nthCode = (bank: TestBank, at: number) =>
  [...bank.codes.values()].at(-1 - at) ?? { pin: '999999999', qr: `HFP1${'A'.repeat(26)}` };

const act = (action: KioskAction): Step => named(JSON.stringify(action), (bank) => void bank.act(action));

const PLAIN: readonly KioskAction[] = [
  { do: 'deposited' },
  { do: 'collected' },
  { do: 'again' },
  { do: 'larger' },
  { do: 'other-door' },
  { do: 'found', what: 'removed' },
  { do: 'found', what: 'left' },
  { do: 'found', what: 'empty' },
  { do: 'clock', use: 'machine' },
  { do: 'clock', use: 'bank' },
  { do: 'cancel' },
  { do: 'leave' },
  { do: 'next-parcel' },
  { do: 'report', what: 'not-received' },
];

const atKiosk = fc.oneof(
  fc.constantFrom(...PLAIN).map(act),
  badge.map((text) => act({ do: 'scan', text })),
  courierCode.map((code) => act({ do: 'courier-code', code })),
  courierCode.map((code) => act({ do: 'courier-code-new', code, again: code })),
  fc.constantFrom('TBA123456789000', '1Z999AA10123456784', '?').map((text) => act({ do: 'tracking', text })),
  flat.map((text) => act({ do: 'flat', text })),
  fc.nat(2).map((index) => act({ do: 'recipient', index })),
  fc.constantFrom('S' as const, 'M' as const, 'XL' as const).map((size) => act({ do: 'size', size })),
  fc
    .nat(3)
    .map((at) => named(`pin ${at}`, (bank) => void bank.act({ do: 'pin', pin: nthCode(bank, at).pin }))),
  fc
    .nat(3)
    .map((at) => named(`qr ${at}`, (bank) => void bank.act({ do: 'scan', text: nthCode(bank, at).qr }))),
  fc
    .tuple(flat, fc.nat(3))
    .map(([text, at]) =>
      named(
        `flat ${text} pin ${at}`,
        (bank) => void bank.act({ do: 'flat-and-pin', flat: text, pin: nthCode(bank, at).pin }),
      ),
    ),
  fc.constant(act({ do: 'pin', pin: '999999999' })),
);

/** Whole turns, so that chance gets behind doors too. */
const journeys = fc.oneof(
  fc
    .tuple(fc.constantFrom(COURIER, SECOND_COURIER), flat, fc.boolean())
    .map(([{ badge: text, code }, to, finished]) =>
      named(`drop-off for ${to}, finished ${finished}`, (bank) => {
        bank.act({ do: 'leave' });
        bank.act({ do: 'cancel' });
        bank.act({ do: 'scan', text });
        bank.act({ do: 'courier-code-new', code, again: code });
        bank.act({ do: 'courier-code', code });
        bank.act({ do: 'tracking', text: 'TBA123456789000' });
        bank.act({ do: 'flat', text: to });
        bank.act({ do: 'size', size: 'M' });
        const session = Object.values(bank.state.session).find((candidate) => candidate.state === 'open');
        if (!finished || !session) return;
        bank.sense(session.compartment, 'closed', 'yes');
        bank.act({ do: 'deposited' });
        bank.act({ do: 'leave' });
      }),
    ),
  fc.nat(3).map((at) =>
    named(`pick-up ${at}`, (bank) => {
      bank.act({ do: 'cancel' });
      bank.act({ do: 'leave' });
      bank.act({ do: 'pin', pin: nthCode(bank, at).pin });
    }),
  ),
  fc.tuple(flat, fc.nat(7)).map(([text, guesses]) =>
    named(`${guesses} wrong guesses for ${text}`, (bank) => {
      for (let guess = 0; guess < guesses; guess++)
        bank.act({ do: 'flat-and-pin', flat: text, pin: '999999999' });
      for (let guess = 0; guess < guesses; guess++) bank.act({ do: 'pin', pin: '999999999' });
    }),
  ),
  fc.boolean().map((said) =>
    named(`hands at the open door, said ${said}`, (bank) => {
      const session = Object.values(bank.state.session).find((candidate) => candidate.state === 'open');
      if (!session) return;
      bank.sense(session.compartment, 'closed', session.work === 'drop-off' ? 'yes' : 'no');
      if (said) bank.act({ do: session.work === 'drop-off' ? 'deposited' : 'collected' });
    }),
  ),
);

/** Staff with an order: good ones, old ones, and slips without one. */
const byOrder = fc.oneof(
  fc
    .tuple(door, fc.boolean(), fc.constantFrom('removed' as const, 'left' as const, 'empty' as const))
    .map(([n, restore, what]) =>
      named(`order for door ${n}, restore ${restore}, found ${what}`, (bank) => {
        // Whoever stood there walks off; mostly the boards work when staff come.
        for (const { compartment } of Object.values(bank.state.session)) bank.sense(compartment, 'closed');
        bank.wait(61_000);
        if (!restore) bank.boards = 'opens';
        carry(bank, noteFor(bank, staffRelease(n, restore)));
        bank.act({ do: 'scan', text: CLAIM });
        const session = Object.values(bank.state.session).find((candidate) => candidate.state === 'open');
        if (session?.work !== 'staff-release') return;
        bank.sense(n, 'closed', what === 'left' ? 'yes' : 'no');
        bank.act({ do: 'found', what });
      }),
    ),
  fc.constant(named('claim', (bank) => void bank.act({ do: 'scan', text: CLAIM }))),
  fc.constant(named('other claim', (bank) => void bank.act({ do: 'scan', text: OTHER_CLAIM }))),
  fc.constant(named('order to lift', (bank) => void carry(bank, noteFor(bank, { do: 'lift' })))),
  door.map((n) =>
    named(
      `order to restore ${n}`,
      (bank) => void carry(bank, noteFor(bank, { do: 'restore', compartment: n })),
    ),
  ),
  fc.constant(
    named('order to set the clock', (bank) => {
      carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(CLAIM) }));
      bank.act({ do: 'leave' });
      bank.act({ do: 'scan', text: CLAIM });
    }),
  ),
  door.map((n) =>
    named(
      `a stranger's order ${n}`,
      (bank) => void carry(bank, noteFor(bank, staffRelease(n), {}, [STRANGER])),
    ),
  ),
);

const atDoors = fc
  .tuple(
    door,
    fc.constantFrom('open' as const, 'closed' as const, 'unknown' as const),
    fc.constantFrom('yes' as const, 'no' as const, 'unsensed' as const),
  )
  .map(([n, is, occupied]) => named(`door ${n} ${is} ${occupied}`, (bank) => bank.sense(n, is, occupied)));

const ofTime = fc.oneof(
  fc
    .constantFrom(
      500,
      900,
      2000,
      13_000,
      13_000,
      61_000,
      61_000,
      11 * 60_000,
      5 * HOUR_MS,
      25 * HOUR_MS,
      8 * DAY_MS,
    )
    .map((ms) => named(`wait ${ms}`, (bank) => bank.wait(ms))),
  fc.constantFrom(-DAY_MS, -60_000, 60_000, DAY_MS).map((ms) =>
    named(`step ${ms}`, (bank) => {
      bank.wallMs += ms;
    }),
  ),
  fc.constantFrom(-3600_000, 1000, 60_000).map((ms) => named(`power cut ${ms}`, (bank) => bank.powerCut(ms))),
);

const ofBoards = fc.oneof(
  fc
    .constantFrom('opens' as const, 'answers' as const, 'opens-silently' as const, 'silent' as const)
    .map((how) =>
      named(`boards ${how}`, (bank) => {
        bank.boards = how;
      }),
    ),
  fc
    .tuple(fc.nat(1), fc.boolean())
    .map(([board, present]) =>
      named(`board ${board} ${present}`, (bank) => void bank.do({ type: 'board', board, present })),
    ),
  fc
    .tuple(fc.nat(1), fc.integer({ min: 1, max: 5000 }))
    .map(([board, bytes]) =>
      named(`noise ${board} ${bytes}`, (bank) => void bank.do({ type: 'garbled', board, bytes })),
    ),
  fc.boolean().map((hold) =>
    named(`hold answers ${hold}`, (bank) => {
      bank.holdAnswers = hold;
      if (!hold) bank.deliver();
    }),
  ),
  fc
    .tuple(
      door,
      fc.nat(200),
      fc.constantFrom('released' as const, 'refused' as const, 'failed' as const, 'unknown' as const),
    )
    .map(([compartment, seq, outcome]) =>
      named(
        `stray answer ${seq}`,
        (bank) =>
          void bank.do({
            type: 'board-answered',
            answer: { compartment, seq, outcome, afterMs: 3, by: 'board' },
          }),
      ),
    ),
  fc.constant(
    named('time out', (bank) => {
      for (const session of Object.values(bank.state.session)) bank.timeOut(session);
    }),
  ),
);

const fromCloud = fc.oneof(
  fc
    .constantFrom(...ROSTERS)
    .map((note) => named('roster', (bank) => void bank.hear({ v: 1, type: 'roster', note }))),
  fc
    .constantFrom(...EPOCHS)
    .map((note) => named('epoch', (bank) => void bank.hear({ v: 1, type: 'epoch', note }))),
  fc
    .constantFrom(-4 * 60_000, 2000, 4 * 60_000, DAY_MS)
    .map((off) => named(`time ${off}`, (bank) => void bank.hearTime(bank.wallMs + off))),
  fc
    .tuple(
      fc.constantFrom('bank' as const, 'courier' as const, 'compartment' as const),
      fc.option(fc.constantFrom(COURIER.person, 'x')),
      fc.option(door),
      fc.nat(3),
      fc.constantFrom(0, 1, 1, 30),
    )
    .map(([scope, subject, compartment, id, hours]) =>
      id === 0
        ? ([
            scope,
            scope === 'courier' ? COURIER.person : null,
            scope === 'compartment' ? 3 : null,
            id,
            hours,
          ] as const)
        : ([scope, subject, compartment, id, hours] as const),
    )
    .map(([scope, subject, compartment, id, hours]) =>
      named(
        `suspend ${scope} ${subject} ${compartment}`,
        (bank) =>
          void bank.hear({
            v: 1,
            type: 'suspend',
            id: `suspension-${id}`,
            scope,
            subject,
            compartment,
            untilMs: bank.wallMs + hours * HOUR_MS,
          }),
      ),
    ),
  fc
    .nat(3)
    .map((id) =>
      named(`lift ${id}`, (bank) => void bank.hear({ v: 1, type: 'lift', id: `suspension-${id}` })),
    ),
  fc.nat(9).map((version) => named(`directory ${version}`, (bank) => bank.directory(version))),
  fc.boolean().map((up) => named(`link ${up}`, (bank) => void bank.do({ type: 'link', up }))),
);

const step = fc.oneof(
  { weight: 6, arbitrary: atKiosk },
  { weight: 8, arbitrary: journeys },
  { weight: 3, arbitrary: atDoors },
  { weight: 2, arbitrary: ofTime },
  { weight: 2, arbitrary: byOrder },
  { weight: 1, arbitrary: ofBoards },
  { weight: 1, arbitrary: fromCloud },
);

test('whatever happens at a bank, every plan keeps the rules', (t) => {
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  let steps = 0;
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: STEPS_MAX, size: 'max' }), (happens) => {
      const bank = bankInService();
      for (const one of happens) one(bank);
      steps += happens.length;
      for (const { record } of bank.records) seen.set(record.kind, (seen.get(record.kind) ?? 0) + 1);
    }),
    { seed, numRuns: RUNS },
  );
  t.diagnostic(`${steps} steps, ${[...seen].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  // A run in which nobody ever got to a door would prove little.
  for (const kind of [
    'parcel.deposited',
    'parcel.collected',
    'session.resumed',
    'door.forced',
    'release.answered',
    'lockout.began',
    'order.accepted',
    'order.refused',
    'count.taken',
    'clock.set',
  ] as const) {
    assert.ok((seen.get(kind) ?? 0) > 0, `no run came to ${kind} (HOLDFAST_SEED=${seed})`);
  }
});
