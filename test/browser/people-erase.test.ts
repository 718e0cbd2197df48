/** Erasing a person in the admin app in real Chromium: a hold first, then the typed word, and nothing that axe finds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as people from '../../src/cloud/people/people.ts';
import { addResident } from '../../src/cloud/test-tenants.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
let person: PersonId;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  const { alder, stand: of } = stand.http;
  person = await addResident(of.cloud, { tenant: alder.tenant, site: alder.site, name: 'Leaving Soon' });
});
after(() => stand?.close());

test('a person is held, freed and erased in the admin app, and only by the word', { skip }, async () => {
  const { page } = stand;
  const ask = async () => {
    await page.getByRole('button', { name: 'Erase or hold Leaving Soon' }).click();
    await page.getByRole('heading', { name: 'Legal holds' }).waitFor();
  };
  await page.goto(stand.url('#/people'));
  await ask();
  await page.getByLabel('Reason').fill('case 12');
  await page.getByRole('button', { name: 'Place a hold' }).click();
  await page.getByText('A legal hold stands over Leaving Soon.').waitFor();
  await ask();
  await page.getByText(/Since .*: case 12/).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Erase for good' }).count(), 0);
  await checkAccessible(page);
  await page.getByLabel('Reason').fill('closed');
  await page.getByRole('button', { name: 'Lift every hold' }).click();
  await page.getByText('No legal hold stands over Leaving Soon any more.').waitFor();
  await ask();
  await checkAccessible(page);
  await shot(page, 'admin-erase');
  await page.getByLabel('Type erase to erase this person').fill('delete');
  await page.getByRole('button', { name: 'Erase for good' }).click();
  await page.getByText('Type exactly: erase').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // Once more with nothing but a keyboard.
  await page.getByRole('button', { name: 'Erase or hold Leaving Soon' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Legal holds' }).waitFor();
  const word = page.getByLabel('Type erase to erase this person');
  const id = await word.getAttribute('id');
  // Close, the reason, the parts of a date, the hold: then the word.
  for (let tabs = 0; tabs < 12 && (await page.evaluate('document.activeElement.id')) !== id; tabs++)
    await page.keyboard.press('Tab');
  await page.keyboard.type('erase');
  await page.keyboard.press('Enter');
  await page.getByText('Leaving Soon was erased. No export').waitFor();
  const { alder, stand: of } = stand.http;
  const found = await of.cloud.database.read(alder.tenant, (tx) => people.findPerson(of.cloud, tx, person));
  assert.equal(found?.profile.name, '(erased)');
  assert.deepEqual(stand.errors, []);
});

test('a parcel is kept as evidence on its own page, and let go', { skip }, async () => {
  const { page } = stand;
  await page.goto(stand.url('#/parcels?state=collected'));
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Keep as evidence' }).waitFor();
  await page.getByRole('button', { name: 'Place a hold' }).click();
  await page.getByText('This is needed.').waitFor();
  await page.getByLabel('Reason').fill('case 12');
  await page.keyboard.press('Enter');
  await page.getByText('A legal hold stands over this parcel.').waitFor();
  await page.getByText(/Since .*: case 12/).waitFor();
  await page.getByRole('heading', { name: 'Keep as evidence' }).scrollIntoViewIfNeeded();
  await checkAccessible(page);
  await shot(page, 'admin-parcel-hold');
  await page.getByLabel('Reason').fill('closed');
  await page.getByRole('button', { name: 'Lift every hold' }).click();
  await page.getByText('No legal hold stands over this parcel any more.').waitFor();
  assert.deepEqual(stand.errors, []);
});
