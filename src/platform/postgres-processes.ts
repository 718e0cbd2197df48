/**
 * Who still runs on a data folder. `postmaster.pid` alone cannot tell: its process may be dead, or dead
 * and not yet collected by its parent, or its number may belong to a stranger by now; and after a killed
 * postmaster its children live on for a moment, writing. Every server of ours carries a mark in its
 * arguments, its children carry it in their titles, and those are what /proc shows to everybody (proc(5)),
 * also where a container hides the rest.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, readIfExists } from './durable.ts';

/** What `postmaster.pid` says (PostgreSQL, `src/include/utils/pidfile.h`). */
export type PidFile = { pid: number; socketDir: string };

export type Holder =
  | { kind: 'nobody' }
  | { kind: 'server'; pid: number; socketDir: string }
  /** Children of a dead postmaster, or a process that the pid file names and that cannot be told apart. */
  | { kind: 'remains'; pids: number[] };

export async function holderOf(dataDir: string, mark: string): Promise<Holder> {
  const named = readPidFile(dataDir);
  const marked = await processesMarked(mark);
  if (named && marked.postmasters.includes(named.pid)) {
    return { kind: 'server', pid: named.pid, socketDir: named.socketDir };
  }
  const pids = [...marked.postmasters, ...marked.children];
  // A live postgres without our mark: its own start-up check decides better than we could.
  if (named && !pids.includes(named.pid) && (await nameOf(named.pid)) === 'postgres') pids.push(named.pid);
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

/** True while the process runs. A dead one that nobody has collected yet ("zombie") does not run. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await readProc(pid, 'stat');
  // The state is the first field after the closing bracket of the name, which may itself hold brackets.
  return status !== undefined && !/^\s*[ZX]/.test(status.slice(status.lastIndexOf(')') + 1));
}

async function processesMarked(mark: string): Promise<{ postmasters: number[]; children: number[] }> {
  const postmasters: number[] = [];
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // A dead process shows no arguments, so a zombie is never counted.
    const argumentsText = (await readProc(Number(name), 'cmdline')) ?? '';
    if (argumentsText.startsWith(`postgres: ${mark}: `)) children.push(Number(name));
    else if (argumentsText.split('\0').includes(`cluster_name=${mark}`)) postmasters.push(Number(name));
  }
  return { postmasters, children };
}

async function nameOf(pid: number): Promise<string | undefined> {
  return (await isRunning(pid)) ? (await readProc(pid, 'comm'))?.trim() : undefined;
}

async function readProc(pid: number, file: 'stat' | 'comm' | 'cmdline'): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // Gone, or (ESRCH) going while we read.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
