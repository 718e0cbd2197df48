/**
 * One edit by its name. Each broken process asks for it before anything else, some hundred times in a run, so it is
 * read here without the schema, whose library costs more than a small test; `edits.ts` judges the lists.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimEdit } from './edits.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** Edits of the two lists may share a name; the list says which is meant (`sim/` before the name). */
export function editNamed(name: string): SimEdit {
  const forSimulator = name.startsWith('sim/');
  const file = join(import.meta.dirname, forSimulator ? 'sim-edits.json' : 'edits.json');
  const list = JSON.parse(readFileSync(file, 'utf8')) as readonly SimEdit[];
  const edit = list.find((candidate) => candidate.name === (forSimulator ? name.slice('sim/'.length) : name));
  if (!edit) throw new Error(`there is no sabotage "${name}"`);
  return edit;
}
