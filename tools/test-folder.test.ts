import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { startPostgres } from '../src/platform/postgres.ts';
import { installedPrograms } from '../src/platform/postgres-place.ts';
import { readPidFile } from '../src/platform/postgres-processes.ts';
import { bornAt } from '../src/platform/process-identity.ts';
import { systemRandom } from '../src/platform/random.ts';
import { waitFor } from '../src/up/wait.ts';
import { makeTestFolder } from './test-folder.ts';

const needs = { skip: installedPrograms() ? false : 'no PostgreSQL is packaged for this machine' };
const own = { clock: systemClock, random: systemRandom, log: silentLog };

test(
  'a run removes its folder, and ends the servers that its tests left in it and no other run’s',
  needs,
  async () => {
    const before = process.env.HOLDFAST_STANDS;
    const folders = [makeTestFolder(), makeTestFolder()] as const;
    try {
      const dirs = folders.map(({ stands }) => join(stands, 'data'));
      assert.equal(process.env.HOLDFAST_STANDS, folders[1].stands);
      const servers = await Promise.all(dirs.map((dataDir) => startPostgres({ dataDir, ...own })));
      const [left = 0, others = 0] = dirs.map((dir) => readPidFile(dir)?.pid ?? 0);
      assert.ok(bornAt(left));
      folders[0].remove();
      const holds = async () => bornAt(left) === undefined;
      await waitFor({ clock: systemClock, what: 'the server to end', msMax: 30_000, holds });
      assert.equal(existsSync(folders[0].stands), false);
      assert.ok(bornAt(others));
      await servers[1]?.stop();
      assert.ok(existsSync(folders[1].stands));
    } finally {
      for (const folder of folders) folder.remove();
      if (before === undefined) delete process.env.HOLDFAST_STANDS;
      else process.env.HOLDFAST_STANDS = before;
    }
  },
);
