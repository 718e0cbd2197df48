/**
 * One command builds every app, each in a build of its own, so that no app's bundle can hold another's
 * code: `vite build web --config web/vite.config.ts` writes `web/dist/<app>/`.
 *
 * Bases are relative: an app does not know under which path or port it is served.
 *
 * A phone app gets a service worker, built after it, because it names what the app is made of.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type InlineConfig, type ViteBuilder } from 'vite';
import { COMPRESSED } from '../src/contract/web.ts';
import { type Shell, versionOf } from './kit/shell/shell.ts';

const WEB = import.meta.dirname;
const DIST = join(WEB, 'dist');
const APPS = ['start', 'resident', 'courier', 'admin', 'kiosk', 'rig'];
const ON_PHONES: ReadonlySet<string> = new Set(['resident', 'courier']);

function appConfig(app: string): InlineConfig {
  return {
    configFile: false,
    root: join(WEB, app),
    base: './',
    plugins: [react()],
    logLevel: 'warn',
    build: {
      outDir: join(DIST, app),
      emptyOutDir: true,
      target: 'es2023',
      // The content security policy of the apps has no room for data: scripts, styles or fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // Held over the wire instead, by test/browser/bundles.test.ts.
      chunkSizeWarningLimit: 800,
    },
  };
}

/** The page itself is asked for by the app's address and not by a name. */
const PAGE = 'index.html';

async function shellOf(app: string): Promise<Shell> {
  const folder = join(DIST, app);
  const names = globSync('**/*.*', { cwd: folder }).map((name) => name.replaceAll('\\', '/'));
  const files = names.sort().map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  return { app, version: await versionOf(files), files: names.filter((name) => name !== PAGE) };
}

/** In one file, beside the page: a worker's folder is the limit of its scope. */
async function workerConfig(app: string): Promise<InlineConfig> {
  return {
    configFile: false,
    root: WEB,
    publicDir: false,
    logLevel: 'warn',
    define: { SHELL: JSON.stringify(await shellOf(app)) },
    build: {
      outDir: join(DIST, app),
      emptyOutDir: false,
      target: 'es2023',
      reportCompressedSize: false,
      lib: { entry: join(WEB, 'kit', 'shell', 'worker.ts'), formats: ['es'], fileName: () => 'sw.js' },
    },
  };
}

/** Once, with all the patience that there is; served to whoever takes it. */
function compress(app: string): void {
  const folder = join(DIST, app);
  for (const name of globSync('**/*.{html,js,css,svg}', { cwd: folder })) {
    const bytes = readFileSync(join(folder, name));
    const compressed = brotliCompressSync(bytes);
    if (compressed.length < bytes.length) writeFileSync(join(folder, name + COMPRESSED), compressed);
  }
}

async function buildApps(builder: ViteBuilder): Promise<void> {
  const present = APPS.filter((app) => existsSync(join(WEB, app, 'index.html')));
  for (const app of present) {
    await build(appConfig(app));
    if (ON_PHONES.has(app)) await build(await workerConfig(app));
    compress(app);
  }
  // Vite would otherwise build this configuration itself, which is none of the apps.
  for (const environment of Object.values(builder.environments)) environment.isBuilt = true;
}

export default defineConfig({ builder: { buildApp: buildApps } });
