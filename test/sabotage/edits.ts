/** The sabotage edits: each breaks one defence, and names the test that must then go red. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export { editNamed, ROOT } from './named.ts';

const editSchema = z.strictObject({
  name: z.string().min(1),
  file: z.string(),
  /** Matches exactly once; tidy looks too, so that an edit that has gone stale is seen at once. */
  find: z.string().min(1),
  replace: z.string(),
  /** The program of others without which the test cannot run. */
  needs: z.string().optional(),
  expects: z.strictObject({ file: z.string(), test: z.string() }),
});
export type Edit = z.infer<typeof editSchema>;
/** An edit that the simulator has to find by itself: it names no test. */
const simEditSchema = editSchema.omit({ expects: true });
export type SimEdit = z.infer<typeof simEditSchema>;

const read = (file: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8'));
export const EDITS: readonly Edit[] = z.array(editSchema).parse(read('edits.json'));
export const SIM_EDITS: readonly SimEdit[] = z.array(simEditSchema).parse(read('sim-edits.json'));
