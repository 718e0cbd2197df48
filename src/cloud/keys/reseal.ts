/**
 * After a tenant's key was replaced, everything under the one before is put under the one of now: portion after portion,
 * each a transaction of its own, in the order of what tells the rows apart. Where it had come to is kept with it, so a
 * process that dies costs one portion. Each noun says what it has under the key.
 */
import { sql } from 'kysely';
import { bytesColumn, integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';

/** Of the last row of a portion, what tells it apart. */
export type Position = readonly (string | number)[];

export type UnderTenantKey = {
  /** Named once, in what is kept of how far a rotation is. */
  name: string;
  /**
   * Does the next rows, and answers where it stopped. What does not open under either key is a fault and stops the
   * rotation, because the key before is forgotten behind it.
   */
  portion(cloud: Cloud, tx: Tx, after: Position | null): Promise<Position | 'done'>;
};

export type SealedColumn = {
  table: string;
  column: string;
  /** What tells its rows apart and never changes: expressions in SQL, with their types. */
  by: Readonly<Record<string, 'text' | 'bigint'>>;
  /** Which rows are the tenant's, in SQL. All, when unset. */
  where?: string;
  /** Some may be a person's, and only trying tells which: what does not open stays as it is. */
  mixed?: true;
  /** Where the value of a row belongs, by what tells the row apart. */
  place(by: Position): string;
};

export const ROWS_A_PORTION = 200;

/** What is sealed under the tenant's key in a column. */
export function sealedColumn(of: SealedColumn): UnderTenantKey {
  return {
    name: `${of.table}.${of.column}`,
    async portion(cloud, tx, after) {
      const rows = await rowsAfter(tx, of, after);
      const fresh: { by: Position; sealed: Uint8Array }[] = [];
      for (const { by, sealed } of rows) {
        const again = await cloud.keys.resealForTenant(tx, of.place(by), new Uint8Array(sealed));
        if (again === 'as-it-is' || (again === undefined && of.mixed)) continue;
        if (again === undefined) throw new Error(`a row of ${of.table} opens under no key of its tenant`);
        fresh.push({ by, sealed: again });
      }
      if (fresh.length > 0) await write(tx, of, fresh);
      const last = rows.at(-1);
      return last && rows.length === ROWS_A_PORTION ? last.by : 'done';
    },
  };
}

type Sealed = { by: Position; sealed: Uint8Array };

const namesOf = (of: SealedColumn) => Object.keys(of.by).map((name, at) => ({ name, as: `by_${at}` }));

async function rowsAfter(tx: Tx, of: SealedColumn, after: Position | null): Promise<Sealed[]> {
  const names = namesOf(of);
  const columns = sql.raw(names.map(({ name, as }) => `${name} as ${as}`).join(', '));
  const order = sql.raw(names.map(({ name }) => name).join(', '));
  const types = Object.values(of.by);
  const from = after
    ? sql`and (${order}) > (${sql.join(after.map((value, at) => sql`${value}::${sql.raw(types[at] ?? 'text')}`))})`
    : sql``;
  // Locked: who erases or settles one of them meanwhile waits, and finds it sealed anew.
  const { rows } = await sql<{ sealed: Uint8Array } & Record<string, string | number | Uint8Array>>`
    select ${columns}, ${sql.raw(of.column)} as sealed from ${sql.raw(of.table)}
    where ${sql.raw(of.column)} is not null and (${sql.raw(of.where ?? 'true')}) ${from}
    order by ${order} limit ${ROWS_A_PORTION} for update`.execute(tx);
  return rows.map((row) => ({ by: names.map(({ as }) => row[as] as string | number), sealed: row.sealed }));
}

async function write(tx: Tx, of: SealedColumn, fresh: readonly Sealed[]): Promise<void> {
  const names = namesOf(of);
  const types = Object.values(of.by);
  const columns = types.map((type, at) =>
    type === 'bigint'
      ? integerColumn(fresh.map(({ by }) => Number(by[at])))
      : textColumn(fresh.map(({ by }) => String(by[at]))),
  );
  const arrays = columns.map((column, at) => sql`${column}::${sql.raw(types[at] ?? 'text')}[]`);
  const sealed = bytesColumn(fresh.map((row) => row.sealed));
  await sql`update ${sql.raw(of.table)} set ${sql.raw(of.column)} = fresh.sealed_anew
    from unnest(${sql.join(arrays)}, ${sealed}::bytea[]) as fresh (${sql.raw(names.map(({ as }) => as).join(', '))}, sealed_anew)
    where ${sql.raw(names.map(({ name, as }) => `${name} = fresh.${as}`).join(' and '))}
      and (${sql.raw(of.where ?? 'true')})`.execute(tx);
}
