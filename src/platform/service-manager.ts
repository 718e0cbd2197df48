/**
 * What systemd is told of a process that it keeps alive (sd_notify(3)): that it is ready, that it is still
 * turning, that it stops. Node has no datagram socket of the local kind, so `systemd-notify` says it; the unit
 * has to let it, by `NotifyAccess=all`. Without a service manager nothing is said.
 */
import { execFile } from 'node:child_process';
import type { Clock } from './clock.ts';
import { environmentWith, serviceManager } from './config.ts';

const SAID_MS_MAX = 5_000;

export type ServiceManager = { ready(): void; stopping(): void };

export function openServiceManager({ clock }: { clock: Clock }): ServiceManager {
  const { socket, watchdogMs } = serviceManager();
  if (socket === undefined) return { ready() {}, stopping() {} };
  const say = (...words: string[]) => {
    const env = environmentWith({ NOTIFY_SOCKET: socket });
    execFile('systemd-notify', words, { env, timeout: SAID_MS_MAX }, (error) => {
      // The manager ends a process that it does not hear; this line then tells its operator why.
      if (error) process.stderr.write(`systemd-notify ${words.join(' ')}: ${error.message}\n`);
    });
  };
  return {
    ready() {
      say('--ready');
      // A loop that does not turn sends nothing, and is ended and started anew. Twice in the time that is
      // given, as sd_watchdog_enabled(3) advises.
      if (watchdogMs !== undefined) clock.every(watchdogMs / 2, () => say('WATCHDOG=1'));
    },
    stopping() {
      say('STOPPING=1');
    },
  };
}
