/** How high a door is, in words. Pure. */
export type Height = 'low' | 'reach' | 'high';

/** Within these a seated person reaches (2010 ADA Standards, 308.2.1). */
const REACH_CM = { min: 38, max: 122 } as const;

export function heightOf(middleCm: number): Height {
  if (middleCm < REACH_CM.min) return 'low';
  return middleCm <= REACH_CM.max ? 'reach' : 'high';
}
