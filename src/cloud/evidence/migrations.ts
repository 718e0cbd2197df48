/** Which evidence there is, and which objects it is not. Its bytes lie in the store of objects and never in a table. */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0185-evidence',
    sql: `
create table evidence (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  evidence_id text primary key,
  parcel_id text not null,
  origin text not null check (origin in ('staff', 'camera')),
  media text not null check (media in ('jpeg', 'png', 'webp', 'pdf', 'text')),
  bytes bigint not null,
  attached_at_ms bigint not null,
  -- Null once that account was erased.
  attached_by text,
  -- In the organisation's own journal: the record that committed to it.
  record_seq bigint not null,
  -- Whom it is about. Null once one of them was erased.
  subject_id text,
  other_subject_id text,
  -- The key of the object, the hash of its bytes and why it was attached; under the keys of all whom it is about.
  sealed bytea
);
create index evidence_of_parcel on evidence (tenant_id, parcel_id, attached_at_ms);
create index evidence_of_record on evidence (tenant_id, record_seq);
${tenantTable('evidence', 'select, insert, update')}
`,
  },
  {
    id: '0225-evidence-strays',
    sql: `
create table evidence_strays (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  -- An object in the folder that no row of this database names.
  evidence_id text not null,
  -- When that was first seen here. A database that was put back has forgotten it.
  seen_at_ms bigint not null,
  primary key (tenant_id, evidence_id)
);
${tenantTable('evidence_strays', 'select, insert, delete')}
`,
  },
];
