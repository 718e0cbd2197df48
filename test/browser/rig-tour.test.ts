/**
 * The guided tour, walked as a newcomer walks it: at the rig's page by keys alone, at the kiosk's page with taps,
 * in a whole system. No step is pressed on; each has to have happened.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startSite } from '../site.ts';
import { checkAccessible, missingBrowser, openBrowser, openPage, shot } from './browser.ts';
import { heading, press, TYPED, tapDigits } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

async function open() {
  const site = await startSite();
  const browser = await openBrowser();
  const { urls } = site.system.run;
  const desk = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  const upright = await browser.newContext({ viewport: { width: 800, height: 1280 } });
  const rig = await openPage(desk, urls.rig);
  const kiosk = await openPage(upright, urls.kiosk);
  return { site, browser, urls, rig, kiosk };
}

const stage = missingBrowser === null ? await open() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.site.stop();
});

/** Waits until the tour stands at a step and says so. */
async function stands(page: Page, title: string, says: string | RegExp = ''): Promise<void> {
  const tour = page.getByRole('region', { name: 'Guided tour' });
  const steps = tour.getByRole('list', { name: 'Steps of the tour' });
  await steps.locator('[aria-current=step]').filter({ hasText: title }).waitFor();
  await tour
    .getByRole('status')
    .filter({ hasText: `: ${title}.` })
    .filter({ hasText: says })
    .waitFor();
}

const focusedName = (page: Page) =>
  page.evaluate(
    `document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText.trim()`,
  );

/**
 * Follows the tour's own pointer to the control, and presses that; keys only. That Tab comes to the tour's buttons
 * is tested on the page by itself: here a kiosk waits no longer than a minute.
 */
async function follow(page: Page, control: string): Promise<void> {
  await page.locator('[data-pointed]').waitFor();
  await page.getByRole('button', { name: 'Show me where' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await focusedName(page), control);
  await page.keyboard.press('Enter');
}

async function doorOn(page: Page): Promise<number> {
  const drawing = await page.getByRole('img', { name: /Your door is \d+/ }).getAttribute('aria-label');
  return Number(/Your door is (\d+)/.exec(drawing ?? '')?.[1]);
}

test('the tour leads a courier from the badge to the parcel behind its door', { skip }, async () => {
  assert.ok(stage);
  const { rig, kiosk, site, urls } = stage;
  const { courier, resident } = site.seeded.signIns;
  await heading(kiosk.page, 'Collect a parcel');
  await stands(rig.page, 'Badge', courier.name);
  const moves = await rig.page
    .locator('[data-pointed]')
    .evaluate((one) => one.ownerDocument.defaultView?.getComputedStyle(one).animationName);
  assert.equal(moves, 'none', 'who wants less motion gets none');
  await checkAccessible(rig.page);
  await shot(rig.page, 'rig-tour-badge');
  await follow(rig.page, 'Scan badge at the kiosk');
  await stands(rig.page, 'Code', courier.code);
  const way = rig.page
    .getByRole('region', { name: 'Guided tour' })
    .getByRole('link', { name: 'Open the kiosk' });
  assert.equal(await way.getAttribute('href'), urls.kiosk);
  await tapDigits(kiosk.page, courier.code);
  await press(kiosk.page, 'Next');
  await stands(rig.page, 'Code');
  await tapDigits(kiosk.page, courier.code);
  await press(kiosk.page, 'Sign in');
  await stands(rig.page, 'Label');
  await rig.page.reload();
  await stands(rig.page, 'Label');
  await follow(rig.page, 'Scan label at the kiosk');
  await stands(rig.page, 'Flat and size', resident.flat);
  await kiosk.page.getByLabel('Flat').fill(resident.flat);
  await press(kiosk.page, 'Find');
  await press(kiosk.page, /^Medium/);
  await stands(rig.page, 'Put in', 'Put the parcel in');
  const n = await doorOn(kiosk.page);
  await shot(rig.page, 'rig-tour-put-in');
  await follow(rig.page, `Put a parcel in door ${n}`);
  await stands(rig.page, 'Put in', `Push door ${n} shut`);
  await follow(rig.page, `Close door ${n}`);
  await stands(rig.page, 'Put in', 'say that the parcel is inside');
  await press(kiosk.page, 'Yes, it is inside');
  await heading(kiosk.page, /is safe/);
});

test('the phone’s message brings it to the pick-up, and the person’s word to the record', {
  skip,
}, async () => {
  assert.ok(stage);
  const { rig, kiosk, site, urls } = stage;
  await stands(rig.page, 'PIN', site.seeded.signIns.resident.name);
  await rig.page.reload();
  await stands(rig.page, 'PIN');
  await press(kiosk.page, 'I am finished');
  await heading(kiosk.page, 'Collect a parcel');
  const { pin } = await site.people.pinFrom('sms', site.seeded.signIns.resident.phone, 0);
  await site.people.pinFrom('email', site.seeded.signIns.resident.email, 0);
  await checkAccessible(rig.page);
  await shot(rig.page, 'rig-tour-pin');
  await kiosk.page.keyboard.type(pin, TYPED);
  await kiosk.page.keyboard.press('Enter');
  await stands(rig.page, 'Take out', 'Take the parcel out');
  const n = await doorOn(kiosk.page);
  await follow(rig.page, `Take the parcel out of door ${n}`);
  await stands(rig.page, 'Take out', `Push door ${n} shut`);
  await follow(rig.page, `Close door ${n}`);
  await stands(rig.page, 'Take out', 'say that you have it');
  await press(kiosk.page, 'Yes, I have it');
  await stands(rig.page, 'Record');
  await checkAccessible(rig.page);
  await shot(rig.page, 'rig-tour-record');
  const below = await rig.page.evaluate(`document.documentElement.scrollHeight - innerHeight`);
  assert.equal(below, 0, 'the whole page is on the screen at the last step, too');
  const tour = rig.page.getByRole('region', { name: 'Guided tour' });
  const way = tour.getByRole('link', { name: 'Open the administration' });
  assert.equal(await way.getAttribute('href'), urls.admin);
  await rig.page.getByRole('button', { name: 'Finish the tour' }).focus();
  await rig.page.keyboard.press('Enter');
  await tour.getByRole('list').waitFor({ state: 'detached' });
  await rig.page.reload();
  await rig.page.getByRole('button', { name: 'Guided tour' }).waitFor();
  assert.equal(await tour.getByRole('list').count(), 0);
  assert.deepEqual(rig.errors, []);
  assert.deepEqual(kiosk.errors, []);
  await site.checkSite();
});
