/** What one signer may have opened in an hour, over a clock that an order sets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimText } from '../../domain/scan.ts';
import { claimHash } from '../../ledger/order.ts';
import { RELEASES_PER_HOUR } from './orders.ts';
import { bankInService, DAY_MS, HOUR_MS, type TestBank } from './test-bank.ts';
import { CLAIM, carry, noteFor, staffRelease } from './test-orders.ts';

/** One door by order, looked behind and left empty. Answers whether it opened. */
function opened(bank: TestBank, n: number): boolean {
  const claim = claimText(new Uint8Array(16).fill(100 + n));
  carry(bank, noteFor(bank, staffRelease(n, false, claim)));
  bank.act({ do: 'scan', text: claim });
  if (bank.view().show.screen !== 'staff') return false;
  bank.sense(n, 'closed', 'no');
  bank.wait(4000);
  bank.act({ do: 'found', what: 'empty' });
  bank.wait(16_000);
  return true;
}

test('a clock that is set back keeps what is left of a signer’s hour: the limit holds, and it ends', () => {
  const bank = bankInService();
  const trueMs = bank.wallMs;
  bank.powerCut(40 * DAY_MS);
  bank.tick();
  for (let n = 1; n <= RELEASES_PER_HOUR; n++) assert.ok(opened(bank, n));
  const set = { do: 'set-clock', claim: claimHash(CLAIM) } as const;
  carry(bank, noteFor(bank, set, { madeAtMs: trueMs, untilMs: trueMs + HOUR_MS }));
  bank.wallMs = trueMs + 600_000;
  bank.tick();
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.wait(20_000);
  assert.equal(opened(bank, 4), false, 'within the hour');
  bank.wait(HOUR_MS);
  assert.ok(opened(bank, 5));
});
