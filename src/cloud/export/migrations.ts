/** Exports that were asked for, and those that were handed out. */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0143-exports',
    sql: `
create table exports (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  export_id text primary key,
  state text not null check (state in ('waiting', 'making', 'ready', 'failed', 'given', 'gone')),
  failure text,
  asked_at_ms bigint not null,
  -- Null for the operator of the installation.
  asked_by text,
  -- Whom it is about, when it was asked for by person: what was asked for is sealed under that person's key.
  person_id text,
  -- Purpose, receiver, selection and opened fields, sealed; null once the person was erased.
  about bytea,
  -- For whom it will be encrypted, and the key of the content, sealed; null from the moment that the file is written.
  envelope bytea,
  tries int not null default 0,
  looked bigint not null default 0,
  looked_of bigint not null default 0,
  records bigint,
  bytes bigint,
  sha256 bytea,
  file_sha256 bytea,
  record_seq bigint,
  ended_at_ms bigint,
  taken int not null default 0
);
create index exports_newest on exports (tenant_id, asked_at_ms desc, export_id);
${tenantTable('exports', 'select, insert, update')}
`,
  },
];
