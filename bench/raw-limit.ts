/**
 * What a release cannot be faster than: two durable commits (the attempt, then the decision) with the
 * journal's own settings and rows of its sizes, and one frame over TCP. And what any durable write costs:
 * an append with fdatasync.
 */

import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { base64url } from '../src/crypto/bytes.ts';
import { systemRandom } from '../src/platform/random.ts';
import type { BenchBoard } from './board.ts';

const RECORD_BYTES = 450;
const SEALED_BYTES = 400;
/** Entities that a bank of 24 doors keeps: compartments, grants, parcels and the rest. */
const ROWS = 120;
const UNLOCK_FRAME = Uint8Array.of(0x02, 0x00, 0x31, 0x03, 0x36);

export class RawLimit {
  readonly #db: DatabaseSync;
  readonly #file: number;
  readonly #socket: Socket;
  readonly #board: BenchBoard;
  readonly #insertRecord: StatementSync;
  readonly #insertOpening: StatementSync;
  readonly #updateRow: StatementSync;
  readonly #keys = Array.from({ length: ROWS }, () => base64url(systemRandom.bytes(32)));
  readonly #record = systemRandom.bytes(RECORD_BYTES);
  readonly #sealed = systemRandom.bytes(SEALED_BYTES);
  #seq = 0;

  static async open(dir: string, board: BenchBoard): Promise<RawLimit> {
    const socket = connect({ host: '127.0.0.1', port: board.port, noDelay: true });
    await once(socket, 'connect');
    // The board answers each frame; nobody listens here, and an unread answer must not fill the line.
    socket.resume();
    return new RawLimit(dir, board, socket);
  }

  private constructor(dir: string, board: BenchBoard, socket: Socket) {
    this.#db = new DatabaseSync(join(dir, 'raw.sqlite'));
    this.#db.exec(
      'pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;',
    );
    this.#db.exec(
      `create table record (seq integer primary key, bytes blob not null) strict;
       create table opening (seq integer primary key, sealed blob not null) strict;
       create table row (key text primary key, sealed blob not null) strict, without rowid;`,
    );
    this.#insertRecord = this.#db.prepare('insert into record (seq, bytes) values (?, ?)');
    this.#insertOpening = this.#db.prepare('insert into opening (seq, sealed) values (?, ?)');
    this.#updateRow = this.#db.prepare(
      'insert into row (key, sealed) values (?, ?) on conflict (key) do update set sealed = excluded.sealed',
    );
    for (const key of this.#keys) this.#updateRow.run(key, this.#sealed);
    this.#file = openSync(join(dir, 'raw.append'), 'a');
    this.#socket = socket;
    this.#board = board;
  }

  /** Two commits and a frame; the milliseconds until the frame's last byte has arrived. */
  async release(): Promise<number> {
    const arrived = this.#board.nextUnlock();
    const startMs = performance.now();
    // The counted attempt with its budget; then decision, session and release with the four rows they change.
    this.#commit({ records: 1, openings: 0, rows: 1 });
    this.#commit({ records: 3, openings: 3, rows: 4 });
    this.#socket.write(UNLOCK_FRAME);
    const ms = (await arrived) - startMs;
    this.#board.shut(0, 0);
    return ms;
  }

  #commit(size: { records: number; openings: number; rows: number }): void {
    this.#db.exec('begin immediate');
    for (let count = 0; count < size.records; count++) this.#insertRecord.run(++this.#seq, this.#record);
    for (let count = 0; count < size.openings; count++)
      this.#insertOpening.run(this.#seq - count, this.#sealed);
    for (let count = 0; count < size.rows; count++) {
      // Rows lie anywhere in their table, as the journal's do.
      this.#updateRow.run(this.#keys[systemRandom.below(ROWS)] ?? '', this.#sealed);
    }
    this.#db.exec('commit');
  }

  append(): number {
    const startMs = performance.now();
    writeSync(this.#file, this.#record);
    fdatasyncSync(this.#file);
    return performance.now() - startMs;
  }

  close(): void {
    this.#socket.destroy();
    this.#db.close();
    closeSync(this.#file);
  }
}
