/**
 * The kiosk for somebody who feels their way: the digits of a number pad, its +, − and point or a pad of arrows, and
 * Enter. There is no Tab on such pads, and nothing is touched.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { systemClock } from '../../src/platform/clock.ts';
import { newestCodes } from '../bank.ts';
import { checkAccessible, missingBrowser } from './browser.ts';
import { COURIER_CODE, doorIs, doorNow, heading, openStand, type Stand, TYPED, wedge } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stand = missingBrowser === null ? await openStand() : null;
after(() => stand?.stop());

type Keys = 'ArrowDown' | 'ArrowUp' | 'ArrowLeft' | 'ArrowRight' | 'NumpadAdd' | 'NumpadSubtract';

/** What a screen reader would say of the control that has the focus. */
async function focused(page: Page): Promise<string> {
  return String(
    await page.evaluate(
      `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText ?? '').trim()`,
    ),
  );
}

/** Steps until the control is there, at most once around, and presses it. */
async function stepAndPress(page: Page, name: RegExp, key: Keys = 'NumpadAdd'): Promise<number> {
  const seen: string[] = [];
  for (let steps = 1; steps <= 40; steps++) {
    await page.keyboard.press(key, TYPED);
    const now = await focused(page);
    if (name.test(now)) {
      await page.keyboard.press('Enter');
      return steps;
    }
    seen.push(now);
  }
  assert.fail(`${key} never came to ${name}; it came by ${seen.join(' | ')}`);
}

async function shut({ rig }: Stand, n: number, act: 'put-in' | 'take-out'): Promise<void> {
  await rig.ask(`/parcels/${n}`, act === 'put-in' ? { do: act, label: 'x' } : { do: act });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
}

test(
  'a parcel goes in and comes out with the keys of a number pad alone, beside the reader',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site, agent } = stand;
    await wedge(page, site.courier.badge);
    await heading(page, 'Choose your courier code');
    for (const [at, button] of [/^Next$/, /^Sign in$/].entries()) {
      await page.keyboard.type(COURIER_CODE, TYPED);
      // The point takes back what went wrong.
      if (at === 0) await page.keyboard.type('3', TYPED);
      if (at === 0) await page.keyboard.press('NumpadDecimal', TYPED);
      await stepAndPress(page, button);
    }
    await heading(page, /Scan the parcel/);
    await wedge(page, '1Z999AA10123456784');
    await heading(page, 'Who is it for?');
    await page.keyboard.type(site.resident.flat, TYPED);
    await page.keyboard.press('Enter');
    await heading(page, 'How big is it?');
    await stepAndPress(page, /Small/, 'ArrowDown');
    await heading(page, /^Door \d+ is open$/);
    const n = await doorNow(stand);
    await shut(stand, n, 'put-in');
    await doorIs(stand, n, 'closed');
    await stepAndPress(page, /^Yes, it is inside/);
    await heading(page, /is safe$/);
    await stepAndPress(page, /^I am finished/, 'ArrowRight');
    await heading(page, 'Collect a parcel');
    await agent.settled();
    const { pin } = await newestCodes(site, agent);
    await page.keyboard.type(pin, TYPED);
    // The digits of the screen are not walked through: the pad types them.
    assert.ok((await stepAndPress(page, /^Open my door/)) <= 4);
    await heading(page, new RegExp(`^Door ${n} is open`));
    await shut(stand, n, 'take-out');
    await doorIs(stand, n, 'closed');
    await stepAndPress(page, /^Something is wrong/);
    await page.getByRole('dialog', { name: 'What is wrong?' }).waitFor();
    await stepAndPress(page, /^(?:Close|Back)/, 'ArrowUp');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await stepAndPress(page, /^Yes, I have it/, 'NumpadSubtract');
    await heading(page, 'Thank you');
    await stepAndPress(page, /^Back to the start/);
    await heading(page, 'Collect a parcel');
    assert.deepEqual(stand.errors, []);
  },
);

test(
  'the language comes first by arrows too, and in Arabic what is next stands to the left',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page } = stand;
    await stepAndPress(page, /^العربية$/, 'ArrowRight');
    await page.locator('html[dir=rtl]').waitFor();
    const before = await focused(page);
    await page.keyboard.press('ArrowLeft', TYPED);
    const next = await focused(page);
    assert.notEqual(next, before);
    await page.keyboard.press('ArrowRight', TYPED);
    assert.equal(await focused(page), before);
    assert.equal(
      await page.evaluate(`document.activeElement.matches(':focus-visible')`),
      true,
      'where one is, is seen',
    );
    await checkAccessible(page);
    await stepAndPress(page, /^English$/, 'ArrowUp');
    await heading(page, 'Collect a parcel');
  },
);

test(
  'a scanner that types the − of a number pad in full flow moves nothing, and its scan is whole',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site } = stand;
    await wedge(page, site.courier.badge);
    await heading(page, /courier code$/);
    await page.keyboard.type(COURIER_CODE, TYPED);
    await page.keyboard.press('Enter');
    await heading(page, /Scan the parcel/);
    await page.evaluate(`window.stepped = [];
      document.addEventListener('focusin', ({ target }) => target.matches('button') && stepped.push(target.innerText))`);
    const keys = await page.context().newCDPSession(page);
    let timestamp = systemClock.nowMs() / 1000;
    const sent = [...'AB12-34-56\r'].flatMap((one) => {
      timestamp += 0.004;
      const code = { '-': 'NumpadSubtract', '\r': 'Enter' }[one] ?? '';
      const key = { key: one === '\r' ? 'Enter' : one, code, timestamp };
      return [
        keys.send('Input.dispatchKeyEvent', { type: 'keyDown', text: one, ...key }),
        keys.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }),
      ];
    });
    await Promise.all(sent);
    await keys.detach();
    await heading(page, 'Who is it for?');
    await page.getByText('AB12-34-56').first().waitFor();
    assert.deepEqual(await page.evaluate('stepped'), []);
    // Letters have their keys on the screen; what stands behind them is nearer from the end.
    assert.ok((await stepAndPress(page, /^Cancel/, 'ArrowUp')) <= 2);
    await heading(page, /Scan the parcel/);
    assert.ok((await stepAndPress(page, /^Finish/, 'ArrowUp')) <= 2);
    await heading(page, 'Collect a parcel');
  },
);
