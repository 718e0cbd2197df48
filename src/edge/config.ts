/** What `holdfast edge` is told at start. The bank's secrets are not here: it makes them itself. */
import { z } from 'zod';
import { logLevel, port } from '../platform/config.ts';
import { sealingKeySource } from './sealing-key.ts';

const bit = z.union([z.literal(0), z.literal(1)]);

/** What an answer to an unlock says. `unknown` leaves it to the door. */
const answer = z.enum(['released', 'refused', 'failed', 'unknown']);

/** What every family's profile declares of caution and time. */
const caution = {
  /** So many looks in a row must agree before a changed state is believed. */
  confirmLooks: z.int().min(1).max(5).default(2),
  /** How long to wait for an answer before it is unknown. */
  replyMs: z.int().min(20).max(5000),
  /** Silence on the bus between frames. */
  quietMs: z.int().min(0).max(200),
};

export const kerongCuProfile = z.strictObject({
  name: z.string().min(1).max(40),
  /** 12 on a CU12, 16 on a CU16. An address has no room for more. */
  locksPerBoard: z.int().min(1).max(16),
  /** Which value of the hook bit means: the door is shut in its latch. Sources disagree, so it is declared. */
  hookBitWhenClosed: bit,
  /** Which value of the infrared bit means: something is inside; null where no sensor is fitted. */
  infraredBitWhenOccupied: bit.nullable(),
  /** What the board says to an unlock: nothing, or a status frame. */
  unlockReply: z.enum(['none', 'status']),
  /** What an answer says whose hook still shows the lock shut; some boards answer before the latch moves. */
  answerStillClosed: answer.default('released'),
  ...caution,
});
export type KerongCuProfile = z.infer<typeof kerongCuProfile>;

export const xor8aProfile = z
  .strictObject({
    name: z.string().min(1).max(40),
    locksPerBoard: z.int().min(1).max(64),
    /** How many bytes of states the answer to a look has. Sources: three for up to 24 locks, seven for 50. */
    stateBytes: z.int().min(1).max(8),
    /** Whether the first or the last of them holds locks 1 to 8. */
    stateOrder: z.enum(['first-first', 'last-first']),
    /** Which value of a lock's bit means: the door is shut in its latch. */
    stateBitWhenClosed: bit,
    answer00: answer,
    answer11: answer,
    /** What an answer from the right lock with any other state is: none, or a release after all. */
    oddAnswer: z.enum(['ignored', 'released']),
    /** The adapter hears what it writes, so each frame comes back before its answer. */
    echo: z.boolean(),
    ...caution,
  })
  .refine((profile) => profile.locksPerBoard <= 8 * profile.stateBytes, {
    error: 'stateBytes has no room for so many locks',
    path: ['stateBytes'],
  });
export type Xor8aProfile = z.infer<typeof xor8aProfile>;

const line = z.discriminatedUnion('kind', [
  /** A serial device server. */
  z.strictObject({ kind: z.literal('tcp'), host: z.string(), port }),
  /** A port of this machine; name it by a path that stays (`/dev/serial/by-id/...`). */
  z.strictObject({
    kind: z.literal('serial'),
    path: z.string().min(1),
    baud: z.int().min(300).max(1_000_000),
  }),
]);

/** How often the doors are looked at. */
const pollMs = z.int().min(20).max(5000);

export const boardsConfig = z.discriminatedUnion('family', [
  z.strictObject({ family: z.literal('kerong-cu'), line, profile: kerongCuProfile, pollMs }),
  z.strictObject({ family: z.literal('xor-8a'), line, profile: xor8aProfile, pollMs }),
]);
export type BoardsConfig = z.infer<typeof boardsConfig>;

export const edgeConfig = z.strictObject({
  /** Everything that this bank keeps; a 0700 folder. */
  dataDir: z.string().min(1),
  /** The commissioning file, given by hand or by `up`; read until the bank is enrolled. */
  commissioningFile: z.string().min(1),
  /** What opens the bank's keys, from outside its data folder. */
  sealingKey: sealingKeySource,
  kiosk: z.strictObject({ port, webDir: z.string().nullable() }),
  boards: boardsConfig,
  /** `roomMiBMin`: with less than this free under `dataDir` nothing new is begun; `ROOM_MIB_MIN` when left out. */
  journal: z.strictObject({ roomMiBMin: z.int().min(1).max(1_048_576) }).optional(),
  scanner: z.strictObject({ host: z.string(), port }).nullable(),
  /** Where the broker is reached, if not as the commissioning file says. */
  uplink: z.strictObject({ host: z.string(), port }).nullable(),
  logPath: z.string().nullable(),
  logLevel,
});
export type EdgeConfig = z.infer<typeof edgeConfig>;
