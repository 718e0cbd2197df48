/**
 * Orders that the cloud was given to carry, and those that banks say they were handed. Why an order was
 * given is a person's free text, so the note and its purpose lie sealed under the tenant's key.
 */
import { type Migration, tenantTable } from '../migrate.ts';

/** Whose wall is forced for its owner too: for this statement of the owner's it is not. */
const OVER_THE_WALL = ['records', 'orders'];

/** What banks recorded of the orders that they accepted, whatever became of the rows since. */
export const REPAIRED_FROM_RECORDS = `
${OVER_THE_WALL.map((table) => `alter table ${table} no force row level security;`).join('\n')}
with accepted as (
    select o.order_id, r.source, r.seq, r.at_ms from orders o join records r on r.source = o.bank_id
    where o.road = 'cloud' and o.state <> 'accepted' and r.kind = 'order.accepted'
      and convert_from(r.bytes, 'UTF8')::jsonb -> 'facts' ->> 'hash' = o.hash),
  lapsed as (
    select a.order_id, r.seq, r.at_ms from accepted a join records r on r.source = a.source
    where r.kind = 'order.lapsed' and (convert_from(r.bytes, 'UTF8')::jsonb ->> 'cause')::bigint = a.seq),
  last as (
    select distinct on (order_id) * from (
      select order_id, seq, at_ms, 'accepted' as state from accepted
      union all select order_id, seq, at_ms, 'lapsed' from lapsed) told
    order by order_id, seq desc)
update orders o set state = last.state, reason = null, settled_at_ms = last.at_ms
  from last where o.order_id = last.order_id;
${OVER_THE_WALL.map((table) => `alter table ${table} force row level security;`).join('\n')}
`;

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
  {
    // Once a further signature put an order back to waiting that its bank had accepted, and what the bank then said of
    // the replay was shown as what became of it.
    id: '0235-orders-signed-further',
    sql: `
-- Since when a further signature waits for the bank's answer that came when the bank had accepted the order.
alter table orders add column renewed_at_ms bigint;
create index orders_renewed on orders (tenant_id, bank_id) where renewed_at_ms is not null;
${REPAIRED_FROM_RECORDS}
`,
  },
];
