/**
 * What earlier versions left, opened by this one: their tables are brought up, not one record changes, everything
 * that is kept verifies anew, and a parcel that was put in before is taken out after. What a later version left is
 * refused. How an operator goes from one to the next: docs/upgrade.md.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { until } from '../../rig/test-rig.ts';
import { NOUNS, startCloud } from '../../src/cloud/cloud.ts';
import { openCore } from '../../src/cloud/core.ts';
import { initFiles } from '../../src/cloud/files.ts';
import { createLog, folderOfLogs, judgeLog } from '../../src/cloud/log/log.ts';
import { checkCloud } from '../../src/cloud/parcels/parcels.ts';
import { allTenants } from '../../src/cloud/tenants/tenants.ts';
import { fromUtf8 } from '../../src/crypto/bytes.ts';
import { parseId } from '../../src/domain/ids.ts';
import { startAgent } from '../../src/edge/agent.ts';
import { receiptSchema, verifyReceipt } from '../../src/ledger/receipt.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { compareJournals } from '../../src/up/audit.ts';
import { People } from '../../src/up/people.ts';
import { type Ports, portsFrom } from '../../src/up/ports.ts';
import { waitFor } from '../../src/up/wait.ts';
import { checkBank } from '../check-bank.ts';
import { type Earlier, layOut, startServer } from './earlier.ts';
import { everyState } from './state.ts';

const LOG_MS_MAX = 60_000;
const server = await startServer();
const states: Earlier[] = [];
for (const state of everyState()) states.push(await layOut(server, state));
after(() => server.stop());

const stepsOf = async ({ query }: Earlier): Promise<string[]> =>
  (await query<{ id: string }>('select id from public.migrations order by id')).map(({ id }) => id);
const recordsOf = ({ query }: Earlier) =>
  query<{ source: string; seq: string; text: string }>(
    `select source, seq::text, convert_from(bytes, 'UTF8') as text from public.records order by source, seq`,
  );
const peopleOf = ({ seeded, cloud }: Earlier, ports: Partial<Ports>): People =>
  new People({ ports: { ...portsFrom(0), ...ports }, signIns: seeded.signIns, clock: cloud.clock });
const tenantOf = ({ seeded }: Earlier) => {
  const tenant = parseId('tenant', seeded.tenant);
  assert.ok(tenant);
  return tenant;
};

/** What an operator does beside starting the new program, as docs/upgrade.md says. */
async function bringUp(earlier: Earlier): Promise<void> {
  const { cloud: deps } = earlier;
  await initFiles(deps.config, deps);
  const { cloud } = await openCore(deps, NOUNS);
  const tenant = tenantOf(earlier);
  const stored = await cloud.ledger.objects.generations(tenant);
  if (stored.length === 0) await createLog(cloud, { tenant, host: 'localhost', succeeds: false });
  await cloud.database.close();
}

test('a database of an earlier version is brought up: no record changes, and everything that is kept verifies', async (t) => {
  const steps = NOUNS.flatMap(({ migrations = [] }) => migrations.map(({ id }) => id)).sort();
  for (const earlier of states)
    await t.test(earlier.state.name, async () => {
      const { cloud: deps } = earlier;
      const [records, applied] = [await recordsOf(earlier), await stepsOf(earlier)];
      assert.ok(records.length > 20 && applied.length > 0);
      if (!existsSync(join(deps.config.dataDir, 'keys', 'ledger.key'))) {
        await assert.rejects(openCore(deps, NOUNS), /holdfast cloud init/);
        assert.deepEqual(await stepsOf(earlier), applied, 'what is refused is not changed');
      }
      await initFiles(deps.config, deps);
      const { cloud } = await openCore(deps, NOUNS);
      try {
        assert.deepEqual(await stepsOf(earlier), steps);
        assert.deepEqual(await recordsOf(earlier), records);
        const tenants = await allTenants(cloud);
        assert.deepEqual(tenants, [tenantOf(earlier)]);
        for (const tenant of tenants) {
          assert.deepEqual(await checkCloud(cloud, tenant), []);
          assert.equal(await judgeLog(cloud, tenant), undefined);
        }
      } finally {
        await cloud.database.close();
      }
    });
});

test('a cloud goes on with an earlier version’s estate: doors, parcels and receipts are there, and its log takes every record', async (t) => {
  for (const earlier of states)
    await t.test(earlier.state.name, async () => {
      const { seeded, state, cloud: deps } = earlier;
      await bringUp(earlier);
      const running = await startCloud(deps);
      try {
        const people = peopleOf(earlier, { start: running.httpPort });
        await people.adminSignsIn();
        const { items } = (await people.admin('/parcels?limit=200')) as {
          items: { id: string; tracking: string; state: string; compartment: number }[];
        };
        const { waiting, collected } = state.about;
        const stateOf = (tracking: string) => items.find((item) => item.tracking === tracking)?.state;
        assert.equal(stateOf(waiting.tracking), 'waiting');
        assert.equal(stateOf(collected.tracking), 'collected');
        const { doors } = (await people.admin(`/banks/${seeded.bank.id}`)) as {
          doors: { n: number; state: string }[];
        };
        assert.deepEqual(
          doors.filter((door) => door.state !== 'empty').map(({ n, state }) => ({ n, state })),
          [{ n: waiting.compartment, state: 'occupied' }],
        );
        for (const { id } of items) {
          const receipt = receiptSchema.parse(await people.admin(`/parcels/${id}/receipt`));
          const told = { site: seeded.site, rootKeys: [state.known.rootKey], k: 1 };
          const { holds, verdicts } = verifyReceipt(receipt, told);
          assert.ok(holds, JSON.stringify(verdicts.filter((verdict) => !verdict.holds)));
        }
        await logIsWhole(earlier);
        assert.equal(await judgeLog(running.cloud, tenantOf(earlier)), undefined);
      } finally {
        await running.stop();
      }
    });
});

/** The log of the tenant shows as many entries as there are records. */
async function logIsWhole(earlier: Earlier): Promise<void> {
  const logs = folderOfLogs(earlier.cloud.config.dataDir);
  const holds = async () => {
    const note = await logs.read({ tenant: tenantOf(earlier), generation: 1 }, 'checkpoint');
    return Number(note && fromUtf8(note).split('\n')[1]) === (await recordsOf(earlier)).length;
  };
  await waitFor({ clock: systemClock, what: 'the log to take every record', msMax: LOG_MS_MAX, holds });
}

test('a bank of an earlier version starts without a network, knows what lies where, and gives it out once', async (t) => {
  for (const earlier of states)
    await t.test(earlier.state.name, async () => {
      const { bank: deps, rig, seeded, state } = earlier;
      const { compartment } = state.about.waiting;
      const agent = await startAgent(deps);
      try {
        checkBank(agent);
        const known = Object.values(agent.state().compartment);
        assert.deepEqual(
          known.filter(({ use }) => use !== 'empty').map(({ n }) => n),
          [compartment],
        );
        await until(() => Object.values(agent.state().compartment).every(({ door }) => door === 'closed'));
        const people = peopleOf(earlier, { kiosk: agent.kioskPort, rig: rig.ports.http });
        assert.equal((await people.door(compartment)).parcels.length, 1);
        const dead = await people.act({ do: 'pin', pin: state.known.pinUsed });
        assert.equal(dead.message, 'code-not-accepted', 'what was used before is used');
        assert.equal(await people.picksUp(state.known.pin), compartment);
        const again = await people.act({ do: 'pin', pin: state.known.pin });
        assert.equal(again.message, 'code-not-accepted');
        checkBank(agent);
      } finally {
        await agent.stop();
      }
      assert.deepEqual(earlier.fatal, []);
      const copy = (await recordsOf(earlier)).filter(({ source }) => source === seeded.bank.id);
      const compared = compareJournals({
        edgeDir: deps.config.dataDir,
        bank: seeded.bank.id,
        cloudCopy: new Map(copy.map(({ seq, text }) => [Number(seq), text])),
      });
      assert.ok(compared.holds, compared.says);
      assert.ok(copy.length > 20 && compared.records > copy.length);
    });
});

test('what a later version left is refused by this one, and is left as it is', async () => {
  const earlier = states.at(-1);
  assert.ok(earlier);
  const { cloud: deps, bank } = earlier;
  await earlier.query(`insert into public.migrations (id, hash) values ('9999-of-tomorrow', 'x')`);
  const records = await recordsOf(earlier);
  for (const begin of [() => openCore(deps, NOUNS), () => startCloud(deps)])
    await assert.rejects(begin(), /9999-of-tomorrow.*older than the database/);
  assert.deepEqual(await recordsOf(earlier), records);

  const file = join(bank.config.dataDir, 'journal.sqlite');
  const journal = new DatabaseSync(file);
  journal.exec('pragma user_version = 99');
  journal.close();
  await assert.rejects(startAgent(bank), /written by a newer agent \(form 99/);

  const sealed = join(bank.config.dataDir, 'keys', 'bank.sealed');
  const known = readFileSync(sealed, 'utf8');
  const later = known.replace(/("v": ?)\d+/, '$199');
  assert.notEqual(later, known);
  writeFileSync(sealed, later);
  await assert.rejects(startAgent(bank), /written by a newer agent \(form 99/);
});
