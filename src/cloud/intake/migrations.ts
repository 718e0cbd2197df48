/** What was refused is kept: sealed, because nobody knows what is in it, and once, however often it came. */
import { type Migration, tenantTable } from '../migrate.ts';

export const migrations: Migration[] = [
  {
    id: '0005-intake',
    sql: `
create table refused_messages (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  bank_id text not null references banks (bank_id),
  hash bytea not null,
  reason text not null,
  sealed bytea not null,
  bytes int not null,
  seen int not null default 1,
  first_at_ms bigint not null,
  primary key (bank_id, hash, reason)
);
${tenantTable('refused_messages')}
`,
  },
];
