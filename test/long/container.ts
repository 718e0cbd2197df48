/**
 * Makes the image of deploy/Containerfile without any registry of images, and runs it as docs/install.md says: the
 * two bases are made of Debian's packages and of the Node that runs us, under the names that the file asks for; the
 * build is buildah's. What runs is a process of its own in the kernel's own walls, for a supervisor of containers
 * wants a machine that it may arrange, and the walls are the same.
 */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../tools/peers.ts';
import { readContainerfile } from '../deploy/containerfile.ts';
import { ROOT } from '../site.ts';

const FILE = join(ROOT, 'deploy/Containerfile');
const IMAGE = 'localhost/holdfast:test';
const PROGRAMS = ['buildah', 'mmdebstrap', 'unshare', 'npm'] as const;
const OUTPUT_MAX = 64_000_000;

/** Why no image can be made here; false when it can. */
export const missingBuilder: string | false =
  process.getuid?.() !== 0
    ? 'NOT RUN: making an image of Debian packages needs root'
    : (PROGRAMS.filter((name) => !findProgram([name], process.env.PATH ?? '')).map(
        (name) => `NOT RUN: ${name}`,
      )[0] ?? false);

/** Of `docker inspect`, what a supervisor goes by. */
export type ImageConfig = {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  Volumes: Record<string, unknown>;
  StopSignal: string;
  Healthcheck: { Test: string[] };
};

export type Image = {
  config: ImageConfig;
  /** Everything that the image says of itself, its history included. */
  papers: string;
  bytes: number;
  /** Where its files stand; nothing that runs can write them. */
  files: string;
};

export class Builder {
  readonly #home: string;
  readonly #stored: readonly string[];

  constructor(home: string) {
    this.#home = home;
    const stored = (driver: string) => [
      ...['--root', join(home, 'images'), '--runroot', join(home, 'run'), '--storage-driver', driver],
    ];
    // A folder that is an overlay itself takes no overlay; there each layer is a copy.
    const overlay = stored('overlay');
    const tried = spawnSync('buildah', [...overlay, 'from', 'scratch'], { encoding: 'utf8' });
    this.#stored = tried.status === 0 ? overlay : stored('vfs');
  }

  #buildah(...args: string[]): string {
    return saidBy('buildah', [...this.#stored, ...args]);
  }

  /** Debian of the suite that the file names, and the same with the Node that runs us and this machine's npm. */
  makeBases(): void {
    const { args } = readContainerfile(readFileSync(FILE, 'utf8'));
    const [run = '', build = ''] = ['RUN_BASE', 'BUILD_BASE'].map((name) => args.get(name));
    const [, suite = ''] = /:(\w+)-slim$/.exec(run) ?? [];
    const tar = join(this.#home, 'debian.tar');
    saidBy('mmdebstrap', ['--quiet', '--variant=essential', '--include=libstdc++6', suite, tar]);
    const bare = this.#buildah('from', 'scratch');
    this.#buildah('add', '--quiet', bare, tar, '/');
    this.#buildah('commit', '--quiet', bare, run);
    const made = this.#buildah('from', '--pull-never', run);
    const npm = realpathSync(findProgram(['npm'], process.env.PATH ?? '') ?? '');
    this.#buildah('copy', '--quiet', made, realpathSync(process.execPath), '/usr/local/bin/node');
    this.#buildah('copy', '--quiet', made, dirname(dirname(npm)), '/usr/local/lib/npm');
    this.#buildah('run', '--isolation', 'chroot', made, '--', 'ln', '-s', '../lib/npm/bin/npm-cli.js', NPM);
    this.#buildah('commit', '--quiet', made, build);
  }

  build(): Image {
    const npmrc = join(this.#home, 'npmrc');
    writeFileSync(npmrc, lentSettings(), { mode: 0o600 });
    const given = ['--format', 'docker', '--isolation', 'chroot', '--network', 'host', '--pull-never'];
    this.#buildah('bud', ...given, `--secret=id=npmrc,src=${npmrc}`, '-f', FILE, '-t', IMAGE, ROOT);
    const papers = this.#buildah('inspect', '--type', 'image', IMAGE);
    const { Docker } = JSON.parse(papers) as { Docker: { config: ImageConfig } };
    const files = this.#buildah('mount', this.#buildah('from', '--pull-never', IMAGE));
    const [kib = ''] = saidBy('du', ['-sk', '--one-file-system', files]).split('\t');
    return { config: Docker.config, papers, bytes: Number(kib) * 1024, files };
  }

  /** Takes away its layers, which no plain removal reaches. */
  end(): void {
    spawnSync('buildah', [...this.#stored, 'umount', '--all']);
    spawnSync('buildah', [...this.#stored, 'rm', '--all']);
    spawnSync('buildah', [...this.#stored, 'rmi', '--all', '--force']);
  }
}

const NPM = '/usr/local/bin/npm';

/** The way to the registry that this machine uses, and whose certificates it believes on the way. */
function lentSettings(): string {
  const registry = saidBy('npm', ['config', 'get', 'registry'], '/');
  const own = saidBy('npm', ['config', 'get', 'userconfig'], '/');
  const believed = process.env.NODE_EXTRA_CA_CERTS;
  const pem = believed === undefined ? '' : readFileSync(believed, 'utf8');
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const lines = certificates.map((one) => `ca[]="${one.replaceAll('\n', '\\n')}"`);
  const kept = spawnSync('cat', [own], { encoding: 'utf8' }).stdout;
  return [kept, `registry=${registry}`, ...lines, ''].join('\n');
}

function saidBy(program: string, args: readonly string[], cwd = ROOT): string {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: OUTPUT_MAX });
  if (done.status !== 0)
    throw new Error(
      `${program} ${args[0]}: ${done.error?.message ?? (done.stderr + done.stdout).slice(-3_000)}`,
    );
  return done.stdout.trim();
}

/**
 * The walls: own mounts and processes; everything read-only but what is named; no device but four; then the image's
 * user by number, without a capability, without a way to gain one (setpriv(1)), as process 1 of its own.
 */
const WALLS = `set -eu
root=$1 user=$2 group=$3; shift 3
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"; shift 3; done
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=0755,size=64k devices "$root/dev"
for one in null:3 zero:5 random:8 urandom:9; do mknod -m 0666 "$root/dev/\${one%:*}" c 1 "\${one#*:}"; done
mount -o remount,ro "$root/dev"
mount -o remount,bind,ro,nosuid "$root"
exec chroot "$root" setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs --inh-caps=-all \\
  --bounding-set=-all -- "$@"`;

export type Mount = { from: string; to: string; writes?: boolean };
type Asked = { image: Image; mounts: readonly Mount[]; command: readonly string[] };

function wordsOf({ image, mounts, command }: Asked): string[] {
  const { files, config } = image;
  const [user = '', group = ''] = config.User.split(':');
  for (const { from, to } of mounts) {
    const at = join(files, to);
    // As every supervisor does: what is mounted finds a place.
    if (spawnSync('test', ['-d', from]).status === 0) mkdirSync(at, { recursive: true });
    else {
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, '', { flag: 'a' });
    }
  }
  return [
    ...['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private'],
    ...['sh', '-c', WALLS, 'sh', files, user, group],
    ...mounts.flatMap(({ from, to, writes }) => [from, to, writes ? 'rw' : 'ro']),
    ...['--', 'env', '-i', '-C', config.WorkingDir, ...config.Env, ...command],
  ];
}

const SURROUNDINGS = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** For a machine that is busy with much else. */
const COMMAND_MS_MAX = 300_000;

/** Runs a command of the image to its end. While it runs unshare(1) does not hear SIGTERM. */
export function runIn(asked: Asked): SpawnSyncReturns<string> {
  const limits = { timeout: COMMAND_MS_MAX, killSignal: 'SIGKILL' } as const;
  return spawnSync('unshare', wordsOf(asked), { env: SURROUNDINGS, encoding: 'utf8', ...limits });
}

export type Running = {
  child: ChildProcess;
  output(): string;
  /** The process of the image, as this machine counts; it is process 1 to itself. */
  pid(): number;
};

export function startIn(asked: Asked): Running {
  const child = spawn('unshare', wordsOf(asked), { env: SURROUNDINGS, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8');
    });
  return {
    child,
    output: () => output,
    pid: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')),
  };
}
