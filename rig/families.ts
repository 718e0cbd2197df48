/** Which lock boards the cabinet has. A new family is a codec module and a row here. */
import { z } from 'zod';
import { CU16, cu16Family, cu16Profile } from './cu16.ts';
import type { BoardFamily } from './family.ts';
import { XOR8A, xor8aFamily, xor8aProfile } from './xor8a.ts';

/** A profile changes what it names; the rest is as the vectors have it. */
export const boardsConfig = z.discriminatedUnion('family', [
  z.strictObject({ family: z.literal('kerong-cu'), profile: cu16Profile.partial().optional() }),
  z.strictObject({ family: z.literal('xor-8a'), profile: xor8aProfile.partial().optional() }),
]);
export type BoardsConfig = z.infer<typeof boardsConfig>;

export function familyOf(boards: BoardsConfig): BoardFamily {
  switch (boards.family) {
    case 'kerong-cu':
      return cu16Family(cu16Profile.parse({ ...CU16, ...boards.profile }));
    case 'xor-8a':
      return xor8aFamily(xor8aProfile.parse({ ...XOR8A, ...boards.profile }));
  }
}
