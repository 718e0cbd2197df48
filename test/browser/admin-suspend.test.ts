/** A bank and a door are taken out of use and given back, by keyboard alone; what the bank makes of it stands there by itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../../rig/test-rig.ts';
import * as banks from '../../src/cloud/banks/banks.ts';
import type { SuspendMessage } from '../../src/contract/uplink.ts';
import { base64url, utf8 } from '../../src/crypto/bytes.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { type AdminStand, focusOf, openAdminStand, tabTo } from './admin-stand.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const skip = missingBrowser ?? false;
const stand = (missingBrowser === null ? await openAdminStand() : null) as AdminStand;
after(() => stand?.close());

const isAt = (name: RegExp) => until(async () => name.test(await focusOf(stand.page)));
const dialog = () => stand.page.getByRole('dialog');
const row = (place: string, says: RegExp) =>
  stand.page.getByRole('row').filter({ hasText: place }).filter({ hasText: says }).waitFor();

async function enter(name: RegExp): Promise<void> {
  await tabTo(stand.page, name);
  await stand.page.keyboard.press('Enter');
}

async function type(label: string, text: string): Promise<void> {
  await dialog().getByLabel(label, { exact: true }).focus();
  await stand.page.keyboard.press('Control+a');
  await stand.page.keyboard.type(text);
}

/** What the bank would be told. */
async function messages(): Promise<SuspendMessage[]> {
  const { stand: of, alder } = stand.http;
  const told = { site: alder.site, bank: stand.bank.bank, nowMs: of.cloud.clock.nowMs() };
  const all = await of.cloud.database.tenant(alder.tenant, (tx) => banks.suspensionsOf(tx, told));
  return all.filter(({ scope }) => scope !== 'courier');
}

/** The bank says which suspensions it holds. */
async function holds(suspensions: string[]): Promise<void> {
  const { stand: of, alder } = stand.http;
  await of.cloud.database.tenant(alder.tenant, (tx) =>
    banks.heardHello(of.cloud, tx, stand.bank.bank, {
      ...{ v: 1, type: 'hello', boot: 'b', lastSeq: 0, acknowledgedSeq: 0, epoch: null, directory: 0 },
      ...{ roster: { version: 0, hash: null }, suspensions, development: true },
    }),
  );
}

test('a door is suspended by keyboard, refused by the bank, and lifted', { skip }, async () => {
  const { page, url, bank } = stand;
  await page.goto(url(`#/banks/${bank.bank}/2`));
  await enter(/^Suspend door 2$/);
  await dialog().waitFor();
  await checkAccessible(page);
  for (const hours of ['0', '25', 'x']) {
    await type('Hours', hours);
    await page.keyboard.press('Enter');
    await dialog().getByText('A whole number from 1 to 24.').waitFor();
  }
  await type('Hours', '24');
  await type('Reason', 'its latch is loose');
  await shot(page, 'suspend-door');
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'hidden' });
  await isAt(/^Banks$/);
  await row('Door 2', /nothing yet; asked for/);
  const [message] = await messages();
  const bytes = utf8(JSON.stringify(message));
  const facts = { hash: base64url(sha256(bytes)), bytes: bytes.length, reason: 'suspension-too-long' };
  bank.write({ kind: 'message.refused', facts });
  await stand.send();
  await row('Door 2', /refused: it would end after the 24 hours/);
  await checkAccessible(page);
  await enter(/^Lift suspension: Door 2$/);
  await dialog().waitFor();
  await type('Reason', 'for fewer hours');
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'hidden' });
  await isAt(/^Banks$/);
  await page.getByRole('row').filter({ hasText: 'refused' }).waitFor({ state: 'detached' });
  assert.deepEqual(await messages(), []);
});

test('the bank is suspended, in force once it says so, and lifted when it says that too', {
  skip,
}, async () => {
  const { page } = stand;
  await enter(/^Suspend the bank /);
  await dialog().waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'hidden' });
  await isAt(/^Suspend the bank /);
  await page.keyboard.press('Enter');
  await type('Reason', 'the key was read');
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'hidden' });
  const [message] = await messages();
  assert.ok(message);
  await holds([message.id]);
  await row('The whole bank', /in force/);
  await page.setViewportSize({ width: 320, height: 900 });
  await checkAccessible(page);
  const wide = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(wide) <= 320, String(wide));
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.getByRole('table', { name: /^Suspended at / }).scrollIntoViewIfNeeded();
  await shot(page, 'suspended-bank');
  await enter(/^Lift suspension: The whole bank$/);
  await type('Reason', 'nobody came');
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'hidden' });
  await row('The whole bank', /lifted here/);
  await holds([]);
  await page.getByRole('row').filter({ hasText: 'The whole bank' }).waitFor({ state: 'detached' });
  assert.deepEqual(stand.errors, []);
});
