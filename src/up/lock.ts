/**
 * The lock that keeps a second `up` out of a data folder. It names its holder so that nobody else can be taken for
 * them, and of several that find it left behind exactly one takes it over.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { HoldfastError } from '../domain/errors.ts';
import { codeOf } from '../platform/durable.ts';
import { isSameRunning, ownIdentity, type ProcessIdentity } from '../platform/process-identity.ts';
import type { Places } from './places.ts';

type Holder = ProcessIdentity & { url: string };

/** Takes the lock, or throws a sentence that says who has it. A lock of a dead process is taken over. */
export function takeLock({ lockFile }: Pick<Places, 'lockFile'>, url: string): () => void {
  const text = JSON.stringify({ ...ownIdentity(), url } satisfies Holder);
  const kept = seize(lockFile, text);
  if (kept !== null) {
    const holder = holderIn(kept);
    throw new HoldfastError(
      'conflict',
      `Holdfast is already running here: ${holder.url} (process ${holder.pid}). Stop it with Ctrl-C there, or start another with: npm start -- --data DIR --port PORT`,
    );
  }
  return () => {
    if (readLock(lockFile) === text) rmSync(lockFile, { force: true });
  };
}

/**
 * Gives the file our text where nobody holds it, and answers null; else the text of who does. A text comes with the
 * name (link(2)), so a lock is never seen half written. What was left behind is replaced only by whoever holds the
 * claim to exactly that text, and only if it still stands there then: others who saw it too come too late for it.
 */
export function seize(file: string, text: string): string | null {
  const beside = `${file}.${process.pid}.new`;
  writeFileSync(beside, text, { mode: 0o600 });
  try {
    for (;;) {
      if (linkNew(beside, file)) return null;
      const kept = readLock(file);
      if (kept === undefined) continue;
      const holder = holderIn(kept);
      if (isSameRunning(holder)) return kept;
      const claim = `${file}.${holder.pid}-${holder.born ?? 'old'}`;
      const claimant = seize(claim, text);
      // Somebody takes it over in this very moment: it is theirs.
      if (claimant !== null) return claimant;
      try {
        if (readLock(file) !== kept) continue;
        renameSync(beside, file);
        return null;
      } finally {
        rmSync(claim, { force: true });
      }
    }
  } finally {
    rmSync(beside, { force: true });
  }
}

function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of an older version there is a number and an address; what it tore while it died names nobody. */
function holderIn(text: string): Holder {
  const nobody = { pid: 0, boot: null, born: null, url: '' };
  try {
    return { ...nobody, ...(JSON.parse(text) as Partial<Holder>) };
  } catch {
    return nobody;
  }
}
