/** An estate of two banks with a witness, whose database is lost while it works; put back by the operator's own commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drillRestore, restoreLines } from '../drill/restore.ts';

test('what a backup lacks comes back from the banks, the successor names its forerunner, and everything verifies', async (t) => {
  const facts = await drillRestore((line) => t.diagnostic(line), { workMs: 10_000 });
  for (const line of restoreLines(facts)) t.diagnostic(line);
  assert.deepEqual(facts.wrong, []);
});
