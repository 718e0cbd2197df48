/**
 * How soon somebody who stands before a kiosk that was just switched on sees something, and is served: a browser that
 * has kept nothing opens the page that a real agent serves, and touches it. The last reading is of the next picture,
 * which the agent has been asked for. The limit beside it is a page of one heading.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { missingBrowser } from '../test/browser/browser.ts';
import { begin, heading, openStand, UPRIGHT } from '../test/browser/stand.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const INTERACTIVE_MS_MAX = 1_000;
const OPENINGS_A_ROUND = 5;
const BARE = '<!doctype html><html lang="en"><title>bare</title><h1>Collect a parcel</h1></html>';

type Opened = { paintedMs: number; answeredMs: number };

export async function kioskFirstPaint(say: (line: string) => void): Promise<Row[]> {
  if (missingBrowser !== null) {
    say(missingBrowser);
    return [];
  }
  say(`kiosk-first-paint: ${OPENINGS_A_ROUND} openings a round, each by a browser that has kept nothing`);
  const stand = await openStand();
  const bare = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(BARE));
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  try {
    const measured = await measure(['painted', 'answered', 'bare'], 1, async () => {
      const taken = { painted: [] as number[], answered: [] as number[], bare: [] as number[] };
      for (let opening = 0; opening < OPENINGS_A_ROUND; opening++) {
        const kiosk = await open(stand.browser, stand.url, served);
        taken.painted.push(kiosk.paintedMs);
        taken.answered.push(kiosk.answeredMs);
        taken.bare.push((await open(stand.browser, bareUrl, async () => undefined)).paintedMs);
      }
      return taken;
    });
    const row = (name: 'painted' | 'answered' | 'bare', label: string, bar: number | null): Row => {
      const samples = measured.samples[name];
      const p99 = quantile(samples, 0.99);
      return {
        name: label,
        value: overRounds(measured, (round) => round[name]),
        ...{ unit: 'ms', ratio: null, bar, better: 'lower' },
        // Whoever meets the slowest one stands there as long.
        holds: bar === null ? null : measured.rounds.length >= ROUNDS_MIN && p99 <= bar,
        median: median(samples),
        p99,
        rounds: measured.rounds.length,
        discarded: measured.discarded,
      };
    };
    return [
      row('painted', 'kiosk-first-paint', INTERACTIVE_MS_MAX),
      row('answered', 'kiosk-first-paint, a first touch is served', INTERACTIVE_MS_MAX),
      row('bare', 'a page of one heading, painted', null),
    ];
  } finally {
    bare.close();
    await stand.stop();
  }
}

/** The start takes a touch anywhere, and a language is the first thing that somebody chooses. */
async function served(page: Page): Promise<void> {
  await begin(page);
  await page.getByRole('button', { name: 'Deutsch', exact: true }).click();
  await heading(page, 'Paket abholen');
}

async function open(browser: Browser, url: string, serve: (page: Page) => Promise<void>): Promise<Opened> {
  const context = await browser.newContext({ viewport: UPRIGHT, hasTouch: true });
  try {
    const page = await context.newPage();
    const startMs = performance.now();
    await page.goto(url, { waitUntil: 'commit' });
    await serve(page);
    const answeredMs = performance.now() - startMs;
    return { answeredMs, paintedMs: await firstPaintOf(page) };
  } finally {
    await context.close();
  }
}

/** Paint Timing, section 3.2: what is not the background was drawn, counted from when the page was asked for. */
async function firstPaintOf(page: Page): Promise<number> {
  const painted = await page.evaluate(`new Promise((resolve) => new PerformanceObserver((list) => {
    const [entry] = list.getEntriesByName('first-contentful-paint');
    if (entry) resolve(entry.startTime);
  }).observe({ type: 'paint', buffered: true }))`);
  if (typeof painted !== 'number') throw new Error('the browser does not say when it painted');
  return painted;
}
