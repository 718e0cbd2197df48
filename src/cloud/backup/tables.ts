/** Which tables there are, in an order in which rows can be put back, as the database's catalogue has it. */
import type pg from 'pg';

export type Table = {
  /** Quoted where it has to be, with its schema. */
  name: string;
  /** Its rows are walled off by tenant, for their owner too. */
  walled: boolean;
  columns: string[];
  identities: string[];
};

/** The shape itself: it is made by migrating, and named in the manifest. */
const SHAPE: readonly string[] = ['public.migrations', 'graphile_worker.migrations'];
/**
 * What has to be forgotten on time: keys of persons with what wraps them, keys of codes under way, and whose keys are
 * gone. A newer file of these belongs to every older backup: who was erased since has no key in it. The intake and notifier
 * keys are here because banks ask for the newest, whichever backup is put back.
 */
export const KEY_TABLES: readonly string[] = [
  'public.wrapping_epochs',
  'public.subject_keys',
  'public.destroyed_subjects',
  'public.notifier_epochs',
  'public.tenant_pairs',
  'public.retired_intake_keys',
  'public.retired_notifier_keys',
];
/** Not a table: the files of wrapping epochs, which are in no database. */
export const EPOCH_FILES = 'epoch-files';
/** Not a table: which of a tenant's keys wraps what is in the file of keys. */
export const GENERATIONS = 'tenant-generations';
/** Not a table: the sealed bytes of evidence, which lie in the cloud's folder. */
export const EVIDENCE_OBJECTS = 'evidence-objects';
/** The step since which keys of persons stand in the file of keys. */
export const KEYS_APART = '0130-epochs-apart';

type Row = { name: string; walled: boolean; columns: string[]; identities: string[]; needs: string[] };

const TABLES = `select format('%I.%I', n.nspname, c.relname) as name, c.relforcerowsecurity as walled,
  (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
  (select coalesce(array_agg(a.attname::text), '{}') from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and a.attidentity <> '') as identities,
  (select coalesce(array_agg(distinct format('%I.%I', m.nspname, f.relname)), '{}') from pg_constraint k
    join pg_class f on f.oid = k.confrelid join pg_namespace m on m.oid = f.relnamespace
    where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as needs
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'graphile_worker') and c.relkind = 'r' order by 1`;

export async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Row>(TABLES);
  const waiting = rows.filter(({ name }) => !SHAPE.includes(name));
  const ordered: Row[] = [];
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ needs }) =>
      needs.every((need) => !waiting.some((other) => other.name === need)),
    );
    if (at < 0) throw new Error(`tables refer to each other in a circle: ${waiting.map(({ name }) => name)}`);
    ordered.push(...waiting.splice(at, 1));
  }
  return ordered.map(({ needs: _, ...table }) => table);
}

export async function migrationsIn(client: pg.Client): Promise<{ id: string; hash: string }[]> {
  return (await client.query<{ id: string; hash: string }>('select id, hash from migrations order by id'))
    .rows;
}

export async function jobsStep(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    'select max(id)::int as id from graphile_worker.migrations',
  );
  return rows[0]?.id ?? 0;
}
