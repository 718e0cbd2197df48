/**
 * The kiosk at work with the cloud down and with hands that type: whole journeys at a real agent's page, by
 * role and label.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../../rig/test-rig.ts';
import { newestCodes } from '../bank.ts';
import { checkBank } from '../check-bank.ts';
import { missingBrowser } from './browser.ts';
import {
  begin,
  COURIER_CODE,
  doorIs,
  doorNow,
  focusOf,
  heading,
  openStand,
  parcelInside,
  press,
  pressByKey,
  type Stand,
  TYPED,
  tapDigits,
  wedge,
} from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };
const OFFLINE = 'Offline: parcels can still be left and collected here.';

const stand = missingBrowser === null ? await openStand() : null;
after(() => stand?.stop());

async function putIn({ rig }: Stand, n: number): Promise<void> {
  await rig.ask(`/parcels/${n}`, { do: 'put-in', label: 'x' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
}

async function takeOut({ rig }: Stand, n: number): Promise<void> {
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
}

/** A screen, and that it says whether the cloud is there. */
async function screen(page: Page, title: string | RegExp, offline: boolean): Promise<void> {
  await heading(page, title);
  const note = page.getByRole('status').filter({ hasText: OFFLINE });
  await note.waitFor({ state: offline ? 'visible' : 'detached' });
}

/** Sign-in to the size, with taps; `online` cuts the line where it stands. */
async function toDoor(at: Stand, offline: boolean): Promise<number> {
  const { page, site, agent } = at;
  await wedge(page, site.courier.badge);
  const first = agent.state().courier[site.courier.person]?.verifier == null;
  for (let round = 0; round < (first ? 2 : 1); round++) {
    await screen(page, first ? 'Choose your courier code' : 'Your courier code', offline);
    await tapDigits(page, COURIER_CODE);
    await press(page, first && round === 0 ? 'Next' : 'Sign in');
  }
  await screen(page, /Scan the parcel/, offline);
  await wedge(page, '1Z999AA10123456784');
  await screen(page, 'Who is it for?', offline);
  await tapDigits(page, site.resident.flat);
  await press(page, 'Find');
  await screen(page, 'How big is it?', offline);
  await press(page, /^Small/);
  await screen(page, /^Door \d+ is open$/, offline);
  return doorNow(at);
}

test(
  'with the cloud down from the start: in and out again, every screen says so, and that the message waits',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site, agent } = stand;
    await screen(page, 'Collect a parcel', true);
    const n = await toDoor(stand, true);
    await putIn(stand, n);
    await doorIs(stand, n, 'closed');
    await press(page, 'Yes, it is inside');
    await screen(page, /is safe$/, true);
    await page
      .getByText('The message to the recipient waits here until this cabinet is online again.')
      .waitFor();
    await press(page, 'I am finished');
    await screen(page, 'Collect a parcel', true);
    await agent.settled();
    const { pin } = await newestCodes(site, agent);
    await tapDigits(page, pin);
    await press(page, 'Open my door');
    await screen(page, new RegExp(`^Door ${n} is open`), true);
    await takeOut(stand, n);
    await doorIs(stand, n, 'closed');
    await press(page, 'Yes, I have it');
    await screen(page, 'Thank you', true);
    await press(page, 'Back to the start');
    await screen(page, 'Collect a parcel', true);
    checkBank(agent);
  },
);

test(
  'cut midway: what was begun is finished, and the screen says from then on that it is offline',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, agent } = stand;
    agent.dispatch({ type: 'link', up: true });
    await screen(page, 'Collect a parcel', false);
    const n = await toDoor(stand, false);
    agent.dispatch({ type: 'link', up: false });
    await screen(page, `Door ${n} is open`, true);
    await putIn(stand, n);
    await doorIs(stand, n, 'closed');
    await press(page, 'Yes, it is inside');
    await screen(page, /is safe$/, true);
    agent.dispatch({ type: 'link', up: true });
    await screen(page, /is safe$/, false);
    await page.getByText(/the recipient is told now\.$/).waitFor();
    await press(page, 'I am finished');
    await screen(page, 'Collect a parcel', false);
    agent.dispatch({ type: 'link', up: false });
    checkBank(agent);
  },
);

test('a whole drop-off and pick-up with nothing but a keyboard', SKIP, async () => {
  assert.ok(stand);
  const { page, site, agent, rig } = stand;
  await heading(page, 'Collect a parcel');
  await wedge(page, site.courier.badge);
  await heading(page, 'Your courier code');
  await page.keyboard.type(COURIER_CODE, TYPED);
  await pressByKey(page, 'Sign in');
  await heading(page, /Scan the parcel/);
  await page.keyboard.type('TRK55', TYPED);
  await pressByKey(page, 'Next', ' ');
  await heading(page, 'Who is it for?');
  await page.keyboard.type(site.resident.flat, TYPED);
  await page.keyboard.press('Enter');
  await heading(page, 'How big is it?');
  await pressByKey(page, /Small/);
  await heading(page, /^Door \d+ is open$/);
  const n = await doorNow(stand);
  await putIn(stand, n);
  await doorIs(stand, n, 'closed');
  // The button is gone with the door that it opened; its person is led to what the screen says now.
  await pressByKey(page, new RegExp(`^Open door ${n} again`));
  await heading(page, `Door ${n} is open`);
  await until(async () => (await focusOf(page)) === `Door ${n} is open`);
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(stand, n, 'closed');
  await pressByKey(page, 'Yes, it is inside');
  await heading(page, /is safe$/);
  await pressByKey(page, 'I am finished');
  await heading(page, 'Collect a parcel');
  await agent.settled();
  const { pin } = await newestCodes(site, agent);
  // On the screen's own keys too: each is reached by Tab and pressed.
  for (const digit of pin.slice(0, 3)) await pressByKey(page, digit);
  await page.keyboard.type(pin.slice(3), TYPED);
  await pressByKey(page, 'Open my door');
  await heading(page, new RegExp(`^Door ${n} is open`));
  await takeOut(stand, n);
  await doorIs(stand, n, 'closed');
  await pressByKey(page, 'Something is wrong');
  await page.getByRole('dialog', { name: 'What is wrong?' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await pressByKey(page, 'Yes, I have it');
  await heading(page, 'Thank you');
  await pressByKey(page, 'Back to the start');
  await heading(page, 'Collect a parcel');
  checkBank(agent);
});

const digitsShown = (page: Page): Promise<string> =>
  page
    .getByRole('group', { name: 'Key pad' })
    .getByRole('button', { name: /^\d$/ })
    .allInnerTexts()
    .then((keys) => keys.join(''));

test(
  'the digits are mixed by choice, anew for each entry, and in order again for the next person',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site } = stand;
    const { n, pin } = await parcelInside(stand, { tracking: 'TRK77', flat: site.resident.flat });
    await heading(page, 'Collect a parcel');
    assert.equal(await digitsShown(page), '1234567890');
    await begin(page);
    await press(page, 'Mix the digits');
    await page.getByRole('button', { name: 'Digits in order' }).waitFor();
    const orders = new Set<string>();
    for (let entry = 0; entry < 6; entry++) {
      const order = await digitsShown(page);
      assert.equal([...order].sort().join(''), '0123456789');
      orders.add(order);
      await press(page, 'Clear');
    }
    assert.ok(orders.size >= 5, 'one in 3.6 million draws repeats another');
    await press(page, 'Show the digits');
    // A key types what it says, wherever it stands; a keyboard types what is on its keys.
    await tapDigits(page, '417');
    await page.keyboard.type('3', TYPED);
    const places = page.locator('.pin');
    assert.match((await places.innerText()).replaceAll(/\s/g, ''), /^Digitstypedsofar:4of94173$/);
    await press(page, 'Hide the digits');
    assert.match((await places.innerText()).replaceAll(/\s/g, ''), /^Digitstypedsofar:4of9●●●●$/);
    await press(page, 'Clear');
    await tapDigits(page, pin);
    await press(page, 'Open my door');
    await heading(page, new RegExp(`^Door ${n} is open`));
    await takeOut(stand, n);
    await doorIs(stand, n, 'closed');
    await press(page, 'Yes, I have it');
    await heading(page, 'Thank you');
    await page.getByRole('button', { name: 'Back to the start' }).click();
    await heading(page, 'Collect a parcel');
    await begin(page);
    await page.getByRole('button', { name: 'Mix the digits' }).waitFor();
    assert.equal(await digitsShown(page), '1234567890');
  },
);

test(
  'after a minute without a touch every screen goes home; it counts down, and a touch keeps it',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site, act, pass, view } = stand;
    const code = COURIER_CODE;
    const steps: readonly [title: string | RegExp, action: object][] = [
      ['Your courier code', { do: 'scan', text: site.courier.badge }],
      [/Scan the parcel/, { do: 'courier-code', code }],
      ['Who is it for?', { do: 'tracking', text: 'TRK88' }],
      ['How big is it?', { do: 'flat', text: site.resident.flat }],
    ];
    for (let last = 1; last <= steps.length; last++) {
      for (const [, action] of steps.slice(0, last)) await act(action);
      await heading(page, steps[last - 1]?.[0] ?? '');
      const { idleMs } = await view();
      assert.ok(idleMs !== null && idleMs <= 60_000 && idleMs > 50_000, String(idleMs));
      pass(52_000);
      await page.getByRole('timer', { name: /^Back to the start in \d seconds?$/ }).waitFor();
      if (last === 1) {
        await page
          .locator('.idle')
          .getByText(/^Back to the start in \d seconds?$/)
          .first()
          .waitFor();
        await page
          .getByRole('status')
          .filter({ hasText: /^Back to the start in \d seconds?$/ })
          .waitFor();
        // The page says it at most every two seconds of its own, and the agent's minute has just been skipped.
        await until(async () => {
          await page.locator('.title').click();
          return ((await view()).idleMs ?? 0) > 50_000;
        });
        await page.getByRole('timer', { name: /^Back to the start in [56]\d seconds$/ }).waitFor();
        pass(52_000);
      }
      pass(9_000);
      await heading(page, 'Collect a parcel');
    }
    // Behind a door: shut, it is paused and stays its person's; the screen is free for the next one.
    const { pin, n } = await parcelInside(stand, { tracking: 'TRK89', flat: site.resident.flat });
    await act({ do: 'pin', pin });
    await doorIs(stand, n, 'open');
    await stand.rig.ask(`/doors/${n}/close`, undefined, 'POST');
    await doorIs(stand, n, 'closed');
    await heading(page, `Door ${n} is shut`);
    pass(61_000);
    await heading(page, 'Collect a parcel');
    await act({ do: 'pin', pin });
    await heading(page, `Door ${n} is open`);
    await takeOut(stand, n);
    await doorIs(stand, n, 'closed');
    await act({ do: 'collected' });
    await heading(page, 'Thank you');
    pass(13_000);
    await heading(page, 'Collect a parcel');
  },
);
