/** Kills of one bank's process at random moments, with people at its kiosk all the while. */
import assert from 'node:assert/strict';
import { startTestRig } from '../../rig/test-rig.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { newSite, removeSite } from '../bank.ts';
import { EdgeProcess, inspect, readyBank } from './edge-process.ts';
import { Chance } from './images.ts';
import { People } from './people.ts';

/** From the first answer of the kiosk to the kill, at most. */
const LIFE_MS_MAX = 2000;

export type KillTally = {
  kills: number;
  deposited: number;
  collected: number;
  records: number;
  actions: number;
  resumed: number;
};

export async function killAtRandom(of: { kills: number; seed: number }): Promise<KillTally> {
  const rig = await startTestRig();
  const site = await newSite();
  const chance = new Chance(of.seed);
  try {
    const config = await readyBank(site, { serial: rig.ports.serial, scanner: null });
    const people = new People({ rig, site, chance });
    let tally = { records: 0, resumed: 0 };
    for (let kill = 1; kill <= of.kills; kill++) {
      const edge = await EdgeProcess.start(site, config);
      // One in eight does not live to answer anything: the power comes and goes.
      const early = chance.below(8) === 0;
      if (!early) await edge.up();
      const living = early ? Promise.resolve() : people.live(edge, () => false);
      await sleep(systemClock, chance.below(LIFE_MS_MAX));
      assert.ok(!edge.isOver, `kill ${kill}: the process had ended by itself:\n${edge.said}`);
      await edge.kill();
      await living;
      const what = `kill ${kill} of ${of.kills}, HOLDFAST_SEED=${of.seed}`;
      tally = await inspect(site, config, async (found) => {
        await people.check(found).catch((error: unknown) => {
          throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
        });
        const resumed = found.records.filter(({ kind }) => kind === 'session.resumed').length;
        return { records: found.records.length, resumed };
      });
    }
    const { deposited, collected, actions } = people;
    return { kills: of.kills, deposited: deposited.size, collected: collected.size, actions, ...tally };
  } finally {
    removeSite(site);
  }
}
