/**
 * The keys over personal data and over the tenant's own secrets. Everything is AES-256-GCM with a place
 * (see `crypto/aead.ts`): a sealed value that was moved to another person, row or column does not open.
 *
 * The caller is inside `database.tenant`. Unwrapped keys live as long as their transaction.
 */
import { open, newKey, seal } from '../../crypto/aead.ts';
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { deriveKey, hmacSha256, labelled, sha256 } from '../../crypto/hash.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { tenantOf, type Tx } from '../../platform/database.ts';
import type { Random } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { keepEpochs, openPairs, type Pairs } from './pairs.ts';
import * as store from './store.ts';

/** What a `key.made` or `key.destroyed` record says of a key: never the key, and nothing to find it by. */
export type KeyFact = { what: 'tenant' | 'epoch' | 'subject' | 'notifier-epoch' | 'intake'; hash: string };

export type Keys = Pairs & {
  /** Makes the keys of a new tenant. The caller records the facts. */
  makeTenant(tx: Tx): Promise<KeyFact[]>;
  makeSubject(tx: Tx, person: PersonId): Promise<void>;
  /** After this, nothing that was sealed for the person opens again. */
  destroySubject(tx: Tx, person: PersonId): Promise<void>;
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
  /** Puts all subject keys under a new wrapping epoch and destroys the old one, when it is due. */
  renewWrapping(tx: Tx, atMs: number): Promise<{ made: KeyFact; destroyed: KeyFact } | undefined>;
};

const DAY_MS = 86_400_000;
/** A wrapping epoch lives at most 30 days; five are left for a cloud that stood still. */
const WRAPPING_DAYS = 25;

/** What has been unwrapped in one transaction. */
type Unwrapped = { tenant: TenantId; key: Uint8Array; epochs: Map<number, Uint8Array>; subjects: Map<string, Uint8Array> };

export function openKeys(config: { rootKey: Uint8Array; random: Random; nowMs: () => number }): Keys {
  const wrapTenants = deriveKey(config.rootKey, 'tenant-keys/v1');
  const indexEstate = deriveKey(config.rootKey, 'estate-index/v1');
  const perTransaction = new WeakMap<Tx, Unwrapped>();

  async function unwrapped(tx: Tx): Promise<Unwrapped> {
    const known = perTransaction.get(tx);
    if (known) return known;
    const tenant = await tenantOf(tx);
    const wrapped = await store.tenantKey(tx);
    const key = wrapped && open(wrapTenants, wrapped, placeOfTenant(tenant));
    if (!key) throw new Error('the tenant key does not open: the root key is another one, or the row is damaged');
    const fresh = { tenant, key, epochs: new Map(), subjects: new Map() };
    perTransaction.set(tx, fresh);
    return fresh;
  }

  const tenantKey = async (tx: Tx) => {
    const { tenant, key } = await unwrapped(tx);
    return { tenant, sealing: deriveKey(key, 'seal/v1') };
  };

  const sealBytesForTenant: Keys['sealBytesForTenant'] = async (tx, place, value) => {
    const { tenant, sealing } = await tenantKey(tx);
    return seal(sealing, value, `tenant/v1\0${tenant}\0${place}`);
  };
  const openBytesForTenant: Keys['openBytesForTenant'] = async (tx, place, sealed) => {
    const { tenant, sealing } = await tenantKey(tx);
    return open(sealing, sealed, `tenant/v1\0${tenant}\0${place}`);
  };

  const pairs = openPairs({ random: config.random, nowMs: config.nowMs, sealBytesForTenant, openBytesForTenant });
  return {
    ...pairs,
    sealBytesForTenant,
    openBytesForTenant,
    sealForTenant: (tx, place, value) => sealBytesForTenant(tx, place, utf8(value)),
    async openForTenant(tx, place, sealed) {
      const bytes = await openBytesForTenant(tx, place, sealed);
      return bytes && fromUtf8(bytes);
    },
    async makeTenant(tx) {
      const tenant = await tenantOf(tx);
      const key = newKey();
      await store.insertTenantKey(tx, seal(wrapTenants, key, placeOfTenant(tenant)));
      const epoch = await makeEpoch(tx, { tenant, key }, 1, config.nowMs());
      return [{ what: 'tenant', hash: checkOf(key) }, epoch.fact, ...(await pairs.makePairs(tx))];
    },
    async makeSubject(tx, person) {
      const known = await unwrapped(tx);
      const newest = await store.newestWrappingEpoch(tx, 'share');
      if (!newest) throw new Error('the tenant has no wrapping epoch');
      const epochKey = await epochKeyOf(tx, known, newest.epoch);
      const key = newKey();
      await store.insertSubjectKey(tx, { person_id: person, epoch: newest.epoch, wrapped: seal(epochKey, key, placeOfSubject(known.tenant, person)) });
      known.subjects.set(person, key);
    },
    async destroySubject(tx, person) {
      await store.deleteSubjectKey(tx, person);
      (await unwrapped(tx)).subjects.delete(person);
    },
    async subjects(tx, persons) {
      const known = await unwrapped(tx);
      await loadSubjects(tx, known, persons);
      return new Set(persons.filter((person) => known.subjects.has(person)));
    },
    async sealFor(tx, person, place, value) {
      const key = await subjectKey(tx, await unwrapped(tx), person);
      if (!key) throw new Error('the person has no key');
      return seal(key, utf8(value), placeOfValue(person, place));
    },
    async openFor(tx, person, place, sealed) {
      const key = await subjectKey(tx, await unwrapped(tx), person);
      const bytes = key && open(key, sealed, placeOfValue(person, place));
      return bytes && fromUtf8(bytes);
    },
    async index(tx, use, value) {
      const { key } = await unwrapped(tx);
      return hmacSha256(deriveKey(key, 'index/v1'), labelled(use, value));
    },
    estateIndex: (use, value) => hmacSha256(indexEstate, labelled(use, value)),
    async renewWrapping(tx, atMs) {
      const known = await unwrapped(tx);
      const old = await store.newestWrappingEpoch(tx, 'update');
      if (!old || atMs - old.madeAtMs < WRAPPING_DAYS * DAY_MS) return undefined;
      const oldKey = await epochKeyOf(tx, known, old.epoch);
      const next = await makeEpoch(tx, known, old.epoch + 1, atMs);
      await rewrap(tx, { tenant: known.tenant, from: { ...old, key: oldKey }, to: next });
      return { made: next.fact, destroyed: { what: 'epoch', hash: checkOf(oldKey) } };
    },
  };
}

const placeOfTenant = (tenant: string) => `tenant-key/v1\0${tenant}`;
const placeOfEpoch = (tenant: string, epoch: number) => `wrapping-epoch/v1\0${tenant}\0${epoch}`;
const placeOfSubject = (tenant: string, person: string) => `subject-key/v1\0${tenant}\0${person}`;
const placeOfValue = (person: string, place: string) => `person/v1\0${person}\0${place}`;

/** Names a key in a record. The key has 256 random bits, so the hash leads nobody to it. */
function checkOf(key: Uint8Array): string {
  return base64url(sha256(utf8('key-check/v1\0'), key));
}

async function makeEpoch(tx: Tx, owner: { tenant: string; key: Uint8Array }, epoch: number, atMs: number) {
  const key = newKey();
  const wrapped = seal(deriveKey(owner.key, 'wrap/v1'), key, placeOfEpoch(owner.tenant, epoch));
  await store.insertWrappingEpoch(tx, { epoch, wrapped, made_at_ms: atMs });
  return { epoch, key, fact: { what: 'epoch', hash: checkOf(key) } satisfies KeyFact };
}

async function rewrap(tx: Tx, move: { tenant: string; from: { epoch: number; key: Uint8Array }; to: { epoch: number; key: Uint8Array } }): Promise<void> {
  for (const row of await store.subjectKeysOfEpoch(tx, move.from.epoch)) {
    const place = placeOfSubject(move.tenant, row.person_id);
    const key = open(move.from.key, row.wrapped, place);
    if (!key) throw new Error('a subject key does not open under its wrapping epoch');
    await store.rewrapSubjectKey(tx, { person_id: row.person_id, epoch: move.to.epoch, wrapped: seal(move.to.key, key, place) });
  }
  await store.deleteWrappingEpoch(tx, move.from.epoch);
}

async function epochKeyOf(tx: Tx, known: Unwrapped, epoch: number): Promise<Uint8Array> {
  const cached = known.epochs.get(epoch);
  if (cached) return cached;
  const wrapped = await store.wrappingEpoch(tx, epoch);
  const key = wrapped && open(deriveKey(known.key, 'wrap/v1'), wrapped, placeOfEpoch(known.tenant, epoch));
  if (!key) throw new Error(`wrapping epoch ${epoch} does not open`);
  known.epochs.set(epoch, key);
  return key;
}

async function subjectKey(tx: Tx, known: Unwrapped, person: string): Promise<Uint8Array | undefined> {
  if (!known.subjects.has(person)) await loadSubjects(tx, known, [person]);
  return known.subjects.get(person);
}

async function loadSubjects(tx: Tx, known: Unwrapped, persons: readonly string[]): Promise<void> {
  const missing = [...new Set(persons)].filter((person) => !known.subjects.has(person));
  for (const row of await store.subjectKeys(tx, missing)) {
    const key = open(await epochKeyOf(tx, known, row.epoch), row.wrapped, placeOfSubject(known.tenant, row.person_id));
    if (!key) throw new Error('a subject key does not open under its wrapping epoch');
    known.subjects.set(row.person_id, key);
  }
}

/** Makes what is missing, destroys what is due, and records both. Runs daily, and when a tenant is made. */
export async function tendKeys(cloud: Cloud, tx: Tx): Promise<{ epochMade: boolean }> {
  const nowMs = cloud.clock.nowMs();
  const wrapping = await cloud.keys.renewWrapping(tx, nowMs);
  if (wrapping) {
    await recordKey(cloud, tx, 'key.made', wrapping.made);
    await recordKey(cloud, tx, 'key.destroyed', wrapping.destroyed);
  }
  const { made, destroyed } = await keepEpochs(cloud.keys, tx, nowMs);
  for (const fact of made) await recordKey(cloud, tx, 'key.made', fact);
  for (const fact of destroyed) await recordKey(cloud, tx, 'key.destroyed', fact);
  return { epochMade: made.length > 0 };
}

export async function recordKey(cloud: Cloud, tx: Tx, kind: 'key.made' | 'key.destroyed', { what, hash }: KeyFact): Promise<void> {
  await cloud.journal.record(tx, { kind, facts: { what, hash } });
}

export const keysNoun: Noun = { migrations };
