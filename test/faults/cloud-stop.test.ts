/**
 * A cloud process that is told to stop, with a post, a job, a batch of a bank and a stream of changes under way:
 * it says so first, takes nothing more, and finishes what it had begun; what does not end is cut off in a
 * bounded time and named, and is done once by the process that comes after it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { personRow } from '../../src/contract/http/admin.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { waitFor } from '../../src/up/wait.ts';
import { type Site, startSite } from '../site.ts';
import {
  type Answered,
  killCloudProcesses,
  openOwner,
  post,
  setStopping,
  startCloudProcess,
  statusOf,
  waitingLocks,
} from './cloud-process.ts';

let site: Site;
/** Holds locks, and sees what waits for them. */
let owner: pg.Client;
let watcher: pg.Client;

before(async () => {
  site = await startSite();
  owner = await openOwner(site.system);
  watcher = await openOwner(site.system);
  await site.people.adminSignsIn();
  await site.system.children.stop('cloud');
});
after(async () => {
  killCloudProcesses();
  await owner.end();
  await watcher.end();
  await site.stop();
});

const until = (what: string, holds: () => Promise<boolean>) =>
  waitFor({ clock: systemClock, what, msMax: 20_000, holds });

const resident = (name: string) => ({ name, flat: '1', email: null, phone: null, accessible: false });
const add = (name: string, key: string): Promise<Answered> =>
  post(site.system, {
    path: '/api/admin/people',
    cookie: site.people.adminCookie,
    body: resident(name),
    key,
  });

type BankHealth = { lastSeq: number; acknowledgedSeq: number };
async function bankHealth(): Promise<BankHealth> {
  const answer = await fetch(`http://127.0.0.1:${site.system.ports.kiosk}/api/health`);
  return (await answer.json()) as BankHealth;
}

async function openStream(): Promise<{ ended: Promise<void> }> {
  const answer = await fetch(`http://127.0.0.1:${site.system.ports.start}/api/admin/events`, {
    headers: { cookie: site.people.adminCookie },
  });
  assert.equal(answer.status, 200);
  return { ended: answer.text().then(() => undefined) };
}

async function countNamed(name: string): Promise<number> {
  const { items } = (await site.people.admin('/people?limit=200')) as { items: { name: string }[] };
  return items.filter((row) => row.name === name).length;
}

const JOB = 'requests.forget';
const KILL_HOOK = join(import.meta.dirname, 'cloud-kill-hook.ts');

async function jobs(): Promise<{ running: number; all: number }> {
  const { rows } = await watcher.query<{ running: number; all: number }>(
    `select count(*) filter (where jobs.locked_at is not null)::int as running, count(*)::int as all
     from graphile_worker._private_jobs jobs join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id
     where tasks.identifier = $1`,
    [JOB],
  );
  return rows[0] ?? { running: -1, all: -1 };
}

/** Whether a record has no index yet, or no checkpoint; asked within a transaction, behind the wall of each tenant. */
async function logGrows(): Promise<boolean> {
  const { rows: tenants } = await owner.query<{ id: string }>('select tenant_id as id from tenants');
  assert.notEqual(tenants.length, 0);
  for (const { id } of tenants) {
    await owner.query("select set_config('holdfast.tenant', $1, true)", [id]);
    const { rows } = await owner.query<{ grows: boolean }>(
      `select l.size > l.published_size or exists (
         select from journals j left join log_ends e on e.source = j.source and e.generation = l.generation
         where j.last_seq > coalesce(e.last_seq, 0)) as grows
       from logs l where l.generation = (select max(generation) from logs)`,
    );
    if (rows[0]?.grows !== false) return true;
  }
  return false;
}

/**
 * Locks journals while the log is at rest. Who sequences a record needs them too, and would be one thing more
 * that is under way; behind the lock no record comes for which anybody would.
 */
async function lockAtRest(): Promise<void> {
  await until('the log to be at rest', async () => {
    await owner.query('begin');
    await owner.query('lock table journals, request_answers in exclusive mode');
    if (!(await logGrows())) return true;
    await owner.query('rollback');
    return false;
  });
}

type UnderWay = { answer: Promise<Answered>; stream: Promise<void>; before: BankHealth };

/** Four things under way in the process, three of which wait for locks that this test holds, and one without end. */
async function begin(of: { name: string; key: string }): Promise<UnderWay> {
  await until('the bank to be heard', async () => {
    const { lastSeq, acknowledgedSeq } = await bankHealth();
    return lastSeq === acknowledgedSeq;
  });
  const stream = openStream();
  await lockAtRest();
  const answer = add(of.name, of.key);
  answer.catch(() => undefined);
  await watcher.query('select graphile_worker.add_job($1)', [JOB]);
  await until('the job to run', async () => (await jobs()).running === 1);
  const health = await bankHealth();
  // Each presentation of a badge is a record, and records make a batch.
  await site.people.courierSignsIn();
  await site.people.act({ do: 'leave' });
  await until('post, job and batch to wait', async () => (await waitingLocks(watcher)) >= 3);
  return { answer, stream: (await stream).ended, before: health };
}

test('what had begun is finished, and readiness says no before the door is shut', async () => {
  setStopping(site.system, { unreadyMs: 1_500, finishMs: 25_000 });
  const cloud = await startCloudProcess(site.system);
  const under = await begin({ name: 'Fay Finished', key: randomUUID() });

  cloud.child.kill('SIGTERM');
  await until('readiness to say no', async () => (await statusOf(site.system, '/api/ready')) === 503);
  assert.equal(await statusOf(site.system, '/api/health'), 200, 'requests are taken until proxies know');
  await until('the port to be shut', async () => (await statusOf(site.system, '/api/health')) === 0);
  await under.stream;
  assert.equal(cloud.child.exitCode, null, 'it waits for what has begun');
  await owner.query('commit');

  const { status, text, connection } = await under.answer;
  assert.deepEqual([status, connection], [201, 'close'], text);
  assert.equal(personRow.parse(JSON.parse(text)).name, 'Fay Finished');
  assert.equal(await cloud.ended, 0, cloud.said());
  assert.ok(
    (await bankHealth()).acknowledgedSeq > under.before.acknowledgedSeq,
    'the batch was acknowledged',
  );
  assert.deepEqual(await jobs(), { running: 0, all: 0 });
});

test('what does not end is cut off and named, in a bounded time, and the next process does it once', async () => {
  setStopping(site.system, { unreadyMs: 0, finishMs: 1_500 });
  const cloud = await startCloudProcess(site.system);
  const key = randomUUID();
  const under = await begin({ name: 'Cy Cut', key });
  cloud.child.kill('SIGTERM');
  assert.equal(await cloud.ended, 1);
  assert.match(cloud.said(), /Stopped before this was finished: http, uplink, jobs/);
  await assert.rejects(under.answer);
  await owner.query('commit');
  assert.deepEqual(await jobs(), { running: 0, all: 1 }, 'the job is back in the queue');

  const next = await startCloudProcess(site.system);
  const { status, text } = await add('Cy Cut', key);
  assert.equal(status, 201, text);
  assert.equal((await add('Cy Cut', key)).text, text);
  assert.equal(await countNamed('Cy Cut'), 1);
  await site.drained();
  next.child.kill('SIGTERM');
  assert.equal(await next.ended, 0, next.said());
});

test('a process that dies before the commit has done nothing, one that dies after it is answered for by the next', async () => {
  setStopping(site.system, { unreadyMs: 0, finishMs: 10_000 });
  for (const name of ['Kay Before', 'Kay After']) {
    const key = randomUUID();
    const mortal = await startCloudProcess(site.system, KILL_HOOK);
    await assert.rejects(add(name, key), name);
    assert.equal(await mortal.ended, 'SIGKILL');
    const next = await startCloudProcess(site.system);
    assert.equal(await countNamed(name), name === 'Kay After' ? 1 : 0);
    assert.equal((await add(name, key)).status, 201);
    assert.equal(await countNamed(name), 1);
    next.child.kill('SIGTERM');
    assert.equal(await next.ended, 0, next.said());
  }
});
