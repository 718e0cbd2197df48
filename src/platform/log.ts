/**
 * Structured logs (one JSON object a line). A log line holds ids, numbers and codes, never a name, an
 * address, a flat, a tracking number or a code: those are personal data or secrets, and a log is not
 * sealed. The closed shape of `fields` keeps free text of people out.
 */
import { pino } from 'pino';

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export type Log = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(name: string): Log;
};

export type LogConfig = { name: string; level: 'silent' | 'error' | 'warn' | 'info'; path: string | null };

export function openLog(config: LogConfig): Log {
  const destination = pino.destination({ dest: config.path ?? 1, mkdir: true, sync: true });
  const logger = pino({ name: config.name, level: config.level, base: { name: config.name } }, destination);
  return wrap(logger);
}

export const silentLog: Log = { info() {}, warn() {}, error() {}, child: () => silentLog };

function wrap(logger: pino.Logger): Log {
  return {
    info: (message, fields) => logger.info(readable(fields), message),
    warn: (message, fields) => logger.warn(readable(fields), message),
    error: (message, fields) => logger.error(readable(fields), message),
    child: (name) => wrap(logger.child({ part: name })),
  };
}

/**
 * JSON leaves the controls of C1 and the separators of lines as they are (RFC 8259, section 7), and a terminal or a
 * collector of logs may obey them.
 */
function readable(fields: LogFields = {}): LogFields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd') : value,
  ]);
  return Object.fromEntries(entries) as LogFields;
}
