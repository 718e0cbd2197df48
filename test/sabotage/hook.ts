/**
 * Applies one named edit of `edits.json` to one file as it is loaded, in this process only. Preloaded with
 * `--import`; the edit's name comes in HOLDFAST_SABOTAGE. Nothing on the disk changes.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editNamed, ROOT } from './edits.ts';

const edit = editNamed(process.env['HOLDFAST_SABOTAGE'] ?? '');
const target = join(ROOT, edit.file);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || fileURLToPath(url) !== target) return loaded;
    const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array);
    if (text.split(edit.find).length !== 2) throw new Error(`the edit "${edit.name}" does not match ${edit.file} exactly once`);
    process.stderr.write(`sabotaged: ${edit.name}\n`);
    // A function, so that no `$` of the replacement is read as a pattern.
    return { ...loaded, source: text.replace(edit.find, () => edit.replace) };
  },
});
