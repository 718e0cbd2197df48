/** What `holdfast edge` is told at start. The bank's secrets are not here: it makes them itself. */
import { z } from 'zod';
import { logLevel, port } from '../platform/config.ts';
import { sealingKeySource } from './sealing-key.ts';

export const boardProfileSchema = z.strictObject({
  name: z.string().min(1).max(40),
  locksPerBoard: z.int().min(1).max(64),
  /** Which value of the hook bit means: the door is shut in its latch. Sources disagree, so it is declared. */
  hookBitWhenClosed: z.union([z.literal(0), z.literal(1)]),
  /** Which value of the infrared bit means: something is inside; null where no sensor is fitted. */
  infraredBitWhenOccupied: z.union([z.literal(0), z.literal(1)]).nullable(),
  /** What the board says to an unlock: nothing, or a status frame. */
  unlockReply: z.enum(['none', 'status']),
  /** How long to wait for an answer before it is unknown. */
  replyMs: z.int().min(20).max(5000),
  /** Silence on the bus between frames. */
  quietMs: z.int().min(0).max(200),
});
export type BoardProfile = z.infer<typeof boardProfileSchema>;

export const edgeConfig = z.strictObject({
  /** Everything that this bank keeps; a 0700 folder. */
  dataDir: z.string().min(1),
  /** The commissioning file, given by hand or by `up`; read until the bank is enrolled. */
  commissioningFile: z.string().min(1),
  /** What opens the bank's keys, from outside its data folder. */
  sealingKey: sealingKeySource,
  kiosk: z.strictObject({ port, webDir: z.string().nullable() }),
  boards: z.strictObject({
    family: z.literal('kerong-cu'),
    line: z.strictObject({ kind: z.literal('tcp'), host: z.string(), port }),
    profile: boardProfileSchema,
    /** How often the doors are looked at. */
    pollMs: z.int().min(20).max(5000),
  }),
  scanner: z.strictObject({ host: z.string(), port }).nullable(),
  /** Where the broker is reached, if not as the commissioning file says. */
  uplink: z.strictObject({ host: z.string(), port }).nullable(),
  logPath: z.string().nullable(),
  logLevel,
});
export type EdgeConfig = z.infer<typeof edgeConfig>;
