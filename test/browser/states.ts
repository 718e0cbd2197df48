/**
 * Every screen of the kiosk in each of its states, on a page that is served by the agent's own server. The test
 * decides the views, because half of them need a broken cabinet.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { KioskLayout, KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { startKiosk } from '../../src/edge/kiosk/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { CLOSED } from '../../web/kiosk/said.ts';
import { ROOT } from '../site.ts';
import { openBrowser, openPage } from './browser.ts';
import { ACROSS, UPRIGHT } from './stand.ts';

const layout: KioskLayout = {
  name: 'North lobby',
  columns: LAYOUT_24.columns,
  compartments: LAYOUT_24.compartments.map(({ n, size, column, row, heightUnits, middleCm, accessible }) => {
    return { n, size, column, row, heightUnits, middleCm, accessible };
  }),
};

type Door = Extract<KioskScreen, { screen: 'pick-up' }>['door'];
const door: Door = {
  ...{ compartment: 7, size: 'M', column: 1, row: 2, latch: 'released', door: 'open' },
  ...{ occupied: 'unsensed', again: false, pulsesLeft: 2, opened: true, stuck: false },
};
export const shut: Door = { ...door, door: 'closed', again: true };
const never: Door = { ...shut, opened: false };
const tracking = '1Z999AA10123456784';
const free = { S: 3, M: 1, L: 0, XL: 0 };
const recognised = { carrier: 'UPS', format: 'UPS 1Z', others: false } as const;
const drop = { screen: 'drop-off', tracking, ask: false, larger: true, otherDoor: false } as const;

export type State = { name: string; show: KioskScreen; more?: Partial<KioskView> };
export const STATES: readonly State[] = [
  { name: 'home', show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null } },
  {
    name: 'home-offline',
    show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null },
    more: { online: false },
  },
  { name: 'home-flat', show: { screen: 'home', flatNeeded: true, pinDigits: 9, ajar: null } },
  ...Object.keys(CLOSED).map((reason): State => {
    return { name: `closed-${reason}`, show: { screen: 'closed', reason }, more: { online: false } };
  }),
  // Before those that show a person: leaving one of them for one of these replaces the page.
  { name: 'pick-up-done', show: { screen: 'pick-up-done' } },
  { name: 'reported', show: { screen: 'reported', offline: false, notMine: false } },
  {
    name: 'reported-offline',
    show: { screen: 'reported', offline: true, notMine: true },
    more: { online: false },
  },
  { name: 'home-ajar', show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: 6 } },
  {
    name: 'home-disputed',
    show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null },
    more: { logDisputed: true },
  },
  {
    name: 'home-disputed-ajar',
    show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: 6 },
    more: { logDisputed: true },
  },
  {
    name: 'closed-disputed',
    show: { screen: 'closed', reason: 'lockdown' },
    more: { logDisputed: true },
  },
  {
    name: 'home-wrong',
    show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null },
    more: { message: 'code-not-accepted' },
  },
  { name: 'staff-done', show: { screen: 'staff-done', done: 'removed' } },
  { name: 'courier-code', show: { screen: 'courier-code', carrier: 'UPS', first: false } },
  { name: 'courier-code-first', show: { screen: 'courier-code', carrier: 'UPS', first: true } },
  { name: 'tracking', show: { screen: 'tracking', carrier: 'UPS' }, more: { online: false, idleMs: 9_400 } },
  { name: 'flat', show: { screen: 'flat', tracking, recognised }, more: { message: 'recipient-unknown' } },
  {
    name: 'recipient',
    show: {
      screen: 'recipient',
      tracking,
      recognised,
      recipients: ['A. Okafor', 'B. Okafor-Lindström', 'M. Grün'],
    },
  },
  { name: 'size', show: { screen: 'size', tracking, recognised, recipient: '12 · A. Okafor', free } },
  { name: 'drop-off-waiting', show: { ...drop, door: { ...never, latch: 'waiting', again: false } } },
  { name: 'drop-off-open', show: { ...drop, door }, more: { online: false } },
  { name: 'drop-off-ask', show: { ...drop, ask: true, door: shut } },
  {
    name: 'drop-off-refused',
    show: { ...drop, door: { ...never, latch: 'refused' } },
    more: { message: 'release-refused' },
  },
  {
    name: 'drop-off-stuck',
    show: { ...drop, otherDoor: true, door: { ...never, stuck: true } },
  },
  {
    name: 'drop-off-unknown',
    show: { ...drop, otherDoor: true, door: { ...never, latch: 'unknown' } },
    more: { message: 'release-unknown' },
  },
  { name: 'drop-off-done', show: { screen: 'drop-off-done', tracking, offline: false } },
  {
    name: 'drop-off-done-offline',
    show: { screen: 'drop-off-done', tracking, offline: true },
    more: { online: false },
  },
  { name: 'pick-up-pull', show: { screen: 'pick-up', ask: false, door: never } },
  { name: 'pick-up-open', show: { screen: 'pick-up', ask: false, door }, more: { idleMs: 4_000 } },
  { name: 'pick-up-ask', show: { screen: 'pick-up', ask: true, door: shut } },
  {
    name: 'pick-up-failed',
    show: { screen: 'pick-up', ask: false, door: { ...never, latch: 'failed' } },
    more: { message: 'release-failed' },
  },
  {
    name: 'pick-up-jammed',
    show: { screen: 'pick-up', ask: false, door: { ...never, pulsesLeft: 0, again: false, stuck: true } },
    more: { message: 'latch-jammed' },
  },
  { name: 'staff-open', show: { screen: 'staff', ask: false, expected: 'parcel', door } },
  { name: 'staff-ask', show: { screen: 'staff', ask: true, expected: 'nothing', door: shut } },
  {
    name: 'clock',
    show: { screen: 'clock', bankMs: 1_790_000_000_000, machineMs: 1_792_592_000_000, frozen: true },
  },
  {
    name: 'pick-up-unknown',
    show: { screen: 'pick-up', ask: false, door: { ...never, latch: 'unknown', door: 'unknown' } },
    more: { message: 'release-unknown', online: false },
  },
];

/** The start as it is drawn after the first touch. Last, because a page that was touched replaces itself. */
export const BEGUN: readonly State[] = STATES.filter(({ name }) =>
  ['home', 'home-offline', 'home-flat'].includes(name),
).map((state) => ({ ...state, name: `${state.name}-begun` }));

export type Stage = Awaited<ReturnType<typeof openStage>>;

export async function openStage(webDir = join(ROOT, 'web', 'dist', 'kiosk')) {
  let turn = 0;
  let view = viewOf(STATES[0] as State);
  function viewOf({ show, more }: Pick<State, 'show' | 'more'>): KioskView {
    turn += 1;
    const idleMs = ['home', 'closed'].includes(show.screen) ? null : 48_000;
    return {
      v: 1,
      bank: 'North lobby',
      development: false,
      online: true,
      logDisputed: false,
      turn,
      message: null,
      idleMs,
      show,
      ...more,
    };
  }
  const kiosk = await startKiosk({
    ...{ port: 0, webDir, clock: systemClock, act: async () => {} },
    view: () => view,
    layout: () => layout,
    health: () => assert.fail('nobody asks'),
    log: () => assert.fail('nobody asks'),
  });
  const browser = await openBrowser();
  const url = `http://127.0.0.1:${kiosk.port}/`;
  const upright = await openPage(await browser.newContext({ viewport: UPRIGHT }), url);
  const across = await openPage(await browser.newContext({ viewport: ACROSS }), url);
  const showing = (state: Pick<State, 'show' | 'more'>): void => {
    view = viewOf(state);
    kiosk.changed();
  };
  return { kiosk, browser, url, upright, across, showing };
}

/** Waits until the page draws this very view, with its door's picture; it has no other mark of its turn than what it draws. */
export async function drawn(page: Page, url: string): Promise<void> {
  const wanted = (await (await fetch(new URL('/api/view', url))).json()) as KioskView;
  await page.locator(`.kiosk[data-screen="${wanted.show.screen}"][data-turn="${wanted.turn}"]`).waitFor();
  if ('door' in wanted.show) await page.getByRole('img').first().waitFor();
}

/** What does not fit across is cut off; what does not fit down may be scrolled to, and is counted. */
export async function fits(page: Page): Promise<{ across: boolean; below: number }> {
  return (await page.evaluate(`({
    across: document.documentElement.scrollWidth <= innerWidth &&
      [...document.querySelectorAll('button, h1, p:not(.k-hidden), dd')].every((one) => one.scrollWidth <= one.clientWidth + 1 || one.clientWidth === 0),
    below: Math.max(0, document.documentElement.scrollHeight - innerHeight),
  })`)) as { across: boolean; below: number };
}

/** All pictures of one kind on one, to be looked at. */
export async function sheet(
  browser: Browser,
  name: string,
  pictures: readonly Buffer[],
  columns: number,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1800, height: 1000 } });
  const images = pictures
    .map((one) => `<img src="data:image/png;base64,${one.toString('base64')}">`)
    .join('');
  await page.setContent(
    `<style>body{margin:4px;display:grid;gap:4px;grid-template-columns:repeat(${columns},1fr)}img{width:100%}</style>${images}`,
  );
  await page.screenshot({ path: join(ROOT, '.holdfast', 'screens', `${name}.png`), fullPage: true });
  await page.close();
}
