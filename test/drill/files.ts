/**
 * Random changes of what lies outside the cloud's database: a bank's journal on its disk, bundles of evidence, proof
 * files, receipts. Each is changed as its own kind of file is made (a row, a line, a value), put together so that only
 * that is wrong, and given to the verifier that its reader would use. What the change left as it was is drawn anew.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { picking } from '../../src/cloud/audit/test-audit.ts';
import type { Tally } from '../../src/cloud/audit/test-hunt.ts';
import type { Draw } from '../../src/cloud/audit/test-mutations.ts';
import { makeExport, NOBODY_NAMED, readSelection } from '../../src/cloud/export/export.ts';
import { packed, sourceOf, tampered, textOf, unpacked } from '../../src/cloud/export/test-bundle.ts';
import { drain } from '../../src/cloud/log/log.ts';
import { parcels } from '../../src/cloud/parcels/parcels.ts';
import type { Stand } from '../../src/cloud/test-stand.ts';
import { type Filled, filledTenant } from '../../src/cloud/test-tenants.ts';
import { base64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../../src/crypto/sign.ts';
import { Journal } from '../../src/edge/journal.ts';
import { BANK, bankInService, START_MS, testId } from '../../src/edge/plan/test-bank.ts';
import { batchRoot, headHash, signHead } from '../../src/ledger/batch.ts';
import { verifyBundle } from '../../src/ledger/export/verify.ts';
import { readPolicy } from '../../src/ledger/log/policy.ts';
import { verifyProof } from '../../src/ledger/log/proof-file.ts';
import { receiptSchema, verifyReceipt } from '../../src/ledger/receipt.ts';
import { leafHash, NO_HASH, writeRecord } from '../../src/ledger/record.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { compareJournals } from '../../src/up/audit.ts';
import { makeBundle } from '../verify/made-bundle.ts';

/** What a verifier says: undefined when all of it holds, else the first thing that does not. */
type Judge = (bytes: Uint8Array) => string | undefined;
type FileKind = {
  name: string;
  needsHead: boolean;
  /** It is wrong as a whole, and nothing in it first. */
  isUnplaced?: boolean;
  make(draw: Draw): Uint8Array | undefined;
  unchanged: Uint8Array;
  judge: Judge;
  /** With what somebody outside remembers or holds. */
  remembered?: Judge;
};

type Rows = Record<string, unknown>[];
type Op = <Row>(
  rows: readonly Row[],
  draw: Draw,
  of: { edit(row: Row): Row; others: readonly Row[] },
) => Row[] | undefined;

const at = <Row>(rows: readonly Row[], draw: Draw) => draw.below(Math.max(rows.length, 1));
const OPS: Readonly<Record<string, Op>> = {
  edit: (rows, draw, { edit }) => {
    const n = at(rows, draw);
    return rows.map((row, index) => (index === n ? edit(row) : row));
  },
  delete: (rows, draw) => rows.toSpliced(at(rows, draw), 1),
  reorder(rows, draw) {
    const [a, b] = [at(rows, draw), at(rows, draw)];
    const [one, two] = [rows[a], rows[b]];
    return one === undefined || two === undefined ? undefined : rows.with(a, two).with(b, one);
  },
  duplicate(rows, draw) {
    const row = rows[at(rows, draw)];
    return row === undefined ? undefined : rows.toSpliced(at(rows, draw), 0, row);
  },
  truncate: (rows, draw) => rows.slice(0, Math.max(0, rows.length - 1 - draw.below(3))),
  splice(rows, draw, { others }) {
    const other = others[at(others, draw)];
    return other === undefined || rows.length === 0 ? undefined : rows.with(at(rows, draw), other);
  },
};

function editText(text: string, draw: Draw): string {
  if (text === '') return 'x';
  const n = draw.below(text.length);
  return `${text.slice(0, n)}${text[n] === 'x' ? 'y' : 'x'}${text.slice(n + 1)}`;
}

function editValue(value: unknown, draw: Draw): unknown {
  if (value instanceof Uint8Array) {
    const bytes = value.slice();
    const n = draw.below(Math.max(bytes.length, 1));
    bytes[n] = (bytes[n] ?? 0) ^ (1 << draw.below(8));
    return bytes;
  }
  if (typeof value === 'number') return Math.max(0, value + draw([-1, 1]) * (1 + draw.below(5)));
  return editText(String(value), draw);
}

// A bank's journal on its disk.

const TABLES = {
  record: ['seq', 'kind', 'at_ms', 'hash', 'bytes'],
  head: ['last', 'first', 'note', 'hash'],
} as const;
type Table = keyof typeof TABLES;
type Disk = Record<Table, Rows> & { acknowledged: number };

/** A journal with six batches, as the agent writes it, and how much of it had been written after each. */
function journalGround(home: string, key: SigningKey): { disks: Disk[]; file: string } {
  const journal = new Journal({
    dataDir: home,
    bank: BANK,
    storageKey: new Uint8Array(32),
    random: systemRandom,
  });
  let state = { ...bankInService().state, lastSeq: 0 };
  const disks: Disk[] = [];
  const time = { atMs: START_MS, source: 'clock', uncertaintyMs: 5 } as const;
  for (let batch = 0; batch < 6; batch++) {
    for (let n = 0; n < 4; n++) {
      const records = [1, 2, 3, 4].map((compartment) => ({
        ...{ kind: 'session.resumed' as const, compartment, facts: { work: 'pick-up', pulses: n } },
        fields: { parcel: testId('parcel', 100 * batch + n) },
      }));
      const after = { ...state, lastSeq: state.lastSeq + records.length };
      journal.commit(state, { state: after, time, records, wishes: [], effects: [] });
      state = after;
    }
    const rows = journal.unsigned(100);
    const [first, last] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
    const root = batchRoot(rows.map(({ bytes }) => bytes));
    const head = { bank: BANK, first, last, previous: journal.tip.lastHead, root };
    journal.keepHead({ first, last, note: signHead({ head, key }), hash: headHash(head) });
    journal.acknowledge(last);
    disks.push({ record: [], head: [], acknowledged: last });
  }
  journal.close();
  const file = join(home, 'journal.sqlite');
  const whole = readDisk(file);
  return {
    file,
    disks: disks.map(({ acknowledged }, index) => ({
      acknowledged,
      record: whole.record.slice(0, (index + 1) * 16),
      head: whole.head.slice(0, index + 1),
    })),
  };
}

function readDisk(file: string): Record<Table, Rows> {
  const db = new DatabaseSync(file);
  const rowsOf = (name: Table) =>
    db.prepare(`select ${TABLES[name].join(', ')} from ${name} order by 1`).all() as Rows;
  const disk = { record: rowsOf('record'), head: rowsOf('head') };
  db.close();
  return disk;
}

const asBytes = (disk: Disk) =>
  utf8(JSON.stringify(disk, (_, value) => (value instanceof Uint8Array ? { b: base64url(value) } : value)));
const fromBytes = (bytes: Uint8Array): Disk =>
  JSON.parse(fromUtf8(bytes), (_, value) =>
    value?.b === undefined ? value : Buffer.from(value.b, 'base64url'),
  );

/** The rows are laid down on a disk again, where the bank's auditor reads them. */
function journalJudge(home: string, key: SigningKey, cloudCopy: ReadonlyMap<number, string>): Judge {
  return (bytes) => {
    const path = join(home, 'journal.sqlite');
    const disk = fromBytes(bytes);
    const db = new DatabaseSync(path);
    db.exec('pragma journal_mode = off; pragma synchronous = off; create table meta (name, value)');
    db.prepare('insert into meta values (?, ?)').run('acknowledged', String(disk.acknowledged));
    for (const [name, columns] of Object.entries(TABLES)) {
      // Without the constraints of the agent's own tables: whoever changes a disk is bound by none.
      db.exec(`create table ${name} (${columns.join(', ')})`);
      const put = db.prepare(`insert into ${name} values (${columns.map(() => '?').join(', ')})`);
      db.exec('begin');
      for (const row of disk[name as Table]) put.run(...(columns.map((column) => row[column]) as never[]));
      db.exec('commit');
    }
    db.close();
    try {
      const said = compareJournals({ edgeDir: home, bank: BANK, cloudCopy, key: key.publicKey });
      return said.holds ? undefined : said.says;
    } finally {
      unlinkSync(path);
    }
  };
}

/** The whole tail written anew from record `seq` on, as somebody without the bank's key would. */
function rewritten({ record, ...stays }: Disk, draw: Draw): Disk {
  const from = draw.below(record.length);
  let prev = String(record[from - 1]?.hash ?? NO_HASH);
  const fresh = record.slice(from).map((row) => {
    const drawSalt = () => systemRandom.bytes(16);
    const draft = { kind: 'session.resumed', compartment: 7, facts: { work: 'pick-up', pulses: 3 } } as const;
    const fields = { parcel: testId('parcel', draw.below(9_999)) };
    const time = { atMs: START_MS, source: 'clock', uncertaintyMs: 5 } as const;
    const written = writeRecord({
      draft: { ...draft, fields },
      source: BANK,
      seq: Number(row.seq),
      prev,
      time,
      drawSalt,
    });
    prev = written.hash;
    return { ...row, kind: draft.kind, bytes: written.bytes, hash: written.hash };
  });
  return { ...stays, record: [...record.slice(0, from), ...fresh] };
}

function journalKinds(home: string): FileKind[] {
  const key = newSigningKey();
  const [own, strange] = [mkdtempSync(join(home, 'own-')), mkdtempSync(join(home, 'strange-'))];
  const { disks } = journalGround(own, key);
  const other = journalGround(strange, newSigningKey()).disks.at(-1) ?? assert.fail();
  const whole = disks.at(-1) ?? assert.fail();
  const copy = new Map(whole.record.map(({ seq, bytes }) => [Number(seq), fromUtf8(bytes as Uint8Array)]));
  const bench = mkdtempSync(join(home, 'bench-'));
  const common = {
    unchanged: asBytes(whole),
    judge: journalJudge(bench, key, new Map()),
    remembered: journalJudge(bench, key, copy),
  };
  const kinds: FileKind[] = Object.keys(TABLES).flatMap((table) =>
    Object.entries(OPS).map(([name, op]) => ({
      ...common,
      name: `journal ${table}: ${name}`,
      // Records that no head covers are nobody's word yet; a head that is gone with them leaves a shorter journal.
      needsHead: false,
      make(draw: Draw) {
        const columns = TABLES[table as Table];
        const edit = (row: Record<string, unknown>) => {
          const column = draw(columns);
          return { ...row, [column]: editValue(row[column], draw) };
        };
        const rows = op(whole[table as Table], draw, { edit, others: other[table as Table] });
        const [place] = columns;
        // Rows are read by their numbers: what changes places are contents, and numbers stay where they were.
        const keyed =
          name === 'reorder' || name === 'splice'
            ? rows?.map((row, n) => ({ ...row, [place]: whole[table as Table][n]?.[place] }))
            : rows;
        const sorted = keyed?.toSorted((a, b) => Number(a[place]) - Number(b[place]));
        return sorted && asBytes({ ...whole, [table]: sorted });
      },
    })),
  );
  return [
    ...kinds,
    { ...common, name: 'journal: fork', needsHead: false, make: (draw) => asBytes(rewritten(whole, draw)) },
    {
      ...{ ...common, name: 'journal: roll back', needsHead: true },
      make: (draw) => asBytes(disks[draw.below(disks.length - 1)] ?? whole),
    },
  ];
}

// Bundles of evidence.

type Trust = { rootKeys: string[]; signatures: number; policy: undefined };
const judgeBundle =
  (trust: Trust): Judge =>
  (bytes) => {
    const { holds, lines } = verifyBundle(sourceOf(bytes), trust);
    return holds ? undefined : (lines.find((line) => line.holds === false)?.says ?? 'it does not hold');
  };

const LINE_FILES = ['records.jsonl', 'heads.jsonl', 'opened.jsonl', 'tree.txt', 'checkpoint'] as const;

async function bundleOf(stand: Stand, home: string, { of, name }: { of: Filled; name: string }) {
  const out = join(home, `${name}.tar`);
  const order = {
    tenant: of.tenant,
    selection: readSelection({ bank: of.bank }),
    opened: ['parcel' as const],
    receiver: NOBODY_NAMED,
    by: null,
  };
  await makeExport(stand.cloud, { ...order, purpose: 'a drill', madeBy: null, out });
  return { files: unpacked(out), bytes: new Uint8Array(readFileSync(out)) };
}

async function grow({ cloud }: Stand, { tenant }: Filled): Promise<void> {
  const draft = { kind: 'backup.made', facts: { bytes: 1, hash: 'A'.repeat(43) } } as const;
  const all = Array.from({ length: 40 }, () => ({ draft, owners: {} }));
  await cloud.database.tenant(tenant, (tx) => cloud.journal.recordAll(tx, all));
  await drain(cloud, tenant);
}

async function bundleKinds(stand: Stand, home: string, { root, of, other }: Two): Promise<FileKind[]> {
  const older = await bundleOf(stand, home, { of, name: 'older' });
  await grow(stand, of);
  const whole = await bundleOf(stand, home, { of, name: 'whole' });
  const strange = await bundleOf(stand, home, { of: other, name: 'strange' });
  const trust: Trust = { rootKeys: [base64url(root.publicKey)], signatures: 1, policy: undefined };
  const sizeOf = (bytes: Uint8Array) => Number(/\n(\d+)\n/.exec(textOf(asFiles(bytes), 'checkpoint'))?.[1]);
  const rememberedSize = sizeOf(whole.bytes);
  const common = { unchanged: whole.bytes, judge: judgeBundle(trust), needsHead: false };
  const lines = (files: typeof whole.files, name: string) =>
    textOf(files, name)
      .split('\n')
      .filter((line) => line !== '');
  const kinds: FileKind[] = LINE_FILES.flatMap((file) =>
    Object.entries(OPS)
      .filter(([name]) => {
        // An opening that is left out is withheld, as is the maker's right: the commitment in the record stays as it is.
        if (file === 'opened.jsonl' && (name === 'delete' || name === 'truncate')) return false;
        // One line alone has no other order.
        return name !== 'reorder' || lines(whole.files, file).length > 1;
      })
      .map(([name, op]) => ({
        ...common,
        name: `bundle ${file}: ${name}`,
        make(draw: Draw) {
          const edit = (line: string) => editText(line, draw);
          const made = op(lines(whole.files, file), draw, { edit, others: lines(strange.files, file) });
          // A checkpoint's empty line stands where it stood; what is changed are its lines.
          const text = made
            ?.map((line, n) => (file === 'checkpoint' && n === 3 ? `\n${line}\n` : `${line}\n`))
            .join('');
          return text === undefined ? undefined : tampered(whole.files, { edit: { [file]: () => text } });
        },
      })),
  );
  const anyByte: FileKind = {
    // A hash over the file says nothing of where in it.
    ...{ ...common, name: 'bundle, any byte of a file: edit', isUnplaced: true },
    make(draw) {
      const name = draw([...whole.files.keys()]);
      const bytes = whole.files.get(name) ?? new Uint8Array(0);
      if (bytes.length === 0 || name === 'manifest.json') return undefined;
      return packed(new Map([...whole.files, [name, editValue(bytes, draw) as Uint8Array]]));
    },
  };
  const mixed: FileKind = {
    ...{ ...common, name: 'bundle, files of an earlier one: roll back', isUnplaced: true },
    make(draw) {
      const name = draw(['checkpoint', 'tree.txt']);
      return tampered(whole.files, { edit: { [name]: () => textOf(older.files, name) } });
    },
  };
  const back: FileKind = {
    ...{ ...common, name: 'bundle, all of it: roll back', needsHead: true, isUnplaced: true },
    make: () => older.bytes,
    remembered: (bytes) =>
      sizeOf(bytes) < rememberedSize ? `ends before the remembered head of ${rememberedSize}` : undefined,
  };
  return [...kinds, anyByte, mixed, back, forkedBundle(home)];
}

/** Whoever holds the log's key changes a bank's record, or leaves one out, and signs a tree over what is then there. */
function forkedBundle(home: string): FileKind {
  const good = makeBundle(join(home, 'good.tar'), 40);
  let trust: Trust = { rootKeys: [base64url(good.root.publicKey)], signatures: 1, policy: undefined };
  return {
    ...{ name: 'bundle, by whoever holds the log’s key: fork', needsHead: false },
    unchanged: new Uint8Array(readFileSync(good.path)),
    make(draw) {
      const n = 1 + draw.below(40);
      const made = makeBundle(
        join(home, 'forked.tar'),
        40,
        draw([{ changes: n }, { omits: Math.min(n, 39) }]),
      );
      trust = { ...trust, rootKeys: [base64url(made.root.publicKey)] };
      return new Uint8Array(readFileSync(made.path));
    },
    judge: (bytes) => judgeBundle(trust)(bytes),
  };
}

function asFiles(bytes: Uint8Array) {
  const found = new Map<string, Uint8Array>();
  // The archive is read as the verifier reads it, from memory.
  for (let from = 0; from < bytes.length && bytes[from] !== 0; ) {
    const text = Buffer.from(bytes.subarray(from, from + 512)).toString('latin1');
    const size = Number.parseInt(text.slice(124, 135), 8);
    found.set(text.slice(0, text.indexOf('\0')), bytes.slice(from + 512, from + 512 + size));
    from += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

// Proof files and receipts.

function proofKinds(files: Map<string, Uint8Array>): FileKind[] {
  const log = JSON.parse(textOf(files, 'keys.json')).log as { origin: string; vkey: string };
  const policy = readPolicy({ origin: log.origin, logs: [log.vkey], witnesses: [], quorum: 0 });
  assert.ok(policy.ok);
  const entries = textOf(files, 'records.jsonl')
    .split('\n')
    .flatMap((line) => {
      const found = /^\{"index":(\d+),"record":(.*)\}$/.exec(line);
      const proof = found && files.get(`proofs/${String(found[1]).padStart(16, '0')}.tlog-proof`);
      return found && proof ? [{ leaf: leafHash(utf8(found[2] ?? '')), text: fromUtf8(proof) }] : [];
    });
  assert.ok(entries.length > 3);
  const isSignature = (line: string) => line.startsWith('\u2014 ');
  let held = entries[0] ?? assert.fail();
  return Object.entries(OPS).map(([name, op]) => ({
    // One entry, one path and one signature over the rest: no part of it is there twice to be compared.
    ...{ name: `proof file: ${name}`, needsHead: false, isUnplaced: true },
    get unchanged() {
      return utf8(held.text);
    },
    make(draw: Draw) {
      held = draw(entries);
      const edit = (line: string) => editText(line, draw);
      const others = draw(entries).text.split('\n');
      const made = op(held.text.split('\n'), draw, { edit, others });
      // The same signature said twice is what it is once: a reader counts one of each key (`ledger/log/signatures.ts`).
      if (made && new Set(made.filter(isSignature)).size < made.filter(isSignature).length) return undefined;
      return made && utf8(made.join('\n'));
    },
    judge(bytes: Uint8Array) {
      const said = verifyProof(fromUtf8(bytes), { leaf: held.leaf, policy: policy.value });
      return said.ok ? undefined : `${said.reason} ${said.about}`;
    },
  }));
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** One value somewhere in it, or one list. */
function within(value: Json, draw: Draw, hit: (of: Json, name: string) => void): void {
  let here = value;
  for (;;) {
    const name = draw(Object.keys(here));
    const next = name === undefined ? undefined : here[name];
    if (!isObject(next) || Object.keys(next).length === 0)
      return name === undefined ? undefined : hit(here, name);
    here = next;
  }
}

async function receiptOf({ cloud }: Stand, of: Filled): Promise<Json> {
  const route =
    (parcels.routes ?? []).find(({ url }) => url === '/api/admin/parcels/:id/receipt') ?? assert.fail();
  const actor = { is: 'admin', tenant: of.tenant, person: of.people.admin, role: 'admin', signedInAtMs: 0 };
  const answer = await route.handle({ cloud, actor, params: { id: of.parcel } } as never);
  return JSON.parse(JSON.stringify(answer)) as Json;
}

async function receiptKinds(stand: Stand, { root, of, other }: Two): Promise<FileKind[]> {
  const [whole, strange] = [await receiptOf(stand, of), await receiptOf(stand, other)];
  const { log } = receiptSchema.parse(whole);
  assert.ok(log);
  const trust = { site: of.site, rootKeys: [base64url(root.publicKey)], k: 1 };
  const judge: Judge = (bytes) => {
    const read = receiptSchema.safeParse(JSON.parse(fromUtf8(bytes)));
    if (!read.success) {
      const [list, at] = read.error.issues[0]?.path ?? [];
      return list === 'entries' ? `entry ${Number(at) + 1} is none of a receipt` : 'is no receipt';
    }
    const { holds, verdicts } = verifyReceipt(read.data, trust);
    const wrong = verdicts.find((one) => one.holds === false);
    return holds ? undefined : `${wrong?.check}: ${wrong?.says}`;
  };
  const entriesOf = (receipt: Json) => receipt.entries as Json[];
  const common = { unchanged: utf8(JSON.stringify(whole)), judge, needsHead: false };
  const changed = (name: string, change: (receipt: Json, draw: Draw) => void): FileKind => ({
    ...common,
    name: `receipt: ${name}`,
    make(draw) {
      const receipt = structuredClone(whole);
      change(receipt, draw);
      return utf8(JSON.stringify(receipt));
    },
  });
  return [
    changed('edit', (receipt, draw) => {
      const n = draw.below(entriesOf(receipt).length);
      within(entriesOf(receipt)[n] ?? {}, draw, (place, name) => {
        place[name] = editValue(place[name], draw);
      });
    }),
    {
      ...changed('edit of what stands beside its records', (receipt, draw) => {
        const name = draw(['v', 'parcel', 'bank', 'roster', 'bankKey', 'log']);
        receipt[name] = editValue(receipt[name], draw);
      }),
      isUnplaced: true,
    },
    changed('reorder', (receipt, draw) => {
      receipt.entries = OPS.reorder?.(entriesOf(receipt), draw, { edit: (row) => row, others: [] });
    }),
    changed('duplicate', (receipt, draw) => {
      receipt.entries = OPS.duplicate?.(entriesOf(receipt), draw, { edit: (row) => row, others: [] });
    }),
    changed('delete', (receipt, draw) => {
      const entry = draw(entriesOf(receipt));
      delete entry[draw(['record', 'head', 'path', 'proof', 'openings'])];
    }),
    changed('truncate', (receipt, draw) => {
      const entry = draw(entriesOf(receipt));
      const name = draw(['record', 'head', 'proof']);
      entry[name] = String(entry[name]).slice(0, -1 - draw.below(20));
    }),
    changed('splice', (receipt, draw) => {
      const [to, from] = [draw(entriesOf(receipt)), draw(entriesOf(strange))];
      const name = draw(['record', 'head', 'path', 'openings']);
      to[name] = from[name];
    }),
  ];
}

type Two = { root: SigningKey; of: Filled; other: Filled };

export async function fileKinds(stand: Stand, home: string): Promise<FileKind[]> {
  const root = newSigningKey();
  const of = await filledTenant(stand.cloud, { root, mark: 'Alder' });
  const other = await filledTenant(stand.cloud, { root: newSigningKey(), mark: 'Birch' });
  for (const one of [of, other]) await grow(stand, one);
  const two = { root, of, other };
  const bundles = await bundleKinds(stand, home, two);
  const { files } = await bundleOf(stand, home, { of, name: 'proofs' });
  return [...journalKinds(home), ...bundles, ...proofKinds(files), ...(await receiptKinds(stand, two))];
}

/** A place in what was given: a number that stands behind the word for what it counts. */
const PLACE = /\b(?:records?|entry|line|batch|character|heads?|proofs) (?:of records )?\d/;

const TRIES_MAX = 200;

function mutate(kind: FileKind, draw: Draw): Uint8Array {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const made = kind.make(draw);
    if (made && !Buffer.from(made).equals(kind.unchanged)) return made;
  }
  throw new Error(`${kind.name}: nothing that would change anything was drawn`);
}

/** Every kind in turn; what holds before any change is shown first. */
export async function huntFiles(
  stand: Stand,
  { count, seed }: { count: number; seed: number },
): Promise<{ tallies: Tally[]; missed: string[] }> {
  const home = mkdtempSync(join(tmpdir(), 'hf-files-'));
  try {
    const kinds = await fileKinds(stand, home);
    const draw = picking(seed);
    const tallies = kinds.map(
      ({ name, isUnplaced }): Tally => ({
        ...{ name, applied: 0, found: 0, withHead: 0 },
        named: isUnplaced ? null : 0,
      }),
    );
    const missed: string[] = [];
    for (const kind of kinds) assert.equal(kind.judge(kind.unchanged), undefined, `${kind.name}: unchanged`);
    for (let n = 0; n < count; n++) {
      const [kind, tally] = [
        kinds[n % kinds.length] ?? assert.fail(),
        tallies[n % kinds.length] ?? assert.fail(),
      ];
      const made = mutate(kind, draw);
      const alone = kind.judge(made);
      const says = alone ?? kind.remembered?.(made);
      const by = alone !== undefined ? 'alone' : says !== undefined ? 'head' : 'nobody';
      tally.applied += 1;
      if (by === 'alone') tally.found += 1;
      if (by === 'head') tally.withHead += 1;
      const isNamed = PLACE.test(says ?? '');
      if (tally.named !== null && isNamed) tally.named += 1;
      if (tally.named !== null && !isNamed) missed.push(`${n} ${kind.name}: no index in “${says}”`);
      if (by !== (kind.needsHead ? 'head' : 'alone')) missed.push(`${n} ${kind.name}: ${by}`);
    }
    return { tallies, missed };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
