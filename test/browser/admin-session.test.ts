/**
 * The session of the admin app, in real Chromium: its end is said in time and can be put off, who types is there, the
 * pages of one browser are always of one person, and a new badge outlives the end of a session.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { Locator, Page } from 'playwright-core';
import { tokenHashOf } from '../../src/cloud/signin/sessions.ts';
import * as signin from '../../src/cloud/signin/signin.ts';
import { newToken } from '../../src/cloud/test-tenants.ts';
import { UNATTENDED_HEADER } from '../../src/contract/http/common.ts';
import { totpCode, totpStep } from '../../src/crypto/password.ts';
import { type AdminStand, openAdminStand } from './admin-stand.ts';
import { checkAccessible, missingBrowser, openPage, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const MINUTE_MS = 60_000;
const QUIET_MS = 2_000;
const PASSWORD = 'a long and quiet river';
const TOTP = new Uint8Array(20).fill(7);
/** Two administrators who sign in by the form. */
const ALICE = { name: 'Alice Ash', email: 'alice@example.org' };
const BOB = { name: 'Bob Beech', email: 'bob@example.org' };

let stand: AdminStand;
before(async () => {
  if (missingBrowser !== null) return;
  stand = await openAdminStand();
  const {
    alder,
    stand: { cloud },
  } = stand.http;
  for (const { name, email } of [ALICE, BOB])
    await cloud.database.tenant(alder.tenant, (tx) =>
      signin.addAdmin(cloud, tx, {
        role: 'admin',
        name,
        email,
        password: PASSWORD,
        totpSecret: TOTP,
        by: null,
      }),
    );
});
after(() => stand?.close());

type Desk = { page: Page; token: string; errors: string[] };

/** A browser of its own with a session that begins now; its clock can be moved, as the server's can. */
async function desk(place: string): Promise<Desk & { close(): Promise<void> }> {
  return await deskOf(place, await newSession());
}

function newSession(): Promise<string> {
  const { alder, stand: inner } = stand.http;
  return newToken(inner.cloud, { tenant: alder.tenant, role: 'admin', person: alder.people.admin });
}

async function deskOf(place: string, token: string | null): Promise<Desk & { close(): Promise<void> }> {
  const context = await stand.browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(20_000);
  const url = new URL('/api/admin/', stand.url('')).href;
  if (token !== null) await context.addCookies([{ name: 'holdfast_admin', value: token, url, secure: true }]);
  await context.clock.install();
  const stream = context.waitForEvent('response', (answer) => /\/events\b/.test(answer.url()));
  stream.catch(() => undefined);
  const { page, errors } = await openPage(context, stand.url(place));
  // All that the page asks of itself at first is a use of the session; it has to be over before time passes.
  if (token !== null) {
    await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
    await page.getByRole('table', { name: 'Residents' }).waitFor();
    // With its stream it asks for everything once more.
    await stream;
    await page.waitForTimeout(QUIET_MS);
  }
  return { page, token: token ?? '', errors, close: () => context.close() };
}

/** Nobody is at either end, and time passes. */
async function pass(page: Page, ms: number): Promise<void> {
  stand.http.stand.step(ms);
  await page.clock.fastForward(ms);
}

async function idleLeftMs(token: string): Promise<number> {
  const answer = await fetch(new URL('/api/admin/session', stand.url('')), {
    headers: { cookie: `holdfast_admin=${token}`, [UNATTENDED_HEADER]: '1' },
  });
  assert.equal(answer.status, 200);
  return ((await answer.json()) as { idleLeftMs: number }).idleLeftMs;
}

const warning = (page: Page): Locator =>
  page.getByRole('status').filter({ hasText: 'Your session ends soon' });

test('before a session idles out that is said, and one press goes on', { skip }, async () => {
  const { page, token, errors, close } = await desk('#/people');
  await pass(page, 26 * MINUTE_MS);
  assert.equal(await warning(page).count(), 0);
  await pass(page, 1.5 * MINUTE_MS);
  await warning(page).waitFor();
  const leftMs = await idleLeftMs(token);
  assert.ok(leftMs >= 2 * MINUTE_MS, `${leftMs} ms are left`);
  assert.match(await warning(page).innerText(), /At .*\d\d.* you are signed out/);
  await checkAccessible(page);
  await shot(page, 'admin-session-ends');
  await warning(page).getByRole('button', { name: 'I am still here' }).click();
  await warning(page).waitFor({ state: 'detached' });
  assert.ok((await idleLeftMs(token)) > 29 * MINUTE_MS);
  assert.deepEqual(errors, []);
  await close();
});

test('over a dialog it is said as well, and without a press the session ends, and says what became of what was typed', {
  skip,
}, async () => {
  const { page, close } = await desk('#/people');
  await page.getByRole('button', { name: 'Add a resident' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Half typed');
  await pass(page, 27.5 * MINUTE_MS);
  await dialog.getByRole('status').filter({ hasText: 'Your session ends soon' }).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-session-ends-dialog');
  await dialog.getByRole('button', { name: 'I am still here' }).focus();
  await page.keyboard.press('Enter');
  await dialog
    .getByRole('status')
    .filter({ hasText: 'Your session ends soon' })
    .waitFor({ state: 'detached' });
  assert.equal(await dialog.evaluate('document.activeElement?.closest("dialog") !== null'), true);
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Half typed');
  await pass(page, 27.5 * MINUTE_MS);
  await dialog.getByRole('status').filter({ hasText: 'Your session ends soon' }).waitFor();
  await pass(page, 3 * MINUTE_MS);
  await page.getByRole('status').filter({ hasText: 'Your session has ended' }).waitFor();
  await page.getByText('what was typed there and not saved is gone').waitFor();
  await close();
});

test('who only types for more than half an hour is there, and loses nothing', { skip }, async () => {
  const { page, token, close } = await desk('#/people');
  await page.getByRole('button', { name: 'Add a resident' }).click();
  const name = page.getByRole('dialog').getByLabel('Name', { exact: true });
  await name.focus();
  for (let n = 0; n < 8; n++) {
    await page.keyboard.press('a');
    const asked = page.waitForResponse((answer) => answer.url().endsWith('/api/admin/session'));
    // Five minutes behind the last answer, which a busy page takes some moments to note, and not a tick more.
    await pass(page, 5 * MINUTE_MS - 10_000);
    await page.keyboard.press('b');
    await pass(page, 20_000);
    await asked;
  }
  assert.equal(await name.inputValue(), 'ab'.repeat(8));
  assert.equal(await warning(page).count(), 0);
  assert.ok((await idleLeftMs(token)) > 20 * MINUTE_MS);
  await close();
});

test('before a session ends by its age that is said, with the time, and reading it puts it away', {
  skip,
}, async () => {
  const token = await newSession();
  const { alder, stand: inner } = stand.http;
  const beganAtMs = inner.cloud.clock.nowMs() - 12 * 60 * MINUTE_MS + 8 * MINUTE_MS;
  await inner.cloud.database.tenant(alder.tenant, (tx) =>
    sql`update sessions set began_at_ms = ${beganAtMs} where token_hash = ${tokenHashOf(token)}`.execute(tx),
  );
  const { page, close } = await deskOf('#/people', token);
  await warning(page)
    .getByText(/^At .*\d\d.* you have to sign in again/)
    .waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-session-age');
  await warning(page).getByRole('button', { name: 'I have read this' }).click();
  await warning(page).waitFor({ state: 'detached' });
  await close();
});

/** A code is used once: each sign-in is in the next half minute. */
async function enter(page: Page, { email }: typeof ALICE): Promise<void> {
  const { cloud, step } = stand.http.stand;
  step(30_000);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByLabel('Authenticator code').fill(totpCode(TOTP, totpStep(cloud.clock.nowMs())));
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const isOf = (page: Page, { name }: typeof ALICE) => page.getByText(name, { exact: true }).waitFor();
const signOut = (page: Page) => page.getByRole('button', { name: 'Sign out' }).click();

test('pages of one browser are of one person: who signs out or in in one of them does so in all', {
  skip,
}, async () => {
  const { page, errors, close } = await deskOf('#/people', null);
  await enter(page, ALICE);
  await isOf(page, ALICE);
  const beside = await openPage(page.context(), stand.url('#/parcels'));
  await isOf(beside.page, ALICE);
  // What both ask of themselves at first is answered by then: a question that a sign-out overtakes is refused, and a
  // browser writes that into its console.
  await page.waitForTimeout(QUIET_MS);
  await signOut(beside.page);
  await page.getByLabel('Password').waitFor();
  await enter(beside.page, BOB);
  await isOf(beside.page, BOB);
  await isOf(page, BOB);
  assert.equal(await page.getByText(ALICE.name, { exact: true }).count(), 0);
  assert.deepEqual([...errors, ...beside.errors], []);
  await close();
});

test('a new badge stays until it is printed: over another page, another courier and the end of the session; and nobody else gets it', {
  skip,
}, async () => {
  const { page, close } = await deskOf('#/couriers', null);
  await enter(page, ALICE);
  for (const name of ['Cem Courier', 'Dana Driver']) {
    await page.getByRole('button', { name: 'Add a courier' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Make the badge' }).click();
    await page.getByRole('region', { name: `Badge of ${name}` }).waitFor();
  }
  const badges = page.getByRole('region', { name: /^Badge of / });
  assert.equal(await badges.count(), 2, 'the second beside the first');
  const texts = await page.locator('.a-badge-text').allInnerTexts();
  await page.getByRole('link', { name: 'Parcels', exact: true }).click();
  await page.getByText(/It is there until .*: Cem Courier, Dana Driver\./).waitFor();
  await checkAccessible(page);
  await shot(page, 'admin-badge-waits');
  await pass(page, 31 * MINUTE_MS);
  await page.getByText('Your session has ended').waitFor();
  assert.equal(await page.getByText('Cem Courier').count(), 0, 'nobody is signed in, and nobody sees it');
  await enter(page, ALICE);
  await page.getByRole('link', { name: 'Show the badge' }).click();
  await badges.first().waitFor();
  assert.deepEqual(await page.locator('.a-badge-text').allInnerTexts(), texts);
  await page.getByRole('button', { name: 'I have printed it' }).first().click();
  assert.equal(await badges.count(), 1);
  await signOut(page);
  await enter(page, BOB);
  await isOf(page, BOB);
  await page.getByRole('heading', { name: 'Couriers', level: 1 }).waitFor();
  assert.equal(await badges.count(), 0);
  await close();
});
