/**
 * Has a database keep everything that was ever written, and keep it plainly, so that a search of its files
 * finds what is there: long values are stored apart and never compressed, and no log segment is used again.
 * And plants rows, as a control of the search.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { findPlace, PORT } from '../../src/platform/postgres-place.ts';
import { formsOfText } from './byte-scan.ts';

/** A text that is planted on purpose, and nowhere else. */
export const CONTROL = 'Perpetua Planted-Controlrow';

/** As the superuser, whom no process of ours runs as. */
export async function asSuperuser(dataDir: string): Promise<pg.Client> {
  const { socketDir, passwordFile } = await findPlace(dataDir);
  const client = new pg.Client({
    host: socketDir,
    port: PORT,
    user: 'postgres',
    password: readFileSync(passwordFile, 'utf8').trim(),
    database: 'holdfast',
  });
  await client.connect();
  return client;
}

const COMPRESSIBLE = `select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as column
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'graphile_worker') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    and a.attstorage in ('x', 'm')`;

/** Answers how many columns were compressible; afterwards none is. */
export async function hideNothing(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ table: string; column: string }>(COMPRESSIBLE);
  for (const { table, column } of rows)
    await client.query(`alter table ${table} alter column ${column} set storage external`);
  await client.query(`alter system set wal_keep_size = '4GB'`);
  await client.query('select pg_reload_conf()');
  const left = (await client.query(COMPRESSIBLE)).rowCount ?? 0;
  if (left > 0) throw new Error(`${left} columns are still compressed`);
  return rows.length;
}

/** In a schema of their own, which no backup takes: one clear row whose value would be compressed and cut up if it could be, and one row for each form. */
export async function plantRows(client: pg.Client): Promise<string[]> {
  await client.query('create schema planted; create table planted.control (form text, value bytea)');
  await client.query('alter table planted.control alter column value set storage external');
  const long = Buffer.from(`${'a'.repeat(9000)} ${CONTROL} `.repeat(3));
  await client.query('insert into planted.control values ($1, $2)', ['long', long]);
  const forms = formsOfText(CONTROL);
  for (const { form, pattern } of forms)
    await client.query('insert into planted.control values ($1, $2)', [form, pattern]);
  return [...new Set(forms.map(({ form }) => form))].sort();
}
