/** Where couriers stand: what the desired state says of them, and what the banks have taken over of it. */
import type { z } from 'zod';
import type { courierRow } from '../../contract/http/admin.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';

export type Standing = z.infer<typeof courierRow>;

type Named = { signed: ReadonlySet<PersonId>; applied: ReadonlySet<PersonId> };

/** Everybody who is a courier, or still is one in a signed roster, in the order in which they were added. */
export async function standings(cloud: Cloud, tx: Tx, asked: PageAsked): Promise<Page<Standing>> {
  const named = await namedCouriers(tx);
  const { rows, nextCursor } = await pageOf<people.CourierRow>(cloud, tx, {
    name: 'couriers',
    asked,
    read: (after, limit) =>
      people.couriersFrom(tx, { also: [...named.signed], afterOrd: Number(after?.[0] ?? 0), limit }),
    position: ({ ord }) => [ord],
  });
  return { rows: await shown(cloud, tx, { rows, named }), nextCursor };
}

export async function standing(cloud: Cloud, tx: Tx, person: PersonId): Promise<Standing | undefined> {
  const named = await namedCouriers(tx);
  const rows = await people.couriersFrom(tx, {
    also: [...named.signed],
    only: person,
    afterOrd: 0,
    limit: 1,
  });
  return (await shown(cloud, tx, { rows, named }))[0];
}

async function shown(
  cloud: Cloud,
  tx: Tx,
  { rows, named }: { rows: readonly people.CourierRow[]; named: Named },
): Promise<Standing[]> {
  const ids = rows.map((courier) => courier.person);
  const [known, persons] = await Promise.all([people.carriers(tx), people.findPersons(cloud, tx, ids)]);
  const carriers = new Map(known.map(({ carrier, name }) => [carrier, name]));
  const items: Standing[] = [];
  for (const courier of rows) {
    items.push({
      id: courier.person,
      name: persons.get(courier.person)?.profile.name ?? '',
      carrier: carriers.get(courier.carrier) ?? '',
      state: stateOf(courier, named, cloud.clock.nowMs()),
      suspendedUntilMs: courier.suspendedUntilMs,
    });
  }
  return items;
}

function stateOf(courier: people.CourierRow, named: Named, nowMs: number): Standing['state'] {
  if (!courier.active) return 'removed';
  if ((courier.suspendedUntilMs ?? 0) > nowMs) return 'suspended';
  return named.applied.has(courier.person) ? 'active' : 'waiting-for-roster';
}

/** Whom the last signed roster of any site names, and whom every bank of every site already knows. */
async function namedCouriers(tx: Tx): Promise<Named> {
  const signed = new Set<PersonId>();
  let applied: Set<PersonId> | undefined;
  for (const { site } of await rosters.sites(tx)) {
    for (const courier of (await rosters.current(tx, site))?.roster.couriers ?? [])
      signed.add(courier.person);
    const versions = (await banks.banksOf(tx, site)).map((bank) => bank.roster.applied);
    const roster =
      versions.length === 0 ? undefined : await rosters.verifiedRoster(tx, site, Math.min(...versions));
    const known = new Set(roster?.couriers.map((courier) => courier.person));
    applied = new Set([...(applied ?? known)].filter((person) => known.has(person)));
  }
  return { signed, applied: applied ?? new Set() };
}
