/** What has to be done before a person can be erased: things that would be left in the air without them. */
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as parcels from '../parcels/parcels.ts';
import type * as people from '../people/people.ts';
import { openReported } from '../reconciliation/reconciliation.ts';
import * as rosters from '../rosters/rosters.ts';

const REPORTED_MAX = 5_000;

/** Sentences for whoever asked; none when nothing stands in the way. A legal hold is asked about apart. */
export async function obstaclesOf(cloud: Cloud, tx: Tx, of: people.Standing): Promise<string[]> {
  const { person } = of;
  const inside = await parcels.insideOf(tx, person);
  const says = inside.map(
    ({ bank, compartment }) =>
      `A parcel is still behind door ${compartment} of ${bank}: it is collected, taken back or removed by staff first.`,
  );
  const open = await openReported(tx, { bank: undefined, limit: REPORTED_MAX });
  const theirs = await parcels.ofPerson(
    tx,
    open.flatMap(({ parcel }) => parcel ?? []),
    person,
  );
  if (theirs.length > 0)
    says.push('A discrepancy about one of their parcels is open: it is resolved on the page Count first.');
  const alarms = await parcels.alarmsAbout(tx, person);
  if (alarms.length > 0)
    says.push('An alarm about one of their parcels is open: it is ended on the page Attention first.');
  return [...says, ...(await ofStaff(cloud, tx, of))];
}

/** Couriers stand in a signed roster, which banks go by; administrators may be the ones who ask. */
async function ofStaff(cloud: Cloud, tx: Tx, { person, role, state }: people.Standing): Promise<string[]> {
  if (role === 'resident') return [];
  if (state === 'active')
    return [
      role === 'courier'
        ? 'They still work here: they are removed first, and then the next roster is signed.'
        : 'They still work here: they are removed first, by holdfast cloud admin-remove.',
    ];
  if (role !== 'courier') return [];
  const says: string[] = [];
  for (const { site } of await banks.sites(tx))
    if ((await rosters.current(tx, site))?.roster.couriers.some((one) => one.person === person))
      says.push('The roster in force still names them: the next roster is signed first.');
  if (await banks.hasSuspension(tx, person, cloud.clock.nowMs()))
    says.push('Banks are still asked to refuse them: that pause ends by itself within a day.');
  return says;
}
