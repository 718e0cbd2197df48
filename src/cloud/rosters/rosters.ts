/**
 * Rosters. The cloud writes drafts and keeps what was signed; it holds no root key and can sign nothing.
 */
import { fromBase64url } from '../../crypto/bytes.ts';
import { isPublicKey } from '../../crypto/sign.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { SiteId, TenantId } from '../../domain/ids.ts';
import { DEFAULT_POLICY, type Policy } from '../../domain/roster.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';

export { type Draft, draft } from './drafts.ts';
export {
  current,
  currentNote,
  desireRoot,
  noteAfter,
  rootNow,
  rootOf,
  type Signed,
  type SiteRoot,
  sites,
  submit,
  verifiedRoster,
} from './signed.ts';

/** The newest signed roster that names this key for this bank: what a stranger needs to see who vouches for it. */
export const noteNaming = store.noteNaming;

/** The newest signed roster of a site, which may name a bank no more. */
export const newestNote = store.newestNote;

/** Begins a site: whom its banks will trust. `rootKeys` are public (SubjectPublicKeyInfo, base64url). */
export async function openSite(
  tx: Tx,
  of: { site: SiteId; rootKeys: readonly string[]; k: number; policy?: Policy },
): Promise<void> {
  const whole = of.rootKeys.every((key) => isPublicKey(fromBase64url(key) ?? new Uint8Array(0)));
  if (!whole || of.k < 1 || of.k > of.rootKeys.length)
    throw new HoldfastError(
      'input-invalid',
      'A site has at least one root key, and needs at most all of them.',
    );
  await store.insertSite(tx, {
    site: of.site,
    rootKeys: [...of.rootKeys],
    rootK: of.k,
    policy: of.policy ?? DEFAULT_POLICY,
  });
}

/** Whose site this is, before a tenant is known. Undefined for a stranger's id. */
export async function tenantOfSite(cloud: Cloud, site: SiteId): Promise<TenantId | undefined> {
  return cloud.database.readEstate((tx) => store.tenantOfSite(tx, site));
}

/** Puts a bank's keys into the desired state, after it has proved to have them. */
export async function nameBank(tx: Tx, site: SiteId, bank: store.NamedBank): Promise<void> {
  await store.putBank(tx, site, bank);
}

/** Takes a bank out of the desired state: the next draft names it no more. */
export const dropBank = store.removeBank;

export const rosters = { migrations, routes } satisfies Noun;
