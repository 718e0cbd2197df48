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
import { keepEpochs, openPairs, type Pairs } from './pairs.ts';
import * as store from './store.ts';

export type { KeyFact } from './chain.ts';
export { type EpochStore, folderOfEpochs, newPlace } from './epochs.ts';

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
  /** Finds equal values of one use inside a tenant, and tells nothing to who has only the database. */
  index(tx: Tx, use: string, value: string): Promise<Uint8Array>;
  /** The same before a tenant is known. */
  estateIndex(use: string, value: string): Uint8Array;
  /** Puts all subject keys under a new wrapping epoch, when the old one is due or `now`. `settle` has to follow. */
  renewWrapping(
    tx: Tx,
    of: { atMs: number; when: 'due' | 'now' },
  ): Promise<{ made: KeyFact; destroyed: KeyFact } | undefined>;
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
    estateIndex: (use, value) => hmacSha256(indexEstate, labelled(use, value)),
    renewWrapping: (tx, of) => chain.renewWrapping(tx, of),
    settle: (tx) => chain.settle(tx),
  };
}

type TenantSeals = Pick<
  Keys,
  'sealForTenant' | 'openForTenant' | 'sealBytesForTenant' | 'openBytesForTenant'
>;

function tenantSeals(chain: KeyChain): TenantSeals {
  const keyAndPlace = async (tx: Tx, place: string) => {
    const { tenant, keyFor } = await chain.tenant(tx);
    return { key: keyFor('seal/v1'), at: `tenant/v1\0${tenant}\0${place}` };
  };
  const sealBytesForTenant: Keys['sealBytesForTenant'] = async (tx, place, value) => {
    const { key, at } = await keyAndPlace(tx, place);
    return seal(key, value, at);
  };
  const openBytesForTenant: Keys['openBytesForTenant'] = async (tx, place, sealed) => {
    const { key, at } = await keyAndPlace(tx, place);
    return open(key, sealed, at);
  };
  return {
    sealBytesForTenant,
    openBytesForTenant,
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

export const keysNoun: Noun = { migrations };
