/**
 * A connection as the broker sees it: what comes is looked at by the guard, what goes waits here.
 *
 * The broker hands every message to its receivers through one place of a hundred slots, and holds a slot for as long
 * as a receiver's `write` answers false (aedes, `lib/write.js`; mqemitter, `concurrency`). With the few kilobytes that
 * a stream holds of itself, a hundred messages to a bank that reads nothing stopped every bank of every organisation.
 * So a line holds all that may wait for its bank without ever answering false, and who lets more wait is hung up on: a
 * bank that comes again says what it holds, and is told what it lacks.
 */
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { MESSAGE_BYTES_MAX } from '../../contract/uplink.ts';
import { PacketGuard } from './guard.ts';

/** Room for the topic and the packet's own bytes around a message. */
const PACKET_BYTES_MAX = MESSAGE_BYTES_MAX + 1024;
/** What a bank is told in one go, a roster, a directory, an epoch and orders, is less than two of the largest messages. */
const WAITING_BYTES_MAX = 4 * PACKET_BYTES_MAX;

/** Hung up on: its name is what the log says of it. */
class SlowReader extends Error {
  override name = 'SlowReader';
}

export class Line extends Duplex {
  readonly #socket: TLSSocket;
  readonly #guarded: PacketGuard;

  constructor(socket: TLSSocket) {
    // One packet may be on its way to a line that had room for it when it was asked.
    super({ writableHighWaterMark: WAITING_BYTES_MAX + 2 * PACKET_BYTES_MAX });
    this.#socket = socket;
    this.#guarded = socket.pipe(new PacketGuard(PACKET_BYTES_MAX));
    this.#guarded.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#guarded.pause();
    });
    this.#guarded.on('end', () => this.push(null));
    this.#guarded.on('error', (error) => this.destroy(error));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** True when as many bytes more may wait; else the line is broken off. */
  hasRoomFor(bytes: number): boolean {
    if (this.destroyed) return false;
    if (this.writableLength + bytes <= WAITING_BYTES_MAX) return true;
    this.destroy(new SlowReader('what waits for this connection is more than it may'));
    return false;
  }

  override _read(): void {
    this.#guarded.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#passed(this.#socket.write(chunk), done);
  }

  /** Topic, length and payload come as pieces of their own, and leave as one. */
  override _writev(pieces: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.cork();
    let took = true;
    for (const { chunk } of pieces) took = this.#socket.write(chunk);
    this.#socket.uncork();
    this.#passed(took, done);
  }

  #passed(took: boolean, done: () => void): void {
    if (took) done();
    else this.#socket.once('drain', done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
