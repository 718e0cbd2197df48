/**
 * A bank: one cabinet with one agent, and the lockable spaces in it.
 *
 * The layout says where each compartment is in steel and which lock of which board moves it. It is
 * fixed at commissioning; nothing at run time edits it.
 */

export const SIZES = ['S', 'M', 'L', 'XL'] as const;
export type Size = (typeof SIZES)[number];

/** True when a parcel that asked for `wanted` also fits a compartment of size `offered`. */
export function fits(wanted: Size, offered: Size): boolean {
  return SIZES.indexOf(offered) >= SIZES.indexOf(wanted);
}

export type CompartmentPlace = {
  /** The number on the door, from 1. */
  n: number;
  size: Size;
  /** Column of the cabinet from the left, and the door's place in it from the top; both from 0. */
  column: number;
  row: number;
  /** Height of the door, in units of the smallest door. A column is 8 units high. */
  heightUnits: number;
  /** Height of the middle of the door above the floor. */
  middleCm: number;
  /**
   * Within reach of a seated person: 38 to 122 cm (2010 ADA Standards 308.2.1), and kept for people
   * who ask for it. Five per cent of a cluster, at least one, are required (225.2.1, 811).
   */
  accessible: boolean;
  /** Address of the lock board on the bus, and the lock on it; both from 0. */
  board: number;
  lock: number;
};

export type BankLayout = {
  name: string;
  columns: number;
  compartments: readonly CompartmentPlace[];
};

/** One column of doors from the top, as sizes; S is 1 unit high, M 1, L 2, XL 4. */
const COLUMNS_OF_24: readonly (readonly Size[])[] = [
  ['S', 'S', 'M', 'M', 'M', 'L', 'S'],
  ['S', 'S', 'M', 'M', 'M', 'L', 'S'],
  ['L', 'M', 'L', 'M', 'L'],
  ['M', 'M', 'L', 'XL'],
  ['XL'],
];

const UNITS: Record<Size, number> = { S: 1, M: 1, L: 2, XL: 4 };
const COLUMN_UNITS = 8;
const UNIT_CM = 22;
const PLINTH_CM = 12;

/** Two ordinary doors at a comfortable height, kept for people who ask for reach. */
const ACCESSIBLE_OF_24 = new Set([5, 12]);

function layoutOf(name: string, columns: readonly (readonly Size[])[], locksPerBoard: number): BankLayout {
  const compartments: CompartmentPlace[] = [];
  for (const [column, sizes] of columns.entries()) {
    // A short column stands on the plinth; the screen fills the space above it.
    let unitsAbove = COLUMN_UNITS - sizes.reduce((units, size) => units + UNITS[size], 0);
    for (const [row, size] of sizes.entries()) {
      const heightUnits = UNITS[size];
      const n = compartments.length + 1;
      const middleUnits = COLUMN_UNITS - unitsAbove - heightUnits / 2;
      compartments.push({
        n,
        size,
        column,
        row,
        heightUnits,
        middleCm: Math.round(PLINTH_CM + middleUnits * UNIT_CM),
        accessible: ACCESSIBLE_OF_24.has(n),
        board: Math.floor((n - 1) / locksPerBoard),
        lock: (n - 1) % locksPerBoard,
      });
      unitsAbove += heightUnits;
    }
  }
  return { name, columns: columns.length, compartments };
}

/** The bank that `holdfast up` runs: 24 compartments on two KERONG CU16 boards (16 locks each). */
export const LAYOUT_24: BankLayout = layoutOf('holdfast-24', COLUMNS_OF_24, 16);

export function placeOf(layout: BankLayout, n: number): CompartmentPlace | undefined {
  return layout.compartments.find((place) => place.n === n);
}
