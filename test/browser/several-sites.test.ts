/** An organisation with two sites in real Chromium: the form and the import ask for one, and with one site nobody is asked. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as banks from '../../src/cloud/banks/banks.ts';
import * as people from '../../src/cloud/people/people.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import type { SiteId } from '../../src/domain/ids.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
before(async () => {
  if (missingBrowser === null) stand = await openAdminStand();
});
after(() => stand?.close());

async function namesAt(site: SiteId): Promise<string[]> {
  const { alder, stand: of } = stand.http;
  const found = await of.cloud.database.read(alder.tenant, (tx) => people.residents(of.cloud, tx, site));
  return found.map(({ profile }) => profile.name);
}

test('a site is asked for where there are several, by hand and in a list, and the table shows it', {
  skip,
}, async () => {
  const { page } = stand;
  const { alder, stand: of } = stand.http;
  await page.goto(stand.url('#/people'));
  await page.getByRole('button', { name: 'Add a resident' }).click();
  await page.getByLabel('Name', { exact: true }).waitFor();
  assert.equal(
    await page.getByRole('combobox', { name: 'Site' }).count(),
    0,
    'with one site nobody is asked',
  );
  await page.keyboard.press('Escape');
  const root = { rootKeys: [base64url(of.root.publicKey)], rootSignatures: 1 };
  const yard = await of.cloud.database.tenant(alder.tenant, (tx) =>
    banks.addSite(of.cloud, tx, { name: 'Alder Yard', ...root }),
  );

  await page.reload();
  await page.getByRole('button', { name: 'Add a resident' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Yara Yard');
  await page.getByLabel('Flat', { exact: true }).fill('12');
  await page.getByLabel('Email').fill('yara@example.org');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Which site? Only its banks will know this person.').waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-people-site');
  await page.getByRole('combobox', { name: 'Site' }).selectOption('Alder Yard');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Yara Yard was added.').waitFor();
  assert.deepEqual(await namesAt(yard), ['Yara Yard']);
  await page.getByRole('row', { name: /Yara Yard.*Alder Yard/ }).waitFor();

  await page.goto(stand.url('#/people/import'));
  await page.getByRole('heading', { name: 'Which site?' }).waitFor();
  assert.equal(await page.getByLabel('File with the list').count(), 0, 'first the site');
  await checkAccessible(page);
  await page.getByRole('combobox', { name: 'Site' }).selectOption('Alder Yard');
  const list = { name: 'yard.csv', mimeType: 'text/csv', buffer: Buffer.from('Name,Flat\nLena List,3\n') };
  await page.getByLabel('File with the list').setInputFiles(list);
  await page.getByText('Lena List').first().waitFor();
  await shot(page, 'admin-people-import-site');
  await page.getByRole('button', { name: /^Import 1/ }).click();
  await page.getByRole('button', { name: 'Import another file' }).waitFor();
  assert.deepEqual(await namesAt(yard), ['Yara Yard', 'Lena List']);
  assert.deepEqual(stand.errors, []);
});
