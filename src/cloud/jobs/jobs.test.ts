/** What an engine that broke with the database leaves behind. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { unlockJobs } from './jobs.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

test('a job that nobody brought to an end is given back with its try; what others do is left to them', async () => {
  const { cloud } = stand;
  const { pool } = cloud.database;
  const keys = ['first', 'tried', 'of another', 'waits'];
  await cloud.database.estate((tx) =>
    cloud.addJobs(
      tx,
      keys.map((key) => ({ name: 'notices.sweep', payload: {}, key })),
    ),
  );
  const lock = (key: string, worker: string, attempts: number) =>
    pool.query(
      'update graphile_worker._private_jobs set locked_by = $2, locked_at = now(), attempts = $3 where key = $1',
      [key, worker, attempts],
    );
  await lock('first', 'ours', 1);
  await lock('tried', 'ours too', 4);
  await lock('of another', 'theirs', 4);
  await unlockJobs(pool, ['ours', 'ours too']);
  const { rows } = await pool.query(
    'select key, attempts, locked_by from graphile_worker.jobs where key = any($1)',
    [keys],
  );
  const found = Object.fromEntries(rows.map((row) => [row.key, [row.attempts, row.locked_by]]));
  assert.deepEqual(found, {
    first: [0, null],
    tried: [3, null],
    'of another': [4, 'theirs'],
    waits: [0, null],
  });
});
