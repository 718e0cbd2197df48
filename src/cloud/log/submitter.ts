/**
 * Has each tenant's log cosigned while the cloud runs, beside the sequencer and never in its way: a witness that is
 * down, slow or lying costs a connection to it and nothing else. Beside that it looks whether logs grow, and keeps
 * the numbers that metrics show.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { Cloud } from '../deps.ts';
import { traceOf } from '../http/http.ts';
import { allTenants } from '../tenants/tenants.ts';
import type { WitnessConfig } from '../witnessing.ts';
import { keysOf } from './keys.ts';
import { policyOf, witnessesOf } from './policy.ts';
import { type LogStanding, standingOf } from './standing.ts';
import * as store from './store.ts';
import { dueMsMax, showAgreed, takeTurn } from './submit.ts';
import { dueWitnesses } from './witness-store.ts';

const POLL_MS = 500;
const WATCH_MS = 5_000;
/** So many turns of one process at a time; what stays due comes with the next look. */
const TURNS_MAX = 16;

export type Submitter = {
  /** How the logs of all tenants stood when they were last looked at. */
  standings(): readonly LogStanding[];
  /** Finishes what it is at. */
  stop(): Promise<void>;
};

/** Throws when the policy of the configuration is none: a start without it would show what nobody witnessed. */
export async function startSubmitter(cloud: Cloud): Promise<Submitter> {
  policyOf(cloud, { origin: 'start', key: cloud.ledger.key.publicKey });
  for (const tenant of await allTenants(cloud))
    await cloud.database.tenant(tenant, (tx) => settlePolicy(cloud, tx));
  const log = cloud.log.child('witnesses');
  const turns = new Turns(cloud, log);
  const watch = new Watch(cloud);
  let isStopped = false;
  let wake = (): void => undefined;

  function pause(): Promise<void> {
    if (isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = cloud.clock.after(POLL_MS, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    let watchedAtMs = Number.NEGATIVE_INFINITY;
    while (!isStopped) {
      const nowMs = cloud.clock.monotonicMs();
      const looks = nowMs - watchedAtMs >= WATCH_MS;
      if (looks) watchedAtMs = nowMs;
      await turns.begin().catch((error: unknown) => log.warn('no witness was asked', traceOf(error)));
      if (looks)
        await watch.look().catch((error: unknown) => log.warn('no log was looked at', traceOf(error)));
      await pause();
    }
    await turns.ended();
  }

  const running = run();
  return {
    standings: () => watch.standings,
    async stop() {
      isStopped = true;
      wake();
      await running;
    },
  };
}

/** The turns of this process that are under way, at most one a witness and log. */
class Turns {
  readonly #cloud: Cloud;
  readonly #log: Log;
  readonly #under = new Map<string, Promise<void>>();

  constructor(cloud: Cloud, log: Log) {
    this.#cloud = cloud;
    this.#log = log;
  }

  /** Begins those that are due, and waits for none of them. */
  async begin(): Promise<void> {
    const all = witnessesOf(this.#cloud);
    if (all.length === 0) return;
    const { clock, database } = this.#cloud;
    const vkeys = all.map(({ vkey }) => vkey);
    for (const tenant of await allTenants(this.#cloud)) {
      const of = { vkeys, nowMs: clock.nowMs(), untilMs: dueMsMax(this.#cloud) };
      const due = await database.read(tenant, (tx) => dueWitnesses(tx, of));
      for (const witness of all) {
        const key = `${tenant} ${witness.vkey}`;
        if (!due.includes(witness.vkey) || this.#under.has(key) || this.#under.size >= TURNS_MAX) continue;
        const turn = this.#take(tenant, witness).finally(() => this.#under.delete(key));
        this.#under.set(key, turn);
      }
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#under.values());
  }

  async #take(tenant: TenantId, witness: WitnessConfig): Promise<void> {
    const about = { tenant, witness: witness.name };
    try {
      const turned = await takeTurn(this.#cloud, { tenant, witness });
      if (turned === 'conflict')
        this.#log.error('a witness says that a log contradicts what it remembers', about);
      else if (turned !== 'not-now' && turned !== 'cosigned')
        this.#log.warn('a witness did not cosign', { ...about, why: turned });
    } catch (error) {
      this.#log.error('a log was not cosigned; it is tried again', { ...about, ...traceOf(error) });
    }
  }
}

/** A policy that asks for less, or for others, is content with what was cosigned before. */
async function settlePolicy(cloud: Cloud, tx: Parameters<typeof store.lockLog>[0]): Promise<void> {
  const log = await store.lockLog(tx);
  if (!log) return;
  const { first, successors } = await keysOf(tx, log);
  for (const { publicKey } of [first, ...successors.map(({ key }) => key)])
    policyOf(cloud, { origin: log.origin, key: publicKey });
  await showAgreed(cloud, tx, log.generation);
}

/** Finds logs that have work and do not get larger. */
export class Watch {
  standings: readonly LogStanding[] = [];
  readonly #cloud: Cloud;
  /** The size at which work was seen at the last look. */
  readonly #seen = new Map<TenantId, { size: number; atMs: number }>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  async look(): Promise<void> {
    const { database } = this.#cloud;
    const standings: LogStanding[] = [];
    for (const tenant of await allTenants(this.#cloud)) {
      const [standing, waits] = await database.read(tenant, (tx) =>
        Promise.all([standingOf(this.#cloud, tx), store.hasWork(tx)]),
      );
      if (!standing) continue;
      standings.push(standing);
      await this.#note(tenant, { size: standing.newest.size, waits, sinceMs: standing.waitsSinceMs });
    }
    this.standings = standings;
  }

  /** One look finds work in every log that is in use; two with the same size between them find one that stands. */
  async #note(
    tenant: TenantId,
    { size, waits, sinceMs }: { size: number; waits: boolean; sinceMs: number | null },
  ): Promise<void> {
    const before = this.#seen.get(tenant);
    const stands = waits && before?.size === size;
    if (!waits) this.#seen.delete(tenant);
    else if (!stands) this.#seen.set(tenant, { size, atMs: this.#cloud.clock.nowMs() });
    // What another process noted stays while it is true: a process that began just now has not seen two sizes yet.
    if (waits && before === undefined) return;
    const next = stands ? (sinceMs ?? before?.atMs ?? null) : null;
    if (next === sinceMs) return;
    await this.#cloud.database.tenant(tenant, async (tx) => {
      const log = await store.currentLog(tx);
      if (log) await store.setWaits(tx, { generation: log.generation, sinceMs: next });
      await this.#cloud.changed(tx, ['attention']);
    });
  }
}
