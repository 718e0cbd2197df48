/**
 * `npm run screens`: the pictures in docs/screens, taken anew. They are what the tests in Chromium see while they walk
 * the journey, and nothing is drawn for them: this runs those tests and keeps the pictures that the documents show.
 *
 * `npm run screens -- --looks` keeps anew how the main screens look (test/browser/looks/kept), as a test will find them
 * from then on: look at the diff, which says in words what has changed, before you commit it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from './peers.ts';

const ROOT = join(import.meta.dirname, '..');
const TAKEN = join(ROOT, '.holdfast', 'screens');
const KEPT = join(ROOT, 'docs', 'screens');

const WALKS = [
  'test/browser/journey.test.ts',
  'test/browser/kiosk-languages.test.ts',
  'test/browser/admin.test.ts',
  'test/browser/phone-offline.test.ts',
  'test/browser/phone-pages.test.ts',
  'test/browser/rig-tour.test.ts',
];
const LOOKS = 'test/browser/looks/looks.test.ts';

/** Scripts of the kiosk's languages, by fontconfig's names: without a font for one its button is a row of empty boxes. */
const SCRIPTS = ['zh-cn', 'ar'] as const;
const SHOWN = [
  'kiosk-home',
  'kiosk-size',
  'kiosk-drop-off',
  'kiosk-pick-up',
  'kiosk-ar-pick-up-open',
  'rig-tour-badge',
  'rig-tour-pin',
  'resident-en-first',
  'resident-offline',
  'courier-en-first',
  'admin-overview-whole',
  'admin-usage',
  'admin-count',
  'admin-parcel',
] as const;

async function walk(tests: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  const env = { ...process.env, HOLDFAST_PEERS: 'chromium', ...more };
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...tests], {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}

function scriptsWithoutFont(): string[] {
  return SCRIPTS.filter((script) => {
    const { status, stdout } = spawnSync('fc-list', [`:lang=${script}`, 'file'], { encoding: 'utf8' });
    return status !== 0 || stdout.trim() === '';
  });
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { looks: { type: 'boolean', default: false } } });
  if (!findProgram(['chromium', 'chromium-browser', 'google-chrome'], process.env.PATH ?? '')) {
    console.log('screens: Chromium is needed and was not found; on Debian: apt-get install chromium');
    return 1;
  }
  if (values.looks) return await walk([LOOKS], { HOLDFAST_LOOKS: 'renew' });
  const without = scriptsWithoutFont();
  if (without.length > 0) {
    console.log(
      `screens: no font for ${without.join(', ')}; docs/reference/languages.md names Debian's packages`,
    );
    return 1;
  }
  for (const name of SHOWN) rmSync(join(TAKEN, `${name}.png`), { force: true });
  console.log(`screens: walking ${WALKS.join(', ')} in Chromium, about six minutes …`);
  const status = await walk(WALKS);
  if (status !== 0) {
    console.log('screens: a walk failed, so no picture was replaced');
    return status;
  }
  mkdirSync(KEPT, { recursive: true });
  for (const name of SHOWN) copyFileSync(join(TAKEN, `${name}.png`), join(KEPT, `${name}.png`));
  console.log(`screens: ${SHOWN.length} pictures in docs/screens`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
