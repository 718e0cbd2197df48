/** Tenants: operating organisations. Everything else belongs to exactly one, and is walled off from the others. */
import { sql } from 'kysely';
import { HoldfastError } from '../../domain/errors.ts';
import { idFrom, parseId, type TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { recordKey, tendKeys } from '../keys/keys.ts';
import { type Migration, readWithoutTenant, tenantTable } from '../migrate.ts';
import type { Noun } from '../noun.ts';

const migrations: Migration[] = [
  {
    id: '0001-tenants',
    // The list of tenants is read without one: daily work is done for each. It holds no name.
    sql: `
create table tenants (
  tenant_id text primary key default current_setting('holdfast.tenant', true),
  created_at_ms bigint not null
);
${tenantTable('tenants', 'select, insert')}
${readWithoutTenant('tenants', 'estate_list')}
`,
  },
];

/** Makes a tenant with its keys and its journal. */
export async function createTenant(cloud: Cloud): Promise<TenantId> {
  const tenant = idFrom('tenant', cloud.random.bytes(16));
  await cloud.database.tenant(tenant, async (tx) => {
    await sql`insert into tenants (created_at_ms) values (${cloud.clock.nowMs()})`.execute(tx);
    await cloud.journal.begin(tx, tenant);
    const [own, ...others] = await cloud.keys.makeTenant(tx);
    if (!own) throw new Error('a tenant has a key');
    await cloud.journal.record(tx, { kind: 'journal.created', facts: { key: own.hash } });
    await cloud.journal.record(tx, { kind: 'tenant.created' });
    for (const fact of [own, ...others]) await recordKey(cloud, tx, 'key.made', fact);
    await tendKeys(cloud, tx);
  });
  return tenant;
}

export async function allTenants(cloud: Cloud): Promise<TenantId[]> {
  return cloud.database.estate(async (tx: Tx) => {
    const { rows } = await sql<{
      tenant_id: TenantId;
    }>`select tenant_id from tenants order by tenant_id`.execute(tx);
    return rows.map((row) => row.tenant_id);
  });
}

/** The one that a command means: the only one there is, or the one that it names. */
export async function tenantNamed(cloud: Cloud, text: string | undefined): Promise<TenantId> {
  const all = await allTenants(cloud);
  const [only, ...others] = all;
  if (text === undefined && only && others.length === 0) return only;
  const named = text === undefined ? undefined : parseId('tenant', text);
  if (named && all.includes(named)) return named;
  throw new HoldfastError('input-invalid', 'say of which organisation: --tenant ID');
}

export const tenants: Noun = { migrations };
