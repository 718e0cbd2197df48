import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, HOUR_MS, type TestBank } from './test-bank.ts';

const garbled = (bank: TestBank, board: number, bytes: number) =>
  void bank.do({ type: 'garbled', board, bytes });
const told = (bank: TestBank) =>
  bank.records
    .filter(({ record }) => record.kind === 'board.garbled')
    .map(({ record }) => record.facts as { board: number; bytes: number });

test('the first bytes that are no frame are recorded at once; more of them once an hour, as their sum', () => {
  const bank = bankInService();
  garbled(bank, 1, 3);
  assert.deepEqual(told(bank), [{ board: 1, bytes: 3 }]);
  for (let times = 0; times < 50; times++) garbled(bank, 1, 4);
  bank.wait(HOUR_MS / 2);
  garbled(bank, 1, 7);
  assert.equal(told(bank).length, 1);
  bank.wait(HOUR_MS / 2);
  assert.deepEqual(told(bank).slice(1), [{ board: 1, bytes: 207 }]);
});

test('each board has its own hour, and a line that became clean is noisy anew later', () => {
  const bank = bankInService();
  garbled(bank, 0, 1);
  garbled(bank, 1, 2);
  assert.deepEqual(told(bank), [
    { board: 0, bytes: 1 },
    { board: 1, bytes: 2 },
  ]);
  bank.wait(3 * HOUR_MS);
  assert.equal(told(bank).length, 2, 'silence is not told');
  garbled(bank, 0, 5);
  assert.deepEqual(told(bank).at(-1), { board: 0, bytes: 5 });
});

test('noise opens, closes and withdraws nothing', () => {
  const bank = bankInService();
  const before = bank.state.compartment;
  garbled(bank, 0, 1_000_000);
  assert.equal(bank.state.compartment, before);
});
