/**
 * Who still runs on a data folder. `postmaster.pid` alone cannot tell: its process may be dead, or dead
 * and not yet collected by its parent, or its number may belong to a stranger by now; and after a killed
 * postmaster its children live on for a moment, writing. Every server of ours carries a mark in its
 * arguments, its children carry it in their titles, and those are what /proc shows to everybody (proc(5)),
 * also where a container hides the rest. A copied folder has the mark of the first one's servers; so whoever
 * shows the folder that they work in counts only when it is this one.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, readIfExists } from './durable.ts';
import { bornAt } from './process-identity.ts';

/** What `postmaster.pid` says (PostgreSQL, `src/include/utils/pidfile.h`). */
export type PidFile = { pid: number; socketDir: string };

export type Holder =
  | { kind: 'nobody' }
  | { kind: 'server'; pid: number; socketDir: string }
  /** Children of a dead postmaster, or a server that is none of ours, on this folder. */
  | { kind: 'remains'; pids: number[] }
  /** A PostgreSQL that the pid file names, and that shows nobody where it works. */
  | { kind: 'unknown'; pid: number };

export async function holderOf(dataDir: string, mark: string): Promise<Holder> {
  const named = readPidFile(dataDir);
  const marked = await processesMarked(mark, dataDir);
  if (named && marked.postmasters.includes(named.pid)) {
    return { kind: 'server', pid: named.pid, socketDir: named.socketDir };
  }
  const pids = [...marked.postmasters, ...marked.children];
  if (named && !pids.includes(named.pid) && (await isPostmaster(named.pid))) {
    const isHere = await worksIn(named.pid, dataDir);
    if (isHere === undefined && pids.length === 0) return { kind: 'unknown', pid: named.pid };
    if (isHere === true) pids.push(named.pid);
  }
  return pids.length > 0 ? { kind: 'remains', pids } : { kind: 'nobody' };
}

export function readPidFile(dataDir: string): PidFile | undefined {
  const bytes = readIfExists(join(dataDir, 'postmaster.pid'));
  if (!bytes) return undefined;
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const pid = Number(lines[0]);
  // A file caught while it is written names nobody yet; the next look finds it whole.
  return Number.isSafeInteger(pid) && pid > 0 ? { pid, socketDir: lines[4] ?? '' } : undefined;
}

async function processesMarked(
  mark: string,
  dataDir: string,
): Promise<{ postmasters: number[]; children: number[] }> {
  const postmasters: number[] = [];
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    // A dead process shows no arguments, so a zombie is never counted.
    const argumentsText = (await readProc(pid, 'cmdline')) ?? '';
    const isChild = argumentsText.startsWith(`postgres: ${mark}: `);
    if (!isChild && !argumentsText.split('\0').includes(`cluster_name=${mark}`)) continue;
    if ((await worksIn(pid, dataDir)) === false) continue;
    (isChild ? children : postmasters).push(pid);
  }
  return { postmasters, children };
}

/**
 * Whether a process of PostgreSQL works on this folder: it stands in it, or was told so (`-D`). Undefined when it
 * shows neither to us. Folders are compared by what they are, since a path can be written in many ways.
 */
async function worksIn(pid: number, dataDir: string): Promise<boolean | undefined> {
  const argumentsOf = ((await readProc(pid, 'cmdline')) ?? '').split('\0');
  const told = argumentsOf[argumentsOf.indexOf('-D') + 1] ?? '';
  const shown = [await folderOf(`/proc/${pid}/cwd`)];
  if (argumentsOf.includes('-D') && told.startsWith('/')) shown.push((await folderOf(told)) ?? 'none');
  const known = shown.filter((folder) => folder !== undefined);
  return known.length === 0 ? undefined : known.includes((await folderOf(dataDir)) ?? 'missing');
}

async function folderOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (isHidden(error)) return undefined;
    throw error;
  }
}

/** A running one; its children show a title (`postgres: …`) in place of their arguments, and no pid file names those. */
async function isPostmaster(pid: number): Promise<boolean> {
  if (bornAt(pid) === undefined || (await readProc(pid, 'comm'))?.trim() !== 'postgres') return false;
  return !((await readProc(pid, 'cmdline')) ?? '').startsWith('postgres: ');
}

async function readProc(pid: number, file: 'comm' | 'cmdline'): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (isHidden(error)) return undefined;
    throw error;
  }
}

/** Not there, going while we read (ESRCH), or not for us. */
function isHidden(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '');
}
