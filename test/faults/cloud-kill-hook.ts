/**
 * Loaded before a cloud process: ends it at a moment of a request which the name of the person to be added
 * chooses: as a power cut does, before or after the commit, or by a fault that nobody catches and that quotes
 * the request. The source on the disk stays as it is.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const DIE = "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});";
const EDITS = [
  {
    file: 'src/cloud/http/repeats.ts',
    find: '    await keep(cloud, tx, { asked, keyHash, fingerprint, answer });\n',
    add: `if (asked.what.includes('Kay Before')) { ${DIE} }
if (asked.what.includes('Kay Uncaught')) setImmediate(() => { throw Object.assign(new Error(asked.what), { detail: asked.what }); });\n`,
  },
  {
    file: 'src/cloud/http/http.ts',
    find: "      if (answered.status === 'rejected') throw answered.reason;\n",
    add: `if (row.method === 'POST' && JSON.stringify(request.body ?? '').includes('Kay After')) { ${DIE} }\n`,
  },
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edit = url.startsWith('file:') && EDITS.find(({ file }) => fileURLToPath(url).endsWith(file));
    if (!edit) return loaded;
    const text =
      typeof loaded.source === 'string'
        ? loaded.source
        : new TextDecoder().decode(loaded.source as Uint8Array);
    if (text.split(edit.find).length !== 2) throw new Error(`${edit.file} has no such line, or several`);
    return { ...loaded, source: text.replace(edit.find, () => edit.find + edit.add) };
  },
});
