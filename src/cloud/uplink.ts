/** The cloud's side of the uplink: our own broker where there is one, the connection to it, and the intake behind it. */
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { issueClient } from '../crypto/x509.ts';
import { parseId, type SiteId, type TenantId } from '../domain/ids.ts';
import { isCertificateOf, setConnected, tenantOfBank } from './banks/banks.ts';
import { type Broker, BrokerLink, CLOUD_NAME, startBroker } from './broker/broker.ts';
import type { Core } from './core.ts';
import type { Cloud } from './deps.ts';
import { type CloudFiles, positiveSerial } from './files.ts';
import { Intake } from './intake/intake.ts';
import type { Noun } from './noun.ts';
import { allTenants } from './tenants/tenants.ts';

export type Uplink = {
  /** Of our own broker; null with an operator's. */
  brokerPort: number | null;
  isUp(): boolean;
  tellSite(tenant: TenantId, site: SiteId): void;
  /** Hears nothing more, and lets what was heard finish. */
  stop(): Promise<void>;
};

const YEAR_MS = 365 * 86_400_000;
const SLACK_MS = 3_600_000;

export async function startUplink(
  { cloud, files }: Core,
  of: { nouns: readonly Noun[]; certificate: string },
): Promise<Uplink> {
  const { config, log } = cloud;
  const broker =
    'embedded' in config.broker ? await openBroker(cloud, files, { ...of, ...config.broker.embedded }) : null;
  const intake = new Intake({ cloud, nouns: of.nouns, send: (bank, message) => link.send(bank, message) });
  const link: BrokerLink = new BrokerLink({
    ...addressOf(cloud, broker),
    client: await processCertificate(cloud, files),
    clock: cloud.clock,
    random: cloud.random,
    log,
    onMessage: (bank, payload) => intake.received(bank, payload),
  });
  return {
    brokerPort: broker?.port ?? null,
    isUp: () => link.isUp,
    tellSite(tenant, site) {
      intake.tellSite(tenant, site).catch((error: Error) => {
        log.error('banks were not told; they are when they next connect', { site, error: error.name });
      });
    },
    async stop() {
      // The intake first: what it has begun still answers over the link.
      await intake.stop();
      await link.stop();
      await broker?.stop();
    },
  };
}

type OpenBroker = { certificate: string; host: string; port: number };

async function openBroker(cloud: Cloud, files: CloudFiles, of: OpenBroker): Promise<Broker> {
  // Whoever was connected to the process before is not connected to this one.
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, null, false));
  }
  return startBroker({
    host: of.host,
    port: of.port,
    key: privateKeyPem(files.current.privateKey),
    certificate: of.certificate,
    authority: files.authority.certificatePem,
    log: cloud.log,
    isOnFile: (bank, shown) => isCertificateOf(cloud, bank, shown),
    onConnection(bank, connected) {
      noteConnection(cloud, bank, connected).catch((error: Error) => {
        cloud.log.warn('a connection was not noted', { bank, error: error.name });
      });
    },
  });
}

async function noteConnection(cloud: Cloud, name: string, connected: boolean): Promise<void> {
  const bank = parseId('bank', name);
  const tenant = bank && (await tenantOfBank(cloud, bank));
  if (bank && tenant) await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, bank, connected));
}

function addressOf(
  cloud: Cloud,
  broker: Broker | null,
): { host: string; port: number; pins: readonly string[] } {
  const { config, pins } = cloud;
  if (!('embedded' in config.broker)) return config.broker;
  const { host, port } = config.broker.embedded;
  return { host, port: broker?.port ?? port, pins: [pins.current] };
}

/** Each process gets a key of its own, which lives as long as the process. */
async function processCertificate(
  cloud: Cloud,
  files: CloudFiles,
): Promise<{ certificate: string; key: string }> {
  const key = newSigningKey();
  const notBeforeMs = cloud.clock.nowMs() - SLACK_MS;
  const certificate = await issueClient({
    authority: files.authority,
    commonName: CLOUD_NAME,
    publicKey: key.publicKey,
    serial: positiveSerial(cloud.random),
    notBeforeMs,
    notAfterMs: notBeforeMs + YEAR_MS,
  });
  return { certificate, key: privateKeyPem(key.privateKey) };
}
