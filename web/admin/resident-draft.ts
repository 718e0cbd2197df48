/** What an administrator types about a resident; `residentAdd` of the contract is the law for it. */
import { isTypeable } from '../../src/domain/flat.ts';
import type { PersonRow, ResidentAdd } from './session.ts';

export type ResidentDraft = { name: string; flat: string; email: string; phone: string; accessible: boolean };
export type DraftProblem = 'needed' | 'too-long' | 'flat-untypeable' | 'email-shape' | 'phone-shape';
type DraftProblems = Partial<Record<'name' | 'flat' | 'email' | 'phone', DraftProblem>>;

export const NAME_LENGTH_MAX = 120;
export const FLAT_LENGTH_MAX = 40;
const EMAIL_LENGTH_MAX = 200;

/** Looser than the server's own check, which has the last word; it catches what a hurried hand leaves out. */
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const PHONE = /^\+[1-9][0-9]{6,14}$/;

export const EMPTY_DRAFT: ResidentDraft = { name: '', flat: '', email: '', phone: '', accessible: false };

export function draftOf(person: PersonRow): ResidentDraft {
  const { name, accessible } = person;
  return { name, flat: person.flat ?? '', email: person.email ?? '', phone: person.phone ?? '', accessible };
}

/** What is sent: trimmed, a number without the spaces that people write into it, nothing as null. */
export function residentOf(draft: ResidentDraft): ResidentAdd {
  const phone = draft.phone.replaceAll(/[\s().-]/g, '');
  return {
    name: draft.name.trim(),
    flat: draft.flat.trim(),
    email: draft.email.trim() || null,
    phone: phone || null,
    accessible: draft.accessible,
  };
}

/**
 * What differs from what stood there when the form was opened, and nothing else: what somebody changed meanwhile, the
 * resident themselves or a colleague, is not put back by whoever never touched it.
 */
export function changesOf(person: PersonRow, given: ResidentAdd): Partial<ResidentAdd> {
  const before = residentOf(draftOf(person));
  const fields = Object.keys(given) as (keyof ResidentAdd)[];
  return Object.fromEntries(
    fields.filter((field) => given[field] !== before[field]).map((field) => [field, given[field]]),
  );
}

/**
 * Of a person who is there already only what is changed: what stays is not sent, and may be of an older rule than what
 * is asked for today.
 */
export function problemsOf(given: ResidentAdd, person: PersonRow | null = null): DraftProblems {
  const sent = person ? changesOf(person, given) : given;
  return Object.fromEntries(Object.entries(allProblemsOf(given)).filter(([field]) => field in sent));
}

function allProblemsOf({ name, flat, email, phone }: ResidentAdd): DraftProblems {
  const problems: DraftProblems = {};
  if (name === '') problems.name = 'needed';
  else if (name.length > NAME_LENGTH_MAX) problems.name = 'too-long';
  if (flat === '') problems.flat = 'needed';
  else if (flat.length > FLAT_LENGTH_MAX) problems.flat = 'too-long';
  else if (!isTypeable(flat)) problems.flat = 'flat-untypeable';
  if (email !== null && (email.length > EMAIL_LENGTH_MAX || !EMAIL.test(email)))
    problems.email = 'email-shape';
  if (phone !== null && !PHONE.test(phone)) problems.phone = 'phone-shape';
  return problems;
}
