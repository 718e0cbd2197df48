/**
 * The whole system for tests: what `npm start` runs, on a data folder and ports of its own, with the people
 * who use it. Every journey ends in `checkSite()`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiptSchema, verifyReceipt } from '../src/ledger/receipt.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { readRootPublic } from '../src/signer/root.ts';
import { compareJournals } from '../src/up/audit.ts';
import { edgeSpec, type SystemConfig } from '../src/up/configs.ts';
import { readSeeded, type Seeded } from '../src/up/kept.ts';
import { People } from '../src/up/people.ts';
import { type OwnServers, type System, startSystem } from '../src/up/system.ts';
import { waitFor } from '../src/up/wait.ts';

export const ROOT = join(import.meta.dirname, '..');
const BLOCK = 16;
/** Above 10080, which browsers refuse to visit (Fetch, section 2.9), as they refuse those below 6700. */
const BASE_MIN = 10_240;
/** From here on Linux gives ports to whoever asks for any (ip(7), ip_local_port_range). */
const EPHEMERAL_MIN = 32_768;

export type StartSite = {
  before?: { data: string; base: number };
  /** Servers that run elsewhere, in place of the embedded ones. */
  own?: OwnServers;
};

export type Site = {
  system: System;
  people: People;
  seeded: Seeded;
  data: string;
  /** What `npm start` would have printed so far. */
  said: readonly string[];
  /** Waits until the cloud has committed everything that the bank has written. */
  drained(): Promise<void>;
  checkSite(): Promise<void>;
  stop(): Promise<void>;
};

/** A new one, or one that ran before and was stopped, on the folder and ports that it had. */
export async function startSite({ before, own = {} }: StartSite = {}): Promise<Site> {
  const data = before?.data ?? mkdtempSync(join(tmpdir(), 'holdfast-site-'));
  const base = before?.base ?? (await freeBase());
  const lines: string[] = [];
  const system = await startSystem({
    root: ROOT,
    data,
    base,
    fresh: false,
    clock: systemClock,
    say: (line) => lines.push(line),
    own,
  });
  const seeded = readSeeded(system.places);
  const people = new People({ ports: system.ports, signIns: seeded.signIns, clock: systemClock });
  const site: Site = {
    system,
    people,
    seeded,
    data,
    said: lines,
    drained: () => drained(site),
    checkSite: () => checkSite(site),
    async stop() {
      await system.stop();
      if (process.env.HOLDFAST_KEEP === undefined)
        rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return site;
}

type Health = { lastSeq: number; acknowledgedSeq: number };

async function drained({ system }: Site): Promise<void> {
  const holds = async () => {
    const answer = await fetch(`http://127.0.0.1:${system.ports.kiosk}/api/health`);
    const health = (await answer.json()) as Health;
    return health.lastSeq === health.acknowledgedSeq;
  };
  await waitFor({ clock: systemClock, what: 'the cloud to have every record', msMax: 30_000, holds });
}

/**
 * Ledger, custody and compartments, re-verified from the bytes: by the cloud's own check in a process of its
 * own, by each parcel's receipt against the site root, and by the bank's journal on its disk against the
 * cloud's copy.
 */
async function checkSite(site: Site): Promise<void> {
  const { system, people, seeded } = site;
  await site.drained();
  checkCloud(system);
  await people.adminSignsIn();
  const root = await readRootPublic(system.places.root);
  const { items } = (await people.admin('/parcels?limit=200')) as { items: { id: string }[] };
  for (const { id } of items) {
    const receipt = receiptSchema.parse(await people.admin(`/parcels/${id}/receipt`));
    const { holds, verdicts } = verifyReceipt(receipt, {
      site: seeded.site,
      rootKeys: [root?.key ?? ''],
      k: 1,
    });
    assert.ok(holds, JSON.stringify(verdicts.filter((verdict) => !verdict.holds)));
  }
  await compareCompartments(site);
  const copy = await people.journalOf(seeded.bank.id);
  await system.children.stop('edge');
  const compared = compareJournals({
    edgeDir: join(system.places.edge, 'bank'),
    bank: seeded.bank.id,
    cloudCopy: copy,
  });
  assert.ok(compared.holds, compared.says);
  assert.ok(compared.records > 0);
  await system.children.start(edgeSpec({ root: ROOT, places: system.places } as SystemConfig));
}

function checkCloud(system: System): void {
  const config = join(system.places.cloud, 'config.json');
  const run = spawnSync(
    process.execPath,
    [join(ROOT, 'bin', 'holdfast.ts'), 'cloud', 'check', '--config', config],
    { encoding: 'utf8', cwd: ROOT },
  );
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
}

/** What the cloud shows of each door is what the bank itself says, and what lies in the metal. */
async function compareCompartments({ system, people, seeded }: Site): Promise<void> {
  const detail = (await people.admin(`/banks/${seeded.bank.id}`)) as {
    doors: { n: number; state: string; door: string }[];
  };
  const answer = await fetch(`http://127.0.0.1:${system.ports.rig}/doors`);
  const metal = (await answer.json()) as { n: number; door: string; parcels: string[] }[];
  for (const { n, state, door } of detail.doors) {
    const steel = metal.find((candidate) => candidate.n === n);
    assert.equal(
      steel?.parcels.length ?? 0,
      state === 'occupied' || state === 'held' ? 1 : 0,
      `door ${n} is ${state}`,
    );
    if (door !== 'unknown') assert.equal(door, steel?.door, `door ${n}`);
  }
}

/**
 * A block of ports that nobody has now; drawn, so that two test files rarely meet, and below the ephemeral ones, so
 * that no connection of anybody takes one between the look and the start.
 */
export async function freeBase(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const base = BASE_MIN + BLOCK * systemRandom.below((EPHEMERAL_MIN - BASE_MIN) / BLOCK);
    const free = await Promise.all(Array.from({ length: BLOCK }, (_, index) => isFree(base + index)));
    if (free.every((one) => one)) return base;
  }
  throw new Error('no free block of ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve(true)));
  });
}
