/** What the journal says of people: added, changed, removed. */
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';

/** Who did it, for the record; null when the installation itself did. */
export type By = PersonId | null;

export type PersonRecord = {
  kind: 'person.added' | 'person.changed' | 'person.removed';
  facts: Record<string, string | boolean>;
  person: PersonId;
  by: By;
  purpose?: string | undefined;
};

export async function record(cloud: Cloud, tx: Tx, of: PersonRecord): Promise<void> {
  await cloud.journal.recordAll(tx, [recordOf(of)]);
}

export function recordOf({ kind, facts, person, by, purpose }: PersonRecord) {
  const owners = { subject: person, ...(by === null ? {} : { person: by }) };
  if (purpose === undefined) return { draft: { kind, facts, fields: owners }, owners };
  // Why somebody left is about them, and forgotten with them.
  return { draft: { kind, facts, fields: { ...owners, purpose } }, owners: { ...owners, purpose: person } };
}
