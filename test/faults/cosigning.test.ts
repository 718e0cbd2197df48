/**
 * A log and its witnesses, when some of them are down and when the cloud dies in between: `holdfast witness` as the
 * processes that auditors run, over HTTP, and the checkpoint as a stranger fetches it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { attention } from '../../src/cloud/admin/overview.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { type HttpServers, operatorTokenHash, startHttp } from '../../src/cloud/http/http.ts';
import { openMetrics } from '../../src/cloud/http/metrics.ts';
import { recordsBetween } from '../../src/cloud/journal/journal.ts';
import { drain, gaugesOf, proofsOf, startSubmitter, takeTurn } from '../../src/cloud/log/log.ts';
import { standingOf } from '../../src/cloud/log/standing.ts';
import { Watch } from '../../src/cloud/log/submitter.ts';
import { record } from '../../src/cloud/log/test-log.ts';
import { openCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { judgeQuorum, type LogPolicy } from '../../src/ledger/log/policy.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Tx } from '../../src/platform/database.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT } from '../site.ts';
import {
  ALARM_MS,
  CosignedLogs,
  LONG_MS,
  policyFor,
  type TestLogOf,
  type TestWitness,
} from './cosigned-log.ts';

let logs: CosignedLogs;
let servers: HttpServers;
const home = mkdtempSync(join(tmpdir(), 'holdfast-cosigning-'));

before(async () => {
  logs = await CosignedLogs.open();
  servers = await startHttp({
    cloud: logs.stand.cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: { authenticate: async () => undefined, operatorTokenHash: operatorTokenHash('none') },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
});
after(async () => {
  await servers.stop();
  await logs.close();
  rmSync(home, { recursive: true, force: true });
});

/** What anybody is given, and who has cosigned it. */
async function served(
  log: TestLogOf,
  policy: LogPolicy,
): Promise<{ size: number; names: string[]; note: string }> {
  const answer = await fetch(`http://127.0.0.1:${servers.httpPort}/log/${log.tenant}/1/checkpoint`);
  assert.equal(answer.status, 200);
  const note = await answer.text();
  const opened = openCheckpoint(note, policy);
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  const { cosigned } = judgeQuorum(policy, opened.value.signatures);
  return { note, size: opened.value.checkpoint.size, names: cosigned.map(({ name }) => name) };
}

const kindsOf = async (cloud: Cloud, { tenant }: TestLogOf) =>
  (await cloud.database.tenant(tenant, (tx) => attention(cloud, tx))).map(({ kind }) => kind);
const standing = async (cloud: Cloud, { tenant }: TestLogOf) =>
  (await cloud.database.read(tenant, (tx) => standingOf(cloud, tx))) ?? assert.fail();

/** `verify.mjs`, as a stranger runs it over the file and the record. */
function verifies(of: { proof: string; entry: Uint8Array; policy: string }): number | null {
  const path = (name: string) => join(home, name);
  writeFileSync(path('one.tlog-proof'), of.proof);
  writeFileSync(path('entry.json'), of.entry);
  writeFileSync(path('policy.txt'), of.policy);
  const args = [
    'proof',
    path('one.tlog-proof'),
    '--policy',
    path('policy.txt'),
    '--entry',
    path('entry.json'),
  ];
  return spawnSync(process.execPath, [join(ROOT, 'verify/verify.mjs'), ...args]).status;
}

/** As a reader writes it (C2SP tlog-policy). */
function policyText({ vkey: ofLog }: TestLogOf, all: readonly TestWitness[], quorum: number): string {
  return [
    `log ${ofLog}`,
    ...all.map(({ name, vkey }) => `witness ${name} ${vkey}`),
    `group enough ${quorum} ${all.map(({ name }) => name).join(' ')}`,
    'quorum enough\n',
  ].join('\n');
}

test('three witnesses of which two are needed: one may be down, and with two down the log still grows', async () => {
  const log = await logs.newLog();
  const all = [
    await logs.witness(log, 'process'),
    await logs.witness(log, 'process'),
    await logs.witness(log, 'process'),
  ];
  const cloud = logs.cloudWith(all, 2);
  const policy = policyFor(log, { witnesses: all, quorum: 2 });
  const text = (quorum: number) => policyText(log, all, quorum);
  assert.equal((await served(log, policy)).size, 0);
  await record(cloud, log.tenant, 5);
  await drain(cloud, log.tenant);
  assert.equal((await served(log, policy)).size, 0, 'what nobody cosigned is not served');
  const submitter = await startSubmitter(cloud);
  await waitFor({
    clock: systemClock,
    what: 'three cosignatures',
    msMax: 30_000,
    holds: async () => (await served(log, policy)).names.length === 3,
  });
  await submitter.stop();
  const first = await served(log, policy);
  assert.ok(first.size > 5);
  const [entry] = await cloud.database.read(log.tenant, (tx) =>
    recordsBetween(tx, log.tenant, { first: 1, last: 1 }),
  );
  const { proofs } = await proofsOf(cloud, { tenant: log.tenant, source: log.tenant, seqs: [1] });
  const [{ proof, state, cosignedBy } = assert.fail()] = proofs;
  assert.ok(entry && proof && Buffer.byteLength(proof) <= 2_000);
  assert.deepEqual([state, cosignedBy], ['cosigned', all.map(({ name }) => name)]);
  assert.equal(verifies({ proof, entry: new Uint8Array(entry.bytes), policy: text(3) }), 0);
  const oneShort = proof.slice(0, proof.lastIndexOf('— '));
  assert.equal(verifies({ proof: oneShort, entry: new Uint8Array(entry.bytes), policy: text(3) }), 1);
  assert.equal(verifies({ proof: oneShort, entry: new Uint8Array(entry.bytes), policy: text(2) }), 0);

  await all[0]?.stop();
  await record(cloud, log.tenant, 1);
  assert.deepEqual(await logs.grow(cloud, log), ['unreachable', 'cosigned', 'cosigned']);
  const second = await served(log, policy);
  assert.deepEqual([second.size, second.names.length], [first.size + 1, 2]);

  await all[1]?.stop();
  await record(cloud, log.tenant, 1);
  assert.deepEqual(await logs.grow(cloud, log), ['unreachable', 'unreachable', 'cosigned']);
  assert.deepEqual(await served(log, policy), second, 'with too few, readers keep what they had');
  const now = await standing(cloud, log);
  assert.equal(now.newest.size, second.size + 1, 'records are taken and signed all the same');
  const seqs = [second.size, second.size + 1, 99];
  const of = await proofsOf(cloud, { tenant: log.tenant, source: log.tenant, seqs });
  assert.deepEqual([of.log?.witnesses, of.log?.quorum], [3, 2]);
  assert.deepEqual(
    of.proofs.map((one) => [one.state, one.cosignedBy.length]),
    [
      ['cosigned', 2],
      ['integrated', 1],
      ['pending', 0],
    ],
  );
  logs.stand.step(ALARM_MS);
  assert.ok((await kindsOf(cloud, log)).includes('log-unagreed'));

  await all[1]?.start();
  assert.deepEqual(await logs.grow(cloud, log), ['unreachable', 'cosigned', 'not-now']);
  assert.equal((await served(log, policy)).size, second.size + 1);
  assert.ok(!(await kindsOf(cloud, log)).includes('log-unagreed'));
});

class Died extends Error {}

/** A cloud that dies in the n-th transaction from now: before it is committed, or right after. */
function dying(cloud: Cloud, { at, applied }: { at: number; applied: boolean }): Cloud {
  let count = 0;
  const { database } = cloud;
  const tenant: typeof database.tenant = async (of, run) => {
    const dies = ++count === at;
    const done = await database.tenant(of, async (tx: Tx) => {
      const result = await run(tx);
      if (dies && !applied) throw new Died();
      return result;
    });
    if (dies) throw new Died();
    return done;
  };
  return { ...cloud, database: { ...database, tenant } };
}

test('killed anywhere between asking and keeping, it asks again, and readers never see fewer cosignatures', async () => {
  const log = await logs.newLog();
  const all = [await logs.witness(log), await logs.witness(log)];
  const cloud = logs.cloudWith(all, 1);
  const policy = policyFor(log, { witnesses: all, quorum: 0 });
  const [witness = assert.fail()] = cloud.config.witnessing?.witnesses ?? [];
  const turn = { tenant: log.tenant, witness };
  let before = await served(log, policy);
  const assertForward = async () => {
    const now = await served(log, policy);
    assert.ok(now.size > before.size || (now.size === before.size && now.note.startsWith(before.note)));
    before = now;
  };
  for (const { at, applied, next, last } of [
    { at: 1, applied: false, next: 'cosigned', last: 'not-now' },
    // In the hands of who died, until that is over.
    { at: 1, applied: true, next: 'not-now', last: 'cosigned' },
    { at: 2, applied: false, next: 'not-now', last: 'cosigned' },
    { at: 2, applied: true, next: 'not-now', last: 'not-now' },
  ] as const) {
    await record(cloud, log.tenant, 1);
    await drain(cloud, log.tenant);
    logs.stand.step(LONG_MS);
    await assert.rejects(takeTurn(dying(cloud, { at, applied }), turn), Died);
    await assertForward();
    assert.equal(await takeTurn(cloud, turn), next, `${at} ${applied}`);
    logs.stand.step(LONG_MS);
    assert.equal(await takeTurn(cloud, turn), last, `${at} ${applied}`);
    await assertForward();
    const newest = (await standing(cloud, log)).newest.size;
    assert.deepEqual([before.size, before.names.length], [newest, 1]);
  }
  logs.stand.step(LONG_MS);
  const [, second = assert.fail()] = cloud.config.witnessing?.witnesses ?? [];
  assert.equal(await takeTurn(cloud, { tenant: log.tenant, witness: second }), 'cosigned');
  await assertForward();
  assert.equal(before.names.length, 2);
});

test('all are asked about one checkpoint until enough have cosigned it, though the log grows meanwhile', async () => {
  const log = await logs.newLog();
  const all = [await logs.witness(log), await logs.witness(log)];
  const cloud = logs.cloudWith(all, 2);
  const policy = policyFor(log, { witnesses: all, quorum: 2 });
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++)
    for (const witness of cloud.config.witnessing?.witnesses ?? []) {
      await record(cloud, log.tenant, 1);
      await drain(cloud, log.tenant);
      logs.stand.step(1_000);
      assert.equal(await takeTurn(cloud, { tenant: log.tenant, witness }), 'cosigned');
      sizes.push((await served(log, policy)).size);
    }
  assert.deepEqual(
    sizes.map((size, at) => size > (sizes[at - 1] ?? 0)),
    [false, true, false, true, false, true],
  );
});

test('a policy that asks for more takes nothing back that readers have, and one that asks for less shows more', async () => {
  const log = await logs.newLog();
  const all = [await logs.witness(log), await logs.witness(log)];
  const policy = policyFor(log, { witnesses: all, quorum: 0 });
  const one = logs.cloudWith(all.slice(0, 1), 1);
  await record(one, log.tenant, 3);
  await logs.grow(one, log);
  const shown = await served(log, policy);
  assert.equal(shown.names.length, 1);
  const two = logs.cloudWith(all, 2);
  await (await startSubmitter(two)).stop();
  assert.deepEqual((await served(log, policy)).size, shown.size);
  await all[1]?.stop();
  await record(two, log.tenant, 2);
  await logs.grow(two, log);
  assert.equal((await served(log, policy)).size, shown.size);
  await (await startSubmitter(one)).stop();
  assert.equal((await served(log, policy)).size, shown.size + 2);
  await record(logs.stand.cloud, log.tenant, 1);
  await drain(logs.stand.cloud, log.tenant);
  assert.equal((await served(log, policy)).size, shown.size + 3, 'without witnesses the newest is served');
});

test('a log that does not grow while records wait is told of until it grows, and metrics say the same', async () => {
  const log = await logs.newLog();
  const witness = await logs.witness(log);
  await witness.stop();
  const cloud = logs.cloudWith([witness], 1);
  assert.deepEqual(await logs.grow(cloud, log), ['unreachable']);
  const watch = new Watch(cloud);
  const { registry } = openMetrics(gaugesOf(() => watch.standings));
  await record(cloud, log.tenant, 1);
  await watch.look();
  logs.stand.step(10_000);
  await watch.look();
  assert.ok(!(await kindsOf(cloud, log)).includes('log-stalled'), 'it may still be at it');
  logs.stand.step(300_000);
  assert.ok((await kindsOf(cloud, log)).includes('log-stalled'));
  // What was noted outlives the process that noted it.
  await new Watch(cloud).look();
  await watch.look();
  assert.ok((await kindsOf(cloud, log)).includes('log-stalled'));
  const told = await registry.metrics();
  assert.match(told, /^holdfast_log_stalled 1$/m);
  assert.match(told, /^holdfast_log_conflicts 0$/m);
  assert.match(
    told,
    new RegExp(`^holdfast_log_witness_failing{witness="${witness.name}",reason="unreachable"} 1$`, 'm'),
  );
  await drain(cloud, log.tenant);
  await watch.look();
  assert.ok(!(await kindsOf(cloud, log)).includes('log-stalled'));
  assert.match(await registry.metrics(), /^holdfast_log_stalled 1$/m, 'as it was when the look began');
  await watch.look();
  assert.match(await registry.metrics(), /^holdfast_log_stalled 0$/m);
});
