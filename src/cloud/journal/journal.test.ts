import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { NOUNS } from '../cloud.ts';
import { openStand } from '../test-stand.ts';

const stand = await openStand(NOUNS);
after(() => stand.close());

test('the database takes no record of a journal that is not there', async () => {
  const insert = (source: string) =>
    stand.inTenant((tx) =>
      sql`insert into records (source, seq, kind, at_ms, hash, bytes)
        values (${source}, 900001, 'agent.stopped', 1, ${Buffer.alloc(32)}, ${Buffer.from('{}')})`.execute(
        tx,
      ),
    );
  await assert.rejects(insert('bank_of_nobody'), /names a journal that is not there/);
  await insert(stand.tenant);
});
