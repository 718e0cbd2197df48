/**
 * One bank for tests: a real agent and a real rig on real sockets, with the test in the place of the
 * cloud. It holds the site root, so it can sign rosters, and the notifier, so it can read codes.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DownMessage,
  type NoticeCodes,
  type NoticeWish,
  noticeCodes,
  SEAL_INFO,
} from '../src/contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8 } from '../src/crypto/bytes.ts';
import { type HpkeKey, hpkeOpen, newHpkeKey } from '../src/crypto/hpke.ts';
import { fingerprint, newSigningKey, type SigningKey } from '../src/crypto/sign.ts';
import { issueClient, selfSignedAuthority } from '../src/crypto/x509.ts';
import {
  type BankId,
  type CarrierId,
  idFrom,
  type PersonId,
  type SiteId,
  type TenantId,
} from '../src/domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../src/domain/roster.ts';
import { badgeText } from '../src/domain/scan.ts';
import { type Agent, startAgent } from '../src/edge/agent.ts';
import type { EdgeConfig, KerongCuProfile } from '../src/edge/config.ts';
import { openBankKeys } from '../src/edge/keys.ts';
import { makeSealingKey, readSealingKey } from '../src/edge/sealing-key.ts';
import { badgeHash, signEpoch, signRoster } from '../src/ledger/roster.ts';
import { type Clock, systemClock } from '../src/platform/clock.ts';
import { type Log, silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';

const random = systemRandom;
const id = <K extends 'tenant' | 'site' | 'bank' | 'person' | 'carrier'>(kind: K) =>
  idFrom(kind, random.bytes(16));

export const CU16_PROFILE: KerongCuProfile = {
  name: 'kerong-cu16',
  locksPerBoard: 16,
  hookBitWhenClosed: 1,
  infraredBitWhenOccupied: 1,
  unlockReply: 'status',
  answerStillClosed: 'released',
  confirmLooks: 2,
  replyMs: 500,
  quietMs: 5,
};

export type TestSite = {
  tenant: TenantId;
  site: SiteId;
  bank: BankId;
  root: SigningKey;
  notifier: SigningKey;
  epochKey: HpkeKey;
  intake: HpkeKey;
  courier: { person: PersonId; carrier: CarrierId; badge: string };
  resident: { person: PersonId; flat: string; label: string };
  dir: string;
};

export async function newSite(): Promise<TestSite> {
  return {
    tenant: id('tenant'),
    site: id('site'),
    bank: id('bank'),
    root: newSigningKey(),
    notifier: newSigningKey(),
    epochKey: await newHpkeKey(),
    intake: await newHpkeKey(),
    courier: { person: id('person'), carrier: id('carrier'), badge: badgeText(random.bytes(16)) },
    resident: { person: id('person'), flat: '12', label: 'A. Okafor' },
    dir: mkdtempSync(join(tmpdir(), 'holdfast-bank-')),
  };
}

export function rosterFor(
  site: TestSite,
  bank: { key: string; sealKey: string },
  change: Partial<Roster> = {},
): Roster {
  return {
    v: 1,
    tenant: site.tenant,
    site: site.site,
    version: 1,
    madeAtMs: 1_760_000_000_000,
    root: { keys: [base64url(site.root.publicKey)], k: 1 },
    banks: [{ bank: site.bank, ...bank }],
    pins: {
      current: fingerprint(site.notifier.publicKey),
      next: fingerprint(site.root.publicKey),
      offline: null,
    },
    keys: {
      intake: base64url(site.intake.publicKey),
      notifier: base64url(site.notifier.publicKey),
      ledger: null,
    },
    carriers: [{ carrier: site.courier.carrier, name: 'UPS', key: null }],
    couriers: [
      {
        person: site.courier.person,
        carrier: site.courier.carrier,
        badgeHash: badgeHash(site.courier.badge),
        untilMs: null,
      },
    ],
    staff: [],
    policy: DEFAULT_POLICY,
    ...change,
  };
}

/** Starts the agent of `site` against boards at `serialPort`. Its uplink dials a port where nobody answers. */
export async function startTestAgent(
  site: TestSite,
  ports: BankPorts,
  onFatal: (error: Error) => void,
  clock: Clock = systemClock,
  log: Log = silentLog,
): Promise<Agent> {
  const config = await prepareBank(site, ports);
  return startAgent({ config, clock, random, log, onFatal });
}

/** Lays down everything that an agent of `site` needs at its start, and answers its configuration. */
export async function prepareBank(site: TestSite, ports: BankPorts): Promise<EdgeConfig> {
  const dataDir = join(site.dir, 'edge');
  const commissioningFile = join(site.dir, 'commissioning.json');
  const keys = await prepareKeys(site, dataDir);
  writeFileSync(
    commissioningFile,
    JSON.stringify({
      v: 1,
      tenant: site.tenant,
      site: site.site,
      bank: site.bank,
      name: 'Test bank',
      rootKeys: [base64url(site.root.publicKey)],
      rootSignatures: 1,
      pins: [fingerprint(site.root.publicKey), keys.fingerprint],
      enrolmentUrl: 'https://127.0.0.1:9/api/enrolments',
      enrolmentCode: 'x'.repeat(32),
      brokerUrl: 'mqtts://127.0.0.1:9',
      development: true,
    }),
  );
  return edgeConfigOf(site, ports);
}

export type BankPorts = { serial: number; scanner: number | null; kioskPages?: string };

/** What the agent of `site` is told at start. */
export function edgeConfigOf(site: TestSite, ports: BankPorts): EdgeConfig {
  return {
    dataDir: join(site.dir, 'edge'),
    commissioningFile: join(site.dir, 'commissioning.json'),
    sealingKey: { kind: 'file', path: sealingKeyFile(site) },
    kiosk: { port: 0, webDir: ports.kioskPages ?? null },
    boards: {
      family: 'kerong-cu',
      line: { kind: 'tcp', host: '127.0.0.1', port: ports.serial },
      profile: CU16_PROFILE,
      pollMs: 60,
    },
    scanner: ports.scanner === null ? null : { host: '127.0.0.1', port: ports.scanner },
    uplink: null,
    logPath: null,
    logLevel: 'silent',
  };
}

/** Where the sealing key of a site's bank lies: apart from everything else of that bank. */
export const sealingKeyFile = (site: TestSite): string => join(site.dir, 'seal', 'bank.key');

async function prepareKeys(site: TestSite, dataDir: string) {
  const { makePrivateDir, writeDurable, readIfExists } = await import('../src/platform/durable.ts');
  await makePrivateDir(dataDir);
  const path = sealingKeyFile(site);
  if (!existsSync(path)) makeSealingKey(path);
  const sealingKey = readSealingKey({ source: { kind: 'file', path }, dataDir });
  const keys = await openBankKeys({ dataDir, bank: site.bank, sealingKey, log: silentLog });
  const certificatePath = join(dataDir, 'keys', 'certificate.pem');
  if (await readIfExists(certificatePath)) return keys;
  const authority = newSigningKey();
  const times = { notBeforeMs: systemClock.nowMs() - 60_000, notAfterMs: systemClock.nowMs() + 86_400_000 };
  const certificatePem = await selfSignedAuthority({
    commonName: 'test',
    privateKey: authority.privateKey,
    serial: random.bytes(8),
    ...times,
  });
  const certificate = await issueClient({
    authority: { privateKey: authority.privateKey, certificatePem },
    commonName: site.bank,
    publicKey: keys.identity.publicKey,
    serial: random.bytes(8),
    ...times,
  });
  await writeDurable(certificatePath, certificate, 0o600);
  return keys;
}

/** What the cloud would send so that the bank serves: roster, epoch, directory. */
export async function bringIntoService(
  site: TestSite,
  agent: Agent,
  change: Partial<Roster> = {},
): Promise<void> {
  const { key, sealKey } = agent.state().standing;
  tell(agent, {
    v: 1,
    type: 'roster',
    note: signRoster(rosterFor(site, { key, sealKey }, change), [site.root]),
  });
  const nowMs = systemClock.nowMs();
  const epoch = {
    v: 1 as const,
    tenant: site.tenant,
    epoch: idFrom('epoch', random.bytes(16)),
    key: base64url(site.epochKey.publicKey),
    notBeforeMs: nowMs,
    notAfterMs: nowMs + 7 * 86_400_000,
  };
  tell(agent, { v: 1, type: 'epoch', note: signEpoch(epoch, site.notifier) });
  const { person, flat, label } = site.resident;
  agent.dispatch({
    type: 'directory-opened',
    opened: { version: 1, entries: [{ person, flat, label, accessible: false }] },
  });
  await agent.settled();
}

export function tell(agent: Agent, message: DownMessage): void {
  const text = JSON.stringify(message);
  agent.dispatch({
    type: 'heard',
    heard: { message, hash: base64url(new Uint8Array(32)), bytes: text.length, text, time: null },
  });
}

/** Opens the newest notice as the notifier would. */
export async function newestCodes(site: TestSite, agent: Agent): Promise<NoticeCodes> {
  const wish = agent.journal.wishes().at(-1);
  if (!wish) throw new Error('the bank wished for no notice');
  return openNotice(site, wish);
}

export async function openNotice(site: TestSite, wish: NoticeWish): Promise<NoticeCodes> {
  const sealed = {
    enc: fromBase64url(wish.codes.enc) ?? new Uint8Array(0),
    ciphertext: fromBase64url(wish.codes.ciphertext) ?? new Uint8Array(0),
  };
  const opened = await hpkeOpen(site.epochKey.privateKey, sealed, {
    info: SEAL_INFO.notice,
    aad: `${site.bank}\0${wish.reference}`,
  });
  if (!opened) throw new Error('the notice does not open with the epoch key');
  return noticeCodes.parse(JSON.parse(fromUtf8(opened)));
}

export function removeSite(site: TestSite): void {
  rmSync(site.dir, { recursive: true, force: true, maxRetries: 5 });
}
