/** SQL of the keys of logs: the records that name them, and where those stand. */
import { planned, type Tx } from '../../platform/database.ts';

/** `index`: in the log of that generation; null while it has none there. */
export type RotationRow = { seq: number; record: string; index: number | null };

/** Every record of the tenant's own that gives a log another key, oldest first. */
export async function rotations(tx: Tx, generation: number): Promise<RotationRow[]> {
  return selectRotations(tx, generation);
}

/** The same of the log that grows, asked together with what says which that is. */
export async function currentRotations(tx: Tx): Promise<RotationRow[]> {
  return selectCurrentRotations(tx);
}

const rotationsIn = (generation: string) => `
  select r.seq, convert_from(r.bytes, 'UTF8') as record,
    case when r.seq < s.seq + s.count then s.first + r.seq - s.seq end as index
  from records r left join lateral (
    select first, seq, count from log_spans where generation = ${generation} and source = r.source
      and seq <= r.seq order by seq desc limit 1) s on true
  where r.kind = 'log.key-rotated' and r.source = current_setting('holdfast.tenant') order by r.seq`;
const selectRotations = planned<RotationRow>(rotationsIn('$1::bigint'));
const selectCurrentRotations = planned<RotationRow>(rotationsIn('(select max(generation) from logs)'));
