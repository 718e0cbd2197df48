/**
 * Records, what stands behind their commitments, signed batch heads, and where each journal ends. Rows of
 * `records` and `heads` are only ever added: the application's role has no right to change or delete one.
 */
import { APP_ROLE, type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0003-journal',
    sql: `
-- Where a journal ends; locked by whoever appends to it.
create table journals (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  source text primary key,
  last_seq bigint not null,
  last_hash text not null,
  last_head text not null
);
create table records (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  source text not null references journals (source),
  seq bigint not null check (seq >= 1),
  kind text not null,
  at_ms bigint not null,
  hash bytea not null check (octet_length(hash) = 32),
  bytes bytea not null,
  -- The last number of the batch that brought it; null in the tenant's own journal.
  batch_last bigint,
  position bigint generated always as identity unique,
  primary key (source, seq)
);
create index records_by_position on records (tenant_id, position);
create table openings (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  source text not null,
  seq bigint not null,
  field text not null,
  -- Whose key it is sealed under; null: the tenant's.
  subject_id text,
  sealed bytea not null,
  primary key (source, seq, field),
  foreign key (source, seq) references records (source, seq)
);
create index openings_by_subject on openings (tenant_id, subject_id) where subject_id is not null;
create table heads (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  source text not null references journals (source),
  first bigint not null,
  last bigint not null,
  note text not null,
  hash text not null,
  -- SubjectPublicKeyInfo of the bank key that signed it, as it was then.
  key bytea not null,
  primary key (source, last)
);
${tenantTable('journals', 'select, insert, update')}
${tenantTable('records', 'select, insert')}
${tenantTable('openings', 'select, insert, delete')}
${tenantTable('heads', 'select, insert')}
`,
  },
  {
    id: '0085-openings-of-batches',
    sql: `
-- What a batch leaves to one owner is sealed as one: records seq to last, all fields that are theirs. In rows of
-- before, last is null and field says which one field of record seq it is.
alter table openings drop constraint openings_pkey;
alter table openings alter column field drop not null;
alter table openings add column last bigint check (last >= seq);
alter table openings add constraint openings_whole check ((last is null) <> (field is null));
-- What is sealed does not get smaller by trying.
alter table openings alter column sealed set storage external;
-- The identity's sequence gives no number twice, and pages are asked for by tenant.
alter table records drop constraint records_position_key;
create unique index openings_once on openings (source, seq, coalesce(field, ''), coalesce(subject_id, ''));
`,
  },
  {
    id: '0131-erased-openings',
    sql: `
-- Which fields of which records are gone for good, as {"12": ["person"]}; not whose they were. Only ever added to.
create table erased_openings (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  source text not null references journals (source),
  first bigint not null,
  last bigint not null check (last >= first),
  fields jsonb not null
);
create index erased_openings_at on erased_openings (source, last, first);
${tenantTable('erased_openings', 'select, insert')}
`,
  },
  {
    id: '0181-openings-anew',
    sql: `
-- Sealed anew when the tenant's key is replaced; nothing else of a row ever changes.
grant update (sealed) on openings to ${APP_ROLE};
`,
  },
];
