/** What `holdfast witness` is told at start. Its key and its state are made beforehand, by `witness init`. */
import { z } from 'zod';
import { logLevel, logPath, port } from '../platform/config.ts';

export const witnessConfig = z.strictObject({
  keyFile: z.string().min(1).describe('The key that `witness init` made; a file of mode 0600'),
  stateFile: z
    .string()
    .min(1)
    .describe('The heads that it cosigned; made by `witness init` and never put back from a backup'),
  http: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .describe('The address it listens on: loopback, where a proxy ends TLS before it'),
      port,
    })
    .describe('Where logs reach it'),
  logs: z
    .array(z.string())
    .min(1)
    .max(1024)
    .describe('The vkeys of the logs that it watches; the name in one is the log’s origin'),
  successions: z
    .array(z.string().min(1))
    .max(1024)
    .default([])
    .describe('Files by which later keys of these logs follow from those in `logs`; each has to hold'),
  logPath,
  logLevel,
});
export type WitnessConfig = z.infer<typeof witnessConfig>;
