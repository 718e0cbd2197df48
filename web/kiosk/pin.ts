/** How digits are shown: in groups of three, as in the message that brought them (9 digits as 3-3-3). */
const GROUP = 3;

/** Sizes of the groups; a rest of one joins its neighbours, because a lone digit is overlooked. */
export function groupSizes(digits: number): number[] {
  if (digits <= GROUP) return digits > 0 ? [digits] : [];
  const rest = digits % GROUP;
  const wholes = Math.floor(digits / GROUP);
  if (rest === 0) return Array<number>(wholes).fill(GROUP);
  if (rest === 1) return [...Array<number>(wholes - 1).fill(GROUP), GROUP + 1];
  return [...Array<number>(wholes).fill(GROUP), rest];
}

/** One entry per place, in groups; a place that is still free is empty. */
export function pinPlaces(typed: string, digits: number): string[][] {
  let at = 0;
  return groupSizes(digits).map((size) => {
    const group = Array.from({ length: size }, (_, index) => typed[at + index] ?? '');
    at += size;
    return group;
  });
}
