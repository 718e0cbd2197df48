/**
 * The phone apps without a network, in real Chromium: installed, they open; what they show says of when it is; what
 * they keep is sealed, is little, and goes with the sign-out, whether or not a server can be told.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { type App, CUT, HOUR_MS, isKept, openPhones, type Phones, unlike } from './phones.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let phones: Phones;
before(async () => {
  if (missingBrowser === null) phones = await openPhones();
});
after(() => phones?.close());

const PATIENCE_MS = 20_000;
const APPS: readonly App[] = ['resident', 'courier'];
/** What each app shows first when it has been answered. */
const FIRST = { resident: /^1ZTOLD$/, courier: /^1ZTOLD$/ } as const;

const isShown = (page: Page, app: App) => page.getByText(FIRST[app]).waitFor();

/** Everything that the origin has stored, as far as a page can read it. */
async function stored(
  page: Page,
): Promise<{ cached: string[]; kept: string; local: string; sealed: number }> {
  return (await page.evaluate(`(async () => {
    const cached = [];
    let kept = '';
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        cached.push(new URL(request.url).pathname);
        kept += await (await cache.match(request)).text();
      }
    }
    let sealed = 0;
    for (const { name, version } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name, version);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of database.objectStoreNames) {
        const rows = await new Promise((resolve) => {
          database.transaction(store).objectStore(store).getAll().onsuccess = (event) => resolve(event.target.result);
        });
        for (const row of rows) {
          sealed += 1;
          if (row.key.extractable) throw new Error('the key can be taken out');
          kept += new TextDecoder('latin1').decode(row.sealed);
        }
      }
      database.close();
    }
    return { cached, kept, local: JSON.stringify(localStorage), sealed };
  })()`)) as { cached: string[]; kept: string; local: string; sealed: number };
}

for (const app of APPS) {
  test(`the ${app} app can be installed`, { skip }, async () => {
    const { context } = await phones.phone(app);
    const { page, errors } = await phones.open(context, app);
    await isShown(page, app);
    await isKept(page);
    const cdp = await context.newCDPSession(page);
    const { errors: wrong } = (await cdp.send('Page.getAppManifest')) as { errors: unknown[] };
    assert.deepEqual(wrong, []);
    const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
    // A context of a test is a private window, and nothing is installed from one.
    assert.deepEqual(
      installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
      [],
    );
    assert.deepEqual(errors, []);
    await context.close();
  });

  test(`without a network the ${app} app shows what it last knew, and how old that is`, {
    skip,
  }, async () => {
    const { context } = await phones.phone(app);
    const { page, errors } = await phones.open(context, app);
    await isShown(page, app);
    await isKept(page);
    assert.equal(await page.getByText('This is not current').count(), 0);
    await phones.setOffline(context, true);
    await page.getByRole('status').getByText('This is not current').waitFor();
    // Two hours later, and opened anew.
    await page.clock.setFixedTime(systemClock.nowMs() + 2 * HOUR_MS);
    await page.reload();
    await page.getByRole('status').getByText('This is not current').waitFor();
    await page.getByText(/^As of .*\(2 hours ago\)\.$/).waitFor();
    await isShown(page, app);
    await checkAccessible(page);
    await shot(page, `${app}-offline`);
    if (app === 'courier') assert.equal(await page.getByText(/^(online|offline)$/).count(), 0);
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByText('This needs a connection').waitFor();
    assert.equal(await page.getByText('1ZOLD').count(), 0, 'the history is not kept');
    await checkAccessible(page);
    // Back again, it is true now.
    await phones.setOffline(context, false);
    await page.getByRole('link', { name: app === 'resident' ? 'Parcels' : 'Today' }).click();
    await page.getByText('This is not current').waitFor({ state: 'detached' });
    assert.deepEqual(unlike(errors, CUT), []);
    await context.close();
  });

  test(`the ${app} app keeps its own parts, and of its person only a sealed text`, { skip }, async () => {
    const { context, token } = await phones.phone(app);
    const { page } = await phones.open(context, app);
    await isShown(page, app);
    await isKept(page);
    const { cached, kept, local, sealed } = await stored(page);
    assert.equal(sealed, 1);
    assert.ok(cached.length > 3 && cached.every((path) => path.startsWith(`/${app}/`)), cached.join());
    for (const mark of ['1ZTOLD', '1ZHELD', 'Alder', token])
      assert.ok(!kept.includes(mark) && !local.includes(mark), mark);
    await context.close();
  });

  test(`signing out of the ${app} app leaves nothing on the phone`, { skip }, async () => {
    const { context } = await phones.phone(app);
    const { page, errors } = await phones.open(context, app);
    await isShown(page, app);
    await isKept(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Email').waitFor();
    // The screen is empty at once. The mark that the server has to be told goes when it was.
    await waitFor({
      clock: systemClock,
      what: 'the server to be told',
      msMax: PATIENCE_MS,
      holds: async () => (await stored(page)).local === '{}',
    });
    assert.equal((await stored(page)).sealed, 0);
    await phones.setOffline(context, true);
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await page.getByText('1ZTOLD').count(), 0);
    assert.deepEqual(unlike(errors, CUT), []);
    await context.close();
  });

  test(`signed out without a network, the ${app} app shows nothing, and tells the server later`, {
    skip,
  }, async () => {
    const { context, token } = await phones.phone(app);
    const { page } = await phones.open(context, app);
    await isShown(page, app);
    await isKept(page);
    const beside = await phones.open(context, app);
    await isShown(beside.page, app);
    await phones.setOffline(context, true);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('status').getByText('You are signed out on this phone').waitFor();
    await checkAccessible(page);
    await shot(page, `${app}-signed-out-offline`);
    // A page of the same app that stands open beside it hears of it.
    await beside.page.getByLabel('Email').waitFor();
    assert.equal((await stored(page)).sealed, 0);
    await page.reload();
    await page.getByRole('status').getByText('You are signed out on this phone').waitFor();
    assert.equal(await page.getByText('1ZTOLD').count(), 0);
    const cookie = { cookie: `holdfast_${app}=${token}` };
    const asked = () => fetch(`${phones.direct}/api/${app}/me`, { headers: cookie });
    assert.equal((await asked()).status, 200, 'the server was not told yet');
    await Promise.all([
      page.waitForResponse((answer) => answer.url().endsWith('/sign-out')),
      phones.setOffline(context, false),
    ]);
    await page.getByText('You are signed out on this phone').waitFor({ state: 'detached' });
    assert.equal((await asked()).status, 401);
    assert.equal((await stored(page)).local, '{}');
    await context.close();
  });
}

test('a session that its server has ended leaves nothing on the phone either', { skip }, async () => {
  const { context, token } = await phones.phone('resident');
  const { page } = await phones.open(context, 'resident');
  await isShown(page, 'resident');
  await fetch(`${phones.direct}/api/resident/sign-out`, {
    method: 'POST',
    headers: { cookie: `holdfast_resident=${token}`, 'x-holdfast-app': 'resident' },
  });
  await page.reload();
  await page.getByLabel('Email').waitFor();
  assert.equal((await stored(page)).sealed, 0);
  await context.close();
});

test('a server that cannot serve is no answer: what was known stays, and is called old', {
  skip,
}, async () => {
  const { context } = await phones.phone('resident');
  const { page, errors } = await phones.open(context, 'resident');
  await isShown(page, 'resident');
  await isKept(page);
  await page.route('**/api/**', (route) => route.fulfill({ status: 503, body: '' }));
  await page.reload();
  await page.getByRole('status').getByText('This is not current').waitFor();
  await isShown(page, 'resident');
  await page.unrouteAll();
  assert.deepEqual(unlike(errors, CUT), []);
  await context.close();
});
