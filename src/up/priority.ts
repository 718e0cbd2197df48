/**
 * Who goes first where the whole of it stands on one machine: the agent, at whose door somebody waits. The cloud and
 * its database have everybody's pages and the records of hundreds of banks to do, and can do them a moment later.
 */
import { setPriority } from 'node:os';

/** On the scale of setpriority(2), 0 being everybody's: about a tenth of the time of one who asks beside it. */
export const LATER = 10;

/** Of a process just started; what it starts from now on has the same. */
export function goesLater(pid: number): void {
  try {
    setPriority(pid, LATER);
  } catch (error) {
    const { code } = (error as { info?: { code?: string } }).info ?? {};
    // It has ended already, or the system does not let its own be put back: then nobody is ahead of anybody.
    if (code !== 'ESRCH' && code !== 'EPERM' && code !== 'EACCES') throw error;
  }
}
