/** Why a legal hold is placed or lifted: refused to who says it, and not by the record that it would not fit into. */
import { isWritten } from '../../contract/http/common.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { FIELD_LENGTH_MAX } from '../../domain/facts.ts';

/** As the record of the placing commits to it. */
export function purposeOfPlacing(of: { reason: string; untilMs: number | null }): string {
  const purpose = JSON.stringify({ reason: requireReason(of.reason), untilMs: of.untilMs });
  // Quotation marks, backslashes and ends of lines take two characters each there.
  if (purpose.length > FIELD_LENGTH_MAX)
    throw new HoldfastError(
      'input-invalid',
      'This reason is too long for its record: say it shorter, or with fewer quotation marks and lines.',
    );
  return purpose;
}

export function requireReason(reason: string): string {
  if (!isWritten(reason))
    throw new HoldfastError('input-invalid', 'A reason is text without control characters.');
  return reason;
}
