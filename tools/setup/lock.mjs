/** One set-up at a time in one checkout: a folder that only one process can make is the lock. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { say } from './process.mjs';

/** An owner that has not written its name by then died between the two steps. */
const NAMELESS_MS_MAX = 10_000;

export async function alone(root, work) {
  // Others may pass through this folder but not list it: the database's user has to reach its data.
  mkdirSync(join(root, '.holdfast'), { recursive: true, mode: 0o711 });
  const lock = join(root, '.holdfast', 'setup.lock');
  for (let told = false; !take(lock); told = true) {
    if (!told) say('another set-up is at work in this folder; waiting for it');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(lock)) discard(lock);
    return false;
  }
  writeFileSync(join(lock, 'owner'), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

function isAbandoned(lock) {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(lock, 'owner'), 'utf8'));
    return host === hostname() && !isAlive(pid);
  } catch {
    // No name yet, or half of it.
    return ageMs(lock) > NAMELESS_MS_MAX;
  }
}

function ageMs(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? Date.now() - found.mtimeMs : 0;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Renaming first lets only one of several waiting processes throw the old lock away. */
function discard(lock) {
  const old = `${lock}.${process.pid}`;
  try {
    renameSync(lock, old);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}
