/** People and couriers, as administrators keep them. */
import { z } from 'zod';
import {
  courierAdd,
  couriers as courierList,
  courierRow,
  people as peoplePage,
  personRow,
  residentAdd,
  residentPost,
  suspension,
} from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import * as couriers from '../couriers/couriers.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import * as people from '../people/people.ts';
import * as signin from '../signin/signin.ts';

const idParams = z.strictObject({ id: z.string().max(64) });
const roleQuery = pageQuery.extend({
  role: z.enum(['resident', 'courier', 'admin', 'super-admin']).optional(),
});
const residentPatch = residentAdd.extend({ accessible: z.boolean() }).partial();

function rowOf({ person, role, site, profile }: people.Person): z.infer<typeof personRow> {
  const { name, flat, email, phone, accessible } = profile;
  return { id: person, role, name, flat, email, phone, accessible, site };
}

/** The site that was asked for. It need not be said where there is one, and is never guessed where there are several. */
export async function siteOf(tx: Tx, asked: string | undefined): Promise<SiteId> {
  const sites = await banks.sites(tx);
  const [first] = sites;
  if (!first) throw new HoldfastError('conflict', 'There is no site yet.');
  const found = asked === undefined && sites.length === 1 ? first : sites.find(({ site }) => site === asked);
  if (found) return found.site;
  const says =
    asked === undefined
      ? 'Say at which site: this organisation has several.'
      : 'There is no site here by that id.';
  const expected = sites.map(({ site, name }) => `${site} (${name})`).join(' or ');
  throw new HoldfastError('input-invalid', says, { fields: [{ path: 'body/site', expected }] });
}

export async function peopleChanged(cloud: Cloud, tx: Tx, site: SiteId | null): Promise<void> {
  if (site) await cloud.tellBanks(tx, site);
  await cloud.changed(tx, ['people']);
}

type Remove = { id: string; by: { person: people.Person['person']; role: 'admin' | 'super-admin' } };

async function removePerson(cloud: Cloud, tx: Tx, { id, by }: Remove): Promise<void> {
  const found = await people.requirePerson(cloud, tx, id);
  const isAdmin = found.role === 'admin' || found.role === 'super-admin';
  if (isAdmin && by.role !== 'super-admin')
    throw new HoldfastError('not-allowed', 'Only a super-admin removes administrators.', {
      reason: 'role-may-not',
    });
  if (found.person === by.person)
    throw new HoldfastError(
      'conflict',
      'Nobody removes themselves; somebody else has to be able to undo it.',
    );
  if (found.role === 'courier')
    return await couriers.remove(cloud, tx, { courier: id, by: by.person, purpose: 'removed' });
  await people.removePerson(cloud, tx, id, by.person);
  await signin.endAllOf(cloud, tx, found.person);
  await peopleChanged(cloud, tx, found.site);
}

const peopleRoutes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/people',
    access: 'admin',
    glances: true,
    says: 'People, in the order in which they were added.',
    schema: { query: roleQuery, response: peoplePage },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const asked = { role: query.role ?? null, asked: query };
        const [{ rows, nextCursor }, sites] = await Promise.all([
          people.listPeople(cloud, tx, asked),
          banks.sites(tx),
        ]);
        return {
          items: rows.map(rowOf),
          nextCursor,
          sites: sites.map(({ site, name }) => ({ id: site, name })),
        };
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/people',
    access: 'admin',
    status: 201,
    says: 'Adds a resident, to the site that is named where there are several.',
    schema: { body: residentPost, response: personRow },
    handle: ({ cloud, actor, body: { site: asked, ...resident } }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const site = await siteOf(tx, asked);
        const person = await people.addResident(cloud, tx, { ...resident, site, by: actor.person });
        await peopleChanged(cloud, tx, site);
        return rowOf(await people.requirePerson(cloud, tx, person));
      }),
  }),
  route({
    method: 'PATCH',
    url: '/api/admin/people/:id',
    access: 'admin',
    says: "Changes a resident's data; with another mail address their sessions and links end.",
    schema: { params: idParams, body: residentPatch, response: personRow },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const found = await people.requireForChange(cloud, tx, params.id);
        if (found.role !== 'resident')
          throw new HoldfastError('conflict', 'Only the data of residents is changed here.');
        const after = await signin.patchPerson(cloud, tx, params.id, { ...body, by: actor.person });
        await peopleChanged(cloud, tx, found.site);
        return rowOf(after);
      }),
  }),
  route({
    method: 'DELETE',
    url: '/api/admin/people/:id',
    access: 'admin',
    says: 'Removes a person; their sessions end at once.',
    schema: { params: idParams },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, (tx) => removePerson(cloud, tx, { id: params.id, by: actor })),
  }),
];

const courierRoutes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/couriers',
    access: 'admin',
    says: 'Couriers and where they stand, in the order in which they were added, and all carriers.',
    schema: { query: pageQuery, response: courierList },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows: items, nextCursor } = await couriers.standings(cloud, tx, query);
        const carriers = (await people.carriers(tx)).map(({ carrier, name }) => ({ id: carrier, name }));
        return { items, nextCursor, carriers };
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/couriers',
    access: 'admin',
    status: 201,
    says: 'Adds a courier; banks know them once the next roster is signed.',
    schema: { body: courierAdd, response: courierRow },
    handle: ({ cloud, actor, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const person = await couriers.add(cloud, tx, { ...body, by: actor.person });
        const added = await couriers.standing(cloud, tx, person);
        if (!added) throw new Error('a courier just added has a standing');
        return added;
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/couriers/:id/suspend',
    access: 'admin',
    says: 'Pauses a courier at every bank, at once and for less than 24 hours.',
    schema: { params: idParams, body: suspension },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        couriers.suspend(cloud, tx, { courier: params.id, by: actor.person, purpose: body.reason }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/couriers/:id/lift',
    access: 'admin',
    says: "Ends a courier's pause.",
    schema: { params: idParams, body: suspension },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        couriers.lift(cloud, tx, { courier: params.id, by: actor.person, purpose: body.reason }),
      ),
  }),
  route({
    method: 'DELETE',
    url: '/api/admin/couriers/:id',
    access: 'admin',
    says: 'Pauses a courier at once, and leaves them out of the next roster.',
    schema: { params: idParams },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        couriers.remove(cloud, tx, { courier: params.id, by: actor.person, purpose: 'removed' }),
      ),
  }),
];

export const routes: Route[] = [...peopleRoutes, ...courierRoutes];
