/** Where each door of a layout stands in the drawing. Pure, and shared by every drawing of a cabinet. */
export type CabinetPlace = { n: number; column: number; row: number; heightUnits: number };

type Box = { x: number; y: number; width: number; height: number };
export type PlacedDoor<Door> = Box & { door: Door };

/** One unit of height, and the width of a column, in the drawing's own measure. */
export const UNIT = 72;
const COLUMN_WIDTH = 148;
const GAP = 6;

/** Columns are as high as the highest one; what a shorter one leaves free above is a gap. */
export function placeDoors<Door extends CabinetPlace>(doors: readonly Door[], columns: number) {
  const byColumn = Array.from({ length: columns }, (_, column) =>
    doors.filter((door) => door.column === column).sort((a, b) => a.row - b.row),
  );
  const unitsOf = (column: readonly Door[]) => column.reduce((units, door) => units + door.heightUnits, 0);
  const unitsMax = Math.max(1, ...byColumn.map(unitsOf));
  const placed: PlacedDoor<Door>[] = [];
  const gaps: Box[] = [];
  for (const [index, column] of byColumn.entries()) {
    let above = unitsMax - unitsOf(column);
    const box = (units: number, height: number): Box => ({
      x: index * COLUMN_WIDTH + GAP / 2,
      y: units * UNIT + GAP / 2,
      width: COLUMN_WIDTH - GAP,
      height: height * UNIT - GAP,
    });
    if (above > 0) gaps.push(box(0, above));
    for (const door of column) {
      placed.push({ door, ...box(above, door.heightUnits) });
      above += door.heightUnits;
    }
  }
  return { placed, gaps, width: columns * COLUMN_WIDTH, height: unitsMax * UNIT };
}
