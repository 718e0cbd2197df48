/**
 * Sign-in. Of a session and of a link only the SHA-256 of the token stands here, so that a copy of the
 * database signs nobody in. Both are looked up before the tenant is known, by a hash that only the
 * presenter can have made.
 */
import { type Migration, readWithoutTenant, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0024-signin',
    sql: `
create table admin_credentials (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text primary key references persons (person_id),
  role text not null check (role in ('admin', 'super-admin')),
  password_hash text not null,
  totp_secret bytea not null,
  -- The last TOTP time step that was used (RFC 6238 section 5.2: each is used once).
  last_step bigint not null default 0,
  -- Tries since the hour began, counted before the comparison; a success gives them back.
  tries integer not null default 0,
  tries_since_ms bigint not null default 0
);

create table sessions (
  token_hash bytea primary key,
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text not null references persons (person_id),
  app text not null check (app in ('admin', 'resident', 'courier')),
  role text not null,
  began_at_ms bigint not null,
  seen_at_ms bigint not null
);
create index sessions_by_person on sessions (tenant_id, person_id);

create table sign_in_links (
  token_hash bytea primary key,
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text not null references persons (person_id),
  app text not null check (app in ('resident', 'courier')),
  made_at_ms bigint not null,
  used_at_ms bigint
);
create index sign_in_links_by_person on sign_in_links (tenant_id, person_id, made_at_ms);

${['admin_credentials', 'sessions', 'sign_in_links'].map((table) => tenantTable(table)).join('')}
${readWithoutTenant('sessions', 'before_session_known')}
${readWithoutTenant('sign_in_links', 'before_link_known')}
`,
  },
  {
    id: '0113-sign-in-devices',
    sql: `
-- Failures in a row, of all browsers that are no known device.
alter table admin_credentials add column failures integer not null default 0;
-- Browsers in which somebody has signed in; of the cookie only its SHA-256.
create table sign_in_devices (
  token_hash bytea primary key,
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text not null references persons (person_id),
  made_at_ms bigint not null,
  tries integer not null default 0,
  tries_since_ms bigint not null default 0,
  failures integer not null default 0
);
create index sign_in_devices_by_person on sign_in_devices (tenant_id, person_id, made_at_ms);
${tenantTable('sign_in_devices')}
`,
  },
  {
    id: '0240-sign-ins-turned-away',
    sql: `
-- When a try beyond the limit was last recorded, and those behind it that are counted and not yet told.
alter table admin_credentials
  add column locked_out_at_ms bigint not null default 0,
  add column turned_away bigint not null default 0,
  add column turned_away_since_ms bigint not null default 0;
-- Whether it was recorded that this link let nobody in: of each link that is said once.
alter table sign_in_links add column refused boolean not null default false;
`,
  },
];
