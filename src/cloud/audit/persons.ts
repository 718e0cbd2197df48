/** The cloud's own records of what persons did about a bank, and for which row each of them stands. */
import type { CommittedField } from '../../domain/facts.ts';
import type { Said } from './journals.ts';

/** So far apart may two readings of the cloud's clock in one transaction be. */
export const SAME_MOMENT_MS = 10_000;

/** Whether a record says this in a field that it commits to. What does not open any more may say anything. */
export function isSaid({ record, fields }: Said, field: CommittedField, value: unknown): boolean {
  if (record.commitments[field] === undefined) return value === null;
  const opened = fields[field];
  return opened === undefined || opened === value;
}

/** Whether it names this bank. Records of before named none, and fit any; so does one whose name does not open. */
function isNamed(said: Said, bank: string): boolean {
  return said.record.commitments.subject === undefined || isSaid(said, 'subject', bank);
}

export type Of = { bank: string; compartment: unknown; atMs: unknown };

/** Those that may stand for a row of this bank and door at this moment, the likeliest first: it names the bank, or is nearest. */
function nearest(list: readonly Said[], { bank, compartment, atMs }: Of): Said[] {
  if (typeof atMs !== 'number') return [];
  const rank = (said: Said) => (said.fields.subject === bank ? 0 : SAME_MOMENT_MS) + apart(said);
  const apart = ({ record }: Said) => Math.abs(atMs - record.time.atMs);
  return list
    .filter(
      (said) =>
        apart(said) <= SAME_MOMENT_MS &&
        (said.record.compartment ?? null) === compartment &&
        isNamed(said, bank),
    )
    .sort((a, b) => rank(a) - rank(b));
}

/** The record that stands for such a row, which then stands for no other. */
export function takeSaid(list: readonly Said[], of: Of, fits: (said: Said) => boolean): Said | undefined {
  const taken = nearest(
    list.filter(({ isUsed }) => !isUsed),
    of,
  ).find(fits);
  if (taken) taken.isUsed = true;
  return taken;
}

/** Where to look when none stands for it. */
export const likeliest = (list: readonly Said[], of: Of): Said | undefined => nearest(list, of)[0];
