/**
 * Which cloud process serves which bank. Neither table holds anything of a tenant: ids of processes and banks,
 * and how long a process counts as alive by the database's own clock.
 */
import { APP_ROLE, type Migration } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0081-leases',
    sql: `
create sequence cloud_process_births;
create table cloud_processes (
  process_id text primary key,
  -- In the order in which processes began.
  born bigint not null,
  -- Reaches the broker, and so can serve banks.
  serving boolean not null,
  -- Runs a broker of its own, where all banks of this database then connect.
  embedded boolean not null,
  -- The names in which it locks jobs: what it left locked is given free when the process is gone.
  workers text[] not null,
  until timestamptz not null
);
create table bank_leases (
  bank_id text primary key references banks (bank_id),
  process_id text not null,
  -- Grows with every change of hands.
  term bigint not null default 1
);
create index bank_leases_by_process on bank_leases (process_id);
grant usage on sequence cloud_process_births to ${APP_ROLE};
grant select, insert, update, delete on cloud_processes, bank_leases to ${APP_ROLE};
`,
  },
];
