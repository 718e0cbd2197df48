/**
 * Couriers: pausing and removing them, and their own app. Taking a right away takes effect at once, as a
 * suspension that every bank is asked for, and for good with the next signed roster.
 */
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';
import * as signin from '../signin/signin.ts';
import { routes } from './routes.ts';

export { type Standing, standing, standings } from './standing.ts';

type Act = { courier: string; by: PersonId; purpose: string };

export async function add(cloud: Cloud, tx: Tx, of: people.NewCourier): Promise<PersonId> {
  const person = await people.addCourier(cloud, tx, of);
  await redraft(cloud, tx, of.by);
  return person;
}

export async function suspend(cloud: Cloud, tx: Tx, { courier, by, purpose }: Act): Promise<void> {
  const { person } = await activeCourier(tx, courier);
  await pause(cloud, tx, { person, by, purpose });
  await redraft(cloud, tx, by);
}

async function pause(
  cloud: Cloud,
  tx: Tx,
  of: { person: PersonId; by: PersonId; purpose: string },
): Promise<void> {
  const untilMs = cloud.clock.nowMs() + banks.SUSPENSION_MS;
  for (const { site } of await banks.sites(tx)) {
    await banks.suspend(cloud, tx, {
      site,
      scope: 'courier',
      subject: of.person,
      compartment: null,
      untilMs,
      by: of.by,
      purpose: of.purpose,
    });
  }
  await people.setSuspendedUntil(tx, of.person, untilMs);
}

export async function lift(cloud: Cloud, tx: Tx, { courier, by, purpose }: Act): Promise<void> {
  const { person } = await activeCourier(tx, courier);
  const nowMs = cloud.clock.nowMs();
  let lifted = 0;
  for (const { site } of await banks.sites(tx)) {
    // Of the whole site, which no bank's name stands for.
    const open = await banks.suspensionsOf(tx, { site, bank: '', nowMs });
    for (const { id, scope, subject } of open) {
      if (scope === 'courier' && subject === person && (await banks.lift(cloud, tx, { id, by, purpose })))
        lifted++;
    }
  }
  if (lifted === 0) throw new HoldfastError('conflict', 'This courier is not suspended.');
  await people.setSuspendedUntil(tx, person, null);
  await redraft(cloud, tx, by);
}

export async function remove(cloud: Cloud, tx: Tx, { courier, by, purpose }: Act): Promise<void> {
  const { person } = await activeCourier(tx, courier);
  await pause(cloud, tx, { person, by, purpose });
  await people.removePerson(cloud, tx, person, by);
  await signin.endAllOf(cloud, tx, person);
  await redraft(cloud, tx, by);
}

async function activeCourier(tx: Tx, courier: string): Promise<people.CourierRow> {
  const found = await people.courier(tx, courier);
  if (!found?.active) throw new HoldfastError('not-found', 'There is no courier here by that id.');
  return found;
}

async function redraft(cloud: Cloud, tx: Tx, by: people.By): Promise<void> {
  for (const { site } of await banks.sites(tx)) await rosters.draft(cloud, tx, site, by);
  await cloud.changed(tx, ['couriers', 'people', 'rosters']);
}

export const couriers = { routes } satisfies Noun;
