/**
 * The state of a witness: for each log the last checkpoint that it cosigned, with the cosignature. SQLite with a
 * rollback journal and `synchronous=EXTRA`, so that a commit survives a power cut and the state is one file at
 * rest: a log of its own beside it could be lost, and the state would silently be an older one. It is locked
 * exclusively, because two witnesses of one key on one state would each forget what the other signed.
 *
 * Nothing but `witness init` makes a state. Each row has to carry a cosignature of this very witness, so a
 * damaged or edited row is found at the next start; an older copy of the whole file is not, and cannot be.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { parseCheckpoint, type TreeHead } from '../ledger/log/checkpoint.ts';
import { readSignatures, splitLines, splitNote } from '../ledger/log/signatures.ts';
import { type LogKey, parseVkey } from '../ledger/log/vkey.ts';
import { syncDir, writeDurable } from '../platform/durable.ts';

/** `note` is the checkpoint as the log signed it, `line` what this witness answered at `atS`. */
export type Head = TreeHead & { text: string; note: string; line: string; atS: number };
export type KeepHead = { origin: string; note: string; line: string };

const SQLITE_BUSY = 5;
/** Which tables a state has, as its `user_version` says. A state from before that was said has these as well. */
const FORM = 1;
const PRAGMAS = 'pragma locking_mode = exclusive; pragma journal_mode = delete; pragma synchronous = extra;';
const TABLES =
  'create table witness (vkey text not null) strict; create table heads (origin text primary key, note text not null, line text not null) strict;' +
  ` pragma user_version = ${FORM};`;

export class Heads {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #key: LogKey;
  readonly #heads = new Map<string, Head>();
  #broken: Error | null = null;

  /** Makes the empty state of a new witness. */
  static make(path: string, vkey: string): void {
    const umask = process.umask(0o077);
    try {
      const db = new DatabaseSync(path);
      db.exec(`${PRAGMAS} begin exclusive; ${TABLES}`);
      db.prepare('insert into witness (vkey) values (?)').run(vkey);
      db.exec('commit');
      db.close();
    } finally {
      process.umask(umask);
    }
    syncDir(dirname(path));
  }

  /** Opens the state of the witness `vkey`; refuses by name what is missing, broken, another's, or in use. */
  constructor(path: string, vkey: string) {
    if (!existsSync(path))
      throw new HoldfastError(
        'not-found',
        `there is no state ${path}; a witness that forgot what it signed would sign a second history. Without it this key is retired: holdfast witness init makes another`,
      );
    const key = parseVkey(vkey);
    if (!key.ok) throw new Error(`a witness has a vkey, not ${key.reason}`);
    this.#key = key.value;
    this.#path = path;
    this.#db = new DatabaseSync(path);
    try {
      this.#db.exec(`${PRAGMAS} begin exclusive; commit;`);
      this.#read(vkey);
    } catch (error) {
      this.#db.close();
      throw namedAtStart(path, error);
    }
  }

  of(origin: string): Head | undefined {
    return this.#heads.get(origin);
  }

  /**
   * Remembers a head that was cosigned. When this returns, no power cut undoes it. When it throws, what the disk
   * holds is not known, so this state takes nothing more: the next start believes what it reads.
   */
  keep({ origin, note, line }: KeepHead): void {
    if (this.#broken) throw this.#broken;
    const head = this.#headOf({ origin, note, line });
    try {
      this.#db.exec('begin immediate');
      this.#db
        .prepare(
          'insert into heads (origin, note, line) values (?1, ?2, ?3) on conflict (origin) do update set note = ?2, line = ?3',
        )
        .run(origin, note, line);
      this.#db.exec('commit');
    } catch (cause) {
      this.#broken = new HoldfastError('unavailable', `the state ${this.#path} cannot be written`, { cause });
      throw this.#broken;
    }
    this.#heads.set(origin, head);
  }

  /** Writes two checkpoints of one size and two roots beside the state, once for each log. They prove a fork. */
  keepFork(origin: string, note: string): string {
    const path = `${this.#path}.fork-${hex(sha256(utf8(origin))).slice(0, 16)}`;
    if (!existsSync(path)) writeDurable(path, `${this.#heads.get(origin)?.note ?? ''}\n${note}`);
    return path;
  }

  close(): void {
    this.#db.close();
  }

  #read(vkey: string): void {
    const [check] = this.#db.prepare('pragma integrity_check').all();
    if (check?.integrity_check !== 'ok') throw broken(this.#path, 'its pages do not fit each other');
    const form = Number(this.#db.prepare('pragma user_version').get()?.user_version);
    if (form > FORM)
      throw new HoldfastError(
        'conflict',
        `the state ${this.#path} was written by a newer witness (form ${form}, known ${FORM}); start that version again`,
      );
    const owners = this.#db.prepare('select vkey from witness').all();
    if (owners.length !== 1) throw broken(this.#path, 'it names no witness');
    if (owners[0]?.vkey !== vkey)
      throw new HoldfastError('input-invalid', `the state ${this.#path} belongs to another key`);
    for (const row of this.#db.prepare('select origin, note, line from heads').all()) {
      const kept = { origin: String(row.origin), note: String(row.note), line: String(row.line) };
      this.#heads.set(kept.origin, this.#headOf(kept));
    }
  }

  /** A row as it was written, by the one thing that nobody else can make: our own cosignature over it. */
  #headOf({ origin, note, line }: KeepHead): Head {
    const about = `what it holds of ${origin} is not what this witness cosigned`;
    const split = splitNote(note);
    const lines = splitLines(line);
    if (!split.ok || !lines.ok) throw broken(this.#path, about);
    const { text } = split.value;
    const signatures = readSignatures(text, lines.value, [this.#key]);
    const checkpoint = parseCheckpoint(text);
    const atS = signatures.ok ? signatures.value[0]?.atS : undefined;
    if (typeof atS !== 'number' || !checkpoint.ok || checkpoint.value.origin !== origin)
      throw broken(this.#path, about);
    const { size, root } = checkpoint.value;
    return { size, root, text, note, line, atS };
  }
}

function broken(path: string, why: string): HoldfastError {
  return new HoldfastError(
    'input-invalid',
    `the state ${path} is broken: ${why}. Do not put back an older one; retire this key`,
  );
}

function namedAtStart(path: string, error: unknown): unknown {
  if (error instanceof HoldfastError) return error;
  const { errcode } = error as { errcode?: number };
  if (errcode === undefined) return error;
  if ((errcode & 0xff) === SQLITE_BUSY)
    return new HoldfastError('unavailable', `another witness works with the state ${path}`, { cause: error });
  return broken(path, `SQLite cannot read it (result ${errcode})`);
}
