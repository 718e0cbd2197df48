/**
 * Keeps the steel over the night: what stood in the cabinet when the rig stopped stands in it when the
 * rig starts again. A file that cannot be read stops the start: guessing would make parcels vanish.
 *
 * What a parcel's label says is not written down: it is somebody's tracking number, and no disk of ours holds
 * one in clear. After a night a thing is still there, and is called a parcel.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { doorFault } from '../src/contract/rig.ts';
import { fromUtf8 } from '../src/crypto/bytes.ts';
import type { BankLayout } from '../src/domain/bank.ts';
import { makePrivateDir, readIfExists, writeDurable } from '../src/platform/durable.ts';
import { type Metal, newMetal } from './metal.ts';

const metalFile = z.strictObject({
  v: z.literal(1),
  layout: z.string(),
  compartments: z.array(
    z.strictObject({
      n: z.int().positive(),
      latch: z.enum(['holding', 'free']),
      door: z.enum(['open', 'closed']),
      fault: doorFault,
      parcels: z.array(z.string()),
      pulses: z.int().nonnegative(),
    }),
  ),
});

const FILE_NAME = 'metal.json';
const WITHOUT_LABEL = 'Parcel';

/** The steel as it was left, or a new cabinet where there never was one. */
export async function loadMetal(dataDir: string, layout: BankLayout): Promise<Metal> {
  await makePrivateDir(dataDir);
  const path = join(dataDir, FILE_NAME);
  const bytes = await readIfExists(path);
  if (!bytes) return newMetal(layout);
  const file = metalFile.parse(JSON.parse(fromUtf8(bytes)));
  const same =
    file.layout === layout.name &&
    file.compartments.length === layout.compartments.length &&
    file.compartments.every((compartment, at) => compartment.n === layout.compartments[at]?.n);
  if (!same)
    throw new Error(`${path} describes another cabinet (${file.layout}); this one is ${layout.name}`);
  return file.compartments;
}

export async function saveMetal(dataDir: string, layout: BankLayout, metal: Metal): Promise<void> {
  const file: z.infer<typeof metalFile> = {
    v: 1,
    layout: layout.name,
    compartments: metal.map((compartment) => ({
      ...compartment,
      parcels: compartment.parcels.map(() => WITHOUT_LABEL),
    })),
  };
  await writeDurable(join(dataDir, FILE_NAME), JSON.stringify(file, null, 1));
}
