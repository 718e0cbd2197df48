/**
 * Changing what is known of a person, on every road: by hand, from a list, or by themselves. With another mail address
 * ends what was signed in by the one before: links were sent there, and whoever reads there may have followed one.
 */
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import { endAllOf } from './sessions.ts';

export async function patchPerson(
  cloud: Cloud,
  tx: Tx,
  person: string,
  patch: people.ProfilePatch & { by: people.By },
): Promise<people.Person> {
  const before = await people.requireForChange(cloud, tx, person);
  const after = await people.patchPerson(cloud, tx, person, patch);
  if (after.profile.email !== before.profile.email) await endAllOf(cloud, tx, before.person);
  return after;
}
