/**
 * Each page of the phone apps, in real Chromium: what it says, by keyboard alone, in each language, on the narrowest
 * phone and under letters of twice the size; whole, accessible, and without an error. Pictures are kept in
 * .holdfast/screens; nothing looks at glyphs, so a machine without the fonts of a script tests as well as one with them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { LANGUAGE_CODES, LANGUAGES } from '../../web/kit/languages.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { type App, cutOff, openPhones, type Phones, tabTo } from './phones.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let phones: Phones;
before(async () => {
  if (missingBrowser === null) phones = await openPhones();
});
after(() => phones?.close());

const PLACES = {
  resident: ['#/', '#/history', '#/preferences'],
  courier: ['#/', '#/back', '#/history', '#/language'],
} as const satisfies Record<App, readonly string[]>;
const APPS = Object.keys(PLACES) as App[];
/** What is kept as a picture: both directions, and a language of long words. */
const PICTURED: ReadonlySet<string> = new Set(['en', 'ar', 'de']);

async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  // Asked from outside: the pages' own policy lets nobody evaluate a text inside.
  for (let tries = 0; tries < 200; tries++) {
    if (!(await page.locator('main').innerText()).includes('…')) return;
    await page.waitForTimeout(50);
  }
  assert.fail('the page still waits for something');
}

test('a resident sees what waits where, how high and until when, and where the code went', {
  skip,
}, async () => {
  const { context } = await phones.phone('resident', { reducedMotion: 'reduce' });
  const { page, errors } = await phones.open(context, 'resident');
  await page.getByRole('heading', { level: 1, name: 'Waiting for you' }).waitFor();
  const told = page.getByRole('region', { name: 'Lobby, door 5' });
  await told.waitFor();
  const text = await told.innerText();
  assert.match(text, /Collect by \w{3} \d+ \w{3}, \d\d:\d\d/);
  assert.match(text, /\d+ cm, within seated reach/);
  assert.match(text, /Alder Express/);
  const sent = told.getByRole('list', { name: 'Message with your code' }).getByRole('listitem');
  assert.deepEqual(
    (await sent.allInnerTexts()).map((line) => line.replace(/: .*/, '')),
    ['Your code went out by e-mail', 'Your code went out by SMS'],
  );
  const untold = await page.getByRole('region', { name: 'Lobby, door 1', exact: true }).first().innerText();
  assert.match(untold, /\d+ cm, above seated reach/);
  assert.match(untold, /The SMS with your code could not be delivered\. Ask staff to send it again\./);
  const held = page.getByRole('region', { name: 'Lobby, door 24' });
  await held.getByText('Held for staff').waitFor();
  // No code and nothing that looks like one; and no way to make one.
  assert.doesNotMatch(await page.locator('body').innerText(), /\bHFP1|\b\d{3} ?\d{3} ?\d{3}\b/);
  await tabTo(page, /^I cannot find the message$/);
  await page.keyboard.press('Enter');
  await page.getByText('If it is lost, staff open your door with a signed order.').waitFor();
  await checkAccessible(page);
  await shot(page, 'resident-help');
  await tabTo(page, /^History$/);
  await page.keyboard.press('Enter');
  const rows = page.getByRole('list', { name: 'History' }).getByRole('listitem');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 2);
  assert.deepEqual(errors, []);
  await context.close();
});

/** What has the focus, where it is covered by the bar of the tabs, in part or whole; '' otherwise. */
const UNDER_BAR = `(() => {
  const one = document.activeElement;
  const bar = document.querySelector('.p-tabs');
  if (!bar || one === document.body || bar.contains(one)) return '';
  return one.getBoundingClientRect().bottom > bar.getBoundingClientRect().top ? one.outerHTML.slice(0, 80) : '';
})()`;
const IN_BAR = `document.querySelector('.p-tabs').contains(document.activeElement)`;

test('by keyboard nothing lies under the bar of the tabs, and signing out leads to the heading', {
  skip,
}, async () => {
  for (const app of APPS) {
    const { context } = await phones.phone(app, {
      viewport: { width: 390, height: 560 },
      reducedMotion: 'reduce',
    });
    const { page } = await phones.open(context, app);
    for (const place of PLACES[app]) {
      await page.goto(`${phones.url}/${app}/${place}`);
      await settled(page);
      // From the first control on: what stands above the bar in the page has the focus before it.
      await page.getByRole('button', { name: 'Sign out' }).focus();
      for (let step = 0; step < 60 && !(await page.evaluate(IN_BAR)); step++) {
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(UNDER_BAR), '', `${app} ${place}`);
      }
      assert.ok(await page.evaluate(IN_BAR), `${app} ${place}: the bar was reached`);
    }
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('input[type=email]').waitFor();
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1', app);
    await context.close();
  }
});

test('a resident changes, by keyboard alone, how high a door should be, and the language of the phone', {
  skip,
}, async () => {
  const { context } = await phones.phone('resident');
  const { page, errors } = await phones.open(context, 'resident', '#/preferences');
  await page.getByLabel('Prefer a door within seated reach').waitFor();
  await tabTo(page, /^Prefer a door within seated reach$/);
  await page.keyboard.press('Space');
  await tabTo(page, /^Save$/);
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Saved. It holds for the next parcel.').waitFor();
  const me = await phones.http.ask('GET', '/api/resident/me');
  assert.equal((me.body as { accessible: boolean }).accessible, true);
  await tabTo(page, /^العربية$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'التفضيلات' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'التفضيلات' }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.dir'), 'rtl');
  // The choice is the phone's and goes with the sign-out; nothing of it reached the server.
  assert.ok(!JSON.stringify((await phones.http.ask('GET', '/api/resident/me')).body).includes('"ar"'));
  await page.getByRole('button', { name: 'تسجيل الخروج' }).click();
  // The choice of language stands on the page before, too; the form for an address stands on this one alone.
  await page.locator('input[type=email]').waitFor();
  await page.getByRole('group', { name: 'اللغة' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Your parcels' }).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test('a courier sees what is free, what was left today and what is to be taken back', { skip }, async () => {
  const { context } = await phones.phone('courier');
  const { page, errors } = await phones.open(context, 'courier');
  const bank = page.getByRole('region', { name: 'Lobby' }).first();
  await bank.getByRole('table', { name: 'Free compartments of Lobby' }).waitFor();
  const today = bank.getByRole('list', { name: 'Left today at Lobby' }).getByRole('listitem');
  await today.first().waitFor();
  const lines = await today.allInnerTexts();
  assert.deepEqual(
    lines.map((line) => /1Z\w+/.exec(line)?.[0]),
    ['1ZUNTOLD', '1ZTOLD'],
    'only what was left today',
  );
  await page.getByText('2 parcels left today').waitFor();
  await tabTo(page, /^Take back$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'To take back' }).waitFor();
  const back = page.getByRole('list', { name: 'To take back at Lobby' }).getByRole('listitem');
  await back.first().waitFor();
  assert.deepEqual(
    (await back.allInnerTexts()).map((line) => /1Z\w+/.exec(line)?.[0]),
    ['1ZHELD'],
  );
  await page.getByText('They open the door with a signed order.').waitFor();
  await tabTo(page, /^History$/);
  await page.keyboard.press('Enter');
  await page
    .getByRole('list', { name: /^Left on / })
    .first()
    .waitFor();
  const all = await page.getByRole('listitem').filter({ hasText: '1Z' }).allInnerTexts();
  assert.deepEqual(
    all.map((line) => /1Z\w+/.exec(line)?.[0]),
    ['1ZUNTOLD', '1ZTOLD', '1ZYESTERDAY', '1ZHELD', '1ZOLD'],
  );
  assert.deepEqual(errors, []);
  await context.close();
});

for (const app of APPS) {
  for (const language of LANGUAGE_CODES) {
    const { tag, dir, locale } = LANGUAGES[language];
    test(`every page of the ${app} app is whole: ${language}`, { skip }, async () => {
      const { context } = await phones.phone(app, { locale, reducedMotion: 'reduce' });
      const { page, errors } = await phones.open(context, app);
      for (const place of PLACES[app]) {
        const at = `${app} ${place} ${language}`;
        await page.setViewportSize({ width: 320, height: 700 });
        await page.evaluate(`location.hash = '${place}'`);
        await settled(page);
        assert.deepEqual(await cutOff(page), [], `${at} at 320 pixels, which is 640 magnified twice`);
        assert.deepEqual(
          await page.evaluate('[document.documentElement.lang, document.documentElement.dir]'),
          [tag, dir],
          at,
        );
        // What axe sees is the same in each direction; the colours are those of every language.
        if (language === 'en' || dir === 'rtl') await checkAccessible(page, { colours: language === 'en' });
        await page.setViewportSize({ width: 390, height: 844 });
        if (PICTURED.has(language)) await shot(page, `${app}-${language}-${place.slice(2) || 'first'}`);
        await page.evaluate(`document.documentElement.style.fontSize = '200%'`);
        assert.deepEqual(await cutOff(page), [], `${at} with letters of twice the size`);
        if (language === 'fr') await shot(page, `${app}-${language}-${place.slice(2) || 'first'}-large`);
        await page.evaluate(`document.documentElement.style.fontSize = ''`);
      }
      assert.deepEqual(errors, []);
      await context.close();
    });
  }
}

test('in the dark the apps are as legible', { skip }, async () => {
  for (const app of APPS) {
    const { context } = await phones.phone(app, { colorScheme: 'dark' });
    const { page } = await phones.open(context, app);
    for (const place of PLACES[app]) {
      await page.evaluate(`location.hash = '${place}'`);
      await settled(page);
      await checkAccessible(page);
    }
    await shot(page, `${app}-dark`);
    await context.close();
  }
});
