/**
 * A bank without steel: the real journal, the real upload and the real line to the broker, with people who are
 * only imagined. It writes the records of parcels that come and go as fast as it is told to.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NoticeWish, SEAL_INFO } from '../../src/contract/uplink.ts';
import { base64url, fromBase64url, utf8 } from '../../src/crypto/bytes.ts';
import { hpkeSeal } from '../../src/crypto/hpke.ts';
import type { SigningKey } from '../../src/crypto/sign.ts';
import { type BankId, idFrom, type PersonId, type SiteId, type TenantId } from '../../src/domain/ids.ts';
import { DEFAULT_POLICY, type Roster } from '../../src/domain/roster.ts';
import { Journal } from '../../src/edge/journal.ts';
import type { BankKeys } from '../../src/edge/keys.ts';
import { startClock } from '../../src/edge/plan/clock.ts';
import type { Planned } from '../../src/edge/plan/draft.ts';
import { type BankState, emptyKept, freshVolatile, ONLY } from '../../src/edge/plan/state.ts';
import { oneCertificate } from '../../src/edge/test-certificates.ts';
import { Uplink } from '../../src/edge/uplink.ts';
import type { RecordDraft } from '../../src/ledger/record.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';

const DAY_MS = 86_400_000;
const DOORS = 24;

export type LightBankOf = {
  tenant: TenantId;
  site: SiteId;
  bank: BankId;
  key: SigningKey;
  certificate: string;
  /** Where the broker is, and whose key it shows. */
  port: number;
  pin: string;
  /** The tenant's public intake key, base64url, and the notifier's epoch. */
  intake: string;
  epoch: { epoch: string; key: string };
  courier: PersonId;
  resident: PersonId;
};

export class LightBank {
  readonly bank: BankId;
  readonly journal: Journal;
  /** What the notifier is to send, by reference. */
  readonly references: string[] = [];
  readonly suspended = new Set<string>();
  connected = false;
  parcels = 0;
  collected = 0;
  readonly #of: LightBankOf;
  readonly #dir: string;
  readonly #uplink: Uplink;
  #state: BankState;
  /** Doors with a parcel behind them, in the order in which they were filled. */
  readonly #inside: { n: number; fields: Record<string, string>; grant: string }[] = [];

  constructor(of: LightBankOf) {
    this.#of = of;
    this.bank = of.bank;
    this.#dir = mkdtempSync(join(tmpdir(), 'holdfast-light-'));
    this.journal = new Journal({
      dataDir: this.#dir,
      bank: of.bank,
      storageKey: systemRandom.bytes(32),
      random: systemRandom,
    });
    this.#state = stateOf(of);
    this.#uplink = new Uplink({
      bank: of.bank,
      host: '127.0.0.1',
      port: of.port,
      pins: () => [of.pin],
      certificates: oneCertificate(of.certificate),
      // The line signs with its identity and uses no other key.
      keys: { identity: of.key } as BankKeys,
      journal: this.journal,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      state: () => this.#state,
      onHeard: ({ message }) => {
        if (message.type === 'suspend') this.suspended.add(message.id);
      },
      onUnheard: ({ reason }) => {
        throw new Error(`the cloud said what a bank does not understand: ${reason}`);
      },
      onLink: (up) => {
        this.connected = up;
      },
    });
  }

  start(): void {
    this.#uplink.start();
  }

  /** Records that the cloud has not acknowledged. */
  get backlog(): number {
    return this.journal.tip.lastSeq - this.journal.tip.acknowledgedSeq;
  }

  /** A parcel comes in; when every second door is taken, the oldest is taken out. */
  async step(): Promise<void> {
    const free = freeDoor(this.#inside.map(({ n }) => n));
    if (free === undefined || this.#inside.length >= DOORS / 2) this.#collect();
    else await this.#deposit(free);
    this.#uplink.kick();
  }

  async stop(): Promise<void> {
    await this.#uplink.stop();
    this.journal.close();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #deposit(n: number): Promise<void> {
    const { courier, resident, bank, epoch } = this.#of;
    const id = <K extends 'parcel' | 'session' | 'grant' | 'notice' | 'carrier'>(kind: K) =>
      idFrom(kind, systemRandom.bytes(16));
    const [parcel, grant, reference] = [id('parcel'), id('grant'), id('notice')];
    const fields = {
      parcel,
      tracking: `1Z${systemRandom.below(1_000_000_000)}`,
      carrier: id('carrier'),
      person: courier,
      counterpart: resident,
      session: id('session'),
    };
    const fromMs = systemClock.nowMs();
    const untilMs = fromMs + 7 * DAY_MS;
    const sealed = await hpkeSeal(
      fromBase64url(epoch.key) ?? new Uint8Array(0),
      utf8(JSON.stringify({ v: 1, pin: '123456789', qr: 'HFP1' })),
      { info: SEAL_INFO.notice, aad: `${bank}\0${reference}` },
    );
    const compartment = n;
    const records: RecordDraft[] = [
      { kind: 'parcel.accepted', compartment, facts: { size: 'M', offline: false }, fields },
      { kind: 'door.opened', compartment, facts: { expected: true } },
      { kind: 'door.closed', compartment, facts: { openMs: 4000, occupied: 'yes' } },
      {
        kind: 'parcel.deposited',
        compartment,
        facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs },
        fields: { ...fields, grant },
      },
      {
        kind: 'grant.issued',
        compartment,
        facts: { issue: 1, fromMs, untilMs, digits: 9 },
        fields: { grant, parcel, counterpart: resident },
      },
    ];
    const wish: NoticeWish = {
      seq: this.#state.lastSeq + records.length,
      reference,
      what: 'arrival',
      epoch: epoch.epoch,
      codes: { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) },
    };
    this.#commit(records, [wish]);
    this.#inside.push({ n, fields, grant });
    this.references.push(reference);
    this.parcels += 1;
  }

  #collect(): void {
    const oldest = this.#inside.shift();
    if (!oldest) return;
    const { n: compartment, grant, fields } = oldest;
    const { courier: counterpart, resident: person } = this.#of;
    this.#commit([
      { kind: 'door.opened', compartment, facts: { expected: true } },
      { kind: 'door.closed', compartment, facts: { openMs: 3000, occupied: 'no' } },
      {
        kind: 'parcel.collected',
        compartment,
        facts: { basis: 'person', occupied: 'no' },
        fields: { ...fields, person, counterpart, grant },
      },
    ]);
    this.collected += 1;
  }

  #commit(records: readonly RecordDraft[], wishes: readonly NoticeWish[] = []): void {
    const before = this.#state;
    const state = { ...before, lastSeq: before.lastSeq + records.length };
    const time = { atMs: systemClock.nowMs(), source: 'clock', uncertaintyMs: 5 } as const;
    const planned: Planned = { state, time, records, wishes, effects: [] };
    this.journal.commit(before, planned);
    this.#state = state;
  }
}

function freeDoor(taken: readonly number[]): number | undefined {
  return Array.from({ length: DOORS }, (_, index) => index + 1).find((n) => !taken.includes(n));
}

/** Of all that a bank holds, the upload needs the roster that names the intake key. */
function stateOf(of: LightBankOf): BankState {
  const nowMs = systemClock.nowMs();
  const roster = {
    version: 1,
    keys: { intake: of.intake, notifier: '', ledger: null },
    policy: DEFAULT_POLICY,
  } as Partial<Roster> as Roster;
  const standing = { bank: of.bank, site: of.site, tenant: of.tenant, development: true };
  return {
    ...emptyKept(),
    roster: { [ONLY]: { roster, hash: base64url(new Uint8Array(32)), note: '', atMs: nowMs } },
    compartment: {},
    standing: standing as Partial<BankState['standing']> as BankState['standing'],
    lastSeq: 0,
    volatile: freshVolatile(
      startClock({ wallMs: nowMs, monotonicMs: systemClock.monotonicMs() }, 0, undefined),
    ),
  };
}
