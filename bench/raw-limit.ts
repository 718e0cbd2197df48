/**
 * What a release cannot be faster than: two durable commits (the attempt, then the decision) with the
 * journal's own settings and rows of its sizes, and one frame over TCP. And what any durable write costs:
 * an append with fdatasync.
 */

import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemRandom } from '../src/platform/random.ts';
import type { BenchBoard } from './board.ts';

const RECORD_BYTES = 450;
const SEALED_BYTES = 400;
const UNLOCK_FRAME = Uint8Array.of(0x02, 0x00, 0x31, 0x03, 0x36);

export class RawLimit {
  readonly #db: DatabaseSync;
  readonly #file: number;
  readonly #socket: Socket;
  readonly #board: BenchBoard;
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
      'create table record (seq integer primary key, bytes blob not null) strict; create table row (key text primary key, sealed blob not null) strict, without rowid;',
    );
    this.#file = openSync(join(dir, 'raw.append'), 'a');
    this.#socket = socket;
    this.#board = board;
  }

  /** Two commits and a frame; the milliseconds until the frame's last byte has arrived. */
  async release(): Promise<number> {
    const arrived = this.#board.nextUnlock();
    const startMs = performance.now();
    this.#commit({ records: 1, rows: 1 });
    this.#commit({ records: 3, rows: 8 });
    this.#socket.write(UNLOCK_FRAME);
    const ms = (await arrived) - startMs;
    this.#board.shut(0, 0);
    return ms;
  }

  #commit(size: { records: number; rows: number }): void {
    const record = this.#db.prepare('insert into record (seq, bytes) values (?, ?)');
    const row = this.#db.prepare(
      'insert into row (key, sealed) values (?, ?) on conflict (key) do update set sealed = excluded.sealed',
    );
    this.#db.exec('begin immediate');
    for (let count = 0; count < size.records; count++)
      record.run(++this.#seq, systemRandom.bytes(RECORD_BYTES));
    for (let count = 0; count < size.rows; count++) row.run(`row ${count}`, systemRandom.bytes(SEALED_BYTES));
    this.#db.exec('commit');
  }

  append(): number {
    const bytes = systemRandom.bytes(RECORD_BYTES);
    const startMs = performance.now();
    writeSync(this.#file, bytes);
    fdatasyncSync(this.#file);
    return performance.now() - startMs;
  }

  close(): void {
    this.#socket.destroy();
    this.#db.close();
    closeSync(this.#file);
  }
}
