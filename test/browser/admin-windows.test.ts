/**
 * Many windows of the admin app, and an estate where much happens. A browser has six connections to a host over
 * HTTP/1.1, and an address twelve hundred requests a minute; a page that holds or asks more than it needs takes them from
 * everybody behind that address. In real Chromium: before a real cloud, and before answers of the test's own that count.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { z } from 'zod';
import { until } from '../../rig/test-rig.ts';
import type * as contract from '../../src/contract/http/admin.ts';
import type { sessionLeft } from '../../src/contract/http/common.ts';
import type { bankCounts } from '../../src/contract/http/reconciliation.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { ROOT } from '../site.ts';
import { openAdminStand, signIn } from './admin-stand.ts';
import { checkAccessible, missingBrowser, openBrowser, openPage, openTabs, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;

const TABS = 7;
const BANKS = 24;
const NOW_MS = Date.UTC(2026, 5, 17, 10, 0);

const isInSight = (page: Page) => page.evaluate<boolean>('document.visibilityState === "visible"');

test('seven tabs of the admin app: each, brought to front, shows what is so now, and hears what changes', {
  skip,
}, async () => {
  const stand = await openAdminStand();
  const { context, close } = await openTabs();
  try {
    const { http, url, bank, send } = stand;
    // The stand's own page, which its own browser has, is none of these.
    await stand.page.goto('about:blank');
    await signIn(context, http);
    const door = (page: Page, state: string) =>
      page.getByRole('button', { name: new RegExp(`^Door 6, size \\w+: ${state}`) }).first();
    const tabs: Page[] = [];
    for (let tab = 0; tab < TABS; tab++) {
      const { page } = await openPage(context, url('#/overview'));
      tabs.push(page);
      await door(page, 'left open, door open').waitFor();
    }
    assert.equal((await Promise.all(tabs.map(isInSight))).filter(Boolean).length, 1, 'tabs of one window');
    bank.write({ kind: 'alarm.ended', compartment: 6, facts: { condition: 'ajar' } });
    bank.write({ kind: 'door.closed', compartment: 6, facts: { openMs: 90_000, occupied: 'unsensed' } });
    await send();
    for (const tab of tabs) {
      await tab.bringToFront();
      await door(tab, 'empty, door closed').waitFor();
    }
    bank.write({ kind: 'door.opened', compartment: 6, facts: { expected: true } });
    await send();
    await door(tabs.at(-1) as Page, 'empty, door open').waitFor();
  } finally {
    await close();
    await stand.close();
  }
});

type Bank = z.infer<typeof contract.bankSummary>;
const idOf = (n: number) => `bnk_${n}`;
const summaryOf = (n: number): Bank => ({
  ...{ id: idOf(n), name: `Lobby ${n}`, site: 'ste_0', online: true, lastHeardMs: NOW_MS },
  ...{ fingerprint: null, vouchedBy: 'the cloud only', lastSeq: 9, occupied: 3, compartments: 24 },
  certificateUntilMs: null,
  outSinceMs: null,
  roster: { desired: 1, applied: 1, appliedAtMs: NOW_MS },
  free: { S: 5, M: 5, L: 5, XL: 5 },
});
const doors: z.infer<typeof contract.compartmentView>[] = LAYOUT_24.compartments.map((place) => ({
  ...place,
  ...{ state: place.n % 5 === 0 ? 'occupied' : 'empty', parcel: null, sinceMs: null, withdrawn: false },
  ...{ door: place.n % 3 === 0 ? 'unknown' : place.n === 4 ? 'open' : 'closed', untilMs: null },
  ...{ overdue: false, alarms: [] },
}));
const mapOf = (n: number): z.infer<typeof contract.bankOnMap> => {
  const { id, name, site, online, lastHeardMs, outSinceMs } = summaryOf(n);
  return {
    ...{ id, name, site, siteName: 'Alder Court', online, lastHeardMs, outSinceMs, doors, alarms: [] },
    layoutColumns: LAYOUT_24.columns,
  };
};
const me: z.infer<typeof contract.me> = {
  ...{ name: 'A. Okafor', email: 'admin@example.org', role: 'admin', tenant: 'Alder', signedInAtMs: NOW_MS },
};
const all = <Row>(of: (n: number) => Row) => ({
  items: Array.from({ length: BANKS }, (_, n) => of(n)),
  nextCursor: null,
});
const counts: z.infer<typeof bankCounts> = {
  ...{ bank: idOf(3), name: 'Lobby 3', lastSeq: 9, nowMs: NOW_MS },
  doors: LAYOUT_24.compartments.map(({ n, size }) => ({
    ...{ n, size, expected: 'nothing', withdrawn: false, sensed: 'unsensed', open: 0, last: null },
  })),
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  me,
  session: { idleLeftMs: 30 * 60_000, ageLeftMs: 12 * 3_600_000 } satisfies z.infer<typeof sessionLeft>,
  banks: all(summaryOf),
  map: all(mapOf),
  attention: { items: [] },
  [`banks/${idOf(3)}/counts`]: counts,
  ...Object.fromEntries(
    Array.from({ length: BANKS }, (_, n) => [
      `banks/${idOf(n)}`,
      { ...summaryOf(n), doors, layoutColumns: LAYOUT_24.columns },
    ]),
  ),
};
const NO_ORDERS = { status: 200, body: { items: [], nextCursor: null } as unknown };
/** As long as a tab is leafed over (web/kit/shown.ts), with a little to spare. */
const LEAFED_MS_MAX = 200;
const ORDERS = /^banks\/bnk_\d+\/orders$/;
const TYPES: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' },
};

/** The built app before answers that are counted. */
async function openCounted() {
  const asked: string[] = [];
  const streams = new Set<ServerResponse>();
  const world = { streams: true, orders: NO_ORDERS };
  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const answer = (route: string, response: ServerResponse): void => {
    if (route === 'events') {
      if (!world.streams) return void response.destroy();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 3000\n\n');
      streams.add(response);
      return void response.on('close', () => streams.delete(response));
    }
    asked.push(route);
    if (ORDERS.test(route)) return json(response, world.orders.status, world.orders.body);
    const known = ANSWERS[route];
    json(response, known ? 200 : 404, known ?? { code: 'not-found', detail: `no answer to ${route}` });
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/api/admin/')) return answer(pathname.slice('/api/admin/'.length), response);
    const web = join(ROOT, 'web', 'dist');
    const file = join(web, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    if (!file.startsWith(web) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ asked, streams, world },
    url: (fragment: string) => `http://localhost:${(server.address() as AddressInfo).port}/admin/${fragment}`,
    tell(topics: readonly string[]): void {
      for (const stream of streams) stream.write(`event: changed\ndata: ${JSON.stringify({ topics })}\n\n`);
    },
    endStreams(): void {
      for (const stream of streams) stream.end();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let counted: Awaited<ReturnType<typeof openCounted>>;
let browser: Browser;
before(async () => {
  if (missingBrowser !== null) return;
  counted = await openCounted();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await counted?.close();
});

async function shown(fragment: string): Promise<{ page: Page; errors: string[] }> {
  // One window at a time.
  for (const context of browser.contexts()) await context.close();
  await until(() => counted.streams.size === 0);
  counted.world.streams = true;
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const { page, errors } = await openPage(context, counted.url(fragment));
  await until(() => counted.streams.size > 0);
  return { page, errors };
}
/** As people and events are: what must not happen has time to. */
const pause = (ms: number) => sleep(systemClock, ms);

test('two dozen banks and a burst of events: a few requests every few seconds, and no orders that nobody opened', {
  skip,
}, async () => {
  counted.asked.length = 0;
  const { page, errors } = await shown('#/banks');
  await page.getByRole('region', { name: 'Lobby 23' }).waitFor();
  // What the stream asks anew when it begins comes and goes.
  await pause(4_000);
  assert.ok(counted.asked.length <= 10, counted.asked.join(' '));
  counted.asked.length = 0;
  for (let event = 0; event < 100; event++) {
    counted.tell(['parcels', 'banks']);
    await pause(50);
  }
  await pause(4_000);
  assert.ok(counted.asked.length >= 3, 'the page is renewed');
  assert.ok(counted.asked.length <= 15, `${counted.asked.length}: ${counted.asked.join(' ')}`);
  const first = page.getByRole('region', { name: 'Lobby 0', exact: true });
  await first.getByText('Orders for Lobby 0').click();
  await first.getByText('There never was one.').waitFor();
  assert.deepEqual(
    counted.asked.filter((route) => ORDERS.test(route)),
    ['banks/bnk_0/orders'],
  );
  await checkAccessible(page, { colours: false });
  assert.deepEqual(errors, []);
});

const REFUSED = { status: 403, body: { code: 'not-allowed', detail: 'Not for you.' } };

test('orders that could not be loaded are said, and are no empty list, nor doors without an order', {
  skip,
}, async () => {
  const { page } = await shown('#/banks/bnk_3');
  counted.world.orders = REFUSED;
  await page.reload();
  const alert = page.getByRole('alert');
  await alert.getByText('Not for you.').waitFor();
  await page.goto(counted.url('#/reconciliation/bnk_3?doors=3&after=1&at=1'));
  await page.getByText('not known whether its order came').waitFor();
  await alert.getByText('Not for you.').waitFor();
  assert.equal(await page.getByText('to be counted', { exact: true }).count(), 0);
  counted.world.orders = NO_ORDERS;
});

test('a further page that is refused is said once', { skip }, async () => {
  const { page } = await shown('#/overview');
  const row: z.infer<typeof contract.parcelRow> = {
    ...{
      id: 'pcl_1',
      tracking: '1Z999AA10123456784',
      carrier: 'UPS',
      courier: 'B.',
      recipient: 'A.',
      flat: '1',
    },
    ...{ bank: idOf(0), compartment: 1, size: 'M', state: 'waiting', custody: 'bank' },
    ...{ depositedAtMs: NOW_MS, untilMs: NOW_MS, endedAtMs: null },
  };
  await page.route('**/api/admin/parcels?*', (route) => {
    const isNext = new URL(route.request().url()).searchParams.has('cursor');
    const { status, body } = isNext ? REFUSED : { status: 200, body: { items: [row], nextCursor: 'more' } };
    return route.fulfill({ status, json: body });
  });
  await page.goto(counted.url('#/parcels'));
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('alert').getByText('Not for you.').waitFor();
  assert.equal(await page.getByRole('alert').count(), 1);
  await page.getByRole('link', { name: row.tracking }).waitFor();
});

test('a door whose sensor is not known looks like neither an open nor a shut one, and the legend says so', {
  skip,
}, async () => {
  const { page } = await shown('#/banks/bnk_3');
  const looks = (n: number) =>
    page.locator('.k-cabinet g.k-door').filter({ has: page.locator(`[data-door="${n}"]`) });
  await looks(3).waitFor();
  const faceOf = (n: number) =>
    looks(n)
      .locator('.k-door-face')
      .evaluate((face) => getComputedStyle(face).strokeDasharray);
  assert.equal(await looks(3).getByText('?', { exact: true }).count(), 1);
  assert.equal(await looks(4).locator('.k-door-leaf').count(), 1);
  for (const n of [1, 4]) assert.equal(await looks(n).getByText('?', { exact: true }).count(), 0);
  assert.notEqual(await faceOf(3), await faceOf(1));
  const legend = page.getByRole('list', { name: 'What the doors mean' }).getByRole('listitem');
  const said = (await legend.allInnerTexts()).map((text) => text.trim().replaceAll(/\s+/g, ' '));
  assert.deepEqual(said.slice(-2), ['door open', '? door not known']);
  await shot(page, 'admin-doors-sensed');
});

test('a planned end of the stream is not announced; a cut that lasts is, and moves nothing on the page', {
  skip,
}, async () => {
  const { page } = await shown('#/banks');
  const heading = page.getByRole('heading', { level: 2, name: 'Lobby 1', exact: true });
  await heading.waitFor();
  const cut = page.getByText('Live updates are interrupted');
  counted.endStreams();
  await until(() => counted.streams.size === 0);
  await pause(1_500);
  assert.equal(await cut.count(), 0);
  await until(() => counted.streams.size === 1);
  const before = await heading.boundingBox();
  const height = await page.evaluate('document.documentElement.scrollHeight');
  counted.world.streams = false;
  counted.endStreams();
  await cut.waitFor();
  await shot(page, 'admin-not-live-banks');
  assert.deepEqual(await heading.boundingBox(), before);
  assert.equal(await page.evaluate('document.documentElement.scrollHeight'), height);
  counted.world.streams = true;
  await cut.waitFor({ state: 'detached' });
});

test('a tab that is hidden holds no stream and asks nothing; leafing through tabs asks little', {
  skip,
}, async () => {
  const { page } = await shown('#/overview');
  await page.context().close();
  const { context, close } = await openTabs();
  try {
    const tab = async () => (await openPage(context, counted.url('#/banks'))).page;
    const tabs = [await tab(), await tab(), await tab()];
    for (const one of tabs) {
      await one.bringToFront();
      await one.getByRole('region', { name: 'Lobby 23' }).waitFor();
      await until(() => counted.streams.size === 1);
    }
    // What each asked anew when it came to front has been answered.
    await pause(4_000);
    const before = counted.asked.length;
    const startMs = systemClock.monotonicMs();
    let stays = 0;
    for (let turn = 0; turn < 30; turn++) {
      const beganMs = systemClock.monotonicMs();
      await tabs[turn % 3]?.bringToFront();
      await pause(50);
      // On a busy machine a tab may stand in front for longer than one leafs, and is looked at then.
      if (systemClock.monotonicMs() - beganMs > LEAFED_MS_MAX) stays++;
    }
    const leafed = counted.asked.slice(before);
    const ofSessions = leafed.filter((route) => route === 'session').length;
    const spans = 1 + Math.floor((systemClock.monotonicMs() - startMs) / 10_000);
    assert.ok(
      ofSessions <= 3 * spans && leafed.length - ofSessions <= 1 + 3 * stays,
      `${leafed.join(' ')} for leafing through tabs ten times, with ${stays} stays`,
    );
    await until(() => counted.streams.size === 1);
    await pause(4_000);
    await context.newPage();
    await until(() => counted.streams.size === 0);
    const hidden = counted.asked.length;
    await pause(11_000);
    assert.equal(counted.asked.length, hidden, 'nobody looks');
  } finally {
    await close();
  }
});
