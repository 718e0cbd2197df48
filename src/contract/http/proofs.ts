/** Proofs that a parcel's records stand in the organisation's log, as C2SP tlog-proof writes them. */
import { z } from 'zod';

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
