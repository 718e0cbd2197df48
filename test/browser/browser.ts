/** Chromium for tests: found by role and label, checked by axe, with its pictures kept. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ROOT } from '../site.ts';

const PROGRAM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Why the browser tests cannot run here, or null. */
export const missingBrowser = existsSync(PROGRAM) ? null : 'NOT RUN: chromium';

export async function openBrowser(program = PROGRAM): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: FLAGS });
}

/**
 * A browser whose tabs are hidden behind the one in front, as everybody's are. Playwright tells each page of its own that
 * it is in sight; of one that it is connected to it leaves the first context alone.
 */
export async function openTabs(): Promise<{ context: BrowserContext; close(): Promise<void> }> {
  const port = await freePort();
  const launched = await chromium.launch({
    executablePath: PROGRAM,
    args: [...FLAGS, `--remote-debugging-port=${port}`],
  });
  const connected = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const [context] = connected.contexts();
  assert.ok(context);
  return {
    context,
    async close() {
      await connected.close();
      await launched.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export type Watched = { page: Page; errors: string[] };

/** A page whose console errors and failed scripts are kept, since a journey must have none. */
export async function openPage(context: BrowserContext, url: string): Promise<Watched> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    // An app begins by asking who is signed in; “nobody” is an answer that the browser calls an error.
    const asksWho = message.location().url.endsWith('/me') && message.text().includes('401');
    if (message.type() === 'error' && !asksWho)
      errors.push(`${page.url()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`));
  await page.goto(url);
  return { page, errors };
}

const SHOTS = join(ROOT, '.holdfast', 'screens');

export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled' });
}

type Violation = { id: string; help: string; nodes: { target: string[] }[] };

/** WCAG 2.2 A and AA, as far as axe can see. */
export async function checkAccessible(page: Page, { colours = true } = {}): Promise<void> {
  // The page's own policy allows no inline script, so axe comes in over the debugging protocol.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(readFileSync(AXE, 'utf8'));
  // Halfway through a change of colour no pair of colours is one that anybody chose.
  await page.evaluate(`Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => {}))).then(() => {})`);
  const options = {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    // The slowest rule by far, for who has the same colours checked elsewhere.
    ...(!colours && { rules: { 'color-contrast': { enabled: false } } }),
  };
  const violations = (await page.evaluate(
    `axe.run(${JSON.stringify(options)}).then((r) => r.violations)`,
  )) as Violation[];
  assert.deepEqual(
    violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((node) => node.target.join(' ')) })),
    [],
  );
}
