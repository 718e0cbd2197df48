/** Legal holds, and how long those who moved out are kept. */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0133-privacy',
    sql: `
create table legal_holds (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  hold_id text primary key,
  person_id text not null references persons (person_id),
  -- Why, sealed under the key of the person: it goes when they may be forgotten.
  reason bytea not null,
  -- Who placed and lifted it; null for the operator of the installation.
  placed_by text,
  placed_at_ms bigint not null,
  -- It ends by itself then; null for one without an end.
  until_ms bigint,
  lifted_by text,
  lifted_at_ms bigint
);
create index legal_holds_of on legal_holds (tenant_id, person_id, placed_at_ms);
create table retention (
  tenant_id text primary key default current_setting('holdfast.tenant', true),
  -- Residents who were removed so many days ago are erased; null: nobody is erased unasked.
  moved_out_days int check (moved_out_days between 1 and 3650),
  run_at_ms bigint,
  run_erased int not null default 0,
  run_held int not null default 0,
  run_waiting int not null default 0
);
${tenantTable('legal_holds')}
${tenantTable('retention', 'select, insert, update')}
`,
  },
  {
    id: '0144-parcel-holds',
    sql: `
create table parcel_holds (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  hold_id text primary key,
  parcel_id text not null,
  -- The parcel's recipient, under whose key the reason is sealed; null when they were not known any more.
  owner_id text,
  reason bytea not null,
  -- Who placed and lifted it; null for the operator of the installation.
  placed_by text,
  placed_at_ms bigint not null,
  until_ms bigint,
  lifted_by text,
  lifted_at_ms bigint
);
create index parcel_holds_of on parcel_holds (tenant_id, parcel_id, placed_at_ms);
${tenantTable('parcel_holds')}
`,
  },
];
