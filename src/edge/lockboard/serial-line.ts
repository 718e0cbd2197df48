/**
 * A serial port of this machine: 8 data bits, no parity, one stop bit, no flow control, and locked, so that
 * no second program talks into an exchange (TIOCEXCL). It comes back by itself when its adapter does.
 */
import { SerialPort } from 'serialport';
import type { Clock } from '../../platform/clock.ts';
import { keptOpen } from './line.ts';
import type { Line } from './lockboard.ts';

export type SerialLineDeps = { path: string; baud: number; clock: Clock };

export function serialLine({ path, baud, clock }: SerialLineDeps): Line {
  return keptOpen({
    clock,
    attempt(listener) {
      const port = new SerialPort({
        path,
        baudRate: baud,
        dataBits: 8,
        parity: 'none',
        stopBits: 1,
        rtscts: false,
        xon: false,
        xoff: false,
        lock: true,
        autoOpen: false,
      });
      let given = false;
      const down = () => {
        if (given) return;
        given = true;
        listener.onDown();
      };
      let hungUp = false;
      const shut = () => {
        if (!port.isOpen) return;
        // A port that is closed first waits until all is written; an unlock frame must not go out late.
        port.flush(() => port.close());
      };
      port.on('data', (bytes: Buffer) => listener.onBytes(new Uint8Array(bytes)));
      // A port that fails while open closes itself, or is closed here; `close` then says that it is down.
      port.on('error', shut);
      port.on('close', down);
      port.open((failure) => {
        if (failure) return down();
        if (hungUp) return shut();
        // What waits in the port was said to somebody else, or too late.
        port.flush((unflushed) => (unflushed ? shut() : listener.onUp()));
      });
      return {
        write: (bytes) => void port.write(bytes),
        hangUp() {
          hungUp = true;
          shut();
        },
      };
    },
  });
}
