/** What `holdfast cloud suspend` does not take: said before anything is opened. What it does: test/journeys/parcel.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudDeps } from './core.ts';
import { runSuspend, type SuspendValues } from './suspending.ts';

const refused = (values: SuspendValues, says: RegExp) =>
  assert.rejects(runSuspend({} as CloudDeps, values), { code: 'input-invalid', message: says });

test('a command that says too little, too much or more than 24 hours is refused, and says what is missing', async () => {
  const why = { purpose: 'the key was read' };
  await refused({}, /--bank ID, or --site ID/);
  await refused({ bank: 'b', site: 's' }, /--bank ID, or --site ID/);
  await refused({ site: 's', door: '3', hours: '1', ...why }, /a door of one bank/);
  await refused({ bank: 'b', hours: '1' }, /say why/);
  await refused({ bank: 'b', lift: true, purpose: ' ' }, /say why/);
  await refused({ bank: 'b', lift: true, purpose: 'a\nb' }, /say why/);
  await refused({ bank: 'b', lift: true, hours: '1', ...why }, /one of them/);
  for (const hours of ['0', '25', '1.5', 'x', ''])
    await refused({ bank: 'b', hours, ...why }, /whole number from 1 to 24/);
  for (const door of ['0', 'x']) await refused({ bank: 'b', door, hours: '1', ...why }, /number of a door/);
});
