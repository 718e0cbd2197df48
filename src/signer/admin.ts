/** `holdfast admin …`: what is done with the site root, on a machine that holds it and nowhere else. */

import { join, resolve } from 'node:path';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { fingerprint } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { RosterChange } from '../domain/roster.ts';
import { noteHash } from '../ledger/roster.ts';
import { readConfig } from '../platform/config.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { confirm } from './confirm.ts';
import { LAST_ROSTER, type OrderValues, runOrder } from './order-sign.ts';
import { makeRoot, readRoot } from './root.ts';
import { fetchDraft, type Memory, operatorAccess, submitSigned } from './roster-sign.ts';
import { visible } from './visible.ts';

export type AdminArguments = {
  rest: string[];
  values: OrderValues & { data?: string | undefined; root?: string | undefined };
  root: string;
};

export async function runAdmin(given: AdminArguments): Promise<number> {
  const data = resolve(given.values.data ?? join(given.root, '.holdfast'));
  const rootDir = resolve(given.values.root ?? join(data, 'root'));
  const what = given.rest.join(' ');
  if (what === 'root init') return initRoot(rootDir);
  if (what === 'roster sign')
    return signRoster({
      rootDir,
      access: given.values.config ?? join(rootDir, 'operator.json'),
      yes: given.values.yes,
    });
  const [noun, act, ...more] = given.rest;
  if (noun === 'order' && more.length === 0) return runOrder({ act, values: given.values, rootDir });
  throw new HoldfastError(
    'input-invalid',
    `holdfast admin knows: root init, roster sign, order, backup, restore, export, erase, hold, retention, keys, audit; not “${what}”`,
  );
}

async function initRoot(rootDir: string): Promise<number> {
  const made = await makeRoot(rootDir);
  process.stdout.write(
    `site root key made in ${rootDir} (mode 0600)\nfingerprint ${made.fingerprint}\nKeep it away from every cloud machine. Whoever holds it says whom the banks of this site trust.\n`,
  );
  return 0;
}

async function signRoster(of: { rootDir: string; access: string; yes: boolean }): Promise<number> {
  const access = readConfig(of.access, operatorAccess);
  const root = await readRoot(of.rootDir);
  const memory = memoryIn(of.rootDir, access.site);
  const draft = await fetchDraft(access, root, memory);
  if (!draft) {
    process.stdout.write('there is no roster waiting to be signed\n');
    return 0;
  }
  const { roster, changes } = draft;
  process.stdout.write(
    `roster version ${roster.version} of ${roster.site}\nsite root ${fingerprint(root.publicKey)}\n\n`,
  );
  for (const change of changes) process.stdout.write(changeLines(change));
  if (!of.yes && !(await confirm('Sign exactly this?'))) {
    process.stdout.write('not signed\n');
    return 1;
  }
  // Today's pins and tomorrow's come with the roster, for this signer as for the banks.
  const keepPins = () => {
    const pins = Object.values(roster.pins).filter((pin) => pin !== null);
    writeDurable(of.access, `${JSON.stringify({ ...access, pins }, null, 2)}\n`, 0o600);
  };
  const note = await submitSigned(access, roster, root, memory);
  keepPins();
  process.stdout.write(
    `\nsigned and handed to the cloud, which passes it to the banks\nroster hash ${noteHash(note)}\n`,
  );
  return 0;
}

/** The cloud has drafted it: names in it are shown as they are, whatever a terminal would make of them. */
export function changeLines(change: RosterChange): string {
  const [what, was, becomes] = [change.what, change.was, change.becomes].map(visible) as [
    string,
    string,
    string,
  ];
  const sign = was === '' ? '+' : becomes === '' ? '-' : '~';
  const line = (name: string, text: string) => (text === '' ? '' : `      ${name.padEnd(9)}${text}\n`);
  return `  ${sign} ${what}\n${line('was', was)}${line('becomes', becomes)}`;
}

function memoryIn(rootDir: string, site: string): Memory {
  const path = join(rootDir, `${site}${LAST_ROSTER}`);
  return {
    async read() {
      const bytes = readIfExists(path);
      return bytes ? fromUtf8(bytes) : null;
    },
    // Kept after the cloud took it: a roster that was never handed over was never in force.
    async keep(note) {
      writeDurable(path, utf8(note), 0o600);
    },
  };
}
