/** SQL of a rotation's progress. */
import { sql } from 'kysely';
import type { Tx } from '../../platform/database.ts';
import type { Position } from '../keys/keys.ts';

export type Rotation = {
  begunAtMs: number;
  isMarked: boolean;
  isClear: boolean;
  done: string[];
  part: string | null;
  after: Position | null;
};

const COLUMNS = sql`begun_at_ms as "begunAtMs", replaced_before is not null as "isMarked", is_clear as "isClear",
  done, part, after`;

export async function insertRotation(tx: Tx, begunAtMs: number): Promise<void> {
  await sql`insert into tenant_rotations (begun_at_ms) values (${begunAtMs})`.execute(tx);
}

export async function rotation(tx: Tx): Promise<Rotation | undefined> {
  return (await sql<Rotation>`select ${COLUMNS} from tenant_rotations`.execute(tx)).rows[0];
}

/** Locked until the transaction ends: portions are done one after another, whoever does them. */
export async function lockRotation(tx: Tx): Promise<Rotation | undefined> {
  return (await sql<Rotation>`select ${COLUMNS} from tenant_rotations for update`.execute(tx)).rows[0];
}

export async function markReplaced(tx: Tx): Promise<void> {
  await sql`update tenant_rotations set replaced_before = clock_timestamp()`.execute(tx);
}

/**
 * Whether every transaction that began before the mark has ended. A role sees when transactions of its own sessions
 * began (PostgreSQL manual, "The Cumulative Statistics System", `pg_stat_activity`), and all of ours run as one role.
 */
export async function isAlone(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{
    older: number;
  }>`select count(*) as older from pg_stat_activity, tenant_rotations
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
      and xact_start < replaced_before`.execute(tx);
  return rows[0]?.older === 0;
}

export async function markClear(tx: Tx): Promise<void> {
  await sql`update tenant_rotations set is_clear = true`.execute(tx);
}

export async function moveRotation(
  tx: Tx,
  { done, part, after }: Pick<Rotation, 'done' | 'part' | 'after'>,
): Promise<void> {
  await sql`update tenant_rotations set done = ${JSON.stringify(done)}::jsonb, part = ${part},
    after = ${after && JSON.stringify(after)}::jsonb`.execute(tx);
}

export async function deleteRotation(tx: Tx): Promise<void> {
  await sql`delete from tenant_rotations`.execute(tx);
}
