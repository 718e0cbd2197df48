/**
 * A tenant's log: where it stands, which record has which index, and every checkpoint that was ever signed. What
 * was given an index and what was signed is only ever added: the application's role has no right to change it.
 */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0100-logs',
    sql: `
create table logs (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  -- A log that cannot go on has a successor, which begins anew under a name of its own. The newest grows.
  generation bigint not null check (generation >= 1),
  origin text not null,
  -- The public half of the key that signs it.
  key bytea not null check (octet_length(key) = 32),
  -- Whether everybody may read it, or the tenant's administrators only.
  open boolean not null default false,
  -- How many records have an index, and the root over them.
  size bigint not null,
  root bytea not null check (octet_length(root) = 32),
  -- How many of these a signed checkpoint covers, and the tree at that size.
  published_size bigint not null check (published_size between 0 and size),
  state bytea not null,
  primary key (tenant_id, generation)
);
-- Hashes do not get smaller by trying.
alter table logs alter column state set storage external;
-- Records seq to seq + count - 1 of a source have the indices from first on.
create table log_spans (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  generation bigint not null,
  first bigint not null check (first >= 0),
  source text not null references journals (source),
  seq bigint not null check (seq >= 1),
  count bigint not null check (count >= 1),
  primary key (tenant_id, generation, first),
  unique (tenant_id, generation, source, seq),
  foreign key (tenant_id, generation) references logs (tenant_id, generation)
);
-- Up to which record each journal stands in the log; what a journal has beyond waits.
create table log_ends (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  generation bigint not null,
  source text not null references journals (source),
  last_seq bigint not null,
  primary key (tenant_id, generation, source),
  foreign key (tenant_id, generation) references logs (tenant_id, generation)
);
-- At most one for each size: of two roots over as many records one would be a lie.
create table log_checkpoints (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  generation bigint not null,
  size bigint not null check (size >= 0),
  root bytea not null check (octet_length(root) = 32),
  note text not null,
  at_ms bigint not null,
  primary key (tenant_id, generation, size),
  foreign key (tenant_id, generation) references logs (tenant_id, generation)
);
${tenantTable('logs', 'select, insert, update')}
${tenantTable('log_spans', 'select, insert')}
${tenantTable('log_ends', 'select, insert, update')}
${tenantTable('log_checkpoints', 'select, insert')}
`,
  },
  {
    id: '0101-cosignatures',
    sql: `
-- How many entries the checkpoint has that readers are given; it never has fewer than before. And since when
-- records wait without that the log grew.
alter table logs add column shown_size bigint check (shown_size between 0 and size);
alter table logs add column waits_since_ms bigint;
-- The checkpoint that witnesses are asked to agree on, and since when.
alter table logs add column asked_size bigint;
alter table logs add column asked_at_ms bigint;
-- Whatever was signed until today was shown.
alter table logs no force row level security;
update logs set shown_size = published_size;
alter table logs force row level security;
alter table logs alter column shown_size set not null;
-- What witnesses answered, verified before it came here: one line a checkpoint and key, which is only ever added.
create table log_cosignatures (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  generation bigint not null,
  size bigint not null,
  vkey text not null,
  line text not null,
  -- When the witness says that it signed, in seconds; and when it came.
  at_s bigint not null check (at_s > 0),
  at_ms bigint not null,
  primary key (tenant_id, generation, vkey, size),
  foreign key (tenant_id, generation, size) references log_checkpoints (tenant_id, generation, size)
);
create index log_cosignatures_by_size on log_cosignatures (tenant_id, generation, size);
-- When each witness is asked next, and what came of the last time.
create table log_witnesses (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  generation bigint not null,
  vkey text not null,
  due_at_ms bigint not null,
  -- How often in a row it did not cosign, why the last time, and since when it has not.
  failures int not null default 0,
  error text,
  error_since_ms bigint,
  -- When it last said that the log contradicts what it remembers. It stays when that is over.
  conflict_at_ms bigint,
  primary key (tenant_id, generation, vkey),
  foreign key (tenant_id, generation) references logs (tenant_id, generation)
);
${tenantTable('log_cosignatures', 'select, insert')}
${tenantTable('log_witnesses', 'select, insert, update')}
`,
  },
];
