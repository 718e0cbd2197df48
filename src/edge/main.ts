/** `holdfast edge`: one bank's agent as a process. */
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { openLog } from '../platform/log.ts';
import { runUntilStopped } from '../platform/process.ts';
import { systemRandom } from '../platform/random.ts';
import { startAgent } from './agent.ts';
import { edgeConfig } from './config.ts';

export async function runEdge(given: { config: string }): Promise<number> {
  const config = readConfig(given.config, edgeConfig);
  // Whatever a library creates is its owner's alone.
  process.umask(0o077);
  const log = openLog({ name: 'edge', level: config.logLevel, path: config.logPath });
  return new Promise((resolve, reject) => {
    let life: { fail(error: Error): void } | null = null;
    const onFatal = (error: Error) => {
      log.error('the agent cannot go on', { error: error.message });
      if (life) life.fail(error);
      else reject(error);
    };
    startAgent({ config, clock: systemClock, random: systemRandom, log, onFatal }).then((agent) => {
      log.info('the bank is up', { kiosk: agent.kioskPort, fingerprint: agent.fingerprint });
      life = runUntilStopped(agent, { onStopped: resolve });
    }, reject);
  });
}
