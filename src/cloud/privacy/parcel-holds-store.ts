/** SQL of legal holds over parcels. */
import { sql } from 'kysely';
import type { ParcelId, PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';

type ParcelHold = {
  hold: string;
  parcel: ParcelId;
  owner: PersonId | null;
  reason: Uint8Array;
  placedBy: PersonId | null;
  placedAtMs: number;
  untilMs: number | null;
};

export async function insertParcelHold(tx: Tx, of: ParcelHold): Promise<void> {
  await sql`insert into parcel_holds (hold_id, parcel_id, owner_id, reason, placed_by, placed_at_ms, until_ms)
    values (${of.hold}, ${of.parcel}, ${of.owner}, ${of.reason}, ${of.placedBy}, ${of.placedAtMs}, ${of.untilMs})`.execute(
    tx,
  );
}

/** Does a hold stand over any parcel that this person received or brought? */
export async function isPartyHeld(tx: Tx, person: string, nowMs: number): Promise<boolean> {
  const { rows } = await sql`select 1 from parcel_holds h join parcels p on p.parcel_id = h.parcel_id
    where (p.recipient_id = ${person} or p.courier_id = ${person})
      and h.lifted_at_ms is null and (h.until_ms is null or h.until_ms > ${nowMs}) limit 1`.execute(tx);
  return rows.length > 0;
}

export async function standingParcelHolds(
  tx: Tx,
  { parcel, nowMs }: { parcel: string | null; nowMs: number },
): Promise<ParcelHold[]> {
  const { rows } =
    await sql<ParcelHold>`select hold_id as hold, parcel_id as parcel, owner_id as owner, reason,
      placed_by as "placedBy", placed_at_ms as "placedAtMs", until_ms as "untilMs"
    from parcel_holds where lifted_at_ms is null and (until_ms is null or until_ms > ${nowMs})
      and (${parcel}::text is null or parcel_id = ${parcel})
    order by placed_at_ms limit 500`.execute(tx);
  return rows;
}

/** Answers how many stood. */
export async function liftParcelHolds(
  tx: Tx,
  of: { parcel: ParcelId; by: PersonId | null; atMs: number },
): Promise<number> {
  const done = await sql`update parcel_holds set lifted_at_ms = ${of.atMs}, lifted_by = ${of.by}
    where parcel_id = ${of.parcel} and lifted_at_ms is null
      and (until_ms is null or until_ms > ${of.atMs})`.execute(tx);
  return Number(done.numAffectedRows ?? 0);
}

/** Ended ones, for while one stands its recipient is not erased. */
export async function forgetParcelHolds(tx: Tx, person: PersonId): Promise<void> {
  await sql`delete from parcel_holds where owner_id = ${person}`.execute(tx);
}
