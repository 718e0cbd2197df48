/** A tenant's log in a real database with witnesses of its own: each a process as an auditor runs it, or in this one. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOUNS } from '../../src/cloud/cloud.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { createLog, drain, takeTurn } from '../../src/cloud/log/log.ts';
import { createTenant } from '../../src/cloud/tenants/tenants.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { type Witnessing, witnessing } from '../../src/cloud/witnessing.ts';
import type { TenantId } from '../../src/domain/ids.ts';
import { type LogPolicy, readPolicy } from '../../src/ledger/log/policy.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { makeWitness } from '../../src/witness/key.ts';
import { startWitness } from '../../src/witness/main.ts';
import { ROOT } from '../site.ts';

const PROGRAM = join(ROOT, 'bin/holdfast.ts');
/** What this process was preloaded with, a sabotage for one, its children are preloaded with as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);
const PAUSE_MS = 100;
export const ALARM_MS = 60_000;
/** Longer than any pause, backoff or claim. */
export const LONG_MS = 70_000;

export type TestWitness = {
  name: string;
  vkey: string;
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
};
export type TestLogOf = { tenant: TenantId; origin: string; vkey: string };

export class CosignedLogs {
  readonly stand: Stand;
  readonly #home = mkdtempSync(join(tmpdir(), 'holdfast-cosigned-'));
  readonly #ends = new Set<() => Promise<void>>();
  #folders = 0;

  private constructor(stand: Stand) {
    this.stand = stand;
  }

  static async open(): Promise<CosignedLogs> {
    return new CosignedLogs(await openStand(NOUNS));
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.stand.close();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async newLog(): Promise<TestLogOf> {
    const { cloud } = this.stand;
    const tenant = await createTenant(cloud);
    const origin = await createLog(cloud, {
      tenant,
      host: 'ledger.example.org',
      succeeds: false,
      open: true,
    });
    const key = { type: 'signature', name: origin, publicKey: cloud.ledger.key.publicKey } as const;
    return { tenant, origin, vkey: vkeyText(key) };
  }

  /** Its port stays the same over stops, as an auditor's does. */
  async witness(log: TestLogOf, as: 'process' | 'here' = 'here'): Promise<TestWitness> {
    this.#folders += 1;
    const name = `w${this.#folders}`;
    const folder = join(this.#home, name);
    mkdirSync(folder);
    const { vkey, statePath } = makeWitness({ name: `witness.example/${name}`, path: join(folder, 'key') });
    const config = {
      keyFile: join(folder, 'key'),
      stateFile: statePath,
      http: { host: '127.0.0.1', port: 0 },
      logs: [log.vkey],
      successions: [],
      logPath: null,
      logLevel: 'info' as const,
    };
    let end = async (): Promise<void> => undefined;
    const witness: TestWitness = {
      ...{ name, vkey, url: '' },
      start: async () => {
        const started = as === 'here' ? await startHere(config) : await startProcess(folder, config);
        config.http.port = started.port;
        witness.url = `http://127.0.0.1:${started.port}`;
        end = started.stop;
        this.#ends.add(end);
      },
      stop: async () => {
        this.#ends.delete(end);
        await end();
      },
    };
    await witness.start();
    return witness;
  }

  cloudWith(witnesses: readonly TestWitness[], quorum: number): Cloud {
    const { cloud } = this.stand;
    const asked = witnesses.map(({ name, vkey, url }) => ({ name, vkey, url }));
    const parsed: Witnessing = witnessing.parse({
      ...{ pauseMs: PAUSE_MS, alarmAfterMs: ALARM_MS },
      ...{ witnesses: asked, quorum },
    });
    return { ...cloud, config: { ...cloud.config, witnessing: parsed } };
  }

  /** Everything that waits gets an index, and then each witness its turn, when all have rested long enough. */
  async grow(cloud: Cloud, { tenant }: TestLogOf): Promise<string[]> {
    await drain(cloud, tenant);
    this.stand.step(LONG_MS);
    const turned: string[] = [];
    for (const witness of cloud.config.witnessing?.witnesses ?? [])
      turned.push(await takeTurn(cloud, { tenant, witness }));
    return turned;
  }
}

export function policyFor(
  log: TestLogOf,
  of: { witnesses: readonly TestWitness[]; quorum: number },
): LogPolicy {
  const witnesses = of.witnesses.map(({ vkey }) => vkey);
  const policy = readPolicy({ origin: log.origin, logs: [log.vkey], witnesses, quorum: of.quorum });
  assert.ok(policy.ok);
  return policy.value;
}

type Started = { port: number; stop(): Promise<void> };
type Config = Parameters<typeof startWitness>[0]['config'];

async function startHere(config: Config): Promise<Started> {
  const onFatal = (error: Error) => assert.fail(error);
  return startWitness({ config, clock: systemClock, log: silentLog, onFatal });
}

/** `holdfast witness`, ended by SIGKILL as a machine without power ends it. */
async function startProcess(folder: string, config: Config): Promise<Started> {
  const file = join(folder, 'witness.json');
  writeFileSync(file, JSON.stringify(config));
  const args = [...preloads, PROGRAM, 'witness', '--config', file];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (part: Buffer) => {
      said += part.toString('utf8');
      const [, found] = /"port":(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('exit', () => reject(new Error(`the witness did not start: ${said}`)));
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { port, stop };
}
