/**
 * Staff at the kiosk with an order's slip and nothing but a keyboard: the door that the order names, what was
 * found behind it, and which clock is right. Each screen is looked at by axe.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { idFrom } from '../../src/domain/ids.ts';
import type { Order, OrderAct } from '../../src/domain/order.ts';
import { claimText } from '../../src/domain/scan.ts';
import { ONLY } from '../../src/edge/plan/state.ts';
import { claimHash, signOrder } from '../../src/ledger/order.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { checkBank } from '../check-bank.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { doorIs, heading, openStand, parcelInside, pressByKey, type Stand, tabTo, wedge } from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };
const HOUR_MS = 3_600_000;

const stand = missingBrowser === null ? await openStand() : null;
after(() => stand?.stop());

/** Carries an order to the bank by hand; answers the claim on its slip. */
function carried({ agent, site }: Stand, act: (claim: string) => OrderAct): string {
  const claim = claimText(systemRandom.bytes(16));
  const nonce = agent.state().orderBook[ONLY]?.nonce;
  assert.ok(nonce !== undefined);
  const nowMs = systemClock.nowMs();
  const order: Order = {
    v: 1,
    ...{ order: idFrom('order', systemRandom.bytes(16)), nonce, act: act(claimHash(claim)) },
    ...{ tenant: site.tenant, site: site.site, bank: site.bank },
    ...{ madeAtMs: nowMs, untilMs: nowMs + 12 * HOUR_MS, purpose: 'parcel was not collected' },
  };
  agent.dispatch({ type: 'order', note: signOrder(order, [site.root]) });
  return claim;
}

test('a door by order, what was found, and the start again, with nothing but a keyboard', SKIP, async () => {
  assert.ok(stand);
  const { page, rig, agent } = stand;
  const { n } = await parcelInside(stand, { tracking: 'TRK77', flat: stand.site.resident.flat });
  // The page is replaced after its courier, and what is scanned into the old one is lost.
  await heading(page, 'Collect a parcel');
  const claim = carried(stand, (hash) => ({
    ...{ do: 'staff-release', compartment: n, claim: hash, restore: false },
  }));
  await wedge(page, claim);
  await heading(page, new RegExp(`^Door ${n} is open`));
  await checkAccessible(page);
  await shot(page, 'kiosk-staff-open');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(stand, n, 'closed');
  await page.getByText(`What did you find behind door ${n}?`, { exact: true }).waitFor();
  await checkAccessible(page);
  // Every way on is reached, and the focus never leaves the page.
  for (const name of ['It stays inside', 'There is nothing inside', 'I took the parcel out'])
    await tabTo(page, name);
  await pressByKey(page, 'I took the parcel out');
  await heading(page, 'Thank you, it is noted');
  await checkAccessible(page);
  await pressByKey(page, 'Back to the start');
  await heading(page, 'Collect a parcel');
  assert.equal(agent.state().compartment[n]?.use, 'empty');
  checkBank(agent);
});

test('which clock is right, chosen with nothing but a keyboard; neither changes nothing', SKIP, async () => {
  assert.ok(stand);
  const { page, agent } = stand;
  const claim = carried(stand, (hash) => ({ do: 'set-clock', claim: hash }));
  await wedge(page, claim);
  await heading(page, 'Which time is right?');
  await checkAccessible(page);
  await shot(page, 'kiosk-staff-clock');
  await pressByKey(page, 'Neither: change nothing');
  await heading(page, 'Collect a parcel');
  await wedge(page, claim);
  await heading(page, 'Which time is right?');
  await pressByKey(page, /as this machine’s clock says$/, ' ');
  await heading(page, 'Thank you, it is noted');
  await page.getByText('The cabinet’s clock is set.').waitFor();
  await pressByKey(page, 'Back to the start');
  await heading(page, 'Collect a parcel');
  checkBank(agent);
});
