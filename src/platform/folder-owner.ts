/**
 * Whose a folder is, and what somebody else is told. A command that works on a service's folder as another user, root
 * above all, leaves files there that are that user's, with a mode that is for their owner alone (`writeDurable`): the service
 * then ends at the first of them. So such a command looks first, and names the user as whom to run it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { HoldfastError } from '../domain/errors.ts';

const ACCOUNTS = '/etc/passwd';

/** Refuses, before anything is written, who is not the owner of this folder. One that is not there yet is nobody's. */
export function requireOwner(path: string, self: number | undefined = process.geteuid?.()): void {
  // Windows has no such numbers.
  if (self === undefined) return;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.uid === self) return;
  throw new HoldfastError('not-allowed', `run this as ${ownerOf(found.uid, path)}`);
}

/** What is said where a folder has to be ours and is not. Never that it go while it holds something: that may be keys and logs. */
export function foreign(path: string, uid: number): HoldfastError {
  const way = isEmpty(path)
    ? `${path} belongs to user ${uid} and is empty; remove it, choose another folder, or run this as ${ownerOf(uid, path)}`
    : `${path} belongs to user ${uid}; choose another folder, or run this as ${ownerOf(uid, path)}`;
  return new HoldfastError('not-allowed', way);
}

function ownerOf(uid: number, path: string): string {
  const name = nameOf(uid);
  // sudo(8) takes a number behind a #, which a shell would take for a comment.
  return name === undefined
    ? `uid ${uid}, whose folder ${path} is: sudo -u '#${uid}' …`
    : `${name} (uid ${uid}), whose folder ${path} is: sudo -u ${name} …`;
}

/** The name of an account in passwd(5); undefined where that has none, as for one of a directory service, or cannot be read. */
function nameOf(uid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(ACCOUNTS, 'utf8');
  } catch {
    // A container without accounts, or a process that may not read this file: the number says it as well.
    return undefined;
  }
  const fields = text.split('\n').map((line) => line.split(':'));
  return fields.find(([, , number]) => number === String(uid))?.[0];
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    // What we cannot look into may hold anything.
    return false;
  }
}
