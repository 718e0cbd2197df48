/** How far the rotation of a tenant's key is. */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0183-tenant-rotations',
    sql: `
create table tenant_rotations (
  tenant_id text primary key default current_setting('holdfast.tenant', true),
  begun_at_ms bigint not null,
  -- A moment of the database's own clock, behind the one at which the key was replaced.
  replaced_before timestamptz,
  -- Nobody is at work any more who may have read the key before.
  is_clear boolean not null default false,
  -- What is under the key of now as a whole, by its name.
  done jsonb not null default '[]',
  -- What is being put under it, and the last row of it.
  part text,
  after jsonb
);
${tenantTable('tenant_rotations')}
`,
  },
];
