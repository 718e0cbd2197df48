/** What witnesses said of a log's checkpoints, verified anew, and which of these readers are given. */
import { type CheckpointRow, isCosignature, type LogRow } from '../log/log.ts';
import type { Auditing } from './journals.ts';

export type Cosigned = {
  log: LogRow;
  /** Oldest first: all that there are beyond `above`, up to the last of them. */
  checkpoints: readonly CheckpointRow[];
  above: number;
  /** Whether there are none behind them. */
  isLast: boolean;
};

/**
 * Each row is one line over the checkpoint that is kept, of the witness that it names. Whether that one is still asked,
 * or ever was, is not: a reader counts those whom their own policy names.
 */
export async function auditCosignatures(
  { rows, findings }: Auditing,
  { log, checkpoints, above, isLast }: Cosigned,
): Promise<void> {
  const { generation, origin, shown_size: shown } = log;
  const last = checkpoints.at(-1)?.size ?? above;
  const upTo = isLast ? Number.MAX_SAFE_INTEGER : last;
  const notes = new Map(checkpoints.map(({ size, note }) => [size, note]));
  for (const row of await rows.cosignatures(generation, { above, upTo })) {
    const { size, vkey } = row;
    const note = notes.get(size);
    if (note !== undefined && isCosignature(note, row)) continue;
    const where = `${origin} checkpoint ${size}`;
    findings.add(
      'checkpoints',
      where,
      `${vkey} is said to have cosigned it, and has not`,
      Math.max(0, size - 1),
    );
  }
  if (shown > above && shown <= upTo && !notes.has(shown))
    findings.add(
      'checkpoints',
      origin,
      `readers are given ${shown} entries, and no such checkpoint is kept`,
      shown,
    );
}
