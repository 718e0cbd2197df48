/** `GET log-witnesses`: how the organisation's log stands with its witnesses. */
import { z } from 'zod';

/** Why a witness did not cosign. The list is closed: it stands in tables, on screens and in metrics. */
export const WITNESS_ERRORS = [
  // Nothing came, or nothing that can be read.
  'unreachable',
  'slow',
  'unavailable',
  'redirected',
  'answer-oversized',
  'answer-malformed',
  // It does not know this log, or not this key, or does not take what we send.
  'log-unknown',
  'key-unknown',
  'refused',
  // It answered something that is no cosignature of this checkpoint.
  'signature-missing',
  'signature-wrong',
  // It says that the log contradicts what it remembers.
  'conflict',
] as const;
export type WitnessError = (typeof WITNESS_ERRORS)[number];

const size = z.int().min(0);
const atMs = z.int();

export const logStanding = z.strictObject({
  origin: z.string(),
  vkey: z.string().describe('What verifies the log’s own signature (C2SP signed-note)'),
  newest: z
    .strictObject({ size, atMs, note: z.string().describe('The checkpoint, without cosignatures') })
    .describe('The last that was signed'),
  shownSize: size.describe('How many records the checkpoint covers that readers are given'),
  shownCosignatures: z.int().min(0).describe('How many witnesses have cosigned that one'),
  quorum: z.int().min(0).describe('How many are needed; 0 when no witnesses are asked'),
  witnesses: z.array(
    z.strictObject({
      name: z.string(),
      vkey: z.string(),
      agreed: z
        .strictObject({ size, atMs: atMs.describe('By the clock of the witness') })
        .nullable()
        .describe('The last that it cosigned'),
      error: z.enum(WITNESS_ERRORS).nullable().describe('Why it did not cosign when it was last asked'),
      errorSinceMs: atMs.nullable(),
      conflictAtMs: atMs.nullable().describe('When it last said that the log contradicts what it remembers'),
    }),
  ),
  unagreedSinceMs: atMs.nullable().describe('Since when something is signed that readers are not given yet'),
  isUnagreed: z.boolean().describe('That has lasted longer than it should'),
  waitsSinceMs: atMs.nullable().describe('Since when records wait without that the log grew'),
  isStalled: z.boolean().describe('That has lasted longer than it should'),
});

export const logWitnesses = z.strictObject({
  log: logStanding.nullable().describe('Null when this organisation keeps no log'),
});
