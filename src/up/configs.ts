/** The configuration files that `up` writes for its children, as an operator would by hand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { RigConfig } from '../../rig/config.ts';
import type { cloudConfig } from '../cloud/config.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { EdgeConfig } from '../edge/config.ts';
import { writeDurable } from '../platform/durable.ts';
import type { ChildSpec } from './children.ts';
import { readSeeded, type Secrets, type Seeded } from './kept.ts';
import type { Places } from './places.ts';
import { type Ports, urlsOf } from './ports.ts';

export type SystemConfig = {
  root: string;
  places: Places;
  ports: Ports;
  secrets: Secrets;
  databaseUrl: string;
  ownerDatabaseUrl: string;
  relocated: string | null;
  /** An operator's own broker on this machine, and the port at which banks reach it; null: the embedded one. */
  broker: OwnBroker | null;
};

export type OwnBroker = {
  host: string;
  port: number;
  mosquitto: { host: string; port: number; dir: string };
};

type CloudConfig = z.input<typeof cloudConfig>;

const cloudFile = (config: SystemConfig) => join(config.places.cloud, 'config.json');
const edgeFile = (config: SystemConfig) => join(config.places.edge, 'config.json');
/** Apart from the bank's own folder; on one machine that is a separate file and no more. */
export const sealingKeyFile = (places: Places) => join(places.seal, 'bank.key');
const rigFile = (config: SystemConfig) => join(config.places.rig, 'config.json');

export async function writeConfigs(config: SystemConfig): Promise<void> {
  await writeJson(cloudFile(config), cloudOf(config));
  await writeJson(edgeFile(config), edgeOf(config));
  await writeJson(rigFile(config), rigOf(config));
  await writeJson(join(config.places.cloud, 'start.json'), startOf(config));
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeDurable(path, `${JSON.stringify(value, null, 2)}\n`, 0o600);
}

function cloudOf(config: SystemConfig): CloudConfig {
  const { places, ports, secrets, root, databaseUrl, ownerDatabaseUrl } = config;
  const urls = urlsOf(ports);
  return {
    databaseUrl,
    ownerDatabaseUrl,
    dataDir: places.cloud,
    rootKeyFile: join(places.cloud, 'root.key'),
    operatorTokenFile: join(places.cloud, 'operator.token'),
    http: { port: ports.start },
    https: { host: '127.0.0.1', port: ports.https, hosts: ['localhost', '127.0.0.1'] },
    broker: config.broker ?? { embedded: { host: '127.0.0.1', port: ports.mqtt } },
    offlinePin: null,
    mail: {
      host: '127.0.0.1',
      port: ports.smtp,
      user: secrets.smtpUser,
      password: secrets.smtpPassword,
      caPem: secrets.smtpCertificatePem,
      from: 'Holdfast <parcels@holdfast.localhost>',
    },
    sms: { url: `http://127.0.0.1:${ports.sms}`, token: secrets.smsToken },
    urls: { resident: urls.resident, courier: urls.courier, admin: urls.admin },
    webDir: built(root, ''),
    development: true,
    startFile: join(places.cloud, 'start.json'),
    // No proxy stands before it here.
    stopping: { unreadyMs: 0, finishMs: 8_000 },
    logPath: join(places.logs, 'cloud.log'),
    logLevel: 'info',
  };
}

function edgeOf({ places, ports, root }: SystemConfig): EdgeConfig {
  return {
    dataDir: join(places.edge, 'bank'),
    commissioningFile: join(places.edge, 'commissioning.json'),
    sealingKey: { kind: 'file', path: sealingKeyFile(places) },
    kiosk: { port: ports.kiosk, webDir: built(root, 'kiosk') },
    boards: {
      family: 'kerong-cu',
      line: { kind: 'tcp', host: '127.0.0.1', port: ports.serial },
      profile: {
        name: 'kerong-cu16',
        locksPerBoard: 16,
        hookBitWhenClosed: 1,
        infraredBitWhenOccupied: 1,
        unlockReply: 'status',
        answerStillClosed: 'released',
        confirmLooks: 2,
        replyMs: 500,
        quietMs: 10,
      },
      pollMs: 200,
    },
    scanner: { host: '127.0.0.1', port: ports.scanner },
    uplink: { host: '127.0.0.1', port: ports.uplink },
    logPath: join(places.logs, 'edge.log'),
    logLevel: 'info',
  };
}

function rigOf({ places, ports, secrets, root, broker }: SystemConfig): RigConfig {
  const seeded = existsSync(join(places.data, 'seeded.json')) ? readSeeded(places) : null;
  return {
    httpPort: ports.rig,
    smtpPort: ports.smtp,
    smtpUser: secrets.smtpUser,
    smtpPassword: secrets.smtpPassword,
    smtpCertificatePem: secrets.smtpCertificatePem,
    smtpKeyPem: secrets.smtpKeyPem,
    smsPort: ports.sms,
    smsToken: secrets.smsToken,
    boards: { family: 'kerong-cu' },
    serialLine: { kind: 'tcp', port: ports.serial },
    scannerPort: ports.scanner,
    uplinkPort: ports.uplink,
    brokerPort: broker?.mosquitto.port ?? ports.mqtt,
    kioskPort: ports.kiosk,
    dataDir: places.rig,
    phoneDir: places.phone,
    webDir: built(root, 'rig'),
    cast: seeded && {
      courier: courierCard(seeded.signIns.courier),
      admin: { email: seeded.signIns.admin.email, totpSecret: seeded.signIns.admin.totpSecret },
      resident: seeded.signIns.resident,
    },
    links: urlsOf(ports),
  };
}

/** What lies in the rig: the badge and the code, as a courier carries them. */
function courierCard({ carrier, name, badge, code }: Seeded['signIns']['courier']) {
  return { carrier, name, badge, code };
}

/** What `GET /api/start` shows on this machine; null sign-ins until the seed is there. */
function startOf({ places, ports }: SystemConfig): unknown {
  const signIns = existsSync(join(places.data, 'seeded.json')) ? readSeeded(places).signIns : null;
  if (signIns === null) return { urls: urlsOf(ports), signIns: null };
  const { admin, resident } = signIns;
  // The cloud serves this page, and a badge's secret and a courier's code are never the cloud's to know.
  const courier = { carrier: signIns.courier.carrier, badge: 'on the rig’s page', code: 'on the rig’s page' };
  return { urls: urlsOf(ports), signIns: { admin, courier, resident } };
}

function built(root: string, app: string): string | null {
  const dir = join(root, 'web', 'dist', app);
  return existsSync(dir) ? dir : null;
}

/**
 * The cloud runs under Node's permission model: it reads its own program and its own folder, writes its own
 * folder, and starts no process, so its code has no path to the site root's key. On one machine and under
 * one user that is a fence between files and no more: loopback ports stay reachable, the lock boards' among
 * them. Where it matters, cloud and bank are different machines.
 */
export function cloudFence({ root, places }: Pick<SystemConfig, 'root' | 'places'>): readonly string[] {
  requireFenceable({ root, places });
  const reads = ['bin', 'src', 'node_modules', 'package.json', join('web', 'dist')].map((path) =>
    join(root, path),
  );
  return [
    '--permission',
    ...[...reads, places.cloud, places.logs].map((path) => `--allow-fs-read=${path}`),
    ...[places.cloud, places.logs].map((path) => `--allow-fs-write=${path}`),
  ];
}

/** Node takes a star in an allowed path for any letters, knows no way to write it as itself, and would allow more than was meant. */
export function requireFenceable({ root, places }: Pick<SystemConfig, 'root' | 'places'>): void {
  const starred = [root, places.data].find((path) => path.includes('*'));
  if (starred === undefined) return;
  throw new HoldfastError(
    'input-invalid',
    `${starred} has a * in its name, which the fence around the cloud’s process cannot be drawn along; rename that folder`,
  );
}

export function cloudSpec(config: SystemConfig): ChildSpec {
  const { places } = config;
  // Its folder is its own as well: libraries look for their settings where they are started.
  return {
    ...{ name: 'cloud', args: ['cloud', '--config', cloudFile(config)] },
    ...{ nodeFlags: cloudFence(config), cwd: places.cloud, goesLater: true },
  };
}

export function edgeSpec(config: SystemConfig): ChildSpec {
  return { name: 'edge', args: ['edge', '--config', edgeFile(config)] };
}

export function rigSpec(config: SystemConfig): ChildSpec {
  return { name: 'rig', args: ['rig', '--config', rigFile(config)] };
}

export function signerSpec(config: SystemConfig): ChildSpec {
  return { name: 'signer', args: ['sign', '--port', String(config.ports.signer)] };
}
