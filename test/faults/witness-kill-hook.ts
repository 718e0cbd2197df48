/**
 * Loaded before a witness: ends it as a power cut does, right before or right after its new head is on the disk, as
 * WITNESS_DIES says. The source on the disk stays as it is.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const DIE = "process.kill(process.pid, 'SIGKILL');\n";
const LINES: Readonly<Record<string, string>> = {
  before: "      this.#db.exec('begin immediate');\n",
  after: '    this.#heads.set(origin, head);\n  }\n',
};
const line = LINES[process.env.WITNESS_DIES ?? ''];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!line || !url.startsWith('file:') || !fileURLToPath(url).endsWith('src/witness/heads.ts'))
      return loaded;
    const text =
      typeof loaded.source === 'string'
        ? loaded.source
        : new TextDecoder().decode(loaded.source as Uint8Array);
    if (text.split(line).length !== 2) throw new Error('heads.ts has no such line, or several');
    return { ...loaded, source: text.replace(line, () => DIE + line) };
  },
});
