/**
 * Sites, banks, and what is known of each: its keys, what it says that it holds, and the picture of its
 * doors as its records tell it.
 *
 * Two tables are read before a tenant is known: `bank_index` (a connection shows a certificate, which names
 * a bank) and `enrolment_codes` (a new bank shows a code). They hold hashes and ids.
 */
import { APP_ROLE, type Migration, readWithoutTenant, tenantTable } from '../migrate.ts';

const SIDE_BY_SIDE = ['alarms', 'alarm_acts'];

/**
 * What a bank itself ends began a second time while somebody cared for it. Its records have it once: what was done
 * about the later ones is the first one's, which is in the care that the last one is in. Both ended with one record.
 */
export const ONCE_STANDING = `
${SIDE_BY_SIDE.map((table) => `alter table ${table} no force row level security;`).join('\n')}
create table side_by_side as
  select b.ord as later, min(a.ord) as kept from alarms a
  join alarms b on b.tenant_id = a.tenant_id and b.bank_id = a.bank_id and b.condition = a.condition
    and b.compartment is not distinct from a.compartment and b.ord > a.ord
  where a.cared_at_ms is not null and a.ended_at_ms is not distinct from b.ended_at_ms
    and (b.ended_at_ms is null or b.raised_at_ms < b.ended_at_ms)
    and a.condition not in ('gap', 'fork', 'rollback', 'batch-refused', 'message-refused')
  group by b.ord;
update alarm_acts set alarm = s.kept from side_by_side s where alarm = s.later;
update alarms a set cared_at_ms = last.cared_at_ms, cared_by = last.cared_by
  from (select distinct on (s.kept) s.kept, b.cared_at_ms, b.cared_by
    from side_by_side s join alarms b on b.ord = s.later order by s.kept, s.later desc) last
  where a.ord = last.kept;
delete from alarms where ord in (select later from side_by_side);
drop table side_by_side;
${SIDE_BY_SIDE.map((table) => `alter table ${table} force row level security;`).join('\n')}
`;

export const migrations: Migration[] = [
  {
    id: '0004-banks',
    sql: `
create table sites (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  site_id text primary key,
  name text not null,
  created_at_ms bigint not null
);
create table banks (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text primary key,
  site_id text not null references sites (site_id),
  name text not null,
  layout jsonb not null,
  registered_at_ms bigint not null,
  -- SubjectPublicKeyInfo of its identity and the point that directories are sealed to; null until enrolled.
  key bytea,
  seal_key bytea,
  enrolled_at_ms bigint,
  -- Connected to the broker, where the broker is ours and says so; null where it is not.
  connected boolean,
  last_heard_ms bigint,
  -- Its last hello: what it holds of what it is told.
  hello jsonb,
  roster_applied int not null default 0,
  roster_applied_at_ms bigint,
  roster_refused text
);
create index banks_by_site on banks (tenant_id, site_id);

create table bank_index (
  bank_id text primary key references banks (bank_id),
  tenant_id text not null default current_setting('holdfast.tenant', true),
  -- SHA-256 of the one client certificate that this bank may show; null until enrolled.
  certificate bytea
);
create table enrolment_codes (
  code_hash bytea primary key,
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  expires_at_ms bigint not null,
  used_at_ms bigint
);

create table compartments (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  n int not null,
  use text not null default 'empty' check (use in ('empty', 'reserved', 'occupied', 'held')),
  withdrawn boolean not null default false,
  door text not null default 'unknown' check (door in ('open', 'closed', 'unknown')),
  parcel_id text,
  since_ms bigint,
  primary key (bank_id, n)
);

create table suspensions (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  suspension_id text primary key,
  site_id text not null references sites (site_id),
  scope text not null check (scope in ('courier', 'compartment', 'bank')),
  -- Null: every bank of the site.
  bank_id text references banks (bank_id),
  subject text,
  compartment int,
  asked_at_ms bigint not null,
  until_ms bigint not null,
  lifted_at_ms bigint
);
create index suspensions_open on suspensions (tenant_id, site_id, until_ms) where lifted_at_ms is null;

create table alarms (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  ord bigint generated always as identity primary key,
  condition text not null,
  bank_id text not null references banks (bank_id),
  compartment int,
  -- Numbers of records, where the alarm names some.
  first_seq bigint,
  last_seq bigint,
  raised_at_ms bigint not null,
  ended_at_ms bigint
);
create index alarms_open on alarms (tenant_id, raised_at_ms) where ended_at_ms is null;
${['sites', 'banks', 'bank_index', 'enrolment_codes', 'compartments', 'suspensions', 'alarms'].map((table) => tenantTable(table)).join('')}
${readWithoutTenant('bank_index', 'before_connection')}
${readWithoutTenant('enrolment_codes', 'before_enrolment')}
`,
  },
  {
    id: '0112-alarm-acts',
    sql: `
-- Who looks into an alarm, since when.
alter table alarms add column cared_at_ms bigint;
alter table alarms add column cared_by text references persons (person_id);
create index alarms_by_number on alarms (tenant_id, ord);
-- What persons said of alarms; only ever added to.
create table alarm_acts (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  ord bigint generated always as identity primary key,
  alarm bigint not null references alarms (ord),
  act text not null check (act in ('care', 'end')),
  person_id text not null references persons (person_id),
  at_ms bigint not null,
  reason text,
  -- In their own words, sealed.
  note bytea,
  check ((act = 'end') = (reason is not null and note is not null))
);
create index alarm_acts_by_alarm on alarm_acts (tenant_id, alarm, ord);
${tenantTable('alarm_acts', 'select, insert')}
`,
  },
  {
    id: '0148-forget-kept',
    sql: `
-- Up to which record the bank is to destroy what it keeps sealed for the intake: somebody was erased then.
alter table banks add column forget_to bigint not null default 0;
`,
  },
  {
    id: '0182-notes-anew',
    sql: `
-- Sealed anew when the tenant's key is replaced. What was said of alarms is still only added to.
grant update (note) on alarm_acts to ${APP_ROLE};
`,
  },
  {
    id: '0230-alarms-once-standing',
    sql: ONCE_STANDING,
  },
  {
    id: '0250-certificates-renewed',
    sql: `
-- The newest certificate that was made for a bank, PEM, to be sent again if it was lost on the way; and when it ends.
alter table banks add column certificate text, add column certificate_until_ms bigint;
-- SHA-256 of the one that came after \`certificate\` without another enrolment: both may be shown.
alter table bank_index add column renewed bytea;
-- Those of before were good for 365 days from their enrolment.
alter table banks no force row level security;
update banks set certificate_until_ms = enrolled_at_ms + 31536000000 where enrolled_at_ms is not null;
alter table banks force row level security;
`,
  },
  {
    id: '0260-banks-out-of-service',
    sql: `
-- Since when a bank is out of service for good, and the number of the record in the tenant's journal that says so. Its
-- rows and its journal stay.
alter table banks add column retired_at_ms bigint, add column retired_seq bigint,
  add check ((retired_at_ms is null) = (retired_seq is null));
-- Asked before a tenant is known: no certificate is good for it any more, whatever is written beside it.
alter table bank_index add column retired boolean not null default false;
`,
  },
  {
    id: '0262-suspensions-answered',
    sql: `
-- Who asked for it: nobody where the operator's command did, or a version before this one. And why the bank refused it.
alter table suspensions add column asked_by text references persons (person_id), add column refused text;
`,
  },
];
