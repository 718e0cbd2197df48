/**
 * How soon the kiosk's page has forgotten: from the end of a session, as the bank commits it, until the browser
 * has thrown away the document that served it, with its heap. What a search of the next one finds is the matter
 * of `test/browser/kiosk-forgets.test.ts`. Informative beside it: until the page takes the next person's touch.
 */
import assert from 'node:assert/strict';
import { missingBrowser } from '../test/browser/browser.ts';
import { COURIER_CODE, heading, openStand, type Stand } from '../test/browser/stand.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const FORGOTTEN_MS_MAX = 1_000;
const ENDINGS_A_ROUND = 5;

export async function kioskForgets(say: (line: string) => void): Promise<Row[]> {
  if (missingBrowser !== null) {
    say(missingBrowser);
    return [];
  }
  say(`kiosk-forgets: ${ENDINGS_A_ROUND} sessions a round`);
  const stand = await openStand();
  try {
    await signIn(stand);
    await stand.act({ do: 'leave' });
    await heading(stand.page, 'Collect a parcel');
    const measured = await measure(['forgotten', 'ready'], 1, async () => {
      const taken = { forgotten: [] as number[], ready: [] as number[] };
      for (let ending = 0; ending < ENDINGS_A_ROUND; ending++) {
        const { forgottenMs, readyMs } = await endSession(stand);
        taken.forgotten.push(forgottenMs);
        taken.ready.push(readyMs);
      }
      return taken;
    });
    const row = (name: 'forgotten' | 'ready', label: string, bar: number | null): Row => {
      const samples = measured.samples[name];
      const p99 = quantile(samples, 0.99);
      const enough = measured.rounds.length >= ROUNDS_MIN;
      return {
        name: label,
        value: overRounds(measured, (round) => round[name]),
        unit: 'ms',
        ratio: null,
        bar,
        better: 'lower',
        // Nobody is served “mostly”: the slowest one counts.
        holds: bar === null ? null : enough && p99 <= bar,
        median: median(samples),
        p99,
        rounds: measured.rounds.length,
        discarded: measured.discarded,
      };
    };
    return [
      row('forgotten', 'kiosk-forgets', FORGOTTEN_MS_MAX),
      row('ready', 'kiosk-forgets, ready again', null),
    ];
  } finally {
    await stand.stop();
  }
}

async function signIn({ act, page, site }: Stand): Promise<void> {
  const { show } = await act({ do: 'scan', text: site.courier.badge });
  assert.ok(show.screen === 'courier-code', show.screen);
  const code = COURIER_CODE;
  await act(show.first ? { do: 'courier-code-new', code, again: code } : { do: 'courier-code', code });
  await act({ do: 'tracking', text: 'TRK1' });
  await heading(page, 'Who is it for?');
}

async function endSession(stand: Stand): Promise<{ forgottenMs: number; readyMs: number }> {
  const { act, page } = stand;
  await signIn(stand);
  const cdp = await page.context().newCDPSession(page);
  try {
    await cdp.send('Runtime.enable');
    // The contexts of the old document end with it; those of the next one are announced one by one.
    const gone = new Promise<number>((resolve) =>
      cdp.once('Runtime.executionContextsCleared', () => resolve(performance.now())),
    );
    const startMs = performance.now();
    await act({ do: 'leave' });
    const forgottenMs = (await gone) - startMs;
    await heading(page, 'Collect a parcel');
    return { forgottenMs, readyMs: performance.now() - startMs };
  } finally {
    await cdp.detach();
  }
}
