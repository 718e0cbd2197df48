/**
 * The bank's journal: SQLite in WAL mode with `synchronous=FULL`, so a committed transaction survives a
 * power cut. One transaction holds the records and the state that they explain; nothing else writes.
 *
 * Beside the records stand the openings of their commitments, sealed under the storage key in a table of
 * their own, which go (with `secure_delete`) once the cloud has them. The state's entities are sealed rows,
 * found by a keyed hash of their names, because a courier's id or a flat is a name too. The database is locked
 * exclusively: two agents on one journal would be two banks.
 */
import { type BatchOpenings, type NoticeWish, noticeWish, type SealedBox } from '../contract/uplink.ts';
import { open, seal } from '../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { deriveKey, hmacSha256, labelled } from '../crypto/hash.ts';
import { type HeldKey, holdKey } from '../crypto/key.ts';
import { HoldfastError } from '../domain/errors.ts';
import { NO_HEAD } from '../ledger/batch.ts';
import { NO_HASH, type WrittenRecord } from '../ledger/record.ts';
import type { Random } from '../platform/random.ts';
import { type AgainBatch, chainPlan, type JournalTip, type SignedBatch, tipAfter } from './chain.ts';
import { JournalDisk, JournalFull } from './journal-disk.ts';
import { type Change, changedEntities, MIGRATIONS, RECORDS_OF_ORDERS } from './journal-rows.ts';
import type { Planned } from './plan/draft.ts';
import { type BankState, COLLECTIONS, emptyKept, type Kept } from './plan/state.ts';

const REFUSED_KEPT_MAX = 1000;
/** So long a bank keeps what it had sealed for the intake: a week of nightly backups may fail before anything is lost. */
const BOX_KEPT_MS = 7 * 86_400_000;

/** `dataDir` exists, for this user only. */
export type OpenJournal = { dataDir: string; bank: string; storageKey: Uint8Array; random: Random };

export class Journal {
  readonly #disk: JournalDisk;
  readonly #bank: string;
  readonly #key: HeldKey;
  readonly #nameKey: HeldKey;
  readonly #random: Random;
  #tip: JournalTip;

  constructor({ dataDir, bank, storageKey, random }: OpenJournal) {
    this.#disk = new JournalDisk(dataDir);
    this.#bank = bank;
    this.#key = holdKey(storageKey);
    this.#nameKey = holdKey(deriveKey(storageKey, 'journal/names/v1'));
    this.#random = random;
    try {
      this.#migrate();
      this.#claim();
      this.#tip = this.#readTip();
    } catch (error) {
      // A journal that is refused is let go, so that whom it belongs to can open it.
      this.#disk.close();
      throw error;
    }
  }

  get tip(): JournalTip {
    return this.#tip;
  }

  close(): void {
    this.#disk.close();
  }

  /** The state as it was last committed. */
  readState(): Kept {
    const kept = emptyKept() as { [C in keyof Kept]: Record<string, unknown> };
    for (const row of this.#disk.all('select collection, key, sealed from state')) {
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
    this.#disk.assertTrusted();
    const written = chainPlan({ planned, bank: this.#bank, tip: this.#tip, random: this.#random });
    const changes = changedEntities(before, planned.state);
    if (written.length === 0 && changes.length === 0) return written;
    this.#disk.transaction(() => {
      for (const entry of written) this.#insertRecord(entry);
      for (const wish of planned.wishes) {
        this.#disk.run(
          'insert into wish (seq, reference, json) values (?, ?, ?)',
          wish.seq,
          wish.reference,
          JSON.stringify(wish),
        );
      }
      for (const change of changes) this.#writeEntity(change);
    });
    this.#tip = tipAfter(this.#tip, written);
    return written;
  }

  #insertRecord({ record, bytes, hash, openings }: WrittenRecord): void {
    this.#disk.run(
      'insert into record (seq, kind, at_ms, hash, bytes) values (?, ?, ?, ?, ?)',
      record.seq,
      record.kind,
      record.time.atMs,
      hash,
      bytes,
    );
    if (Object.keys(openings).length === 0) return;
    const sealed = seal(this.#key, utf8(JSON.stringify(openings)), `opening/${this.#bank}/${record.seq}`);
    this.#disk.run('insert into opening (seq, sealed) values (?, ?)', record.seq, sealed);
  }

  #writeEntity(change: Change): void {
    const { collection, key, entity } = change;
    const hidden = base64url(hmacSha256(this.#nameKey, labelled(collection, key)));
    if (entity === undefined) {
      this.#disk.run('delete from state where collection = ? and key = ?', collection, hidden);
      return;
    }
    const sealed = seal(this.#key, utf8(JSON.stringify({ key, entity })), this.#placeOf(collection, hidden));
    this.#disk.run(
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

  /** What became of orders from the beginning, by an index: all of a journal may not fit into memory. */
  recordsOfOrders(): Uint8Array[] {
    return this.#records(RECORDS_OF_ORDERS).map((row) => row.bytes);
  }

  /** The records of numbers up to `last`, oldest first. */
  recordsUpTo(last: number): Uint8Array[] {
    return this.#records('select seq, bytes from record where seq <= ? order by 1', last).map((r) => r.bytes);
  }

  /** Keeps a signed head before it is sent: a range is signed once, and sent the same whatever is lost. */
  keepHead(head: { first: number; last: number; note: string; hash: string }): void {
    this.#disk.transaction(() =>
      this.#disk.run(
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
  nextBatch(): SignedBatch | undefined {
    const head = this.#disk.all(
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
    return this.#disk
      .all('select seq, sealed from opening where seq between ? and ? order by seq', first, last)
      .map((row) => {
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
    return this.#disk
      .all('select json from wish where seq between ? and ? order by seq', first, last)
      .map((row) => noticeWish.parse(JSON.parse(String(row.json))));
  }

  /**
   * The cloud has committed everything up to `seq`: openings and wishes leave this disk. `box`, as they were sealed
   * to the intake key, stays for a week, for a cloud that is restored to an older state. False when there was no room
   * to note it: the batch is sent again, and the cloud acknowledges it again.
   */
  acknowledge(seq: number, box: SealedBox | null = null): boolean {
    if (seq <= this.#tip.acknowledgedSeq) return true;
    const note = () => {
      this.#disk.run('delete from opening where seq <= ?', seq);
      this.#disk.run('delete from wish where seq <= ?', seq);
      this.#setMeta('acknowledged', String(seq));
    };
    const noted = this.#ifRoom(() => {
      note();
      this.#keepBox(seq, box);
    });
    // What a full disk needs most is that openings leave it: then nothing is kept for a cloud that may lose them.
    const isNoted =
      noted ||
      this.#ifRoom(() => {
        note();
        this.#disk.run('delete from kept');
      });
    if (!isNoted) return false;
    this.#tip = { ...this.#tip, acknowledgedSeq: seq };
    // `secure_delete` clears the pages; their older copies in the write-ahead log go with a truncation.
    this.#disk.checkpoint();
    return true;
  }

  #keepBox(last: number, box: SealedBox | null): void {
    const first = this.#tip.acknowledgedSeq + 1;
    if (box)
      this.#disk.run(
        'insert or replace into kept (last, first, enc, ciphertext) values (?, ?, ?, ?)',
        ...[last, first, box.enc, box.ciphertext],
      );
    // By the journal's own time, which never runs backwards.
    this.#disk.run(
      'delete from kept where last < (select coalesce(min(seq), 0) from record where at_ms >= ?)',
      this.#tip.lastMs - BOX_KEPT_MS,
    );
  }

  /** The hash of the head that ends at `last`; undefined where none does. */
  headHashAt(last: number): string | undefined {
    const row = this.#disk.all('select hash from head where last = ?', last)[0];
    return row === undefined ? undefined : String(row.hash);
  }

  /** The batch that begins behind `after` and was acknowledged before, as it was sent; its notices are told already. */
  batchAgain(after: number): AgainBatch | undefined {
    const head = this.#disk.all('select first, last, note, hash from head where first = ?', after + 1)[0];
    if (!head || Number(head.last) > this.#tip.acknowledgedSeq) return undefined;
    const last = Number(head.last);
    const records = this.#records(
      'select seq, bytes from record where seq between ? and ? order by seq',
      ...[after + 1, last],
    ).map(({ bytes }) => bytes);
    const box = this.#disk.all('select enc, ciphertext from kept where last = ?', last)[0];
    return {
      ...{ first: after + 1, last, note: String(head.note), hash: String(head.hash), records },
      box: box ? { enc: String(box.enc), ciphertext: String(box.ciphertext) } : null,
    };
  }

  /** The first record of which something is kept sealed for the intake. */
  get keptFrom(): number | undefined {
    const first = this.#disk.all('select min(first) as first from kept')[0]?.first ?? null;
    return first === null ? undefined : Number(first);
  }

  /** What is kept sealed for the intake leaves this disk, for every batch that has a record up to `upTo`. */
  forgetKept(upTo: number): void {
    const done = this.#ifRoom(() => this.#disk.run('delete from kept where first <= ?', upTo));
    // As with what is acknowledged: older copies of the pages go with a truncation of the write-ahead log.
    if (done) this.#disk.checkpoint();
  }

  /** For what can wait or be left out: answers whether there was room for it. */
  #ifRoom(write: () => void): boolean {
    try {
      this.#disk.transaction(write);
      return true;
    } catch (error) {
      if (error instanceof JournalFull) return false;
      throw error;
    }
  }

  /** Keeps what was refused, sealed, the newest thousand; its record stands without it when there is no room. */
  keepRefused(hash: string, atMs: number, text: string): void {
    this.#ifRoom(() => {
      this.#disk.run(
        'insert or ignore into refused (hash, at_ms, sealed) values (?, ?, ?)',
        hash,
        atMs,
        seal(this.#key, utf8(text), `refused/${this.#bank}/${hash}`),
      );
      this.#disk.run(
        'delete from refused where hash in (select hash from refused order by at_ms desc limit -1 offset ?)',
        REFUSED_KEPT_MAX,
      );
    });
  }

  meta(name: string): string | undefined {
    const row = this.#disk.all('select value from meta where name = ?', name)[0];
    return row === undefined ? undefined : String(row.value);
  }

  #setMeta(name: string, value: string): void {
    this.#disk.run(
      'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
      name,
      value,
    );
  }

  #migrate(): void {
    const done = Number(this.#disk.all('pragma user_version')[0]?.user_version ?? 0);
    if (done > MIGRATIONS.length)
      throw new HoldfastError(
        'conflict',
        `this journal was written by a newer agent (form ${done}, known ${MIGRATIONS.length})`,
      );
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < done) continue;
      this.#disk.transaction(() => this.#disk.exec(`${sql} pragma user_version = ${index + 1};`));
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
    this.#disk.transaction(() => {
      this.#setMeta('bank', this.#bank);
      this.#setMeta('storage-key', base64url(seal(this.#key, utf8(this.#bank), place)));
    });
  }

  #readTip(): JournalTip {
    const record = this.#disk.all('select seq, hash, at_ms from record order by seq desc limit 1')[0];
    const head = this.#disk.all('select last, hash from head order by last desc limit 1')[0];
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
    return this.#disk
      .all(sql, ...values)
      .map((row) => ({ seq: Number(row.seq), bytes: row.bytes as Uint8Array }));
  }
}
