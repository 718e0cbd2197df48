/** What lets records be found by door, kind and time, and the log's size at a moment, among millions. */
import type { Migration } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0104-records-found',
    sql: `
-- Read out of the record itself, so that nothing else can be said: in its canonical form (RFC 8785) the name of this
-- member stands once and its value without blanks, and no fact or field has that name. A column, because an
-- expression is not asked of an index behind row security unless it is known to leak nothing.
alter table records add column compartment int
  generated always as ((substring(encode(bytes, 'escape') from '"compartment":([0-9]{1,4})[,}]'))::int) stored;
create index records_by_door on records (source, compartment, seq) where compartment is not null;
create index records_by_kind on records (tenant_id, kind, position);
create index records_by_time on records (tenant_id, at_ms, position);
create index log_checkpoints_by_time on log_checkpoints (tenant_id, generation, at_ms, size);
`,
  },
];
