/** With another layout a code would open somebody else's door, so a bank keeps the one that it began with. */
import { HoldfastError } from '../domain/errors.ts';
import { parseRecord } from '../ledger/record.ts';

/** The first transaction of a bank has two records, and the second says how it was commissioned. */
const COMMISSIONED_SEQ = 2;

type Begun = { tip: { lastSeq: number }; recordsUpTo(last: number): Uint8Array[] };

/** Throws `conflict` where the journal began with another layout than the one of `layoutHash`. */
export function requireSameLayout(journal: Begun, of: { layoutHash: string; file: string }): void {
  if (journal.tip.lastSeq === 0) return;
  const isSame = journal.recordsUpTo(COMMISSIONED_SEQ).some((bytes) => {
    const parsed = parseRecord(bytes);
    return parsed.ok && parsed.record.facts.layout === of.layoutHash;
  });
  if (isSame) return;
  throw new HoldfastError(
    'conflict',
    `the layout in ${of.file} is another than the one that this bank was commissioned with; put the old file back, or commission the cabinet anew in an empty folder`,
  );
}
