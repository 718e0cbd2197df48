/**
 * Has each tenant's log grow while the cloud runs. What was told (a change was committed) only makes it sooner:
 * every half second each log is asked whether something waits, so a message that was lost costs that long.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { traceOf } from '../http/http.ts';
import { allTenants } from '../tenants/tenants.ts';
import { drain } from './sequencer.ts';
import * as store from './store.ts';

const POLL_MS = 500;
/** Records that come one soon after another share a checkpoint. */
const GATHER_MS = 100;

export type Sequencer = {
  /** Something of a tenant was committed. */
  poke(): void;
  /** Finishes what it is at. */
  stop(): Promise<void>;
};

export function startSequencer(cloud: Cloud): Sequencer {
  const log = cloud.log.child('log');
  /** Whose last round did not end well: what it left may not show as work. */
  const unsettled = new Set<TenantId>();
  let isFirst = true;
  let isStopped = false;
  let poked = false;
  let wake = (): void => undefined;

  async function round(): Promise<void> {
    for (const tenant of await allTenants(cloud)) {
      if (isStopped) return;
      try {
        if (!isFirst && !unsettled.has(tenant) && !(await cloud.database.read(tenant, store.hasWork)))
          continue;
        await drain(cloud, tenant);
        unsettled.delete(tenant);
      } catch (error) {
        unsettled.add(tenant);
        log.error('a log did not grow; it is tried again', { tenant, ...traceOf(error) });
      }
    }
    isFirst = false;
  }

  /** Ends early when somebody wakes it. */
  function pause(ms: number): Promise<void> {
    if (isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = cloud.clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      poked = false;
      await round().catch((error: unknown) => log.warn('no log was asked', traceOf(error)));
      if (!poked) await pause(POLL_MS);
      if (poked) await pause(GATHER_MS);
    }
  }

  const running = run();
  return {
    poke() {
      if (poked) return;
      poked = true;
      wake();
    },
    async stop() {
      isStopped = true;
      wake();
      await running;
    },
  };
}
