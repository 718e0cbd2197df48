/**
 * The cloud: the list of its nouns, and the order in which its parts start and stop. It keeps nothing in
 * memory that matters, so any number of processes may run over one database and one broker.
 */
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { issueClient, selfSignedServer } from '../crypto/x509.ts';
import { parseId } from '../domain/ids.ts';
import { admin } from './admin/admin.ts';
import { banks, isCertificateOf, setConnected, tenantOfBank } from './banks/banks.ts';
import { type Broker, CLOUD_NAME, startBroker } from './broker/broker.ts';
import { type Link, openLink } from './broker/link.ts';
import { type CloudDeps, type Core, hear, openCore } from './core.ts';
import { couriers } from './couriers/couriers.ts';
import type { Cloud } from './deps.ts';
import { startHttp } from './http/http.ts';
import { intake, openIntake } from './intake/intake.ts';
import { startJobs } from './jobs/jobs.ts';
import { journal } from './journal/journal.ts';
import { type CloudFiles, positiveSerial } from './keys/files.ts';
import { keysNoun } from './keys/keys.ts';
import { notices } from './notices/notices.ts';
import type { Noun } from './noun.ts';
import { parcels } from './parcels/parcels.ts';
import { people } from './people/people.ts';
import { residents } from './residents/residents.ts';
import { rosters } from './rosters/rosters.ts';
import { authenticate, signin } from './signin/signin.ts';
import { allTenants, tenants } from './tenants/tenants.ts';
import { upkeep } from './upkeep.ts';

/** In the order in which their projections run: the picture of the doors, then parcels, then who is told. */
export const NOUNS: readonly Noun[] = [tenants, keysNoun, journal, people, rosters, banks, intake, parcels, notices, signin, admin, residents, couriers, upkeep];

export type RunningCloud = { cloud: Cloud; httpPort: number; httpsPort: number | null; brokerPort: number | null; stop(): Promise<void> };

const YEAR_MS = 365 * 86_400_000;
const SLACK_MS = 3_600_000;

export async function startCloud(deps: CloudDeps): Promise<RunningCloud> {
  const core = await openCore(deps, NOUNS);
  const closers: (() => Promise<void>)[] = [() => core.cloud.database.close()];
  const stop = async () => {
    // In reverse: what takes work in ends before what the work stands on.
    for (const close of closers.reverse()) await close();
  };
  try {
    return { ...(await startParts(core, closers)), cloud: core.cloud, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts({ cloud, files }: Core, closers: (() => Promise<void>)[]) {
  const { config, log } = cloud;
  const certificate = await serverCertificate(cloud, files);
  const jobs = await startJobs(cloud, NOUNS);
  closers.push(() => jobs.stop());

  const broker = 'embedded' in config.broker ? await openBroker(cloud, files, certificate) : null;
  if (broker) closers.push(() => broker.stop());
  const incoming = openIntake({ cloud, nouns: NOUNS, send: (bank, message) => link.send(bank, message) });
  const link: Link = openLink({
    ...addressOf(cloud, broker),
    client: await cloudCertificate(cloud, files),
    clock: cloud.clock,
    random: cloud.random,
    log,
    onMessage: incoming.received,
  });
  closers.push(() => link.stop(), () => incoming.stop());

  const servers = await startHttp({
    cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: { authenticate: (app, token) => authenticate(cloud, app, token), operatorTokenHash: files.operatorTokenHash },
    httpPort: config.http.port,
    https: { keyPem: privateKeyPem(files.current.privateKey), certificatePem: certificate, port: config.https.port, host: config.https.host },
    hosts: config.https.hosts,
    webDir: config.webDir,
    startFile: config.startFile,
    isReady: async () => link.isUp() && (await cloud.database.pool.query('select 1')).rowCount === 1,
  });
  closers.push(() => servers.stop());
  await hear(cloud, {
    onChanged: (tenant, topics) => servers.events.publish(tenant, topics),
    onTell: (tenant, site) => {
      incoming.tellSite(tenant, site).catch((error: Error) => log.error('banks were not told; they are when they next connect', { site, error: error.name }));
    },
  });
  log.info('the cloud is up', { http: servers.httpPort, https: servers.httpsPort, broker: broker?.port });
  return { httpPort: servers.httpPort, httpsPort: servers.httpsPort, brokerPort: broker?.port ?? null };
}

async function openBroker(cloud: Cloud, files: CloudFiles, certificate: string): Promise<Broker | null> {
  const { broker } = cloud.config;
  if (!('embedded' in broker)) return null;
  // Whoever was connected to the process before is not connected to this one.
  for (const tenant of await allTenants(cloud)) await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, null, false));
  return startBroker({
    ...broker.embedded,
    key: privateKeyPem(files.current.privateKey),
    certificate,
    authority: files.authority.certificatePem,
    log: cloud.log,
    isOnFile: (bank, shown) => isCertificateOf(cloud, bank, shown),
    onConnection: (bank, connected) => {
      noteConnection(cloud, bank, connected).catch((error: Error) => cloud.log.warn('a connection was not noted', { bank, error: error.name }));
    },
  });
}

async function noteConnection(cloud: Cloud, name: string, connected: boolean): Promise<void> {
  const bank = parseId('bank', name);
  const tenant = bank && (await tenantOfBank(cloud, bank));
  if (bank && tenant) await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, bank, connected));
}

function addressOf(cloud: Cloud, broker: Broker | null): { host: string; port: number; pins: readonly string[] } {
  const { config, pins } = cloud;
  if ('embedded' in config.broker) return { host: config.broker.embedded.host, port: broker?.port ?? config.broker.embedded.port, pins: [pins.current] };
  return config.broker;
}

/** Self-signed: banks pin the key, and browsers on loopback are told so. */
function serverCertificate(cloud: Cloud, files: CloudFiles): Promise<string> {
  const notBeforeMs = cloud.clock.nowMs() - SLACK_MS;
  return selfSignedServer({ commonName: 'holdfast cloud', privateKey: files.current.privateKey, hosts: cloud.config.https.hosts, serial: positiveSerial(cloud.random), notBeforeMs, notAfterMs: notBeforeMs + YEAR_MS });
}

/** Each process gets a key of its own, which lives as long as the process. */
async function cloudCertificate(cloud: Cloud, files: CloudFiles): Promise<{ certificate: string; key: string }> {
  const key = newSigningKey();
  const notBeforeMs = cloud.clock.nowMs() - SLACK_MS;
  const certificate = await issueClient({ authority: files.authority, commonName: CLOUD_NAME, publicKey: key.publicKey, serial: positiveSerial(cloud.random), notBeforeMs, notAfterMs: notBeforeMs + YEAR_MS });
  return { certificate, key: privateKeyPem(key.privateKey) };
}
