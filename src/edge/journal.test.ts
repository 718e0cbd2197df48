import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newKey } from '../crypto/aead.ts';
import { base64url, hex, utf8 } from '../crypto/bytes.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { batchRoot, headHash, signHead } from '../ledger/batch.ts';
import { leafHash, NO_HASH, parseRecord, type RecordDraft } from '../ledger/record.ts';
import { systemRandom } from '../platform/random.ts';
import { Journal } from './journal.ts';
import { type Event, plan } from './plan/plan.ts';
import type { BankState } from './plan/state.ts';
import {
  BANK,
  bankInService,
  beginDropOff,
  COURIER,
  RESIDENT,
  START_MS,
  signIn,
  TestBank,
  testId,
} from './plan/test-bank.ts';

/** `pragma synchronous` answers numbers: https://sqlite.org/pragma.html#pragma_synchronous */
const FULL = 2;

/** The journal locks its database, so what it really set can only be read on its own connection. */
const connections: DatabaseSync[] = [];
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  if (!connections.includes(this)) connections.push(this);
  exec.call(this, sql);
};
const connection = (): DatabaseSync => connections.at(-1) ?? assert.fail('no journal was opened');

const MOMENT = { wallMs: START_MS, monotonicMs: 1000 };

const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  homes.push(home);
  return home;
}

function openIn(dataDir: string, storageKey: Uint8Array, bank: string = BANK): Journal {
  return new Journal({ dataDir, bank, storageKey, random: systemRandom });
}

/** Commits everything that a planner's bank did, plan by plan, as the executor does. */
class Diary {
  readonly journal: Journal;
  state: BankState;
  readonly #bank: TestBank;

  constructor(journal: Journal) {
    this.journal = journal;
    this.#bank = bankInService();
    // One plan from nothing to a bank in service: its records, and every entity.
    const empty = new TestBank().state;
    this.state = { ...empty, compartment: {}, lastSeq: 0 };
    const records = this.#bank.records.map(({ record }) => record);
    this.#keep({ state: this.#bank.state, records });
  }

  #keep(planned: { state: BankState; records: readonly RecordDraft[] }): void {
    const last = this.#bank.records.at(-1);
    this.journal.commit(this.state, {
      state: planned.state,
      records: planned.records,
      wishes: this.#bank.wishes.splice(0),
      effects: [],
      time: { atMs: last?.atMs ?? 0, source: 'clock', uncertaintyMs: 0 },
    });
    this.state = planned.state;
  }

  /** Lets `live` happen at the bank and commits it as one plan. */
  happens(live: (bank: TestBank) => void): void {
    const before = this.#bank.records.length;
    live(this.#bank);
    this.#keep({
      state: this.#bank.state,
      records: this.#bank.records.slice(before).map(({ record }) => record),
    });
  }

  dropOff(): void {
    this.happens((bank) => {
      signIn(bank);
      const n = beginDropOff(bank);
      bank.sense(n, 'closed', 'yes');
      bank.act({ do: 'deposited' });
      bank.act({ do: 'leave' });
    });
  }

  get pin(): string {
    return this.#bank.newestCode().pin;
  }
}

/** Every file of the folder as one text per encoding would be; here the bytes, and what to look for in them. */
function filesOf(dataDir: string): { name: string; bytes: Buffer }[] {
  return readdirSync(dataDir, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(dataDir, name)).isFile())
    .map((name) => ({ name, bytes: readFileSync(join(dataDir, name)) }));
}

function formsOf(text: string): Buffer[] {
  const bytes = utf8(text);
  const inner = (encoded: string) => encoded.replace(/=+$/, '');
  // Base64 has three alignments; the middle of each is what another text around it would leave.
  const base64 = [0, 1, 2].map((pad) => {
    const padded = Buffer.concat([Buffer.alloc(pad, 0x20), Buffer.from(bytes)]);
    return inner(padded.toString('base64')).slice(pad === 0 ? 0 : 4, -2);
  });
  return [
    Buffer.from(bytes),
    Buffer.from(text, 'utf16le'),
    Buffer.from(hex(bytes)),
    Buffer.from(hex(bytes).toUpperCase()),
    ...base64.map((form) => Buffer.from(form)),
  ];
}

function assertNowhere(dataDir: string, texts: readonly string[]): void {
  for (const { name, bytes } of filesOf(dataDir)) {
    for (const text of texts)
      for (const form of formsOf(text))
        assert.ok(!bytes.includes(form), `${text} stands in ${name} as ${form.toString('latin1')}`);
  }
}

function assertChained(journal: Journal): void {
  let prev = NO_HASH;
  for (const [index, bytes] of journal.everyRecord().entries()) {
    const parsed = parseRecord(bytes);
    assert.ok(parsed.ok);
    assert.equal(parsed.record.seq, index + 1);
    assert.equal(parsed.record.prev, prev);
    prev = base64url(leafHash(bytes));
  }
  assert.equal(journal.tip.lastHash, prev);
}

test('what was committed comes back, and the chain goes on over a reopening', () => {
  const home = newHome();
  const key = newKey();
  const diary = new Diary(openIn(home, key));
  diary.dropOff();
  diary.journal.close();
  const again = openIn(home, key);
  assert.deepEqual(Object.keys(again.readState().grant), Object.keys(diary.state.grant));
  assert.deepEqual(again.readState().parcel, JSON.parse(JSON.stringify(diary.state.parcel)));
  const tip = again.tip.lastSeq;
  const kept: BankState = { ...diary.state, ...again.readState() };
  again.commit(kept, plan(kept, { type: 'stopping' }, MOMENT));
  assert.equal(again.tip.lastSeq, tip + 1);
  assertChained(again);
  again.close();
});

test('a commit happens whole or not at all', () => {
  const home = newHome();
  const diary = new Diary(openIn(home, newKey()));
  diary.dropOff();
  const before = { tip: diary.journal.tip, state: diary.journal.readState(), wishes: diary.journal.wishes() };
  const [wish] = before.wishes;
  assert.ok(wish);
  const next = plan(diary.state, { type: 'stopping' }, MOMENT);
  const grown: BankState = { ...next.state, heard: { only: { atMs: 5 } } };
  // The second of two wishes has the first one's reference, which is unique: the transaction fails in its middle.
  assert.throws(
    () =>
      diary.journal.commit(diary.state, {
        ...next,
        state: grown,
        wishes: [{ ...wish, reference: testId('notice', 77) }, wish],
      }),
    /UNIQUE/,
  );
  assert.deepEqual(diary.journal.tip, before.tip);
  assert.deepEqual(diary.journal.readState(), before.state);
  assert.deepEqual(diary.journal.wishes(), before.wishes);
  diary.journal.commit(diary.state, next);
  assertChained(diary.journal);
  diary.journal.close();
});

test('a plan that does not count on from the journal is refused', () => {
  const diary = new Diary(openIn(newHome(), newKey()));
  const next = plan(diary.state, { type: 'stopping' }, MOMENT);
  diary.journal.commit(diary.state, next);
  assert.throws(() => diary.journal.commit(diary.state, next), /counts to/);
  diary.journal.close();
});

test('what became of orders is found by an index of theirs, however much else a journal holds', () => {
  const [home, key] = [newHome(), newKey()];
  const journal = openIn(home, key);
  const hash = NO_HASH;
  const drafts: RecordDraft[] = [
    { kind: 'agent.stopped', facts: {} },
    { kind: 'order.refused', facts: { hash, reason: 'order-expired', road: 'hand' } },
    { kind: 'agent.stopped', facts: {} },
    {
      kind: 'order.accepted',
      facts: { act: 'set-clock', hash, signatures: 2, road: 'hand' },
    },
  ];
  const before = { ...new TestBank().state, lastSeq: 0 };
  journal.commit(before, {
    ...{ state: { ...before, lastSeq: drafts.length }, records: drafts, wishes: [], effects: [] },
    time: { atMs: START_MS, source: 'clock', uncertaintyMs: 0 },
  });
  const { prepare } = DatabaseSync.prototype;
  const asked: string[] = [];
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
    asked.push(sql);
    return prepare.call(this, sql);
  };
  const found = journal.recordsOfOrders();
  DatabaseSync.prototype.prepare = prepare;
  const parsed = found.map((bytes) => parseRecord(bytes));
  assert.deepEqual(
    parsed.map((one) => one.ok && one.record.kind),
    ['order.refused', 'order.accepted'],
  );
  const [sql = assert.fail('nothing was asked')] = asked;
  const [{ detail } = { detail: '' }] = connection().prepare(`explain query plan ${sql}`).all();
  assert.match(String(detail), /USING INDEX record_of_orders/, 'a bank of some years has a million others');
  journal.close();
});

test('a second agent on the same journal is refused while the first holds it', () => {
  const home = newHome();
  const key = newKey();
  const first = openIn(home, key);
  assert.throws(() => openIn(home, key), /locked/);
  first.close();
  openIn(home, key).close();
});

test('another storage key and another bank are refused before anything is read or written', () => {
  const home = newHome();
  const key = newKey();
  openIn(home, key).close();
  assert.throws(() => openIn(home, newKey()), /another storage key/);
  assert.throws(() => openIn(home, key, testId('bank', 2)), /belongs to/);
  openIn(home, key).close();
});

test('the journal is written ahead and synced at every commit', () => {
  const home = newHome();
  const journal = openIn(home, newKey());
  const read = (pragma: string) => Object.values(connection().prepare(`pragma ${pragma}`).get() ?? {})[0];
  assert.deepEqual(['journal_mode', 'synchronous', 'locking_mode', 'secure_delete'].map(read), [
    'wal',
    FULL,
    'exclusive',
    1,
  ]);
  journal.close();
});

test('openings and wishes leave with the acknowledgement, their bytes too', () => {
  const home = newHome();
  const diary = new Diary(openIn(home, newKey()));
  diary.dropOff();
  const { journal } = diary;
  const bank = newSigningKey();
  const rows = journal.unsigned(1024);
  const [first] = rows;
  const last = rows.at(-1);
  assert.ok(first && last);
  const head = {
    bank: BANK,
    first: first.seq,
    last: last.seq,
    previous: journal.tip.lastHead,
    root: batchRoot(rows.map((row) => row.bytes)),
  };
  journal.keepHead({
    first: first.seq,
    last: last.seq,
    note: signHead({ head, key: bank }),
    hash: headHash(head),
  });
  const batch = journal.nextBatch();
  assert.ok(batch && batch.openings.length > 5 && batch.wishes.length === 1);
  const sealed = connection()
    .prepare('select sealed from opening')
    .all()
    .map((row) => Buffer.from(row.sealed as Uint8Array));
  assert.ok(sealed.length > 5);
  const holds = () => filesOf(home).some(({ bytes }) => sealed.some((row) => bytes.includes(row)));
  assert.ok(holds(), 'the scan finds what is there');
  journal.acknowledge(last.seq);
  assert.equal(holds(), false, 'no byte of them is left in the database or its log');
  assert.deepEqual([journal.nextBatch(), journal.wishes()], [undefined, []]);
  assert.equal(journal.everyRecord().length, rows.length, 'records stay');
  journal.close();
});

test('nothing personal stands in clear in any file of the bank', () => {
  const home = newHome();
  const diary = new Diary(openIn(home, newKey()));
  diary.dropOff();
  diary.journal.keepRefused('h'.repeat(43), 5, 'a message for A. Okafor');
  const [parcel] = Object.values(diary.state.parcel);
  assert.ok(parcel);
  const own = [
    parcel.tracking,
    RESIDENT.label,
    RESIDENT.person,
    parcel.courier,
    COURIER.badge,
    parcel.id,
    diary.pin,
  ];
  assertNowhere(home, own);
  diary.journal.close();
  assertNowhere(home, own);
});

test('a journal of a newer agent is refused', () => {
  const home = newHome();
  const key = newKey();
  openIn(home, key).close();
  const raw = new DatabaseSync(join(home, 'journal.sqlite'));
  raw.exec('pragma user_version = 99');
  raw.close();
  assert.throws(() => openIn(home, key), /newer agent/);
});

test('killed at any moment, it keeps every commit that it answered for', async () => {
  const home = newHome();
  const key = newKey();
  let answered = 0;
  for (let kill = 0; kill < 12; kill++) {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./test-writer.ts', import.meta.url)), home, base64url(key)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout });
    let goal = answered + 3 + systemRandom.below(60);
    lines.on('line', (line) => {
      answered = Math.max(answered, Number(line));
      if (answered < goal) return;
      goal = Number.MAX_SAFE_INTEGER;
      child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    const journal = openIn(home, key);
    assert.ok(
      journal.tip.lastSeq >= answered,
      `kill ${kill}: ${answered} was answered, ${journal.tip.lastSeq} is kept`,
    );
    assert.equal(
      journal.readState().heard.only?.atMs,
      journal.tip.lastSeq,
      'records and state are of one moment',
    );
    assertChained(journal);
    journal.close();
  }
  assert.ok(answered > 30);
});

test('an event of each kind that changes nothing writes nothing', () => {
  const home = newHome();
  const diary = new Diary(openIn(home, newKey()));
  const before = statSync(join(home, 'journal.sqlite-wal')).size;
  const event: Event = { type: 'link', up: true };
  diary.journal.commit(diary.state, plan(diary.state, event, MOMENT));
  assert.equal(statSync(join(home, 'journal.sqlite-wal')).size, before);
  diary.journal.close();
});
