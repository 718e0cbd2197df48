/**
 * The chain of wrapped keys: root key → tenant key → wrapping epoch → subject key. Each is kept wrapped
 * under the one before, at a place that names what it is, so that rows cannot be exchanged. What was
 * unwrapped lives as long as its transaction.
 */
import { newKey, open, seal } from '../../crypto/aead.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { deriveHeldKey } from '../../crypto/derive.ts';
import { deriveKey, sha256 } from '../../crypto/hash.ts';
import { type HeldKey, holdKey } from '../../crypto/key.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import * as store from './store.ts';

/** What a `key.made` or `key.destroyed` record says of a key: never the key, and nothing to find it by. */
export type KeyFact = { what: 'tenant' | 'epoch' | 'subject' | 'notifier-epoch' | 'intake'; hash: string };

/** A tenant's key is used for nothing itself; from it is derived what seals, what indexes, and what wraps. */
type TenantUse = 'seal/v1' | 'index/v1' | 'wrap/v1';
type EpochKey = { bytes: Uint8Array; held: HeldKey };
type Unwrapped = {
  tenant: TenantId;
  keyFor(use: TenantUse): HeldKey;
  epochs: Map<number, EpochKey>;
};

/** Null for a person who has none. */
type Subjects = Map<string, HeldKey | null>;

const DAY_MS = 86_400_000;
/** A wrapping epoch lives at most 30 days; five are left for a cloud that stood still. */
const WRAPPING_DAYS = 25;

const placeOfTenant = (tenant: string) => `tenant-key/v1\0${tenant}`;
const placeOfEpoch = (tenant: string, epoch: number) => `wrapping-epoch/v1\0${tenant}\0${epoch}`;
const placeOfSubject = (tenant: string, person: string) => `subject-key/v1\0${tenant}\0${person}`;

export class KeyChain {
  readonly #wrapTenants: HeldKey;
  readonly #tenants = new WeakMap<Tx, Unwrapped>();
  readonly #subjects = new WeakMap<Tx, Subjects>();

  constructor(rootKey: Uint8Array) {
    this.#wrapTenants = holdKey(deriveKey(rootKey, 'tenant-keys/v1'));
  }

  async tenant(tx: Tx): Promise<Unwrapped> {
    return this.#tenants.get(tx) ?? this.#unwrapTenant(tx, await store.tenantKey(tx));
  }

  #unwrapTenant(tx: Tx, wrapped: Uint8Array | undefined): Unwrapped {
    // Two may have asked at once.
    const known = this.#tenants.get(tx);
    if (known) return known;
    const tenant = tenantOf(tx);
    const key = wrapped && open(this.#wrapTenants, wrapped, placeOfTenant(tenant));
    if (!key) throw new Error('the tenant key does not open: another root key, or a damaged row');
    const fresh = { tenant, keyFor: usesOf(key), epochs: new Map() };
    this.#tenants.set(tx, fresh);
    return fresh;
  }

  async makeTenant(tx: Tx, atMs: number): Promise<KeyFact[]> {
    const tenant = tenantOf(tx);
    const key = newKey();
    await store.insertTenantKey(tx, seal(this.#wrapTenants, key, placeOfTenant(tenant)));
    const epoch = await this.#makeEpoch(tx, { tenant, keyFor: usesOf(key) }, { epoch: 1, atMs });
    return [
      { what: 'tenant', hash: checkOf(key) },
      { what: 'epoch', hash: checkOf(epoch) },
    ];
  }

  async makeSubjects(tx: Tx, persons: readonly PersonId[]): Promise<void> {
    const known = await this.tenant(tx);
    const newest = await store.newestWrappingEpoch(tx, 'share');
    if (!newest) throw new Error('the tenant has no wrapping epoch');
    const { epoch } = newest;
    const { held: wrapping } = await epochKey(tx, known, epoch);
    const made = persons.map((person) => ({ person, key: newKey() }));
    await store.insertSubjectKeys(
      tx,
      made.map(({ person, key }) => {
        const wrapped = seal(wrapping, key, placeOfSubject(known.tenant, person));
        return { person_id: person, epoch, wrapped };
      }),
    );
    const subjects = this.#subjectsIn(tx);
    for (const { person, key } of made) subjects.set(person, holdKey(key));
  }

  async destroySubject(tx: Tx, person: PersonId): Promise<void> {
    await store.deleteSubjectKey(tx, person);
    this.#subjectsIn(tx).set(person, null);
  }

  async subject(tx: Tx, person: string): Promise<HeldKey | undefined> {
    return (await this.#load(tx, [person])).get(person) ?? undefined;
  }

  async subjects(tx: Tx, persons: readonly string[]): Promise<ReadonlySet<string>> {
    const known = await this.#load(tx, persons);
    return new Set(persons.filter((person) => known.get(person)));
  }

  #subjectsIn(tx: Tx): Subjects {
    const known = this.#subjects.get(tx) ?? new Map();
    this.#subjects.set(tx, known);
    return known;
  }

  /** Whole chains are fetched, in one query for all persons that have not been asked for yet. */
  async #load(tx: Tx, persons: readonly string[]): Promise<Subjects> {
    const subjects = this.#subjectsIn(tx);
    const missing = [...new Set(persons)].filter((person) => !subjects.has(person));
    if (missing.length === 0) return subjects;
    for (const row of await store.subjectKeys(tx, missing)) {
      const known = this.#unwrapTenant(tx, row.tenant_wrapped);
      const epoch = unwrapEpoch(known, row.epoch, row.epoch_wrapped);
      const key = open(epoch.held, row.wrapped, placeOfSubject(known.tenant, row.person_id));
      if (!key) throw new Error('a subject key does not open under its wrapping epoch');
      subjects.set(row.person_id, holdKey(key));
    }
    for (const person of missing) if (!subjects.has(person)) subjects.set(person, null);
    return subjects;
  }

  /** Wraps all subject keys anew and destroys the epoch that they were under, when it is due. */
  async renewWrapping(tx: Tx, atMs: number): Promise<{ made: KeyFact; destroyed: KeyFact } | undefined> {
    const known = await this.tenant(tx);
    const old = await store.newestWrappingEpoch(tx, 'update');
    if (!old || atMs - old.madeAtMs < WRAPPING_DAYS * DAY_MS) return undefined;
    const oldKey = await epochKey(tx, known, old.epoch);
    const epoch = old.epoch + 1;
    const key = await this.#makeEpoch(tx, known, { epoch, atMs });
    for (const row of await store.subjectKeysOfEpoch(tx, old.epoch)) {
      const place = placeOfSubject(known.tenant, row.person_id);
      const subject = open(oldKey.held, row.wrapped, place);
      if (!subject) throw new Error('a subject key does not open under its wrapping epoch');
      await store.rewrapSubjectKey(tx, {
        person_id: row.person_id,
        epoch,
        wrapped: seal(key, subject, place),
      });
    }
    await store.deleteWrappingEpoch(tx, old.epoch);
    return {
      made: { what: 'epoch', hash: checkOf(key) },
      destroyed: { what: 'epoch', hash: checkOf(oldKey.bytes) },
    };
  }

  async #makeEpoch(
    tx: Tx,
    owner: Pick<Unwrapped, 'tenant' | 'keyFor'>,
    of: { epoch: number; atMs: number },
  ): Promise<Uint8Array> {
    const key = newKey();
    const wrapped = seal(owner.keyFor('wrap/v1'), key, placeOfEpoch(owner.tenant, of.epoch));
    await store.insertWrappingEpoch(tx, { epoch: of.epoch, wrapped, made_at_ms: of.atMs });
    return key;
  }
}

/** Names a key in a record. The key has 256 random bits, so the hash leads nobody to it. */
function checkOf(key: Uint8Array): string {
  return base64url(sha256(utf8('key-check/v1\0'), key));
}

function usesOf(key: Uint8Array): Unwrapped['keyFor'] {
  const held = holdKey(key);
  const derived = new Map<TenantUse, HeldKey>();
  return (use) => {
    const known = derived.get(use) ?? deriveHeldKey(held, use);
    derived.set(use, known);
    return known;
  };
}

async function epochKey(tx: Tx, known: Unwrapped, epoch: number): Promise<EpochKey> {
  return known.epochs.get(epoch) ?? unwrapEpoch(known, epoch, await store.wrappingEpoch(tx, epoch));
}

function unwrapEpoch(known: Unwrapped, epoch: number, wrapped: Uint8Array | undefined): EpochKey {
  const cached = known.epochs.get(epoch);
  if (cached) return cached;
  const bytes = wrapped && open(known.keyFor('wrap/v1'), wrapped, placeOfEpoch(known.tenant, epoch));
  if (!bytes) throw new Error(`wrapping epoch ${epoch} does not open`);
  const fresh = { bytes, held: holdKey(bytes) };
  known.epochs.set(epoch, fresh);
  return fresh;
}
