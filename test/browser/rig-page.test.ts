/**
 * The rig's page by itself, on a real rig without a cabinet's agent: everything on one screen, every fault one
 * press, any text and any carrier's label under the reader, by pointer and by keys.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Line, startTestRig, until } from '../../rig/test-rig.ts';
import type { RigState } from '../../src/contract/rig.ts';
import { recognise } from '../../src/domain/tracking.ts';
import { ailsOf, GROUPS } from '../../web/rig/ails.ts';
import { LABEL_KINDS } from '../../web/rig/labels.ts';
import { t } from '../../web/rig/messages.ts';
import { ROOT } from '../site.ts';
import { checkAccessible, missingBrowser, openBrowser, openPage, shot } from './browser.ts';
import { pressByKey, tabTo } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const CAST = {
  courier: { carrier: 'UPS', name: 'Dana Weber', badge: 'HFB1-a-badge-of-a-test', code: '471122' },
  admin: { email: 'admin@example.org', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
  resident: { flat: '12', name: 'Rosa Lind', phone: '+4915100000000', email: 'rosa@example.org' },
};
const NOWHERE = 'http://localhost:1/';
const LINKS = Object.fromEntries(
  ['start', 'kiosk', 'resident', 'courier', 'admin', 'signer'].map((name) => [name, NOWHERE]),
);
const DESK = { width: 1280, height: 800 };

async function open() {
  const webDir = join(ROOT, 'web', 'dist', 'rig');
  const rig = await startTestRig({ cast: CAST, links: LINKS, webDir });
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce' });
  const url = `http://localhost:${rig.ports.http}/`;
  const { page, errors } = await openPage(context, url);
  const state = async () => (await rig.ask('/state')).body as RigState;
  return { rig, browser, context, url, page, errors, state };
}

const bench = missingBrowser === null ? await open() : null;
after(() => bench?.browser.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const tour = (page: Page) => page.getByRole('region', { name: 'Guided tour' });

/** How far the page is larger than its window, each way. */
async function overflow(page: Page): Promise<{ across: number; down: number }> {
  return (await page.evaluate(`({
    across: document.documentElement.scrollWidth - innerWidth,
    down: document.documentElement.scrollHeight - innerHeight,
  })`)) as { across: number; down: number };
}

test('all of it is on one screen of 1280 by 800, with the tour and without', { skip }, async () => {
  assert.ok(bench);
  const { page } = bench;
  await tour(page).getByRole('list', { name: 'Steps of the tour' }).waitFor();
  assert.deepEqual(await overflow(page), { across: 0, down: 0 });
  const hidden = (await page.evaluate(`[...document.querySelectorAll('.leaf button, .rig-things button')]
    .filter((one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect();
      const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return !(seen && one.contains(seen)) && !one.disabled;
    }).map((one) => one.ariaLabel ?? one.textContent)`)) as string[];
  assert.deepEqual(
    hidden,
    [],
    'every hand at a door and everything to scan can be pressed without scrolling',
  );
  await checkAccessible(page);
  await shot(page, 'rig-desk');
  await button(page, 'Skip the tour').click();
  assert.deepEqual(await overflow(page), { across: 0, down: 0 });
  await checkAccessible(page);
  await shot(page, 'rig-desk-no-tour');
  await button(page, 'Guided tour').click();
});

test('a tour that was skipped stays so over a reload; by keys alone it is skipped and begun again', {
  skip,
}, async () => {
  assert.ok(bench);
  const { page } = bench;
  const steps = page.getByRole('list', { name: 'Steps of the tour' });
  await pressByKey(page, 'Skip the tour');
  await steps.waitFor({ state: 'detached' });
  const focused = () => page.evaluate(`document.activeElement.textContent`);
  assert.equal(await focused(), 'Guided tour', 'the focus is where the tour can be begun again');
  await page.reload();
  await button(page, 'Guided tour').waitFor();
  assert.equal(await steps.count(), 0);
  await pressByKey(page, 'Guided tour', ' ');
  await steps.waitFor();
  assert.match(await tour(page).getByRole('status').innerText(), /Step 1 of 9: Badge\..*no kiosk screen/s);
  await page.reload();
  await steps.waitFor();
});

test('every fault is one press, and one press undoes it; all well again undoes them together', {
  skip,
}, async () => {
  assert.ok(bench);
  const { page, state } = bench;
  const panel = page.getByRole('region', { name: 'What can go wrong' });
  const well = await state();
  const all = GROUPS.flatMap(ailsOf);
  await panel.getByRole('combobox', { name: 'Door' }).selectOption('9');
  for (const ail of all) {
    const one = panel.getByRole('button', { name: t(`ail.${ail}`), exact: true });
    await one.click();
    await panel.getByRole('button', { name: t(`ail.${ail}`), exact: true, pressed: true }).waitFor();
    assert.notDeepEqual(await state(), well, ail);
    await one.click();
    await panel.getByRole('button', { name: t(`ail.${ail}`), exact: true, pressed: false }).waitFor();
    assert.deepEqual(await state(), well, ail);
  }
  await panel.getByRole('combobox', { name: 'Door' }).selectOption('Every door');
  for (const name of ['Opens, says nothing', 'Answers get lost', 'Network cut', 'SMS refuse'])
    await button(page, name).click();
  await until(async () => (await state()).doors.every(({ fault }) => fault === 'acts-then-silent'));
  await button(page, 'Pry door 9').click();
  await button(page, 'Put a parcel in door 9').click();
  await button(page, 'Take the parcel out of door 9').waitFor();
  await checkAccessible(page);
  await button(page, 'Noise between answers').scrollIntoViewIfNeeded();
  await shot(page, 'rig-faults');
  await button(page, 'Take the parcel out of door 9').click();
  await button(page, 'Close door 9').click();
  await button(page, 'All well again').focus();
  await page.keyboard.press('Enter');
  await until(async () => JSON.stringify(await state()) === JSON.stringify(well));
  await page.getByRole('button', { name: 'All well again', disabled: true }).waitFor();
  // It has nothing left to do, and is still where its person is.
  assert.equal(await page.evaluate('document.activeElement.textContent.trim()'), 'All well again');
});

test('who watches is told what happened and what is odd about it, newest first, and can scroll it by keys', {
  skip,
}, async () => {
  assert.ok(bench);
  const { page } = bench;
  await page.reload();
  const seen = page.getByRole('list', { name: 'What just happened' });
  await page.getByText('Nothing yet. Scan the badge, or pull at a door.').waitFor();
  await button(page, 'Pry door 9').click();
  await button(page, 'Put a parcel in door 9').click();
  await seen.getByText('A parcel was put in behind door 9.').waitFor();
  await button(page, 'Take the parcel out of door 9').click();
  await button(page, 'Close door 9').click();
  await page.getByRole('switch', { name: 'Network' }).click();
  await seen.getByText('The network is cut.').waitFor();
  assert.deepEqual(await seen.getByRole('listitem').allInnerTexts(), [
    'The network is cut.',
    'Door 9 was pushed shut.',
    'The parcel was taken out of door 9.',
    'A parcel was put in behind door 9.',
    'Door 9 was forced open; its latch still holds.',
  ]);
  await checkAccessible(page);
  await shot(page, 'rig-seen');
  await page.getByRole('switch', { name: 'Network' }).click();
  await seen.getByText('The network is back.').waitFor();
});

test('any text is held under the reader as it is, by keys', { skip }, async () => {
  assert.ok(bench);
  const { page, rig } = bench;
  const reader = await Line.to(rig.ports.scanner);
  const text = 'GRÜSSE; 1\\2 "%" ';
  await page.getByRole('textbox', { name: 'Label' }).focus();
  await tabTo(page, 'Scan label at the kiosk');
  await page.keyboard.press('Tab');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Enter');
  assert.equal((await reader.hear(Buffer.byteLength(text) + 1)).toString(), `${text}\r`);
  await page.getByRole('status').filter({ hasText: 'has read it' }).waitFor();
});

test('each carrier’s label is drawn anew with a right check digit, said, and read by the reader', {
  skip,
}, async () => {
  assert.ok(bench);
  const { page, rig } = bench;
  const reader = await Line.to(rig.ports.scanner);
  const field = page.getByRole('textbox', { name: 'Label' });
  for (const kind of LABEL_KINDS) {
    const before = await field.inputValue();
    await page.getByRole('combobox', { name: 'Carrier' }).selectOption(kind);
    const first = await field.inputValue();
    await button(page, 'New label').click();
    const label = await field.inputValue();
    assert.equal(new Set([before, first, label]).size, 3, kind);
    const known = recognise(label, null);
    assert.equal(known?.format, kind, label);
    await page
      .getByText(known?.check === 'good' ? `${kind}, its check digit` : `${kind}, which has`)
      .waitFor();
    await button(page, 'Scan label at the kiosk').click();
    assert.equal((await reader.hear(label.length + 1)).toString(), `${label}\r`);
  }
  await field.fill('1Z999AA10123456785');
  await page.getByText('Its check digit is wrong').waitFor();
});

test('a narrow page, and one that is enlarged twice, scroll down only', { skip }, async () => {
  assert.ok(bench);
  const { page } = bench;
  for (const [name, size] of Object.entries({
    'rig-narrow': { width: 320, height: 640 },
    'rig-enlarged': { width: 640, height: 400 },
    'rig-tablet': { width: 900, height: 1100 },
    'rig-wide': { width: 1920, height: 1080 },
  })) {
    await page.setViewportSize(size);
    assert.equal((await overflow(page)).across, 0, name);
    if (name !== 'rig-wide') await checkAccessible(page);
    await shot(page, name);
  }
  const small = (await page.evaluate(`[...document.querySelectorAll('button, select, input')]
    .filter((one) => one.getBoundingClientRect().height < 24 && !one.closest('.ail'))
    .map((one) => one.ariaLabel ?? one.textContent)`)) as string[];
  assert.deepEqual(small, [], 'targets of 24 pixels (WCAG 2.2, 2.5.8)');
});

test('none of this was an error on the page', { skip }, () => {
  assert.deepEqual(bench?.errors, []);
});
