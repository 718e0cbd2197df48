/**
 * Configuration: one JSON file a process, read once at start, validated, and passed on as a value. A key
 * that is missing, unknown or wrong stops the start with a sentence that names it; nothing is guessed and
 * no secret has a default. This is the only place of `src` that may look at the environment.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors.ts';

/** Throws `input-invalid` with every complaint in plain words; `what` it is that is read there. */
export function readConfig<T extends z.ZodType>(path: string, schema: T, what = 'configuration'): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new HoldfastError('input-invalid', unreadable(`${what} ${path}`, cause), { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(the whole)'}: ${issue.message}`,
  );
  throw new HoldfastError('input-invalid', `the ${what} ${path} is not right:\n${complaints.join('\n')}`);
}

/** A parser's own words quote what stands around the fault, which may be a password. */
function unreadable(named: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no ${named}`;
  if (code !== undefined) return `the ${named} cannot be read: ${code}`;
  const place = /at position \d+( \(line \d+ column \d+\))?/.exec(message)?.[0];
  return `the ${named} is no JSON${place === undefined ? '' : ` ${place}`}`;
}

/** True in continuous integration, where a missing peer is a failure. */
export function isStrict(): boolean {
  return process.env.CI === 'true';
}

/** Servers of the operator's own that `holdfast up` is to use instead of those in the package, by address. */
export function ownServers(): { databaseUrl: string | undefined; brokerUrl: string | undefined } {
  return { databaseUrl: process.env.DATABASE_URL, brokerUrl: process.env.HOLDFAST_BROKER_URL };
}

/**
 * Where the service manager laid the credential `name` for this process, or undefined when it gave none. The
 * folder is readable to this process alone and stands in no other one's environment (systemd.exec(5),
 * "Credentials").
 */
export function credentialPath(name: string): string | undefined {
  const folder = process.env.CREDENTIALS_DIRECTORY;
  return folder === undefined ? undefined : join(folder, name);
}

/** How systemd wants to hear of this process, and how often at least (sd_notify(3), sd_watchdog_enabled(3)). */
export function serviceManager(): { socket: string | undefined; watchdogMs: number | undefined } {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: periodUs, WATCHDOG_PID: pid } = process.env;
  const isOurs = pid === undefined || Number(pid) === process.pid;
  const watchdogMs = isOurs && Number(periodUs) > 0 ? Number(periodUs) / 1_000 : undefined;
  return { socket, watchdogMs };
}

export const port = z.int().min(0).max(65_535).describe('TCP port');
export const logLevel = z
  .enum(['silent', 'error', 'warn', 'info'])
  .describe('From which level on lines are written to the log');
export const logPath = z
  .string()
  .nullable()
  .describe('The log file, JSON lines without personal data; null writes them to standard output');

/** What a child may know of our surroundings: where programs, language and time are, and nothing else. */
const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'HOME', 'TMPDIR', 'SystemRoot'] as const;

/** The environment of a child: a listed part of ours, with changes. A shell's secrets stay where they are. */
export function environmentWith(
  changes: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const passed = PASSED_ON.map((name) => [name, process.env[name]] as const);
  return { ...Object.fromEntries(passed.filter(([, value]) => value !== undefined)), ...changes };
}
