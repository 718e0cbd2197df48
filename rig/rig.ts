/**
 * The rig: the virtual cabinet and the people's things around it, speaking only real wire protocols.
 * This file starts the parts and stops them again; what each does is in its own file.
 *
 *   lock boards (RS-485)           board.ts, bus.ts        mail and SMS  phone.ts, sms.ts, messages.ts
 *   scanner (serial over TCP)      scanner.ts             API and page  http.ts, http-routes.ts, events.ts
 *   router (TCP relay)             network.ts             steel         metal.ts, metal-file.ts, cabinet.ts
 */
import { LAYOUT_24 } from '../src/domain/bank.ts';
import type { Clock } from '../src/platform/clock.ts';
import type { Log } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';
import { startBoards } from './board.ts';
import { Cabinet } from './cabinet.ts';
import type { Carriers } from './carriers.ts';
import type { RigConfig } from './config.ts';
import { familyOf } from './families.ts';
import { startHttp } from './http.ts';
import { onlooker } from './kiosk.ts';
import { MessageBox } from './messages.ts';
import { startRelay } from './network.ts';
import { startMail } from './phone.ts';
import { startScanner } from './scanner.ts';
import { startSms } from './sms.ts';

export type RigDeps = {
  config: RigConfig;
  clock: Clock;
  log: Log;
  /** Called when the cabinet's power was switched; the agent in it loses its power then. */
  onPower(on: boolean): void | Promise<void>;
};

export type RigPorts = {
  http: number;
  smtp: number;
  sms: number;
  /** 0 where the boards' line is a pseudo-terminal. */
  serial: number;
  scanner: number;
  uplink: number;
};

export type Rig = {
  ports: RigPorts;
  /** What opens as a serial port, where the boards' line is a pseudo-terminal. */
  serialPath: string | null;
  stop(): Promise<void>;
};

type Part = { port: number; stop(): Promise<void> };

export async function startRig({ config, clock, log, onPower }: RigDeps): Promise<Rig> {
  const cabinet = await Cabinet.open({ layout: LAYOUT_24, dataDir: config.dataDir });
  const box = await MessageBox.open({ folder: config.phoneDir, clock, random: systemRandom });
  const carriers: Carriers = { mail: 'up', sms: 'up' };
  const kiosk = onlooker({ port: config.kioskPort, clock });
  const running: Part[] = [];

  async function started<Kind extends Part>(part: Promise<Kind>): Promise<Kind> {
    const ready = await part;
    running.push(ready);
    return ready;
  }

  /** The page goes first, so that nobody acts on a rig that is half gone. Safe to call twice. */
  async function stop(): Promise<void> {
    for (let part = running.pop(); part; part = running.pop()) await part.stop();
    kiosk.stop();
    await cabinet.settled();
  }

  try {
    const boards = await started(
      startBoards({
        line: config.serialLine,
        family: familyOf(config.boards),
        cabinet,
        clock,
        random: systemRandom,
        log: log.child('boards'),
      }),
    );
    const scanner = await started(startScanner({ port: config.scannerPort, cabinet }));
    const relay = await started(
      startRelay({ port: config.uplinkPort, brokerPort: config.brokerPort, cabinet }),
    );
    const mail = await started(startMail({ config, box, carriers, log: log.child('mail') }));
    const sms = await started(startSms({ config, box, carriers, log: log.child('sms') }));
    const { cast, links } = config;
    const shown = { boards: config.boards.family, serialPath: boards.path, cast, links };
    const api = { cabinet, box, carriers, kiosk, scanner, clock, onPower, ...shown };
    const http = await started(
      startHttp({ ...api, port: config.httpPort, webDir: config.webDir, log: log.child('http') }),
    );
    const ports: RigPorts = {
      http: http.port,
      smtp: mail.port,
      sms: sms.port,
      serial: boards.port,
      scanner: scanner.port,
      uplink: relay.port,
    };
    log.info('rig started', { ...ports, serialPath: boards.path });
    return { ports, serialPath: boards.path, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
