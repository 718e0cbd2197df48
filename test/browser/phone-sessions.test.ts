/**
 * Two people on one phone, in real Chromium: whoever signs in is the only one who is shown and kept, in the page that
 * opened the link and in those that stood open beside it; and who signs out is gone at once, whatever the line does.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { newToken } from '../../src/cloud/signin/sessions.ts';
import * as store from '../../src/cloud/signin/store.ts';
import { addResident } from '../../src/cloud/test-tenants.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { CUT, isKept, openPhones, type Phones, unlike } from './phones.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let phones: Phones;
let bruno: PersonId;
before(async () => {
  if (missingBrowser !== null) return;
  phones = await openPhones();
  const { alder, stand } = phones.http;
  const { tenant, site } = alder;
  bruno = await addResident(stand.cloud, { tenant, site, name: 'Bruno Birch' });
});
after(() => phones?.close());

/** The place of a link that signs in; Bruno, unless it says who. */
async function linkOf(person: PersonId = bruno): Promise<string> {
  const { alder, stand } = phones.http;
  const { token, tokenHash } = newToken(stand.cloud);
  const nowMs = stand.cloud.clock.nowMs();
  await stand.cloud.database.tenant(alder.tenant, (tx) =>
    store.insertLink(tx, { tokenHash, person, app: 'resident', nowMs }),
  );
  return `#token=${token}`;
}

const ADA = /Alder Ada|1ZTOLD|1ZHELD/;

/** From now on the page notes whatever of Ada is drawn in it, however short. */
async function watch(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(`(() => {
    window.drawn = [];
    const look = () => {
      const said = document.body.innerText.match(/${ADA.source}/g);
      if (said) window.drawn.push(...said);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  })()`);
  return async () => (await page.evaluate('window.drawn')) as string[];
}

/** A phone of Ada's, with all of her first page answered and kept. She came by a link, too: the cookie is the server's own. */
async function adas(before = ''): Promise<{ context: BrowserContext; page: Page; errors: string[] }> {
  const { context } = await phones.phone('resident');
  await context.clearCookies();
  if (before !== '') await context.addInitScript(before);
  const ada = phones.http.alder.people.resident;
  const opened = await phones.open(context, 'resident', await linkOf(ada));
  await opened.page.getByText('1ZTOLD').waitFor();
  await isKept(opened.page);
  return { context, ...opened };
}

const openLink = (page: Page, place: string) => page.evaluate(`location.hash = '${place}'`);
const isBrunos = (page: Page) => page.getByText('Bruno Birch').waitFor();

test('after a sign-in by link nothing of the one before is drawn, while nobody says yet who it is', {
  skip,
}, async () => {
  const { context, page, errors } = await adas();
  let say = (): void => {};
  const held = new Promise<void>((resolve) => {
    say = resolve;
  });
  await page.route('**/api/resident/me', async (route) => {
    await held;
    await route.continue();
  });
  const signedIn = page.waitForResponse((answer) => answer.url().endsWith('/sign-in'));
  await openLink(page, await linkOf());
  await signedIn;
  await page.getByText('1ZTOLD').waitFor({ state: 'detached' });
  const drawn = await watch(page);
  // Longer than a phone waits before it shows what it knew.
  await page.waitForTimeout(4_000);
  assert.doesNotMatch(await page.locator('body').innerText(), ADA);
  say();
  await isBrunos(page);
  await page.getByText('Nothing waits').waitFor();
  assert.deepEqual(await drawn(), []);
  assert.deepEqual(errors, []);
  await context.close();
});

test('nor when that question fails: the page says so, and asks again by itself', { skip }, async () => {
  const { context, page, errors } = await adas();
  await page.route('**/api/resident/me', (route) => route.abort());
  const signedIn = page.waitForResponse((answer) => answer.url().endsWith('/sign-in'));
  await openLink(page, await linkOf());
  await signedIn;
  await page.getByText('1ZTOLD').waitFor({ state: 'detached' });
  const drawn = await watch(page);
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), ADA);
  await page.unroute('**/api/resident/me');
  await isBrunos(page);
  assert.deepEqual(await drawn(), []);
  assert.deepEqual(unlike(errors, CUT), []);
  await context.close();
});

test('a page that stands open beside it shows who signed in, and what the phone keeps is theirs', {
  skip,
}, async () => {
  const { context, page } = await adas();
  const beside = await phones.open(context, 'resident', await linkOf());
  await isBrunos(beside.page);
  // Sooner than it asks by itself.
  await page.getByText('Bruno Birch').waitFor({ timeout: 10_000 });
  await page.getByText('Nothing waits').waitFor();
  await isKept(page);
  await beside.page.close();
  await phones.setOffline(context, true);
  await page.reload();
  await page.getByText('This is not current').waitFor();
  await isBrunos(page);
  assert.doesNotMatch(await page.locator('body').innerText(), ADA);
  await context.close();
});

test('a page that has not heard of it is answered nothing: it asks anew who is signed in', {
  skip,
}, async () => {
  // It is deaf: without a channel, and its store says nothing.
  const { context, page } = await adas(
    'delete window.BroadcastChannel; Storage.prototype.setItem = () => { throw new Error("full"); }',
  );
  const beside = await phones.open(context, 'resident', await linkOf());
  await isBrunos(beside.page);
  await isKept(beside.page);
  const drawn = await page.evaluate('document.body.innerText');
  assert.match(String(drawn), ADA, 'it is deaf');
  const refused = page.waitForResponse(async (answer) => answer.status() === 401);
  await page.getByRole('link', { name: 'History' }).click();
  assert.match(await (await refused).text(), /session-another/);
  await isBrunos(page);
  assert.doesNotMatch(await page.locator('body').innerText(), ADA);
  await context.close();
});

test('signed out on a line that carries nothing, the phone shows nothing at once and tells the server later', {
  skip,
}, async () => {
  const { context, page } = await adas();
  await page.route('**/api/resident/sign-out', () => {});
  const asked = page.waitForRequest('**/api/resident/sign-out');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor({ timeout: 3_000 });
  assert.doesNotMatch(await page.locator('body').innerText(), ADA);
  await asked;
  await page.getByRole('status').getByText('You are signed out on this phone').waitFor({ timeout: 12_000 });
  assert.equal(await page.evaluate(`localStorage.getItem('holdfast/resident/leaving')`), '1');
  await page.unroute('**/api/resident/sign-out');
  await page.getByText('You are signed out on this phone').waitFor({ state: 'detached' });
  await waitFor({
    clock: systemClock,
    what: 'the server to be told',
    msMax: 20_000,
    holds: async () => (await page.evaluate('localStorage.length')) === 0,
  });
  await context.close();
});

test('a link that nobody has answered is not called wrong, and can be tried again', { skip }, async () => {
  const { context } = await phones.phone('resident');
  await context.clearCookies();
  const { page } = await phones.open(context, 'resident');
  await page.getByLabel('Email').waitFor();
  await page.route('**/api/resident/sign-in', (route) => route.abort());
  await openLink(page, await linkOf());
  const alert = page.getByRole('alert').filter({ hasText: 'You are not signed in yet' });
  await alert.waitFor();
  assert.equal(await page.getByText('This link did not work').count(), 0);
  await checkAccessible(page);
  await shot(page, 'resident-link-unanswered');
  await page.unroute('**/api/resident/sign-in');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await isBrunos(page);
  await context.close();
});
