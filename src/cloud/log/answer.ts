/**
 * What an answer of a witness comes to (C2SP tlog-witness, section "add-checkpoint"). Nothing here is believed: a
 * cosignature is verified before anybody keeps it, and a size only decides what is asked next.
 */
import type { WitnessError } from '../../contract/http/witnesses.ts';
import { addCosignatures } from '../../ledger/log/checkpoint.ts';
import { readDecimal } from '../../ledger/log/numbers.ts';
import type { LogRefusal } from '../../ledger/log/refusals.ts';
import type { LogKey } from '../../ledger/log/vkey.ts';
import type { Answered, Unanswered } from './ask.ts';

export type Said =
  | { is: 'cosigned'; line: string; atS: number }
  /** It remembers another size than we thought. */
  | { is: 'elsewhere'; size: number }
  | { is: 'failed'; error: WitnessError };

export type Sent = { note: string; size: number; oldSize: number; witness: LogKey; nowMs: number };

/**
 * A cosignature says when it was made (C2SP tlog-cosignature). One from far ahead of our clock is of a clock that is
 * wrong, or meant to be shown as a moment that no calendar has.
 */
const AHEAD_S_MAX = 86_400;

export function readAnswer(answer: Answered | Unanswered, sent: Sent): Said {
  if (typeof answer === 'string') return failed(answer);
  const { status, body } = answer;
  if (status === 200) return readCosignature(body, sent);
  if (status === 409) return readSize(body, sent);
  if (status === 422) return failed('conflict');
  if (status === 404) return failed('log-unknown');
  if (status === 403) return failed('key-unknown');
  if (status >= 300 && status <= 399) return failed('redirected');
  return failed(status === 429 || status >= 500 ? 'unavailable' : 'refused');
}

/** Lines of other keys are ignored, as the standard asks; a line of this key has to be over this very checkpoint. */
function readCosignature(answer: string, { note, witness, nowMs }: Sent): Said {
  const read = addCosignatures(note, { answer, witnesses: [witness] });
  if (!read.ok) return failed(isOfSignature(read.reason) ? 'signature-wrong' : 'answer-malformed');
  const [added] = read.value.added;
  if (added?.atS === undefined || added.atS === null) return failed('signature-missing');
  if (added.atS > nowMs / 1_000 + AHEAD_S_MAX) return failed('signature-wrong');
  return { is: 'cosigned', line: read.value.note.slice(note.length), atS: added.atS };
}

function isOfSignature(reason: LogRefusal): boolean {
  return reason === 'signature-wrong' || reason === 'cosignature-time-wrong';
}

function readSize(body: string, { size, oldSize }: Sent): Said {
  const remembered = body.endsWith('\n') ? readDecimal(body.slice(0, -1)) : undefined;
  if (!remembered?.ok) return failed('answer-malformed');
  // The size that we named is right, and it is a conflict all the same: the roots differ. Some witnesses say so by 409
  // and others by 422.
  if (remembered.value === oldSize) return failed(oldSize === size ? 'conflict' : 'answer-malformed');
  return { is: 'elsewhere', size: remembered.value };
}

function failed(error: WitnessError): Said {
  return { is: 'failed', error };
}
