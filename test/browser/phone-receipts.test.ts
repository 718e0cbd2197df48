/**
 * Receipts as a resident and a courier take them away on their phones, in real Chromium: by keyboard alone, from the
 * installed app, while the log still waits, without a network, and when the cloud says no. What was downloaded is
 * checked by verify.mjs, by the very command that the page shows.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Download, Locator, Page } from 'playwright-core';
import { type TestRecords, testRecords } from '../../src/cloud/http/test-records.ts';
import { drain } from '../../src/cloud/log/log.ts';
import { signDraft } from '../../src/cloud/test-tenants.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { ROOT } from '../site.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { type App, CUT, cutOff, isKept, openPhones, type Phones, tabTo, unlike } from './phones.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const APPS: readonly App[] = ['resident', 'courier'];
const HISTORY = '#/history';

let phones: Phones;
let records: TestRecords;
let home: string;
before(async () => {
  if (missingBrowser !== null) return;
  home = mkdtempSync(join(tmpdir(), 'hf-phone-receipts-'));
  phones = await openPhones();
  const { stand, alder } = phones.http;
  records = await testRecords(phones.http);
  records.parcel({ compartment: 3, tracking: 'RR100000003DE', collect: true });
  await records.send();
  await signDraft(stand.cloud, { tenant: alder.tenant, site: alder.site, root: stand.root });
  await drain(stand.cloud, alder.tenant);
  // Comes up after the log was last written.
  records.parcel({ compartment: 4, tracking: 'RR100000004DE', collect: true });
  await records.send();
  writeFileSync(join(home, 'site-root.pub'), JSON.stringify({ key: base64url(stand.root.publicKey) }));
});
after(async () => {
  await phones?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** A row of the history by the number on its parcel. */
const row = (page: Page, tracking: string): Locator =>
  page.getByRole('listitem').filter({ has: page.getByText(tracking, { exact: true }) });
const button = (page: Page, tracking: string): Locator =>
  page.getByRole('button', { name: `Receipt for ${tracking}`, exact: true });
const focused = (page: Page) => page.evaluate(`document.activeElement?.getAttribute('aria-label')`);

async function kept(file: Download): Promise<string> {
  copyFileSync(await file.path(), join(home, file.suggestedFilename()));
  return file.suggestedFilename();
}

/** In the folder where the file and the key lie, as a stranger types it. */
function check(command: string): { status: number | null; said: string } {
  const [program = '', script = '', ...args] = command.split(' ');
  assert.deepEqual([program, script], ['node', 'verify.mjs']);
  const verifier = join(ROOT, 'verify', 'verify.mjs');
  const ran = spawnSync(process.execPath, [verifier, ...args], { cwd: home, encoding: 'utf8' });
  return { status: ran.status, said: ran.stdout + ran.stderr };
}

for (const app of APPS) {
  test(`from the ${app} app a receipt is taken by keyboard alone, and a stranger’s program verifies it`, {
    skip,
  }, async () => {
    const { context } = await phones.phone(app, { reducedMotion: 'reduce' });
    const { page, errors } = await phones.open(context, app);
    await tabTo(page, /^History$/);
    await page.keyboard.press('Enter');
    await button(page, 'RR100000003DE').waitFor();
    await tabTo(page, /^Receipt for RR100000003DE$/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    const name = await kept(file);
    assert.match(name, /^RR100000003DE-2025-10-\d\d\.receipt\.json$/);
    const mine = row(page, 'RR100000003DE');
    await mine.getByRole('status').getByText('The receipt is downloaded', { exact: true }).waitFor();
    assert.equal(await focused(page), 'Receipt for RR100000003DE', 'who pressed the button is still at it');
    const commands = await mine.getByRole('code').allInnerTexts();
    assert.deepEqual(commands, [
      `holdfast verify ${name} --root-key site-root.pub`,
      `node verify.mjs receipt ${name} --root-key site-root.pub`,
    ]);
    const good = check(commands[1] ?? '');
    assert.equal(good.status, 0, good.said);
    assert.match(good.said, /entry \d+ of the \d+ that the log signed/);
    const text = readFileSync(join(home, name), 'utf8');
    assert.equal(text.includes('parcel.collected'), app === 'resident', 'a courier’s ends with the drop-off');
    const { people } = phones.http.alder;
    const { entries } = JSON.parse(text) as { entries: object[] };
    const stranger = app === 'resident' ? people.courier : people.resident;
    assert.ok(!JSON.stringify(entries).includes(stranger), 'the other one is not named');
    writeFileSync(join(home, name), text.replace('\\"size\\":\\"M\\"', '\\"size\\":\\"L\\"'));
    assert.equal(check(commands[1] ?? '').status, 1, 'altered it does not');
    await checkAccessible(page);
    await shot(page, `${app}-receipt`);
    await page.setViewportSize({ width: 320, height: 700 });
    assert.deepEqual(await cutOff(page), []);
    await mine.getByRole('status').scrollIntoViewIfNeeded();
    await shot(page, `${app}-receipt-320`);
    await page.evaluate(`document.documentElement.style.fontSize = '200%'`);
    assert.deepEqual(await cutOff(page), [], 'with letters of twice the size');
    await page.evaluate(`document.documentElement.style.fontSize = ''`);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test(`the ${app} app as it is installed, served by its worker, hands out receipts as well`, {
    skip,
  }, async () => {
    const { context } = await phones.phone(app);
    const { page, errors } = await phones.open(context, app);
    await isKept(page);
    await page.goto(`${phones.url}/${app}/${HISTORY}`);
    await page.reload();
    await button(page, 'RR100000003DE').waitFor();
    assert.equal(await page.evaluate('navigator.serviceWorker.controller !== null'), true);
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'RR100000003DE').click()]);
    const name = await kept(file);
    assert.equal(check(`node verify.mjs receipt ${name} --root-key site-root.pub`).status, 0);
    // No answer of the interface is kept by the worker.
    const cached = (await page.evaluate(`(async () => {
      const all = [];
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url).pathname);
      return all;
    })()`)) as string[];
    assert.ok(cached.length > 0 && cached.every((path) => !path.startsWith('/api/')), cached.join());
    assert.deepEqual(errors, []);
    await context.close();
  });

  test(`the ${app} app says that a receipt is being made, that it needs a connection, and what went wrong`, {
    skip,
  }, async () => {
    const { context } = await phones.phone(app, { reducedMotion: 'reduce' });
    const { page, errors } = await phones.open(context, app, HISTORY);
    const mine = row(page, 'RR100000003DE');
    await button(page, 'RR100000003DE').waitFor();
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    await page.route('**/receipt', async (route) => {
      await held;
      await route.continue();
    });
    await button(page, 'RR100000003DE').click();
    await mine.getByText('Working…').waitFor();
    assert.equal(await button(page, 'RR100000003DE').getAttribute('aria-busy'), 'true');
    await Promise.all([page.waitForEvent('download'), go()]);
    await page.unrouteAll();

    await phones.setOffline(context, true);
    await button(page, 'RR100000003DE').click();
    await mine.getByRole('alert').getByText('A receipt needs a connection').waitFor();
    assert.equal(await mine.getByText('The receipt is downloaded').count(), 0);
    await checkAccessible(page);
    await shot(page, `${app}-receipt-offline`);
    await phones.setOffline(context, false);

    await page.route('**/receipt', (route) => route.fulfill({ status: 503, body: '' }));
    await button(page, 'RR100000003DE').click();
    await mine.getByRole('alert').getByText('The receipt could not be downloaded').waitFor();
    await checkAccessible(page);
    await shot(page, `${app}-receipt-error`);
    await page.unrouteAll();
    await Promise.all([
      page.waitForEvent('download'),
      mine.getByRole('alert').getByRole('button', { name: 'Try again' }).click(),
    ]);
    await mine.getByText('The receipt is downloaded').waitFor();
    assert.equal(await mine.getByRole('alert').count(), 0);
    assert.deepEqual(unlike(errors, CUT), []);
    await context.close();
  });

  test(`in each direction of script the ${app} app stays whole with a receipt taken`, { skip }, async () => {
    for (const [locale, name, saved] of [
      // Where the script runs the other way, what was filled in is isolated by marks that nobody sees.
      ['ar', /^إيصال الطرد .?RR100000003DE.?$/u, 'تم تنزيل الإيصال'],
      ['de', /^Beleg zu .?RR100000003DE.?$/u, 'Der Beleg ist heruntergeladen'],
    ] as const) {
      const { context } = await phones.phone(app, { locale, reducedMotion: 'reduce' });
      const { page, errors } = await phones.open(context, app, HISTORY);
      const press = page.getByRole('button', { name });
      await Promise.all([page.waitForEvent('download'), press.click()]);
      await page.getByRole('status').getByText(saved).waitFor();
      await page.setViewportSize({ width: 320, height: 700 });
      assert.deepEqual(await cutOff(page), [], locale);
      await checkAccessible(page, { colours: false });
      await page.getByRole('status').getByText(saved).scrollIntoViewIfNeeded();
      await shot(page, `${app}-receipt-${locale}`);
      assert.deepEqual(errors, []);
      await context.close();
    }
  });
}

test('while the log still waits, the file is there and says so, with the time at which to ask again; then it is whole', {
  skip,
}, async () => {
  const { context } = await phones.phone('resident', { reducedMotion: 'reduce' });
  const { page, errors } = await phones.open(context, 'resident', HISTORY);
  const mine = row(page, 'RR100000004DE');
  const take = async (): Promise<string> => {
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'RR100000004DE').click()]);
    const name = await kept(file);
    const { said, status } = check(`node verify.mjs receipt ${name} --root-key site-root.pub`);
    assert.equal(status, 0, said);
    return said;
  };
  const early = await take();
  const waits = mine.getByRole('status');
  await waits.getByText('The receipt is downloaded, and not all of it is in the log yet').waitFor();
  assert.match(await waits.innerText(), /proof of 6 records is still to come\. .* after \d\d:\d\d\./);
  assert.match(early, /the log’s proof is still to come/);
  await checkAccessible(page);
  await shot(page, 'resident-receipt-waits');
  await drain(phones.http.stand.cloud, phones.http.alder.tenant);
  const late = await take();
  await mine.getByRole('status').getByText('The receipt is downloaded', { exact: true }).waitFor();
  assert.doesNotMatch(late, /still to come/);
  assert.deepEqual(errors, []);
  await context.close();
});
