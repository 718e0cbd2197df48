/**
 * Parcels as their records tell them, and which records tell of which parcel. The link stands here, beside
 * the log: a record itself names neither.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0010-parcels',
    sql: `
create table parcels (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  parcel_id text primary key,
  ord bigint generated always as identity unique,
  site_id text not null,
  bank_id text not null,
  compartment int not null,
  size text not null check (size in ('S', 'M', 'L', 'XL')),
  carrier_id text not null,
  courier_id text not null,
  recipient_id text not null,
  -- Under the recipient's key; the index finds an equal number and tells nothing else.
  tracking bytea not null,
  tracking_index bytea not null,
  state text not null check (state in ('accepted', 'waiting', 'collected', 'removed', 'held', 'not-deposited')),
  custody text not null check (custody in ('courier', 'bank', 'recipient', 'staff')),
  accepted_at_ms bigint not null,
  deposited_at_ms bigint,
  until_ms bigint,
  ended_at_ms bigint
);
create index parcels_by_recipient on parcels (tenant_id, recipient_id, ord);
create index parcels_by_courier on parcels (tenant_id, courier_id, ord);
create index parcels_by_tracking on parcels (tenant_id, tracking_index);
create unique index parcels_one_a_door on parcels (bank_id, compartment) where state in ('accepted', 'waiting', 'held');
create table parcel_records (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  parcel_id text not null references parcels (parcel_id),
  source text not null,
  seq bigint not null,
  primary key (parcel_id, source, seq)
);
${tenantTable('parcels')}
${tenantTable('parcel_records')}
`,
  },
];
