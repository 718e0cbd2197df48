/**
 * The audit explorer in real Chromium: what is asked for stands in the address, what comes in is counted and moves no
 * focus, and what is downloaded is checked by verify.mjs, by the very command that the page shows.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { drain } from '../../src/cloud/log/log.ts';
import * as signin from '../../src/cloud/signin/signin.ts';
import { createTenant } from '../../src/cloud/tenants/tenants.ts';
import { newToken } from '../../src/cloud/test-tenants.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ROOT } from '../site.ts';
import { type AdminStand, focusOf, openAdminStand, tabTo } from './admin-stand.ts';
import { checkAccessible, missingBrowser, openPage, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  await drain(stand.http.stand.cloud, stand.http.alder.tenant);
});
after(() => stand?.close());

const table = (): Locator => stand.page.getByRole('table', { name: 'Records', exact: true });
const firstRow = (): Locator => table().locator('tbody tr').first();

async function goTo(fragment: string): Promise<void> {
  await stand.page.goto(stand.url(fragment));
  await stand.page.getByRole('heading', { level: 1, name: 'Journal' }).waitFor();
  await table().locator('tbody tr').first().waitFor();
}

async function whole(name: string): Promise<void> {
  const path = join(ROOT, '.holdfast', 'screens', `${name}.png`);
  await stand.page.screenshot({ path, fullPage: true, animations: 'disabled' });
}

/** A record of the bank comes up, and waits for the log. */
async function doorMoves(): Promise<number> {
  const seq = stand.bank.write({ kind: 'door.opened', compartment: 20, facts: { expected: true } });
  await stand.send();
  return seq;
}

test('what is asked for is chosen by label, stands in the address, and survives a reload', {
  skip,
}, async () => {
  const { page, bank } = stand;
  await goTo('#/journal');
  await page.getByRole('img', { name: /^Size of the signed log from / }).waitFor();
  await checkAccessible(page);
  await whole('admin-journal');
  await page.getByLabel('Journal of').selectOption(bank.bank);
  await page.getByLabel('Kind').selectOption('parcel.deposited');
  await page.getByLabel('Door').fill('3');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/journal\?bank=[a-z0-9_]+&door=3&kind=parcel\.deposited$/);
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  const rows = async () => (await table().locator('tbody tr').allInnerTexts()).join('\n');
  assert.match(await rows(), /^[^\n]*parcel\.deposited\tLobby\t3\t\d+\s+integrated/);
  await page.reload();
  await firstRow().waitFor();
  assert.equal(await table().locator('tbody tr').count(), 1);
  await page.getByLabel('Before').fill('2001-01-01T00:00');
  await page.getByLabel('Before').press('Enter');
  await page.getByText('No record is as you asked for. Ask for less.').waitFor();
  await page.getByText('In the order of the records’ own times.').waitFor();
  await page.getByRole('link', { name: 'Ask for everything' }).click();
  await firstRow().waitFor();
  assert.match(page.url(), /#\/journal$/);
});

test('what comes in while the list is paused is counted and read out; the focus stays where it was', {
  skip,
}, async () => {
  const { page } = stand;
  await goTo('#/journal');
  await tabTo(page, /^Pause$/);
  await page.keyboard.press('Enter');
  const status = page.getByRole('status').filter({ hasText: /Paused|wait/ });
  await status.waitFor();
  assert.equal(await focusOf(page), 'Go on live');
  const before = await firstRow().innerText();
  await doorMoves();
  await doorMoves();
  await page.getByRole('status').filter({ hasText: '2 new records wait.' }).waitFor();
  assert.equal(await focusOf(page), 'Show 2 new records');
  assert.equal(await firstRow().innerText(), before, 'nothing moves under whoever reads');
  await checkAccessible(page);
  await shot(page, 'admin-journal-paused');
  await page.keyboard.press('Enter');
  await firstRow().getByText('door.opened').waitFor();
  assert.equal(await focusOf(page), 'Pause');
});

test('a record that waits is pending, and integrated once a checkpoint covers it, without a reload', {
  skip,
}, async () => {
  const { page, http } = stand;
  await page.evaluate('window.isOld = true');
  const seq = await doorMoves();
  const mine = table()
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name: `Show record ${seq} of Lobby` }) });
  await mine.getByText('pending').waitFor();
  await drain(http.stand.cloud, http.alder.tenant);
  await mine.getByText('integrated').waitFor();
  assert.equal(await page.evaluate('window.isOld'), true);
});

type Saved = { name: string; text: string };

async function saved(button: string): Promise<Saved> {
  const { page } = stand;
  const started = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const file = await started;
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

/** Runs a command as somebody would who has nothing but these files and verify.mjs. */
function run(command: string, files: readonly Saved[]): { status: number | null; said: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'hf-explore-'));
  try {
    copyFileSync(join(ROOT, 'verify', 'verify.mjs'), join(cwd, 'verify.mjs'));
    for (const { name, text } of files) writeFileSync(join(cwd, name), text);
    const [program, ...args] = command.split(' ');
    assert.equal(program, 'node');
    const { status, stdout } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    return { status, said: stdout };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

test('a record opens by keyboard, and what is downloaded passes verify.mjs by the command shown; altered it does not', {
  skip,
}, async () => {
  const { page } = stand;
  await goTo('#/journal?kind=parcel.deposited');
  await tabTo(page, /^Show record \d+ of Lobby$/);
  const opener = await focusOf(page);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Record \d+ of Lobby$/ });
  await dialog.getByText('The proof holds', { exact: false }).waitFor();
  assert.match(page.url(), /record=bank_[a-z2-7]+\.\d+$/);
  await checkAccessible(page);
  await shot(page, 'admin-journal-record');
  const shown = await dialog.getByRole('region', { name: /^Bytes of record/ }).innerText();
  const command = (
    await dialog.getByRole('region', { name: 'Command that checks the proof' }).innerText()
  ).trim();
  const [record, proof, policy] = [
    await saved('Download the record'),
    await saved('Download the proof'),
    await saved('Download the policy'),
  ];
  assert.equal(record.text, shown.trim());
  const good = run(command, [record, proof, policy]);
  assert.equal(good.status, 0, good.said);
  assert.match(good.said, /verified\s*$/);
  const other = { ...record, text: record.text.replace('"size":"M"', '"size":"L"') };
  assert.notEqual(other.text, record.text);
  const altered = run(command, [other, proof, policy]);
  assert.equal(altered.status, 1, altered.said);
  assert.match(altered.said, /NOT verified/);
  const index = Number(/^index (\d+)$/m.exec(proof.text)?.[1]);
  const moved = { ...proof, text: proof.text.replace(`index ${index}\n`, `index ${index + 1}\n`) };
  assert.equal(run(command, [record, moved, policy]).status, 1);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await focusOf(page), opener, 'who came from a row is back at it');
  assert.doesNotMatch(page.url(), /record=/);
});

test('a person is chosen by name, stands in the address by an id, and that somebody looked is a record', {
  skip,
}, async () => {
  const { page, http } = stand;
  await goTo('#/journal');
  await page.getByRole('button', { name: 'Ask about a person' }).click();
  const dialog = page.getByRole('dialog', { name: 'Whose records?' });
  await dialog.getByLabel('Find').fill('alder ad');
  await dialog.getByRole('button', { name: 'Alder Ada, flat 1' }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-journal-person');
  await dialog.getByRole('button', { name: 'Alder Ada, flat 1' }).press('Enter');
  await page.getByText('About Alder Ada').waitFor();
  await page.getByText('That you asked is now a record itself.', { exact: false }).waitFor();
  assert.ok(page.url().endsWith(`#/journal?person=${http.alder.people.resident}`));
  assert.doesNotMatch(decodeURIComponent(page.url()), /Ada/);
  assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0, 'a look does not renew itself');
  await checkAccessible(page);
  await shot(page, 'admin-journal-about');
  await page.getByRole('button', { name: 'Ask again' }).click();
  await firstRow().getByText('custody.viewed').waitFor();
  await page.getByRole('button', { name: 'No longer about Alder Ada' }).click();
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
});

test('a parcel’s page and its records in the journal lead to each other', { skip }, async () => {
  const { page } = stand;
  await goTo('#/journal');
  await page.getByRole('button', { name: 'Ask about a parcel' }).click();
  await page.getByRole('button', { name: '1Z999AA1012345673', exact: true }).first().click();
  await page.getByText('About parcel 1Z999AA1012345673').waitFor();
  await page.getByRole('link', { name: 'Its custody timeline' }).click();
  await page.getByRole('heading', { level: 1, name: /1Z999AA1012345673/ }).waitFor();
  await page.getByRole('link', { name: 'Its records in the journal' }).click();
  await page.getByText('About parcel 1Z999AA1012345673').waitFor();
});

test('the log’s growth is said in words, is there as tables, and all of it goes into CSV', {
  skip,
}, async () => {
  const { page } = stand;
  await goTo('#/journal');
  await page.getByRole('button', { name: 'How the log grows' }).click();
  await page.getByLabel('Period').selectOption('1');
  await page.getByText('Size of the log as a table').click();
  await page.getByText('The last checkpoints as a table').click();
  await page.getByText('No witness is asked to cosign this log yet.').waitFor();
  await checkAccessible(page);
  await whole('admin-journal-log');
  const steps = await saved('Download as CSV: Size of the log, step by step');
  assert.equal(steps.text.trim().split('\r\n').length, 25);
  const checkpoints = await saved('Download as CSV: Last checkpoints');
  assert.match(checkpoints.text, /^\ufeffRecords,Time,Root\r\n\d+,\d{4}-/);
  const rows = await saved('Download as CSV: Records');
  assert.match(
    rows.text,
    /^\ufeffTime,Kind,Journal of,Door,Record,Proof,Place in the log,Signed batch to,Leaf hash/,
  );
  assert.match(rows.text, /,integrated,\d+,/);
});

test('at 320 pixels, in the dark and with more contrast: nothing sideways, nothing that axe finds', {
  skip,
}, async () => {
  const { page, errors } = stand;
  await page.setViewportSize({ width: 320, height: 640 });
  const id = /record=([^&]+)/;
  await goTo('#/journal?kind=parcel.deposited');
  await page
    .getByRole('button', { name: /^Show record \d+ of Lobby$/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'How to check it without us' }).waitFor();
  const record = id.exec(page.url())?.[1];
  for (const media of [
    { colorScheme: 'dark', contrast: 'no-preference' },
    { colorScheme: 'light', contrast: 'more' },
  ] as const) {
    await page.emulateMedia(media);
    for (const fragment of ['#/journal', `#/journal?record=${record}`]) {
      await goTo(fragment);
      if (fragment.includes('record'))
        await page.getByRole('heading', { name: 'How to check it without us' }).waitFor();
      else await page.getByRole('img', { name: /^Size of the signed log/ }).waitFor();
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), fragment);
      await checkAccessible(page);
      const name = `admin-journal-narrow-${media.colorScheme}${fragment.includes('record') ? '-record' : ''}`;
      await (fragment.includes('record') ? shot(page, name) : whole(name));
    }
  }
  await page.emulateMedia({ colorScheme: null, contrast: null });
  await page.setViewportSize({ width: 1280, height: 1000 });
  assert.deepEqual(errors, []);
});

test('without a log, without a network, without an answer and without a sign-in it says so', {
  skip,
}, async () => {
  const { browser, http, url } = stand;
  const { cloud } = http.stand;
  const tenant = await createTenant(cloud);
  const person = await cloud.database.tenant(tenant, (tx) =>
    signin.addAdmin(cloud, tx, {
      ...{ role: 'admin', name: 'Cedar admin', email: 'cedar-admin@example.org', by: null },
      ...{ password: 'a long and quiet river', totpSecret: systemRandom.bytes(20) },
    }),
  );
  const value = await newToken(cloud, { tenant, role: 'admin', person });
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  await context.addCookies([
    { name: 'holdfast_admin', value, url: `${new URL(url('')).origin}/api/admin`, secure: true },
  ]);
  const { page } = await openPage(context, url('#/journal'));
  await page.getByText('This organisation keeps no log yet.', { exact: true }).waitFor();
  await page.getByRole('table', { name: 'Records', exact: true }).getByText('no log').first().waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-journal-no-log');
  await page.route('**/api/admin/records?*', (route) => route.fulfill({ status: 500, body: 'x' }));
  await page.getByLabel('Kind').selectOption('door.forced');
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor();
  await page.unroute('**/api/admin/records?*');
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No record is as you asked for. Ask for less.').waitFor();
  await context.setOffline(true);
  await page.getByText('No connection to the cloud').first().waitFor();
  await checkAccessible(page);
  await context.setOffline(false);
  await context.clearCookies();
  await page.getByLabel('Kind').selectOption('door.ajar');
  await page.getByRole('heading', { name: 'Sign in to Holdfast' }).waitFor();
  await context.close();
});
