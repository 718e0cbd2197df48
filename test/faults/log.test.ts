/** The log of a cloud as it is started in earnest: it grows by itself, and a cloud does not start on a broken one. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startCloud } from '../../src/cloud/cloud.ts';
import { createLog, folderOfLogs, judgeLog } from '../../src/cloud/log/log.ts';
import { fromUtf8 } from '../../src/crypto/bytes.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { startWholeCloud, type WholeCloud } from '../attacks/whole-cloud.ts';

let whole: WholeCloud;
before(async () => {
  whole = await startWholeCloud();
});
after(() => whole.stop());

async function shownSize(): Promise<number> {
  const place = { tenant: whole.seeded.tenant, generation: 1 };
  const note = await folderOfLogs(whole.deps.config.dataDir).read(place, 'checkpoint');
  return Number(note && fromUtf8(note).split('\n')[1]);
}

test('a running cloud takes up its log, goes on with it after a stop, and does not start when it is not there', async () => {
  const { deps, seeded } = whole;
  const { cloud } = whole.cloud;
  await createLog(cloud, { tenant: seeded.tenant, host: 'localhost', succeeds: false });
  const wanted = await cloud.database.tenant(seeded.tenant, async (tx) => {
    await cloud.journal.record(tx, { kind: 'tenant.created' });
    return (await cloud.journal.endOf(tx, seeded.tenant))?.lastSeq ?? 0;
  });
  assert.ok(wanted > 10);
  while ((await shownSize()) < wanted) await sleep(systemClock, 50);
  assert.equal(await judgeLog(cloud, seeded.tenant), undefined);
  await whole.cloud.stop();

  const folder = join(deps.config.dataDir, 'log');
  renameSync(folder, `${folder}-away`);
  // One that starts all the same is stopped, or this test would not end.
  const said = await startCloud(deps).then(
    (running) => running.stop().then(() => 'it started'),
    (error: Error) => error.message,
  );
  assert.match(said, /does not verify: the store has no checkpoint.*log-does-not-verify\.md/);
  renameSync(`${folder}-away`, folder);

  const before = await shownSize();
  const again = await startCloud(deps);
  try {
    await again.cloud.database.tenant(seeded.tenant, (tx) =>
      again.cloud.journal.record(tx, { kind: 'tenant.created' }),
    );
    while ((await shownSize()) <= before) await sleep(systemClock, 50);
  } finally {
    await again.stop();
  }
});
