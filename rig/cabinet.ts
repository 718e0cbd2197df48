/**
 * The one cabinet that the rig is: its steel, its power, its router's switch and what ails the lock boards'
 * line. Boards, scanner, relay and page all look at this object and are told when it changes.
 */
import type { RigDoor, RigLine } from '../src/contract/rig.ts';
import { type BankLayout, type CompartmentPlace, placeOf } from '../src/domain/bank.ts';
import { byHand, type Compartment, type HandAct, letGo, type Metal, type Moved, pulsed } from './metal.ts';
import { loadMetal, saveMetal } from './metal-file.ts';
import { Turns } from './turns.ts';

type Changed<Whole> = { [Name in keyof Whole]?: Whole[Name] | undefined };

export type Switch = 'power' | 'network';

/** Longer than any driver waits for an answer. */
const LATE_MS = 1_500;

export class Cabinet {
  readonly layout: BankLayout;
  readonly #dataDir: string;
  readonly #listeners = new Set<() => void>();
  readonly #on: Record<Switch, boolean> = { power: true, network: true };
  readonly #saves = new Turns();
  #metal: Metal;
  #line: RigLine = { noise: false, split: false, mute: false, lateMs: LATE_MS };

  /** Takes up the cabinet as it was left in `dataDir`. */
  static async open(deps: { layout: BankLayout; dataDir: string }): Promise<Cabinet> {
    return new Cabinet({ ...deps, metal: await loadMetal(deps.dataDir, deps.layout) });
  }

  private constructor(deps: { layout: BankLayout; dataDir: string; metal: Metal }) {
    this.layout = deps.layout;
    this.#dataDir = deps.dataDir;
    this.#metal = deps.metal;
  }

  powered(): boolean {
    return this.#on.power;
  }

  /** The router hangs on the same supply as the rest of the cabinet. */
  online(): boolean {
    return this.#on.power && this.#on.network;
  }

  networkUp(): boolean {
    return this.#on.network;
  }

  /** Moves a switch; false when it stood there already. */
  turn(name: Switch, on: boolean): boolean {
    if (this.#on[name] === on) return false;
    this.#on[name] = on;
    this.#tell();
    return true;
  }

  line(): RigLine {
    return this.#line;
  }

  /** Changes what ails the line; what is not named stays as it is. */
  disturb(change: Changed<RigLine>): void {
    const { noise, split, mute, lateMs } = this.#line;
    this.#line = {
      noise: change.noise ?? noise,
      split: change.split ?? split,
      mute: change.mute ?? mute,
      lateMs: change.lateMs ?? lateMs,
    };
    this.#tell();
  }

  compartment(n: number): Compartment | undefined {
    return this.#metal.find((compartment) => compartment.n === n);
  }

  /** The compartment that lock `lock` of board `board` is screwed to; some locks have none. */
  wiredTo(board: number, lock: number): Compartment | undefined {
    const place = this.layout.compartments.find((one) => one.board === board && one.lock === lock);
    return place && this.compartment(place.n);
  }

  /** The next lock with a door on the same board, which a crossed cable or a wrong answer would name. */
  neighbour(n: number): CompartmentPlace {
    const { board, lock } = this.#placed(n);
    const beside = (offset: number) =>
      this.layout.compartments.find((one) => one.board === board && one.lock === lock + offset);
    const place = beside(1) ?? beside(-1);
    if (!place) throw new RangeError(`Lock ${lock} of board ${board} has no lock beside it`);
    return place;
  }

  /** What an unlock frame for this lock does; resolves when it is on the disk. */
  async pulse(n: number): Promise<void> {
    const addressed = this.#known(n);
    const crossed = addressed.fault === 'wrong-latch' ? [letGo(this.#known(this.neighbour(n).n))] : [];
    await this.#put(pulsed(addressed), ...crossed);
  }

  /** What a hand does at the door of a compartment that exists; resolves when it is on the disk. */
  async hand(n: number, act: HandAct): Promise<Moved> {
    const result = byHand(this.#known(n), act);
    if (result.moved) await this.#put(result.compartment);
    return result;
  }

  door(n: number): RigDoor | undefined {
    const place = placeOf(this.layout, n);
    const compartment = this.compartment(n);
    return place && compartment && doorOf(place, compartment);
  }

  doors(): RigDoor[] {
    return this.#metal.flatMap(({ n }) => this.door(n) ?? []);
  }

  /** Calls `listener` after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything that happened so far is on the disk. */
  async settled(): Promise<void> {
    await this.#saves.take(async () => undefined);
  }

  #placed(n: number): CompartmentPlace {
    const place = placeOf(this.layout, n);
    if (!place) throw new RangeError(`This cabinet has no compartment ${n}`);
    return place;
  }

  #known(n: number): Compartment {
    const compartment = this.compartment(n);
    if (!compartment) throw new RangeError(`This cabinet has no compartment ${n}`);
    return compartment;
  }

  /** Steel moves at once and the disk follows: two acts at the same moment never start from one state. */
  #put(...changed: readonly Compartment[]): Promise<void> {
    const metal = this.#metal.map(
      (compartment) => changed.find(({ n }) => n === compartment.n) ?? compartment,
    );
    this.#metal = metal;
    this.#tell();
    return this.#saves.take(() => saveMetal(this.#dataDir, this.layout, metal));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function doorOf(place: CompartmentPlace, compartment: Compartment): RigDoor {
  return {
    n: place.n,
    size: place.size,
    column: place.column,
    row: place.row,
    heightUnits: place.heightUnits,
    accessible: place.accessible,
    latch: compartment.latch,
    door: compartment.door,
    fault: compartment.fault,
    parcels: [...compartment.parcels],
    pulses: compartment.pulses,
  };
}
