/**
 * Has each tenant's log grow while the cloud runs. Commits wake it: whatever changes something says so when it commits
 * (`Cloud.changed`), and names the tenant. That only makes it sooner: every half second each log is asked whether
 * something waits, so a message that was lost costs that long.
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
  poke(tenant: TenantId): void;
  /** Finishes what it is at. */
  stop(): Promise<void>;
};

export function startSequencer(cloud: Cloud): Sequencer {
  const log = cloud.log.child('log');
  const { clock } = cloud;
  /** Whose last round did not end well: what it left may not show as work. */
  const unsettled = new Set<TenantId>();
  /** Who committed something that has not been looked at. */
  const poked = new Set<TenantId>();
  let isFirst = true;
  let isStopped = false;
  let wake = (): void => undefined;

  async function round(tenants: readonly TenantId[]): Promise<void> {
    for (const tenant of tenants) {
      if (isStopped) return;
      // Before it is looked at: what is committed from here on is looked at again.
      poked.delete(tenant);
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
    let allAtMs = Number.NEGATIVE_INFINITY;
    while (!isStopped) {
      const isDue = clock.monotonicMs() - allAtMs >= POLL_MS;
      if (isDue) allAtMs = clock.monotonicMs();
      try {
        await round(isDue ? await allTenants(cloud) : [...poked]);
        if (isDue) isFirst = false;
      } catch (error) {
        log.warn('no log was asked', traceOf(error));
      }
      if (poked.size === 0) await pause(Math.max(0, allAtMs + POLL_MS - clock.monotonicMs()));
      if (poked.size > 0) await pause(GATHER_MS);
    }
  }

  const running = run();
  return {
    poke(tenant) {
      const wasQuiet = poked.size === 0;
      poked.add(tenant);
      if (wasQuiet) wake();
    },
    async stop() {
      isStopped = true;
      wake();
      await running;
    },
  };
}
