/**
 * The processes that `up` supervises: cloud, edge and rig, each a program of its own with its own
 * configuration file. A child says `ready` over the IPC channel, stops when told to or when the channel
 * closes, and is started again when it crashes, since start-up and recovery are one path.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { environmentWith } from '../platform/config.ts';
import { Patience } from './patience.ts';
import { goesLater } from './priority.ts';

export type ChildName = 'cloud' | 'edge' | 'rig' | 'signer';

export type ChildSpec = {
  name: ChildName;
  args: readonly string[];
  /** Flags of Node itself, as the permission model's. */
  nodeFlags?: readonly string[];
  /**
   * The folder that it runs in and takes for its home; libraries look for settings from the one up to the
   * other. The program's own when unset.
   */
  cwd?: string;
  /** Whether the others of this machine go first. */
  goesLater?: boolean;
};

export type ChildrenDeps = {
  root: string;
  clock: Clock;
  say(line: string): void;
  onMessage(name: ChildName, message: unknown): void;
};

/**
 * A signal from another process of this user would otherwise open the inspector, and with it everything that
 * the process may do, to whoever can reach loopback.
 */
export const HARDENED = ['--disable-sigusr1'] as const;

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;

type Running = { spec: ChildSpec; process: ChildProcess; wanted: boolean };

export class Children {
  readonly #deps: ChildrenDeps;
  readonly #running = new Map<ChildName, Running>();
  readonly #patience: Patience;
  #stopping = false;

  constructor(deps: ChildrenDeps) {
    this.#deps = deps;
    this.#patience = new Patience(deps.clock);
  }

  /** Starts a child and waits until it says that it is ready. Throws what it said when it ended instead. */
  start(spec: ChildSpec): Promise<void> {
    const { root, clock } = this.#deps;
    const entry = join(root, 'bin', 'holdfast.ts');
    // Detached: Ctrl-C reaches `up` alone, which then stops its children in order.
    const child = spawn(process.execPath, [...HARDENED, ...(spec.nodeFlags ?? []), entry, ...spec.args], {
      cwd: spec.cwd ?? root,
      env: environmentWith(spec.cwd === undefined ? {} : { HOME: spec.cwd }),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    if (spec.goesLater === true && child.pid !== undefined) goesLater(child.pid);
    const running: Running = { spec, process: child, wanted: true };
    this.#running.set(spec.name, running);
    const said = tail(child);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(READY_MS_MAX, () => {
        child.kill('SIGKILL');
        reject(
          new HoldfastError(
            'unavailable',
            `${spec.name} was not ready after ${READY_MS_MAX / 1000} s:\n${said()}`,
          ),
        );
      });
      // It could not even be begun (EAGAIN: too many processes), and then never ends either; or a signal could not be sent.
      child.on('error', (error) => {
        if (child.pid !== undefined) return this.#deps.say(`${spec.name}: ${error.message}`);
        cancel();
        reject(new HoldfastError('unavailable', `${spec.name} cannot be started: ${error.message}`));
      });
      let ready = false;
      child.on('message', (message) => {
        if (!ready && (message as { ready?: boolean }).ready === true) {
          ready = true;
          cancel();
          resolve();
        } else this.#deps.onMessage(spec.name, message);
      });
      child.on('exit', (status, signal) => {
        cancel();
        if (!ready)
          reject(
            new HoldfastError(
              'unavailable',
              `${spec.name} ended with ${signal ?? status} before it was ready:\n${said()}`,
            ),
          );
        else this.#ended(running, said(), `${signal ?? status}`);
      });
    });
  }

  /** Ends a child as a power cut does, and does not start it again by itself. */
  cut(name: ChildName): void {
    const running = this.#running.get(name);
    if (!running) return;
    running.wanted = false;
    running.process.kill('SIGKILL');
  }

  isRunning(name: ChildName): boolean {
    const running = this.#running.get(name);
    if (running?.process.pid === undefined) return false;
    return running.process.exitCode === null && running.process.signalCode === null;
  }

  async stop(name: ChildName): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    running.wanted = false;
    if (!this.isRunning(name)) return;
    const ended = new Promise<void>((resolve) => running.process.once('exit', () => resolve()));
    if (running.process.connected) running.process.send({ do: 'stop' });
    const cancel = this.#deps.clock.after(STOP_MS_MAX, () => running.process.kill('SIGKILL'));
    await ended;
    cancel();
  }

  /** In this order: what depends on others first. */
  async stopAll(order: readonly ChildName[]): Promise<void> {
    this.#stopping = true;
    for (const name of order) await this.stop(name);
  }

  #ended(running: Running, said: string, how: string): void {
    if (!running.wanted || this.#stopping) return;
    const { name } = running.spec;
    this.#again(running, `${name} ended unexpectedly (${how}).${said === '' ? '' : `\n${said}`}`);
  }

  /** One that ends before it is ready again has crashed as well: what it needs may come back a little later. */
  #again(running: Running, why: string): void {
    const { clock, say } = this.#deps;
    const { spec } = running;
    const { pauseMs, crashes } = this.#patience.after();
    say(why);
    if (pauseMs === undefined) {
      say(`${crashes} crashes within a minute: ${spec.name} is left down. Its log says more.`);
      return;
    }
    clock.after(pauseMs, () => {
      if (!running.wanted || this.#stopping) return;
      say(`starting ${spec.name} again`);
      this.start(spec).catch((error: unknown) => {
        const failed = this.#running.get(spec.name);
        if (failed?.wanted && !this.#stopping) this.#again(failed, (error as Error).message);
      });
    });
  }
}

/** Keeps the last of what a child prints, to show it when the child fails. */
function tail(child: ChildProcess): () => string {
  let text = '';
  const keep = (part: Buffer) => {
    text = (text + part.toString('utf8')).slice(-4000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => text.trim();
}
