/** What `holdfast edge` is told at start. The bank's secrets are not here: it makes them itself. */
import { z } from 'zod';
import { logLevel, logPath, port } from '../platform/config.ts';
import { ROOM_MIB_MIN } from './room.ts';
import { sealingKeySource } from './sealing-key.ts';

const bit = z.literal([0, 1]);

/** What an answer to an unlock says. `unknown` leaves it to the door. */
const answer = z.enum(['released', 'refused', 'failed', 'unknown']);

const name = z
  .string()
  .min(1)
  .max(40)
  .describe('What the profile is called in logs and in the commissioning record');

/** What every family's profile declares of caution and time. */
const caution = {
  confirmLooks: z
    .int()
    .min(1)
    .max(5)
    .default(2)
    .describe('So many looks in a row must agree before a changed state is believed'),
  replyMs: z.int().min(20).max(5000).describe('How long to wait for an answer before it is unknown, in ms'),
  quietMs: z.int().min(0).max(200).describe('Silence on the line between frames, in ms'),
};

export const kerongCuProfile = z.strictObject({
  name,
  locksPerBoard: z
    .int()
    .min(1)
    .max(16)
    .describe('12 on a CU12, 16 on a CU16. An address has no room for more'),
  hookBitWhenClosed: bit.describe(
    'Which value of the hook bit means that the door is shut in its latch. Sources disagree, so it is declared',
  ),
  infraredBitWhenOccupied: bit
    .nullable()
    .describe(
      'Which value of the infrared bit means that something is inside; null where no sensor is fitted',
    ),
  unlockReply: z
    .enum(['none', 'status'])
    .describe('What the board says to an unlock: nothing, or a status frame'),
  answerStillClosed: answer
    .default('released')
    .describe(
      'What an answer says whose hook still shows the lock shut; some boards answer before the latch moves',
    ),
  ...caution,
});
export type KerongCuProfile = z.infer<typeof kerongCuProfile>;

export const xor8aProfile = z
  .strictObject({
    name,
    locksPerBoard: z.int().min(1).max(64).describe('How many locks one board has'),
    stateBytes: z
      .int()
      .min(1)
      .max(8)
      .describe('How many bytes of states the answer to a look has: three for up to 24 locks, seven for 50'),
    stateOrder: z
      .enum(['first-first', 'last-first'])
      .describe('Whether the first or the last of them holds locks 1 to 8'),
    stateBitWhenClosed: bit.describe('Which value of a lock’s bit means that the door is shut in its latch'),
    answer00: answer.describe('What an answer to an unlock with the state 00 says'),
    answer11: answer.describe('What an answer to an unlock with the state 11 says'),
    oddAnswer: z
      .enum(['ignored', 'released'])
      .describe('What an answer from the right lock with any other state is: none, or a release after all'),
    echo: z
      .boolean()
      .describe('The adapter hears what it writes, so each frame comes back before its answer'),
    ...caution,
  })
  .refine((profile) => profile.locksPerBoard <= 8 * profile.stateBytes, {
    error: 'stateBytes has no room for so many locks',
    path: ['stateBytes'],
  });
export type Xor8aProfile = z.infer<typeof xor8aProfile>;

const line = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('tcp'),
        host: z.string().describe('Its name or address'),
        port,
      })
      .describe('A serial device server'),
    z
      .strictObject({
        kind: z.literal('serial'),
        path: z.string().min(1).describe('A path that stays, such as `/dev/serial/by-id/…`'),
        baud: z.int().min(300).max(1_000_000).describe('Bits per second, as the board is set'),
      })
      .describe('A port of this machine'),
  ])
  .describe('How the boards are reached');

const pollMs = z.int().min(20).max(5000).describe('How often the doors are looked at, in ms');

const PROFILE = 'What the maker’s papers leave open, found out at commissioning';

export const boardsConfig = z.discriminatedUnion('family', [
  z
    .strictObject({
      family: z.literal('kerong-cu'),
      line,
      profile: kerongCuProfile.describe(PROFILE),
      pollMs,
    })
    .describe('KERONG CU12 and CU16'),
  z
    .strictObject({ family: z.literal('xor-8a'), line, profile: xor8aProfile.describe(PROFILE), pollMs })
    .describe('“0x8A” XOR boards'),
]);
export type BoardsConfig = z.infer<typeof boardsConfig>;

export const edgeConfig = z.strictObject({
  dataDir: z.string().min(1).describe('Everything that this bank keeps; a folder of mode 0700'),
  commissioningFile: z
    .string()
    .min(1)
    .describe(
      'The commissioning file, carried here by hand; a code in it that was not shown yet is shown at the next start',
    ),
  sealingKey: sealingKeySource.describe('What opens the bank’s keys, from outside its data folder'),
  kiosk: z
    .strictObject({
      port: port.describe('Where the screen is served, on loopback'),
      webDir: z.string().nullable().describe('The built screen; null serves the interface only'),
    })
    .describe('The screen at the cabinet'),
  boards: boardsConfig.describe('The lock boards, their line, and what their maker’s papers leave open'),
  journal: z
    .strictObject({
      roomMiBMin: z
        .int()
        .min(1)
        .max(1_048_576)
        .describe('With less than this free under `dataDir`, in MiB, nothing new is begun'),
    })
    .optional()
    .describe(`The journal’s disk; ${ROOM_MIB_MIN} MiB when left out`),
  scanner: z
    .strictObject({ host: z.string().describe('Its name or address'), port })
    .nullable()
    .describe('A scanner that is reached over TCP; null where it types as a keyboard'),
  uplink: z
    .strictObject({ host: z.string().describe('Its name or address'), port })
    .nullable()
    .describe('Where the broker is reached, if not as the commissioning file says'),
  logPath,
  logLevel,
});
export type EdgeConfig = z.infer<typeof edgeConfig>;
