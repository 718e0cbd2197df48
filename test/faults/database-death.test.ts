/** The package's PostgreSQL is killed, as the system does when memory runs out: it is said, and it comes back by itself. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import { readPidFile } from '../../src/platform/postgres-processes.ts';
import { waitFor } from '../../src/up/wait.ts';
import { inAndOut } from '../journeys/in-and-out.ts';
import { type Site, startSite } from '../site.ts';

let site: Site;
before(async () => {
  site = await startSite();
});
after(() => site?.stop());

async function readiness(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${site.system.ports.start}/api/ready`);
  await answer.arrayBuffer();
  return answer.status;
}

const postmaster = (): number => readPidFile(site.system.places.postgres)?.pid ?? assert.fail('no server');

test('a database that is killed under the system is seen, said and started again; the parcels go on', async () => {
  assert.equal(await readiness(), 200);
  const killed = postmaster();
  const beganMs = systemClock.monotonicMs();
  process.kill(killed, 'SIGKILL');
  const seen = new Set<number>();
  await waitFor({
    clock: systemClock,
    what: 'the database to be started again',
    msMax: 30_000,
    async holds() {
      seen.add(await readiness());
      return site.said.includes('PostgreSQL runs again');
    },
  });
  assert.ok(systemClock.monotonicMs() - beganMs < 30_000);
  assert.ok(
    [...seen].every((status) => status === 200 || status === 503),
    [...seen].join(' '),
  );
  assert.deepEqual(site.said.slice(-2), [
    'PostgreSQL ended unexpectedly; starting it again',
    'PostgreSQL runs again',
  ]);
  await waitFor({
    clock: systemClock,
    what: 'the cloud to be ready again',
    msMax: 30_000,
    holds: async () => (await readiness()) === 200,
  });
  assert.notEqual(postmaster(), killed);
  await inAndOut(site);
});
