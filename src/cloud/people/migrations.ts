/**
 * Tables of people. What is personal stands sealed in `profile`, under the person's own key; a mail
 * address or a flat can be found by an HMAC of it, and by nothing else.
 *
 * `address_index` is one of the few tables that are read before the tenant is known: it answers "whose
 * is this address?" at sign-in. Its rows are visible to their tenant, and to a transaction without one.
 */
import { type Migration, readWithoutTenant, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0020-people',
    sql: `
create table persons (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text primary key,
  role text not null check (role in ('resident', 'courier', 'admin', 'super-admin')),
  site_id text,
  state text not null check (state in ('active', 'removed')),
  profile bytea not null,
  flat_index bytea,
  added_at_ms bigint not null,
  removed_at_ms bigint,
  ord bigint generated always as identity
);
create index persons_by_role on persons (tenant_id, role, ord);
create index persons_by_flat on persons (tenant_id, flat_index) where flat_index is not null;

create table carriers (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  carrier_id text primary key,
  name text not null,
  key text,
  ord bigint generated always as identity
);

create table couriers (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text primary key references persons (person_id),
  carrier_id text not null references carriers (carrier_id),
  badge_hash text not null,
  until_ms bigint,
  -- While the banks are asked to refuse the courier; the suspensions themselves are the banks'.
  suspended_until_ms bigint,
  unique (tenant_id, badge_hash)
);

create table directory_versions (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  site_id text primary key,
  version bigint not null
);

create table address_index (
  address bytea not null,
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text not null references persons (person_id),
  role text not null,
  primary key (address, person_id)
);
create unique index one_admin_an_address on address_index (address) where role in ('admin', 'super-admin');

${['persons', 'carriers', 'couriers', 'directory_versions', 'address_index'].map((table) => tenantTable(table)).join('')}
${readWithoutTenant('address_index', 'before_sign_in')}
`,
  },
  {
    id: '0114-directory-sizes',
    sql: `
-- How many people the list for the banks has, and how many bytes; null when nobody has counted since it changed.
alter table directory_versions add column people int;
alter table directory_versions add column bytes bigint;
`,
  },
  {
    id: '0132-persons-erased',
    sql: `
-- Of whom was erased a row stays: an id and a role, at which other rows point.
alter table persons drop constraint persons_state_check;
alter table persons add constraint persons_state_check check (state in ('active', 'removed', 'erased'));
create index persons_removed on persons (tenant_id, removed_at_ms) where state = 'removed';
`,
  },
];
