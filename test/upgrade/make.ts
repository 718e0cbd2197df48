/**
 * Makes a state for later versions to open: a whole system of this very checkout is started on an own PostgreSQL,
 * one parcel goes in and out, another goes in and stays, and then everything is stopped and kept. Usage:
 *
 *   node_modules/.bin/node test/upgrade/make.ts NAME "WHAT THIS VERSION WAS"
 *
 * Debian's PostgreSQL has to be there, for its `pg_dump`.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { readRootPublic } from '../../src/signer/root.ts';
import { findProgram } from '../../tools/peers.ts';
import { startPostgresPeer } from '../peers.ts';
import { ROOT, type Site, startSite } from '../site.ts';
import { type About, type Known, writeState } from './state.ts';

const COLLECTED = '1Z999AA10123456784';
const WAITING = 'JD014600006281230701';
/** Of the data folder: what a machine of the cloud, a cabinet, and the rig hold. The site root stays away. */
const KEPT = ['cloud', 'edge', 'seal', 'rig'];
/** Written anew at every start, or room that a journal only sets aside. */
const LEFT_OUT =
  /^((cloud|edge|rig)\/config\.json|cloud\/start\.json|cloud\/broker\/|edge\/bank\/journal\.reserve)/;

async function bringParcels({ people, seeded }: Site): Promise<{ pinUsed: string; pin: string; n: number }> {
  const { resident } = seeded.signIns;
  const bring = async (tracking: string) => {
    const beganMs = systemClock.nowMs();
    await people.courierSignsIn();
    const n = await people.dropsOff({ tracking, flat: resident.flat, size: 'M' });
    await people.act({ do: 'leave' });
    const { pin } = await people.pinFrom('sms', resident.phone, beganMs);
    await people.pinFrom('email', resident.email, beganMs);
    return { n, pin };
  };
  const first = await bring(COLLECTED);
  await people.picksUp(first.pin);
  await people.act({ do: 'leave' });
  const second = await bring(WAITING);
  return { pinUsed: first.pin, pin: second.pin, n: second.n };
}

/** As `--inserts`, so that any client can put it back, and without the lines that only `psql` reads. */
function dump(url: string): string {
  const program = join(dirname(findProgram(['pg_ctl'], '') ?? ''), 'pg_dump');
  const args = ['--inserts', '--rows-per-insert=100', '--encoding=UTF8', '--dbname', url];
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64_000_000 })
    .split('\n')
    .filter((line) => !line.startsWith('\\'))
    .join('\n');
}

function filesIn(data: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const top of KEPT.filter((name) => readdirSync(data).includes(name)))
    for (const entry of readdirSync(join(data, top), { recursive: true, encoding: 'utf8' })) {
      const path = join(top, entry);
      if (LEFT_OUT.test(path) || !statSync(join(data, path)).isFile()) continue;
      files.set(path, new Uint8Array(readFileSync(join(data, path))));
    }
  return files;
}

async function main([name, says]: string[]): Promise<void> {
  if (name === undefined || says === undefined) throw new Error('say a name, and what this version was');
  const peer = await startPostgresPeer();
  const url = new URL(peer.url);
  url.pathname = '/holdfast';
  const site = await startSite({ own: { databaseUrl: peer.url } });
  try {
    const { pin, pinUsed, n } = await bringParcels(site);
    await site.drained();
    await site.system.stop();
    const root = await readRootPublic(site.system.places.root);
    const known: Known = { seeded: site.seeded, pin, pinUsed, rootKey: root?.key ?? '' };
    const about: About = {
      says,
      commit: execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
        cwd: ROOT,
        encoding: 'utf8',
      }).trim(),
      madeAtMs: systemClock.nowMs(),
      waiting: { compartment: n, tracking: WAITING },
      collected: { tracking: COLLECTED },
    };
    writeState({ name, about, sql: dump(url.href), known, files: filesIn(site.data) });
  } finally {
    await site.system.stop();
    await peer.close();
    rmSync(site.data, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main(process.argv.slice(2));
