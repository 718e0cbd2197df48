/**
 * What is seen of the kiosk when nobody is at it: read from across the room, accessible, and never in the way. The
 * first touch of a key is the first digit, a scan goes straight on, and the taps of both journeys are counted.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { newestCodes } from '../bank.ts';
import { checkAccessible, missingBrowser, openPage, shot } from './browser.ts';
import {
  ACROSS,
  begin,
  COURIER_CODE,
  doorIs,
  doorNow,
  heading,
  newDocument,
  openStand,
  press,
  reload,
  TYPED,
  tapDigits,
  UPRIGHT,
  wedge,
} from './stand.ts';
import { drawn, fits, openStage, STATES, type State } from './states.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stage = missingBrowser === null ? await openStage() : null;
const stand = missingBrowser === null ? await openStand() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.kiosk.stop();
  await stand?.stop();
});

const named = (name: string): State => {
  const state = STATES.find((one) => one.name === name);
  assert.ok(state, name);
  return state;
};
/** Millimetres on a 10-inch display of 800 by 1280 pixels. */
const MM_A_PIXEL = 0.168;

test('from across the room: what this is, how to begin, and honestly what does not work', SKIP, async () => {
  assert.ok(stage);
  for (const [viewport, contrast] of [
    [UPRIGHT, 'no-preference'],
    [UPRIGHT, 'more'],
    [ACROSS, 'no-preference'],
  ] as const) {
    const context = await stage.browser.newContext({ viewport, contrast });
    for (const name of ['home', 'home-offline', 'home-flat', 'home-ajar', 'closed-lockdown']) {
      const at = `${name}, ${viewport.width}, ${contrast}`;
      stage.showing(named(name));
      const { page, errors } = await openPage(context, stage.url);
      await drawn(page, stage.url);
      assert.equal(await page.locator('.kiosk[data-rests]').count(), name.startsWith('home') ? 1 : 0, at);
      const first = page.getByRole('group', { name: 'Language' }).getByRole('button').first();
      assert.equal(await page.getByRole('button').first().innerText(), await first.innerText(), at);
      const size = await page.evaluate(`getComputedStyle(document.querySelector('h1')).fontSize`);
      const pixels = Number.parseFloat(String(size));
      // Capitals are some 0.7 of it: 8 mm and more upright, which is read from three metres.
      if (viewport === UPRIGHT) assert.ok(pixels * 0.7 * MM_A_PIXEL >= 8, `${at}: ${pixels}`);
      assert.equal((await fits(page)).across, true, at);
      await checkAccessible(page);
      if (contrast === 'no-preference') await shot(page, `kiosk-attract-${name}-${viewport.width}`);
      assert.deepEqual(errors, [], at);
      await page.close();
    }
    await context.close();
  }
});

test(
  'beside a notice the reader is still named where there is room, and the keys stay on the screen',
  SKIP,
  async () => {
    assert.ok(stage);
    for (const [viewport, isNamed] of [
      [ACROSS, true],
      [UPRIGHT, false],
    ] as const)
      for (const name of ['home-wrong', 'home-ajar']) {
        stage.showing(named(name));
        // A page of its own, because one that has shown a person replaces itself at the start.
        const { page } = await openPage(await stage.browser.newContext({ viewport }), stage.url);
        await drawn(page, stage.url);
        const at = `${name}, ${viewport.width}`;
        assert.equal(await page.getByText('Or show your QR code').isVisible(), isNamed, at);
        assert.equal((await fits(page)).below, 0, at);
        await page.context().close();
      }
  },
);

test('before a door that stays shut nobody is told to take a parcel out or put one in', SKIP, async () => {
  assert.ok(stage);
  const { page } = stage.across;
  for (const [name, says] of [
    ['pick-up-jammed', 'If it stays shut, press “Something is wrong”.'],
    ['drop-off-stuck', 'If it stays shut, take another door or keep the parcel.'],
  ] as const) {
    stage.showing(named(name));
    await drawn(page, stage.url);
    await page.getByText(says).waitFor();
    assert.equal(await page.getByText(/push the door shut/).count(), 0, name);
  }
});

test('who does not see the screen is told how to begin, where the focus is', SKIP, async () => {
  assert.ok(stage);
  stage.showing(named('home'));
  const { page } = await openPage(await stage.browser.newContext({ viewport: UPRIGHT }), stage.url);
  await drawn(page, stage.url);
  const told = await page.evaluate(`(() => {
    const heading = document.activeElement;
    return [heading.localName, document.getElementById(heading.getAttribute('aria-describedby')).textContent];
  })()`);
  assert.deepEqual(told, [
    'h1',
    'Type on the keys of the screen or of a keyboard: the first one counts already. Or hold a QR code or a badge to the reader. The languages stand above.',
  ]);
  // The places are not drawn yet; what counts them is there, so that the first one is heard.
  assert.equal(await page.getByRole('status').filter({ hasText: 'Digits typed so far: 0 of 9' }).count(), 1);
  await page.context().close();
});

/** Where everything stands that can be pressed before and after. */
async function pressables(page: Page): Promise<Record<string, unknown>> {
  return (await page.evaluate(`Object.fromEntries(
    [...document.querySelectorAll('.language, .k-key, .half-pressed > .k-button')].map((one) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return [one.getAttribute('aria-label') ?? one.textContent, [x, y, width, height].map(Math.round).join()];
    }),
  )`)) as Record<string, unknown>;
}

test('nothing that can be pressed moves beneath a finger when the first touch comes', SKIP, async () => {
  assert.ok(stage);
  for (const name of ['home', 'home-offline', 'home-flat'])
    for (const viewport of [UPRIGHT, ACROSS]) {
      stage.showing(named(name));
      const { page } = await openPage(await stage.browser.newContext({ viewport }), stage.url);
      await drawn(page, stage.url);
      const before = await pressables(page);
      assert.ok(Object.keys(before).length >= 19, Object.keys(before).join());
      await begin(page);
      assert.deepEqual(await pressables(page), before, `${name} ${viewport.width}`);
      await page.context().close();
    }
});

/** Where a key of the screen is, what moves just now, and what would move for ever. */
const STANDS = `(() => {
  const { x, y } = document.querySelector('.k-key').getBoundingClientRect();
  const moving = document.getAnimations();
  const endless = moving.filter((one) => one.effect.getComputedTiming().endTime === Infinity);
  const below = document.documentElement.scrollHeight - innerHeight;
  return { x, y, moving: moving.length, endless: endless.length, below };
})()`;
type Stands = { x: number; y: number; moving: number; endless: number; below: number };

test(
  'a picture that stands for hours drifts a little; with reduced motion nothing moves; and nothing moves without end',
  SKIP,
  async () => {
    assert.ok(stage);
    stage.showing(named('home'));
    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      const context = await stage.browser.newContext({ viewport: UPRIGHT, reducedMotion });
      await context.clock.install();
      const { page } = await openPage(context, stage.url);
      await drawn(page, stage.url);
      const seen: Stands[] = [];
      for (let minute = 0; minute < 16; minute++) {
        seen.push((await page.evaluate(STANDS)) as Stands);
        // The agent's time does not run with the page's, and one that is silent for half a minute is lost.
        for (let part = 0; part < 3; part++) {
          await context.clock.runFor(20_000);
          stage.showing(named('home'));
          await drawn(page, stage.url);
        }
      }
      const span = (of: 'x' | 'y') =>
        Math.max(...seen.map((one) => one[of])) - Math.min(...seen.map((one) => one[of]));
      assert.deepEqual([span('x'), span('y')], reducedMotion === 'reduce' ? [0, 0] : [8, 6]);
      assert.equal(
        seen.some(({ moving }) => moving > 0),
        reducedMotion !== 'reduce',
      );
      // Drawn sixty times a second, day and night, it would be the kiosk's greatest work.
      assert.ok(seen.every(({ endless, below }) => endless === 0 && below === 0));
      await context.close();
    }
  },
);

/** Counts what is pressed, keys apart from all else, whichever document is there. */
async function countTaps(page: Page): Promise<{ keys: string[]; taps: string[] }> {
  const counted: { keys: string[]; taps: string[] } = { keys: [], taps: [] };
  await page.exposeFunction('counted', (isKey: boolean, name: string) => {
    (isKey ? counted.keys : counted.taps).push(name);
  });
  const listen = `document.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    window.counted(button?.classList.contains('k-key') ?? false, (button ?? target).textContent);
  }, { capture: true })`;
  await page.addInitScript(listen);
  await page.evaluate(listen);
  return counted;
}

test(
  'a drop-off is five taps beside code and flat; a pick-up is the code and one tap, from rest',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site, agent, rig, act, errors } = stand;
    // The first use of a badge, which asks for its code twice, is behind this courier.
    await act({ do: 'scan', text: site.courier.badge });
    await act({ do: 'courier-code-new', code: COURIER_CODE, again: COURIER_CODE });
    await page.evaluate('window.isOld = true');
    await act({ do: 'leave' });
    await newDocument(page);
    await heading(page, 'Collect a parcel');
    await page.locator('.kiosk[data-rests]').waitFor();
    const counted = await countTaps(page);

    await wedge(page, site.courier.badge);
    await heading(page, 'Your courier code');
    await tapDigits(page, COURIER_CODE);
    await press(page, 'Sign in');
    await heading(page, /Scan the parcel/);
    await wedge(page, '1Z999AA10123456784');
    await heading(page, 'Who is it for?');
    await tapDigits(page, site.resident.flat);
    await press(page, 'Find');
    await press(page, /^Small/);
    await heading(page, /^Door \d+ is open$/);
    const n = await doorNow(stand);
    await rig.ask(`/parcels/${n}`, { do: 'put-in', label: 'x' });
    await rig.ask(`/doors/${n}/close`, undefined, 'POST');
    await doorIs(stand, n, 'closed');
    await press(page, 'Yes, it is inside');
    await heading(page, /is safe$/);
    await page.evaluate('window.isOld = true');
    await press(page, 'I am finished');
    await newDocument(page);
    await heading(page, 'Collect a parcel');
    assert.equal(counted.keys.join(''), `${COURIER_CODE}${site.resident.flat}`);
    assert.equal(counted.taps.length, 5, counted.taps.join());

    await page.locator('.kiosk[data-rests]').waitFor();
    counted.keys.length = 0;
    counted.taps.length = 0;
    await agent.settled();
    const { pin } = await newestCodes(site, agent);
    await tapDigits(page, pin);
    await press(page, 'Open my door');
    await heading(page, new RegExp(`^Door ${n} is open`));
    assert.equal(counted.keys.join(''), pin, 'the first touch was the first digit');
    assert.deepEqual(counted.taps, ['Open my door']);
    await rig.ask(`/parcels/${n}`, { do: 'take-out' });
    await rig.ask(`/doors/${n}/close`, undefined, 'POST');
    await doorIs(stand, n, 'closed');
    await act({ do: 'collected' });
    await act({ do: 'cancel' });
    assert.deepEqual(errors, []);
  },
);

test(
  'a keyboard begins too: its first key counts, and twenty seconds later the start rests again',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page } = stand;
    // The page of whoever was there before may just be replaced, and one that is cannot be loaded anew.
    await page.locator('.kiosk[data-rests]').waitFor();
    await reload(page);
    await heading(page, 'Collect a parcel');
    await page.locator('.kiosk[data-rests]').waitFor();
    await page.clock.install();
    await page.keyboard.type('42', TYPED);
    await page.getByRole('status').filter({ hasText: 'Digits typed so far: 2 of 9' }).waitFor();
    await page.getByRole('button', { name: 'Mix the digits' }).waitFor();
    await page.evaluate('window.isOld = true');
    await page.clock.fastForward(21_000);
    await newDocument(page);
    await page.locator('.kiosk[data-rests]').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Mix the digits' }).count(), 0);
    await page.clock.resume();
  },
);

test('a language is one tap from rest, and a press that slips begins all the same', SKIP, async () => {
  assert.ok(stand);
  const { page } = stand;
  await reload(page);
  await page.locator('.kiosk[data-rests]').waitFor();
  await press(page, 'Deutsch');
  await heading(page, 'Paket abholen');
  await page.locator('.kiosk:not([data-rests])').waitFor();
  await reload(page);
  await page.locator('.kiosk[data-rests]').waitFor();
  await page.mouse.move(400, 200);
  await page.mouse.down();
  await page.mouse.move(700, 1200);
  await page.mouse.up();
  await page.getByRole('button', { name: 'Mix the digits' }).waitFor();
});

test('a page begins with what its agent shows; without a line to it, it soon says so', SKIP, async () => {
  assert.ok(stand);
  const moment = (page: Page) => page.getByRole('heading', { name: 'One moment' });
  const context = await stand.browser.newContext({ viewport: UPRIGHT });
  const cut = await context.newPage();
  await cut.route('**/api/events', (route) => route.abort());
  await cut.goto(stand.url);
  await heading(cut, 'Collect a parcel');
  await moment(cut).waitFor();
  assert.equal(await cut.getByText('Collect a parcel').count(), 0, 'what may not be true is gone');

  // Who gets no answer to the first question begins with what the line says.
  const mute = await context.newPage();
  await mute.route('**/api/view', () => undefined);
  await mute.goto(stand.url);
  await heading(mute, 'Collect a parcel');
  await context.close();
});

test(
  'a page that is loaded again at a door begins with the cabinet’s picture, and without it where it is not answered',
  SKIP,
  async () => {
    assert.ok(stage);
    stage.showing(named('pick-up-ask'));
    const context = await stage.browser.newContext({ viewport: UPRIGHT });
    const again = await context.newPage();
    // Whatever a page asks for once its line is up comes too late for the first sight: here it never comes.
    await again.route('**/api/events', (route) => route.abort());
    await again.goto(stage.url);
    await again.getByRole('img', { name: /^Drawing of the cabinet\. Your door is 7/ }).waitFor();

    const bare = await context.newPage();
    await bare.route('**/api/layout', () => undefined);
    await bare.goto(stage.url);
    await heading(bare, 'Door 7 is shut');
    await bare.getByRole('button', { name: 'Yes, I have it' }).waitFor();
    await context.close();
  },
);
