/**
 * `holdfast cloud`: one cloud process. `cloud init` makes its secrets, `cloud seed` fills an empty database,
 * `cloud check` verifies everything that is kept, beside a running cloud or without one, or walks the roads of messages; `cloud rotate-tls`
 * puts the next server key in the place of today's, `cloud rotate-log-key` and its kin do that for the key of the logs,
 * and `cloud broker` writes the files of an own Mosquitto. `cloud suspend` takes a bank or a door out of use for hours.
 * `cloud tenant`, `log`, `site`, `carrier`, `admin`, `bank`, `enrol` and `access` are the steps by which an estate begins,
 * `admin-remove` and `admin-reset` those by which an administrator leaves it, or begins anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { badgeHash } from '../contract/http/admin.ts';
import { fromUtf8 } from '../crypto/bytes.ts';
import { HoldfastError } from '../domain/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { requireOwner } from '../platform/folder-owner.ts';
import { openLog } from '../platform/log.ts';
import { runUntilStopped } from '../platform/process.ts';
import { systemRandom } from '../platform/random.ts';
import { servingBanks } from './banks/banks.ts';
import { stepsAfterRotation, writeBrokerFiles } from './broker/broker.ts';
import { NOUNS, startCloud } from './cloud.ts';
import { type CloudConfig, cloudConfig } from './config.ts';
import { type CloudDeps, openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import { ESTABLISHES, type EstablishValues, establish } from './establish.ts';
import { checkEvidence } from './evidence/evidence.ts';
import { initFiles, rotateServerKeys } from './files.ts';
import { traceOf } from './http/http.ts';
import { createLog, judgeLog } from './log/log.ts';
import { retireLogKey, rotateLogKey, writeSuccession } from './log-keys.ts';
import { checkMail, checkSms } from './notices/notices.ts';
import { checkCloud } from './parcels/parcels.ts';
import { verifiedRoster } from './rosters/rosters.ts';
import { seed } from './seed/seed.ts';
import { runSuspend, type SuspendValues } from './suspending.ts';
import { allTenants } from './tenants/tenants.ts';

const seedInput = z.strictObject({
  badgeHash,
  rootKeys: z.array(z.string().min(1)).min(1),
});

export async function runCloud(given: {
  config: string;
  mode: string | undefined;
  values: EstablishValues & RoadValues & SuspendValues;
}): Promise<number> {
  const config = readConfig(given.config, cloudConfig);
  // Before its log is opened: that too would be a file of the wrong user.
  requireOwner(config.dataDir);
  // Whatever a library creates is its owner's alone.
  process.umask(0o077);
  const log = openLog({ name: 'cloud', level: config.logLevel, path: config.logPath });
  const deps: CloudDeps = { config, clock: systemClock, random: systemRandom, log };
  const step = ESTABLISHES.find((one) => one === given.mode);
  if (step) {
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    return establish(deps, { what: step, values: given.values, nouns: NOUNS, say });
  }
  switch (given.mode) {
    case undefined:
      return serve(deps);
    case 'init':
      await initFiles(config, deps);
      return 0;
    case 'seed':
      await runSeed(deps);
      return 0;
    case 'check':
      return given.values.mail === undefined && given.values.sms === undefined
        ? runCheck(deps)
        : runRoads(deps, given.values);
    case 'rotate-tls':
      return runRotation(deps);
    case 'rotate-log-key':
      return rotateLogKey(deps);
    case 'retire-log-key':
      return retireLogKey(deps);
    case 'log-succession':
      return writeSuccession(deps, given.values);
    case 'suspend':
      return runSuspend(deps, given.values);
    case 'broker':
      await writeBrokerFiles(config, deps);
      return 0;
    default:
      throw new HoldfastError(
        'input-invalid',
        `holdfast cloud takes init, ${ESTABLISHES.join(', ')}, seed, check, rotate-tls, rotate-log-key, retire-log-key, log-succession, suspend, broker or nothing, not ${given.mode}`,
      );
  }
}

async function serve(deps: CloudDeps): Promise<number> {
  const running = await startCloud(deps);
  return new Promise((resolve) => {
    // What Node itself prints of a fault holds its message and, of a database's, the row that it was about.
    process.on('uncaughtException', (error) => {
      deps.log.error('a fault that nobody caught ends the process', traceOf(error));
      resolve(1);
    });
    runUntilStopped(running, { onStopped: resolve });
  });
}

type RoadValues = { mail?: string | undefined; sms?: string | undefined };

/** Whether messages go out. Asks no database, so that it can be asked before there is one. */
async function runRoads({ config, clock, random }: CloudDeps, { mail, sms }: RoadValues): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const of = { clock, random, say };
  const byMail = mail === undefined || (await checkMail(config.mail, mail, of));
  const bySms = sms === undefined || (await checkSms(config.sms, sms, of));
  return byMail && bySms ? 0 : 1;
}

/** Verifies every tenant's journals, parcels, compartments and log anew, and says what does not hold. */
async function runCheck(deps: CloudDeps): Promise<number> {
  const { cloud } = await openCore(deps, NOUNS);
  try {
    let findings = 0;
    for (const tenant of await allTenants(cloud)) {
      const found = [...(await checkCloud(cloud, tenant)), ...(await checkEvidence(cloud, tenant))];
      for (const { where, what } of found) {
        findings += 1;
        process.stdout.write(`${where}: ${what}\n`);
      }
      const wrong = await judgeLog(cloud, tenant);
      if (wrong === undefined) continue;
      findings += 1;
      process.stdout.write(`log of ${tenant}: ${wrong}\n`);
    }
    process.stdout.write(findings === 0 ? 'everything holds\n' : `${findings} findings\n`);
    return findings === 0 ? 0 : 1;
  } finally {
    await cloud.database.close();
  }
}

/**
 * Changes the TLS server key. A bank that has not applied a roster with the next key's pin would be locked
 * out, so while there is one, nothing is changed and the bank is named.
 */
async function runRotation(deps: CloudDeps): Promise<number> {
  const { cloud, files } = await openCore(deps, NOUNS);
  try {
    const stranded = await banksWithoutPin(cloud, cloud.pins.next);
    if (stranded.length > 0) {
      process.stdout.write(
        `not changed: these banks do not hold the next key's pin yet: ${stranded.join(', ')}\n`,
      );
      return 1;
    }
    rotateServerKeys(deps.config, files);
    process.stdout.write(
      `the next server key is today's now: ${cloud.pins.next}\n${stepsAfterRotation(deps.config.broker)}\n`,
    );
    return 0;
  } finally {
    await cloud.database.close();
  }
}

/** Names of those that a change of the server key would lock out. */
export async function banksWithoutPin(cloud: Cloud, pin: string): Promise<string[]> {
  const stranded: string[] = [];
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, async (tx) => {
      for (const bank of await servingBanks(tx)) {
        // A bank that was never enrolled holds the pins of its commissioning file, which is made anew for it.
        if (bank.key === null) continue;
        const roster = await verifiedRoster(tx, bank.site, bank.roster.applied);
        const pins = roster ? Object.values(roster.pins) : [];
        if (!pins.includes(pin)) stranded.push(bank.name);
      }
    });
  }
  return stranded;
}

/** Reads `seed-input.json` in the data folder and leaves the answer, secrets and all, beside it (0600). */
async function runSeed(deps: CloudDeps): Promise<void> {
  const input = readConfig(join(deps.config.dataDir, 'seed-input.json'), seedInput);
  const { cloud } = await openCore(deps, NOUNS);
  try {
    const seeded = await seed(cloud, input);
    const [host = ''] = deps.config.https.hosts;
    await createLog(cloud, { tenant: seeded.tenant, host, succeeds: false });
    const answer = { ...seeded, operatorToken: await operatorToken(deps.config) };
    // Read and removed by whoever asked for the seed; durability is theirs to give.
    await writeFile(join(deps.config.dataDir, 'seeded.json'), `${JSON.stringify(answer, null, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
  } finally {
    await cloud.database.close();
  }
}

async function operatorToken(config: CloudConfig): Promise<string> {
  return fromUtf8(new Uint8Array(await readFile(config.operatorTokenFile))).trim();
}
