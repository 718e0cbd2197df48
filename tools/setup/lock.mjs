/**
 * One set-up at a time in one checkout: a folder that only one process can make is the lock. Whoever has it writes
 * who they are into it, and from then on a beat, so that another machine or container, which can see no process of
 * theirs, still sees that they are at work.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SetupError, say } from './process.mjs';

/** An owner that has not written its name by then died between the two steps. */
const NAMELESS_MS_MAX = 10_000;
/**
 * Of an owner on another machine: silent for so many beats it was killed, or its machine was. Waiting for ever would
 * need a person to remove the folder, and after a take-over that was wrong the next start looks whether all is there.
 */
const SILENT_MS_MAX = 60_000;
/** An older version has no beat. Nobody can know then, and an installation takes minutes: the person who waits decides. */
const BEATLESS_MS_MAX = 600_000;
const TIMES = { beat: 5_000, silent: SILENT_MS_MAX, beatless: BEATLESS_MS_MAX, tell: 10_000, look: 300 };

export async function alone(root, work, times = TIMES) {
  // Others may pass through this folder but not list it: the database's user has to reach its data.
  mkdirSync(join(root, '.holdfast'), { recursive: true, mode: 0o711 });
  const lock = join(root, '.holdfast', 'setup.lock');
  const waiting = waiter(lock, times);
  while (!take(lock)) {
    waiting.look();
    await new Promise((resolve) => setTimeout(resolve, times.look));
  }
  let beats = 0;
  const beat = setInterval(() => giveSign(lock, ++beats), times.beat);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    // One that was taken over from us is somebody else's.
    if (isOurs(lock)) rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
  writeFileSync(join(lock, 'owner'), ownName());
  return true;
}

function giveSign(lock, beats) {
  try {
    if (isOurs(lock)) writeFileSync(join(lock, 'beat'), String(beats));
  } catch (error) {
    // Taken over meanwhile, or a full disk: who waits hears nothing, and the work itself says what is wrong.
    if (!['ENOENT', 'ENOSPC', 'EDQUOT'].includes(error.code)) throw error;
  }
}

/** Born: a number is given out anew, number, boot and moment are not (proc_pid_stat(5), field 22). */
function ownName() {
  const name = {
    pid: process.pid,
    host: hostname(),
    boot: bootNow(),
    born: bornAt(process.pid),
    beats: true,
  };
  return JSON.stringify(name);
}

function isOurs(lock) {
  return read(join(lock, 'owner')) === ownName();
}

/** Looks at a lock that somebody has: throws it away when it is nobody's, and says now and then what is waited for. */
function waiter(lock, times) {
  const beganMs = performance.now();
  let saidMs = Number.NEGATIVE_INFINITY;
  let seen = '';
  let seenMs = beganMs;
  return {
    look() {
      if (ageMs(lock) === null) return;
      const owner = ownerOf(lock);
      const nowMs = performance.now();
      const sign = `${owner.text} ${read(join(lock, 'beat'))}`;
      if (sign !== seen) [seen, seenMs] = [sign, nowMs];
      const silentMs = nowMs - seenMs;
      const standing = standingOf(lock, owner);
      if (standing === 'gone' || (standing === 'elsewhere' && owner.beats && silentMs > times.silent))
        return discard(lock, owner.text);
      if (standing === 'elsewhere' && !owner.beats && silentMs > times.beatless)
        throw new SetupError(
          `${lock} is of a set-up on ${owner.host}, which cannot be seen from here and did not end in ${Math.round(times.beatless / 60_000)} minutes: if none is at work there any more, remove that folder and start again`,
        );
      if (nowMs - saidMs < times.tell) return;
      saidMs = nowMs;
      say(`${words(standing, owner, times)} … ${Math.round((nowMs - beganMs) / 1000)} s`);
    },
  };
}

function words(standing, owner, times) {
  if (standing !== 'elsewhere')
    return `another set-up is at work in this folder${owner.pid ? ` (process ${owner.pid})` : ''}; waiting for it`;
  const then = owner.beats
    ? `taken over when it has shown no sign of life for ${Math.round(times.silent / 1000)} s`
    : `given up after ${Math.round(times.beatless / 60_000)} minutes`;
  return `a set-up on ${owner.host} has this folder; waiting for it, ${then}`;
}

/** 'here': it runs. 'gone': nobody has the lock. 'elsewhere': nobody here can see whether it runs. */
function standingOf(lock, { pid, host, boot, born }) {
  // No name yet, or half of it.
  if (!pid) return (ageMs(lock) ?? 0) > NAMELESS_MS_MAX ? 'gone' : 'here';
  if (host !== hostname()) return 'elsewhere';
  // An older version wrote the number alone: nobody else's then, but not ours, who come later.
  if (!boot || !born) return pid !== process.pid && isAlive(pid) ? 'here' : 'gone';
  if (boot !== bootNow()) return 'gone';
  // A system may hide the processes of others (proc(5), hidepid): then it counts as the one that was named.
  const now = bornAt(pid);
  return now === born || (now === null && isOfOthers(pid)) ? 'here' : 'gone';
}

function ownerOf(lock) {
  const text = read(join(lock, 'owner'));
  try {
    return { ...JSON.parse(text ?? ''), text };
  } catch {
    return { text };
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES'].includes(error.code)) return null;
    throw error;
  }
}

function ageMs(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? Date.now() - found.mtimeMs : null;
}

function bootNow() {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** The fields are counted from the last bracket on: the name before it may itself hold brackets. */
function bornAt(pid) {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X', ''].includes(state) ? null : (fields[18] ?? null);
}

function isAlive(pid) {
  return signalled(pid) === undefined || isOfOthers(pid);
}

function isOfOthers(pid) {
  return signalled(pid) === 'EPERM';
}

function signalled(pid) {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return error.code;
  }
}

/**
 * Throws away the lock that was looked at and no other. Only one at a time may: who has the claim; and who gets it
 * looks again, because by then the lock may be a new one's. A claim is held for a moment; that of somebody who died
 * over it is thrown away in the same manner.
 */
function discard(lock, text) {
  const claim = `${lock}.claim`;
  if (!take(claim)) {
    const claimant = ownerOf(claim);
    if (standingOf(claim, claimant) !== 'here') discard(claim, claimant.text);
    return;
  }
  try {
    const owner = ownerOf(lock);
    if (owner.text !== text || (!owner.pid && standingOf(lock, owner) !== 'gone')) return;
    const old = `${lock}.${process.pid}`;
    renameSync(lock, old);
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  } finally {
    rmSync(claim, { recursive: true, force: true });
  }
}
