/**
 * What a cabinet's layout has to be before a bank is registered with it. A layout that is wrong opens the wrong
 * door, so each rule has its sentence, and all of them are told at once.
 */
import type { BankLayout, CompartmentPlace } from './bank.ts';

/** Reach of a seated person, in cm above the floor (2010 ADA Standards, 308.2.1). */
const REACH_CM = { min: 38, max: 122 } as const;
/** Of the compartments of each cluster, and at least one (2010 ADA Standards, 225.2.1 and 811). */
const ACCESSIBLE_SHARE = 0.05;

/** Every complaint about `layout` in plain words; none when it may be used. */
export function complaintsAbout(layout: BankLayout): string[] {
  const { compartments } = layout;
  return [
    ...numbers(compartments),
    ...twice(compartments, ({ board, lock }) => `lock ${lock} of board ${board} moves`),
    ...twice(compartments, ({ column, row }) => `place ${row} of column ${column} holds`),
    ...compartments
      .filter(({ column }) => column >= layout.columns)
      .map(
        ({ n, column }) =>
          `door ${n} stands in column ${column}, and the columns are 0 to ${layout.columns - 1}`,
      ),
    ...reach(compartments),
  ];
}

/** Doors are numbered from 1 without a gap: a person counts them, and a message names one. */
function numbers(compartments: readonly CompartmentPlace[]): string[] {
  const found = compartments.map(({ n }) => n).sort((a, b) => a - b);
  const isCounted = found.every((n, index) => n === index + 1);
  return isCounted
    ? []
    : [`doors are numbered 1 to ${found.length}, each once, and these are ${found.join(', ')}`];
}

function twice(
  compartments: readonly CompartmentPlace[],
  placeOf: (compartment: CompartmentPlace) => string,
): string[] {
  return [...Map.groupBy(compartments, placeOf)]
    .filter(([, doors]) => doors.length > 1)
    .map(([place, doors]) => `${place} doors ${doors.map(({ n }) => n).join(' and ')}`);
}

function reach(compartments: readonly CompartmentPlace[]): string[] {
  const accessible = compartments.filter((compartment) => compartment.accessible);
  const needed = Math.max(1, Math.ceil(compartments.length * ACCESSIBLE_SHARE));
  const short =
    accessible.length < needed
      ? [`${needed} of ${compartments.length} doors have to be accessible, and ${accessible.length} are`]
      : [];
  const outOfReach = accessible
    .filter(({ middleCm }) => middleCm < REACH_CM.min || middleCm > REACH_CM.max)
    .map(
      ({ n, middleCm }) =>
        `door ${n} is to be accessible and its middle is at ${middleCm} cm; a seated person reaches ${REACH_CM.min} to ${REACH_CM.max} cm`,
    );
  return [...short, ...outOfReach];
}
