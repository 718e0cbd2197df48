/**
 * Where the drill takes place: a real bank (agent, journal, kiosk) at real board frames over TCP, 24 parcels
 * behind its doors, and a broker that it dials itself. What passes of time is added to both hands of the bank's
 * clock, wall and monotonic, as a night adds it; every rule about time is the planner's own.
 */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type RigConfig, rigConfig } from '../../rig/config.ts';
import { startRig } from '../../rig/rig.ts';
import { initFiles, openFiles, pinsOf, positiveSerial } from '../../src/cloud/files.ts';
import { type Commissioning, commissioning, SEAL_INFO } from '../../src/contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { hpkeSeal } from '../../src/crypto/hpke.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { issueClient, selfSignedServer } from '../../src/crypto/x509.ts';
import { idFrom, type OrderId } from '../../src/domain/ids.ts';
import type { Order, OrderAct } from '../../src/domain/order.ts';
import { DEFAULT_POLICY, type Roster } from '../../src/domain/roster.ts';
import { claimText, pickUpText } from '../../src/domain/scan.ts';
import { type Agent, startAgent } from '../../src/edge/agent.ts';
import type { EdgeConfig } from '../../src/edge/config.ts';
import { timeAt } from '../../src/edge/plan/clock.ts';
import { ONLY } from '../../src/edge/plan/state.ts';
import { claimHash } from '../../src/ledger/order.ts';
import { type LedgerRecord, parseRecord } from '../../src/ledger/record.ts';
import { signEpoch, signRoster } from '../../src/ledger/roster.ts';
import { type Cancel, type Clock, systemClock } from '../../src/platform/clock.ts';
import { readIfExists, writeDurable } from '../../src/platform/durable.ts';
import { silentLog } from '../../src/platform/log.ts';
import { drawDigits, systemRandom } from '../../src/platform/random.ts';
import { newSite, prepareBank, removeSite, rosterFor, type TestSite } from '../bank.ts';
import { Hands } from './hands.ts';
import { eventually, HostileCloud, type StolenKeys } from './hostile.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const DOORS = 24;
/**
 * What the drill's roster says otherwise than the default: the most pulses a minute that a roster may allow, to
 * fill 24 doors within seconds, and a hold that outlasts the days which the attacks take.
 */
const HOLD_DAYS = 14;
const POLICY = { ...DEFAULT_POLICY, pulsesPerMinute: 60, holdDays: HOLD_DAYS };
const EVERY_MS_MAX = 20_000;
const COURIER_CODE = '284917';

/** The machine's clock, and what has passed of the bank's time beyond it. */
class PassingClock implements Clock {
  passedMs = 0;
  readonly after = systemClock.after;
  nowMs = (): number => systemClock.nowMs() + this.passedMs;
  monotonicMs = (): number => systemClock.monotonicMs() + this.passedMs;

  /**
   * The bank's question for the time, every 40 seconds, is left to the drill, which has the bank dial anew
   * instead: a day that passes while a question is under way would look like an answer that took a day.
   */
  every(periodMs: number, run: () => void): Cancel {
    return periodMs > EVERY_MS_MAX ? () => {} : systemClock.every(periodMs, run);
  }
}

/** A parcel that was behind its door before the cloud was taken, and the codes that its resident got. */
export type Older = { n: number; flat: string; tracking: string; pin: string; qr: string };
export type Recipient = { person: string; flat: string; label: string; accessible: boolean };

export class Stand {
  readonly site: TestSite;
  readonly clock: PassingClock;
  readonly agent: Agent;
  readonly hands: Hands;
  readonly cloud: HostileCloud;
  readonly residents: readonly Recipient[];
  /** Filled before the cloud is taken; the attacker never reads this list. */
  readonly older: Older[] = [];
  /** Genuine notes of the root that the attacker has carried and kept. */
  readonly rosters: string[] = [];
  readonly fatal: Error[];
  readonly ordersDir: string;
  /** The bank's last record when the cloud was taken. */
  takenAtSeq = 0;
  #directoryVersion = 0;
  readonly #stops: (() => Promise<void>)[];

  constructor(parts: {
    site: TestSite;
    clock: PassingClock;
    agent: Agent;
    cloud: HostileCloud;
    rigPort: number;
    fatal: Error[];
    ordersDir: string;
    stops: (() => Promise<void>)[];
  }) {
    this.site = parts.site;
    this.clock = parts.clock;
    this.agent = parts.agent;
    this.cloud = parts.cloud;
    this.hands = new Hands({ agent: parts.agent, rigPort: parts.rigPort });
    this.fatal = parts.fatal;
    this.ordersDir = parts.ordersDir;
    this.#stops = parts.stops;
    this.residents = Array.from({ length: DOORS }, (_, index) => ({
      person: idFrom('person', systemRandom.bytes(16)),
      flat: String(101 + index),
      label: `Resident ${index + 1}`,
      accessible: false,
    }));
  }

  get bank(): string {
    return this.site.bank;
  }

  get courier() {
    return { badge: this.site.courier.badge, code: COURIER_CODE };
  }

  /** The roster as the root would sign it; `change` is what somebody wants otherwise. */
  roster(change: Partial<Roster> = {}): Roster {
    const { key, sealKey } = this.agent.state().standing;
    return rosterFor(
      this.site,
      { key, sealKey },
      { policy: POLICY, pins: pinsOf(this.cloud.keys.files, null), ...change },
    );
  }

  /** The root signs, apart from every cloud process; the cloud carries what it signed. */
  async rosterFromRoot(version: number): Promise<void> {
    const note = signRoster(this.roster({ version }), [this.site.root]);
    this.rosters.push(note);
    await this.cloud.send({ v: 1, type: 'roster', note });
  }

  orderFor(act: OrderAct, change: Partial<Order> = {}): Order {
    const nowMs = this.clock.nowMs();
    return {
      v: 1,
      order: this.newOrderId(),
      tenant: this.site.tenant,
      site: this.site.site,
      bank: this.site.bank,
      nonce: this.nonce(),
      madeAtMs: nowMs,
      untilMs: nowMs + HOUR_MS,
      purpose: 'drill',
      act,
      ...change,
    };
  }

  newOrderId = (): OrderId => idFrom('order', systemRandom.bytes(16));
  /** A code that somebody makes up: of the right form, and of no grant. */
  madeCode = (): { pin: string; qr: string } => ({
    pin: drawDigits(systemRandom, this.agent.state().standing.pinDigits),
    qr: pickUpText(systemRandom.bytes(16)),
  });
  newMessageId = (): string => base64url(systemRandom.bytes(16));
  newClaim = (): string => claimText(systemRandom.bytes(16));

  releaseAct(claim: string, compartment: number): OrderAct {
    return { do: 'staff-release', compartment, claim: claimHash(claim), restore: false };
  }

  nonce(): string {
    const nonce = this.agent.state().orderBook[ONLY]?.nonce;
    if (nonce === undefined) throw new Error('the bank has no nonce for orders yet');
    return nonce;
  }

  epochNote(of: {
    key: Uint8Array;
    id?: string;
    signer?: TestSite['notifier'];
    notBeforeMs?: number;
    days?: number;
  }): string {
    const notBeforeMs = of.notBeforeMs ?? this.clock.nowMs();
    return signEpoch(
      {
        v: 1,
        tenant: this.site.tenant,
        epoch: (of.id ?? this.newEpochId()) as ReturnType<Stand['newEpochId']>,
        key: base64url(of.key),
        notBeforeMs,
        notAfterMs: notBeforeMs + (of.days ?? 7) * DAY_MS,
      },
      of.signer ?? this.site.notifier,
    );
  }

  newEpochId = () => idFrom('epoch', systemRandom.bytes(16));

  /** A directory sealed to this bank: anybody who knows the bank's public seal key can make one. */
  async sendDirectory(entries: readonly Recipient[], version = this.#directoryVersion + 1): Promise<number> {
    const sealKey = fromBase64url(this.agent.state().standing.sealKey) ?? new Uint8Array(0);
    const sealed = await hpkeSeal(sealKey, utf8(JSON.stringify(entries)), {
      info: SEAL_INFO.directory,
      aad: `${this.bank}\0${version}`,
    });
    this.#directoryVersion = Math.max(this.#directoryVersion, version);
    const box = { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) };
    await this.cloud.send({ v: 1, type: 'directory', version, entries: box });
    await this.agent.settled();
    return version;
  }

  records(after: number): LedgerRecord[] {
    return this.agent.journal.everyRecord(after).map((bytes) => {
      const parsed = parseRecord(bytes);
      if (!parsed.ok) throw new Error(`a record of the bank does not parse: ${parsed.why}`);
      return parsed.record;
    });
  }

  tick(): void {
    const id = <K extends 'session' | 'parcel' | 'grant'>(kind: K) => idFrom(kind, systemRandom.bytes(16));
    const nonce = base64url(systemRandom.bytes(16));
    this.agent.dispatch({
      type: 'tick',
      fresh: { session: id('session'), parcel: id('parcel'), grant: id('grant'), nonce },
    });
  }

  /** What the bank believes the time to be. */
  bankNowMs(): number {
    const { clock, agent } = this;
    const moment = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    return timeAt(agent.state().volatile.clock, moment).atMs;
  }

  /** So much of the bank's time passes, and the agent looks around as it does every second. */
  pass(byMs: number): void {
    this.clock.passedMs += byMs;
    this.tick();
  }

  /** The next hour begins: what the cloud may cause in the journal is counted anew. */
  async freshHour(): Promise<void> {
    this.pass(HOUR_MS);
  }

  /** Everything that the bank wrote has been sent and answered. */
  async drained(): Promise<void> {
    await this.agent.settled();
    const { journal } = this.agent;
    await eventually('the cloud has every record', () => journal.tip.acknowledgedSeq === journal.tip.lastSeq);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }
}

export async function openStand(): Promise<Stand> {
  const site = await newSite();
  const stops: (() => Promise<void>)[] = [async () => removeSite(site)];
  try {
    return await assemble(site, stops);
  } catch (error) {
    for (const stop of stops.toReversed()) await stop();
    throw error;
  }
}

async function assemble(site: TestSite, stops: (() => Promise<void>)[]): Promise<Stand> {
  const clock = new PassingClock();
  const keys = await cloudKeys(site);
  const rig = await startRig({
    config: await rigFor(site),
    clock: systemClock,
    log: silentLog,
    onPower: () => {},
  });
  stops.push(() => rig.stop());
  const prepared = await prepareBank(site, { serial: rig.ports.serial, scanner: null });
  const certificateFile = join(prepared.dataDir, 'keys', 'certificate.pem');
  const bankKey = publicKeyOfCertificate(certificateFile);
  const cloud = await HostileCloud.start({ keys, bank: site.bank, bankKey, clock });
  stops.push(() => cloud.stop());
  await commissionFor(prepared, { keys, bankKey, cloud, certificateFile });
  const fatal: Error[] = [];
  const config: EdgeConfig = { ...prepared, boards: { ...prepared.boards, pollMs: 20 } };
  const onFatal = (error: Error) => void fatal.push(error);
  const agent = await startAgent({ config, clock, random: systemRandom, log: silentLog, onFatal });
  stops.push(() => agent.stop());
  const rigPort = rig.ports.http;
  const ordersDir = join(config.dataDir, 'orders');
  return new Stand({ site, clock, agent, cloud, rigPort, fatal, ordersDir, stops });
}

/** The cloud's own files, made by the product's own code, and the keys that it keeps in its database. */
async function cloudKeys(site: TestSite): Promise<StolenKeys> {
  const dataDir = join(site.dir, 'cloud');
  const places = {
    dataDir,
    rootKeyFile: join(dataDir, 'root.key'),
    operatorTokenFile: join(dataDir, 'operator.token'),
  };
  await initFiles(places, { clock: systemClock, random: systemRandom });
  const token = readIfExists(places.operatorTokenFile) ?? new Uint8Array(0);
  return {
    files: await openFiles(places),
    operatorToken: fromUtf8(token).trim(),
    intake: site.intake,
    notifier: site.notifier,
    ledger: newSigningKey(),
    epochs: new Map(),
  };
}

async function rigFor(site: TestSite): Promise<RigConfig> {
  const key = newSigningKey();
  const nowMs = systemClock.nowMs();
  const smtpCertificatePem = await selfSignedServer({
    commonName: 'localhost',
    privateKey: key.privateKey,
    hosts: ['localhost'],
    serial: Uint8Array.of(1),
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + DAY_MS,
  });
  const any = () => base64url(systemRandom.bytes(16));
  return rigConfig.parse({
    httpPort: 0,
    smtpPort: 0,
    smtpUser: 'cloud',
    smtpPassword: any(),
    smtpCertificatePem,
    smtpKeyPem: privateKeyPem(key.privateKey),
    smsPort: 0,
    smsToken: any(),
    boards: { family: 'kerong-cu' },
    serialLine: { kind: 'tcp', port: 0 },
    scannerPort: 0,
    uplinkPort: 0,
    brokerPort: 1,
    dataDir: join(site.dir, 'rig'),
    phoneDir: join(site.dir, 'phone'),
    webDir: null,
    cast: null,
    links: {},
  });
}

function publicKeyOfCertificate(path: string): Uint8Array {
  const pem = readIfExists(path);
  if (!pem) throw new Error('the bank has no certificate');
  return new Uint8Array(
    new X509Certificate(Buffer.from(pem)).publicKey.export({ type: 'spki', format: 'der' }),
  );
}

type Commission = { keys: StolenKeys; bankKey: Uint8Array; cloud: HostileCloud; certificateFile: string };

/** The bank is commissioned for this very cloud: its pins, its authority, its broker. */
async function commissionFor(config: EdgeConfig, of: Commission): Promise<void> {
  const { keys, bankKey, cloud, certificateFile } = of;
  const read = readIfExists(config.commissioningFile);
  const paper: Commissioning = commissioning.parse(JSON.parse(fromUtf8(read ?? new Uint8Array(0))));
  const { current, next } = pinsOf(keys.files, null);
  const brokerUrl = `mqtts://127.0.0.1:${cloud.port}`;
  writeDurable(config.commissioningFile, JSON.stringify({ ...paper, pins: [current, next], brokerUrl }));
  const nowMs = systemClock.nowMs();
  const certificate = await issueClient({
    authority: keys.files.authority,
    commonName: paper.bank,
    publicKey: bankKey,
    serial: positiveSerial(systemRandom),
    notBeforeMs: nowMs - HOUR_MS,
    notAfterMs: nowMs + DAY_MS,
  });
  writeDurable(certificateFile, certificate);
}
