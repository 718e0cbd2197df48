/** Proofs that records stand in the organisation's log, as C2SP tlog-proof writes them, and how far each has come. */
import { z } from 'zod';
import { atMs, hash } from './common.ts';

const index = z.int().min(0).describe('Its place in the log');

/** How far a record has come. `of` is how many witnesses there are, `n` how many of them agreed to a tree that holds it. */
export const proofState = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('no-log') }),
  z.strictObject({ is: z.literal('pending') }),
  z.strictObject({ is: z.literal('integrated'), index }),
  z.strictObject({ is: z.literal('cosigned'), index, n: z.int().min(1), of: z.int().min(1) }),
]);
export type ProofState = z.infer<typeof proofState>;

/** What a witness agreed to last; null before it agreed to anything. */
export const agreement = z.strictObject({
  witness: z.string(),
  size: z.int().min(0).nullable(),
  atMs: atMs.nullable(),
});
export type Agreement = z.infer<typeof agreement>;

/** The log as its last checkpoint has it. */
export const logHead = z.strictObject({
  origin: z.string().describe('The name that its checkpoints begin with'),
  vkey: z.string().describe('What verifies its signature (C2SP signed-note)'),
  size: z.int().min(0).describe('How many records the last checkpoint covers'),
  atMs: atMs.describe('When it was signed'),
  witnesses: z.array(agreement),
});
export type LogHead = z.infer<typeof logHead>;

const LOG_DAYS = [1, 7, 30, 90] as const;
export type LogDays = (typeof LOG_DAYS)[number];
export const logGrowthQuery = z.strictObject({ days: z.enum(['1', '7', '30', '90']).default('7') });
/** `GET /api/admin/log-growth`: how large the log was, step by step, and its last checkpoints. */
export const logGrowth = z.strictObject({
  log: logHead.nullable().describe('Null when this organisation keeps no log'),
  waiting: z.int().min(0).describe('Records that no checkpoint covers yet'),
  fromMs: atMs,
  stepMs: z.int(),
  steps: z.array(z.strictObject({ toMs: atMs, size: z.int().min(0) })),
  checkpoints: z.array(z.strictObject({ size: z.int().min(0), atMs, root: hash })),
});

export const parcelProofs = z.strictObject({
  parcel: z.string(),
  bank: z.string(),
  log: z
    .strictObject({
      origin: z.string().describe('The name that its checkpoints begin with'),
      vkey: z.string().describe('What verifies its signature (C2SP signed-note)'),
      size: z.int().min(0).describe('How many records the newest checkpoint covers'),
      witnesses: z.int().min(0).describe('How many witnesses are asked to cosign'),
      quorum: z.int().min(0).describe('How many of them are needed'),
    })
    .nullable()
    .describe('Null when this organisation keeps no log'),
  proofs: z.array(
    z.strictObject({
      seq: z.int().min(1).describe('The number of the record in the journal of the bank'),
      index: z.int().min(0).nullable().describe('Its place in the log; null while it waits for one'),
      state: z
        .enum(['pending', 'integrated', 'cosigned'])
        .describe(
          'Waits for a checkpoint; stands under one; stands under one that enough witnesses cosigned',
        ),
      cosignedBy: z
        .array(z.string())
        .describe('The witnesses that have cosigned the checkpoint in the proof'),
      proof: z.string().nullable().describe('A tlog-proof file; null until a checkpoint covers the record'),
    }),
  ),
});
export type ParcelProofs = z.infer<typeof parcelProofs>;
