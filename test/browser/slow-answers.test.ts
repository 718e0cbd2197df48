/**
 * A cloud that answers late, or whose stream of news is cut: each page says so, how old what it shows may be, and what
 * to do, instead of a word that never changes. In real Chromium; the answers are held back between page and cloud.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { openPhones, type Phones } from './phones.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
let phones: Phones;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  phones = await openPhones();
});
after(async () => {
  await stand?.close();
  await phones?.close();
});

const SLOW = /^Loading… This takes longer than usual\. It goes on by itself/;

test('the admin app says that an answer takes long, and shows it when it comes', { skip }, async () => {
  const { page } = stand;
  let answer = (): void => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/admin/couriers*', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(stand.url('#/couriers'));
  const waiting = page.getByRole('status').filter({ hasText: 'Loading…' });
  await waiting.waitFor();
  assert.equal(await page.getByText(SLOW).count(), 0, 'a usual wait is no news');
  await page.getByRole('status').filter({ hasText: SLOW }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-slow');
  answer();
  await waiting.waitFor({ state: 'detached' });
  await page.unroute('**/api/admin/couriers*');
});

test('the admin app whose news are cut says since when, and that banks go on', { skip }, async () => {
  const { page } = stand;
  await page.route('**/api/admin/events', (route) => route.abort());
  await page.reload();
  const cut = page.getByRole('status').filter({ hasText: 'Live updates are interrupted' });
  await cut.getByText(/^What you see may be as old as \d\d:\d\d:\d\d\. Banks go on working/).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-not-live');
  await page.unroute('**/api/admin/events');
  await cut.waitFor({ state: 'detached' });
});

test('a phone on a poor line is told that it takes long', { skip }, async () => {
  const { context } = await phones.phone('resident');
  const { page } = await phones.open(context, 'resident');
  await page.getByText(/^1ZTOLD$/).waitFor();
  await page.route('**/api/resident/parcels?part=past*', () => {});
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('status').filter({ hasText: SLOW }).waitFor();
  await shot(page, 'resident-slow');
  await context.close();
});
