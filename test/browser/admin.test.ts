/**
 * The administrator's desk in real Chromium: the site map that lives, what is overdue, the plots, and a guided count.
 * Each page passes axe wide and narrow, by keyboard, and without an error on the console.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Download } from 'playwright-core';
import * as banks from '../../src/cloud/banks/banks.ts';
import { drain } from '../../src/cloud/log/log.ts';
import { signDraft } from '../../src/cloud/test-tenants.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { ROOT } from '../site.ts';
import { type AdminStand, focusOf, openAdminStand, tabTo } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
before(async () => {
  if (missingBrowser === null) stand = await openAdminStand();
});
after(() => stand?.close());

const door = (text: RegExp) => stand.page.getByRole('button', { name: text });
const heading = (name: string | RegExp) => stand.page.getByRole('heading', { level: 1, name }).waitFor();
async function goTo(fragment: string, name: string | RegExp): Promise<void> {
  await stand.page.goto(stand.url(fragment));
  await heading(name);
}
async function downloaded(start: () => Promise<void>): Promise<string> {
  const [file] = await Promise.all([stand.page.waitForEvent('download'), start()]);
  return readFileSync(await (file as Download).path(), 'utf8');
}
async function wholePage(name: string): Promise<void> {
  const { page } = stand;
  const path = join(ROOT, '.holdfast', 'screens', `${name}.png`);
  // In a window as high as the page: what stays in sight while the page is moved would end in its midst.
  const before = page.viewportSize();
  assert.ok(before);
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ ...before, height });
  await page.screenshot({ path, fullPage: true, animations: 'disabled' });
  await page.setViewportSize(before);
}

test('the overview: what needs a person first, then every door of every bank in its state', {
  skip,
}, async () => {
  const { page } = stand;
  await heading('Overview');
  await page.getByRole('heading', { level: 4, name: 'Lobby' }).first().waitFor();
  const order = await page.getByRole('heading', { level: 2 }).allInnerTexts();
  assert.deepEqual(order, ['Needs attention', 'Site map']);
  for (const name of [
    /^Door 1, size \w+: occupied, door closed$/,
    /^Door 3, size \w+: overdue, door closed$/,
    /^Door 4, size \w+: held for staff, door closed$/,
    /^Door 5, size \w+: out of service, door not known$/,
    /^Door 6, size \w+: left open, door open$/,
    /^Door 7, size \w+: opened by force, door open$/,
    /^Door 8, size \w+: reserved, door not known$/,
    /^Door 16, size \w+: empty, door closed$/,
  ])
    await door(name).first().waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-overview');
  await wholePage('admin-overview-whole');
});

test('a door that moves at the bank moves on the screen, without anybody loading the page again', {
  skip,
}, async () => {
  const { page, bank, send } = stand;
  await page.evaluate('window.isOld = true');
  bank.write({ kind: 'alarm.ended', compartment: 6, facts: { condition: 'ajar' } });
  bank.write({ kind: 'door.closed', compartment: 6, facts: { openMs: 90_000, occupied: 'unsensed' } });
  await send();
  await door(/^Door 6, size \w+: empty, door closed$/)
    .first()
    .waitFor();
  assert.equal(await page.evaluate('window.isOld'), true);
});

test('by keyboard: past the navigation, one stop for each cabinet, arrows within, Enter to the door', {
  skip,
}, async () => {
  const { page, url, bank } = stand;
  await page.goto(url('#/'));
  await page.reload();
  await heading('Overview');
  await door(/^Door 3, .*overdue/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Skip to the page' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  await tabTo(page, /^Door 1, size/);
  await page.keyboard.press('ArrowDown');
  assert.match(await focusOf(page), /^Door 2, size/);
  await page.keyboard.press('Tab');
  assert.doesNotMatch(await focusOf(page), /^Door \d/, 'the rest of the cabinet is no stop');
  // The next cabinet is the one whose doors are in every state.
  await tabTo(page, /^Door 1, size/);
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await focusOf(page), /^Door 3, size \w+: overdue/);
  await page.keyboard.press('Enter');
  await heading('Banks');
  assert.equal(new URL(page.url()).hash, `#/banks/${bank.bank}/3`);
  await page.getByRole('heading', { level: 3, name: 'Door 3' }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-door');
});

test('the address of a door survives a reload, and one that is not there says so', { skip }, async () => {
  const { page, url, bank } = stand;
  await page.reload();
  await page.getByRole('heading', { level: 3, name: 'Door 3' }).waitFor();
  await page.goto(url(`#/banks/${bank.bank}/99`));
  await page.getByText('This bank has no door 99.').waitFor();
});

test('the doors are there as a table too, which can be walked with arrows and taken along', {
  skip,
}, async () => {
  const { page } = stand;
  await page.goto(stand.url(`#/banks/${stand.bank.bank}`));
  await page.getByText('Doors of Lobby as a table').click();
  const table = page.getByRole('table', { name: 'Doors of Lobby' });
  await table.waitFor();
  await table.getByRole('link', { name: '1', exact: true }).focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await focusOf(page), '2');
  await checkAccessible(page);
  const csv = await downloaded(() =>
    page.getByRole('button', { name: 'Download as CSV: Doors of Lobby' }).click(),
  );
  const rows = csv.trim().split('\r\n');
  assert.equal(rows.length, 25);
  assert.match(rows[0] ?? '', /^Door,Size,Compartment,Alarms,Door sensed,Since,/);
  assert.match(rows[7] ?? '', /^7,\w+,alarm,opened by force,open,/);
});

test('what is overdue: the longest first, by its own address, and as CSV', { skip }, async () => {
  const { page } = stand;
  await goTo('#/parcels?state=overdue', 'Parcels');
  const table = page.getByRole('table', { name: 'Parcels' });
  await table.getByRole('link', { name: '1Z999AA10123456712' }).waitFor();
  assert.equal(await page.getByLabel('State').inputValue(), 'overdue');
  const rows = await table.locator('tbody tr').allInnerTexts();
  const mine = rows.filter((row) => row.startsWith('1Z')).map((row) => row.split('\t')[0]);
  assert.deepEqual(mine, ['1Z999AA10123456712', '1Z999AA1012345673']);
  await checkAccessible(page);
  await shot(page, 'admin-overdue');
  const csv = await downloaded(() => page.getByRole('button', { name: 'Download as CSV: Parcels' }).click());
  assert.match(csv, /Overdue, hours/);
  assert.match(csv, /1Z999AA10123456712,waiting,120,/);
  await page.reload();
  await table.getByRole('link', { name: '1Z999AA10123456712' }).waitFor();
});

test('a parcel’s receipt is taken by keyboard alone, is announced, and passes verify.mjs', {
  skip,
}, async () => {
  const { page, http } = stand;
  const { stand: estate, alder } = http;
  // The roster that names this bank's key, and the log up to here.
  await signDraft(estate.cloud, { tenant: alder.tenant, site: alder.site, root: estate.root });
  await goTo('#/parcels?state=collected', 'Parcels');
  const links = page.getByRole('table', { name: 'Parcels' }).getByRole('link');
  await links.first().waitFor();
  const [link] = await links.allInnerTexts();
  assert.ok(link);
  await tabTo(page, new RegExp(`^${link}$`));
  await page.keyboard.press('Enter');
  await heading(`Parcel ${link}`);
  await tabTo(page, /^Download the receipt$/);
  const early = await downloaded(() => page.keyboard.press('Enter'));
  await page
    .getByRole('status')
    .getByText(/^Of \d+ records the log’s proof is still to come/)
    .waitFor();
  assert.equal(await focusOf(page), 'Download the receipt', 'who pressed the button is still at it');
  await checkAccessible(page);
  await shot(page, 'admin-receipt-waits');
  await drain(estate.cloud, alder.tenant);
  const late = await downloaded(() => page.keyboard.press('Enter'));
  await page
    .getByRole('status')
    .getByText(/^The receipt is downloaded/)
    .waitFor();
  const home = mkdtempSync(join(tmpdir(), 'hf-admin-receipt-'));
  const key = join(home, 'site-root.pub');
  writeFileSync(key, JSON.stringify({ key: base64url(estate.root.publicKey) }));
  const verdicts = [early, late, late.replace('\\"size\\":\\"M\\"', '\\"size\\":\\"L\\"')].map((text) => {
    const file = join(home, 'it.receipt.json');
    writeFileSync(file, text);
    const args = [join(ROOT, 'verify', 'verify.mjs'), 'receipt', file, '--root-key', key];
    return spawnSync(process.execPath, args, { encoding: 'utf8' }).status;
  });
  rmSync(home, { recursive: true });
  assert.deepEqual(verdicts, [0, 0, 1]);
});

test('the plots say in words what they show, have their numbers as a table, and keep their filter', {
  skip,
}, async () => {
  const { page, bank } = stand;
  await goTo('#/usage?days=7', 'Usage');
  await page.getByLabel('Bank').selectOption(bank.bank);
  const plot = page.getByRole('img', { name: /Compartments with a parcel inside, from .* of 24\.$/ });
  await plot.waitFor();
  await page.getByRole('img', { name: /^Of the \d+ parcels that were collected/ }).waitFor();
  await checkAccessible(page);
  await wholePage('admin-usage');
  await page.getByText('Occupancy as a table').click();
  const csv = await downloaded(() =>
    page.getByRole('button', { name: 'Download as CSV: Occupancy, step by step' }).click(),
  );
  assert.equal(csv.trim().split('\r\n').length, 29);
  await page.getByText('How long parcels lie, as a table').click();
  await page.getByRole('table', { name: 'How long parcels lie' }).waitFor();
  await checkAccessible(page);
  assert.match(page.url(), new RegExp(`days=7&bank=${bank.bank}$`));
  await page.reload();
  await plot.waitFor();
});

test('what does not fit is listed with what ends it; a person’s word is taken by keyboard', {
  skip,
}, async () => {
  const { page, bank } = stand;
  await goTo(`#/reconciliation?bank=${bank.bank}`, 'Reconciliation');
  const open = page.getByRole('table', { name: 'What does not fit' });
  await open.waitFor();
  const texts = await open.locator('tbody tr').allInnerTexts();
  const rows = texts.map((text) => text.replaceAll(/\s+/g, ' ')).join('\n');
  for (const says of [
    /door 4 .*somebody else’s parcel.*a count of that door/,
    /door 7 opened by force.*a count of that door/,
    /door 10 a parcel is missing.*a person’s word/,
    /door 11 nothing by the record, and the sensor sees something/,
  ])
    assert.match(rows, says);
  await checkAccessible(page);
  await wholePage('admin-reconciliation');
  await tabTo(page, /^Settle: a parcel is missing/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-settle');
  await page.getByLabel('Note').fill('x');
  await page.keyboard.press('Enter');
  await page.getByText('At least 3 characters.').waitFor();
  await page.getByLabel('Note').fill('it lay behind the plinth');
  await page.keyboard.press('Enter');
  await page.getByText(/^It is recorded: a parcel is missing/).waitFor();
  await page.getByRole('table', { name: 'Explained lately' }).getByText('a person: found').waitFor();
});

test('a count: proposed, begun, one door at a time, and closed by the bank’s own records', {
  skip,
}, async () => {
  const { page, bank, send } = stand;
  await page.getByRole('link', { name: 'Count at Lobby' }).first().click();
  await heading('Count at Lobby');
  await page.getByRole('button', { name: 'Begin the count of 3 doors' }).waitFor();
  await checkAccessible(page);
  await wholePage('admin-count-choose');
  await page.getByLabel('Count door 11').uncheck();
  await page.getByRole('button', { name: 'Begin the count of 2 doors' }).click();
  await page.getByRole('heading', { level: 2, name: 'Next: door 4, where a parcel should be' }).waitFor();
  const command = page.getByRole('region', { name: 'Command to sign the order for door 4' });
  assert.match(
    await command.innerText(),
    new RegExp(`admin order staff-release --bank ${bank.bank} --door 4 `),
  );
  await checkAccessible(page);
  await shot(page, 'admin-count');
  const address = page.url();
  bank.write({ kind: 'count.taken', compartment: 4, facts: { found: 'as-expected' } });
  await send();
  await page.getByRole('heading', { level: 2, name: 'Next: door 7, where nothing should be' }).waitFor();
  await page.getByText('1 of 2 doors counted').waitFor();
  await page.reload();
  await page.getByText('1 of 2 doors counted').waitFor();
  assert.equal(page.url(), address);
  const withOther = bank.write({ kind: 'count.taken', compartment: 7, facts: { found: 'occupied' } });
  assert.ok(withOther > 0);
  bank.write({ kind: 'discrepancy.reported', compartment: 7, facts: { what: 'found-occupied' } });
  await send();
  await page.getByText('1 door is not as the record says.', { exact: false }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-count-done');
  await page.getByRole('link', { name: 'Reconciliation' }).last().click();
  await page
    .getByRole('table', { name: 'Explained lately' })
    .getByText('a count: as the record says')
    .waitFor();
  const open = await page.getByRole('table', { name: 'What does not fit' }).innerText();
  assert.match(open, /staff found something that the record does not know/);
  assert.doesNotMatch(open, /door 4/);
});

test('an alarm about a bank: taken into care, ended by keyboard with a reason, and still in the history', {
  skip,
}, async () => {
  const { page, bank, http } = stand;
  const { cloud } = http.stand;
  await cloud.database.tenant(http.alder.tenant, (tx) =>
    banks.raiseAlarm(cloud, tx, { bank: bank.bank, condition: 'fork', names: { first: 4, last: 6 } }),
  );
  await goTo('#/attention', 'Attention');
  const says = /Lobby: the journal says two things under one number \(numbers 4 to 6\)/;
  const list = page.getByRole('list', { name: 'Attention' });
  const item = list.getByRole('listitem').filter({ hasText: says });
  assert.equal(await item.getByRole('button', { name: /^End: / }).count(), 0, 'nothing ends out of care');
  await item.getByRole('button', { name: /^Take into care: Lobby: the journal/ }).click();
  await item.getByText(/^In care of .* since /).waitFor();
  const forced = list.getByRole('listitem').filter({ hasText: 'door 7: a door was opened by force' });
  await forced.getByRole('button', { name: /^Take into care/ }).click();
  await forced.getByText(/^In care of /).waitFor();
  assert.equal(await forced.getByRole('button', { name: /^End: / }).count(), 0, 'an order ends that one');
  await checkAccessible(page);
  await shot(page, 'admin-attention');
  await tabTo(page, /^End: Lobby: the journal/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'End this alarm?' });
  await dialog.waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-alarm-end');
  await dialog.getByRole('button', { name: 'End the alarm' }).click();
  await dialog.getByText('At least 3 characters.').waitFor();
  await dialog.getByLabel('What the inquiry found').selectOption('own-copy');
  await dialog.getByLabel('Note').fill('the spare disk of the workshop');
  await page.keyboard.press('Enter');
  await page.getByText(/^The alarm is ended: Lobby: the journal/).waitFor();
  await item.waitFor({ state: 'detached' });
  const history = page.getByRole('table', { name: 'All alarms' });
  const row = history.getByRole('row').filter({ hasText: says });
  await row
    .getByText(/ended it: An old copy or a second agent .* – the spare disk of the workshop/)
    .waitFor();
  await checkAccessible(page);
});

const PAGES: readonly [string, string][] = [
  ['overview', 'Overview'],
  ['attention', 'Attention'],
  ['banks', 'Banks'],
  ['parcels', 'Parcels'],
  ['parcels?state=overdue', 'Parcels'],
  ['reconciliation', 'Reconciliation'],
  ['usage?days=30', 'Usage'],
  ['people', 'People'],
  ['couriers', 'Couriers'],
  ['rosters', 'Rosters'],
  ['notices', 'Notices'],
  ['odds', 'Odds'],
  ['journal', 'Journal'],
];

/** What makes the page scroll sideways; what scrolls within a frame of its own does not. */
const TOO_WIDE = `document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll('main *, header *')]
    .filter((one) => one.getBoundingClientRect().right > window.innerWidth && !one.closest('.k-table-scroll, .a-code'))
    .map((one) => one.tagName + '.' + (one.getAttribute('class') ?? '') + ' ' + one.textContent.slice(0, 40))`;

test('every page at 320 pixels, with less motion and in the dark: no sideways scrolling, nothing that axe finds', {
  skip,
}, async () => {
  const { page, bank } = stand;
  await page.setViewportSize({ width: 320, height: 640 });
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' });
  const counts: [string, string][] = [
    [`reconciliation/${bank.bank}`, 'Count at Lobby'],
    [`reconciliation/${bank.bank}?doors=3&after=1&at=1`, 'Count at Lobby'],
    [`banks/${bank.bank}/7`, 'Banks'],
  ];
  for (const [fragment, name] of [...PAGES, ...counts]) {
    await goTo(`#/${fragment}`, name);
    await page.getByText('Loading…').first().waitFor({ state: 'detached' });
    assert.deepEqual(await page.evaluate(TOO_WIDE), [], fragment);
    await checkAccessible(page);
    if (['overview', 'usage?days=30'].includes(fragment) || fragment.includes('after=1'))
      await wholePage(`admin-narrow-${fragment.replaceAll(/\W+/g, '-').slice(0, 20)}`);
  }
});

test('every page at 200 % of its size: nothing is cut off sideways', { skip }, async () => {
  const { page, errors } = stand;
  // A window of 1280 pixels at 200 % has the room of one of 640 (WCAG 2.2, 1.4.4).
  await page.setViewportSize({ width: 640, height: 500 });
  await page.emulateMedia({ reducedMotion: null, colorScheme: null });
  for (const [fragment, name] of PAGES) {
    await goTo(`#/${fragment}`, name);
    await page.getByText('Loading…').first().waitFor({ state: 'detached' });
    assert.deepEqual(await page.evaluate(TOO_WIDE), [], fragment);
  }
  assert.deepEqual(errors, []);
});
