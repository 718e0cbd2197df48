/**
 * The steel of one bank and its lock boards: latches that move or do not, doors that people push, sensors
 * that lie. A board is given one frame at a time and does with it what its fault says.
 */
import type { BankLayout } from '../../src/domain/bank.ts';
import type { PulseAnswer } from '../../src/edge/lockboard/lockboard.ts';
import type { Agenda } from './agenda.ts';
import type { Census } from './census.ts';
import type { Chance } from './chance.ts';

export const BOARD_FAULTS = [
  'silent',
  'acts-then-silent',
  'acts-then-fails',
  'late',
  'acts-twice',
  'answers-without-acting',
  'refuses',
  'jammed',
] as const;
export type BoardFault = (typeof BOARD_FAULTS)[number];

/** How long a driver waits for a board. */
const ANSWER_MS_MAX = 500;

export type Space = {
  readonly n: number;
  readonly board: number;
  readonly lock: number;
  door: 'open' | 'closed';
  /** What lies inside, whatever anybody believes. */
  parcel: string | null;
  jammed: boolean;
  doorStuck: 'open' | 'closed' | null;
  lies: 'yes' | 'no' | null;
};

export type Look = { door: 'open' | 'closed'; occupied: 'yes' | 'no' | 'unsensed' };

export type MetalDeps = {
  agenda: Agenda;
  chance: Chance;
  census: Census;
  layout: BankLayout;
  sensesOccupancy: boolean;
  boardFaultShare: number;
  /** Something that a sensor may see has changed. */
  onChange(n: number): void;
  onFault(): void;
};

export class Metal {
  readonly spaces = new Map<number, Space>();
  readonly present = new Map<number, boolean>();
  #calm = false;
  readonly #deps: MetalDeps;

  constructor(deps: MetalDeps) {
    this.#deps = deps;
    for (const { n, board, lock } of deps.layout.compartments) {
      this.present.set(board, true);
      this.spaces.set(n, {
        n,
        board,
        lock,
        door: 'closed',
        parcel: null,
        jammed: false,
        doorStuck: null,
        lies: null,
      });
    }
  }

  space(n: number): Space {
    const space = this.spaces.get(n);
    if (!space) throw new Error(`no space ${n}`);
    return space;
  }

  isOpen(n: number): boolean {
    return this.space(n).door === 'open';
  }

  /** What the board reports of a compartment. */
  look(n: number): Look {
    const space = this.space(n);
    const occupied = space.lies ?? (space.parcel === null ? 'no' : 'yes');
    return {
      door: space.doorStuck ?? space.door,
      occupied: this.#deps.sensesOccupancy ? occupied : 'unsensed',
    };
  }

  /** One unlock frame. Answers once, as the driver does; what the latch does is another matter. */
  pulse(target: { board: number; lock: number }): Promise<PulseAnswer> {
    const { agenda, chance, census } = this.#deps;
    const space = [...this.spaces.values()].find(
      ({ board, lock }) => board === target.board && lock === target.lock,
    );
    if (!space) throw new Error(`no lock ${target.lock} on board ${target.board}`);
    const fault = this.#faultOf(space);
    if (fault !== null) {
      census.count('board fault', fault);
      this.#deps.onFault();
    }
    const actMs = chance.between(30, 120);
    if (acts(fault))
      agenda.after(fault === 'late' ? chance.between(900, 8_000) : actMs, () => this.#fire(space));
    if (fault === 'acts-twice') agenda.after(actMs + chance.between(300, 20_000), () => this.#fire(space));
    const answer = answerOf(fault, actMs + chance.between(5, 60));
    return new Promise((resolve) => {
      agenda.after(answer.afterMs, () => {
        agenda.restless = true;
        resolve(answer);
      });
    });
  }

  #faultOf(space: Space): BoardFault | null {
    const { chance, boardFaultShare } = this.#deps;
    if (this.present.get(space.board) === false) return 'silent';
    if (space.jammed) return 'jammed';
    if (this.#calm || !chance.of(boardFaultShare)) return null;
    const fault = chance.pick(BOARD_FAULTS);
    if (fault === 'jammed') {
      space.jammed = true;
      this.#deps.agenda.after(chance.between(60_000, 1_800_000), () => {
        space.jammed = false;
      });
    }
    return fault;
  }

  /** The latch lets go and the spring pushes the door. */
  #fire(space: Space): void {
    if (space.jammed || space.door === 'open') return;
    this.#move(space, 'open');
  }

  #move(space: Space, door: 'open' | 'closed'): void {
    space.door = door;
    this.#deps.onChange(space.n);
  }

  shut(n: number): void {
    const space = this.space(n);
    if (space.door === 'open') this.#move(space, 'closed');
  }

  pry(n: number): void {
    const space = this.space(n);
    if (space.door === 'closed') this.#move(space, 'open');
  }

  put(n: number, parcel: string): void {
    this.space(n).parcel = parcel;
    this.#deps.onChange(n);
  }

  take(n: number): string | null {
    const space = this.space(n);
    const { parcel } = space;
    space.parcel = null;
    this.#deps.onChange(n);
    return parcel;
  }

  /** A sensor breaks, or heals when both are null. */
  mislead(n: number, how: { doorStuck?: Space['doorStuck']; lies?: Space['lies'] }): void {
    Object.assign(this.space(n), how);
    this.#deps.onChange(n);
  }

  /** Everything is mended and every door shut; from now on nothing breaks. */
  mend(): void {
    this.#calm = true;
    for (const space of this.spaces.values()) {
      Object.assign(space, { jammed: false, doorStuck: null, lies: null, door: 'closed' });
      this.#deps.onChange(space.n);
    }
  }
}

function acts(fault: BoardFault | null): boolean {
  switch (fault) {
    case null:
    case 'acts-then-silent':
    case 'acts-then-fails':
    case 'late':
    case 'acts-twice':
      return true;
    case 'silent':
    case 'answers-without-acting':
    case 'refuses':
    case 'jammed':
      return false;
  }
}

function answerOf(fault: BoardFault | null, afterMs: number): PulseAnswer {
  switch (fault) {
    case null:
    case 'acts-twice':
    case 'answers-without-acting':
    case 'jammed':
      return { outcome: 'released', afterMs, by: 'board' };
    case 'acts-then-fails':
      return { outcome: 'failed', afterMs, by: 'board' };
    case 'refuses':
      return { outcome: 'refused', afterMs, by: 'board' };
    case 'silent':
    case 'acts-then-silent':
    case 'late':
      return { outcome: 'unknown', afterMs: ANSWER_MS_MAX, by: 'time' };
  }
}
