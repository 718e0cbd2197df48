/**
 * The keys over personal data and over the tenant's own secrets. Everything is AES-256-GCM with a place
 * (see `crypto/aead.ts`): a sealed value that was moved to another person, row or column does not open.
 *
 * The caller is inside `database.tenant`. Unwrapped keys live as long as their transaction.
 */
import { open, seal } from '../../crypto/aead.ts';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { deriveKey, hmacSha256, labelled } from '../../crypto/hash.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Random } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { KeyChain, type KeyFact } from './chain.ts';
import type { EpochStore } from './epochs.ts';
import { migrations } from './migrations.ts';
import {
  keepEpochs,
  openPairs,
  type Pairs,
  placeOfEpoch,
  placeOfPair,
  placeOfRetired,
  placeOfRetiredNotifier,
} from './pairs.ts';
import { sealedColumn } from './reseal.ts';
import * as store from './store.ts';

export type { KeyFact } from './chain.ts';
export { type EpochStore, folderOfEpochs, newPlace } from './epochs.ts';
export { pairHash, type RetiredIntake, type RetiredNotifier } from './pairs.ts';
export { type Position, ROWS_A_PORTION, sealedColumn, type UnderTenantKey } from './reseal.ts';

export type Keys = Pairs & {
  /** Makes the keys of a new tenant. The caller records the facts. */
  makeTenant(tx: Tx): Promise<KeyFact[]>;
  makeSubject(tx: Tx, person: PersonId): Promise<void>;
  makeSubjects(tx: Tx, persons: readonly PersonId[]): Promise<void>;
  /** After this, nothing that was sealed for these persons opens again; for good once the epoch was renewed and settled. */
  destroySubjects(tx: Tx, persons: readonly PersonId[]): Promise<void>;
  /** Whose key was destroyed, of these. */
  destroyed(tx: Tx, persons: readonly string[]): Promise<ReadonlySet<string>>;
  /** Which of these persons have a key, and so can have something sealed for them. */
  subjects(tx: Tx, persons: readonly string[]): Promise<ReadonlySet<string>>;
  sealFor(tx: Tx, person: PersonId, place: string, value: string): Promise<Uint8Array>;
  /** Undefined when the person's key is gone, or the value is not whole or not of this place. */
  openFor(tx: Tx, person: PersonId, place: string, sealed: Uint8Array): Promise<string | undefined>;
  sealForTenant(tx: Tx, place: string, value: string): Promise<Uint8Array>;
  openForTenant(tx: Tx, place: string, sealed: Uint8Array): Promise<string | undefined>;
  sealBytesForTenant(tx: Tx, place: string, value: Uint8Array): Promise<Uint8Array>;
  openBytesForTenant(tx: Tx, place: string, sealed: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * The same value under the tenant's key of now; `as-it-is` when it is already. Undefined when it opens under neither
   * that one nor the one before.
   */
  resealForTenant(tx: Tx, place: string, sealed: Uint8Array): Promise<Uint8Array | 'as-it-is' | undefined>;
  /** Finds equal values of one use inside a tenant, and tells nothing to who has only the database. */
  index(tx: Tx, use: string, value: string): Promise<Uint8Array>;
  /** Under which a value may stand by now: while the tenant's key is being rotated, also what it was before. */
  indexes(tx: Tx, use: string, value: string): Promise<Uint8Array[]>;
  /** The same before a tenant is known. */
  estateIndex(use: string, value: string): Uint8Array;
  /** Puts all subject keys under a new wrapping epoch, when the old one is due or `now`. `settle` has to follow. */
  renewWrapping(
    tx: Tx,
    of: { atMs: number; when: 'due' | 'now' },
  ): Promise<{ made: KeyFact; destroyed: KeyFact } | undefined>;
  /**
   * Puts another key in the place of the tenant's; what was sealed or indexed under the one before is found on, until
   * `forgetFormer`. `settle` has to follow. Undefined while another rotation is under way.
   */
  renewTenant(tx: Tx): Promise<{ made: KeyFact[]; destroyed: KeyFact[] } | undefined>;
  /** Undefined when there is none. */
  forgetFormer(tx: Tx): Promise<KeyFact | undefined>;
  /** Destroys the files of epochs that were replaced. In a transaction of its own, after the one that replaced them. */
  settle(tx: Tx): Promise<void>;
};

export type KeysConfig = { rootKey: Uint8Array; epochs: EpochStore; random: Random; nowMs: () => number };

export function openKeys(config: KeysConfig): Keys {
  const chain = new KeyChain(config);
  const seals = tenantSeals(chain);
  const pairs = openPairs({ random: config.random, nowMs: config.nowMs, ...seals });
  const indexEstate = deriveKey(config.rootKey, 'estate-index/v1');
  return {
    ...pairs,
    ...seals,
    ...personSeals(chain),
    async makeTenant(tx) {
      const facts = await chain.makeTenant(tx, config.nowMs());
      return [...facts, ...(await pairs.makePairs(tx))];
    },
    makeSubject: (tx, person) => chain.makeSubjects(tx, [person]),
    makeSubjects: (tx, persons) => chain.makeSubjects(tx, persons),
    destroySubjects: (tx, persons) => chain.destroySubjects(tx, persons, config.nowMs()),
    destroyed: async (tx, persons) => new Set(await store.destroyedAmong(tx, persons)),
    async index(tx, use, value) {
      const { keyFor } = await chain.tenant(tx);
      return hmacSha256(keyFor('index/v1'), labelled(use, value));
    },
    async indexes(tx, use, value) {
      const { keyFor, formerKeyFor } = await chain.tenant(tx);
      const keys = [keyFor('index/v1'), ...(formerKeyFor ? [formerKeyFor('index/v1')] : [])];
      return keys.map((key) => hmacSha256(key, labelled(use, value)));
    },
    estateIndex: (use, value) => hmacSha256(indexEstate, labelled(use, value)),
    renewWrapping: (tx, of) => chain.renewWrapping(tx, of),
    renewTenant: (tx) => chain.renewTenant(tx, config.nowMs()),
    forgetFormer: (tx) => chain.forgetFormer(tx),
    settle: (tx) => chain.settle(tx),
  };
}

type TenantSeals = Pick<
  Keys,
  'sealForTenant' | 'openForTenant' | 'sealBytesForTenant' | 'openBytesForTenant' | 'resealForTenant'
>;

function tenantSeals(chain: KeyChain): TenantSeals {
  type Unwrapped = Awaited<ReturnType<KeyChain['tenant']>>;
  const at = ({ tenant }: Unwrapped, place: string) => `tenant/v1\0${tenant}\0${place}`;
  const sealBytesForTenant: Keys['sealBytesForTenant'] = async (tx, place, value) => {
    const known = await chain.tenant(tx);
    return seal(known.keyFor('seal/v1'), value, at(known, place));
  };
  const openFormer = (known: Unwrapped, place: string, sealed: Uint8Array) => {
    const former = known.formerKeyFor?.('seal/v1');
    return former && open(former, sealed, at(known, place));
  };
  const openEither = (known: Unwrapped, place: string, sealed: Uint8Array) =>
    open(known.keyFor('seal/v1'), sealed, at(known, place)) ?? openFormer(known, place, sealed);
  const openBytesForTenant: Keys['openBytesForTenant'] = async (tx, place, sealed) => {
    const known = await chain.tenant(tx);
    const opened = openEither(known, place, sealed);
    if (opened) return opened;
    // It may have been sealed anew since this transaction began, under a key that it had not seen.
    const now = await chain.tenantNow(tx);
    return now === known ? undefined : openEither(now, place, sealed);
  };
  return {
    sealBytesForTenant,
    openBytesForTenant,
    async resealForTenant(tx, place, sealed) {
      const known = await chain.tenantNow(tx);
      const key = known.keyFor('seal/v1');
      if (open(key, sealed, at(known, place))) return 'as-it-is';
      const value = openFormer(known, place, sealed);
      return value && seal(key, value, at(known, place));
    },
    sealForTenant: (tx, place, value) => sealBytesForTenant(tx, place, utf8(value)),
    async openForTenant(tx, place, sealed) {
      const bytes = await openBytesForTenant(tx, place, sealed);
      return bytes && fromUtf8(bytes);
    },
  };
}

function personSeals(chain: KeyChain): Pick<Keys, 'subjects' | 'sealFor' | 'openFor'> {
  const at = (person: string, place: string) => `person/v1\0${person}\0${place}`;
  return {
    subjects: (tx, persons) => chain.subjects(tx, persons),
    async sealFor(tx, person, place, value) {
      const key = await chain.subject(tx, person);
      if (!key) throw new Error('the person has no key');
      return seal(key, utf8(value), at(person, place));
    },
    async openFor(tx, person, place, sealed) {
      const key = await chain.subject(tx, person);
      const bytes = key && open(key, sealed, at(person, place));
      return bytes && fromUtf8(bytes);
    },
  };
}

/** Makes what is missing, destroys what is due, and records both. Runs daily, and when a tenant is made. */
export async function tendKeys(cloud: Cloud, tx: Tx): Promise<{ epochMade: boolean }> {
  const nowMs = cloud.clock.nowMs();
  await renewWrapping(cloud, tx, 'due');
  const { made, destroyed } = await keepEpochs(cloud.keys, tx, nowMs);
  for (const fact of made) await recordKey(cloud, tx, 'key.made', fact);
  for (const fact of destroyed) await recordKey(cloud, tx, 'key.destroyed', fact);
  return { epochMade: made.length > 0 };
}

/** Answers whether there is something to settle now. */
export async function renewWrapping(cloud: Cloud, tx: Tx, when: 'due' | 'now'): Promise<boolean> {
  const renewed = await cloud.keys.renewWrapping(tx, { atMs: cloud.clock.nowMs(), when });
  if (!renewed) return false;
  await recordKey(cloud, tx, 'key.made', renewed.made);
  await recordKey(cloud, tx, 'key.destroyed', renewed.destroyed);
  return true;
}

/** The keys that a version before kept in the database are put apart, and those that were replaced destroyed. */
export async function settleKeys(cloud: Cloud, tenant: TenantId): Promise<void> {
  await cloud.database.tenant(tenant, (tx) => cloud.keys.settle(tx));
}

export async function recordKey(
  cloud: Cloud,
  tx: Tx,
  kind: 'key.made' | 'key.destroyed',
  { what, hash }: KeyFact,
): Promise<void> {
  await cloud.journal.record(tx, { kind, facts: { what, hash } });
}

export const keysNoun: Noun = {
  migrations,
  underTenantKey: [
    sealedColumn({
      table: 'tenant_pairs',
      column: 'private_sealed',
      by: { name: 'text' },
      place: ([name]) => placeOfPair(String(name)),
    }),
    sealedColumn({
      table: 'retired_intake_keys',
      column: 'private_sealed',
      by: { hash: 'text' },
      place: ([hash]) => placeOfRetired(String(hash)),
    }),
    sealedColumn({
      table: 'retired_notifier_keys',
      column: 'private_sealed',
      by: { hash: 'text' },
      place: ([hash]) => placeOfRetiredNotifier(String(hash)),
    }),
    sealedColumn({
      table: 'notifier_epochs',
      column: 'private_sealed',
      by: { epoch_id: 'text' },
      place: ([epoch]) => placeOfEpoch(String(epoch)),
    }),
  ],
};
