/**
 * The cabinet's lock boards: two CU16 on one RS-485 line, reached through a serial-to-TCP adapter.
 *
 * The line is half duplex. A request takes its time on the wire, then the latch moves, then one board
 * answers and the answer takes its time too; nothing else is on the line meanwhile. Whoever is connected
 * hears every answer, as on a real line, and whoever is connected can unlock: these boards know no
 * cryptography.
 */
import { type Clock, sleep } from '../src/platform/clock.ts';
import type { Log } from '../src/platform/log.ts';
import type { Cabinet } from './cabinet.ts';
import {
  Cu16Decoder,
  type Cu16Profile,
  type Cu16Reply,
  type Cu16Request,
  encodeReply,
  REPLY_BYTES,
  REQUEST_BYTES,
  STATUS_ALL_ANSWER,
  STATUS_ANSWER,
} from './cu16.ts';
import { listenLoopback } from './loopback.ts';
import { answersUnlock, hooked, occupied } from './metal.ts';

export type BoardDeps = { port: number; profile: Cu16Profile; cabinet: Cabinet; clock: Clock; log: Log };

export type Boards = { port: number; stop(): Promise<void> };

/** 8N1: a start bit, eight data bits, a stop bit. */
const BITS_PER_BYTE = 10;

/** A board that is asked faster than its line can carry answers forgets the rest. */
const WAITING_MAX = 32;

const CONNECTIONS_MAX = 8;

export async function startBoards(deps: BoardDeps): Promise<Boards> {
  const { cabinet } = deps;
  const line = new BoardLine(deps, (frame) => server.tellAll(frame));
  const server = await listenLoopback({
    what: 'The lock boards’ line',
    port: deps.port,
    connectionsMax: CONNECTIONS_MAX,
    accepting: () => cabinet.powered(),
    onSocket(socket) {
      const decoder = new Cu16Decoder();
      // A serial adapter has no half-open state: who stops sending has hung up.
      socket.on('end', () => socket.end());
      socket.on('data', (bytes) => line.ask(decoder.push(bytes)));
    },
  });
  const goDark = () => {
    line.goDark();
    server.cut();
  };
  const forget = cabinet.onChange(() => {
    if (!cabinet.powered()) goDark();
  });
  return {
    port: server.port,
    async stop() {
      forget();
      goDark();
      await server.stop();
    },
  };
}

class BoardLine {
  readonly #deps: Omit<BoardDeps, 'port'>;
  readonly #tellAll: (frame: Uint8Array) => void;
  readonly #boards: readonly number[];
  #waiting: Cu16Request[] = [];
  #busy = false;
  /** Counts losses of power: what was on the line before one is not carried out after it. */
  #outages = 0;

  constructor(deps: Omit<BoardDeps, 'port'>, tellAll: (frame: Uint8Array) => void) {
    this.#deps = deps;
    this.#tellAll = tellAll;
    this.#boards = [...new Set(deps.cabinet.layout.compartments.map((place) => place.board))];
  }

  ask(requests: readonly Cu16Request[]): void {
    const here = requests.filter((one) => one.do === 'status-all' || this.#boards.includes(one.board));
    this.#waiting.push(...here.slice(0, Math.max(0, WAITING_MAX - this.#waiting.length)));
    // A failure to keep the steel's state ends the process: there is nobody to tell on this line.
    if (!this.#busy) void this.#serve();
  }

  goDark(): void {
    this.#outages += 1;
    this.#waiting = [];
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      const heardAt = this.#outages;
      await this.#pass(REQUEST_BYTES);
      if (this.#outages !== heardAt) continue;
      for (const reply of await this.#carriedOut(request)) await this.#say(reply, heardAt);
    }
    this.#busy = false;
  }

  async #say(reply: Cu16Reply, heardAt: number): Promise<void> {
    await this.#pass(REPLY_BYTES);
    if (this.#outages !== heardAt) return;
    this.#tellAll(encodeReply(reply));
    await sleep(this.#deps.clock, this.#deps.profile.quietMs);
  }

  /** The time that a frame of so many bytes is on the line. */
  #pass(bytes: number): Promise<void> {
    return sleep(this.#deps.clock, (bytes * BITS_PER_BYTE * 1000) / this.#deps.profile.baud);
  }

  async #carriedOut(request: Cu16Request): Promise<Cu16Reply[]> {
    switch (request.do) {
      case 'unlock':
        return this.#unlock(request);
      case 'status':
        return [this.#status(request.board, 0, STATUS_ANSWER)];
      case 'status-all':
        return this.#boards.map((board) => this.#status(board, 0, STATUS_ALL_ANSWER));
    }
  }

  async #unlock({ board, lock }: { board: number; lock: number }): Promise<Cu16Reply[]> {
    const { cabinet, log, profile } = this.#deps;
    const compartment = cabinet.wiredTo(board, lock);
    log.info('unlock frame', { board, lock, n: compartment?.n ?? null, fault: compartment?.fault ?? null });
    if (compartment) await cabinet.pulse(compartment.n);
    const answers = !compartment || answersUnlock(compartment);
    return answers && profile.unlockReply === 'status' ? [this.#status(board, lock, STATUS_ANSWER)] : [];
  }

  #status(board: number, lock: number, command: Cu16Reply['command']): Cu16Reply {
    const { cabinet, profile } = this.#deps;
    let hooks = 0;
    let infrared = 0;
    for (let position = 0; position < profile.locksPerBoard; position++) {
      const compartment = cabinet.wiredTo(board, position);
      // A lock that is not there reads as an open circuit: neither shut nor occupied.
      const closed = compartment !== undefined && hooked(compartment);
      const inside = compartment !== undefined && occupied(compartment);
      hooks |= bitOf(closed, profile.hookBitWhenClosed) << position;
      infrared |= bitOf(inside, profile.infraredBitWhenOccupied) << position;
    }
    return { command, board, lock, hooks, infrared };
  }
}

/** The bit that says `fact`, on a board that says it with `bitWhenTrue`. */
function bitOf(fact: boolean, bitWhenTrue: 0 | 1): number {
  return fact ? bitWhenTrue : 1 - bitWhenTrue;
}
