/**
 * Wrapped keys. Nothing here opens anything without the root key, which is in no database:
 *
 *   root key (a file; later a KMS) → tenant key → wrapping epoch → subject key → a person's data
 *
 * The keys of wrapping epochs are in no database either: each is a file (epochs.ts). They are replaced within 30 days,
 * and at once when somebody is erased: survivors are rewrapped, the old epoch's key is destroyed. A subject key
 * that was under it is then beyond anybody's reach, whatever an old page of the database still holds.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0002-keys',
    sql: `
create table tenant_keys (
  tenant_id text primary key default current_setting('holdfast.tenant', true),
  wrapped bytea not null
);
create table wrapping_epochs (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  epoch int not null,
  wrapped bytea not null,
  made_at_ms bigint not null,
  primary key (tenant_id, epoch)
);
create table subject_keys (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text primary key,
  epoch int not null,
  wrapped bytea not null,
  foreign key (tenant_id, epoch) references wrapping_epochs (tenant_id, epoch)
);
create index subject_keys_by_epoch on subject_keys (tenant_id, epoch);

-- Key pairs of a tenant: 'intake' (HPKE) and 'notifier' (signs notifier epochs).
create table tenant_pairs (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  name text not null check (name in ('intake', 'notifier')),
  public bytea not null,
  private_sealed bytea not null,
  primary key (tenant_id, name)
);
create table notifier_epochs (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  epoch_id text primary key,
  public bytea not null,
  -- Null once destroyed.
  private_sealed bytea,
  note text not null,
  not_before_ms bigint not null,
  not_after_ms bigint not null
);
create index notifier_epochs_by_end on notifier_epochs (tenant_id, not_after_ms);
${['tenant_keys', 'wrapping_epochs', 'subject_keys', 'tenant_pairs', 'notifier_epochs'].map((table) => tenantTable(table)).join('')}
`,
  },
  {
    id: '0130-epochs-apart',
    sql: `
-- An epoch's key lies in a file at this place (epochs.ts); here is none but that of a version before.
alter table wrapping_epochs alter column wrapped drop not null;
alter table tenant_keys add column epoch_place text;
-- Whose key was destroyed. Only ever added to: who comes in late with their data has to be known again.
create table destroyed_subjects (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  person_id text primary key,
  at_ms bigint not null
);
${tenantTable('destroyed_subjects', 'select, insert')}
`,
  },
  {
    id: '0180-keys-replaced',
    sql: `
-- The tenant's key before, wrapped, until everything is under the one of now; and how often it was replaced.
alter table tenant_keys add column former bytea;
alter table tenant_keys add column generation int not null default 1;
-- Intake keys that were replaced, while something that was sealed to them can still arrive.
create table retired_intake_keys (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  -- Of the public half, as records name it.
  hash text not null,
  private_sealed bytea not null,
  retired_at_ms bigint not null,
  -- Since when no bank seals to it; null while one may.
  unneeded_from_ms bigint,
  primary key (tenant_id, hash)
);
${tenantTable('retired_intake_keys')}
`,
  },
  {
    id: '0210-notifier-keys-replaced',
    sql: `
-- Notifier keys that were replaced, while a bank may still ask for a signature by one of them.
create table retired_notifier_keys (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  -- Of the public half, as records name it.
  hash text not null,
  public bytea not null,
  private_sealed bytea not null,
  retired_at_ms bigint not null,
  primary key (tenant_id, hash)
);
${tenantTable('retired_notifier_keys')}
`,
  },
];
