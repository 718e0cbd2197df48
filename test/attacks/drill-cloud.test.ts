/**
 * The drill of the hostile cloud (`npm run drill:cloud`), held by the tests: one bank, one connection, every
 * attack, in the drill's own order. The first test that runs begins the drill; each group can also run alone.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Drill, type Facts, type Group } from '../drill/drill.ts';
import { csvLines, reportLines } from '../drill/print.ts';
import { HOUR_MS } from '../drill/stand.ts';

const ATTACKS_MIN = 12;

let begun: Promise<Drill> | undefined;
const drill = (): Promise<Drill> => {
  begun ??= Drill.begin();
  return begun;
};
after(async () => (await begun)?.stop());

async function isDenied(group: Group): Promise<void> {
  const rows = await (await drill()).attack(group);
  assert.ok(rows.length > 0);
  for (const { attack, answers, holds, wrong, doorsOpened, pulses } of rows) {
    assert.equal(wrong, null, `${attack}: ${answers}`);
    assert.ok(answers !== '' || holds !== '', `${attack} has an answer`);
    assert.deepEqual({ doorsOpened, pulses }, { doorsOpened: 0, pulses: 0 }, attack);
  }
}

test('no roster of a hostile cloud is taken: forged, altered, rolled back, another bank’s', () =>
  isDenied('rosters'));

test('no message that is none does anything: made up, malformed, oversized, of a wrong kind', () =>
  isDenied('messages'));

test('no order of a hostile cloud is obeyed: forged, altered, redirected, replayed, held back', () =>
  isDenied('orders'));

test('what a bank believes its cloud for opens nothing: epoch, directory, acknowledgement, time, name', () =>
  isDenied('powers'));

test('the whole downlink again, in another order, and a flood change nothing', () => isDenied('repetitions'));

test('suspensions end, whatever the cloud repeats, and an order by hand ends them at once', async () => {
  await isDenied('denial');
  const { doorsMs, dropOffsMs } = (await drill()).denied;
  assert.ok(doorsMs >= 24 * HOUR_MS && doorsMs < 24.25 * HOUR_MS, `${doorsMs}`);
  assert.ok(dropOffsMs >= 48 * HOUR_MS && dropOffsMs < 48.5 * HOUR_MS, `${dropOffsMs}`);
});

test('the bank was alive before and after; an accomplice collects what was dropped off meanwhile, and no more', async () => {
  const facts: Facts = await (await drill()).end();
  assert.deepEqual(facts.wrong, []);
  assert.ok(facts.rows.length >= ATTACKS_MIN);
  assert.equal(facts.doorsOpened, 0);
  assert.equal(facts.occupiedAfter, 24);
  for (const { doorsOpened, pulses } of [facts.aliveBefore, facts.aliveAfter])
    assert.deepEqual({ doorsOpened, pulses }, { doorsOpened: 1, pulses: 1 });
  assert.equal(facts.accomplice.olderOpened, 0);
  assert.equal(facts.accomplice.collected.length, 1);
  assert.ok(reportLines(facts).includes('doors opened: 0'));
  assert.equal(csvLines(facts).length, facts.rows.length + 1);
});
