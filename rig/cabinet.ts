/**
 * The one cabinet that the rig is: its steel, its power and its router's switch. Boards, scanner, relay
 * and page all look at this object and are told when it changes.
 */
import type { RigDoor } from '../src/contract/rig.ts';
import { type BankLayout, type CompartmentPlace, placeOf } from '../src/domain/bank.ts';
import { byHand, type Compartment, type HandAct, type Metal, type Moved, pulsed } from './metal.ts';
import { loadMetal, saveMetal } from './metal-file.ts';
import { Turns } from './turns.ts';

export type Switch = 'power' | 'network';

export class Cabinet {
  readonly layout: BankLayout;
  readonly #dataDir: string;
  readonly #listeners = new Set<() => void>();
  readonly #on: Record<Switch, boolean> = { power: true, network: true };
  readonly #saves = new Turns();
  #metal: Metal;

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

  compartment(n: number): Compartment | undefined {
    return this.#metal.find((compartment) => compartment.n === n);
  }

  /** The compartment that lock `lock` of board `board` is screwed to; some locks have none. */
  wiredTo(board: number, lock: number): Compartment | undefined {
    const place = this.layout.compartments.find((one) => one.board === board && one.lock === lock);
    return place && this.compartment(place.n);
  }

  /** What an unlock frame for this lock does; resolves when it is on the disk. */
  async pulse(n: number): Promise<void> {
    await this.#put(pulsed(this.#known(n)));
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

  #known(n: number): Compartment {
    const compartment = this.compartment(n);
    if (!compartment) throw new RangeError(`This cabinet has no compartment ${n}`);
    return compartment;
  }

  /** Steel moves at once and the disk follows: two acts at the same moment never start from one state. */
  #put(changed: Compartment): Promise<void> {
    const metal = this.#metal.map((compartment) => (compartment.n === changed.n ? changed : compartment));
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
