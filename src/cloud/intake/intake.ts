/**
 * Messages from banks. Each bank's are handled one after another; several cloud processes may get the same
 * message, and all do the same with it. An answer leaves after the transaction behind it has committed.
 */
import { MESSAGE_BYTES_MAX, UPLINK_VERSION, upMessage, type DownMessage, type HelloMessage, type UpMessage } from '../../contract/uplink.ts';
import { fromUtf8 } from '../../crypto/bytes.ts';
import { parseId, type BankId, type SiteId, type TenantId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { takeBatch, type Projections } from './batch.ts';
import { migrations } from './migrations.ts';
import { keepRefusal } from './refusals.ts';
import { whatToTell } from './tell.ts';

export type Intake = {
  /** Takes a message that the broker says came from `bank`. */
  received(bank: string, payload: Uint8Array): void;
  /** Brings every bank of a site up to date. */
  tellSite(tenant: TenantId, site: SiteId): Promise<void>;
  /** Lets what has begun finish; takes nothing more. */
  stop(): Promise<void>;
};

export type IntakeDeps = {
  cloud: Cloud;
  nouns: readonly Noun[];
  send(bank: BankId, message: DownMessage): Promise<void>;
};

/** A bank sends one batch at a time and a handful of other messages; more than this is a fault or a flood. */
const WAITING_MAX = 32;
const v = UPLINK_VERSION;

export function openIntake(deps: IntakeDeps): Intake {
  const { cloud } = deps;
  const log = cloud.log.child('intake');
  const projections = collect(deps.nouns);
  const queues = new Map<string, { waiting: number; tail: Promise<void> }>();
  let stopped = false;

  async function handle(name: string, payload: Uint8Array): Promise<void> {
    const bank = parseId('bank', name);
    const tenant = bank && (await banks.tenantOfBank(cloud, bank));
    if (!bank || !tenant) return log.warn('a message came from a bank that is not registered');
    const read = readUp(payload);
    if (!read.ok) return keepRefusal(cloud, { tenant, bank, payload, reason: read.reason, firstMissing: 0, lastMissing: 0 });
    await cloud.database.tenant(tenant, (tx) => banks.heard(cloud, tx, bank));
    for (const answer of await answersTo({ tenant, bank, message: read.message, payload })) await deps.send(bank, answer);
  }

  async function answersTo(of: { tenant: TenantId; bank: BankId; message: UpMessage; payload: Uint8Array }): Promise<DownMessage[]> {
    const { tenant, bank, message } = of;
    switch (message.type) {
      case 'batch': {
        const taken = await takeBatch(cloud, projections, { tenant, bank, message });
        if (taken.taken) return [{ v, type: 'ack', lastSeq: taken.lastSeq, head: taken.head }];
        await keepRefusal(cloud, { tenant, bank, payload: of.payload, reason: taken.reason, firstMissing: taken.firstMissing, lastMissing: taken.lastMissing });
        return [{ v, type: 'batch-refused', reason: taken.reason, lastSeq: taken.lastSeq }];
      }
      case 'hello':
        return heardHello(tenant, bank, message);
      case 'time':
        return [{ v, type: 'time', nonce: message.nonce, atMs: cloud.clock.nowMs() }];
      case 'refusal':
        // The bank's own record of it comes with a batch.
        log.warn('a bank refused a message', { bank, reason: message.reason, of: message.of });
        return [];
    }
  }

  function heardHello(tenant: TenantId, bank: BankId, hello: HelloMessage): Promise<DownMessage[]> {
    return cloud.database.tenant(tenant, async (tx) => {
      await banks.heardHello(cloud, tx, bank, hello);
      const known = await banks.findBank(tx, bank);
      return known ? whatToTell(cloud, tx, known) : [];
    });
  }

  return {
    received(bank, payload) {
      const queue = queues.get(bank) ?? { waiting: 0, tail: Promise.resolve() };
      if (stopped || queue.waiting >= WAITING_MAX) {
        // The bank keeps what was not acknowledged, and sends it again.
        if (!stopped) log.warn('a bank sends faster than it is served', { bank });
        return;
      }
      queues.set(bank, queue);
      queue.waiting += 1;
      queue.tail = queue.tail.then(async () => {
        try {
          await handle(bank, payload);
        } catch (error) {
          log.error('a message was not handled; the bank sends it again', { bank, error: nameOf(error) });
        }
        queue.waiting -= 1;
        if (queue.waiting === 0) queues.delete(bank);
      });
    },
    async tellSite(tenant, site) {
      const told = await cloud.database.tenant(tenant, async (tx) => {
        const list: { bank: BankId; messages: DownMessage[] }[] = [];
        for (const bank of await banks.banksOf(tx, site)) list.push({ bank: bank.bank, messages: await whatToTell(cloud, tx, bank) });
        return list;
      });
      for (const { bank, messages } of told) for (const message of messages) await deps.send(bank, message);
    },
    async stop() {
      stopped = true;
      await Promise.all([...queues.values()].map((queue) => queue.tail));
    },
  };
}

/** An error's kind and place, and never its message, which may quote what was being written. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  return `${error.name}${code} ${/\n\s+at (.*)/.exec(error.stack ?? '')?.[1] ?? ''}`;
}

function collect(nouns: readonly Noun[]): Projections {
  const all: Record<string, NonNullable<Projections[string]>> = {};
  for (const noun of nouns) {
    for (const [kind, project] of Object.entries(noun.projections ?? {})) all[kind] = [...(all[kind] ?? []), project];
  }
  return all;
}

type Read = { ok: true; message: UpMessage } | { ok: false; reason: Denial };

/** Reads a message of a bank; what is not exactly one that we know is refused by name. */
export function readUp(bytes: Uint8Array): Read {
  if (bytes.length > MESSAGE_BYTES_MAX) return { ok: false, reason: 'message-oversized' };
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    // Foreign bytes: refused by name, kept by the caller.
    return { ok: false, reason: 'message-malformed' };
  }
  if (typeof value !== 'object' || value === null || !('v' in value)) return { ok: false, reason: 'message-malformed' };
  if (value.v !== UPLINK_VERSION) return { ok: false, reason: 'message-version-unknown' };
  const parsed = upMessage.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const known = upMessage.options.some((option) => option.shape.type.value === (value as { type?: unknown }).type);
  return { ok: false, reason: known ? 'message-malformed' : 'message-kind-unknown' };
}

export const intake: Noun = { migrations };
