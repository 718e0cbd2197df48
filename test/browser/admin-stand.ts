/**
 * The admin app before a real cloud, with one bank whose every door state is there: free, reserved, occupied,
 * overdue, held, withdrawn, left open and opened by force. The test writes the bank's records.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { type TestRecords, testRecords } from '../../src/cloud/http/test-records.ts';
import type { TestBank } from '../../src/cloud/test-bank.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ROOT } from '../site.ts';
import { openBrowser, openPage } from './browser.ts';

const PATIENCE_MS = 20_000;
const DAY_MS = 86_400_000;

export type AdminStand = {
  http: HttpStand;
  bank: TestBank;
  /** The record of the parcel that staff could not find. */
  missingSeq: number;
  browser: Browser;
  context: BrowserContext;
  page: Page;
  errors: string[];
  url(fragment: string): string;
  /** What was written at the bank arrives in the cloud. */
  send(): Promise<void>;
  close(): Promise<void>;
};

export async function openAdminStand(): Promise<AdminStand> {
  const http = await openHttpStand(join(ROOT, 'web', 'dist'));
  const records = await testRecords(http);
  const { bank, send } = records;
  const missingSeq = fill(http, records);
  await send();
  await spreadOverDays(http, bank.bank);
  await dress(http, bank.bank);
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  context.setDefaultTimeout(PATIENCE_MS);
  await signIn(context, http);
  const url = (fragment: string) => `http://localhost:${http.port(0)}/admin/${fragment}`;
  const { page, errors } = await openPage(context, url('#/overview'));
  return {
    ...{ http, bank, missingSeq, browser, context, page, errors, url, send },
    async close() {
      await browser.close();
      await http.close();
    },
  };
}

export async function signIn(context: BrowserContext, http: HttpStand): Promise<void> {
  const url = `http://localhost:${http.port(0)}/api/admin`;
  await context.addCookies([{ name: 'holdfast_admin', value: http.alder.tokens.admin, url, secure: true }]);
}

function fill(http: HttpStand, { bank, ...records }: TestRecords): number {
  const nowMs = http.stand.cloud.clock.nowMs();
  const parcel = (compartment: number, untilMs: number, collect = false) =>
    records.parcel({ compartment, untilMs, collect, tracking: `1Z999AA101234567${compartment}` });
  for (const n of [1, 2, 9]) parcel(n, nowMs + 5 * DAY_MS);
  parcel(3, nowMs - 2 * DAY_MS);
  parcel(12, nowMs - 5 * DAY_MS);
  const held = parcel(4, nowMs + DAY_MS);
  records.report(4, 'not-my-parcel', held);
  records.held(4, held);
  bank.write({ kind: 'compartment.withdrawn', compartment: 5, facts: { why: 'order' } });
  bank.write({ kind: 'door.opened', compartment: 6, facts: { expected: true } });
  bank.write({ kind: 'alarm.raised', compartment: 6, facts: { condition: 'ajar' } });
  bank.write({ kind: 'door.forced', compartment: 7, facts: { occupied: 'unsensed' } });
  bank.write({ kind: 'alarm.raised', compartment: 7, facts: { condition: 'forced' } });
  bank.write({
    kind: 'parcel.accepted',
    compartment: 8,
    facts: { size: 'M', offline: false },
    fields: { parcel: idFrom('parcel', systemRandom.bytes(16)), tracking: '1Z999AA1012345678' },
  });
  const gone = parcel(10, nowMs + DAY_MS);
  records.count(10, 'empty', gone);
  records.held(10, gone);
  records.freedByOrder(10, gone);
  const missing = records.report(10, 'missing', gone);
  for (let n = 13; n <= 24; n++) parcel(n, nowMs + DAY_MS, true);
  bank.write({ kind: 'door.closed', compartment: 11, facts: { openMs: 900, occupied: 'yes' } });
  return missing;
}

/** The bank's clock writes seconds; the plots look back over days. */
async function spreadOverDays(http: HttpStand, bank: string): Promise<void> {
  const nowMs = http.stand.cloud.clock.nowMs();
  const { cloud } = http.stand;
  await cloud.database.tenant(http.alder.tenant, async (tx) => {
    await sql`update parcels set deposited_at_ms = ${nowMs}::bigint - (compartment * 7 % 24 + 2) * 21600000::bigint
      where bank_id = ${bank}`.execute(tx);
    await sql`update parcels set ended_at_ms = deposited_at_ms + compartment * compartment * 800000::bigint
      where bank_id = ${bank} and state = 'collected'`.execute(tx);
  });
}

/**
 * The organisation comes with a bank that has a row of everything, each of 1970, and with the name of the one that is
 * looked at. Here both stand in an estate of today.
 */
async function dress(http: HttpStand, bank: string): Promise<void> {
  const { cloud } = http.stand;
  const nowMs = cloud.clock.nowMs();
  await cloud.database.tenant(http.alder.tenant, async (tx) => {
    await sql`update banks set name = 'Side entrance' where bank_id <> ${bank}`.execute(tx);
    await sql`update banks set last_heard_ms = ${nowMs - 3_600_000}::bigint where last_heard_ms is null`.execute(
      tx,
    );
    await sql`update alarms set raised_at_ms = ${nowMs - 3 * DAY_MS}::bigint where raised_at_ms = 1`.execute(
      tx,
    );
  });
}

/** What has the focus, by its name or its words. */
export async function focusOf(page: Page): Promise<string> {
  return (await page.evaluate(
    `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`,
  )) as string;
}

/** Moves on with Tab until the control has the focus, as someone without a pointer does. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 120; step++) {
    if (name.test(await focusOf(page))) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never came to ${name}`);
}
