/**
 * Notices: what was to be told to whom, over which channel, and what became of it. The code travels
 * through this table sealed for the notifier's key of its epoch, and is gone once it was sent, could not be
 * opened, or has ended.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0022-notices',
    sql: `
create table notices (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  notice_id text primary key,
  reference text not null,
  channel text not null check (channel in ('sms', 'email')),
  what text not null check (what in ('arrival', 'reissue', 'sign-in')),
  state text not null check (state in ('queued', 'sent', 'failed', 'dead')),
  tries integer not null default 0,
  last_error text,
  person_id text not null references persons (person_id),
  parcel_id text,
  bank_id text,
  compartment integer,
  until_ms bigint,
  epoch_id text,
  box jsonb,
  link bytea,
  at_ms bigint not null,
  ord bigint generated always as identity,
  unique (tenant_id, reference, channel),
  check (state in ('queued', 'failed') or (box is null and link is null))
);
create index notices_by_ord on notices (tenant_id, ord desc);
create index notices_by_parcel on notices (tenant_id, parcel_id) where parcel_id is not null;
create index notices_open on notices (tenant_id, at_ms) where state in ('queued', 'failed');

${tenantTable('notices')}
`,
  },
  {
    id: '0073-reminders',
    sql: `
alter table notices drop constraint notices_what_check;
alter table notices add constraint notices_what_check
  check (what in ('arrival', 'reissue', 'sign-in', 'reminder', 'expiry'));

-- Parcels that wait to be collected, for reminders: where each lies, whose it is, and until when.
create table waiting_parcels (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  parcel_id text primary key,
  person_id text not null,
  bank_id text not null,
  compartment integer not null,
  until_ms bigint not null
);
${tenantTable('waiting_parcels')}
`,
  },
  {
    id: '0083-notice-tries',
    sql: `
-- When it is tried next, and since when it is tried at all; null in rows of before, which go by at_ms.
alter table notices add column next_ms bigint;
alter table notices add column since_ms bigint;
-- A notice that was given up may be sent again as long as its code lives; what was sent keeps nothing.
alter table notices drop constraint notices_check;
alter table notices add constraint notices_forget
  check (state <> 'sent' or box is null) not valid;
alter table notices add constraint notices_forget_links
  check (state in ('queued', 'failed') or link is null) not valid;
create index notices_dead_codes on notices (tenant_id, until_ms) where state = 'dead' and box is not null;
`,
  },
];
