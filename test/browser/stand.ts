/**
 * The kiosk alone, for tests in a browser: a real agent with the built page, a rig for its steel, and the
 * test in the place of the cloud. Nobody answers the agent's uplink, so the cloud is down unless the test
 * says that it was heard. Time can be moved forward, so that no test waits out an idle minute.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startTestRig, type TestRig, until } from '../../rig/test-rig.ts';
import type { KioskView } from '../../src/contract/kiosk.ts';
import type { DirectoryEntries } from '../../src/contract/uplink.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/roster.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { type Clock, sleep, systemClock } from '../../src/platform/clock.ts';
import {
  bringIntoService,
  newestCodes,
  newSite,
  removeSite,
  startTestAgent,
  type TestSite,
} from '../bank.ts';
import { ROOT } from '../site.ts';
import { openBrowser, openPage } from './browser.ts';

export const COURIER_CODE = '928374';
/** Slower than a scanner, so that keys count as typed; and faster than one leaves its gap. */
export const TYPED = { delay: 90 };

const PATIENCE_MS = 10_000;

export const UPRIGHT = { width: 800, height: 1280 };
export const ACROSS = { width: 1280, height: 800 };

export type Stand = {
  site: TestSite;
  agent: Agent;
  rig: TestRig;
  browser: Browser;
  url: string;
  page: Page;
  errors: string[];
  /** Moves all clocks of the bank forward; its next tick, within a second, sees it. */
  pass(ms: number): void;
  view(): Promise<KioskView>;
  act(action: object): Promise<KioskView>;
  stop(): Promise<void>;
};

type Options = {
  policy?: Partial<Policy>;
  /** Who lives at the site, apart from the one resident of `newSite`. */
  flats?: DirectoryEntries;
  viewport?: { width: number; height: number };
  change?: (site: TestSite) => void;
  /** Another Chromium than the plain one. */
  program?: string;
};

/** A clock that a test can push. */
function pushedClock(): { clock: Clock; pass(ms: number): void } {
  let aheadMs = 0;
  return {
    clock: {
      ...systemClock,
      nowMs: () => systemClock.nowMs() + aheadMs,
      monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    },
    pass(ms) {
      aheadMs += ms;
    },
  };
}

export async function openStand(options: Options = {}): Promise<Stand> {
  const rig = await startTestRig();
  const site = await newSite();
  options.change?.(site);
  const { clock, pass } = pushedClock();
  const fatal: Error[] = [];
  const ports = { ...rig.ports, kioskPages: join(ROOT, 'web', 'dist', 'kiosk') };
  const agent = await startTestAgent(site, ports, (error) => fatal.push(error), clock);
  await bringIntoService(site, agent, {
    policy: { ...DEFAULT_POLICY, pulsesPerMinute: 60, ...options.policy },
  });
  if (options.flats)
    agent.dispatch({ type: 'directory-opened', opened: { version: 2, entries: options.flats } });
  // What the test said just now counts as the cloud's voice; from here on the cloud is down.
  agent.dispatch({ type: 'link', up: false });
  await until(() => Object.values(agent.state().compartment).every(({ door }) => door === 'closed'));
  const url = `http://127.0.0.1:${agent.kioskPort}/`;
  const browser = await openBrowser(options.program);
  const context = await browser.newContext({ viewport: options.viewport ?? UPRIGHT, hasTouch: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const { page, errors } = await openPage(context, url).catch(async (error: Error) => {
    // An agent that goes on would keep the test's process alive, and its error unseen.
    await browser.close();
    await agent.stop();
    throw error;
  });
  // A kiosk's browser starts with its page: there is nothing to go back to.
  const cdp = await context.newCDPSession(page);
  await cdp.send('Page.resetNavigationHistory');
  await cdp.detach();
  await heading(page, 'Collect a parcel');
  const asked = async (path: string, init?: RequestInit): Promise<KioskView> => {
    const response = await fetch(new URL(path, url), init);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as KioskView;
  };
  return {
    ...{ site, agent, rig, browser, url, page, errors, pass },
    view: () => asked('/api/view'),
    act: (action) =>
      asked('/api/actions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
        body: JSON.stringify(action),
      }),
    async stop() {
      await browser.close();
      await agent.stop();
      removeSite(site);
      assert.deepEqual(fatal, []);
    },
  };
}

/** On a page that takes input: one that is just being replaced does not. */
export async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.locator('.kiosk:not([inert])').getByRole('heading', { level: 1, name }).waitFor();
}

/** Waits for a page without `isOld`, the mark of the old one. A page that is just being replaced cannot be asked. */
export async function newDocument(page: Page): Promise<void> {
  const isNew = `!window.isOld && document.querySelector('h1') !== null`;
  const isThere = async (): Promise<boolean> => (await page.evaluate(isNew).catch(() => false)) === true;
  for (let look = 0; look < 400; look++) {
    if (await isThere()) return;
    await sleep(systemClock, 25);
  }
  assert.fail('the page was not replaced');
}

export async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) }).click();
}

/** Loads the page anew. One that the kiosk is just replacing cannot be: then the one in its place is. */
export async function reload(page: Page): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await page.reload();
      return;
    } catch (error) {
      if (tries === 4 || !String(error).includes('Not attached to an active page')) throw error;
      await sleep(systemClock, 500);
    }
}

/** Touches the start where nothing is to be pressed: it is drawn for somebody who stands before it. */
export async function begin(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).click();
  await page.locator('.kiosk:not([data-rests])').waitFor();
}

/** On the keys of the screen, whatever their order. */
export async function tapDigits(page: Page, digits: string): Promise<void> {
  for (const digit of digits) await press(page, digit);
}

/** What has the focus, by its name or its words. */
export async function focusOf(page: Page): Promise<string> {
  return (await page.evaluate(
    `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText ?? '').trim()`,
  )) as string;
}

/** Moves on with Tab until the control has the focus, as someone without a pointer does. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let step = 0; step < 80; step++) {
    const focused = await focusOf(page);
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never came to ${name}`);
}

export async function pressByKey(
  page: Page,
  name: string | RegExp,
  key: 'Enter' | ' ' = 'Enter',
): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press(key === ' ' ? 'Space' : key);
}

/** Types as a scanner that poses as a keyboard does: at once, with Enter at the end. */
export async function wedge(page: Page, text: string): Promise<void> {
  const keys = await page.context().newCDPSession(page);
  // One batch with times of its own: a busy machine must not turn a scan into typing.
  let timestamp = systemClock.nowMs() / 1000;
  const sent = [...text, '\r'].flatMap((one) => {
    timestamp += 0.004;
    const key = one === '\r' ? { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 } : { key: one };
    return [
      keys.send('Input.dispatchKeyEvent', { type: 'keyDown', text: one, timestamp, ...key }),
      keys.send('Input.dispatchKeyEvent', { type: 'keyUp', timestamp, ...key }),
    ];
  });
  await Promise.all(sent);
  await keys.detach();
}

export async function doorIs(stand: Stand, n: number, door: 'open' | 'closed'): Promise<void> {
  await until(() => stand.agent.state().compartment[n]?.door === door);
}

/** Which door the agent speaks of now. */
export async function doorNow(stand: Stand): Promise<number> {
  const { show } = await stand.view();
  assert.ok('door' in show, JSON.stringify(show));
  return show.door.compartment;
}

/** A parcel behind a door without the screen: through the agent's own actions. Answers its codes. */
export async function parcelInside(
  stand: Stand,
  parcel: { tracking: string; flat: string; size?: string },
): Promise<{ n: number; pin: string; qr: string }> {
  const { site, agent, rig, act } = stand;
  await act({ do: 'scan', text: site.courier.badge });
  const { show } = await stand.view();
  assert.ok(show.screen === 'courier-code', JSON.stringify(show));
  await act(
    show.first
      ? { do: 'courier-code-new', code: COURIER_CODE, again: COURIER_CODE }
      : { do: 'courier-code', code: COURIER_CODE },
  );
  await act({ do: 'tracking', text: parcel.tracking });
  const asked = await act({ do: 'flat', text: parcel.flat });
  if (asked.show.screen === 'recipient') await act({ do: 'recipient', index: 0 });
  await act({ do: 'size', size: parcel.size ?? 'S' });
  const n = await doorNow(stand);
  await doorIs(stand, n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'put-in', label: parcel.tracking });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(stand, n, 'closed');
  await act({ do: 'deposited' });
  await act({ do: 'leave' });
  await agent.settled();
  return { n, ...(await newestCodes(site, agent)) };
}
