/**
 * Work in the folders of the database's user, where that is not ourselves. What we write, move or remove as
 * root by a path through a folder of somebody else's may by then lead anywhere: they can put a link there at
 * any moment. So in their folders only they work, and we in our own.
 */
import { spawn } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, makePrivateDir, type Owner, syncDir } from './durable.ts';

/** Runs a program to its end, as `owner`; rejects with its last words where its status is not 0. */
export function runAs(
  owner: Owner | null,
  command: {
    file: string;
    args: readonly string[];
    cwd: string;
    env: Record<string, string>;
    stdin?: number;
  },
): Promise<void> {
  const { file, args, cwd, env, stdin } = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, ...owner, stdio: [stdin ?? 'ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout?.on('data', (bytes) => (said += String(bytes)));
    child.stderr?.on('data', (bytes) => (said += String(bytes)));
    child.on('error', (error) => reject(new Error(`${file} cannot be run`, { cause: error })));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const words = said.trim().split('\n').slice(-4).join(' | ');
      reject(new Error(`${file} failed (${code ?? 'killed'}): ${words}`));
    });
  });
}

const SYSTEM = { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };

/** Removes a folder of `owner`'s that stands in one of ours, with all that is in it. */
export async function removeFolder(path: string, owner: Owner | null): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return;
  if (!owner || !found.isDirectory() || found.uid !== owner.uid)
    return await rm(path, { recursive: true, force: true });
  const emptied = runAs(owner, { file: 'rm', args: ['-rf', '--', path], ...SYSTEM });
  // The empty folder itself they cannot take out of ours, which is the one failure that is none.
  const left: unknown = await emptied.catch((error: unknown) => error);
  try {
    await rmdir(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new Error(`${path} cannot be removed`, { cause: left ?? error });
  }
}

/**
 * Copies data beside its new place, has it flushed, and only then gives it the name; so of a power cut in
 * between the next start finds the one or the other whole. The old one goes last.
 */
export async function moveData(of: {
  from: string;
  to: string;
  owner: Owner;
  flush(dir: string): Promise<void>;
}): Promise<void> {
  const { from, to, owner, flush } = of;
  const beside = `${to}.new`;
  await removeFolder(beside, owner);
  makePrivateDir(beside, owner);
  await runAs(owner, { file: 'cp', args: ['-a', '--', `${from}/.`, `${beside}/`], ...SYSTEM });
  await flush(beside);
  await rename(beside, to);
  syncDir(dirname(to));
  await removeEarlier(from, owner);
}

/** An older version gave the folder around the data away as well, so its owner can remove that too. */
export async function removeEarlier(data: string, owner: Owner): Promise<void> {
  await runAs(owner, { file: 'rm', args: ['-rf', '--', dirname(data)], ...SYSTEM });
}

/**
 * A file in a folder of ours that only `owner` can read besides us, open, and without a name any more. The
 * name is made anew, so it is no link, and given away by its handle.
 */
export async function withSecretFile(
  path: string,
  of: { text: string; owner: Owner | null },
  use: (handle: number) => Promise<void>,
): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx+', 0o600);
  try {
    if (of.owner) await file.chown(of.owner.uid, of.owner.gid);
    await rm(path);
    // At a position of its own: whoever is handed the file reads it from where it stands, which is its beginning.
    await file.write(of.text, 0, 'utf8');
    await use(file.fd);
  } finally {
    await file.close();
  }
}

/** Copies the programs once, readable by all, and names the copy when it is whole. */
export async function copyPrograms(from: string, to: string): Promise<void> {
  if (await lstat(to).then(Boolean, () => false)) return;
  const part = await mkdtemp(`${to}.part-`);
  try {
    await cp(from, part, { recursive: true, verbatimSymlinks: true });
    await openToReaders(part);
    await rename(part, to);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // Another start was quicker, with the same programs.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}

async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToReaders(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
