/** One machine of the matrix: a checkout, a user, a Node; and `npm start` in it, as from a terminal of its own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

export type Machine = {
  home: string;
  checkout: string;
  /** Null: as ourselves. */
  user: { uid: number; gid: number } | null;
  /** Put first on the PATH; null: the Node of this machine. */
  nodeDir: string | null;
};

/** Debian's `daemon`: it has an entry in the list of users, which PostgreSQL asks for, and no rights. */
export const ORDINARY = { uid: 1, gid: 1 };

/** npm ends by the signal itself. */
const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

const LOOK_MS = 100;
const STOP_MS_MAX = 30_000;

/** Through which proxy this machine reaches a registry, and whose certificates it believes on the way. */
const WAY_OUT =
  /^(NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(https?|no)_proxy|npm_config_(cafile|(https?-?|no)proxy))$/i;

/** Nothing of our own surroundings but the way to programs and to the registry that this machine uses. */
function environment({ home, nodeDir }: Machine): Record<string, string> {
  const path = process.env.PATH ?? '';
  const wayOut = Object.entries(process.env).filter(([name]) => WAY_OUT.test(name));
  const registry = spawnSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    cwd: '/',
  }).stdout.trim();
  return {
    HOME: home,
    PATH: nodeDir === null ? path : `${nodeDir}:${path}`,
    LANG: 'C.UTF-8',
    npm_config_registry: registry,
    ...(Object.fromEntries(wayOut) as Record<string, string>),
  };
}

function asUser({ user }: Machine, command: readonly string[]): readonly string[] {
  if (!user) return command;
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--', ...command];
}

export function run({ machine, command }: { machine: Machine; command: readonly string[] }): {
  status: number | null;
  output: string;
} {
  const [program = '', ...args] = asUser(machine, command);
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: machine.checkout,
    env: environment(machine),
    encoding: 'utf8',
    timeout: 400_000,
  });
  return { status, output: stdout + stderr };
}

export type Running = {
  output(): string;
  said(what: RegExp, msMax: number): Promise<void>;
  /** The start page, the kiosk and the cloud say that they are well. */
  answers(base: number): Promise<void>;
  /** Ctrl-C, to everything in the terminal's foreground. */
  ends(words: RegExp): Promise<void>;
};

export function begin({
  machine,
  args,
  wrap = [],
}: {
  machine: Machine;
  args: readonly string[];
  wrap?: readonly string[];
}): Running {
  const [program = '', ...rest] = asUser(machine, [...wrap, 'npm', 'start', '--', ...args]);
  const child = spawn(program, rest, {
    cwd: machine.checkout,
    env: environment(machine),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8');
    });
  const running: Running = {
    output: () => output,
    async said(what, msMax) {
      for (let left = msMax; !what.test(output); left -= LOOK_MS) {
        if (left < 0 || hasEnded(child)) {
          endAll(child);
          assert.fail(`never said ${what}:\n${output}`);
        }
        await pause(LOOK_MS);
      }
    },
    async answers(base) {
      for (const [port, path] of [
        [base, '/'],
        [base + 2, '/api/health'],
      ] as const)
        assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 200, `${path} of ${port}`);
    },
    async ends(words) {
      endAll(child);
      for (let left = STOP_MS_MAX; !hasEnded(child); left -= LOOK_MS) {
        assert.ok(left > 0, `did not end:\n${output}`);
        await pause(LOOK_MS);
      }
      assert.match(output, words);
    },
  };
  return running;
}

function endAll(child: ChildProcess): void {
  if (child.pid !== undefined && !hasEnded(child)) process.kill(-child.pid, 'SIGINT');
}
