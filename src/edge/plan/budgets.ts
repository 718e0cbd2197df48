/** Budgets of wrong guesses are a day's. With the next day what was locked out is let in, and the alarm ends. */
import { dayOf } from './clock.ts';
import type { Draft } from './draft.ts';
import { ONLY, policyOf } from './state.ts';

/**
 * Says once what the new day has ended. Guesses that locked nothing out are left to the next one that is
 * counted: to forget them here would leave no record of the day, and a clock that was ahead at one start and
 * right at the next would give the same day's guesses twice.
 */
export function renewBudgets(draft: Draft): void {
  const today = dayOf(draft.nowMs);
  const policy = policyOf(draft.state);
  let ended = 0;
  for (const [key, { day, count }] of Object.entries(draft.state.guesses)) {
    // A day that lies ahead was counted before an order set the clock back.
    if (day === today) continue;
    const isKiosk = key === ONLY;
    if (count < (isKiosk ? policy.kioskGuessesPerDay : policy.guessesPerGrantDay)) continue;
    draft.record({ kind: 'lockout.ended', facts: { scope: isKiosk ? 'kiosk' : 'grant' } });
    ended++;
    draft.drop('guesses', key);
  }
  for (const courier of Object.values(draft.state.courier)) {
    if (courier.guesses < policy.courierGuessesPerDay || courier.guessDay === today) continue;
    const { person } = courier;
    draft.record({ kind: 'lockout.ended', facts: { scope: 'courier' }, fields: { person } });
    ended++;
    draft.put('courier', courier.person, { ...courier, guesses: 0 });
  }
  if (ended > 0) draft.record({ kind: 'alarm.ended', facts: { condition: 'guessing' } });
}
