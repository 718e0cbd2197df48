/**
 * Rosters of a site: whom it trusts to sign them, what should stand in the next one, and every one that
 * was signed. `roster_sites` is read without a tenant, because an operator names a site.
 */
import { type Migration, readWithoutTenant, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0026-rosters',
    sql: `
create table roster_sites (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  site_id text primary key,
  -- Public keys of the root that signs the first roster; each roster names the root of the next.
  root_keys jsonb not null,
  root_k integer not null,
  policy jsonb not null
);
create table roster_banks (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text primary key,
  site_id text not null references roster_sites (site_id),
  key text not null,
  seal_key text not null
);
create table roster_drafts (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  site_id text primary key references roster_sites (site_id),
  version bigint not null,
  json text not null,
  made_at_ms bigint not null
);
create table rosters (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  site_id text not null references roster_sites (site_id),
  version bigint not null,
  note text not null,
  json text not null,
  signatures integer not null,
  received_at_ms bigint not null,
  primary key (site_id, version)
);
${tenantTable('roster_sites', 'select, insert, update')}
${tenantTable('roster_banks')}
${tenantTable('roster_drafts')}
${tenantTable('rosters', 'select, insert')}
${readWithoutTenant('roster_sites', 'before_operator_site_known')}
`,
  },
  {
    id: '0200-the-root-of-the-next-roster',
    sql: `
alter table roster_sites
  -- Said by an operator's command; null: the root stays as it is. Nothing trusts it before the root of now has signed it.
  add column next_root_keys jsonb,
  add column next_root_k integer,
  add check ((next_root_keys is null) = (next_root_k is null));
`,
  },
];
