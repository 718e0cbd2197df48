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

export const ARROWS = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End'] as const;
export type Arrow = (typeof ARROWS)[number];

/** The door that an arrow key leads to from door `n`, or null at the edge of the cabinet. */
export function doorBeside<Door extends CabinetPlace>(
  placed: readonly PlacedDoor<Door>[],
  n: number,
  arrow: Arrow,
): number | null {
  const from = placed.find(({ door }) => door.n === n);
  if (!from) return null;
  const column = placed.filter(({ x }) => x === from.x);
  const place = column.indexOf(from);
  switch (arrow) {
    case 'ArrowUp':
      return column[place - 1]?.door.n ?? null;
    case 'ArrowDown':
      return column[place + 1]?.door.n ?? null;
    case 'ArrowLeft':
      return levelWith(
        placed.filter(({ x }) => x < from.x),
        from,
      );
    case 'ArrowRight':
      return levelWith(
        placed.filter(({ x }) => x > from.x),
        from,
      );
    case 'Home':
      return placed[0]?.door.n ?? null;
    case 'End':
      return placed.at(-1)?.door.n ?? null;
  }
}

/** Of the nearest column, the door whose middle is nearest. */
function levelWith<Door>(candidates: readonly PlacedDoor<Door & CabinetPlace>[], from: Box): number | null {
  const away = Math.min(...candidates.map(({ x }) => Math.abs(x - from.x)));
  const middle = ({ y, height }: Box) => y + height / 2;
  const [nearest] = candidates
    .filter(({ x }) => Math.abs(x - from.x) === away)
    .sort((a, b) => Math.abs(middle(a) - middle(from)) - Math.abs(middle(b) - middle(from)));
  return nearest?.door.n ?? null;
}
