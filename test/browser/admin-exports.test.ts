/** Evidence exports in the admin app in real Chromium: counted, asked for, made, fetched; once with a keyboard alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeAsked } from '../../src/cloud/export/run.ts';
import { openEnvelope, readPrivateKey } from '../../src/crypto/cms/envelope.ts';
import { testCertificate } from '../../src/crypto/cms/test-certificate.ts';
import { type AdminStand, openAdminStand, tabTo } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
});
after(() => stand?.close());

/** As the worker of the cloud does it, whenever something waits. */
async function makeAll(): Promise<void> {
  const { alder, stand: of } = stand.http;
  const { rows } = await of.cloud.database.pool.query<{ payload: { export: string } }>(
    `select payload from graphile_worker._private_jobs where payload->>'export' is not null`,
  );
  assert.ok(rows.length > 0);
  for (const { payload } of rows) await makeAsked(of.cloud, { tenant: alder.tenant, export: payload.export });
}

test('a bundle is counted, asked for with its purpose, and fetched by nobody but its receiver', {
  skip,
}, async () => {
  const { page } = stand;
  const { certificate, keyPem } = await testCertificate({ kind: 'rsa', fromMs: 0, toMs: 9_000_000_000_000 });
  await page.goto(stand.url('#/journal'));
  await page.getByRole('link', { name: 'Evidence exports' }).click();
  await page.getByRole('heading', { name: 'Evidence exports' }).waitFor();
  await page
    .getByText('No bundle was asked for yet.')
    .or(page.getByText('Not kept any more'))
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Make the bundle' }).click();
  assert.equal(await page.getByText('This is needed.').count(), 3);
  await checkAccessible(page);
  await page.getByLabel('Purpose', { exact: true }).first().fill('case 12 of the district court');
  await page.getByLabel('Name of the receiver').fill('District Court, Chamber 4');
  const banks = page.getByLabel('Bank', { exact: true });
  await banks.selectOption({ index: 1 });
  await page.getByLabel('Tracking number').check();
  await page.getByRole('button', { name: 'Count' }).click();
  await page.getByText(/It would hold \d+ records/).waitFor();
  await page.getByLabel('Certificate file').setInputFiles({
    ...{ name: 'court.pem', mimeType: 'application/x-x509-ca-cert', buffer: Buffer.from(certificate) },
  });
  await page.getByText('Chosen: court.pem').waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-export-ask');
  await page.getByRole('button', { name: 'Make the bundle' }).click();
  await page.getByText('The bundle for District Court, Chamber 4 is being made.').waitFor();
  await page.getByText('Waiting', { exact: true }).waitFor();
  await makeAll();
  const fetchLink = page.getByRole('link', { name: 'Fetch the bundle for District Court, Chamber 4' });
  await fetchLink.waitFor();
  await checkAccessible(page);
  await fetchLink.scrollIntoViewIfNeeded();
  await shot(page, 'admin-export-list');
  const [download] = await Promise.all([page.waitForEvent('download'), fetchLink.click()]);
  assert.match(download.suggestedFilename(), /^export_[a-z2-7]{26}\.p7m$/);
  const bytes = new Uint8Array(readFileSync(await download.path()));
  const key = readPrivateKey(keyPem);
  assert.ok(key);
  const source = { size: bytes.length, read: (at: number, length: number) => bytes.slice(at, at + length) };
  const opened = await openEnvelope(source, { is: 'key', key });
  assert.ok(opened.ok && Buffer.from(opened.content.read(0, 100)).toString().startsWith('manifest.json'));
  assert.deepEqual(stand.errors, []);
});

test('by keyboard alone an alarm leads to the export of its incident, which says by itself which records', {
  skip,
}, async () => {
  const { page } = stand;
  await page.goto(stand.url('#/attention'));
  const history = page.getByRole('table', { name: 'All alarms' });
  await history.scrollIntoViewIfNeeded();
  await shot(page, 'admin-alarms-all');
  await tabTo(page, /^Export as an incident: .*door 7/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ask for a bundle' }).waitFor();
  await page.getByText(/^The incident at .*, /).waitFor();
  assert.equal(await page.getByLabel('Bank', { exact: true }).count(), 0, 'nothing else is asked for');
  await tabTo(page, /^Count$/);
  await page.keyboard.press('Enter');
  await page.getByText(/It would hold \d+ records/).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-export-incident');
  await page.reload();
  await tabTo(page, /^Not about this incident$/);
  await page.keyboard.press('Enter');
  await page.getByLabel('Bank', { exact: true }).waitFor();
  assert.deepEqual(stand.errors, []);
});

test('with nothing but a keyboard a bundle is asked for under a passphrase, and discarded', {
  skip,
}, async () => {
  const { page } = stand;
  await page.goto(stand.url('#/journal/exports'));
  await page.getByRole('heading', { name: 'Ask for a bundle' }).waitFor();
  const to = async (label: string) => {
    const id = await page.getByLabel(label, { exact: true }).first().getAttribute('id');
    for (let tabs = 0; tabs < 80; tabs++) {
      if ((await page.evaluate('document.activeElement.id')) === id) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab never came to ${label}`);
  };
  await to('Purpose');
  await page.keyboard.type('an insurer asks');
  await to('Name of the receiver');
  await page.keyboard.type('Insurer');
  await to('Encrypted to');
  await page.keyboard.type('a pass');
  await to('Passphrase');
  await page.keyboard.type('too short');
  await to('Passphrase once more');
  await page.keyboard.type('too short');
  await page.keyboard.press('Enter');
  await page.getByText('The passphrase has fewer than 16 characters.').waitFor();
  await checkAccessible(page);
  await page.keyboard.press('Shift+Tab');
  for (const label of ['Passphrase', 'Passphrase once more']) {
    await to(label);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('seven grey herons over Kiel');
  }
  await page.keyboard.press('Enter');
  await page.getByText('The bundle for Insurer is being made.').waitFor();
  await tabTo(page, /^Discard the bundle for Insurer$/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Discard the bundle for Insurer' }).waitFor({ state: 'detached' });
  assert.deepEqual(
    stand.errors.filter((line) => !line.includes('400')),
    [],
  );
});
