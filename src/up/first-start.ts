/**
 * What the first start makes: the site root (by the operator's own command), the passwords between the
 * parts, the seed of people, the bank's commissioning, and the first signed roster (by the operator's own
 * command again). Each step is a process of its own, so that the cloud never holds what is not its own.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Commissioning } from '../contract/uplink.ts';
import { base64url, utf8 } from '../crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { selfSignedServer } from '../crypto/x509.ts';
import { HoldfastError } from '../domain/errors.ts';
import { badgeText } from '../domain/scan.ts';
import { badgeHash } from '../ledger/roster.ts';
import { systemClock } from '../platform/clock.ts';
import { environmentWith } from '../platform/config.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { drawDigits, systemRandom } from '../platform/random.ts';
import { readRootPublic } from '../signer/root.ts';
import { cloudSpec, type SystemConfig, sealingKeyFile } from './configs.ts';
import { readSecrets, type Secrets, type Seeded, type SeedInput } from './kept.ts';
import type { Places } from './places.ts';
import type { Ports } from './ports.ts';
import { waitFor } from './wait.ts';

const YEARS_MS = 10 * 365 * 86_400_000;

export async function firstStart(of: {
  places: Places;
  root: string;
  say(line: string): void;
}): Promise<Secrets> {
  const { places, root, say } = of;
  const kept = await readIfExists(places.secretsFile);
  if (kept) return readSecrets(places);
  say('making the site root: holdfast admin root init');
  if (!(await readRootPublic(places.root)))
    await command({ root, args: ['admin', 'root', 'init', '--root', places.root] });
  const secrets = await drawSecrets();
  await writeDurable(places.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
  return secrets;
}

/** The bank's sealing key, by the operator's own command. One that is lost is never made anew for an old disk. */
export async function provideSealingKey(config: SystemConfig, say: (line: string) => void): Promise<void> {
  const { places, root } = config;
  const path = sealingKeyFile(places);
  if (existsSync(path) || existsSync(join(places.edge, 'bank', 'keys', 'bank.sealed'))) return;
  say('making the bank’s sealing key: holdfast edge sealing-key init (on one machine only a file apart)');
  await command({ root, args: ['edge', 'sealing-key', 'init', '--out', path] });
}

async function drawSecrets(): Promise<Secrets> {
  const word = () => base64url(systemRandom.bytes(24));
  const key = newSigningKey();
  const nowMs = systemClock.nowMs();
  const smtpCertificatePem = await selfSignedServer({
    commonName: 'rig phone',
    privateKey: key.privateKey,
    hosts: ['localhost', '127.0.0.1'],
    serial: systemRandom.bytes(8),
    notBeforeMs: nowMs - 3_600_000,
    notAfterMs: nowMs + YEARS_MS,
  });
  return {
    ownerPassword: word(),
    appPassword: word(),
    smtpUser: 'holdfast',
    smtpPassword: word(),
    smtpCertificatePem,
    smtpKeyPem: privateKeyPem(key.privateKey),
    smsToken: word(),
    courier: { badge: badgeText(systemRandom.bytes(16)), code: drawCourierCode() },
  };
}

/** A code that the kiosk takes: not one digit all along, no straight run. */
function drawCourierCode(): string {
  for (;;) {
    const code = drawDigits(systemRandom, 6);
    if (new Set(code).size >= 4) return code;
  }
}

export const commission = {
  /** People, carriers and one bank, made by the cloud's own program; it learns the badge's hash only. */
  async seed(of: { config: SystemConfig; say(line: string): void }): Promise<void> {
    const { config, say } = of;
    const { places, secrets } = config;
    say('seeding one site with 60 residents and five carriers');
    const rootPublic = await readRootPublic(places.root);
    if (!rootPublic) throw new HoldfastError('not-found', `there is no site root in ${places.root}`);
    const input: SeedInput = { badgeHash: badgeHash(secrets.courier.badge), rootKeys: [rootPublic.key] };
    await writeDurable(join(places.cloud, 'seed-input.json'), JSON.stringify(input), 0o600);
    const spec = cloudSpec(config);
    // Making key files durably takes calls that the permission model has not; everything after runs under it.
    await command({ root: config.root, args: ['cloud', 'init', ...spec.args.slice(1)] });
    await command({
      root: config.root,
      args: ['cloud', 'seed', ...spec.args.slice(1)],
      nodeFlags: spec.nodeFlags ?? [],
      cwd: places.cloud,
    });
    const answer = JSON.parse(readFileSync(join(places.cloud, 'seeded.json'), 'utf8')) as Omit<
      Seeded,
      'signIns'
    > & {
      signIns: Omit<Seeded['signIns'], 'courier'> & {
        courier: { carrier: string; name: string; email: string };
      };
    };
    for (const name of ['seed-input.json', 'seeded.json']) rmSync(join(places.cloud, name));
    const seeded: Seeded = {
      ...answer,
      signIns: { ...answer.signIns, courier: { ...answer.signIns.courier, ...secrets.courier } },
    };
    await writeDurable(join(places.data, 'seeded.json'), `${JSON.stringify(seeded, null, 2)}\n`, 0o600);
    await writeDurable(
      join(places.edge, 'commissioning.json'),
      JSON.stringify(commissioningOf(config, seeded, rootPublic.key), null, 2),
      0o600,
    );
    const access = {
      api: `https://127.0.0.1:${config.ports.https}`,
      token: seeded.operatorToken,
      pins: [seeded.pins.current, seeded.pins.next],
      site: seeded.site,
    };
    await writeDurable(join(places.root, 'operator.json'), JSON.stringify(access, null, 2), 0o600);
  },

  /**
   * What an earlier version did not have yet, made by the commands that an operator of one types. A log that
   * is there already does not take the new key, and the start ends there.
   */
  async renew({ config, say }: { config: SystemConfig; say(line: string): void }): Promise<void> {
    if (existsSync(join(config.places.cloud, 'keys', 'ledger.key'))) return;
    say(
      'this folder is of an earlier version: making the log’s key and the log (holdfast cloud init, cloud log)',
    );
    const spec = cloudSpec(config);
    const [, ...options] = spec.args;
    await command({ root: config.root, args: ['cloud', 'init', ...options] });
    const bound = { nodeFlags: spec.nodeFlags ?? [], cwd: config.places.cloud };
    await command({ root: config.root, args: ['cloud', 'log', ...options], ...bound });
  },

  /** The bank is enrolled by now: its key stands in the draft, which the root signs. */
  async finish(of: {
    config: SystemConfig;
    say(line: string): void;
    signal?: AbortSignal | undefined;
  }): Promise<void> {
    const { config, say, signal } = of;
    say('signing the first roster: holdfast admin roster sign');
    await command({
      root: config.root,
      args: ['admin', 'roster', 'sign', '--root', config.places.root, '--yes'],
    });
    signal?.throwIfAborted();
    await waitFor({
      clock: systemClock,
      what: 'the bank to apply its first roster',
      msMax: 30_000,
      holds: () => rosterIsApplied(config.ports),
      signal,
    });
    // Written last: until here a broken start begins anew, from here on nothing is ever thrown away.
    await writeDurable(config.places.stateFile, utf8(JSON.stringify({ commissioned: true })), 0o600);
  },
};

function commissioningOf(config: SystemConfig, seeded: Seeded, rootKey: string): Commissioning {
  const { current, next, offline } = seeded.pins;
  return {
    v: 1,
    tenant: seeded.tenant,
    site: seeded.site,
    bank: seeded.bank.id,
    name: seeded.bank.name,
    rootKeys: [rootKey],
    rootSignatures: 1,
    pins: offline === null ? [current, next] : [current, next, offline],
    enrolmentUrl: `https://127.0.0.1:${config.ports.https}/api/enrolments`,
    enrolmentCode: seeded.bank.enrolmentCode,
    brokerUrl: `mqtts://127.0.0.1:${config.ports.uplink}`,
    development: true,
  };
}

/** The files of an operator's own broker, by the operator's own command; renewed at every start. */
export async function writeBrokerFiles(config: SystemConfig): Promise<void> {
  await command({ root: config.root, args: ['cloud', 'broker', ...cloudSpec(config).args.slice(1)] });
}

/** True once the kiosk says that it holds a roster. */
export async function rosterIsApplied(ports: Ports): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${ports.kiosk}/api/health`);
  return ((await answer.json()) as { rosterVersion: number }).rosterVersion > 0;
}

/** Runs a command of this program as a process of its own; throws what it said when it fails. */
function command(of: {
  root: string;
  args: readonly string[];
  nodeFlags?: readonly string[];
  cwd?: string;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [...(of.nodeFlags ?? []), join(of.root, 'bin', 'holdfast.ts'), ...of.args],
      {
        cwd: of.cwd ?? of.root,
        // Ctrl-C reaches `up` alone, which finishes the step and stops in order.
        detached: true,
        env: environmentWith(of.cwd === undefined ? {} : { HOME: of.cwd }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let said = '';
    const keep = (part: Buffer) => {
      said = (said + part.toString('utf8')).slice(-6000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('exit', (status) => {
      if (status === 0) resolve();
      else
        reject(
          new HoldfastError(
            'unavailable',
            `holdfast ${of.args.slice(0, 3).join(' ')} failed:\n${said.trim()}`,
          ),
        );
    });
  });
}
