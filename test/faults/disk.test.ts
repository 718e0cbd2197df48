/**
 * Disks that say no, under the real process: no room, at chance moments and for good, and syncs that fail. A
 * full bank refuses, keeps, stays alive and serves again; a bank whose disk failed stops and is believed only
 * as far as it reads back.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startTestRig, type TestRig } from '../../rig/test-rig.ts';
import type { KioskView } from '../../src/contract/kiosk.ts';
import type { EdgeConfig } from '../../src/edge/config.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { findProgram } from '../../tools/peers.ts';
import { newSite, removeSite, type TestSite } from '../bank.ts';
import { EdgeProcess, inspect, readyBank } from './edge-process.ts';
import { Chance } from './images.ts';
import { People } from './people.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
const chance = new Chance(seed);
const STRACE = findProgram(['strace'], process.env.PATH ?? '');
/** The room is looked at every ten seconds; a loaded machine gets three looks. */
const ROOM_MS_MAX = 35_000;

const sites: TestSite[] = [];
const mounts: string[] = [];
after(() => {
  for (const mount of mounts) execFileSync('umount', ['-l', mount]);
  for (const site of sites) removeSite(site);
});

type Stand = { rig: TestRig; site: TestSite; config: EdgeConfig; people: People };

async function newStand(): Promise<Stand> {
  const rig = await startTestRig();
  const site = await newSite();
  sites.push(site);
  const config = await readyBank(site, { serial: rig.ports.serial, scanner: null });
  return { rig, site, config, people: new People({ rig, site, chance }) };
}

/** Runs the agent so that calls of `call` on `file` fail, the ones that `when` counts. */
function failing(
  { config }: Stand,
  of: { file: string; call: string; error: string; when: string },
): string[] {
  return [
    STRACE ?? '',
    ...['-f', '--seccomp-bpf', '-o', '/dev/null', '-P', join(config.dataDir, of.file)],
    ...['-e', `trace=${of.call}`, '-e', `inject=${of.call}:error=${of.error}:when=${of.when}`],
  ];
}

const isFull = ({ show, message }: KioskView): boolean =>
  (show.screen === 'closed' && show.reason === 'journal-full') || message === 'journal-full';

async function until(what: string, waitMs: number, holds: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + waitMs;
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() < endMs, `${what}; HOLDFAST_SEED=${seed}`);
    await sleep(systemClock, 50);
  }
}

const untilServing = (edge: EdgeProcess) =>
  until('the bank serves again once there is room', ROOM_MS_MAX, async () => {
    assert.ok(!edge.isOver, `the process stays alive:\n${edge.said}`);
    const view = await edge.view();
    return view !== undefined && !isFull(view);
  });

const ofCondition = (records: readonly LedgerRecord[], kind: string) =>
  records.filter((record) => record.kind === kind && record.facts.condition === 'journal').length;

test('no room at a chance moment: refused by name, nothing lost, and served again when there is room', async (t) => {
  if (!STRACE) return t.skip('NOT RUN: strace');
  const stand = await newStand();
  const { site, config, people } = stand;
  const first = 120 + chance.below(250);
  const when = `${first}..${first + 4}`;
  const under = failing(stand, { file: 'journal.sqlite-wal', call: 'pwrite64', error: 'ENOSPC', when });
  const edge = await EdgeProcess.start(site, config, under);
  await edge.up();
  await people.live(edge, isFull);
  assert.ok(!edge.isOver, `the process stays alive:\n${edge.said}`);
  await untilServing(edge);
  const before = people.actions;
  await people.live(edge, (view) => people.actions >= before + 8 && !isFull(view));
  assert.ok(people.actions >= before + 8, 'people go on');
  await edge.kill();
  await inspect(site, config, async (found) => {
    await people.check(found);
    assert.ok(found.records.some(({ kind }) => kind === 'journal.full'));
    assert.equal(ofCondition(found.records, 'alarm.raised'), ofCondition(found.records, 'alarm.ended'));
  });
  t.diagnostic(`writes ${when} failed; ${people.actions} actions, 0 lost; HOLDFAST_SEED=${seed}`);
});

for (const { file, name, when } of [
  { file: 'journal.sqlite-wal', name: 'a commit', when: String(20 + chance.below(60)) },
  { file: 'journal.sqlite', name: 'a checkpoint', when: '1' },
]) {
  test(`a sync of ${name} that fails stops the bank with one sentence; the next start keeps what was answered`, async (t) => {
    if (!STRACE) return t.skip('NOT RUN: strace');
    const stand = await newStand();
    const { site, config, people } = stand;
    // Once only: the next sync says that all is well, as a kernel does, and must not be believed.
    const under = failing(stand, { file, call: 'fsync,fdatasync', error: 'EIO', when });
    const edge = await EdgeProcess.start(site, config, under);
    await edge.up();
    await people.live(edge, () => false);
    const { status } = await edge.ended;
    assert.equal(status, 1, edge.said);
    const lines = edge.said.split('\n').filter((line) => line.includes('journal'));
    assert.equal(lines.length, 1, edge.said);
    assert.match(edge.said, /the journal could not be written: .* see docs\/runbooks\/disk-full\.md/);
    assert.doesNotMatch(edge.said, /^ {4}at /m, 'a sentence, no stack');
    await inspect(site, config, (found) => people.check(found));
    const again = await EdgeProcess.start(site, config);
    await again.up();
    const before = people.actions;
    await people.live(again, () => people.actions > before + 10);
    await again.kill();
    await inspect(site, config, (found) => people.check(found));
    t.diagnostic(`sync ${when} of ${file} failed; ${people.actions} actions, 0 lost; HOLDFAST_SEED=${seed}`);
  });
}

/** A file system of a few MiB under the bank's data, or why there is none. */
function smallFileSystem(stand: Stand): { config: EdgeConfig; ballast: string } | string {
  const mount = join(stand.site.dir, 'small');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', mount], { stdio: 'pipe' });
  } catch (error) {
    return `NOT RUN: a small file system (${(error as Error).message.split('\n').at(-2) ?? 'mount'})`;
  }
  mounts.push(mount);
  const dataDir = join(mount, 'edge');
  cpSync(stand.config.dataDir, dataDir, { recursive: true });
  return {
    config: { ...stand.config, dataDir, journal: { roomMiBMin: 6 } },
    ballast: join(mount, 'ballast'),
  };
}

/** Writes until the file system takes nothing more. */
function fill(ballast: string): void {
  const file = openSync(ballast, 'a');
  for (const bytes of [65_536, 4096, 1]) {
    const block = new Uint8Array(bytes);
    try {
      while (writeSync(file, block) > 0);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ENOSPC');
    }
  }
  closeSync(file);
}

test('a file system that is really full: what is under way is finished, doors are recorded, nothing new begins, a start waits', async (t) => {
  const stand = await newStand();
  const small = smallFileSystem(stand);
  if (typeof small === 'string') return t.skip(small);
  const { rig, site, people } = stand;
  const { config, ballast } = small;
  const edge = await EdgeProcess.start(site, config);
  await edge.up();
  // A courier stands at an open door when the disk fills up to its last byte.
  await people.live(edge, ({ show }) => show.screen === 'drop-off' && show.door.door === 'open');
  fill(ballast);
  await people.live(edge, ({ show }) => show.screen === 'drop-off-done');
  assert.equal(people.deposited.size, 1, 'the drop-off is finished with the reserve');
  const next = await edge.act({ do: 'next-parcel' });
  assert.equal(next?.message, 'journal-full');
  const left = await edge.act({ do: 'leave' });
  assert.deepEqual(left?.show, { screen: 'closed', reason: 'journal-full' });
  const refused = await edge.act({ do: 'scan', text: site.courier.badge });
  assert.equal(refused?.message, 'journal-full');
  // Something eats the reserve as well, and somebody is at a door.
  fill(ballast);
  await rig.ask('/doors/20/pry', undefined, 'POST');
  await sleep(systemClock, 1000);
  await rig.ask('/doors/20/close', undefined, 'POST');
  await sleep(systemClock, 1000);
  const still = await edge.act({ do: 'pin', pin: '123456789' });
  assert.deepEqual([still?.show.screen, still?.message], ['closed', 'journal-full']);
  rmSync(ballast);
  await untilServing(edge);
  await sleep(systemClock, 500);
  await edge.kill();
  await inspect(site, config, ({ records, kept }) => {
    const kinds = records.map(({ kind }) => kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    assert.deepEqual([count('journal.full'), count('parcel.deposited'), count('attempt.counted')], [1, 1, 0]);
    assert.deepEqual([ofCondition(records, 'alarm.raised'), ofCondition(records, 'alarm.ended')], [1, 1]);
    const pried = records.filter(({ compartment }) => compartment === 20).map(({ kind }) => kind);
    assert.deepEqual(
      pried.filter((kind) => kind.startsWith('door.')),
      ['door.forced', 'door.closed'],
    );
    assert.deepEqual(
      Object.values(kept.grant).map(({ issue }) => issue),
      [1],
      'its code was drawn in the end',
    );
  });
  // The power comes back to a disk without a free byte.
  rmSync(join(config.dataDir, 'journal.reserve'));
  fill(ballast);
  const waiting = await EdgeProcess.start(site, config);
  assert.deepEqual((await waiting.up()).show, { screen: 'closed', reason: 'journal-full' });
  rmSync(ballast);
  await untilServing(waiting);
  await waiting.kill();
  await inspect(site, config, ({ records }) => {
    assert.equal(records.filter(({ kind }) => kind === 'agent.started').length, 3);
  });
});
