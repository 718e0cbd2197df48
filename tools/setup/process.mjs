/**
 * Lines for the person who waits, and child processes that end when we are told to. Plain JavaScript for
 * any Node from 20 on: this runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A failure that a person can act on: shown as one line, without a stack. */
export class SetupError extends Error {}

/** We were asked to stop; `status` is the exit status that says so (128 + the signal's number). */
export class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.status = 128 + (constants.signals[signal] ?? 0);
  }
}

/** Progress goes to the error stream, so that the output of `holdfast admin …` can be piped. */
export function say(line) {
  process.stderr.write(`holdfast: ${line}\n`);
}

/** Shows `what` with the seconds gone by: on one line of a terminal, or as a line every ten seconds. */
export async function showing(what, work) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const live = process.stderr.isTTY === true;
  const clear = () => live && process.stderr.write('\r\x1b[K');
  if (!live) say(`${what} …`);
  const timer = setInterval(
    () =>
      live
        ? process.stderr.write(`\r\x1b[Kholdfast: ${what} … ${seconds()} s`)
        : say(`${what} … ${seconds()} s`),
    live ? 1000 : 10_000,
  );
  try {
    const result = await work();
    clear();
    say(`${what}: done in ${seconds()} s`);
    return result;
  } catch (error) {
    clear();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** npm tidies up for half a minute when it is asked to stop. The next run starts from nothing anyway. */
const STOP_MS_MAX = 3_000;

/**
 * Runs a program to its end and collects what it says. A terminal's Ctrl-C reaches the program as well
 * (it is in our process group), so we only wait for it; SIGTERM reaches only us and is passed on.
 */
export function collect(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (output += bytes));
    const release = guard(child, STOP_MS_MAX);
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('close', (code, signal) => {
      const asked = release();
      if (asked) reject(new Interrupted(asked));
      else resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), output });
    });
  });
}

/** Hands the terminal to a program, waits for it and gives back the exit status a shell would show. */
export function handOver(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: 'inherit' });
    const release = guard(child);
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('close', (code, signal) => {
      release();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/**
 * Until released, no signal ends us before the child has ended; a child that takes longer than
 * `killAfterMs` is killed. Release tells which signal came, if any.
 */
function guard(child, killAfterMs) {
  let asked;
  let killer;
  const pass = (signal) => {
    asked = signal;
    if (killAfterMs) killer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    // A terminal sends SIGINT to the whole group: passing it on would make the child see it twice.
    const fromTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    if (signal !== 'SIGINT' || !fromTerminal) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  return () => {
    clearTimeout(killer);
    for (const signal of signals) process.off(signal, pass);
    return asked;
  };
}
