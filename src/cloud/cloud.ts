/**
 * The cloud: the list of its nouns, and the order in which its parts start and stop. It keeps nothing in
 * memory that matters, so any number of processes may run over one database and one broker.
 */
import { privateKeyPem } from '../crypto/sign.ts';
import { codeOf } from '../platform/durable.ts';
import { admin, attentionGauges } from './admin/admin.ts';
import { banks } from './banks/banks.ts';
import { ServerCertificate } from './certificates.ts';
import { type CloudDeps, type Core, hear, openCore } from './core.ts';
import { couriers } from './couriers/couriers.ts';
import { type Cloud, TOPICS } from './deps.ts';
import { evidence } from './evidence/evidence.ts';
import { exports } from './export/export.ts';
import { startHttp } from './http/http.ts';
import { intake } from './intake/intake.ts';
import { startJobs } from './jobs/jobs.ts';
import { journal } from './journal/journal.ts';
import { keysNoun } from './keys/keys.ts';
import { leases } from './leases/leases.ts';
import { gaugesOf, log, requireLogs, startSequencer, startSubmitter } from './log/log.ts';
import { notices } from './notices/notices.ts';
import type { Noun } from './noun.ts';
import { orders } from './orders/orders.ts';
import { parcels } from './parcels/parcels.ts';
import { people } from './people/people.ts';
import { privacy } from './privacy/privacy.ts';
import { reconciliation } from './reconciliation/reconciliation.ts';
import { records } from './records/records.ts';
import { residents } from './residents/residents.ts';
import { rosters } from './rosters/rosters.ts';
import { rotationOf } from './rotation/rotation.ts';
import { authenticate, signin } from './signin/signin.ts';
import { type Part, stopParts } from './stop.ts';
import { tenants } from './tenants/tenants.ts';
import { upkeep } from './upkeep.ts';
import { startUplink } from './uplink.ts';

/** In the order in which their projections run: the picture of the doors, then parcels, then who is told. */
const WORKING: readonly Noun[] = [
  tenants,
  keysNoun,
  journal,
  people,
  rosters,
  banks,
  leases,
  log,
  intake,
  orders,
  parcels,
  reconciliation,
  records,
  evidence,
  exports,
  notices,
  signin,
  privacy,
  admin,
  residents,
  couriers,
  upkeep,
];
const UNDER_TENANT_KEY = WORKING.flatMap(({ underTenantKey }) => underTenantKey ?? []);
/** How many parts a rotation of a tenant's key has. */
export const ROTATED_PARTS = UNDER_TENANT_KEY.length;
export const NOUNS: readonly Noun[] = [...WORKING, rotationOf(UNDER_TENANT_KEY)];

export type RunningCloud = {
  cloud: Cloud;
  httpPort: number;
  httpsPort: number | null;
  /** Null with an operator's own broker. */
  brokerPort: number | null;
  stop(): Promise<void>;
};

/** Under the quarter of a minute after which `up` ends a child, and the half that orchestrators wait. */
const FINISH_MS = 10_000;
/** So long a proxy may go on sending requests after readiness said no. */
const UNREADY_MS = 1_000;

export async function startCloud(deps: CloudDeps): Promise<RunningCloud> {
  const core = await openCore(deps, NOUNS);
  const parts: Part[] = [{ name: 'database', stop: () => core.cloud.database.close() }];
  const finishMsMax = deps.config.stopping?.finishMs ?? FINISH_MS;
  // In reverse: what takes work in ends before what the work stands on.
  const stop = () => stopParts(parts.splice(0).reverse(), { ...deps, finishMsMax });
  try {
    return { ...(await startParts(core, parts)), cloud: core.cloud, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(core: Core, parts: Part[]): Promise<Omit<RunningCloud, 'cloud' | 'stop'>> {
  const { cloud, files } = core;
  const { config } = cloud;
  await requireLogs(cloud);
  const certificate = await ServerCertificate.open(core);
  parts.push({ name: 'certificate', stop: async () => certificate.stop() });
  const jobs = await startJobs(cloud, NOUNS);
  parts.push({ name: 'jobs', stop: () => jobs.stop(), cut: () => jobs.cut() });
  const sequencer = startSequencer(cloud);
  parts.push({ name: 'log', stop: () => sequencer.stop() });
  const submitter = await startSubmitter(cloud);
  parts.push({ name: 'witnesses', stop: () => submitter.stop() });
  const uplink = await startUplink(core, { nouns: NOUNS, certificate, workers: jobs.workers });
  parts.push({ name: 'uplink', stop: () => uplink.stop() });
  const servers = await startHttp({
    cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: {
      authenticate: (app, token, use) => authenticate(cloud, app, token, use),
      operatorTokenHash: files.operatorTokenHash,
    },
    httpPort: config.http.port,
    https: {
      ...config.https,
      keyPem: privateKeyPem(files.current.privateKey),
      certificatePem: certificate.pem,
    },
    hosts: config.https.hosts,
    trustedProxies: config.trustedProxies ?? [],
    webDir: config.webDir,
    startFile: config.startFile,
    unreadyMs: config.stopping?.unreadyMs ?? UNREADY_MS,
    gauges: [
      {
        name: 'holdfast_leases_held',
        help: 'Banks that this process serves.',
        value: () => uplink.leasesHeld,
      },
      ...gaugesOf(submitter.standings),
      ...attentionGauges(cloud),
    ],
    isReady: async () => uplink.isUp() && (await databaseAnswers(cloud)),
  });
  parts.push({ name: 'http', stop: () => servers.stop() });
  certificate.shownBy((pem) => servers.shows(pem));
  await hear(cloud, {
    onChanged(tenant, topics) {
      sequencer.poke(tenant);
      servers.events.publish(tenant, topics);
    },
    onTell: uplink.tellSite,
    onGap() {
      servers.events.publishAll(TOPICS);
      uplink.tellAll();
    },
  });
  const ports = { httpPort: servers.httpPort, httpsPort: servers.httpsPort, brokerPort: uplink.brokerPort };
  cloud.log.info('the cloud is up', ports);
  return ports;
}

/** A database that is gone is a state of the surroundings, which whoever asks is told. */
function databaseAnswers({ database, log }: Cloud): Promise<boolean> {
  return database.pool.query('select 1').then(
    ({ rowCount }) => rowCount === 1,
    (error: unknown) => {
      log.warn('the database does not answer', { code: codeOf(error) ?? 'unknown' });
      return false;
    },
  );
}
