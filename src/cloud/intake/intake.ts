/**
 * Messages from banks. Each bank's are handled one after another; several cloud processes may get the same
 * message, and all do the same with it. An answer leaves after the transaction behind it has committed.
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
import type { Log } from '../../platform/log.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { traceOf } from '../http/http.ts';
import type { Noun } from '../noun.ts';
import { intakeStore, type Projections } from './batch.ts';
import { answerBatch } from './judge.ts';
import { migrations } from './migrations.ts';
import { keepRefusal } from './refusals.ts';
import { whatToTell } from './tell.ts';

export { takeBatch } from './batch.ts';

export type IntakeDeps = {
  cloud: Cloud;
  nouns: readonly Noun[];
  send(bank: BankId, message: DownMessage): Promise<void>;
};

/** A bank sends one batch at a time and a handful of other messages; more than this is a fault or a flood. */
const WAITING_MAX = 32;
const v = UPLINK_VERSION;

type Sender = { tenant: TenantId; bank: BankId; payload: Uint8Array };

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #log: Log;
  readonly #projections: Projections;
  readonly #queues = new Map<string, { waiting: number; tail: Promise<void> }>();
  #stopped = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#log = deps.cloud.log.child('intake');
    this.#projections = projectionsOf(deps.nouns);
  }

  /** Takes a message that the broker says came from `bank`. */
  received(bank: string, payload: Uint8Array): void {
    const queue = this.#queues.get(bank) ?? { waiting: 0, tail: Promise.resolve() };
    if (this.#stopped) return;
    // The bank keeps what was not acknowledged, and sends it again.
    if (queue.waiting >= WAITING_MAX)
      return this.#log.warn('a bank sends faster than it is served', { bank });
    this.#queues.set(bank, queue);
    queue.waiting += 1;
    queue.tail = queue.tail.then(async () => {
      try {
        await this.#handle(bank, payload);
      } catch (error) {
        this.#log.error('a message was not handled; the bank sends it again', { bank, ...traceOf(error) });
      }
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(bank);
    });
  }

  /** Brings every bank of a site up to date. */
  async tellSite(tenant: TenantId, site: SiteId): Promise<void> {
    const { cloud, send } = this.#deps;
    const told = await cloud.database.tenant(tenant, async (tx) => {
      const list: { bank: BankId; messages: DownMessage[] }[] = [];
      for (const bank of await banks.banksOf(tx, site)) {
        list.push({ bank: bank.bank, messages: await whatToTell(cloud, tx, bank) });
      }
      return list;
    });
    for (const { bank, messages } of told) for (const message of messages) await send(bank, message);
  }

  /** Lets what has begun finish; takes nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#queues.values()].map((queue) => queue.tail));
  }

  async #handle(name: string, payload: Uint8Array): Promise<void> {
    const { cloud, send } = this.#deps;
    const bank = parseId('bank', name);
    const tenant = bank && (await banks.tenantOfBank(cloud, bank));
    if (!bank || !tenant) return this.#log.warn('a message came from a bank that is not registered');
    const sender = { tenant, bank, payload };
    const read = readUp(payload);
    if (!read.ok) {
      return keepRefusal(cloud, { ...sender, reason: read.reason, firstMissing: 0, lastMissing: 0 });
    }
    await cloud.database.tenant(tenant, (tx) => banks.heard(cloud, tx, bank));
    for (const answer of await this.#answersTo(sender, read.message)) await send(bank, answer);
  }

  async #answersTo(sender: Sender, message: UpMessage): Promise<DownMessage[]> {
    switch (message.type) {
      case 'batch':
        return [await this.#batch(sender, message)];
      case 'hello':
        return this.#hello(sender, message);
      case 'time':
        return [{ v, type: 'time', nonce: message.nonce, atMs: this.#deps.cloud.clock.nowMs() }];
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

  #batch(sender: Sender, message: BatchMessage): Promise<DownMessage> {
    const { bank } = sender;
    return answerBatch(intakeStore(this.#deps.cloud, this.#projections, sender), { bank, message });
  }

  #hello({ tenant, bank }: Sender, hello: HelloMessage): Promise<DownMessage[]> {
    const { cloud } = this.#deps;
    return cloud.database.tenant(tenant, async (tx) => {
      await banks.heardHello(cloud, tx, bank, hello);
      const known = await banks.findBank(tx, bank);
      return known ? whatToTell(cloud, tx, known) : [];
    });
  }
}

/** What the nouns do about records, by kind and in their order. */
export function projectionsOf(nouns: readonly Noun[]): Projections {
  const all: Record<string, NonNullable<Projections[string]>> = {};
  for (const noun of nouns) {
    for (const [kind, project] of Object.entries(noun.projections ?? {})) {
      all[kind] = [...(all[kind] ?? []), project];
    }
  }
  return all;
}

export const intake: Noun = { migrations };
