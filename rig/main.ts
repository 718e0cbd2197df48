/** `holdfast rig`: the virtual cabinet as a process. Its power switch tells the supervisor, which cuts the agent. */
import { systemClock } from '../src/platform/clock.ts';
import { readConfig } from '../src/platform/config.ts';
import { openLog } from '../src/platform/log.ts';
import { runUntilStopped } from '../src/platform/process.ts';
import { rigConfig } from './config.ts';
import { startRig } from './rig.ts';

export async function runRig(given: { config: string }): Promise<number> {
  const config = readConfig(given.config, rigConfig);
  const log = openLog({ name: 'rig', level: 'warn', path: null });
  const rig = await startRig({
    config,
    clock: systemClock,
    log,
    onPower: (on) => void process.send?.({ power: on }),
  });
  return new Promise((resolve) => {
    runUntilStopped(rig, { onStopped: resolve });
  });
}
