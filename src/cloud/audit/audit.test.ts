/** The audit over a real database: a log that holds, and then each thing that may be wrong with one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { auditRows, auditTenant } from './audit.ts';
import { overStored } from './stored.ts';
import { type Estate, newEstate, oneDay } from './test-audit.ts';
import { type Memory, remember, rowsOf } from './test-memory.ts';

const QUIET = { heads: [], progress: () => undefined };

let stand: Stand;
let estate: Estate;
let memory: Memory;

before(async () => {
  stand = await openStand(NOUNS);
  estate = await newEstate(stand.cloud, 3);
  for (let day = 0; day < 7; day++)
    for (const bank of estate.banks) await oneDay(stand.cloud, estate, bank, day);
  memory = await overStored(stand.cloud, estate.tenant, remember);
});
after(() => stand.close());

test('a log that holds is said to hold, from the database and from a copy of its rows', async () => {
  const stored = await auditTenant(stand.cloud, estate.tenant, QUIET);
  assert.deepEqual(stored.findings.told, []);
  assert.deepEqual(stored.findings.notes, []);
  assert.ok((stored.log?.size ?? 0) > 256, String(stored.log?.size));
  const copied = await auditRows(rowsOf(memory), QUIET);
  assert.deepEqual(copied.findings.told, []);
  assert.deepEqual(copied.log, stored.log);
  for (const [table, rows] of Object.entries(memory.kept)) assert.ok(rows.length > 0, table);
  const began = performance.now();
  for (let i = 0; i < 5; i++) await auditRows(rowsOf(memory), QUIET);
  console.log((performance.now() - began) / 5, stored.log?.size, memory.records.length);
});
