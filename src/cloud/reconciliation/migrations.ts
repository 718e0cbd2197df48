/**
 * What banks reported that does not fit, what staff counted, and what was last seen behind each door. Everything
 * here but a person's last word can be rebuilt from the records, and is, from those that came before this step.
 */
import { type Migration, tenantTable } from '../migrate.ts';

/** Whose wall is forced for its owner too: for one statement of the owner's it is not. */
const OVER_THE_WALL = ['records', 'parcel_events'];

export const FROM_RECORDS = `
${OVER_THE_WALL.map((table) => `alter table ${table} no force row level security;`).join('\n')}
insert into discrepancies (tenant_id, bank_id, seq, compartment, what, parcel_id, at_ms)
  select r.tenant_id, r.source, r.seq, (r.said->>'compartment')::int, r.said->'facts'->>'what', e.parcel_id, r.at_ms
  from (select *, convert_from(bytes, 'UTF8')::jsonb as said from records where kind = 'discrepancy.reported') as r
  left join parcel_events e on e.source = r.source and r.seq = any(e.seq || e.also);
insert into counts (tenant_id, bank_id, seq, compartment, found, parcel_id, at_ms)
  select r.tenant_id, r.source, r.seq, (r.said->>'compartment')::int, r.said->'facts'->>'found', e.parcel_id, r.at_ms
  from (select *, convert_from(bytes, 'UTF8')::jsonb as said from records where kind = 'count.taken') as r
  left join parcel_events e on e.source = r.source and r.seq = any(e.seq || e.also)
  where r.said ? 'compartment';
${OVER_THE_WALL.map((table) => `alter table ${table} force row level security;`).join('\n')}
`;

export const migrations: Migration[] = [
  {
    id: '0091-reconciliation',
    sql: `
create table discrepancies (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  -- The bank's record that says so.
  seq bigint not null,
  compartment int,
  what text not null,
  parcel_id text,
  at_ms bigint not null,
  -- A person's last word; null while there is none.
  resolved_how text check (resolved_how in ('found', 'returned', 'lost')),
  resolved_at_ms bigint,
  primary key (bank_id, seq)
);
create index discrepancies_at on discrepancies (tenant_id, at_ms);
create table counts (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  seq bigint not null,
  compartment int not null,
  found text not null,
  parcel_id text,
  at_ms bigint not null,
  primary key (bank_id, seq)
);
create index counts_of_door on counts (bank_id, compartment, seq);
create table door_sights (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  compartment int not null,
  occupied text not null default 'unsensed' check (occupied in ('yes', 'no', 'unsensed')),
  occupied_seq bigint,
  occupied_at_ms bigint,
  -- Opened by force, and not put back into service since.
  forced_seq bigint,
  forced_at_ms bigint,
  primary key (bank_id, compartment)
);
${FROM_RECORDS}
${['discrepancies', 'counts', 'door_sights'].map((table) => tenantTable(table, 'select, insert, update')).join('')}
`,
  },
];
