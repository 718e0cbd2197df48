/**
 * By keyboard alone, and each time the act takes away what had the focus: it goes to where the outcome is said, and is
 * never lost. Without that a browser begins at the top of the document again, and a screen reader says nothing.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../../rig/test-rig.ts';
import { type AdminStand, focusOf, openAdminStand, tabTo } from './admin-stand.ts';
import { missingBrowser } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;
const stand = (missingBrowser === null ? await openAdminStand() : null) as AdminStand;
after(() => stand?.close());

const heading = (name: string | RegExp) => stand.page.getByRole('heading', { level: 1, name }).waitFor();
/** Asked from outside: the pages' own policy lets nobody evaluate a text inside. */
const isAt = (name: RegExp) => until(async () => name.test(await focusOf(stand.page)));

async function enter(name: RegExp): Promise<void> {
  await tabTo(stand.page, name);
  await stand.page.keyboard.press('Enter');
}

test('a resident is added and removed: the button has the focus again, and then the heading', {
  skip,
}, async () => {
  const { page, url } = stand;
  await page.goto(url('#/people'));
  await heading('People');
  await enter(/^Add a resident$/);
  const dialog = page.getByRole('dialog');
  for (const [label, text] of [
    ['Name', 'Zed Key'],
    ['Flat', '98'],
    ['Email', 'zed@residents.example'],
  ] as const) {
    await dialog.getByLabel(label, { exact: true }).focus();
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await isAt(/^Add a resident$/);
  await enter(/^Remove Zed Key$/);
  await dialog.waitFor();
  await enter(/^Remove$/);
  await dialog.waitFor({ state: 'hidden' });
  await isAt(/^People$/);
});

test('a badge is put away', { skip }, async () => {
  const { page, url } = stand;
  await page.goto(url('#/couriers'));
  await heading('Couriers');
  await enter(/^Add a courier$/);
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).focus();
  await page.keyboard.type('Kay Courier');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await isAt(/^Add a courier$/);
  await enter(/^I have printed it$/);
  await isAt(/^Couriers$/);
});

test('a schedule of retention is set', { skip }, async () => {
  const { page, url } = stand;
  await page.goto(url('#/retention'));
  await heading('Retention');
  await page.getByLabel('Days after moving out').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('3000');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Erase after 3000 days' }).waitFor();
  await enter(/^Erase after 3000 days$/);
  await isAt(/^Retention$/);
});

test('a door chosen among all banks keeps the focus on the page of its own bank', { skip }, async () => {
  const { page, url, bank } = stand;
  await page.goto(url('#/banks'));
  await heading('Banks');
  await page
    .getByRole('button', { name: /^Door 1, size/ })
    .first()
    .waitFor();
  await tabTo(page, /^Door 1, size/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 3, name: 'Door 2' }).waitFor();
  assert.match(new URL(page.url()).hash, /^#\/banks\/[^/]+\/2$/, bank.bank);
  await isAt(/^Door 2, size/);
});

test('another language leaves the focus where it was chosen, and signing out leads to the heading', {
  skip,
}, async () => {
  const { page } = stand;
  await enter(/^Deutsch$/);
  await heading('Anlagen');
  assert.match(await focusOf(page), /^Deutsch$/);
  await enter(/^English$/);
  await heading('Banks');
  await enter(/^Sign out$/);
  await page.getByLabel('Authenticator code').waitFor();
  await isAt(/^Sign in to Holdfast$/);
});
