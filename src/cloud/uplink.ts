/** The cloud's side of the uplink: our own broker where there is one, the connection to it, and the intake behind it. */
import { privateKeyPem } from '../crypto/sign.ts';
import { type BankId, parseId, type SiteId, type TenantId } from '../domain/ids.ts';
import { isCertificateOf, retiredBanks, setConnected, tenantOfBank, tenantOfServing } from './banks/banks.ts';
import { type Broker, BrokerLink, startBroker } from './broker/broker.ts';
import { clientCertificate, type ServerCertificate, type Shown } from './certificates.ts';
import type { Core } from './core.ts';
import type { Cloud } from './deps.ts';
import type { CloudFiles } from './files.ts';
import { Intake } from './intake/intake.ts';
import { Leases } from './leases/leases.ts';
import type { Noun } from './noun.ts';
import { allTenants } from './tenants/tenants.ts';

export type Uplink = {
  /** Of our own broker; null with an operator's. */
  brokerPort: number | null;
  isUp(): boolean;
  /** Banks that this process serves. */
  readonly leasesHeld: number;
  /** Brings every bank that this process serves up to date. */
  tellAll(): void;
  tellSite(tenant: TenantId, site: SiteId): void;
  /** Hears nothing more, and lets what was heard finish. */
  stop(): Promise<void>;
};

export async function startUplink(
  { cloud, files }: Core,
  of: { nouns: readonly Noun[]; certificate: ServerCertificate; workers(): readonly string[] },
): Promise<Uplink> {
  const { config, log } = cloud;
  const broker =
    'embedded' in config.broker ? await openBroker(cloud, files, { ...of, ...config.broker.embedded }) : null;
  if (!broker) await forgetConnections(cloud, null);
  const { intake, link, leases, tell } = openParts(cloud, {
    ...of,
    ...addressOf(cloud, broker),
    client: clientCertificate({ cloud, files }),
    embedded: broker !== null,
  });
  await leases.start();
  return {
    brokerPort: broker?.port ?? null,
    isUp: () => link.isUp,
    get leasesHeld() {
      return leases.count;
    },
    tellAll() {
      shutOut(cloud, broker);
      tell(leases.banks);
    },
    tellSite(tenant, site) {
      shutOut(cloud, broker, [tenant]);
      intake.tellSite(tenant, site).catch((error: Error) => {
        log.error('banks were not told; they are when they next connect', { site, error: error.name });
      });
    },
    async stop() {
      // Another process can have the banks as soon as what this one has begun is answered.
      await leases.stop();
      await intake.stop();
      await link.stop();
      await broker?.stop();
    },
  };
}

type PartsOf = Address & {
  nouns: readonly Noun[];
  workers(): readonly string[];
  client(): Promise<Shown>;
  embedded: boolean;
};

/** How long a lost connection to the broker is waited for before others have this process's banks. */
const BROKER_AWAY_MS_MAX = 6_000;

/** Leases say which banks, the link hears and tells them, the intake answers. */
function openParts(cloud: Cloud, of: PartsOf) {
  const { clock, log } = cloud;
  let lastUpMs = Number.NEGATIVE_INFINITY;
  const leases: Leases = new Leases({
    cloud,
    embedded: of.embedded,
    reachesBroker() {
      if (link.isUp) lastUpMs = clock.monotonicMs();
      return clock.monotonicMs() - lastUpMs < BROKER_AWAY_MS_MAX;
    },
    workers: of.workers,
    onTaken(banks) {
      void link.serve(banks).then(() => tell(banks));
    },
    async onLeaving(banks) {
      await link.leave(banks);
      await intake.drained(banks);
    },
  });
  const intake: Intake = new Intake({
    cloud,
    nouns: of.nouns,
    leases,
    send: (bank, message) => link.send(bank, message),
  });
  const link: BrokerLink = new BrokerLink({
    ...of,
    clock,
    random: cloud.random,
    log,
    onMessage: (bank, payload) => intake.received(bank, payload),
    onUp() {
      leases.poke();
      tell(leases.banks);
    },
  });
  /** One after another: a process that takes over thousands of banks has other work as well. */
  async function tellEach(banks: readonly BankId[]): Promise<void> {
    for (const bank of banks) {
      const tenant = leases.holds(bank) ? await tenantOfBank(cloud, bank) : undefined;
      if (tenant) await intake.tellBank(tenant, bank);
    }
  }
  const tell = (banks: readonly BankId[]) => {
    tellEach(banks).catch((error: Error) => {
      log.warn('banks were not told; they are when they next speak', { error: error.name });
    });
  };
  return { intake, link, leases, tell };
}

type OpenBroker = { certificate: ServerCertificate; host: string; port: number };

async function openBroker(cloud: Cloud, files: CloudFiles, of: OpenBroker): Promise<Broker> {
  // Whoever was connected to the process before is not connected to this one.
  await forgetConnections(cloud, false);
  const broker = await startBroker({
    host: of.host,
    port: of.port,
    key: privateKeyPem(files.current.privateKey),
    certificate: of.certificate.pem,
    authority: files.authority.certificatePem,
    log: cloud.log,
    isOnFile: (bank, shown) => isCertificateOf(cloud, bank, shown),
    onConnection(bank, connected) {
      const noted = async () => {
        // Let in in the moment in which it went out of service: whoever told of that did not see it connected.
        if (connected && !(await tenantOfServing(cloud, bank))) return broker.drop(bank);
        await noteConnection(cloud, bank, connected);
      };
      noted().catch((error: Error) => {
        cloud.log.warn('a connection was not noted', { bank, error: error.name });
      });
    },
  });
  of.certificate.shownBy((pem) => broker.shows(pem));
  return broker;
}

/** Closes what banks that are out of service still hold open; a new connection of theirs is not let in. */
function shutOut(cloud: Cloud, broker: Broker | null, of?: readonly TenantId[]): void {
  if (!broker) return;
  const closing = async () => {
    for (const tenant of of ?? (await allTenants(cloud)))
      for (const bank of await cloud.database.read(tenant, (tx) => retiredBanks(tx))) broker.drop(bank);
  };
  closing().catch((error: Error) => {
    cloud.log.error('banks out of service were not shut out; tried again with the next change', {
      error: error.name,
    });
  });
}

/** Our own broker says who is connected; an operator's says nothing, and a bank is judged by when it last spoke. */
async function forgetConnections(cloud: Cloud, connected: false | null): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, null, connected));
  }
}

async function noteConnection(cloud: Cloud, name: string, connected: boolean): Promise<void> {
  const bank = parseId('bank', name);
  const tenant = bank && (await tenantOfBank(cloud, bank));
  if (bank && tenant) await cloud.database.tenant(tenant, (tx) => setConnected(cloud, tx, bank, connected));
}

type Address = { host: string; port: number; pins: readonly string[] };

function addressOf(cloud: Cloud, broker: Broker | null): Address {
  const { config, pins } = cloud;
  if (!('embedded' in config.broker)) {
    const { host, port } = config.broker;
    // The next key's pin as well: the broker's files may be renewed before or after this process starts anew.
    return { host, port, pins: config.broker.pins ?? [pins.current, pins.next] };
  }
  const { host, port } = config.broker.embedded;
  return { host, port: broker?.port ?? port, pins: [pins.current] };
}
