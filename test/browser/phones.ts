/**
 * The two phone apps before a real cloud: one resident and one courier, with parcels in every state. Their sessions are
 * begun at the database, because signing in has journeys of its own.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type LoopbackServer, listenLoopback } from '../../rig/loopback.ts';
import { type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { newToken } from '../../src/cloud/test-tenants.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT } from '../site.ts';
import { openBrowser, openPage, type Watched } from './browser.ts';

export type App = 'resident' | 'courier';
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const PATIENCE_MS = 20_000;

export const SIZE = { width: 390, height: 844 };

/** The test's own now, and a place where it is noon then: a test at night sees two days no more than one by day. */
const NOW_MS = systemClock.nowMs();
const AHEAD_HOURS = 12 - new Date(NOW_MS).getUTCHours();
/** The signs of these names are turned round: west is positive. */
const NOON_ZONE =
  AHEAD_HOURS === 0 ? 'Etc/GMT' : `Etc/GMT${AHEAD_HOURS > 0 ? '-' : '+'}${Math.abs(AHEAD_HOURS)}`;

export type Phones = {
  http: HttpStand;
  browser: Browser;
  /** Where the phones reach the cloud; and where the test does, whatever has become of their line. */
  url: string;
  direct: string;
  /** A phone of its own on which somebody is signed in, and the token of their session. */
  phone(app: App, options?: BrowserContextOptions): Promise<{ context: BrowserContext; token: string }>;
  open(context: BrowserContext, app: App, place?: string): Promise<Watched>;
  /** Takes the network from a phone, and gives it back. Their line is one. */
  setOffline(context: BrowserContext, isOffline: boolean): Promise<void>;
  close(): Promise<void>;
};

type Lying = {
  tracking: string;
  compartment: number;
  state: 'waiting' | 'held' | 'collected' | 'removed';
  depositedAtMs: number;
  told?: readonly { channel: 'sms' | 'email'; state: 'sent' | 'dead' }[];
};

/** In the order in which they came. */
const PARCELS: readonly Lying[] = [
  { tracking: '1ZOLD', compartment: 6, state: 'collected', depositedAtMs: NOW_MS - 9 * DAY_MS },
  { tracking: '1ZHELD', compartment: 24, state: 'held', depositedAtMs: NOW_MS - 8 * DAY_MS },
  { tracking: '1ZYESTERDAY', compartment: 8, state: 'removed', depositedAtMs: NOW_MS - DAY_MS },
  {
    tracking: '1ZTOLD',
    compartment: 5,
    state: 'waiting',
    depositedAtMs: NOW_MS - 60_000,
    told: [
      { channel: 'sms', state: 'sent' },
      { channel: 'email', state: 'sent' },
    ],
  },
  {
    tracking: '1ZUNTOLD',
    compartment: 1,
    state: 'waiting',
    depositedAtMs: NOW_MS - 30_000,
    told: [{ channel: 'sms', state: 'dead' }],
  },
];

const HELD_DAYS = 7;

export async function openPhones(): Promise<Phones> {
  const http = await openHttpStand(join(ROOT, 'web', 'dist'));
  for (const parcel of PARCELS) await lay(http, parcel);
  const browser = await openBrowser();
  const direct = `http://localhost:${http.port(0)}`;
  const line = await openLine(http.port(0));
  const url = `http://localhost:${line.port}`;
  return {
    ...{ http, browser, url, direct },
    async phone(app, options = {}) {
      // One test after the other has the line, and the one before may have ended without a network.
      line.mend();
      const { alder, stand } = http;
      const token = await newToken(stand.cloud, {
        tenant: alder.tenant,
        role: app,
        person: alder.people[app],
      });
      const context = await browser.newContext({
        viewport: SIZE,
        locale: 'en-GB',
        timezoneId: NOON_ZONE,
        ...options,
      });
      context.setDefaultTimeout(PATIENCE_MS);
      await context.addCookies([
        { name: `holdfast_${app}`, value: token, url: `${url}/api/${app}/me`, secure: true },
      ]);
      return { context, token };
    },
    open: (context, app, place = '') => openPage(context, `${url}/${app}/${place}`),
    async setOffline(context, isOffline) {
      if (!isOffline) line.mend();
      await context.setOffline(isOffline);
      if (isOffline) line.cut();
    },
    async close() {
      await browser.close();
      await line.stop();
      await http.close();
    },
  };
}

/** More than a browser has open at once to one server. */
const CONNECTIONS_MAX = 100;

/**
 * What the phones reach the cloud through. A browser that is told to be offline tells its pages so one by one, and a
 * page that is just being made may get a request through; a cut line lets none.
 */
async function openLine(port: number): Promise<LoopbackServer & { mend(): void }> {
  let isWhole = true;
  const server = await listenLoopback({
    what: 'the line of the phones',
    port: 0,
    connectionsMax: CONNECTIONS_MAX,
    accepting: () => isWhole,
    onSocket(socket) {
      const beyond = connect(port, '127.0.0.1');
      beyond.on('error', () => socket.destroy());
      socket.on('close', () => beyond.destroy());
      socket.pipe(beyond).pipe(socket);
    },
  });
  return {
    ...server,
    cut() {
      isWhole = false;
      server.cut();
    },
    mend() {
      isWhole = true;
    },
  };
}

async function lay({ stand, alder }: HttpStand, of: Lying): Promise<void> {
  const { tenant, bank, carrier, people } = alder;
  const parcel = idFrom('parcel', systemRandom.bytes(16));
  const isOver = of.state === 'collected' || of.state === 'removed';
  const untilMs = of.depositedAtMs + HELD_DAYS * DAY_MS;
  await stand.cloud.database.tenant(tenant, async (tx) => {
    const place = `parcels/tracking\0${parcel}`;
    const tracking = await stand.cloud.keys.sealFor(tx, people.resident, place, of.tracking);
    await sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id,
        recipient_id, tracking, accepted_at_ms, deposited_at_ms, until_ms, ended_at_ms)
      values (${parcel}, ${bank}, ${of.compartment}, 'M', ${of.state}, 'bank', ${carrier}, ${people.courier},
        ${people.resident}, ${tracking}, ${of.depositedAtMs}, ${of.depositedAtMs}, ${untilMs},
        ${isOver ? of.depositedAtMs + HOUR_MS : null})`.execute(tx);
    for (const { channel, state } of of.told ?? [])
      await sql`insert into notices (notice_id, reference, channel, what, state, tries, person_id, parcel_id, at_ms)
        values (${idFrom('notice', systemRandom.bytes(16))}, ${parcel}, ${channel}, 'arrival', ${state}, 1,
          ${people.resident}, ${parcel}, ${of.depositedAtMs})`.execute(tx);
  });
}

/** The questions of each app's first page whose answers a phone keeps. */
const KEPT_OF: Readonly<Record<App, readonly string[]>> = {
  resident: ['me', 'parcels here'],
  courier: ['banks', 'drops today', 'me'],
};

/** The questions whose answers the vault holds, opened with its own key as the app itself would. */
const QUESTIONS_KEPT = `(async () => {
  const app = location.pathname.split('/')[1];
  const name = 'holdfast/' + app;
  // To open one that is not there yet would make it, and make it wrong.
  if (!(await indexedDB.databases()).some((one) => one.name === name)) return [];
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await answer(indexedDB.open(name));
  const row = await answer(database.transaction('kept').objectStore('kept').get('sealed'));
  database.close();
  if (!row) return [];
  const additionalData = new TextEncoder().encode('kept/v1\\0' + app);
  const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.nonce, additionalData }, row.key, row.sealed);
  return Object.keys(JSON.parse(new TextDecoder().decode(text)).answers).sort();
})()`;

/** The shell is kept, and so is what was answered: each answer is written after it is shown. */
export async function isKept(page: Page): Promise<void> {
  await page.evaluate('navigator.serviceWorker.ready.then(() => {})');
  const app: App = new URL(page.url()).pathname.startsWith('/resident/') ? 'resident' : 'courier';
  const holds = async () => {
    const kept = (await page.evaluate(QUESTIONS_KEPT)) as string[];
    return KEPT_OF[app].every((question) => kept.includes(question));
  };
  await waitFor({
    clock: systemClock,
    what: `what the ${app} app was answered to be kept`,
    msMax: PATIENCE_MS,
    holds,
  });
}

/** What a browser itself writes about a line that was cut by the test. */
export function unlike(errors: readonly string[], expected: RegExp): string[] {
  return errors.filter((error) => !expected.test(error));
}
export const CUT = /net::ERR_(INTERNET_DISCONNECTED|FAILED|NETWORK_CHANGED)|status of 5\d\d/;

/** Moves on with Tab until the control has the focus, as someone without a pointer does. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 60; step++) {
    const focused = (await page.evaluate(`(() => {
      const one = document.activeElement;
      return (one?.labels?.[0]?.innerText ?? one?.getAttribute('aria-label') ?? one?.innerText ?? '').trim();
    })()`)) as string;
    if (name.test(focused)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never came to ${name}`);
}

/** What leaves the page sideways, and what its own box hides. */
export async function cutOff(page: Page): Promise<string[]> {
  return (await page.evaluate(`(() => {
    const cut = [];
    if (document.documentElement.scrollWidth > innerWidth)
      cut.push('the page is ' + document.documentElement.scrollWidth + ' wide');
    for (const one of document.querySelectorAll('#root *')) {
      if (one.closest('svg, .k-hidden, table') || one.clientWidth === 0) continue;
      if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
        cut.push(one.tagName + '.' + one.className + ': ' + one.textContent.slice(0, 40));
      const box = one.getBoundingClientRect();
      if (box.left < -1 || box.right > innerWidth + 1) cut.push(one.tagName + ' leaves: ' + one.textContent.slice(0, 40));
    }
    return cut;
  })()`)) as string[];
}
