/**
 * The programs of others that some tests need. A newcomer may lack them: then those tests say so and the
 * rest runs. On a build machine (`CI=true`) a missing one is a failure, for a test that did not run proves
 * nothing.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

type Peer = { name: string; programs: readonly string[]; debian: string };

export const PEERS: readonly Peer[] = [
  { name: 'chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium' },
  { name: 'mosquitto', programs: ['mosquitto'], debian: 'mosquitto' },
  { name: 'postgresql', programs: ['pg_ctl'], debian: 'postgresql' },
  { name: 'openssl', programs: ['openssl'], debian: 'openssl' },
  { name: 'strace', programs: ['strace'], debian: 'strace' },
  { name: 'systemd', programs: ['systemd-analyze'], debian: 'systemd' },
];

/** Scanners, for the long tier only. */
export const LONG_PEERS: readonly Peer[] = [
  { name: 'testssl', programs: ['testssl', 'testssl.sh'], debian: 'testssl.sh' },
  { name: 'sqlmap', programs: ['sqlmap'], debian: 'sqlmap' },
  { name: 'wapiti', programs: ['wapiti'], debian: 'wapiti' },
];

/** What makes the image of a container, for the long tier only. */
export const IMAGE_PEERS: readonly Peer[] = [
  { name: 'buildah', programs: ['buildah'], debian: 'buildah' },
  { name: 'mmdebstrap', programs: ['mmdebstrap'], debian: 'mmdebstrap' },
];

/** Daemons stand in folders that an ordinary user's PATH leaves out; Debian keeps each PostgreSQL in its own. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const POSTGRESQL = '/usr/lib/postgresql/*/bin';

export function findProgram(names: readonly string[], path: string): string | undefined {
  const folders = [
    ...path.split(delimiter).filter((folder) => folder !== ''),
    ...MORE_FOLDERS,
    ...globSync(POSTGRESQL).sort().reverse(),
  ];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function missingPeers(peers: readonly Peer[] = PEERS): Peer[] {
  return peers.filter(({ programs }) => !findProgram(programs, process.env.PATH ?? ''));
}

/** Installs what is missing where we may (root on Debian), and gives back what is still missing. */
export async function preparePeers(peers: readonly Peer[] = PEERS): Promise<Peer[]> {
  const missing = missingPeers(peers);
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (missing.length === 0 || !mayInstall) return missing;
  const packages = missing.map(({ debian }) => debian);
  console.log(`peers: installing ${packages.join(', ')} with apt-get`);
  const isDone =
    (await aptGet(['update'])) && (await aptGet(['install', '-y', '--no-install-recommends', ...packages]));
  if (!isDone) console.log('peers: apt-get failed; what it said last stands above');
  return missingPeers(peers);
}

async function aptGet(args: readonly string[]): Promise<boolean> {
  // RUNLEVEL=1 keeps a package's daemon from being started: tests start their own, on ports of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const startedAtMs = performance.now();
  const seconds = (): string => ((performance.now() - startedAtMs) / 1000).toFixed(0);
  const child = spawn('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  const keep = (bytes: unknown): void => {
    tail = (tail + String(bytes)).slice(-2_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ticker = setInterval(() => console.log(`peers: apt-get ${args[0]} … ${seconds()} s`), 10_000);
  const status = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  clearInterval(ticker);
  if (status !== 0) console.log(tail.trimEnd());
  return status === 0;
}
