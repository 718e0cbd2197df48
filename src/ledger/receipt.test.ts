/** A receipt in the hands of somebody who would like it to say something else: its maker, or who carries it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, fromUtf8 } from '../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import { idFrom } from '../domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../domain/roster.ts';
import { type BatchHead, batchRoot, NO_HEAD, signHead } from './batch.ts';
import {
  keptReceipt,
  type Receipt,
  type ReceiptEntry,
  receiptPath,
  receiptSchema,
  verifyReceipt,
} from './receipt.ts';
import { leafHash, NO_HASH, type RecordDraft, type WrittenRecord, writeRecord } from './record.ts';
import { signRoster } from './roster.ts';

const [root, stranger, bankKey] = [newSigningKey(), newSigningKey(), newSigningKey()];
const id = <K extends Parameters<typeof idFrom>[0]>(kind: K, fill = 1) =>
  idFrom(kind, new Uint8Array(16).fill(fill));
const text = (key: SigningKey) => base64url(key.publicKey);
const HASH = base64url(new Uint8Array(32).fill(9));
const MINE = id('parcel', 1);
const OTHERS = id('parcel', 2);

function rosterBy(key: SigningKey, change: Partial<Roster> = {}): string {
  const roster: Roster = {
    v: 1,
    tenant: id('tenant'),
    site: id('site'),
    version: 1,
    madeAtMs: 1_768_478_400_000,
    root: { keys: [text(key)], k: 1 },
    banks: [{ bank: id('bank'), key: text(bankKey), sealKey: base64url(bankKey.publicKey.subarray(-65)) }],
    pins: { current: HASH, next: HASH, offline: null },
    keys: { intake: base64url(root.publicKey.subarray(-65)), notifier: text(root), ledger: null },
    carriers: [],
    couriers: [],
    staff: [],
    policy: DEFAULT_POLICY,
    ...change,
  };
  return signRoster(roster, [key]);
}

const who = (fill: number) => ({
  tracking: '1Z999AA10123456784',
  carrier: id('carrier'),
  person: id('person', fill),
  counterpart: id('person', fill + 1),
  session: id('session', fill),
  grant: id('grant', fill),
});

/** Mine goes in; another parcel goes in and out; a door between them. Mine was never collected. */
const DRAFTS: RecordDraft[] = [
  {
    kind: 'parcel.deposited',
    compartment: 3,
    facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs: 9_000 },
    fields: { parcel: MINE, ...who(1) },
  },
  { kind: 'door.opened', compartment: 3, facts: { expected: true } },
  {
    kind: 'parcel.collected',
    compartment: 3,
    facts: { basis: 'person', occupied: 'no' },
    fields: { parcel: OTHERS, ...who(5) },
  },
];

function journalOf(drafts: readonly RecordDraft[]): WrittenRecord[] {
  let prev = NO_HASH;
  return drafts.map((draft, at) => {
    const written = writeRecord({
      draft,
      source: id('bank'),
      seq: at + 1,
      prev,
      time: { atMs: at, source: 'clock', uncertaintyMs: 1 },
      drawSalt: () => new Uint8Array(16).fill(at + 1),
    });
    prev = written.hash;
    return written;
  });
}

const WRITTEN = journalOf(DRAFTS);

function headOf(written: readonly WrittenRecord[], key: SigningKey = bankKey): string {
  const head: BatchHead = {
    bank: id('bank'),
    first: 1,
    last: written.length,
    previous: NO_HEAD,
    root: batchRoot(written.map(({ bytes }) => bytes)),
  };
  return signHead({ head, key });
}

function entry(at: number, change: Partial<ReceiptEntry> = {}): ReceiptEntry {
  const { bytes, openings } = WRITTEN[at] ?? assert.fail();
  const hashes = WRITTEN.map((written) => leafHash(written.bytes));
  return {
    record: fromUtf8(bytes),
    openings,
    head: headOf(WRITTEN),
    path: receiptPath(hashes, at),
    proof: null,
    ...change,
  };
}

function receipt(change: Partial<Receipt> = {}): Receipt {
  return receiptSchema.parse({
    v: 2,
    parcel: MINE,
    bank: id('bank'),
    roster: rosterBy(root),
    bankKey: text(bankKey),
    log: null,
    entries: [entry(0), entry(1)],
    ...change,
  });
}

/** The checks that do not hold for whoever knows the site root's key. */
const failing = (of: Receipt): string[] =>
  verifyReceipt(of, { site: id('site'), rootKeys: [text(root)], k: 1 })
    .verdicts.filter(({ holds }) => holds === false)
    .map(({ check }) => check);

test('a receipt holds with nothing known but the site root’s key, and with every opening that was left out', () => {
  assert.deepEqual(failing(receipt()), []);
  const { parcel } = WRITTEN[0]?.openings ?? {};
  assert.ok(parcel);
  assert.deepEqual(failing(receipt({ entries: [entry(0, { openings: { parcel } })] })), []);
});

test('a bank key that no roster of this root names is nobody’s', () => {
  assert.deepEqual(failing(receipt({ roster: null })), ['bank key']);
  assert.deepEqual(failing(receipt({ roster: rosterBy(stranger) })), ['bank key']);
  assert.deepEqual(failing(receipt({ roster: rosterBy(root, { site: id('site', 2) }) })), ['bank key']);
  assert.deepEqual(failing(receipt({ roster: rosterBy(root, { banks: [] }) })), ['bank key']);
  const own = { bankKey: text(stranger), entries: [entry(0, { head: headOf(WRITTEN, stranger) })] };
  assert.deepEqual(failing(receipt(own)), ['bank key'], 'a journal that its maker signed alone');
});

test('a record that was changed, moved, signed by another or opened to something else is found', () => {
  const first = entry(0);
  const openings = {
    ...first.openings,
    person: { salt: first.openings.person?.salt ?? '', value: id('person', 7) },
  };
  const spoiled: Partial<ReceiptEntry>[] = [
    { record: first.record.replace('"compartment":3', '"compartment":4') },
    { record: first.record.replace(/"seq":1\b/, '"seq":2') },
    { path: entry(1).path },
    { path: [] },
    { head: headOf(WRITTEN, stranger) },
    { head: headOf(WRITTEN.slice(0, 2)) },
    { openings },
  ];
  for (const change of spoiled) {
    const found = failing(receipt({ entries: [entry(0, change)] }));
    assert.ok(
      found.some((check) => check.startsWith('record')),
      JSON.stringify([Object.keys(change), found]),
    );
  }
  assert.deepEqual(failing(receipt({ entries: [entry(1), entry(0)] })), ['order']);
});

test('another parcel’s collection proves nothing about this one, opened or not', () => {
  assert.deepEqual(failing(receipt({ entries: [entry(0), entry(2)] })), ['parcel']);
  const { parcel: _, ...without } = WRITTEN[2]?.openings ?? {};
  assert.deepEqual(failing(receipt({ entries: [entry(0), entry(2, { openings: without })] })), ['parcel']);
  assert.deepEqual(failing(receipt({ entries: [entry(0), entry(2, { openings: {} })] })), ['parcel']);
  assert.deepEqual(failing(receipt({ entries: [entry(1)] })), ['parcel'], 'a door alone is about nobody');
});

test('a receipt that was kept from before there were proofs in it is read, and holds', () => {
  const today = receipt();
  const { log: _, entries, ...common } = today;
  const before = { ...common, v: 1, entries: entries.map(({ proof: _none, ...entry }) => entry) };
  assert.deepEqual(keptReceipt.parse(before), today);
  assert.deepEqual(failing(keptReceipt.parse(before)), []);
  for (const wrong of [
    { ...today, v: 1 },
    { ...before, v: 2 },
    { ...before, v: 3 },
  ])
    assert.ok(!keptReceipt.safeParse(wrong).success);
});
