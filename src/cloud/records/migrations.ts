/** What lets records be found by door, kind and time, and the log's size at a moment, among millions. */
import type { Migration } from '../migrate.ts';

/** Kinds of which any page of what came in has some. Part of an index, so never to be changed without a new one. */
const EVERYDAY = [
  'door.closed',
  'door.opened',
  'grant.issued',
  'parcel.accepted',
  'parcel.collected',
  'parcel.deposited',
  'release.answered',
  'release.decided',
  'session.opened',
];

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
  {
    id: '0160-records-lighter',
    sql: `
-- What every record that comes in pays for, paid once a batch or not at all.
-- The door: found by its place in the bytes, where a pattern was matched against the text of the whole record.
alter table records drop column compartment;
alter table records add column compartment int generated always as (
  case when position('"compartment":'::bytea in bytes) > 0 then
    split_part(translate(encode(substring(bytes from position('"compartment":'::bytea in bytes) + 14 for 5), 'escape'),
      '}', ','), ',', 1)::int
  end) stored;
create index records_by_door on records (source, compartment, seq) where compartment is not null;
-- What every parcel writes is found among the last that came in; what is rare is worth an index.
drop index records_by_kind;
create index records_by_kind on records (tenant_id, kind, position) where kind not in (${EVERYDAY.map((kind) => `'${kind}'`).join(', ')});
-- No record without its journal: asked once of a statement, where a foreign key asks once of a row.
alter table records drop constraint records_source_fkey;
create function records_have_journal() returns trigger language plpgsql as $$
begin
  if exists (select 1 from (select distinct source from fresh) as s
      where not exists (select 1 from journals j where j.source = s.source)) then
    raise foreign_key_violation using message = 'a record names a journal that is not there';
  end if;
  return null;
end $$;
create trigger records_have_journal after insert on records
  referencing new table as fresh for each statement execute function records_have_journal();
`,
  },
];
