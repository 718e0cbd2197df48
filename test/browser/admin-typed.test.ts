/**
 * What is typed in the admin app in real Chromium: nothing that a field shows is left out of what is asked for, a day
 * lasts to its end on the reader's clock, what others changed stays, and a refusal is told in the language spoken.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page, Request } from 'playwright-core';
import * as people from '../../src/cloud/people/people.ts';
import { addResident } from '../../src/cloud/test-tenants.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, openPage, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;
const HALF = 'This is not complete yet.';
const MANY = 110;

let stand: AdminStand;
let edited: PersonId;
/** A reader west of UTC. */
let page: Page;
let errors: string[];
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  const { alder, stand: of } = stand.http;
  const { tenant, site } = alder;
  edited = await addResident(of.cloud, { tenant, site, name: 'Also Edited Elsewhere' });
  const { person: by } = await of.cloud.database.read(tenant, (tx) =>
    people.requirePerson(of.cloud, tx, edited),
  );
  const residents = Array.from({ length: MANY }, (_, n) => ({
    ...{ name: `Zoë Many ${String(n).padStart(3, '0')}`, flat: `M${n}`, email: null, phone: null },
    accessible: false,
  }));
  await of.cloud.database.tenant(tenant, (tx) => people.addResidents(of.cloud, tx, { site, by, residents }));
  const west = await stand.browser.newContext({
    ...{ timezoneId: 'America/New_York', locale: 'en-US', viewport: { width: 1280, height: 1000 } },
  });
  west.setDefaultTimeout(20_000);
  await west.addCookies(await stand.context.cookies());
  ({ page, errors } = await openPage(west, stand.url('#/overview')));
});
after(() => stand?.close());

/** Every request to the address while something is done, with what was sent. */
async function asked(of: RegExp, run: () => Promise<void>): Promise<Request[]> {
  const found: Request[] = [];
  const see = (request: Request): void => {
    if (of.test(request.url())) found.push(request);
  };
  page.on('request', see);
  await run();
  page.off('request', see);
  return found;
}

function bodyOf(request: Request | undefined): Record<string, unknown> {
  assert.ok(request, 'it was asked');
  return request.postDataJSON() as Record<string, unknown>;
}

test('a door that is none and half a time are said beside their fields, and no export is counted or made', {
  skip,
}, async () => {
  await page.goto(stand.url('#/journal/exports'));
  await page.getByLabel('Purpose', { exact: true }).first().fill('case 12');
  await page.getByLabel('Name of the receiver').fill('Court');
  await page.getByLabel('Bank', { exact: true }).selectOption({ label: 'Lobby' });
  await page.getByLabel('Encrypted to').selectOption('passphrase');
  await page.getByLabel('Passphrase', { exact: true }).fill('a passphrase of many words');
  await page.getByLabel('Passphrase once more').fill('a passphrase of many words');
  const make = page.getByRole('button', { name: 'Make the bundle' });
  const count = page.getByRole('button', { name: 'Count', exact: true });
  const sent = await asked(/\/exports(\/preview)?$/, async () => {
    await page.getByLabel('Door', { exact: true }).fill('0');
    await page.getByText('A door is a whole number from 1 to 9999.').waitFor();
    await make.click();
    await checkAccessible(page);
    await page.getByLabel('Door', { exact: true }).fill('3');
    await page.getByLabel('From', { exact: true }).focus();
    await page.keyboard.type('05022026');
    await count.click();
    await page.getByText(HALF).waitFor();
    assert.equal(await page.evaluate('document.activeElement.type'), 'datetime-local');
    await make.click();
    await page.keyboard.press('Enter');
    await page.getByText(HALF).waitFor();
    await page.getByText(HALF).scrollIntoViewIfNeeded();
    await checkAccessible(page);
    await shot(page, 'admin-typed-export');
  });
  assert.deepEqual(
    sent.filter((request) => request.method() === 'POST').map((request) => request.url()),
    [],
  );
  await page.getByLabel('From', { exact: true }).fill('2026-05-02T10:00');
  assert.equal(await page.getByText(HALF).count(), 0);
  const [counted] = await asked(/\/exports\/preview$/, async () => {
    await count.click();
    await page.getByText(/It would hold \d+ records|No record is what/).waitFor();
  });
  const { selection } = bodyOf(counted);
  const { compartment, fromMs } = selection as { compartment: number; fromMs: number };
  assert.deepEqual([compartment, fromMs], [3, Date.UTC(2026, 4, 2, 14)]);
  assert.deepEqual(errors, []);
});

test('the journal shows no record while a field says nothing clear, and goes on once it does', {
  skip,
}, async () => {
  const records = page.getByRole('table', { name: 'Records' });
  const unclear = page.getByText('No record is shown, because a field above');
  await page.goto(stand.url('#/journal'));
  await records.waitFor();
  await page.getByLabel('Journal of').selectOption({ label: 'Lobby' });
  await page.getByLabel('Door', { exact: true }).fill('0');
  await page.keyboard.press('Enter');
  await unclear.waitFor();
  assert.equal(await records.count(), 0);
  assert.doesNotMatch(page.url(), /door/);
  await checkAccessible(page);
  await shot(page, 'admin-typed-journal');
  await page.getByLabel('Door', { exact: true }).fill('3');
  await page.keyboard.press('Enter');
  await records.waitFor();
  assert.match(page.url(), /door=3/);
  await page.getByLabel('From', { exact: true }).fill('2026-05-02T10:00');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=/);
  // A part of the date taken away again leaves half a date, and not a question without one.
  await page.getByLabel('From', { exact: true }).focus();
  await page.keyboard.press('Backspace');
  await page.getByLabel('Before', { exact: true }).focus();
  await page.getByText(HALF).waitFor();
  await unclear.waitFor();
  assert.match(page.url(), /from=/);
  await page.getByRole('link', { name: 'Ask for everything' }).click();
  await records.waitFor();
  assert.equal(await page.getByText(HALF).count(), 0);
  assert.match(page.url(), /#\/journal$/);
  assert.deepEqual(errors, []);
});

test('a hold until a day lasts to its end where the reader is, and is shown as that day; half a day places none', {
  skip,
}, async () => {
  await page.goto(stand.url('#/people'));
  await page.getByRole('button', { name: 'Erase or hold Also Edited Elsewhere' }).click();
  await page.getByLabel('Reason').fill('case 12');
  const none = await asked(/\/hold$/, async () => {
    await page.getByLabel('Until').focus();
    await page.keyboard.type('0308');
    await page.getByRole('button', { name: 'Place a hold' }).click();
    await page.getByText(HALF).waitFor();
    await checkAccessible(page);
    await shot(page, 'admin-typed-hold');
  });
  assert.deepEqual(none, []);
  // A day of 23 hours there.
  await page.getByLabel('Until').fill('2037-03-08');
  const [placed] = await asked(/\/hold$/, async () => {
    await page.getByRole('button', { name: 'Place a hold' }).click();
    await page.getByText('A legal hold stands over Also Edited Elsewhere.').waitFor();
  });
  assert.equal(bodyOf(placed).untilMs, Date.UTC(2037, 2, 9, 4));
  await page.getByRole('button', { name: 'Erase or hold Also Edited Elsewhere' }).click();
  await page.getByText(/until 8 Mar 2037, by .*: case 12/).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(stand.url('#/retention'));
  await page.getByRole('cell', { name: '8 Mar 2037', exact: true }).waitFor();
  assert.deepEqual(errors, []);
});

test('an edit changes what was edited; what somebody else changed while the form was open stays', {
  skip,
}, async () => {
  const { alder, stand: of } = stand.http;
  await page.goto(stand.url('#/people'));
  await page.getByRole('button', { name: 'Edit Also Edited Elsewhere' }).click();
  await page.getByLabel('Flat', { exact: true }).fill('9Z');
  await of.cloud.database.tenant(alder.tenant, (tx) =>
    people.patchPerson(of.cloud, tx, edited, { email: 'new@example.test', accessible: true, by: null }),
  );
  const [saved] = await asked(new RegExp(`/people/${edited}$`), async () => {
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Also Edited Elsewhere was saved.').waitFor();
  });
  assert.deepEqual(bodyOf(saved), { flat: '9Z' });
  const found = await of.cloud.database.read(alder.tenant, (tx) => people.findPerson(of.cloud, tx, edited));
  const { flat, email, accessible } = found?.profile ?? {};
  assert.deepEqual({ flat, email, accessible }, { flat: '9Z', email: 'new@example.test', accessible: true });
  assert.deepEqual(errors, []);
});

test('a list of which part is here says so, and its file holds all of it, for a spreadsheet that asks for the mark', {
  skip,
}, async () => {
  await page.goto(stand.url('#/people'));
  await page.getByText('First rows: 100. There are more.').waitFor();
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await page.getByText('Only the rows that are here are sorted.').waitFor();
  await page.getByText('First rows: 100.').scrollIntoViewIfNeeded();
  await checkAccessible(page);
  await shot(page, 'admin-typed-csv');
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download as CSV: Residents' }).click(),
  ]);
  const text = readFileSync(await file.path(), 'utf8');
  assert.match(text, /^\ufeffName,Flat,/);
  const many = text.split('\r\n').filter((line) => line.startsWith('Zoë Many '));
  assert.equal(many.length, MANY);
  assert.deepEqual(many, [...many].sort(), 'all of it is in the order that was chosen');
  await page.getByText(/^\d+ rows/).waitFor();
  assert.deepEqual(errors, []);
});

test('in German a wrong password is no wrong link, and a refusal has a sentence and what the cloud says more', {
  skip,
}, async () => {
  const german = await stand.browser.newContext({ locale: 'de-DE', timezoneId: 'Europe/Berlin' });
  german.setDefaultTimeout(20_000);
  const { page: form } = await openPage(german, stand.url('#/overview'));
  await form.getByLabel('E-Mail').fill('nobody@example.test');
  await form.getByLabel('Passwort').fill('not this one at all');
  await form.getByLabel('Code der Authenticator-App').fill('123456');
  await form.getByRole('button', { name: 'Anmelden' }).click();
  const alert = form.getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.innerText(), /Prüfen Sie Adresse, Passwort und Code/);
  assert.doesNotMatch(await alert.innerText(), /Link/);
  await german.addCookies(await stand.context.cookies());
  await form.goto(stand.url('#/people'));
  await form.reload();
  await form.getByRole('button', { name: 'Also Edited Elsewhere löschen oder zurückhalten' }).click();
  await form.getByLabel('Grund').fill('Verfahren 12');
  await form.getByRole('button', { name: 'Jede Sperre aufheben' }).click();
  await form.getByText('Für Also Edited Elsewhere besteht keine Aufbewahrungssperre mehr.').waitFor();
  await form.getByRole('button', { name: 'Also Edited Elsewhere löschen oder zurückhalten' }).click();
  await form.getByLabel('Grund').fill('Verfahren 12');
  await form.getByLabel('Bis').fill('2020-01-01');
  await form.getByRole('button', { name: 'Sperre verhängen' }).click();
  await alert.getByText('Etwas an der Eingabe passt nicht.').waitFor();
  const detail = alert.locator('[lang="en"]');
  assert.equal(await detail.innerText(), 'A hold that ends in the past holds nothing.');
  await checkAccessible(form);
  await shot(form, 'admin-typed-german');
});
