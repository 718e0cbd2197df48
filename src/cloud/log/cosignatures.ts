/** What is kept of witnesses is verified when it comes, and again when it is handed on: a row is not a signature. */
import { readSignatures, splitLines, splitNote } from '../../ledger/log/signatures.ts';
import { parseVkey } from '../../ledger/log/vkey.ts';
import { TIME_MS_MAX } from '../../ledger/record.ts';
import type { Cloud } from '../deps.ts';
import type { CheckpointRow } from './store.ts';
import type { CosignatureRow } from './witness-store.ts';

/** Whether this is one line, over this checkpoint, of the witness and the time that its row names. */
export function isCosignature(
  note: string,
  { vkey, line, at_s: atS }: Omit<CosignatureRow, 'size'>,
): boolean {
  const [key, split, lines] = [parseVkey(vkey), splitNote(note), splitLines(line)];
  if (!key.ok || key.value.type !== 'cosignature' || !split.ok || !lines.ok) return false;
  if (lines.value.length !== 1) return false;
  const read = readSignatures(split.value.text, lines.value, [key.value]);
  return read.ok && read.value[0]?.atS === atS;
}

/** When a cosignature says that it was made, within what a calendar has (ECMA-262, section 21.4.1.1). */
export const momentOf = ({ at_s: atS }: Pick<CosignatureRow, 'at_s'>): number =>
  Math.min(atS * 1_000, TIME_MS_MAX);

/** Of `rows` those that cosign this checkpoint; an operator hears of one that says so and does not. */
export function cosignaturesOf(
  { log }: Pick<Cloud, 'log'>,
  { size, note }: Pick<CheckpointRow, 'size' | 'note'>,
  rows: readonly CosignatureRow[],
): CosignatureRow[] {
  return rows.filter((row) => {
    if (row.size !== size) return false;
    const isSound = isCosignature(note, row);
    if (!isSound) log.error('a cosignature that is kept does not verify and is left out', { size });
    return isSound;
  });
}
