/** The admin app in German in real Chromium: chosen by keyboard, kept over a reload, whole on every page, nothing that axe finds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TABLES } from '../../web/admin/languages.ts';
import { SECTIONS } from '../../web/admin/routes.ts';
import { german } from '../../web/admin/words/de.ts';
import type { Text } from '../../web/kit/words.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const textsOf = (which: 'base' | 'german'): Set<string> =>
  new Set(TABLES.flatMap((table) => Object.values<Text>(table[which]).flatMap(formsOf)));
/** English texts that no German one is alike, and that stand on a page as they stand in the table. */
const ENGLISH = [...textsOf('base')].filter((text) => !textsOf('german').has(text) && !text.includes('{'));

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
});
after(() => stand?.close());

test('an administrator chooses German with the keyboard; every page speaks it, again after a reload, and English comes back', {
  skip,
}, async () => {
  const { page } = stand;
  await page.goto(stand.url('#/overview'));
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('group', { name: 'Language' }).getByRole('button', { name: 'English' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const heading = (section: keyof typeof german) =>
    page.getByRole('heading', { level: 1, name: String(german[section]), exact: true });
  await heading('section.overview').waitFor();
  assert.equal(await page.evaluate('document.documentElement.lang'), 'de');
  await page.reload();
  for (const section of SECTIONS) {
    await page.goto(stand.url(`#/${section}`));
    await heading(`section.${section}`).waitFor();
    await page.getByText('Wird geladen …').first().waitFor({ state: 'detached' });
    const lines = new Set((await page.locator('body').innerText()).split('\n').map((line) => line.trim()));
    assert.deepEqual(
      ENGLISH.filter((text) => lines.has(text)),
      [],
      `${section} speaks English`,
    );
    await checkAccessible(page);
    await page.setViewportSize({ width: 320, height: 800 });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.equal(width, 320, `${section} runs out of a narrow page`);
    await page.setViewportSize({ width: 1280, height: 1000 });
    if (section === 'overview' || section === 'people') await shot(page, `admin-de-${section}`);
  }
  await page.getByRole('group', { name: 'Sprache' }).getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Journal' }).waitFor();
  assert.deepEqual(stand.errors, []);
});
