/**
 * The looks of the main screens are kept: what is seen of each, with its place, size and colours, and a picture of it.
 * A change that nobody meant is found here; one that was meant is kept with `npm run screens -- --looks`, and its diff
 * says in words what has changed. Everything is drawn in blocks instead of letters, so that no machine needs the fonts of another.
 *
 * Pictures are compared in the Chromium that they were taken in, by its first number, because another one may blur an
 * edge otherwise; what is said in words is compared in each.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { checkAccessible, missingBrowser, openPage } from '../browser.ts';
import { begin, UPRIGHT } from '../stand.ts';
import { drawn, openStage, STATES } from '../states.ts';
import { differences, pictureDifference } from './compare.ts';
import { type Look, readLook } from './read.ts';
import { builtKiosk, type Looks, openLooks, sameContext } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const KEPT = join(import.meta.dirname, 'kept');
const CHROMIUM = join(KEPT, 'chromium');
const renews = process.env.HOLDFAST_LOOKS === 'renew';
assert.ok(!renews || process.env.CI !== 'true', 'looks are kept by a person who has seen them');

const majorOf = (browser: Browser): string => browser.version().split('.')[0] ?? '';

/** Every difference from what is kept, or keeps what is seen. */
function compared(name: string, seen: Look, browser: Browser): string[] {
  const [words, picture] = [join(KEPT, `${name}.tsv`), join(KEPT, `${name}.png`)];
  if (renews) {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(words, `${seen.lines.join('\n')}\n`);
    writeFileSync(picture, seen.picture);
    writeFileSync(CHROMIUM, `${majorOf(browser)}\n`);
    return [];
  }
  assert.ok(existsSync(words) && existsSync(picture), `${name} is not kept yet: npm run screens -- --looks`);
  const found = differences(readFileSync(words, 'utf8').trimEnd().split('\n'), seen.lines);
  const isSameChromium = readFileSync(CHROMIUM, 'utf8').trim() === majorOf(browser);
  const pictured = isSameChromium ? pictureDifference(readFileSync(picture), seen.picture) : null;
  return [...found, ...(pictured === null ? [] : [pictured])].map((one) => `${name}: ${one}`);
}

type Scheme = 'light' | 'dark' | 'contrast';
const SCHEMES: Readonly<Record<Scheme, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  contrast: { colorScheme: 'light', contrast: 'more' },
};

/** The kiosk is always ink; its picture of a door is the same in high contrast as its other screens are. */
const AT_KIOSK: readonly { state: string; scheme: Scheme; begun?: true }[] = [
  { state: 'home', scheme: 'dark' },
  { state: 'home', scheme: 'contrast' },
  { state: 'home', scheme: 'dark', begun: true },
  { state: 'home-offline', scheme: 'dark' },
  { state: 'closed-lockdown', scheme: 'dark' },
  { state: 'size', scheme: 'dark' },
  { state: 'drop-off-open', scheme: 'dark' },
  { state: 'pick-up-ask', scheme: 'dark' },
  { state: 'pick-up-ask', scheme: 'contrast' },
  { state: 'pick-up-done', scheme: 'dark' },
];

test('the kiosk looks as it is kept', { skip }, async () => {
  const built = builtKiosk();
  const stage = await openStage(built.webDir);
  try {
    const found: string[] = [];
    for (const { state: name, scheme, begun } of AT_KIOSK) {
      const state = STATES.find((one) => one.name === name);
      assert.ok(state, name);
      // The bar of the seconds left is never twice as long.
      stage.showing({ show: state.show, more: { ...state.more, idleMs: null } });
      const context = await sameContext(stage.browser, {
        viewport: UPRIGHT,
        bypassCSP: true,
        ...SCHEMES[scheme],
      });
      const { page, errors } = await openPage(context, stage.url);
      await drawn(page, stage.url);
      if (begun) await begin(page);
      const kept = `kiosk-${name}${begun ? '-begun' : ''}-${scheme}`;
      found.push(...compared(kept, await readLook(page), stage.browser));
      assert.deepEqual(errors, [], kept);
      await context.close();
    }
    assert.deepEqual(found, []);
  } finally {
    await stage.browser.close();
    await stage.kiosk.stop();
    built.remove();
  }
});

let looks: Looks | null = null;
const opened = async (): Promise<Looks> => {
  looks ??= await openLooks();
  return looks;
};
after(() => looks?.close());

type Place = {
  name: string;
  at: string;
  shows: (page: Page) => Promise<void>;
  viewport: { width: number; height: number };
};
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const PLACES: readonly Place[] = [
  {
    name: 'resident',
    at: '/resident/',
    viewport: PHONE,
    shows: (page) => page.getByText('TBA123456789012').waitFor(),
  },
  {
    ...{ name: 'courier', at: '/courier/', viewport: PHONE },
    shows: (page) => page.getByRole('region', { name: 'South lobby' }).waitFor(),
  },
  {
    ...{ name: 'admin-sign-in', at: '/admin/', viewport: DESK },
    shows: (page) => page.getByLabel('Authenticator code').waitFor(),
  },
  { name: 'rig', at: '/rig/', viewport: DESK, shows: (page) => page.getByText('492 817').waitFor() },
];

for (const { name, at, shows, viewport } of PLACES)
  test(`${name}, light, dark and in high contrast, looks as it is kept`, { skip }, async () => {
    const { browser, url } = await opened();
    const found: string[] = [];
    for (const scheme of ['light', 'dark', 'contrast'] as const) {
      const context = await sameContext(browser, { viewport, ...SCHEMES[scheme] });
      // The rig counts seconds on its page; nothing else there waits for a period.
      if (name === 'rig') await context.addInitScript('window.setInterval = () => 0');
      const { page, errors } = await openPage(context, `${url}${at}`);
      await shows(page);
      await checkAccessible(page);
      found.push(...compared(`${name}-${scheme}`, await readLook(page), browser));
      assert.deepEqual(errors, [], scheme);
      await context.close();
    }
    assert.deepEqual(found, []);
  });

test('the comparison is awake: another colour, size or place is found in words, and in the picture', {
  skip,
}, async () => {
  const { browser, url } = await opened();
  const context = await sameContext(browser, { viewport: DESK, ...SCHEMES.light });
  const { page } = await openPage(context, `${url}/admin/`);
  await page.getByLabel('Authenticator code').waitFor();
  const before = await readLook(page);
  const again = await readLook(page);
  assert.deepEqual(differences(before.lines, again.lines), []);
  assert.equal(pictureDifference(before.picture, again.picture), null);
  const changes = [
    ['.k-button-go { background: #00724f }', /- button ".*on #00724b/],
    ['.k-button-go { min-height: 40px; height: 40px }', /- button "/],
    ['h1 { translate: 0 3px }', /- heading 1 "/],
    ['h1 { font-weight: 500 }', /- heading 1 ".*\/650\//],
  ] as const;
  for (const [rule, wanted] of changes) {
    const { lines } = await readAgain(page, rule);
    assert.match(differences(before.lines, lines).join('\n'), wanted, rule);
  }
  await page.evaluate(`document.querySelector('h1').style.background = '#d00'`);
  assert.match(
    pictureDifference(before.picture, await page.screenshot()) ?? '',
    /pixels of the picture differ/,
  );
  await context.close();
});

/** The page with one rule more, which is taken away again. */
async function readAgain(page: Page, rule: string): Promise<Look> {
  await page.evaluate(`document.head.insertAdjacentHTML('beforeend', '<style id="added"></style>')`);
  await page.evaluate(`document.getElementById('added').textContent = ${JSON.stringify(rule)}`);
  const look = await readLook(page);
  await page.evaluate(`document.getElementById('added').remove()`);
  return look;
}
