/**
 * The journey of one parcel in real Chromium, at the screens that people use: rig, kiosk, admin. Every screen
 * passes axe, no page logs an error, and the pictures are kept in .holdfast/screens.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { utf8 } from '../../src/crypto/bytes.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { recordsFor } from '../../src/domain/receipt.ts';
import { receiptSchema } from '../../src/ledger/receipt.ts';
import { parseRecord } from '../../src/ledger/record.ts';
import { ROOT, startSite } from '../site.ts';
import { checkAccessible, missingBrowser, openBrowser, openPage, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const TRACKING = '1Z999AA10123456784';
/** Slower than a scanner, so that keys count as typed. */
const TYPED = { delay: 90 };

async function open() {
  const site = await startSite();
  const browser = await openBrowser();
  const { urls } = site.system.run;
  const wide = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const portrait = await browser.newContext({ viewport: { width: 800, height: 1280 } });
  const rig = await openPage(wide, urls.rig);
  const kiosk = await openPage(portrait, urls.kiosk);
  return { site, browser, wide, urls, rig, kiosk };
}

const stage = missingBrowser === null ? await open() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.site.stop();
});

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) }).click();
}

/** A page of the kiosk that is just being replaced is inert; keys typed into it would be lost. */
async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.locator('body > div > :not([inert])').getByRole('heading', { level: 1, name }).waitFor();
}

async function typeDigits(page: Page, digits: string): Promise<void> {
  for (const digit of digits) await press(page, digit);
}

/** Which door the kiosk speaks of. */
async function doorOn(page: Page): Promise<number> {
  const drawing = await page.getByRole('img', { name: /Your door is \d+/ }).getAttribute('aria-label');
  return Number(/Your door is (\d+)/.exec(drawing ?? '')?.[1]);
}

test('a courier drops off with taps', { skip: missingBrowser ?? false }, async () => {
  assert.ok(stage);
  const { rig, kiosk, site } = stage;
  await heading(kiosk.page, 'Collect a parcel');
  await checkAccessible(kiosk.page);
  await shot(kiosk.page, 'kiosk-home');
  await checkAccessible(rig.page);
  await shot(rig.page, 'rig');
  await press(rig.page, 'Scan badge at the kiosk');
  const { code } = site.seeded.signIns.courier;
  await heading(kiosk.page, 'Choose your courier code');
  await checkAccessible(kiosk.page);
  await shot(kiosk.page, 'kiosk-courier-code');
  await typeDigits(kiosk.page, code);
  await press(kiosk.page, 'Next');
  await typeDigits(kiosk.page, code);
  await press(kiosk.page, 'Sign in');
  await kiosk.page.getByLabel('Tracking number').fill(TRACKING);
  await shot(kiosk.page, 'kiosk-tracking');
  await press(kiosk.page, 'Next');
  await kiosk.page.getByLabel('Flat').fill(site.seeded.signIns.resident.flat);
  await press(kiosk.page, 'Find');
  await kiosk.page.getByRole('button', { name: /^Medium/ }).waitFor();
  await checkAccessible(kiosk.page);
  await shot(kiosk.page, 'kiosk-size');
  await press(kiosk.page, /^Medium/);
  await kiosk.page.getByRole('img', { name: /Your door is \d+/ }).waitFor();
  const n = await doorOn(kiosk.page);
  await heading(kiosk.page, new RegExp(`Door ${n} is open`));
  await checkAccessible(kiosk.page);
  await shot(kiosk.page, 'kiosk-drop-off');
  await press(rig.page, `Put a parcel in door ${n}`);
  await press(rig.page, `Close door ${n}`);
  await press(kiosk.page, 'Yes, it is inside');
  await heading(kiosk.page, /is safe/);
  await shot(kiosk.page, 'kiosk-drop-off-done');
  await press(kiosk.page, 'I am finished');
  await heading(kiosk.page, 'Collect a parcel');
});

test('the recipient types the PIN from the phone, takes the parcel and says so', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { rig, kiosk, site } = stage;
  const { pin } = await site.people.pinFrom('sms', site.seeded.signIns.resident.phone, 0);
  await site.people.pinFrom('email', site.seeded.signIns.resident.email, 0);
  await shot(rig.page, 'rig-phone');
  await kiosk.page.keyboard.type(pin, TYPED);
  await kiosk.page.keyboard.press('Enter');
  await kiosk.page.getByRole('img', { name: /Your door is \d+/ }).waitFor();
  const n = await doorOn(kiosk.page);
  await heading(kiosk.page, new RegExp(`Door ${n} is open`));
  await checkAccessible(kiosk.page);
  await shot(kiosk.page, 'kiosk-pick-up');
  await press(rig.page, `Take the parcel out of door ${n}`);
  await press(rig.page, `Close door ${n}`);
  await press(kiosk.page, 'Yes, I have it');
  await heading(kiosk.page, 'Thank you');
  await shot(kiosk.page, 'kiosk-pick-up-done');
  await press(kiosk.page, 'Back to the start');
  await heading(kiosk.page, 'Collect a parcel');
  await kiosk.page.keyboard.type(pin, TYPED);
  await kiosk.page.keyboard.press('Enter');
  await kiosk.page.getByRole('alert').waitFor();
  await shot(kiosk.page, 'kiosk-code-dead');
});

test('the administrator signs in with password and code, and reads who had the parcel and when', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { wide, urls, rig, site } = stage;
  const { admin } = site.seeded.signIns;
  await site.drained();
  const { page, errors } = await openPage(wide, urls.admin);
  await checkAccessible(page);
  await shot(page, 'admin-sign-in');
  await page.getByLabel('Email').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  const totp = (await (await fetch(`${urls.rig}totp`)).json()) as { code: string };
  await page.getByLabel('Authenticator code').fill(totp.code);
  await press(page, 'Sign in');
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Banks' }).click();
  await page.getByRole('group', { name: /^Doors of/ }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-banks');
  await page.getByRole('link', { name: 'Parcels', exact: true }).click();
  await page.getByRole('link', { name: TRACKING }).click();
  await heading(page, `Parcel ${TRACKING}`);
  const timeline = page.getByRole('list', { name: 'Custody timeline' });
  await timeline.waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-parcel');
  const text = await timeline.innerText();
  assert.match(text, new RegExp(site.seeded.signIns.courier.name), 'the courier is named');
  assert.match(await page.getByRole('region', { name: 'What checks out' }).innerText(), /site root/);
  await page.getByRole('link', { name: 'Rosters' }).click();
  await heading(page, 'Rosters');
  await checkAccessible(page);
  await shot(page, 'admin-rosters');
  assert.deepEqual(errors, []);
  assert.deepEqual(rig.errors, []);
  assert.deepEqual(stage.kiosk.errors, []);
  await site.checkSite();
});

/** What a real bank recorded, as its recipient took it away and a stranger checks it; and as its courier would get it. */
function checkReceipt({ system }: NonNullable<typeof stage>['site'], path: string): void {
  const key = join(system.places.root, 'site-root.pub');
  const args = [join(ROOT, 'verify', 'verify.mjs'), 'receipt', path, '--root-key', key];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const records = receiptSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).entries.map(({ record }) => {
    const parsed = parseRecord(utf8(record));
    assert.ok(parsed.ok);
    return parsed.record;
  });
  assert.ok(records.some(({ kind }) => kind === 'parcel.collected'));
  const nobody = idFrom('person', new Uint8Array(16));
  const ofCourier = records.slice(0, recordsFor({ is: 'courier', person: nobody }, records));
  assert.ok(ofCourier.some(({ kind }) => kind === 'parcel.deposited'));
  const last = ofCourier.at(-1);
  assert.deepEqual([last?.kind, last?.facts.work], ['session.ended', 'drop-off']);
}

test('resident and courier apps ask for an address and sign in by the link in the mail', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { browser, urls, site } = stage;
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const { page, errors } = await openPage(phone, urls.resident);
  await checkAccessible(page);
  await shot(page, 'resident-sign-in');
  await page.getByLabel(/Email/).fill(site.seeded.signIns.resident.email);
  await page.getByRole('button', { name: /link/i }).click();
  const link = await site.people.linkFrom(site.seeded.signIns.resident.email);
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await checkAccessible(page);
  await shot(page, 'resident');
  await page.getByRole('link', { name: 'History' }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), press(page, `Receipt for ${TRACKING}`)]);
  await page.getByRole('status').getByText('The receipt is downloaded').waitFor();
  checkReceipt(site, await file.path());
  assert.deepEqual(errors, []);
  const start = await openPage(phone, urls.start);
  await checkAccessible(start.page);
  await shot(start.page, 'start');
  assert.deepEqual(start.errors, []);
});
