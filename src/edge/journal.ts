/**
 * The bank's journal: SQLite in WAL mode with `synchronous=FULL`, so a committed transaction survives a
 * power cut. One transaction holds the records and the state that they explain; nothing else writes.
 *
 * Beside the records stand the openings of their commitments, sealed under the storage key in a table of
 * their own, which go (with `secure_delete`) once the cloud has them. The state's entities are sealed rows,
 * found by a keyed hash of their names, because a courier's id or a flat is a name too.
 *
 * The database is locked exclusively: two agents on one journal would be two banks.
 */

import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type BatchOpenings, type NoticeWish, noticeWish } from '../contract/uplink.ts';
import { open, seal } from '../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { deriveKey, hmacSha256, labelled } from '../crypto/hash.ts';
import { type HeldKey, holdKey } from '../crypto/key.ts';
import { HoldfastError } from '../domain/errors.ts';
import { NO_HEAD } from '../ledger/batch.ts';
import { NO_HASH, SALT_BYTES, type WrittenRecord, writeRecord } from '../ledger/record.ts';
import type { Random } from '../platform/random.ts';
import { type Change, changedEntities, MIGRATIONS } from './journal-rows.ts';
import type { Planned } from './plan/draft.ts';
import { type BankState, COLLECTIONS, emptyKept, type Kept } from './plan/state.ts';

const REFUSED_KEPT_MAX = 1000;

export type JournalTip = {
  lastSeq: number;
  lastHash: string;
  lastMs: number;
  acknowledgedSeq: number;
  lastHead: string;
  headSeq: number;
};

/** `dataDir` exists, for this user only. */
export type OpenJournal = { dataDir: string; bank: string; storageKey: Uint8Array; random: Random };

export class Journal {
  readonly #db: DatabaseSync;
  readonly #bank: string;
  readonly #key: HeldKey;
  readonly #nameKey: HeldKey;
  readonly #random: Random;
  readonly #statements = new Map<string, StatementSync>();
  #tip: JournalTip;

  constructor({ dataDir, bank, storageKey, random }: OpenJournal) {
    this.#db = new DatabaseSync(join(dataDir, 'journal.sqlite'));
    this.#bank = bank;
    this.#key = holdKey(storageKey);
    this.#nameKey = holdKey(deriveKey(storageKey, 'journal/names/v1'));
    this.#random = random;
    this.#db.exec(
      'pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;',
    );
    try {
      this.#migrate();
      this.#claim();
      this.#tip = this.#readTip();
    } catch (error) {
      // A journal that is refused is let go, so that whom it belongs to can open it.
      this.#db.close();
      throw error;
    }
  }

  get tip(): JournalTip {
    return this.#tip;
  }

  close(): void {
    this.#db.close();
  }

  /** The state as it was last committed. */
  readState(): Kept {
    const kept = emptyKept() as { [C in keyof Kept]: Record<string, unknown> };
    for (const row of this.#all('select collection, key, sealed from state')) {
      const collection = String(row.collection);
      const known = COLLECTIONS.find((candidate) => candidate === collection);
      const bytes = open(this.#key, row.sealed as Uint8Array, this.#placeOf(collection, String(row.key)));
      if (!known || !bytes)
        throw new HoldfastError(
          'internal',
          `an entry of ${collection} in the journal does not open with this bank's storage key`,
        );
      const { key, entity } = JSON.parse(fromUtf8(bytes)) as Change;
      kept[known][key] = entity;
    }
    return kept as Kept;
  }

  /**
   * Makes a plan durable: its records, their openings, its wishes and every entity that changed, in one
   * transaction. When this returns, a power cut changes nothing of it; when it throws, nothing happened.
   */
  commit(before: BankState, planned: Planned): readonly WrittenRecord[] {
    const written = this.#chain(planned);
    const changes = changedEntities(before, planned.state);
    if (written.length === 0 && changes.length === 0) return written;
    this.#transaction(() => {
      for (const entry of written) this.#insertRecord(entry);
      for (const wish of planned.wishes) {
        this.#run(
          'insert into wish (seq, reference, json) values (?, ?, ?)',
          wish.seq,
          wish.reference,
          JSON.stringify(wish),
        );
      }
      for (const change of changes) this.#writeEntity(change);
    });
    const last = written.at(-1);
    if (last)
      this.#tip = {
        ...this.#tip,
        lastSeq: last.record.seq,
        lastHash: last.hash,
        lastMs: last.record.time.atMs,
      };
    return written;
  }

  #chain(planned: Planned): WrittenRecord[] {
    const written: WrittenRecord[] = [];
    let { lastSeq, lastHash } = this.#tip;
    // The journal's time never runs backwards, whatever was planned; what that hides shows as uncertainty.
    const { atMs, uncertaintyMs } = planned.time;
    const backMs = Math.max(0, this.#tip.lastMs - atMs);
    const time = { ...planned.time, atMs: atMs + backMs, uncertaintyMs: uncertaintyMs + backMs };
    // One draw for all the salts of a plan: asking the generator costs more than what it gives.
    const fields = planned.records.reduce((sum, record) => sum + Object.keys(record.fields ?? {}).length, 0);
    const salts = this.#random.bytes(SALT_BYTES * fields);
    let drawn = 0;
    const drawSalt = () => salts.subarray(SALT_BYTES * drawn, SALT_BYTES * ++drawn);
    for (const draft of planned.records) {
      const entry = writeRecord({
        draft,
        source: this.#bank,
        seq: lastSeq + 1,
        prev: lastHash,
        time,
        drawSalt,
      });
      written.push(entry);
      lastSeq = entry.record.seq;
      lastHash = entry.hash;
    }
    if (planned.state.lastSeq !== lastSeq)
      throw new Error(`the plan counts to ${planned.state.lastSeq}, the journal to ${lastSeq}`);
    return written;
  }

  #insertRecord({ record, bytes, hash, openings }: WrittenRecord): void {
    this.#run(
      'insert into record (seq, kind, at_ms, hash, bytes) values (?, ?, ?, ?, ?)',
      record.seq,
      record.kind,
      record.time.atMs,
      hash,
      bytes,
    );
    if (Object.keys(openings).length === 0) return;
    const sealed = seal(this.#key, utf8(JSON.stringify(openings)), `opening/${this.#bank}/${record.seq}`);
    this.#run('insert into opening (seq, sealed) values (?, ?)', record.seq, sealed);
  }

  #writeEntity(change: Change): void {
    const { collection, key, entity } = change;
    const hidden = base64url(hmacSha256(this.#nameKey, labelled(collection, key)));
    if (entity === undefined) {
      this.#run('delete from state where collection = ? and key = ?', collection, hidden);
      return;
    }
    const sealed = seal(this.#key, utf8(JSON.stringify({ key, entity })), this.#placeOf(collection, hidden));
    this.#run(
      'insert into state (collection, key, sealed) values (?, ?, ?) on conflict (collection, key) do update set sealed = excluded.sealed',
      collection,
      hidden,
      sealed,
    );
  }

  #placeOf(collection: string, hidden: string): string {
    return `state/${this.#bank}/${collection}/${hidden}`;
  }

  /** The next records that no head covers yet, oldest first, at most `count`. */
  unsigned(count: number): { seq: number; bytes: Uint8Array }[] {
    return this.#records(
      'select seq, bytes from record where seq > ? order by seq limit ?',
      this.#tip.headSeq,
      count,
    );
  }

  /** The bytes of every record after number `after`, for an auditor, or to see what an event has caused. */
  everyRecord(after = 0): Uint8Array[] {
    return this.#records('select seq, bytes from record where seq > ? order by 1', after).map((r) => r.bytes);
  }

  /** Keeps a signed head before it is sent: a range is signed once, and sent the same whatever is lost. */
  keepHead(head: { first: number; last: number; note: string; hash: string }): void {
    this.#transaction(() =>
      this.#run(
        'insert into head (last, first, note, hash) values (?, ?, ?, ?)',
        head.last,
        head.first,
        head.note,
        head.hash,
      ),
    );
    this.#tip = { ...this.#tip, lastHead: head.hash, headSeq: head.last };
  }

  /** The oldest signed batch that is not acknowledged, with everything that travels with it. */
  nextBatch():
    | {
        first: number;
        last: number;
        note: string;
        hash: string;
        records: Uint8Array[];
        openings: BatchOpenings;
        wishes: NoticeWish[];
      }
    | undefined {
    const head = this.#all(
      'select first, last, note, hash from head where last > ? order by last limit 1',
      this.#tip.acknowledgedSeq,
    )[0];
    if (!head) return undefined;
    const first = Number(head.first);
    const last = Number(head.last);
    const records = this.#records(
      'select seq, bytes from record where seq between ? and ? order by seq',
      first,
      last,
    ).map((row) => row.bytes);
    return {
      first,
      last,
      note: String(head.note),
      hash: String(head.hash),
      records,
      openings: this.#openings(first, last),
      wishes: this.#wishes(first, last),
    };
  }

  #openings(first: number, last: number): BatchOpenings {
    return this.#all(
      'select seq, sealed from opening where seq between ? and ? order by seq',
      first,
      last,
    ).map((row) => {
      const seq = Number(row.seq);
      const bytes = open(this.#key, row.sealed as Uint8Array, `opening/${this.#bank}/${seq}`);
      if (!bytes)
        throw new HoldfastError(
          'internal',
          `the openings of record ${seq} do not open with this bank's storage key`,
        );
      return { seq, openings: JSON.parse(fromUtf8(bytes)) };
    });
  }

  /** Every wish that waits for the cloud, oldest first. */
  wishes(): NoticeWish[] {
    return this.#wishes(0, Number.MAX_SAFE_INTEGER);
  }

  #wishes(first: number, last: number): NoticeWish[] {
    return this.#all('select json from wish where seq between ? and ? order by seq', first, last).map((row) =>
      noticeWish.parse(JSON.parse(String(row.json))),
    );
  }

  /** The cloud has committed everything up to `seq`: openings and wishes leave this disk. */
  acknowledge(seq: number): void {
    if (seq <= this.#tip.acknowledgedSeq) return;
    this.#transaction(() => {
      this.#run('delete from opening where seq <= ?', seq);
      this.#run('delete from wish where seq <= ?', seq);
      this.#setMeta('acknowledged', String(seq));
    });
    this.#tip = { ...this.#tip, acknowledgedSeq: seq };
    // `secure_delete` clears the pages; their older copies in the write-ahead log go with a truncation.
    this.#db.exec('pragma wal_checkpoint(truncate)');
  }

  /** Keeps what was refused, sealed, the newest thousand. */
  keepRefused(hash: string, atMs: number, text: string): void {
    this.#transaction(() => {
      this.#run(
        'insert or ignore into refused (hash, at_ms, sealed) values (?, ?, ?)',
        hash,
        atMs,
        seal(this.#key, utf8(text), `refused/${this.#bank}/${hash}`),
      );
      this.#run(
        'delete from refused where hash in (select hash from refused order by at_ms desc limit -1 offset ?)',
        REFUSED_KEPT_MAX,
      );
    });
  }

  meta(name: string): string | undefined {
    const row = this.#all('select value from meta where name = ?', name)[0];
    return row === undefined ? undefined : String(row.value);
  }

  #setMeta(name: string, value: string): void {
    this.#run(
      'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
      name,
      value,
    );
  }

  #migrate(): void {
    const done = Number(this.#db.prepare('pragma user_version').get()?.user_version ?? 0);
    if (done > MIGRATIONS.length)
      throw new HoldfastError(
        'conflict',
        `this journal was written by a newer agent (form ${done}, known ${MIGRATIONS.length})`,
      );
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < done) continue;
      this.#transaction(() => this.#db.exec(`${sql} pragma user_version = ${index + 1};`));
    }
  }

  #claim(): void {
    const bank = this.meta('bank');
    if (bank !== undefined && bank !== this.#bank)
      throw new HoldfastError('conflict', `this journal belongs to ${bank}, not to ${this.#bank}`);
    const proof = this.meta('storage-key');
    const place = `meta/${this.#bank}/storage-key`;
    if (proof !== undefined && !open(this.#key, fromBase64url(proof) ?? new Uint8Array(0), place)) {
      throw new HoldfastError(
        'conflict',
        'this journal was sealed with another storage key than this bank holds',
      );
    }
    if (bank !== undefined && proof !== undefined) return;
    this.#transaction(() => {
      this.#setMeta('bank', this.#bank);
      this.#setMeta('storage-key', base64url(seal(this.#key, utf8(this.#bank), place)));
    });
  }

  #readTip(): JournalTip {
    const record = this.#all('select seq, hash, at_ms from record order by seq desc limit 1')[0];
    const head = this.#all('select last, hash from head order by last desc limit 1')[0];
    return {
      lastSeq: Number(record?.seq ?? 0),
      lastHash: String(record?.hash ?? NO_HASH),
      lastMs: Number(record?.at_ms ?? 0),
      acknowledgedSeq: Number(this.meta('acknowledged') ?? 0),
      lastHead: String(head?.hash ?? NO_HEAD),
      headSeq: Number(head?.last ?? 0),
    };
  }

  #records(sql: string, ...values: number[]): { seq: number; bytes: Uint8Array }[] {
    return this.#all(sql, ...values).map((row) => ({ seq: Number(row.seq), bytes: row.bytes as Uint8Array }));
  }

  #all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#statement(sql).all(...values) as Record<string, unknown>[];
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #transaction(write: () => void): void {
    this.#db.exec('begin immediate');
    try {
      write();
      // Before this line nothing has happened; after it, everything has, power cut or not.
      this.#db.exec('commit');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }
}
