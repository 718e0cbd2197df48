/**
 * Nobody gets out of the kiosk's page. Every escape of the corpus is tried at a real agent's page, once with a
 * plain browser, where the page has only itself, and once with the policy that docs/reference/kiosk-browser.md
 * ships. After each the page, the browser and the bank are looked at.
 *
 * What this cannot show: the shortcuts that a browser with a window keeps for itself (Ctrl+W, Ctrl+T, Ctrl+N,
 * Alt+F4). A page never gets to stop those; the browser's kiosk mode and the desktop do. The browser here has
 * no window, so a test of them would prove nothing.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CDPSession, Page } from 'playwright-core';
import { until } from '../../rig/test-rig.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { ROOT } from '../site.ts';
import { missingBrowser } from './browser.ts';
import { ESCAPES, type Escape } from './escapes.ts';
import { tryEscape } from './hands.ts';
import { COURIER_CODE, heading, openStand, type Stand } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const PROGRAM = '/usr/bin/chromium';
const ANSWER_MS_MAX = 30_000;

/** What the browser did that the page should not be able to make it do. */
type Watch = { pages: number; seen: string[]; errors: string[] };

function watch(stand: Stand): Watch {
  const context = stand.page.context();
  const found: Watch = { pages: 1, seen: [], errors: stand.errors };
  context.on('page', (page) => found.seen.push(`another page: ${page.url()}`));
  context.on('dialog', (dialog) => {
    found.seen.push(`a dialog: ${dialog.type()}`);
    void dialog.dismiss();
  });
  stand.page.on('download', (download) => found.seen.push(`a download: ${download.url()}`));
  stand.page.on('filechooser', () => found.seen.push('a choice of files'));
  stand.page.on('framenavigated', (frame) => {
    if (frame === stand.page.mainFrame() && frame.url() !== stand.url)
      found.seen.push(`left for ${frame.url()}`);
  });
  stand.page.on('crash', () => found.seen.push('the page crashed'));
  stand.page.on('worker', () => found.seen.push('a worker'));
  return found;
}

const LOOK = `({
  url: location.href, scale: visualViewport.scale, ratio: devicePixelRatio, width: innerWidth,
  selection: String(getSelection()), title: document.title, frames: window.length,
  whole: document.fullscreenElement === null && document.pointerLockElement === null,
  drawn: document.querySelectorAll('h1').length, grown: document.querySelectorAll('.way-out').length,
})`;

/** What the bank keeps, without what every try at a code must count. */
function kept({ agent }: Stand): string {
  const { compartment, parcel, grant, session, courier, roster } = agent.state();
  return JSON.stringify({ compartment, parcel, grant, session, courier, roster });
}

/** A refusal on the console is the defence at work. */
const REFUSAL =
  /Content Security Policy|sandbox|TrustedScript|TrustedHTML|permissions policy|not allowed|Failed to load|preload|Blocked/i;

/** A page whose line was cut comes back by itself, in more than one step; one that left does not. */
async function settled(page: Page): Promise<Record<string, unknown>> {
  let now: Record<string, unknown> = {};
  await until(async () => {
    await page.locator('h1').waitFor();
    now = (await page.evaluate(LOOK)) as Record<string, unknown>;
    return now.drawn === 1;
  });
  return now;
}

async function outcome(stand: Stand, found: Watch, before: string, way: Escape): Promise<string[]> {
  const { page, url } = stand;
  const now = await settled(page);
  const wanted = {
    ...{
      url,
      scale: 1,
      ratio: 1,
      width: 800,
      selection: '',
      title: 'Holdfast kiosk',
      frames: 0,
      whole: true,
    },
    ...{ drawn: 1, grown: 0 },
  };
  const wrong = Object.entries(wanted).filter(([name, value]) => now[name] !== value);
  const said = wrong.map(([name]) => `${name} is ${String(now[name])}`);
  if (page.context().pages().length !== 1) said.push('there is more than one page');
  if (kept(stand) !== before) said.push('the bank changed');
  // What a foreign script complains of is that it was refused; the markup's refusals have their known words.
  const errors = found.errors.filter(
    (error) => way.by !== 'script' && !(way.by === 'markup' && REFUSAL.test(error)),
  );
  said.push(...found.seen, ...errors);
  found.seen.length = 0;
  found.errors.length = 0;
  return said;
}

/** Brings the courier's page up that has the field, or the start. */
async function goTo(stand: Stand, place: string): Promise<void> {
  const { act, page, site } = stand;
  if (place === 'home') {
    await act({ do: 'leave' });
    return heading(page, 'Collect a parcel');
  }
  const { show } = await act({ do: 'scan', text: site.courier.badge });
  assert.ok(show.screen === 'courier-code', show.screen);
  const code = COURIER_CODE;
  await act(show.first ? { do: 'courier-code-new', code, again: code } : { do: 'courier-code', code });
  if (place === 'Flat') await act({ do: 'tracking', text: 'TRK1' });
  await heading(page, place === 'Flat' ? 'Who is it for?' : /Scan the parcel/);
}

async function tryAll(stand: Stand): Promise<void> {
  const found = watch(stand);
  const cdp: CDPSession = await stand.page.context().newCDPSession(stand.page);
  const hands = { page: stand.page, rig: stand.rig, cdp };
  const tally = new Map<string, { tried: number; out: string[] }>();
  const groups = Map.groupBy(ESCAPES, (way) =>
    way.by === 'text' && way.field !== 'code' ? way.field : 'home',
  );
  for (const [place, ways] of groups) {
    await goTo(stand, place);
    const before = kept(stand);
    for (const way of ways) {
      const out = await inTime(way, async () => {
        await tryEscape(hands, way);
        return outcome(stand, found, before, way);
      });
      if (place !== 'home') await emptied(stand, place);
      const row = tally.get(way.by) ?? { tried: 0, out: [] };
      row.tried += 1;
      row.out.push(...out.map((one) => `${way.name}: ${one}`));
      tally.set(way.by, row);
    }
    await goTo(stand, 'home');
  }
  for (const [by, { tried, out }] of tally) console.log(`  ${by}: ${tried} tried, ${out.length} out`);
  assert.deepEqual(
    [...tally.values()].flatMap(({ out }) => out),
    [],
  );
}

/** The debugging line waits for ever for a page that does not answer, and so would this file. */
async function inTime<T>(way: Escape, run: () => Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = systemClock.after(ANSWER_MS_MAX, () => reject(new Error(`no answer for ${ANSWER_MS_MAX} ms`)));
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`after ${way.by} “${way.name}”: ${message}`, { cause: error });
  } finally {
    cancel();
  }
}

/** The field holds only what a label can hold, and is emptied for the next. */
async function emptied({ page, view }: Stand, field: string): Promise<void> {
  const input = page.getByLabel(field, { exact: true });
  const held = await input.inputValue();
  assert.match(held, /^[A-Z0-9 ./-]{0,40}$/);
  const { show, message } = await view();
  assert.equal(show.screen, field === 'Flat' ? 'flat' : 'tracking');
  assert.ok([null, 'recipient-unknown'].includes(message), String(message));
  if (held !== '') await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await until(async () => (await input.inputValue()) === '');
}

test('the corpus is as large as it says', () => {
  assert.ok(ESCAPES.length >= 200, String(ESCAPES.length));
  assert.equal(
    new Set(ESCAPES.map(({ by, name }) => `${by} ${name}`)).size,
    ESCAPES.length,
    'each is another',
  );
});

test('in a plain browser nothing gets out', { skip: missingBrowser ?? false }, async () => {
  const stand = await openStand();
  try {
    await tryAll(stand);
    const allowed = await stand.page.evaluate('document.featurePolicy.allowedFeatures()');
    console.log(`  capabilities that this browser would still give: ${String(allowed)}`);
  } finally {
    await stand.stop();
  }
});

/** A test sees through the debugging line, and in windows of its own; the policy forbids both to a kiosk. */
const NEEDED_BY_TEST = {
  RemoteDebuggingAllowed: true,
  DeveloperToolsAvailability: 1,
  IncognitoModeAvailability: 0,
};

/**
 * The browser in a namespace of its own, where /etc/chromium holds the policy: nothing on this machine changes.
 * Null where that is not allowed, as for everybody but root.
 */
function browserUnderPolicy(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-policy-'));
  after(() => rmSync(dir, { recursive: true }));
  const managed = join(dir, 'etc', 'policies', 'managed');
  mkdirSync(managed, { recursive: true });
  const policy = JSON.parse(readFileSync(join(ROOT, 'deploy', 'kiosk-policy.json'), 'utf8')) as object;
  // Each agent of a test has a port of its own; the debugging line opens its pages one by one, from a blank one.
  const changed = { ...policy, URLAllowlist: ['127.0.0.1', 'about:blank'], ...NEEDED_BY_TEST };
  writeFileSync(join(managed, 'kiosk.json'), JSON.stringify(changed));
  const program = join(dir, 'chromium');
  const inside = `mount --bind ${join(dir, 'etc')} /etc/chromium && exec ${PROGRAM} "$@"`;
  writeFileSync(program, `#!/bin/sh\nexec unshare --mount sh -c '${inside}' chromium "$@"\n`);
  chmodSync(program, 0o755);
  return spawnSync(program, ['--version']).status === 0 ? program : null;
}

/** The second browser doubles the time of this file: it belongs to the long tier. */
const isLong = process.env.HOLDFAST_LONG === 'true';
const underPolicy = isLong && missingBrowser === null ? browserUnderPolicy() : null;
const notRun = !isLong
  ? 'npm run test:long runs it'
  : underPolicy === null
    ? 'NOT RUN: Chromium under a managed policy, which takes root'
    : false;

test('in a browser under the shipped policy nothing gets out', { skip: notRun }, async () => {
  assert.ok(underPolicy);
  const stand = await openStand({ program: underPolicy });
  try {
    // A page of refusals may not close by itself for minutes: it stays in a context of its own, until the end.
    const elsewhere = await (await stand.browser.newContext()).newPage();
    for (const url of ['https://example.com/', 'file:///etc/hostname']) {
      const answer = await elsewhere.goto(url).then(
        () => elsewhere.url(),
        (error: Error) => error.message,
      );
      assert.match(answer, /ERR_BLOCKED_BY_ADMINISTRATOR/, `${url}: ${answer}`);
    }
    await tryAll(stand);
  } finally {
    await stand.stop();
  }
});
