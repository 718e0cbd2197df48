/** What a count comes to, from the doors as the bank's records tell of them. Pure. */
import type { BankCounts } from '../session.ts';

export type CountedDoor = BankCounts['doors'][number];
export type Found = NonNullable<CountedDoor['last']>['found'];
/** `found` is null until a record of this count has come. */
export type Counting = { door: CountedDoor; found: Found | null };

/** The doors that were chosen, in the order of the cabinet. Only records that are later than the count's begin tell of it. */
export function countingOf(
  doors: readonly CountedDoor[],
  chosen: readonly number[],
  after: number,
): Counting[] {
  return doors
    .filter(({ n }) => chosen.includes(n))
    .map((door) => ({ door, found: door.last !== null && door.last.seq > after ? door.last.found : null }));
}

export const misfits = (doors: readonly CountedDoor[]): number[] =>
  doors.filter(({ open }) => open > 0).map(({ n }) => n);

/** What an administrator types where the root's key is. Every part but the bank's id is of this page's own making. */
export function countCommand(bank: string, n: number): string {
  return `npm run holdfast -- admin order staff-release --bank ${bank} --door ${n} --purpose "count of door ${n}" --slip count-door-${n}.html`;
}
