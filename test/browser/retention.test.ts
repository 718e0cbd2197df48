/** The schedule of erasure in the admin app in real Chromium: seen before it is set, by keyboard alone, and ended again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import * as people from '../../src/cloud/people/people.ts';
import { placeHold, placeParcelHold } from '../../src/cloud/privacy/privacy.ts';
import { addResident } from '../../src/cloud/test-tenants.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;
const DAY_MS = 86_400_000;

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  const { alder, stand: of } = stand.http;
  const inTenant = of.cloud.database.tenant.bind(of.cloud.database, alder.tenant);
  const gone: PersonId[] = [];
  for (const name of ['Gone First', 'Gone Second', 'Gone But Held'])
    gone.push(await addResident(of.cloud, { tenant: alder.tenant, site: alder.site, name }));
  for (const person of gone) await inTenant((tx) => people.removePerson(of.cloud, tx, person, null));
  const [, , held] = gone;
  await inTenant((tx) =>
    placeHold(of.cloud, tx, { person: held ?? '', reason: 'case 12', untilMs: null, by: null }),
  );
  // Time is not stepped: the administrator's session would be over.
  await inTenant((tx) =>
    sql`update persons set removed_at_ms = removed_at_ms - ${40 * DAY_MS} where state = 'removed'`.execute(
      tx,
    ),
  );
});
after(() => stand?.close());

test('whom a schedule concerns is seen before it is set; nothing but a keyboard sets it, and it is ended again', {
  skip,
}, async () => {
  const { page } = stand;
  const { alder, stand: of } = stand.http;
  await page.goto(stand.url('#/retention'));
  await page.getByText('Nobody is erased unasked.', { exact: true }).waitFor();
  await page.getByRole('cell', { name: 'Gone But Held', exact: true }).waitFor();
  await checkAccessible(page);
  const days = page.getByRole('textbox', { name: 'Days after moving out' });
  const see = page.getByRole('button', { name: 'See whom it concerns' });
  await days.fill('never');
  await see.click();
  await page.getByText('A whole number from 1 to 3650.').waitFor();
  await checkAccessible(page);
  await days.fill('90');
  await see.click();
  await page.getByText(/No resident moved out that long ago/).waitFor();
  // Another number takes the preview away, and with it what would set it.
  await days.fill('30');
  assert.equal(await page.getByRole('button', { name: /^Erase after/ }).count(), 0);
  await days.press('Enter');
  const preview = page.getByRole('region', { name: 'Erase 30 days after moving out' });
  await preview.getByText(/^3 residents moved out that long ago/).waitFor();
  assert.deepEqual(await preview.getByRole('listitem').allInnerTexts(), [
    '2\nerased for good',
    '1\nkept by a legal hold',
    '0\nkept until something open is settled',
  ]);
  await checkAccessible(page);
  await shot(page, 'admin-retention');
  await days.focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page
    .getByText('From the coming night on, residents are erased 30 days after they moved out.')
    .waitFor();
  await page
    .getByText('Residents are erased by night, 30 days after they moved out.', { exact: true })
    .waitFor();
  await checkAccessible(page);
  await page.setViewportSize({ width: 320, height: 800 });
  assert.equal(
    await page.evaluate('document.documentElement.scrollWidth'),
    320,
    'nothing runs out of a narrow page',
  );
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.getByRole('button', { name: 'Erase nobody unasked' }).click();
  await page.getByText('Nobody is erased unasked any more.').waitFor();
  const kept = await of.cloud.database.read(alder.tenant, (tx) => people.countStates(tx));
  assert.equal(kept.erased, 0, 'looking and setting erase nobody');
  assert.deepEqual(stand.errors, []);
});

test('the hold over who moved out is lifted there and they are erased; one over a parcel stands there and leads to it', {
  skip,
}, async () => {
  const { page } = stand;
  const { alder, stand: of } = stand.http;
  const placed = await of.cloud.database.tenant(alder.tenant, async (tx) => {
    const { rows } = await sql<{ parcel: string }>`select parcel_id as parcel from parcels
      where state = 'collected' limit 1`.execute(tx);
    const parcel = rows[0]?.parcel ?? '';
    await placeParcelHold(of.cloud, tx, { parcel, reason: 'case 13', untilMs: null, by: null });
    return parcel;
  });
  await page.reload();
  const overParcels = page.getByRole('table', { name: 'Legal holds over parcels' });
  await overParcels.getByRole('cell', { name: 'case 13' }).waitFor();
  await page.getByRole('button', { name: 'Lift or erase: Gone But Held' }).click();
  await page.getByText(/Since .*: case 12/).waitFor();
  await page.getByLabel('Reason').fill('closed');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('No legal hold stands over Gone But Held any more.').waitFor();
  await dialog.getByLabel('Type erase to erase this person').fill('erase');
  await checkAccessible(page);
  await shot(page, 'admin-retention-lift');
  await page.keyboard.press('Enter');
  await page.getByText('Gone But Held was erased. No export').waitFor();
  assert.equal(await page.getByText('No legal hold stands', { exact: false }).count(), 0);
  await overParcels.scrollIntoViewIfNeeded();
  await checkAccessible(page);
  await shot(page, 'admin-retention-holds');
  await overParcels.getByRole('link', { name: placed }).click();
  await page.getByRole('heading', { name: 'Keep as evidence' }).waitFor();
  await page.getByLabel('Reason').fill('closed');
  await page.getByRole('button', { name: 'Lift every hold' }).click();
  await page.getByText('No legal hold stands over this parcel any more.').waitFor();
  await page.goto(stand.url('#/retention'));
  await page.getByText('No legal hold stands, over a person or over a parcel.').waitFor();
  assert.deepEqual(stand.errors, []);
});
