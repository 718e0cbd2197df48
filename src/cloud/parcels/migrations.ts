/**
 * Parcels, folded from the banks' records, and which records tell of each. The tracking number is sealed
 * under its recipient's key. Everything here can be rebuilt from the records.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0006-parcels',
    sql: `
create table parcels (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  parcel_id text primary key,
  bank_id text not null references banks (bank_id),
  compartment int not null,
  size text not null check (size in ('S', 'M', 'L', 'XL')),
  state text not null check (state in ('accepted', 'waiting', 'collected', 'removed', 'held', 'not-deposited')),
  custody text not null check (custody in ('courier', 'bank', 'recipient', 'staff')),
  carrier_id text,
  courier_id text,
  recipient_id text,
  -- Null where the bank did not say it, and after erasure.
  tracking bytea,
  accepted_at_ms bigint not null,
  deposited_at_ms bigint,
  until_ms bigint,
  ended_at_ms bigint,
  ord bigint generated always as identity unique
);
create index parcels_by_ord on parcels (tenant_id, ord);
create index parcels_by_recipient on parcels (tenant_id, recipient_id, ord);
create index parcels_by_courier on parcels (tenant_id, courier_id, ord);
create index parcels_inside on parcels (bank_id, compartment) where state in ('accepted', 'waiting', 'held');
create table parcel_events (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  parcel_id text not null references parcels (parcel_id),
  source text not null,
  seq bigint not null,
  primary key (source, seq),
  foreign key (source, seq) references records (source, seq)
);
create index parcel_events_of on parcel_events (parcel_id, seq);
${['parcels', 'parcel_events'].map((table) => tenantTable(table)).join('')}
`,
  },
  {
    id: '0086-parcel-events-of-batches',
    sql: `
-- A row is what one batch tells of a parcel: record seq, and further ones of the same batch.
alter table parcel_events add column also bigint[] not null default '{}';
`,
  },
  {
    id: '0090-parcels-by-time',
    sql: `
-- What is overdue, and who was inside between two moments.
create index parcels_until on parcels (tenant_id, until_ms, ord) where state in ('waiting', 'held');
create index parcels_by_end on parcels (tenant_id, ended_at_ms);
`,
  },
  {
    id: '0095-parcels-of-couriers',
    sql: `
-- A courier's phone asks every few seconds for what was left today and for what is to be taken back.
create index parcels_by_courier_at on parcels (tenant_id, courier_id, (coalesce(deposited_at_ms, accepted_at_ms)));
create index parcels_to_take_back on parcels (tenant_id, courier_id, ord) where state = 'held';
`,
  },
];
