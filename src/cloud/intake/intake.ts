/**
 * Messages from banks. Each bank's are handled one after another, by the process that holds its lease; every
 * transaction looks first whether it still does. Should several processes get the same message all the same,
 * all do the same with it. An answer leaves after the transaction behind it has committed.
 */
import {
  type BatchMessage,
  type DownMessage,
  type HelloMessage,
  readUp,
  UPLINK_VERSION,
  type UpMessage,
} from '../../contract/uplink.ts';
import { type BankId, parseId, type SiteId, type TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { traceOf } from '../http/http.ts';
import { sealedColumn } from '../keys/keys.ts';
import type { LeaseView } from '../leases/leases.ts';
import { answerAuditor } from '../log/log.ts';
import type { Noun } from '../noun.ts';
import { intakeStore, type Projections } from './batch.ts';
import { answerBatch } from './judge.ts';
import { migrations } from './migrations.ts';
import { keepRefusal, placeOfRefused } from './refusals.ts';
import { whatToTell } from './tell.ts';
import { Told } from './told.ts';
import { Turns } from './turns.ts';

export { follow, takeBatch } from './batch.ts';
export { conditionOf, keepRefusal } from './refusals.ts';

export type IntakeDeps = {
  cloud: Cloud;
  nouns: readonly Noun[];
  leases: LeaseView;
  send(bank: BankId, message: DownMessage): Promise<void>;
};

/** A bank sends one batch at a time and a handful of other messages; more than this is a fault or a flood. */
const WAITING_MAX = 32;
/** More at once would not be faster, and would leave fewer connections to the database for pages and jobs. */
const BANKS_AT_ONCE = 4;
const v = UPLINK_VERSION;

/** Another process serves the bank now: what this one has of it is not to be acted on. */
class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/**
 * Classes of SQLSTATE (PostgreSQL's manual, appendix A) that pass by themselves: connection, state of a
 * transaction, undone, resources, locks, an operator's hand, the system; and the network's own codes.
 */
const PASSING = /^(?:08|25|40|53|55|57|58|E[A-Z]+$)/;

/** A fault that comes again with the same batch. One that passed all the same ends its alarm with the batch. */
function isLasting(error: unknown): boolean {
  if (error instanceof LeaseLost) return false;
  const { code } = error as { code?: unknown };
  return typeof code !== 'string' || !PASSING.test(code);
}

type Sender = { tenant: TenantId; bank: BankId; payload: Uint8Array };

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #log: Log;
  readonly #projections: Projections;
  readonly #queues = new Map<string, { waiting: number; tail: Promise<void> }>();
  readonly #telling = new Map<SiteId, { again: boolean }>();
  readonly #turns = new Turns(BANKS_AT_ONCE);
  readonly #told: Told;
  #stopped = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#log = deps.cloud.log.child('intake');
    this.#projections = projectionsOf(deps.nouns);
    this.#told = new Told(deps.cloud.clock, (bank) => this.#tellLater(bank));
  }

  /** Takes a message that the broker says came from `bank`. */
  received(bank: string, payload: Uint8Array): void {
    const queue = this.#queues.get(bank) ?? { waiting: 0, tail: Promise.resolve() };
    if (this.#stopped || !this.#deps.leases.accepts(bank)) return;
    // The bank keeps what was not acknowledged, and sends it again.
    if (queue.waiting >= WAITING_MAX)
      return this.#log.warn('a bank sends faster than it is served', { bank });
    this.#queues.set(bank, queue);
    queue.waiting += 1;
    queue.tail = queue.tail.then(async () => {
      try {
        await this.#turns.take(() => this.#handle(bank, payload));
      } catch (error) {
        if (error instanceof LeaseLost) this.#log.info('a bank is served by another process', { bank });
        else
          this.#log.error('a message was not handled; the bank sends it again', { bank, ...traceOf(error) });
      }
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(bank);
    });
  }

  /**
   * Brings the banks of a site up to date: those that this process serves, the others are told by theirs. Whatever changes while a site is told is told in one more round and not in one for each change: a list of
   * residents is imported in dozens of steps, and each round has the whole list for every bank.
   */
  async tellSite(tenant: TenantId, site: SiteId): Promise<void> {
    const underWay = this.#telling.get(site);
    if (underWay) {
      underWay.again = true;
      return;
    }
    const round = { again: false };
    this.#telling.set(site, round);
    try {
      do {
        round.again = false;
        await this.#tellRound(tenant, site);
      } while (round.again);
    } finally {
      this.#telling.delete(site);
    }
  }

  async #tellRound(tenant: TenantId, site: SiteId): Promise<void> {
    const { cloud } = this.#deps;
    const known = await cloud.database.tenant(tenant, (tx) => banks.banksOf(tx, site));
    for (const { bank } of known) await this.tellBank(tenant, bank);
  }

  /** Brings one bank up to date with what it last said that it holds. */
  async tellBank(tenant: TenantId, bank: BankId): Promise<void> {
    const { cloud, leases } = this.#deps;
    if (!leases.holds(bank)) return;
    const messages = await cloud.database.tenant(tenant, async (tx) => {
      const known = (await leases.fence(tx, bank)) ? await banks.findBank(tx, bank) : undefined;
      return known ? whatToTell(cloud, tx, known) : [];
    });
    await this.#send(bank, messages);
  }

  /** What a bank that said hello too often lacks since. */
  #tellLater(bank: BankId): void {
    const { cloud } = this.#deps;
    const telling = async () => {
      const tenant = await banks.tenantOfBank(cloud, bank);
      if (tenant) await this.tellBank(tenant, bank);
    };
    telling().catch((error: Error) => {
      this.#log.error('a bank was not told; it is when it next says hello', { bank, ...traceOf(error) });
    });
  }

  /** Answers when what has come of these banks so far is dealt with. */
  async drained(of: readonly string[]): Promise<void> {
    await Promise.all(of.map((bank) => this.#queues.get(bank)?.tail));
  }

  /** Lets what has begun finish; takes nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#queues.values()].map((queue) => queue.tail));
    this.#told.stop();
  }

  async #handle(name: string, payload: Uint8Array): Promise<void> {
    const { cloud } = this.#deps;
    const bank = parseId('bank', name);
    // With an operator's broker one that is out of service may still be connected, with its last certificate.
    const tenant = bank && (await banks.tenantOfServing(cloud, bank));
    if (!bank || !tenant)
      return this.#log.warn('a message came from a bank that is not registered, or is out of service');
    const sender = { tenant, bank, payload };
    const read = readUp(payload);
    if (!read.ok) {
      return keepRefusal(cloud, { ...sender, reason: read.reason, firstMissing: 0, lastMissing: 0 });
    }
    await cloud.database.tenant(tenant, async (tx) => {
      await this.#fence(tx, bank);
      await banks.heard(cloud, tx, bank);
    });
    await this.#send(bank, await this.#answersTo(sender, read.message));
  }

  /** In every transaction that acts on a bank's message, before anything else. */
  async #fence(tx: Tx, bank: BankId): Promise<void> {
    if (!(await this.#deps.leases.fence(tx, bank))) throw new LeaseLost();
  }

  /** What a former holder would say now could overtake what the present one says. */
  async #send(bank: BankId, messages: readonly DownMessage[]): Promise<void> {
    for (const message of messages) if (this.#deps.leases.holds(bank)) await this.#deps.send(bank, message);
  }

  async #answersTo(sender: Sender, message: UpMessage): Promise<DownMessage[]> {
    switch (message.type) {
      case 'batch':
        return [await this.#batch(sender, message)];
      case 'hello':
        return this.#hello(sender, message);
      case 'time':
        return [{ v, type: 'time', nonce: message.nonce, atMs: this.#deps.cloud.clock.nowMs() }];
      case 'log-ask':
        return [
          {
            ...{ v, type: 'log-proof', nonce: message.nonce },
            ...(await answerAuditor(this.#deps.cloud, sender.tenant, message)),
          },
        ];
      case 'certificate-ask':
        return this.#certificate(sender, message.request);
      case 'refusal':
        // The bank's own record of it comes with a batch.
        this.#log.warn('a bank refused a message', {
          bank: sender.bank,
          reason: message.reason,
          of: message.of,
        });
        return [];
    }
  }

  async #batch(sender: Sender, message: BatchMessage): Promise<DownMessage> {
    const { cloud } = this.#deps;
    const { tenant, bank } = sender;
    const fence = (tx: Tx) => this.#fence(tx, bank);
    try {
      return await answerBatch(intakeStore(cloud, this.#projections, { ...sender, fence }), {
        bank,
        message,
      });
    } catch (error) {
      // The bank sends it again, and is heard, and looks well; somebody has to see that nothing of it is taken.
      if (isLasting(error))
        await cloud.database.tenant(tenant, async (tx) => {
          await this.#fence(tx, bank);
          await banks.raiseAlarm(cloud, tx, { condition: 'batch-refused', bank, names: null, again: true });
        });
      throw error;
    }
  }

  async #certificate(sender: Sender, request: string): Promise<DownMessage[]> {
    const { cloud } = this.#deps;
    const { tenant, bank } = sender;
    const renewal = await cloud.database.tenant(tenant, async (tx) => {
      await this.#fence(tx, bank);
      return banks.renew(cloud, tx, { bank, request });
    });
    if ('refused' in renewal) {
      await keepRefusal(cloud, { ...sender, reason: renewal.refused, firstMissing: 0, lastMissing: 0 });
      return [];
    }
    return renewal.message === null ? [] : [renewal.message];
  }

  async #hello({ tenant, bank }: Sender, hello: HelloMessage): Promise<DownMessage[]> {
    const { cloud } = this.#deps;
    const may = this.#told.mayAnswer(bank);
    const messages = await cloud.database.tenant(tenant, async (tx) => {
      // A late hello would put an old picture of the bank in the place of a newer one.
      await this.#fence(tx, bank);
      await banks.heardHello(cloud, tx, bank, hello);
      const known = await banks.findBank(tx, bank);
      await this.#missing(tx, bank, hello);
      return known && may ? whatToTell(cloud, tx, known) : [];
    });
    this.#told.answered(bank, messages);
    return messages;
  }

  /** This cloud lacks what it had acknowledged, until the bank has sent it again: whoever runs it has to see that. */
  async #missing(tx: Tx, bank: BankId, { acknowledgedSeq }: HelloMessage): Promise<void> {
    const { cloud } = this.#deps;
    const lastSeq = (await cloud.journal.endOf(tx, bank))?.lastSeq ?? 0;
    if (lastSeq >= acknowledgedSeq) return;
    const names = { first: lastSeq + 1, last: acknowledgedSeq };
    await banks.raiseAlarm(cloud, tx, { condition: 'gap', bank, names, again: true });
  }
}

/** What the nouns do about records, in their order. */
export function projectionsOf(nouns: readonly Noun[]): Projections {
  return nouns.flatMap((noun) => noun.projections ?? []);
}

export const intake: Noun = {
  migrations,
  underTenantKey: [
    sealedColumn({
      table: 'refused_messages',
      column: 'sealed',
      by: { bank_id: 'text', "encode(hash, 'hex')": 'text', reason: 'text' },
      place: ([bank]) => placeOfRefused(String(bank)),
    }),
  ],
};
