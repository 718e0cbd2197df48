/**
 * The cabinet's lock boards, all on one line: what they do when they are asked, and in which ways they fail.
 * How a family writes it is in the family's own file, and what the line is made of in `wire.ts`.
 *
 * Whoever is connected hears every answer, as on a real line, and whoever is connected can unlock: these
 * boards know no cryptography.
 */
import { type Clock, sleep } from '../src/platform/clock.ts';
import type { Log } from '../src/platform/log.ts';
import type { Random } from '../src/platform/random.ts';
import { Bus } from './bus.ts';
import type { Cabinet } from './cabinet.ts';
import type { SerialLine } from './config.ts';
import type { BoardFamily, BoardRequest, SeenLock, StatusRequest, UnlockRequest } from './family.ts';
import { type Compartment, hooked, occupied } from './metal.ts';
import { openWire } from './wire.ts';

export type BoardDeps = {
  line: SerialLine;
  family: BoardFamily;
  cabinet: Cabinet;
  clock: Clock;
  random: Random;
  log: Log;
};

export type Boards = { port: number; path: string | null; stop(): Promise<void> };

export async function startBoards(deps: BoardDeps): Promise<Boards> {
  const { cabinet, family, clock, random } = deps;
  const bus = new Bus({
    baud: family.baud,
    quietMs: family.quietMs,
    clock,
    random,
    ails: () => cabinet.line(),
    emit: (bytes) => wire.tellAll(bytes),
  });
  const boards = new BoardSet(deps, bus);
  const wire = await openWire({
    line: deps.line,
    accepting: () => cabinet.powered(),
    listener() {
      const decoder = family.decoder();
      return (bytes) => {
        if (family.echo) wire.tellAll(bytes);
        if (!bus.speaking || !family.deafWhileSpeaking) boards.ask(decoder.push(bytes));
      };
    },
  });
  const goDark = () => {
    bus.goDark();
    wire.cut();
  };
  const forget = cabinet.onChange(() => {
    if (!cabinet.powered()) goDark();
    boards.look();
  });
  return {
    port: wire.port,
    path: wire.path,
    async stop() {
      forget();
      goDark();
      await wire.stop();
    },
  };
}

class BoardSet {
  readonly #deps: Omit<BoardDeps, 'line'>;
  readonly #bus: Bus;
  readonly #boards: readonly number[];
  /** The compartments whose hook was closed at the last look. */
  #closed: ReadonlySet<number>;

  constructor(deps: Omit<BoardDeps, 'line'>, bus: Bus) {
    this.#deps = deps;
    this.#bus = bus;
    this.#boards = [...new Set(deps.cabinet.layout.compartments.map((place) => place.board))];
    this.#closed = closedIn(deps.cabinet);
  }

  /** Boards that speak up by themselves do so for each hook that changed since the last look. */
  look(): void {
    const { cabinet, family } = this.#deps;
    const before = this.#closed;
    this.#closed = closedIn(cabinet);
    if (!cabinet.powered()) return;
    for (const { n, board, lock } of cabinet.layout.compartments) {
      if (before.has(n) === this.#closed.has(n)) continue;
      const frames = said(family.stateChange({ board, lock, seen: this.#seenBy(board) }));
      if (frames.length > 0) this.#bus.take({ heardBytes: 0, act: async () => frames });
    }
  }

  ask(requests: readonly BoardRequest[]): void {
    const heardBytes = this.#deps.family.requestBytes;
    for (const request of requests) {
      if (request.do !== 'status-all' && !this.#boards.includes(request.board)) continue;
      this.#bus.take({ heardBytes, act: () => this.#carriedOut(request) });
    }
  }

  async #carriedOut(request: BoardRequest): Promise<Uint8Array[]> {
    switch (request.do) {
      case 'unlock':
        return this.#unlock(request);
      case 'unlock-all':
        return this.#unlockAll(request.board);
      case 'status':
        return this.#status(request, [request.board]);
      case 'status-all':
        return this.#status(request, this.#boards);
    }
  }

  #status(request: StatusRequest, boards: readonly number[]): Uint8Array[] {
    const { family } = this.#deps;
    return boards.flatMap((board) =>
      said(family.statusAnswer({ request, board, seen: this.#seenBy(board) })),
    );
  }

  async #unlockAll(board: number): Promise<Uint8Array[]> {
    const { cabinet, clock, family, log } = this.#deps;
    log.info('unlock frame for every lock', { board });
    const here = cabinet.layout.compartments.filter((place) => place.board === board);
    for (const { n } of here) await cabinet.pulse(n);
    await sleep(clock, family.answerAfterMs);
    return said(family.unlockAllAnswer({ board, seen: this.#seenBy(board) }));
  }

  async #unlock({ board, lock }: UnlockRequest): Promise<Uint8Array[]> {
    const { cabinet, clock, family, log } = this.#deps;
    const before = cabinet.wiredTo(board, lock);
    log.info('unlock frame', { board, lock, n: before?.n ?? null, fault: before?.fault ?? null });
    const seen = this.#seenBy(board);
    if (!before) return said(family.unlockAnswer({ board, of: lock, names: lock, seen }));
    await cabinet.pulse(before.n);
    if (family.answerAfterMs > 0) await sleep(clock, family.answerAfterMs);
    return this.#answered({ board, lock, before });
  }

  /** What the board says after a pulse, in the ways in which its answers fail. */
  #answered({ board, lock, before }: { board: number; lock: number; before: Compartment }): Uint8Array[] {
    const { cabinet, family } = this.#deps;
    const seen = this.#seenBy(board);
    const answer = said(family.unlockAnswer({ board, of: lock, names: lock, seen }));
    switch (before.fault) {
      case 'none':
      case 'jammed':
      case 'wrong-latch':
        return answer;
      case 'silent':
      case 'acts-then-silent':
        return [];
      case 'late':
        for (const frame of answer) this.#bus.sayLater(frame, cabinet.line().lateMs);
        return [];
      case 'twice':
        return [...answer, ...answer];
      case 'corrupted':
        return answer.map(withWrongSum);
      case 'wrong-door':
        return said(family.unlockAnswer({ board, of: lock, names: cabinet.neighbour(before.n).lock, seen }));
      case 'acts-then-fails': {
        const asBefore = (one: number) => (one === lock ? stateOf(before) : seen(one));
        return said(family.unlockAnswer({ board, of: lock, names: lock, seen: asBefore }));
      }
    }
  }

  #seenBy(board: number): (lock: number) => SeenLock {
    return (lock) => stateOf(this.#deps.cabinet.wiredTo(board, lock));
  }
}

function closedIn(cabinet: Cabinet): Set<number> {
  const compartments = cabinet.layout.compartments.flatMap(({ n }) => cabinet.compartment(n) ?? []);
  return new Set(compartments.filter(hooked).map(({ n }) => n));
}

/** A lock that is not there reads as an open circuit: neither shut nor occupied. */
function stateOf(compartment: Compartment | undefined): SeenLock {
  if (!compartment) return { closed: false, occupied: false };
  return { closed: hooked(compartment), occupied: occupied(compartment) };
}

function said(frame: Uint8Array | null): Uint8Array[] {
  return frame ? [frame] : [];
}

/** Every family here ends its frames in their sum. */
function withWrongSum(frame: Uint8Array): Uint8Array {
  return frame.map((byte, at) => (at === frame.length - 1 ? byte ^ 0x01 : byte));
}
