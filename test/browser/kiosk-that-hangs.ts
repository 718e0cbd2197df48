/** The kiosk's server in a process of its own, which a test stops and lets go on. Prints its port. */
import { join } from 'node:path';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { startKiosk } from '../../src/edge/kiosk/server.ts';
import { bankInService, signIn } from '../../src/edge/plan/test-bank.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { ROOT } from '../site.ts';

const bank = bankInService();
signIn(bank);
bank.act({ do: 'tracking', text: '1Z999AA10123456784' });
const nobody = (): never => {
  throw new Error('nobody asks');
};
const kiosk = await startKiosk({
  port: 0,
  webDir: join(ROOT, 'web', 'dist', 'kiosk'),
  clock: systemClock,
  view: () => bank.view(),
  layout: () => ({
    name: LAYOUT_24.name,
    columns: LAYOUT_24.columns,
    compartments: LAYOUT_24.compartments.map(({ board: _, lock: __, ...shown }) => shown),
  }),
  health: nobody,
  log: nobody,
  act: async (action) => {
    bank.act(action);
    kiosk.changed();
  },
});
systemClock.every(1_000, () => kiosk.changed());
process.stdout.write(`${kiosk.port}\n`);
