/**
 * A scanner that is a keyboard, in real Chromium: the kiosk's page and its real server over a bank of the
 * planner's tests. Chromium makes the key events; what reaches the bank is what a serial scanner would send.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { KioskAction, KioskLayout } from '../../src/contract/kiosk.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { startKiosk } from '../../src/edge/kiosk/server.ts';
import { bankInService, COURIER, dropOff, signIn } from '../../src/edge/plan/test-bank.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT } from '../site.ts';
import { checkAccessible, missingBrowser, openBrowser, openPage, shot } from './browser.ts';
import { heading, reload } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const GS = '\u001d';

async function open() {
  const bank = bankInService();
  const actions: KioskAction[] = [];
  const touches = { told: 0 };
  const layout: KioskLayout = {
    name: LAYOUT_24.name,
    columns: LAYOUT_24.columns,
    compartments: LAYOUT_24.compartments.map(({ board: _, lock: __, ...shown }) => shown),
  };
  const kiosk = await startKiosk({
    port: 0,
    webDir: join(ROOT, 'web', 'dist', 'kiosk'),
    clock: systemClock,
    view: () => bank.view(),
    layout: () => layout,
    health: () => assert.fail('the page does not ask for the health'),
    log: () => assert.fail('the page does not ask for the log'),
    act: async (action) => {
      if (action.do === 'here') touches.told++;
      else actions.push(action);
      bank.act(action);
      kiosk.changed();
    },
  });
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 800, height: 1280 } });
  const { page, errors } = await openPage(context, `http://127.0.0.1:${kiosk.port}/`);
  return { bank, actions, touches, kiosk, browser, page, errors };
}

const stage = missingBrowser === null ? await open() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.kiosk.stop();
});

type Suffix = 'Enter' | 'Tab' | 'Enter Enter' | 'none';
const GAP_MS = 4;

/** A key of the US layout, as Chromium's input protocol takes it. */
function keyOf(one: string): { key: string; code?: string; text?: string; windowsVirtualKeyCode?: number } {
  if (one === 'Enter') return { key: one, code: one, text: '\r', windowsVirtualKeyCode: 13 };
  if (one === 'Tab') return { key: one, code: one, windowsVirtualKeyCode: 9 };
  return { key: one, text: one };
}

/**
 * Types as a wedge does: four milliseconds from key to key by the events' own time, however slow this machine
 * is; GS as Ctrl and a bracket; then the suffix.
 */
async function scan(page: Page, text: string, suffix: Suffix = 'Enter'): Promise<void> {
  const keys = [...text, ...(suffix === 'none' ? [] : suffix.split(' '))];
  const session = await page.context().newCDPSession(page);
  const beganMs = systemClock.nowMs() - keys.length * GAP_MS;
  const sent = keys.flatMap((one, at) => {
    const timestamp = (beganMs + at * GAP_MS) / 1000;
    const key = one === GS ? { key: ']', code: 'BracketRight', modifiers: 2 } : keyOf(one);
    return [
      session.send('Input.dispatchKeyEvent', { type: 'keyDown', timestamp, ...key }),
      session.send('Input.dispatchKeyEvent', { type: 'keyUp', timestamp, key: key.key }),
    ];
  });
  await Promise.all(sent);
  await session.detach();
}

async function acted(actions: readonly KioskAction[], count: number): Promise<void> {
  const holds = async () => actions.length >= count;
  await waitFor({ clock: systemClock, what: `${count} actions`, msMax: 10_000, holds });
}

test('a badge, then a GS1 label with Ctrl and a bracket for FNC1: the carrier is shown', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { bank, page, actions, kiosk, errors } = stage;
  await heading(page, 'Collect a parcel');
  await scan(page, COURIER.badge.toLowerCase(), 'Tab');
  await heading(page, 'Choose your courier code');
  assert.deepEqual(actions.splice(0), [{ do: 'scan', text: COURIER.badge.toLowerCase() }]);
  bank.act({ do: 'courier-code-new', code: COURIER.code, again: COURIER.code });
  kiosk.changed();
  await heading(page, 'Scan the parcel’s label');
  // A button has the focus: a scanner's keys press nothing, and a second Enter does neither.
  await page.getByRole('button', { name: 'Finish' }).focus();
  const label = `]C142078745${GS}9400111206206406260787`;
  await scan(page, label, 'Enter Enter');
  await heading(page, 'Who is it for?');
  assert.deepEqual(actions.splice(0), [{ do: 'scan', text: label }]);
  await page.getByText('9400111206206406260787').waitFor();
  const said = page.locator('.recognised');
  assert.equal(
    await said.innerText(),
    'Read as a USPS number.\nThat is not your own carrier’s. If it is right, go on.',
  );
  await checkAccessible(page);
  await shot(page, 'kiosk-recognised');
  assert.deepEqual(errors, []);
});

test('a pick-up QR that a wedge types opens its door, without any suffix', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { bank, page, actions, kiosk, errors } = stage;
  bank.act({ do: 'leave' });
  const { qr } = dropOff(bank);
  kiosk.changed();
  // A page that is loaded anew knows no suffix yet, so silence ends a scan.
  await reload(page);
  await heading(page, 'Collect a parcel');
  await scan(page, `]Q1${qr}`, 'none');
  await page.getByRole('img', { name: /Your door is \d+/ }).waitFor();
  await acted(actions, 1);
  assert.deepEqual(actions.splice(0), [{ do: 'scan', text: `]Q1${qr}` }]);
  assert.equal(bank.on('pick-up').door.latch, 'released');
  assert.deepEqual(errors, []);
});

test('a label whose check digit is wrong is asked for again, and the number that is typed twice goes on', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { bank, page, kiosk, errors } = stage;
  const { door } = bank.on('pick-up');
  bank.sense(door.compartment, 'closed', 'no');
  bank.act({ do: 'collected' });
  bank.act({ do: 'cancel' });
  signIn(bank);
  kiosk.changed();
  await heading(page, 'Scan the parcel’s label');
  await scan(page, '1Z999AA10123456785');
  await page.getByRole('alert').getByText('This number does not add up').waitFor();
  await shot(page, 'kiosk-check-wrong');
  await page.getByLabel('Tracking number').fill('1Z999AA10123456785');
  await page.getByRole('button', { name: 'Next' }).click();
  await heading(page, 'Who is it for?');
  await page.getByText('A number of an unknown format.').waitFor();
  assert.deepEqual(errors, []);
});

test('a label that is stuck before the scanner is nobody’s touch; a key that a hand presses is', {
  skip: missingBrowser ?? false,
}, async () => {
  assert.ok(stage);
  const { bank, page, actions, touches, kiosk, errors } = stage;
  bank.act({ do: 'cancel' });
  bank.act({ do: 'leave' });
  kiosk.changed();
  await heading(page, 'Collect a parcel');
  for (const suffix of ['none', 'Enter', 'Tab', 'Enter Enter'] as const) {
    signIn(bank);
    bank.act({ do: 'tracking', text: '1Z999AA10123456784' });
    kiosk.changed();
    await heading(page, 'Who is it for?');
    actions.splice(0);
    touches.told = 0;
    for (let read = 1; read <= 3; read++) {
      bank.wait(15_000);
      await scan(page, '1Z999AA10123456784', suffix);
      await acted(actions, read);
      // A key of a hand is told after a moment in which no other follows it.
      await sleep(systemClock, 800);
    }
    assert.equal(touches.told, 0, suffix);
    assert.equal(bank.view().idleMs, 15_000, suffix);
    await page.keyboard.press(suffix === 'Tab' ? 'Tab' : 'A');
    const holds = async () => touches.told === 1;
    await waitFor({ clock: systemClock, what: 'the touch', msMax: 5_000, holds });
    assert.equal(bank.view().idleMs, 60_000, suffix);
    bank.act({ do: 'leave' });
    kiosk.changed();
    await heading(page, 'Collect a parcel');
  }
  assert.deepEqual(errors, []);
});
