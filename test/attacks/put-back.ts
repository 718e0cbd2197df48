/** A cloud that is put back to what it was, records, log and folder together, so that it can grow otherwise. */
import type pg from 'pg';
import type { Cloud } from '../../src/cloud/deps.ts';
import type { logsInMemory } from '../../src/cloud/test-logs.ts';

const TABLES = [
  ...['journals', 'records', 'openings', 'heads'],
  ...['logs', 'log_spans', 'log_ends', 'log_checkpoints', 'log_cosignatures', 'log_witnesses'],
];
let copies = 0;

/** Database and folder as they are now; what is answered puts both back, as somebody with all rights does. */
export async function keptCopy(superuser: pg.Client, cloud: Cloud): Promise<() => Promise<void>> {
  copies += 1;
  const schema = `copy_${copies}`;
  await superuser.query(`create schema ${schema}`);
  for (const table of TABLES)
    await superuser.query(`create table ${schema}.${table} as select * from ${table}`);
  const { kept } = cloud.ledger.objects as ReturnType<typeof logsInMemory>;
  const objects = new Map(kept);
  return async () => {
    await superuser.query('begin');
    await superuser.query('set local session_replication_role = replica');
    for (const table of TABLES) {
      await superuser.query(`delete from ${table}`);
      // What the database computes from a row by itself is not put back into it.
      const given = await superuser.query(
        `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [table],
      );
      const { names } = given.rows[0];
      await superuser.query(
        `insert into ${table} (${names}) overriding system value select ${names} from ${schema}.${table}`,
      );
    }
    await superuser.query('commit');
    kept.clear();
    for (const [name, bytes] of objects) kept.set(name, bytes);
  };
}
