/** The sabotage edits: each breaks one defence, and names the test that must then go red. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const ROOT = join(import.meta.dirname, '../..');

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

export const EDITS: readonly Edit[] = z.array(editSchema).parse(JSON.parse(readFileSync(join(import.meta.dirname, 'edits.json'), 'utf8')));

export function editNamed(name: string): Edit {
  const edit = EDITS.find((candidate) => candidate.name === name);
  if (!edit) throw new Error(`there is no sabotage "${name}"`);
  return edit;
}
