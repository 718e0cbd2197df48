/**
 * One command builds every app, each in a build of its own, so that no app's bundle can hold another's
 * code: `vite build web --config web/vite.config.ts` writes `web/dist/<app>/`.
 *
 * Bases are relative: an app does not know under which path or port it is served.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type InlineConfig, type ViteBuilder } from 'vite';

const WEB = import.meta.dirname;
const DIST = join(WEB, 'dist');
const APPS = ['start', 'resident', 'courier', 'admin', 'kiosk', 'rig'];

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

async function buildApps(builder: ViteBuilder): Promise<void> {
  const present = APPS.filter((app) => existsSync(join(WEB, app, 'index.html')));
  for (const app of present) await build(appConfig(app));
  // Vite would otherwise build this configuration itself, which is none of the apps.
  for (const environment of Object.values(builder.environments)) environment.isBuilt = true;
}

export default defineConfig({ builder: { buildApp: buildApps } });
