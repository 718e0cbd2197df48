/**
 * Which process a number means. Numbers are given out anew: after a boot, in every container, and when they
 * run out. A number together with the boot and the moment in it when its process began (proc_pid_stat(5),
 * field 22) is given out once.
 */
import { readFileSync } from 'node:fs';
import { codeOf } from './durable.ts';

export type ProcessIdentity = {
  pid: number;
  /** Null where the system does not say, and in what an older version wrote. */
  boot: string | null;
  born: string | null;
};

const BOOT_FILE = '/proc/sys/kernel/random/boot_id';
/** Of the fields behind the name, whose first is the third of all. */
const BORN = 22 - 3;

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, boot: bootNow(), born: bornAt(process.pid) ?? null };
}

function bootNow(): string | null {
  return readOrNothing(BOOT_FILE)?.trim() ?? null;
}

/** When the process that has this number now began; undefined when none runs. A dead one that nobody has collected yet ("zombie") does not run. */
export function bornAt(pid: number): string | undefined {
  return bornIn(readOrNothing(`/proc/${pid}/stat`) ?? '');
}

/** The name is in brackets and may itself hold brackets, so the fields are counted from the last one on. */
export function bornIn(stat: string): string | undefined {
  const [state = '', ...fields] = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  return /^[ZX]?$/.test(state) ? undefined : fields[BORN - 1];
}

/**
 * Whether exactly that process runs. Of one that an older version named by its number alone nobody can say more
 * than whether the number is somebody's, and that it is not ourselves, who come later.
 */
export function isSameRunning({ pid, boot, born }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (boot !== null && boot !== bootNow()) return false;
  const signalled = signalOf(pid);
  if (signalled === 'ESRCH') return false;
  if (born === null) return pid !== process.pid;
  const now = bornAt(pid);
  // A system may hide the processes of others (proc(5), hidepid): then it counts as the one that was named.
  return now === undefined ? signalled === 'EPERM' : now === born;
}

/** What the system says to a signal that does nothing; undefined when it could be sent. */
function signalOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return codeOf(error) ?? 'ESRCH';
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // No such process, or it goes while we read (ESRCH), or it is hidden.
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
