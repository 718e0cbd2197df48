/** Evidence on a parcel's page in real Chromium: attached with the file chooser and by keyboard alone, listed, downloaded for a purpose. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type AdminStand, openAdminStand, tabTo } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  // Choosers are watched for from the start: a key that is pressed while the watch only begins opens one that is lost.
  stand.page.on('filechooser', () => {});
});
after(() => stand?.close());

const PHOTO = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(1_500_000, 9)]);
const photo = { name: 'IMG_2041.heic.jpg', mimeType: 'image/jpeg', buffer: PHOTO };

/** The card, on the page of a parcel that nobody has attached anything to. */
async function openCard() {
  const { page } = stand;
  await page.goto(stand.url('#/parcels?state=waiting'));
  const table = page.getByRole('table', { name: 'Parcels' });
  await table.getByRole('link', { name: '1Z999AA1012345671', exact: true }).first().click();
  const card = page.getByRole('region', { name: 'Evidence', exact: true });
  await card.getByRole('button', { name: 'Attach', exact: true }).waitFor();
  return card;
}

test('a photo is chosen, told of before it is sent, attached, listed with its hash, and downloaded for a purpose', {
  skip,
}, async () => {
  const { page } = stand;
  const card = await openCard();
  await card.getByText('Nothing was attached to this parcel yet.').waitFor();
  await card.getByText('It is kept byte for byte').waitFor();
  await checkAccessible(page);
  await card.scrollIntoViewIfNeeded();
  await shot(page, 'admin-evidence-empty');
  await card.getByRole('button', { name: 'Attach', exact: true }).click();
  assert.equal(await card.getByText('This is needed.').count(), 2);
  const file = card.getByLabel('File', { exact: true });
  await file.setInputFiles({
    name: 'photo.jpg',
    mimeType: 'image/jpeg',
    buffer: Buffer.from('MZ\x90\0', 'latin1'),
  });
  await card.getByText('photo.jpg is none of these').waitFor();
  await file.setInputFiles({ ...photo, name: 'huge.jpg', buffer: Buffer.alloc(10_000_001, 1) });
  await card.getByText('huge.jpg has 10 MB; at most 10 MB are taken.').waitFor();
  await checkAccessible(page);
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    card.getByRole('button', { name: 'Choose a file' }).click(),
  ]);
  await chooser.setFiles(photo);
  await card.getByText('Chosen: IMG_2041.heic.jpg, 1.5 MB').waitFor();
  await card.getByLabel('What it shows, and why it is kept').fill('A dent on the left side, as it came');
  await card.getByLabel('Whom it shows or names').selectOption('both');
  await checkAccessible(page);
  await shot(page, 'admin-evidence-attach');
  await card.getByRole('button', { name: 'Attach', exact: true }).click();
  await card.getByText('It was attached, and is on record.').waitFor();
  const item = card.getByRole('list', { name: 'Attached' }).getByRole('listitem');
  await item.getByText('Photo (JPEG), 1.5 MB').waitFor();
  assert.match(await item.innerText(), /A dent on the left side.*SHA-256 [0-9a-f]{64}/s);
  await item.getByRole('button', { name: /^Download what was attached/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Download evidence' });
  await dialog.getByRole('button', { name: 'Download and record it' }).click();
  await dialog.getByText('This is needed.').waitFor();
  await checkAccessible(page);
  await dialog.getByLabel('Purpose').fill('the insurer asks about the damage');
  await shot(page, 'admin-evidence-view');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download and record it' }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^evidence_[a-z2-7]{26}\.jpg$/);
  assert.ok(PHOTO.equals(readFileSync(await download.path())), 'it is the photo, byte for byte');
  await card.getByText('It was downloaded, and that is on record.').waitFor();
  await checkAccessible(page);
  await card.scrollIntoViewIfNeeded();
  await shot(page, 'admin-evidence-list');
  assert.deepEqual(stand.errors, []);
});

test('with nothing but a keyboard a text is attached, and the record of it is found', { skip }, async () => {
  const { page } = stand;
  const card = await openCard();
  await tabTo(page, /^Choose a file$/);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles({
    name: 'said.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('It stood open.\n'),
  });
  await card.getByText('Chosen: said.txt, 15 B').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type('What the caretaker wrote down');
  await page.keyboard.press('Tab');
  await page.keyboard.type('the courier');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await card.getByText('It was attached, and is on record.').waitFor();
  const list = card.getByRole('list', { name: 'Attached' });
  const text = list.getByRole('listitem').filter({ hasText: 'Text, 15 B' });
  await text.getByRole('link', { name: /^The record of what was attached/ }).click();
  const record = page.getByRole('dialog');
  await record.getByText('evidence.attached').first().waitFor();
  assert.deepEqual(stand.errors, []);
});

test('a list that does not load says so and asks again; a file that is refused says why; and all of it speaks German', {
  skip,
}, async () => {
  const { page } = stand;
  await page.route('**/evidence', (route) => route.abort());
  await page.goto(stand.url('#/parcels?state=waiting'));
  const table = page.getByRole('table', { name: 'Parcels' });
  await table.getByRole('link', { name: '1Z999AA1012345672', exact: true }).first().click();
  const card = page.getByRole('region', { name: 'Evidence', exact: true });
  const again = card.getByRole('button', { name: /again/i });
  await again.waitFor({ timeout: 30_000 });
  await checkAccessible(page);
  await page.unroute('**/evidence');
  await again.click();
  await card.getByText('Nothing was attached to this parcel yet.').waitFor();
  const denied = {
    status: 403,
    code: 'not-allowed',
    title: 'no',
    detail: 'This account may not do that.',
    type: 'about:blank',
  };
  await page.route('**/evidence', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(denied) })
      : route.continue(),
  );
  await card.getByLabel('File', { exact: true }).setInputFiles(photo);
  await card.getByLabel('What it shows, and why it is kept').fill('x');
  await card.getByRole('button', { name: 'Attach', exact: true }).click();
  await card.getByRole('alert').getByText('This account may not do that.').waitFor();
  await checkAccessible(page);
  await page.unroute('**/evidence');
  await page.getByRole('group', { name: 'Language' }).getByRole('button', { name: 'Deutsch' }).click();
  const german = page.getByRole('region', { name: 'Beweisstücke', exact: true });
  await german.getByRole('button', { name: 'Datei wählen' }).waitFor();
  await german.getByText('Sie wird Byte für Byte aufgehoben').waitFor();
  await checkAccessible(page);
  await page.setViewportSize({ width: 320, height: 800 });
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
  await german.scrollIntoViewIfNeeded();
  await shot(page, 'admin-evidence-narrow-de');
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.getByRole('group', { name: 'Sprache' }).getByRole('button', { name: 'English' }).click();
  assert.deepEqual(
    stand.errors.filter((line) => !/403|ERR_FAILED|Failed to load/.test(line)),
    [],
  );
});
