/** What a door is shown as. One word for each, by what a person has to know first. Pure. */
import type { DoorTone } from '../../kit/cabinet.tsx';
import type { Compartment } from '../session.ts';

export const STANDINGS = ['empty', 'reserved', 'occupied', 'overdue', 'held', 'off', 'alarm'] as const;
export type Standing = (typeof STANDINGS)[number] & DoorTone;

export type Stands = Pick<Compartment, 'state' | 'withdrawn' | 'overdue' | 'alarms'>;

/** An alarm before everything; then what somebody has to fetch; then whether the door serves. */
export function standingOf({ state, withdrawn, overdue, alarms }: Stands): Standing {
  if (alarms.length > 0) return 'alarm';
  if (overdue) return 'overdue';
  switch (state) {
    case 'held':
    case 'occupied':
    case 'reserved':
      return state;
    case 'out-of-service':
      return 'off';
    case 'empty':
      return withdrawn ? 'off' : 'empty';
  }
}

/** How many doors stand so, of those that there are. */
export function tallyOf(doors: readonly Stands[]): { standing: Standing; count: number }[] {
  const standings = doors.map(standingOf);
  return STANDINGS.map((standing) => ({
    standing,
    count: standings.filter((one) => one === standing).length,
  })).filter(({ count }) => count > 0);
}
