/** SQL of legal holds, of retention, and of what an erasure asks about exports. */
import { sql } from 'kysely';
import type { PersonId } from '../../domain/ids.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Standing } from '../people/people.ts';

/** As `lockPerson` answers, without the lock. */
export async function standingOf(tx: Tx, person: string): Promise<Standing | undefined> {
  const { rows } = await sql<Standing>`select person_id as person, role, state from persons
    where person_id = ${person}`.execute(tx);
  return rows[0];
}

export type Hold = {
  hold: string;
  person: PersonId;
  reason: Uint8Array;
  placedBy: PersonId | null;
  placedAtMs: number;
  untilMs: number | null;
};

export async function insertHold(tx: Tx, of: Hold): Promise<void> {
  await sql`insert into legal_holds (hold_id, person_id, reason, placed_by, placed_at_ms, until_ms)
    values (${of.hold}, ${of.person}, ${of.reason}, ${of.placedBy}, ${of.placedAtMs}, ${of.untilMs})`.execute(
    tx,
  );
}

/** Does any hold stand at this moment? */
export async function isHeld(tx: Tx, person: string, nowMs: number): Promise<boolean> {
  const { rows } = await sql`select 1 from legal_holds where person_id = ${person}
    and lifted_at_ms is null and (until_ms is null or until_ms > ${nowMs}) limit 1`.execute(tx);
  return rows.length > 0;
}

/** Every hold that stands, by the moment it was placed. */
export async function standingHolds(tx: Tx, nowMs: number): Promise<Hold[]> {
  const { rows } =
    await sql<Hold>`select hold_id as hold, person_id as person, reason, placed_by as "placedBy",
      placed_at_ms as "placedAtMs", until_ms as "untilMs"
    from legal_holds where lifted_at_ms is null and (until_ms is null or until_ms > ${nowMs})
    order by placed_at_ms limit 500`.execute(tx);
  return rows;
}

/** Answers how many stood. */
export async function liftHolds(
  tx: Tx,
  of: { person: PersonId; by: PersonId | null; atMs: number },
): Promise<number> {
  const done = await sql`update legal_holds set lifted_at_ms = ${of.atMs}, lifted_by = ${of.by}
    where person_id = ${of.person} and lifted_at_ms is null
      and (until_ms is null or until_ms > ${of.atMs})`.execute(tx);
  return Number(done.numAffectedRows ?? 0);
}

export async function forgetHolds(tx: Tx, person: PersonId): Promise<void> {
  await sql`delete from legal_holds where person_id = ${person}`.execute(tx);
}

export type Retention = {
  movedOutDays: number | null;
  run: { atMs: number; erased: number; held: number; waiting: number } | null;
};

export async function retention(tx: Tx): Promise<Retention> {
  const { rows } = await sql<{
    moved_out_days: number | null;
    run_at_ms: number | null;
    run_erased: number;
    run_held: number;
    run_waiting: number;
  }>`select moved_out_days, run_at_ms, run_erased, run_held, run_waiting from retention`.execute(tx);
  const [row] = rows;
  if (!row) return { movedOutDays: null, run: null };
  const { run_at_ms: atMs, run_erased: erased, run_held: held, run_waiting: waiting } = row;
  return { movedOutDays: row.moved_out_days, run: atMs === null ? null : { atMs, erased, held, waiting } };
}

export async function setRetention(tx: Tx, movedOutDays: number | null): Promise<void> {
  await sql`insert into retention (moved_out_days) values (${movedOutDays})
    on conflict (tenant_id) do update set moved_out_days = excluded.moved_out_days`.execute(tx);
}

export async function noteRun(tx: Tx, run: NonNullable<Retention['run']>): Promise<void> {
  await sql`update retention set run_at_ms = ${run.atMs}, run_erased = ${run.erased}, run_held = ${run.held},
    run_waiting = ${run.waiting}`.execute(tx);
}

export type ExportMade = { seq: number; position: number; atMs: number };

export async function exportsMade(tx: Tx, source: string): Promise<ExportMade[]> {
  const { rows } = await sql<ExportMade>`select seq, position, at_ms as "atMs" from records
    where source = ${source} and kind = 'export.made' order by seq`.execute(tx);
  return rows;
}

export type Placed = {
  source: string;
  seq: number;
  atMs: number;
  compartment: number | null;
  position: number;
};

export async function placesOf(
  tx: Tx,
  records: readonly { source: string; seq: number }[],
): Promise<Placed[]> {
  const { rows } = await sql<Placed>`select r.source, r.seq, r.at_ms as "atMs", r.compartment, r.position
    from records r join unnest(${textColumn(records.map(({ source }) => source))}::text[],
      ${integerColumn(records.map(({ seq }) => seq))}::bigint[]) as wanted (source, seq) using (source, seq)`.execute(
    tx,
  );
  return rows;
}

/** Persons whose key is gone and for whom something is sealed all the same: it came in while they were erased. */
export async function leftBehind(tx: Tx): Promise<PersonId[]> {
  const { rows } = await sql<{ person: PersonId }>`select distinct o.subject_id as person
    from openings o join destroyed_subjects d on d.person_id = o.subject_id limit 200`.execute(tx);
  return rows.map(({ person }) => person);
}
