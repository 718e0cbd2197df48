/**
 * Orders that the cloud was given to carry, and those that banks say they were handed. Why an order was
 * given is a person's free text, so the note and its purpose lie sealed under the tenant's key.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0072-orders',
    sql: `
create table orders (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  order_id text primary key,
  bank_id text not null references banks (bank_id),
  -- base64url hash of the note's text, by which the bank's records name it.
  hash text not null,
  act text not null,
  compartment integer,
  road text not null check (road in ('cloud', 'hand')),
  -- The signed note; null for an order that was carried by hand.
  note bytea,
  purpose bytea not null,
  signers jsonb not null,
  signatures integer not null,
  state text not null check (state in ('waiting', 'accepted', 'refused', 'lapsed')),
  reason text,
  received_at_ms bigint not null,
  until_ms bigint,
  settled_at_ms bigint,
  -- How often the bank was told, and when last: it answers by a record, which takes a while to come.
  tells integer not null default 0,
  told_at_ms bigint,
  ord bigint generated always as identity
);
create index orders_by_bank on orders (tenant_id, bank_id, ord desc);
create index orders_waiting on orders (tenant_id, bank_id) where state = 'waiting';

${tenantTable('orders', 'select, insert, update')}
`,
  },
];
