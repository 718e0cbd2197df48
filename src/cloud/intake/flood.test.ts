/** What a bank sends too much of: more than is served at a time, and more than is kept. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { DownMessage } from '../../contract/uplink.ts';
import { ManualClock, sleep, systemClock } from '../../platform/clock.ts';
import { NOUNS } from '../cloud.ts';
import * as people from '../people/people.ts';
import { enrolledBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
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

const MINUTE_MS = 60_000;
const BYTES_A_MINUTE = 16_777_216;

test('a bank that always lacks everything is told so much of it a minute, and the rest once when that is over', {
  timeout: 120_000,
}, async () => {
  const { tenant, site } = stand;
  const clock = new ManualClock(stand.cloud.clock.nowMs());
  const cloud = { ...stand.cloud, clock };
  const { bank } = await enrolledBank(cloud, tenant, site);
  // A bank that no roster names is told of nobody.
  await signDraft(cloud, stand);
  const resident = { site, email: null, phone: null, accessible: false, by: null };
  await stand.inTenant(async (tx) => {
    for (let n = 0; n < 900; n++)
      await people.addResident(cloud, tx, { ...resident, name: '\u6f22'.repeat(60), flat: `${n}`.repeat(5) });
  });
  const sent: DownMessage[] = [];
  const send = async (_bank: string, message: DownMessage) => void sent.push(message);
  const intake = new Intake({ cloud, nouns: NOUNS, leases: ALONE, send });
  const lacks = {
    ...{ v: 1, type: 'hello', boot: 'b', lastSeq: 0, acknowledgedSeq: 0, epoch: null, directory: 0 },
    ...{ roster: { version: 0, hash: null }, suspensions: [], development: false },
  };
  const hellos = async (count: number) => {
    for (let n = 0; n < count; n++) intake.received(bank, Buffer.from(JSON.stringify(lacks)));
    await intake.drained([bank]);
  };
  const bytes = () => sent.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
  await hellos(1);
  const once = bytes();
  assert.ok(once > 200_000, `a directory of ${once} bytes`);
  for (let said = 1; (said - 3) * once < BYTES_A_MINUTE; said += 10) await hellos(10);
  assert.ok(bytes() >= BYTES_A_MINUTE && bytes() < BYTES_A_MINUTE + once, `${bytes()} bytes were sent`);
  const before = sent.length;
  clock.advance(MINUTE_MS - 1);
  await hellos(1);
  assert.equal(sent.length, before);
  const everything = ['roster', 'epoch', 'directory'];
  const since = () => sent.slice(before).map(({ type }) => type);
  clock.advance(1);
  for (let n = 0; n < 500 && since().length < everything.length; n++) await sleep(systemClock, 10);
  assert.deepEqual(since(), everything);
  await hellos(1);
  assert.deepEqual(since(), [...everything, ...everything], 'and a new minute has begun');
  await intake.stop();
});
