/** Builds the web apps with vite when what they are made of has changed since they were built. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { collect, SetupError, say, showing } from './process.mjs';

const SOURCES = ['web', 'src/contract', 'src/domain', 'package-lock.json'];
const CONFIG = join('web', 'vite.config.ts');

export function webIsBuilt(root) {
  if (!existsSync(join(root, CONFIG))) {
    say(`no web apps to build: ${CONFIG} does not exist`);
    return true;
  }
  const stamp = stampFile(root);
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === contentHash(root);
}

export async function buildWeb(root, node) {
  // Taken before the build: a file changed while vite runs then counts as not built.
  const hash = contentHash(root);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', 'web', '--config', CONFIG, '--configLoader', 'native', '--logLevel', 'warn'];
  const env = { ...process.env, NODE_ENV: 'production' };
  await showing('building the web apps', async () => {
    const { code, output } = await collect(node, args, { cwd: root, env });
    if (code === 0 && existsSync(join(root, 'web', 'dist'))) return;
    process.stderr.write(`\n${output.trimEnd()}\n`);
    const reason = /ENOSPC/.test(output) ? 'the disk is full' : 'what vite said stands above';
    throw new SetupError(`the web apps cannot be built into web/dist: ${reason}`);
  });
  writeFileSync(stampFile(root), `${hash}\n`);
}

function stampFile(root) {
  return join(root, 'web', 'dist', '.holdfast-web');
}

/** One hash over names and bytes; times are no help, because a clone gives every file the same. */
function contentHash(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesUnder(root, source))) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path.replaceAll(sep, '/')}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

function filesUnder(root, path) {
  if (!existsSync(join(root, path))) return [];
  if (path.endsWith('.json')) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = join(path, entry.name);
      if (inside === join('web', 'dist') || /\.test\.tsx?$/.test(entry.name)) return [];
      return entry.isDirectory() ? filesUnder(root, inside) : [inside];
    });
}
