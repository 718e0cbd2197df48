/**
 * The chain of wrapped keys: root key → tenant key → wrapping epoch → subject key. Each is kept wrapped
 * under the one before, at a place that names what it is, so that rows cannot be exchanged. What was
 * unwrapped lives as long as its transaction. Wrapping epochs are files, all others rows.
 */
import { newKey, open, seal } from '../../crypto/aead.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { deriveHeldKey } from '../../crypto/derive.ts';
import { deriveKey, equalBytes, sha256 } from '../../crypto/hash.ts';
import { type HeldKey, holdKey } from '../../crypto/key.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { Outdated, type Tx, tenantOf } from '../../platform/database.ts';
import type { Random } from '../../platform/random.ts';
import { type EpochStore, newPlace } from './epochs.ts';
import * as store from './store.ts';

/** What a `key.made` or `key.destroyed` record says of a key: never the key, and nothing to find it by. */
export type KeyFact = {
  what: 'tenant' | 'epoch' | 'subject' | 'notifier-epoch' | 'intake' | 'notifier';
  hash: string;
};

/** A tenant's key is used for nothing itself; from it is derived what seals, what indexes, and what wraps. */
type TenantUse = 'seal/v1' | 'index/v1' | 'wrap/v1';
type EpochKey = { bytes: Uint8Array; held: HeldKey };
type KeyFor = (use: TenantUse) => HeldKey;
type Unwrapped = {
  tenant: TenantId;
  keyFor: KeyFor;
  /** What the key before opened, until everything is under the one of now; null when nothing is being rotated. */
  formerKeyFor: KeyFor | null;
  /** The row that they were unwrapped from. */
  wrapped: Uint8Array;
  /** Where its epochs lie; null while they are still in the database. */
  place: string | null;
  epochs: Map<number, EpochKey>;
};

/** Null for a person who has none. */
type Subjects = Map<string, HeldKey | null>;

const DAY_MS = 86_400_000;
/** A wrapping epoch lives at most 30 days; five are left for a cloud that stood still. */
const WRAPPING_DAYS = 25;
/** A transaction that computes for long and asks nothing is taken for one whose process has stopped. */
const REWRAPPED_AT_ONCE = 1_000;

const placeOfTenant = (tenant: string) => `tenant-key/v1\0${tenant}`;
const placeOfFormer = (tenant: string) => `former-tenant-key/v1\0${tenant}`;
const placeOfEpoch = (tenant: string, epoch: number) => `wrapping-epoch/v1\0${tenant}\0${epoch}`;
const placeOfSubject = (tenant: string, person: string) => `subject-key/v1\0${tenant}\0${person}`;

export class KeyChain {
  readonly #wrapTenants: HeldKey;
  readonly #asked = new WeakMap<Tx, Promise<Unwrapped>>();
  readonly #tenants = new WeakMap<Tx, Unwrapped>();
  readonly #subjects = new WeakMap<Tx, Subjects>();

  /** Transactions that have replaced an epoch, and may not destroy it: they may yet be undone. */
  readonly #renewing = new WeakSet<Tx>();
  readonly #store: EpochStore;
  readonly #random: Random;

  constructor(of: { rootKey: Uint8Array; epochs: EpochStore; random: Random }) {
    this.#wrapTenants = holdKey(deriveKey(of.rootKey, 'tenant-keys/v1'));
    this.#store = of.epochs;
    this.#random = of.random;
  }

  async tenant(tx: Tx): Promise<Unwrapped> {
    return this.#tenants.get(tx) ?? this.#unwrapTenant(tx, await store.tenantKey(tx));
  }

  /** As the database has it now: what a transaction began with may have been rotated since. */
  tenantNow(tx: Tx): Promise<Unwrapped> {
    const asked = this.#asked.get(tx);
    if (asked) return asked;
    const asking = store.tenantKey(tx).then((row) => this.#unwrapTenant(tx, row));
    // Whoever holds a value by now shares the answer: it is of a later moment than what anybody holds. A list of many
    // values that open under no key, as of who was erased, asks once.
    this.#asked.set(tx, asking);
    const forget = () => void this.#asked.delete(tx);
    asking.then(forget, forget);
    return asking;
  }

  #unwrapTenant(tx: Tx, row: store.TenantKeyRow | undefined): Unwrapped {
    // Two may have asked at once.
    const known = this.#tenants.get(tx);
    if (known && row && equalBytes(known.wrapped, row.wrapped)) return known;
    const tenant = tenantOf(tx);
    const key = row && open(this.#wrapTenants, row.wrapped, placeOfTenant(tenant));
    const former = row?.former && open(this.#wrapTenants, row.former, placeOfFormer(tenant));
    if (!key || former === undefined)
      throw new Error('the tenant key does not open: another root key, or a damaged row');
    const fresh: Unwrapped = {
      tenant,
      keyFor: usesOf(key),
      formerKeyFor: former && usesOf(former),
      wrapped: new Uint8Array(row.wrapped),
      place: row.epoch_place,
      epochs: known?.epochs ?? new Map(),
    };
    this.#tenants.set(tx, fresh);
    return fresh;
  }

  async makeTenant(tx: Tx, atMs: number): Promise<KeyFact[]> {
    const tenant = tenantOf(tx);
    const key = newKey();
    const place = newPlace(this.#random);
    const wrapped = seal(this.#wrapTenants, key, placeOfTenant(tenant));
    await store.insertTenantKey(tx, { wrapped, former: null, epoch_place: place });
    const epoch = await this.#makeEpoch(tx, { tenant, keyFor: usesOf(key), place }, { epoch: 1, atMs });
    return [
      { what: 'tenant', hash: checkOf(key) },
      { what: 'epoch', hash: checkOf(epoch) },
    ];
  }

  /**
   * Puts another key in the place of the tenant's, whose epoch follows at once (`settle` has to come behind it). What was
   * sealed under the one before opens on until `forgetFormer`. Undefined while another rotation is under way.
   */
  async renewTenant(tx: Tx, atMs: number): Promise<{ made: KeyFact[]; destroyed: KeyFact[] } | undefined> {
    const row = await store.lockTenantKey(tx, 'update');
    if (!row || row.former !== null) return undefined;
    const tenant = tenantOf(tx);
    const old = open(this.#wrapTenants, row.wrapped, placeOfTenant(tenant));
    if (!old) throw new Error('the tenant key does not open: another root key, or a damaged row');
    const key = newKey();
    const wrapped = seal(this.#wrapTenants, key, placeOfTenant(tenant));
    await store.replaceTenantKey(tx, {
      wrapped,
      former: seal(this.#wrapTenants, old, placeOfFormer(tenant)),
    });
    const epoch = await this.renewWrapping(tx, { atMs, when: 'now' });
    if (!epoch) throw new Error('the tenant has no wrapping epoch');
    return { made: [{ what: 'tenant', hash: checkOf(key) }, epoch.made], destroyed: [epoch.destroyed] };
  }

  /** Nothing is under it any more. */
  async forgetFormer(tx: Tx): Promise<KeyFact | undefined> {
    const row = await store.lockTenantKey(tx, 'update');
    const former = row?.former && open(this.#wrapTenants, row.former, placeOfFormer(tenantOf(tx)));
    if (!former) return undefined;
    await store.dropFormer(tx);
    this.#tenants.delete(tx);
    return { what: 'tenant', hash: checkOf(former) };
  }

  async makeSubjects(tx: Tx, persons: readonly PersonId[]): Promise<void> {
    const known = this.#unwrapTenant(tx, await store.lockTenantKey(tx, 'share'));
    const newest = await store.newestWrappingEpoch(tx);
    if (!newest) throw new Error('the tenant has no wrapping epoch');
    const { epoch } = newest;
    const { held: wrapping } = this.#epoch(known, epoch, newest.wrapped);
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

  /** Their rows go, and it is kept that they went. What old pages hold is wrapped under an epoch that has to go too. */
  async destroySubjects(tx: Tx, persons: readonly PersonId[], atMs: number): Promise<void> {
    if (persons.length === 0) return;
    await store.deleteSubjectKeys(tx, persons);
    await store.insertDestroyed(tx, persons, atMs);
    for (const person of persons) this.#subjectsIn(tx).set(person, null);
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
    try {
      await this.#unwrapSubjects(tx, missing, subjects);
    } catch (error) {
      if (!(error instanceof Outdated)) throw error;
      // Between the rows and the file everybody was put under another epoch: the rows of now name that.
      await this.#unwrapSubjects(tx, missing, subjects);
    }
    for (const person of missing) if (!subjects.has(person)) subjects.set(person, null);
    return subjects;
  }

  async #unwrapSubjects(tx: Tx, persons: readonly string[], subjects: Subjects): Promise<void> {
    for (const row of await store.subjectKeys(tx, persons)) {
      const known = this.#unwrapTenant(tx, {
        wrapped: row.tenant_wrapped,
        former: row.tenant_former,
        epoch_place: row.epoch_place,
      });
      const epoch = this.#epoch(known, row.epoch, row.epoch_wrapped);
      const key = open(epoch.held, row.wrapped, placeOfSubject(known.tenant, row.person_id));
      if (!key) throw new Error('a subject key does not open under its wrapping epoch');
      subjects.set(row.person_id, holdKey(key));
    }
  }

  #epoch(known: Unwrapped, epoch: number, inDatabase: Uint8Array | null): EpochKey {
    const cached = known.epochs.get(epoch);
    if (cached) return cached;
    const wrapped = inDatabase ?? (known.place === null ? undefined : this.#store.read(known.place, epoch));
    if (!wrapped) throw new Outdated(`the file of wrapping epoch ${epoch} is not there`);
    const place = placeOfEpoch(known.tenant, epoch);
    // The epoch of before a rotation is opened once more, by the transaction that replaces it.
    const former = known.formerKeyFor?.('wrap/v1');
    const bytes = open(known.keyFor('wrap/v1'), wrapped, place) ?? (former && open(former, wrapped, place));
    if (!bytes) throw new Error(`wrapping epoch ${epoch} does not open`);
    const fresh = { bytes, held: holdKey(bytes) };
    known.epochs.set(epoch, fresh);
    return fresh;
  }

  /**
   * Puts every subject key under a new epoch, when the old one is due or has to go now. The old one's file stays until
   * `settle`, after this transaction: a transaction that is undone has destroyed nothing.
   */
  async renewWrapping(
    tx: Tx,
    of: { atMs: number; when: 'due' | 'now' },
  ): Promise<{ made: KeyFact; destroyed: KeyFact } | undefined> {
    const locked = await store.lockTenantKey(tx, 'update');
    const known = this.#unwrapTenant(tx, locked);
    known.place = locked?.epoch_place ?? null;
    const old = await store.newestWrappingEpoch(tx);
    if (!old) return undefined;
    const isDue = old.wrapped !== null || of.atMs - old.madeAtMs >= WRAPPING_DAYS * DAY_MS;
    if (of.when === 'due' && !isDue) return undefined;
    const place = known.place ?? newPlace(this.#random);
    if (known.place === null) await store.setEpochPlace(tx, place);
    known.place = place;
    const oldKey = this.#epoch(known, old.epoch, old.wrapped);
    // Above whatever a transaction that was undone has left there.
    const epoch = Math.max(old.epoch, ...this.#store.list(place)) + 1;
    this.#renewing.add(tx);
    const key = await this.#makeEpoch(tx, { ...known, place }, { epoch, atMs: of.atMs });
    await this.#rewrap(tx, known, { epoch, old, oldKey, key });
    await store.deleteWrappingEpochsBefore(tx, epoch);
    return {
      made: { what: 'epoch', hash: checkOf(key) },
      destroyed: { what: 'epoch', hash: checkOf(oldKey.bytes) },
    };
  }

  async #rewrap(
    tx: Tx,
    known: Unwrapped,
    { epoch, old, oldKey, key }: { epoch: number; old: store.EpochRow; oldKey: EpochKey; key: Uint8Array },
  ): Promise<void> {
    for (;;) {
      const rows = await store.subjectKeysBefore(tx, epoch, REWRAPPED_AT_ONCE);
      if (rows.length === 0) return;
      const fresh = rows.map((row) => {
        const place = placeOfSubject(known.tenant, row.person_id);
        const subject = row.epoch === old.epoch && open(oldKey.held, row.wrapped, place);
        if (!subject) throw new Error('a subject key does not open under its wrapping epoch');
        return { person_id: row.person_id, wrapped: seal(key, subject, place) };
      });
      await store.rewrapSubjectKeys(tx, { epoch, rows: fresh });
    }
  }

  /**
   * Destroys the files of all epochs but the one that counts, and writes down beside them whose keys are gone. Call it
   * in a transaction of its own, behind the one that renewed: the lock waits for whoever is at it, so that what is
   * destroyed here is in use nowhere.
   */
  async settle(tx: Tx): Promise<void> {
    if (this.#renewing.has(tx))
      throw new Error('an epoch is destroyed behind the transaction that replaced it');
    const locked = await store.lockTenantKey(tx, 'update');
    const newest = await store.newestWrappingEpoch(tx);
    const place = locked?.epoch_place;
    if (!newest || place === null || place === undefined) return;
    await this.#store.rememberDestroyed(tenantOf(tx), await store.allDestroyed(tx));
    for (const epoch of this.#store.list(place))
      if (epoch !== newest.epoch) await this.#store.destroy(place, epoch);
  }

  async #makeEpoch(
    tx: Tx,
    owner: Pick<Unwrapped, 'tenant' | 'keyFor'> & { place: string },
    of: { epoch: number; atMs: number },
  ): Promise<Uint8Array> {
    const key = newKey();
    const wrapped = seal(owner.keyFor('wrap/v1'), key, placeOfEpoch(owner.tenant, of.epoch));
    // Before the row: a row that committed has its file.
    await this.#store.write(owner.place, of.epoch, wrapped);
    await store.insertWrappingEpoch(tx, { epoch: of.epoch, made_at_ms: of.atMs });
    return key;
  }
}

/** Names a key in a record. The key has 256 random bits, so the hash leads nobody to it. */
function checkOf(key: Uint8Array): string {
  return base64url(sha256(utf8('key-check/v1\0'), key));
}

function usesOf(key: Uint8Array): KeyFor {
  const held = holdKey(key);
  const derived = new Map<TenantUse, HeldKey>();
  return (use) => {
    const known = derived.get(use) ?? deriveHeldKey(held, use);
    derived.set(use, known);
    return known;
  };
}
