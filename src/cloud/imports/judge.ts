/**
 * What each row of a list would do to the people who are there. Somebody is the same person when flat and name are the
 * same, whatever the capitals, spaces, accents or the order of the names; or when name and a contact are the same and only
 * one of the list and one of the people can be meant: they have moved. What a list leaves empty it does not say, so it
 * takes nothing away; and nobody is removed because a list does not name them.
 */
import type { ALIKE, Caution, CHANGEABLE, Fault } from '../../contract/http/people-import.ts';
import { normalFlat } from '../../domain/scan.ts';
import type { Draft, Told } from './values.ts';

export type Known = {
  person: string;
  name: string;
  flat: string;
  email: string | null;
  phone: string | null;
  accessible: boolean;
};

const SHARED_MAX = 20;

export type Change = { field: (typeof CHANGEABLE)[number]; from: string | null; to: string };
type Warned = { caution: Caution; about: Known | null };

export type Judged =
  | { is: 'new'; cautions: Warned[] }
  | { is: 'same'; person: Known }
  | { is: 'change'; person: Known; changes: Change[]; cautions: Warned[] }
  | { is: 'duplicate'; of: number }
  | { is: 'bad'; fault: Fault };

export type Judgement = { rows: Map<number, Judged>; absent: Known[] };

/** The words of a name, compared without regard to how they are written or in which order. */
function foldedName(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  return words.length === 0 ? name : words.sort().join(' ');
}

export function sameKey({ name, flat }: { name: string; flat: string }): string {
  return `${normalFlat(flat)}\0${foldedName(name)}`;
}

export function judge(drafts: readonly Draft[], people: readonly Known[]): Judgement {
  const rows = new Map<number, Judged>();
  const claimed = new Set<string>();
  const byKey = grouped(people, sameKey);
  const left: Draft[] = [];
  for (const draft of once(drafts, rows)) {
    const found = byKey.get(sameKey(draft.told)) ?? [];
    for (const { person } of found) claimed.add(person);
    if (found.length === 0) left.push(draft);
    else rows.set(draft.row, asKnown(draft, found));
  }
  judgeOthers(left, { rows, claimed, people });
  return { rows, absent: people.filter(({ person }) => !claimed.has(person)) };
}

/** Each person of the list once; a later row for the same person is told which one said it first. */
function once(drafts: readonly Draft[], rows: Map<number, Judged>): Draft[] {
  const first = new Map<string, number>();
  return drafts.filter(({ row, told }) => {
    const key = sameKey(told);
    const of = first.get(key);
    if (of === undefined) first.set(key, row);
    else rows.set(row, { is: 'duplicate', of });
    return of === undefined;
  });
}

/** Somebody of that flat and name is there; with two of them, only the one who is exactly so can be meant. */
function asKnown(draft: Draft, found: readonly Known[]): Judged {
  const [only] = found;
  const person = found.find((one) => changesOf(draft.told, one).length === 0) ?? only;
  if (!person) throw new Error('somebody was found');
  const changes = changesOf(draft.told, person);
  if (changes.length === 0) return { is: 'same', person };
  if (found.length > 1) return { is: 'bad', fault: 'people-alike' };
  return { is: 'change', person, changes, cautions: warned(draft.cautions) };
}

type Rest = { rows: Map<number, Judged>; claimed: Set<string>; people: readonly Known[] };

function judgeOthers(left: readonly Draft[], { rows, claimed, people }: Rest): void {
  const unclaimed = people.filter(({ person }) => !claimed.has(person));
  const byName = grouped(unclaimed, ({ name }) => foldedName(name));
  const byFlat = grouped(unclaimed, ({ flat }) => normalFlat(flat));
  const movers = left.map((draft) => ({
    draft,
    may: (byName.get(foldedName(draft.told.name)) ?? []).filter((one) => shareContact(draft.told, one)),
  }));
  const wanted = new Map<string, number>();
  for (const { may } of movers)
    for (const { person } of may) wanted.set(person, (wanted.get(person) ?? 0) + 1);
  for (const { draft, may } of movers) {
    const [person] = may;
    if (person && may.length === 1 && wanted.get(person.person) === 1) {
      claimed.add(person.person);
      const flat: Change = { field: 'flat', from: person.flat, to: draft.told.flat };
      const changes = [flat, ...changesOf(draft.told, person)];
      rows.set(draft.row, { is: 'change', person, changes, cautions: warned(draft.cautions) });
      continue;
    }
    const renamed = (byFlat.get(normalFlat(draft.told.flat)) ?? []).find((one) =>
      shareContact(draft.told, one),
    );
    rows.set(draft.row, { is: 'new', cautions: cautionsOf(draft, { moved: person, renamed }) });
  }
}

function cautionsOf(draft: Draft, of: { moved: Known | undefined; renamed: Known | undefined }): Warned[] {
  const cautions = warned(draft.cautions);
  if (draft.told.email === null && draft.told.phone === null)
    cautions.push({ caution: 'contact-none', about: null });
  if (of.moved) cautions.push({ caution: 'perhaps-moved', about: of.moved });
  else if (of.renamed) cautions.push({ caution: 'perhaps-renamed', about: of.renamed });
  return cautions;
}

const warned = (cautions: readonly Caution[]): Warned[] =>
  cautions.map((caution) => ({ caution, about: null }));

function shareContact(told: Pick<Told, 'email' | 'phone'>, { email, phone }: Known): boolean {
  return (told.email !== null && told.email === email) || (told.phone !== null && told.phone === phone);
}

export type Alike = { why: (typeof ALIKE)[number]; older: Known; newer: Known };

/**
 * Residents who may be one person, by what a preview warns of, among those who are there: so it is seen after an import as
 * well, and until one of the two was removed or changed. In the order in which the older, then the newer was added.
 */
export function alikeAmong(people: readonly Known[]): Alike[] {
  const place = new Map(people.map(({ person }, at) => [person, at]));
  const found = new Map<string, Alike>();
  const groups = [
    grouped(people, sameKey),
    grouped(people, ({ email }) => email ?? ''),
    grouped(people, ({ phone }) => phone ?? ''),
  ];
  // Who gave no address or number shares it with nobody.
  for (const group of groups)
    for (const [key, those] of group)
      if (key !== '')
        for (const pair of pairsOf(those)) found.set(`${pair.older.person} ${pair.newer.person}`, pair);
  const at = (one: Known) => place.get(one.person) ?? 0;
  return [...found.values()].sort((a, b) => at(a.older) - at(b.older) || at(a.newer) - at(b.newer));
}

function pairsOf(those: readonly Known[]): Alike[] {
  // A whole house behind one number of its porter says nothing, and would be some thousand pairs.
  if (those.length > SHARED_MAX) return [];
  return those.flatMap((older, at) =>
    those.slice(at + 1).flatMap((newer): Alike[] => {
      const why = whyAlike(older, newer);
      return why === undefined ? [] : [{ why, older, newer }];
    }),
  );
}

function whyAlike(one: Known, other: Known): Alike['why'] | undefined {
  const isNamed = foldedName(one.name) === foldedName(other.name);
  const isFlat = normalFlat(one.flat) === normalFlat(other.flat);
  if (isNamed) return isFlat ? 'same' : shareContact(one, other) ? 'moved' : undefined;
  return isFlat && shareContact(one, other) ? 'renamed' : undefined;
}

/** What the list says and is not so. Name and flat are compared by what they mean, so they stand as they are. */
function changesOf({ email, phone, accessible }: Told, person: Known): Change[] {
  const changes: Change[] = [];
  if (email !== null && email !== person.email)
    changes.push({ field: 'email', from: person.email, to: email });
  if (phone !== null && phone !== person.phone)
    changes.push({ field: 'phone', from: person.phone, to: phone });
  if (accessible !== null && accessible !== person.accessible)
    changes.push({ field: 'accessible', from: String(person.accessible), to: String(accessible) });
  return changes;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
