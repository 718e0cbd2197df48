/** What a bank sends too much of: more than is served at a time, and more than is kept. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { NOUNS } from '../cloud.ts';
import { enrolledBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { Intake } from './intake.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

test('of what a bank floods the cloud with so much waits and no more, and of rubbish so much is kept', async () => {
  const { bank } = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  const sent: string[] = [];
  const send = async (_bank: string, { type }: { type: string }) => void sent.push(type);
  const intake = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send });
  const asks = (nonce: string) => Buffer.from(JSON.stringify({ v: 1, type: 'time', nonce }));
  // All of it arrives before the first is served.
  for (let n = 0; n < 100; n++) intake.received(bank, asks(`nonce-0123456789${n}`));
  await intake.stop();
  assert.equal(sent.length, 32, 'the bank asks again for the others');
  const other = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send });
  other.received(bank, Buffer.alloc(300_000, 'rubbish '));
  await other.stop();
  const { rows } = await stand.inTenant((tx) =>
    sql<{ kept: number; bytes: number }>`select octet_length(sealed) as kept, bytes from refused_messages
      where bank_id = ${bank}`.execute(tx),
  );
  assert.equal(rows[0]?.bytes, 300_000);
  assert.ok(Number(rows[0]?.kept) < 66_000, `${rows[0]?.kept} bytes are kept`);
});
