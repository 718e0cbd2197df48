/**
 * The built apps before answers that are always the same, in a browser whose clock, place and chance are, too. The
 * kiosk has its own server, with views of the test's choice.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { editNamed } from '../../sabotage/edits.ts';
import { ROOT } from '../../site.ts';
import { openBrowser } from '../browser.ts';
import { ANSWERS, NOW_MS, RIG_STATE, ZONE } from './answers.ts';

const DIST = join(ROOT, 'web', 'dist');
const TYPES: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' },
  ...{ '.png': 'image/png', '.webmanifest': 'application/manifest+json' },
};

export type Looks = { browser: Browser; url: string; close(): Promise<void> };

export async function openLooks(): Promise<Looks> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const canned = ANSWERS[pathname];
    if (pathname === '/events') return streamRig(response);
    if (canned) {
      response.writeHead(canned.status, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(canned.body));
    }
    const file = join(DIST, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    if (!file.startsWith(DIST) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser();
  return {
    browser,
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function streamRig(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`event: state\ndata: ${JSON.stringify(RIG_STATE)}\n\n`);
}

/** Chance that is the same each time: a linear congruence (Knuth, The Art of Computer Programming, volume 2, 3.2.1). */
const SAME_CHANCE = `(() => {
  let at = 7;
  crypto.getRandomValues = (values) => {
    for (let one = 0; one < values.length; one++) {
      at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
      values[one] = at >>> 8;
    }
    return values;
  };
})()`;

/** A browser that is the same everywhere and always. */
export async function sameContext(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext({
    // Half the size: a picture is there to find what words do not say, and is kept for good.
    ...{
      deviceScaleFactor: 0.5,
      locale: 'en-GB',
      timezoneId: ZONE,
      serviceWorkers: 'block',
      reducedMotion: 'reduce',
      ...options,
    },
  });
  await context.addInitScript(SAME_CHANCE);
  await context.clock.setFixedTime(NOW_MS);
  return context;
}

/**
 * The kiosk's page as it is built. A sabotage of its sources is built here, because a page is no module of this
 * process; the edit is made in a copy, so that nothing of the checkout changes.
 */
export function builtKiosk(): { webDir: string; remove(): void } {
  const name = process.env.HOLDFAST_SABOTAGE;
  const edit = name === undefined ? null : editNamed(name);
  if (edit === null || !edit.file.startsWith('web/')) return { webDir: join(DIST, 'kiosk'), remove() {} };
  const copy = join(ROOT, '.holdfast', `looks-${process.pid}`);
  for (const part of ['web/kit', 'web/kiosk', 'web/vite.config.ts', 'src/contract', 'src/domain'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  const target = join(copy, edit.file);
  const text = readFileSync(target, 'utf8');
  if (text.split(edit.find).length !== 2)
    throw new Error(`the edit "${edit.name}" does not match ${edit.file} exactly once`);
  writeFileSync(
    target,
    text.replace(edit.find, () => edit.replace),
  );
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', 'web', '--config', join('web', 'vite.config.ts'), '--configLoader', 'native'];
  const built = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (built.status !== 0)
    throw new Error(`the edited kiosk cannot be built:\n${built.stdout}${built.stderr}`);
  process.stderr.write(`sabotaged: ${edit.name}\n`);
  return {
    webDir: join(copy, 'web', 'dist', 'kiosk'),
    remove: () => rmSync(copy, { recursive: true, force: true }),
  };
}
