/**
 * People who tap twice, who are slow, and who do not see; and an agent that hangs. The kiosk's page in Chromium, with
 * its own server and views of the test's choice.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { ROOT } from '../site.ts';
import { missingBrowser, openPage } from './browser.ts';
import { begin, heading, press, TYPED, UPRIGHT } from './stand.ts';
import { drawn, openStage, STATES } from './states.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stage = missingBrowser === null ? await openStage() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.kiosk.stop();
});

function named(name: string) {
  const state = STATES.find((one) => one.name === name);
  assert.ok(state, name);
  return state;
}

/** A page of its own, with a finger. */
async function fresh(): Promise<Page> {
  assert.ok(stage);
  const context = await stage.browser.newContext({ viewport: UPRIGHT, hasTouch: true });
  const { page } = await openPage(context, stage.url);
  await drawn(page, stage.url);
  return page;
}

test(
  'a second tap does not go through to the screen that the first one brought; a key does',
  SKIP,
  async () => {
    assert.ok(stage);
    stage.showing(named('size'));
    const page = await fresh();
    // The page's time stands, so that no machine is too slow for the moment in which a screen takes no pointer.
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(20_000);
    const turnTo = async (name: string): Promise<void> => {
      stage.showing(named(name));
      await drawn(page, stage.url);
    };
    const wrong = page.getByRole('button', { name: 'Something is wrong' });
    const asked = page.getByRole('heading', { name: 'What is wrong?' });
    await turnTo('pick-up-open');
    const box = await wrong.boundingBox();
    assert.ok(box);
    const tap = () => page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
    await tap();
    await sleep(systemClock, 500);
    assert.equal(await asked.count(), 0, 'this tap was meant for the screen before');
    await page.clock.runFor(500);
    await tap();
    await asked.waitFor();
    await page.keyboard.press('Escape');
    await asked.waitFor({ state: 'detached' });

    await turnTo('size');
    await page.clock.runFor(500);
    await turnTo('pick-up-open');
    await wrong.focus();
    await page.keyboard.press('Enter');
    await asked.waitFor();
    await page.context().close();
  },
);

test(
  'nor does it at a door whose buttons move: “open again” goes while its pulse is at work',
  SKIP,
  async () => {
    assert.ok(stage);
    const stuck = named('pick-up-jammed');
    assert.ok('door' in stuck.show);
    const again = { ...stuck.show, door: { ...stuck.show.door, pulsesLeft: 1, again: true } };
    stage.showing({ ...stuck, show: again as typeof stuck.show });
    const page = await fresh();
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(20_000);
    const box = await page.getByRole('button', { name: /^Open door \d+ again/ }).boundingBox();
    assert.ok(box);
    const tap = () => page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
    const asked = page.getByRole('heading', { name: 'What is wrong?' });
    stage.showing(named('pick-up-pull'));
    await drawn(page, stage.url);
    const below = await page.getByRole('button', { name: 'Something is wrong' }).boundingBox();
    assert.ok(below && below.y < box.y + box.height && box.y < below.y + below.height, 'it moved there');
    await tap();
    await sleep(systemClock, 500);
    assert.equal(await asked.count(), 0, 'this tap was meant for “open again”');
    await page.clock.runFor(500);
    await page.getByRole('button', { name: 'Something is wrong' }).tap();
    await asked.waitFor();
    await page.context().close();
  },
);

test(
  'what was typed at the start goes with a warning of ten seconds, and any touch keeps it',
  SKIP,
  async () => {
    assert.ok(stage);
    stage.showing(named('home'));
    const page = await fresh();
    // The page's time stands, so that no machine is too slow for it; the agent is heard anew before each step.
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(20_000);
    const passOn = async (ms: number): Promise<void> => {
      stage.showing(named('home'));
      await drawn(page, stage.url);
      await page.clock.runFor(ms);
    };
    const warning = page.getByRole('timer', { name: /^This is cleared in \d+ seconds?\. To go on, touch/ });
    await begin(page);
    await passOn(11_000);
    await sleep(systemClock, 300);
    assert.equal(await warning.count(), 0, 'there is nothing to lose');
    for (const touch of [
      () => page.getByRole('heading', { level: 1 }).click(),
      () => page.keyboard.press('5'),
    ]) {
      await press(page, '4');
      await passOn(9_500);
      assert.equal(await warning.count(), 0);
      await passOn(1_000);
      await warning.waitFor();
      await page.clock.runFor(500);
      await page
        .getByRole('status')
        .filter({ hasText: /^This is cleared in \d+ seconds/ })
        .waitFor();
      await touch();
      // A key counts as a hand's once no other has followed it at a scanner's pace.
      await page.clock.runFor(600);
      await warning.waitFor({ state: 'detached' });
    }
    await page.getByRole('status').filter({ hasText: 'Digits typed so far: 3 of 9' }).waitFor();
    await press(page, 'Clear');
    await press(page, 'Deutsch');
    await passOn(10_500);
    await page.getByRole('timer', { name: /^Die Eingabe wird in \d+ Sekunden gelöscht/ }).waitFor();
    await page.context().close();
  },
);

test(
  'a door that shuts is a question to who does not see it, and so are the last seconds',
  SKIP,
  async () => {
    assert.ok(stage);
    stage.showing(named('pick-up-open'));
    const page = await fresh();
    const said = page.getByRole('status');
    assert.equal(await said.filter({ hasText: 'Do you have your parcel?' }).count(), 0);
    stage.showing(named('pick-up-ask'));
    await said.filter({ hasText: /^Door \d+ is shut\. Do you have your parcel\?$/ }).waitFor();
    const ask = named('pick-up-ask');
    stage.showing({ ...ask, more: { ...ask.more, idleMs: 9_000 } });
    const last = said.filter({ hasText: /^Back to the start in \d seconds$/ });
    await last.waitFor();
    const first = await last.textContent();
    await sleep(systemClock, 2_200);
    assert.equal(await last.textContent(), first, 'said once, and not each second anew');
    await page.context().close();
  },
);

test(
  'an agent that hangs: a button ends in a sentence, and the screen does not stand as if it were true',
  SKIP,
  async () => {
    assert.ok(stage);
    const { browser } = stage;
    const child = spawn(process.execPath, ['test/browser/kiosk-that-hangs.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const context = await browser.newContext({ viewport: UPRIGHT });
    try {
      const [port] = (await once(child.stdout, 'data')) as [Buffer];
      // Before its line is up a page doubts what it shows much sooner.
      const line = context.waitForEvent('response', (answer) => answer.url().endsWith('/api/events'));
      const { page } = await openPage(context, `http://127.0.0.1:${String(port).trim()}/`);
      await heading(page, 'Who is it for?');
      await line;
      child.kill('SIGSTOP');
      await page.keyboard.type('12', TYPED);
      await press(page, 'Find');
      await page.locator('[aria-busy]').waitFor();
      await page.getByRole('alert').getByText('The cabinet did not answer').waitFor({ timeout: 28_000 });
      await page.locator('[aria-busy]').waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: 'One moment' }).waitFor({ timeout: 40_000 });
      assert.equal(
        await page.getByText('1Z999AA10123456784').count(),
        0,
        'nothing of a person is left standing',
      );
      child.kill('SIGCONT');
      await page.locator('.kiosk[data-screen]').waitFor({ timeout: 45_000 });
    } finally {
      await context.close();
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  },
);
