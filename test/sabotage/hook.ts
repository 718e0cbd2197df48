/**
 * Applies one named edit of `edits.json` to one file as it is loaded, or, where it is no code, as it is read; in this
 * process only. Preloaded with `--import`; the edit's name comes in HOLDFAST_SABOTAGE. Nothing on the disk changes.
 */
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editNamed, ROOT } from './named.ts';

const edit = editNamed(process.env['HOLDFAST_SABOTAGE'] ?? '');
const target = join(ROOT, edit.file);

/**
 * By these a stand's database is made, and a copy of one that was made unbroken would hide an edit of them. Of its
 * steps the copy is known by their text, so an edited step finds none.
 */
const MAKES_DATABASES = /^src\/(platform\/(postgres|database)|cloud\/(migrate\.ts|jobs\/))/;
if (MAKES_DATABASES.test(edit.file)) delete process.env['HOLDFAST_STANDS'];

function edited(text: string): string {
  if (text.split(edit.find).length !== 2) throw new Error(`the edit "${edit.name}" does not match ${edit.file} exactly once`);
  process.stderr.write(`sabotaged: ${edit.name}\n`);
  // A function, so that no `$` of the replacement is read as a pattern.
  return text.replace(edit.find, () => edit.replace);
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || fileURLToPath(url) !== target) return loaded;
    const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array);
    return { ...loaded, source: edited(text) };
  },
});

// A container file or a list of what to leave out is no module: the test that guards it reads it.
if (!/\.(ts|tsx|mjs)$/.test(edit.file)) {
  const read = fs.readFileSync;
  const readEdited = (...given: Parameters<typeof read>) => {
    const [path] = given;
    const found = read(...given);
    return path === target && typeof found === 'string' ? edited(found) : found;
  };
  fs.readFileSync = readEdited as typeof read;
  syncBuiltinESMExports();
}
