/** `holdfast admin …`: what is done with the site root, on a machine that holds it and nowhere else. */

import { join, resolve } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';
import { type OrderValues, runOrder } from './order-sign.ts';
import { makeRoot } from './root.ts';
import { type RosterValues, runRosterSend, runRosterSign } from './roster-sign.ts';

export type AdminArguments = {
  rest: string[];
  values: OrderValues & RosterValues & { data?: string | undefined; root?: string | undefined };
  root: string;
};

export async function runAdmin(given: AdminArguments): Promise<number> {
  const data = resolve(given.values.data ?? join(given.root, '.holdfast'));
  const rootDir = resolve(given.values.root ?? join(data, 'root'));
  const [noun, act, ...more] = given.rest;
  const what = `${noun} ${act}`;
  const [file, ...stray] = more;
  if (what === 'root init' && more.length === 0) return initRoot(rootDir);
  if (what === 'roster sign' && more.length === 0) return runRosterSign({ rootDir, values: given.values });
  if (what === 'roster send' && file !== undefined && stray.length === 0)
    return runRosterSend({ rootDir, values: given.values, file });
  if (noun === 'order' && more.length === 0) return runOrder({ act, values: given.values, rootDir });
  throw new HoldfastError(
    'input-invalid',
    `holdfast admin knows: root init, roster sign, roster send FILE, order, backup, restore, export, erase, hold, retention, keys, audit; not “${given.rest.join(' ')}”`,
  );
}

async function initRoot(rootDir: string): Promise<number> {
  const made = await makeRoot(rootDir);
  process.stdout.write(
    `site root key made in ${rootDir} (mode 0600)\nfingerprint ${made.fingerprint}\nKeep it away from every cloud machine. Whoever holds it says whom the banks of this site trust.\n`,
  );
  return 0;
}
