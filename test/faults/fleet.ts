/**
 * Several cloud processes over one PostgreSQL and one Mosquitto of an operator, with banks that never stop: what
 * is killed, paused, cut and stopped here is what an estate loses on a bad night.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBrokerFiles } from '../../src/cloud/broker/broker.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { type CloudConfig, cloudConfig } from '../../src/cloud/config.ts';
import { openCore } from '../../src/cloud/core.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { initFiles } from '../../src/cloud/files.ts';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import { smsSend } from '../../src/contract/sms.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { waitFor } from '../../src/up/wait.ts';
import {
  freePort,
  type MosquittoPeer,
  newMosquittoPeer,
  type PostgresPeer,
  startPostgresPeer,
} from '../peers.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/holdfast.ts');
const READY_MS_MAX = 120_000;
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);

/** One `holdfast cloud`. It may be killed by us; by itself it never ends. */
export class CloudProcess {
  readonly httpPort: number;
  readonly #configFile: string;
  #child: ChildProcess | null = null;
  #wanted = false;
  said = '';

  constructor(of: { configFile: string; httpPort: number }) {
    this.#configFile = of.configFile;
    this.httpPort = of.httpPort;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...preloads, PROGRAM, 'cloud', '--config', this.#configFile], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#wanted = true;
    child.stderr?.on('data', (bytes: Buffer) => {
      this.said = (this.said + bytes.toString('utf8')).slice(-4_000);
    });
    let ready = false;
    child.on('message', (message) => {
      if ((message as { ready?: boolean }).ready === true) ready = true;
    });
    await waitFor({
      clock: systemClock,
      what: 'a cloud process to be ready',
      msMax: READY_MS_MAX,
      holds: async () => ready || this.hasDied,
    });
    assert.ok(!this.hasDied, `a cloud process ended at its start:\n${this.said}`);
  }

  /** True when it ended and nobody had asked for it. */
  get hasDied(): boolean {
    return this.#wanted && (this.#child?.exitCode !== null || this.#child.signalCode !== null);
  }

  async kill(): Promise<void> {
    assert.ok(!this.hasDied, `a cloud process had ended by itself:\n${this.said}`);
    await this.end();
  }

  /** At the end of everything, however it stands. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#wanted = false;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  async leasesHeld(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/metrics`);
    const found = /^holdfast_leases_held (\d+)$/m.exec(await answer.text());
    assert.ok(found, 'the metrics say how many banks are served');
    return Number(found[1]);
  }
}

/** Takes every SMS, and remembers how often each reference came. */
export class Gateway {
  readonly taken = new Map<string, number>();
  readonly token = base64url(systemRandom.bytes(24));
  #server: Server | null = null;

  async start(): Promise<string> {
    this.#server = createServer((request, answer) => {
      let body = '';
      request
        .on('data', (part: Buffer) => (body += part.toString()))
        .on('end', () => {
          const { reference } = smsSend.parse(JSON.parse(body));
          this.taken.set(reference, (this.taken.get(reference) ?? 0) + 1);
          answer.writeHead(202, { 'content-type': 'application/json' });
          answer.end(JSON.stringify({ id: reference, reference }));
        });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

export class Fleet {
  readonly dir: string;
  readonly postgres: PostgresPeer;
  readonly mosquitto: MosquittoPeer;
  readonly gateway: Gateway;
  readonly config: CloudConfig;
  readonly processes: CloudProcess[] = [];
  readonly configs: CloudConfig[] = [];
  #cloud: Cloud | null = null;

  private constructor(of: Pick<Fleet, 'dir' | 'postgres' | 'mosquitto' | 'gateway' | 'config'>) {
    this.dir = of.dir;
    this.postgres = of.postgres;
    this.mosquitto = of.mosquitto;
    this.gateway = of.gateway;
    this.config = of.config;
  }

  /** Servers and secrets; the database is empty and no process runs yet. */
  static async prepare(): Promise<Fleet> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
    const [postgres, mosquitto] = await Promise.all([startPostgresPeer(), newMosquittoPeer()]);
    const gateway = new Gateway();
    const passwords = {
      ownerPassword: base64url(systemRandom.bytes(18)),
      appPassword: base64url(systemRandom.bytes(18)),
    };
    await prepareDatabase({ superuserUrl: postgres.url, database: 'holdfast', ...passwords });
    const config = configOf({
      dir,
      owner: urlAs(postgres.url, 'holdfast_owner', passwords.ownerPassword),
      app: urlAs(postgres.url, 'holdfast_app', passwords.appPassword),
      broker: mosquitto.broker,
      sms: { url: await gateway.start(), token: gateway.token },
    });
    const deps = { clock: systemClock, random: systemRandom };
    await initFiles(config, deps);
    await writeBrokerFiles(config, deps);
    await mosquitto.start(join(config.dataDir, 'broker'));
    return new Fleet({ dir, postgres, mosquitto, gateway, config });
  }

  /** Another process, not started yet. */
  async add(): Promise<CloudProcess> {
    const [http, https] = [await freePort(), await freePort()];
    const name = `cloud-${this.processes.length + 1}`;
    const configFile = join(this.dir, `${name}.json`);
    const config: CloudConfig = {
      ...this.config,
      http: { port: http },
      https: { ...this.config.https, port: https },
      logPath: join(this.dir, `${name}.log`),
    };
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
    this.configs.push(config);
    const added = new CloudProcess({ configFile, httpPort: http });
    this.processes.push(added);
    return added;
  }

  /** The cloud's own code in this process, to look and to prepare; it serves no bank. */
  async cloud(): Promise<Cloud> {
    this.#cloud ??= (
      await openCore({ config: this.config, clock: systemClock, random: systemRandom, log: silentLog }, NOUNS)
    ).cloud;
    return this.#cloud;
  }

  assertAlive(): void {
    for (const { hasDied, said } of this.processes)
      assert.ok(!hasDied, `a cloud process ended by itself:\n${said}`);
  }

  /** What waits to be done, and why not yet. */
  async jobs(): Promise<unknown[]> {
    const { database } = await this.cloud();
    const { rows } = await database.pool.query(
      `select task_identifier as task, attempts, locked_by, last_error, extract(epoch from run_at - now()) as due_s
       from graphile_worker.jobs order by run_at`,
    );
    return rows;
  }

  /** What each process wrote last, for the one who has to find out why something did not come. */
  lastWords(): string {
    const tail = ({ logPath }: { logPath: string | null }) =>
      logPath === null ? '' : readFileSync(logPath, 'utf8').split('\n').slice(-40).join('\n');
    return this.configs.map((config) => `${config.logPath}\n${tail(config)}`).join('\n');
  }

  async close(): Promise<void> {
    for (const process of this.processes) await process.end();
    await this.#cloud?.database.close();
    await this.gateway.stop();
    await this.mosquitto.close();
    await this.postgres.close();
    if (process.env.HOLDFAST_KEEP === undefined)
      rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function urlAs(url: string, role: string, password: string): string {
  const at = new URL(url);
  at.username = role;
  at.password = password;
  at.pathname = '/holdfast';
  return at.href;
}

function configOf(of: {
  dir: string;
  owner: string;
  app: string;
  broker: MosquittoPeer['broker'];
  sms: CloudConfig['sms'];
}): CloudConfig {
  const url = 'http://localhost:8080';
  return cloudConfig.parse({
    databaseUrl: of.app,
    ownerDatabaseUrl: of.owner,
    dataDir: join(of.dir, 'cloud'),
    rootKeyFile: join(of.dir, 'root.key'),
    operatorTokenFile: join(of.dir, 'operator.token'),
    http: { port: 0 },
    https: { host: '127.0.0.1', port: 0, hosts: ['localhost', '127.0.0.1'] },
    broker: of.broker,
    offlinePin: null,
    // Nobody here has a mail address.
    mail: { host: '127.0.0.1', port: 9, user: 'x', password: 'x', caPem: 'x', from: 'Holdfast <x@y>' },
    sms: of.sms,
    urls: { resident: `${url}/resident/`, courier: `${url}/courier/`, admin: `${url}/admin/` },
    webDir: null,
    development: true,
    startFile: null,
    logPath: null,
    logLevel: 'info',
  });
}

/** Does something over and over until it is told to stop; a failure comes out at the end. */
export function keepOn(pauseMs: number, run: () => Promise<void>): { stop(): Promise<void> } {
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      await run();
      await sleep(systemClock, pauseMs);
    }
  })();
  // It comes out of `stop`; until then nobody waits for it.
  running.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}
