/** A process that was paused, and whose bank is served by another one by now, changes nothing by what it still has of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as banks from '../banks/banks.ts';
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

const hello = {
  ...{ v: 1, type: 'hello', boot: 'boot-0123456789AB', lastSeq: 1, acknowledgedSeq: 0, epoch: null },
  ...{ directory: 0, roster: { version: 0, hash: null }, development: false, suspensions: [] },
};

test('who has lost the lease of a bank takes neither its hello nor its batch, and answers nothing', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  bank.write({ kind: 'agent.stopped' });
  const batch = await bank.batch();
  const taken = async (isOurs: boolean) => {
    const sent: string[] = [];
    // Lost behind the first look at each message, before the transaction that would act on it.
    let looks = 0;
    const fence = async () => isOurs || ++looks % 2 === 1;
    const intake = new Intake({
      ...{ cloud: stand.cloud, nouns: NOUNS },
      leases: { ...ALONE, fence },
      send: async (_bank, { type }) => void sent.push(type),
    });
    for (const message of [hello, batch]) intake.received(bank.bank, Buffer.from(JSON.stringify(message)));
    await intake.stop();
    const { heard, end } = await stand.inTenant(async (tx) => ({
      heard: await banks.findBank(tx, bank.bank),
      end: await stand.cloud.journal.endOf(tx, bank.bank),
    }));
    return { sent, hello: heard?.hello?.boot ?? null, lastSeq: end?.lastSeq };
  };
  assert.deepEqual(await taken(false), { sent: [], hello: null, lastSeq: 0 });
  const ours = await taken(true);
  assert.deepEqual([ours.hello, ours.lastSeq], [hello.boot, 1]);
  assert.ok(ours.sent.includes('ack'));
});
