/**
 * The journal's one connection to SQLite, and the two ways in which a disk can say no.
 *
 * *Full* is a state: the transaction is rolled back, nothing of it happened, and it may be tried again. A
 * sync that *failed* is not. After it the kernel may hold the lost pages as clean and answer the next sync
 * with success, so what was said to be durable need not be (PostgreSQL learnt this in 2018, "fsyncgate":
 * https://wiki.postgresql.org/wiki/Fsync_Errors). So after any failed read, write or sync this connection
 * takes nothing more; the agent stops, and the next start believes only what it reads back.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HoldfastError } from '../domain/errors.ts';

/**
 * What the write-ahead log may grow to before it is copied back and cut off. SQLite's own checkpoint is off:
 * it swallows a sync that failed. Small, because a person waits for the commit that does it, and because
 * the whole log is read at each start.
 */
const WAL_BYTES_MAX = 1024 * 1024;

/** Primary result codes: https://sqlite.org/rescode.html */
const SQLITE_FULL = 13;
const UNTRUSTED: Readonly<Record<number, string>> = {
  8: 'read-only',
  10: 'input or output failed',
  11: 'the file is damaged',
  14: 'a file cannot be opened',
  26: 'the file is no database',
};

/** There is no room: nothing of the transaction happened, and it may be tried again. */
export class JournalFull extends HoldfastError {
  constructor(cause: unknown) {
    super('unavailable', 'the journal has no room left', { cause, reason: 'journal-full' });
  }
}

/** The disk failed: nothing that this connection says can be believed any more. */
export class JournalBroken extends HoldfastError {
  constructor(why: string, cause: unknown) {
    super('unavailable', `the journal's disk cannot be trusted: ${why}`, { cause });
  }
}

export class JournalDisk {
  readonly #db: DatabaseSync;
  readonly #wal: string;
  readonly #statements = new Map<string, StatementSync>();
  #broken: JournalBroken | null = null;

  constructor(dataDir: string) {
    const path = join(dataDir, 'journal.sqlite');
    this.#wal = `${path}-wal`;
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      'pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma wal_autocheckpoint = 0;',
    );
  }

  close(): void {
    this.#db.close();
  }

  /** Throws when the disk has failed since this journal was opened. */
  assertTrusted(): void {
    if (this.#broken) throw this.#broken;
  }

  all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#statement(sql).all(...values) as Record<string, unknown>[];
  }

  run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Everything that `write` does, or nothing of it. When this returns, a power cut changes nothing of it. */
  transaction(write: () => void): void {
    this.assertTrusted();
    try {
      this.#db.exec('begin immediate');
      write();
      // Before this line nothing has happened; after it, everything has, power cut or not.
      this.#db.exec('commit');
    } catch (error) {
      const named = this.#named(error);
      this.#rollBack();
      throw named;
    }
    if ((statSync(this.#wal, { throwIfNoEntry: false })?.size ?? 0) > WAL_BYTES_MAX) this.checkpoint();
  }

  /**
   * Copies the log back into the database and cuts it off. A disk without room for that keeps the log, in
   * which everything stands already; a disk that fails at it is no longer trusted.
   */
  checkpoint(): void {
    this.assertTrusted();
    try {
      this.#db.exec('pragma wal_checkpoint(truncate)');
    } catch (error) {
      const named = this.#named(error);
      if (!(named instanceof JournalFull)) throw named;
    }
  }

  #rollBack(): void {
    if (!this.#db.isTransaction) return;
    try {
      this.#db.exec('rollback');
    } catch (error) {
      this.#broken ??= new JournalBroken('a transaction could not be rolled back', error);
    }
  }

  #named(error: unknown): unknown {
    const code = Number((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (code === SQLITE_FULL) return new JournalFull(error);
    const why = UNTRUSTED[code];
    if (why === undefined) return error;
    this.#broken ??= new JournalBroken(why, error);
    return this.#broken;
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
