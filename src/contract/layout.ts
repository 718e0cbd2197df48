/** A cabinet's layout as a file: what an installer writes once, and a bank is commissioned with. */
import { z } from 'zod';
import { type BankLayout, SIZES } from '../domain/bank.ts';
import { complaintsAbout } from '../domain/layout.ts';

const DOORS_MAX = 999;

const place = z.strictObject({
  n: z.int().min(1).max(DOORS_MAX).describe('The number on the door'),
  size: z.enum(SIZES).describe('The size that a courier asks for'),
  column: z.int().min(0).max(99).describe('Its column from the left, from 0'),
  row: z.int().min(0).max(99).describe('Its place in the column from the top, from 0'),
  heightUnits: z.int().min(1).max(8).describe('Its height in units of the smallest door, for the picture'),
  middleCm: z.int().min(0).max(300).describe('How high its middle is above the floor, in cm'),
  accessible: z.boolean().describe('Kept for people who ask for a door within reach of a seated person'),
  board: z.int().min(0).max(31).describe('The address of its lock board, from 0'),
  lock: z.int().min(0).max(63).describe('Its lock on that board, from 0'),
});

export const bankLayout: z.ZodType<BankLayout, BankLayout> = z
  .strictObject({
    name: z.string().min(1).max(40).describe('What this kind of cabinet is called'),
    columns: z.int().min(1).max(100).describe('How many columns it has'),
    compartments: z.array(place).min(1).max(DOORS_MAX).describe('Every door'),
  })
  .superRefine((layout, context) => {
    for (const message of complaintsAbout(layout))
      context.addIssue({ code: 'custom', path: ['compartments'], message });
  });
