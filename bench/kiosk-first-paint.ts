/**
 * How soon somebody who stands before a kiosk that was just switched on sees its start, and is served: a browser that
 * has kept nothing, in a process of its own, opens the page that a real agent serves. What is read is read by the page
 * itself, because who asks it from outside until it is ready keeps it from being so. The limit beside it is a page of
 * one heading.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CDPSession, Page } from 'playwright-core';
import { missingBrowser, openBrowser } from '../test/browser/browser.ts';
import { openStand, UPRIGHT } from '../test/browser/stand.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const INTERACTIVE_MS_MAX = 1_000;
const OPENINGS_A_ROUND = 5;
const BARE = '<!doctype html><html lang="en"><title>bare</title><h1>Collect a parcel</h1></html>';

const NAMES = ['painted', 'ready', 'touched', 'bare'] as const;
type Name = (typeof NAMES)[number];

export async function kioskFirstPaint(say: (line: string) => void): Promise<Row[]> {
  if (missingBrowser !== null) {
    say(missingBrowser);
    return [];
  }
  say(`kiosk-first-paint: ${OPENINGS_A_ROUND} openings a round, each by a browser that has kept nothing`);
  const stand = await openStand();
  const bare = await serveBare();
  try {
    // Its own page would be drawn beside the measured one.
    await stand.browser.close();
    const measured = await measure(NAMES, 1, async () => {
      const taken: Record<Name, number[]> = { painted: [], ready: [], touched: [], bare: [] };
      for (let opening = 0; opening < OPENINGS_A_ROUND; opening++) {
        const kiosk = await onPage(stand.url, async (page, cdp) => ({
          ...(await beginningOf(page)),
          touchedMs: await touchLanguage(page, cdp),
        }));
        taken.painted.push(kiosk.paintedMs);
        taken.ready.push(kiosk.readyMs);
        taken.touched.push(kiosk.touchedMs);
        taken.bare.push((await onPage(bare.url, beginningOf)).paintedMs);
      }
      return taken;
    });
    const row = (name: Name, label: string, bar: number | null): Row => {
      const samples = measured.samples[name];
      const value = overRounds(measured, (round) => round[name]);
      return {
        ...{ name: label, value },
        ...{ unit: 'ms', ratio: null, bar, better: 'lower' },
        holds: bar === null ? null : measured.rounds.length >= ROUNDS_MIN && value <= bar,
        median: median(samples),
        p99: quantile(samples, 0.99),
        rounds: measured.rounds.length,
        discarded: measured.discarded,
      };
    };
    return [
      row('ready', 'kiosk-first-paint', INTERACTIVE_MS_MAX),
      row('painted', 'kiosk-first-paint, on the display', null),
      row('touched', 'kiosk-first-paint, from a touch to its picture', null),
      row('bare', 'a page of one heading, on the display', null),
    ];
  } finally {
    bare.server.close();
    await stand.stop();
  }
}

async function serveBare(): Promise<{ server: Server; url: string }> {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(BARE));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/**
 * Two promises of the page. Ready: the start stands there with its keys and a frame of it has been made, so that
 * whatever waited before it is done and a touch is taken at once. Painted: Paint Timing, section 3.2, what is not the
 * background is on the display. Both count from when the page was asked for.
 */
const WATCH = `{
  const heading = () => document.querySelector('h1');
  window.isReady = new Promise((resolve) => {
    const look = () => {
      if (!heading()) return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document, { childList: true, subtree: true });
  });
  window.isPainted = new Promise((resolve) => new PerformanceObserver((list) => {
    const [entry] = list.getEntriesByName('first-contentful-paint');
    if (entry) resolve(entry.startTime);
  }).observe({ type: 'paint', buffered: true }));
}`;

async function onPage<T>(url: string, look: (page: Page, cdp: CDPSession) => Promise<T>): Promise<T> {
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ viewport: UPRIGHT, hasTouch: true });
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await page.addInitScript(WATCH);
    await page.goto(url, { waitUntil: 'commit' });
    return await look(page, cdp);
  } finally {
    await browser.close();
  }
}

async function beginningOf(page: Page): Promise<{ readyMs: number; paintedMs: number }> {
  const [readyMs, paintedMs] = (await page.evaluate('Promise.all([isReady, isPainted])')) as number[];
  if (!readyMs || !paintedMs) throw new Error('the browser does not say when it was ready');
  return { readyMs, paintedMs };
}

/** A language is what somebody chooses first. From the touch, as the browser dates it, to a frame in that language. */
async function touchLanguage(page: Page, cdp: CDPSession): Promise<number> {
  const button = await page.getByRole('button', { name: 'Deutsch', exact: true }).boundingBox();
  if (!button) throw new Error('there is no button for a language');
  await page.evaluate(`window.isAnswered = new Promise((resolve) => {
    let atMs;
    document.addEventListener('pointerdown', (event) => { atMs = event.timeStamp; }, { capture: true, once: true });
    const watcher = new MutationObserver(() => {
      if (document.querySelector('h1')?.innerText !== 'Paket abholen') return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - atMs)));
    });
    watcher.observe(document.body, { childList: true, characterData: true, subtree: true });
  }), null`);
  const point = { x: button.x + button.width / 2, y: button.y + button.height / 2 };
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  return (await page.evaluate('isAnswered')) as number;
}
