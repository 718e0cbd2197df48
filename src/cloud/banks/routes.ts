/** What administrators see of banks and take out of use for hours, and the one route that a new bank calls. */
import { z } from 'zod';
import {
  bankDetail,
  banks as bankList,
  placeLift,
  placeSuspension,
  siteMap as siteMapPage,
} from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { enrolmentAnswer, enrolmentRequest } from '../../contract/uplink.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import { enrol } from './enrol.ts';
import { liftPlace, type Place, suspendPlace } from './suspended.ts';
import { detail, siteMap, summaries } from './views.ts';

const bankParams = z.strictObject({ id: z.string().max(64) });
const doorParams = bankParams.extend({ n: z.coerce.number().int().min(1).max(10_000) });

type Asked = Place & { by: PersonId; purpose: string };

async function suspendOnce(cloud: Cloud, tx: Tx, of: Asked & { hours: number }): Promise<void> {
  if ((await suspendPlace(cloud, tx, of)) === 'already')
    throw new HoldfastError('conflict', 'A suspension was asked for here already: lift it first.');
}

async function liftAsked(cloud: Cloud, tx: Tx, of: Asked): Promise<void> {
  if (!(await liftPlace(cloud, tx, of))) throw new HoldfastError('conflict', 'Nothing is suspended here.');
}

const suspending: Route[] = [
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/suspend',
    access: 'admin',
    says: 'Asks a bank to serve nobody, for some hours and at most 24.',
    schema: { params: bankParams, body: placeSuspension },
    handle: ({ cloud, actor, params, body: { hours, reason } }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        suspendOnce(cloud, tx, { bank: params.id, door: null, hours, by: actor.person, purpose: reason }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/lift',
    access: 'admin',
    says: 'Ends the suspension of a bank. Those of single doors stay.',
    schema: { params: bankParams, body: placeLift },
    handle: ({ cloud, actor, params, body: { reason } }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        liftAsked(cloud, tx, { bank: params.id, door: null, by: actor.person, purpose: reason }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/doors/:n/suspend',
    access: 'admin',
    says: 'Asks a bank to keep one door shut, for some hours and at most 24.',
    schema: { params: doorParams, body: placeSuspension },
    handle: ({ cloud, actor, params, body: { hours, reason } }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        suspendOnce(cloud, tx, { bank: params.id, door: params.n, hours, by: actor.person, purpose: reason }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/doors/:n/lift',
    access: 'admin',
    says: 'Ends the suspension of one door.',
    schema: { params: doorParams, body: placeLift },
    handle: ({ cloud, actor, params, body: { reason } }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        liftAsked(cloud, tx, { bank: params.id, door: params.n, by: actor.person, purpose: reason }),
      ),
  }),
];

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/banks',
    access: 'admin',
    glances: true,
    says: 'The banks of the organisation in the order in which they were registered, and how many doors are free.',
    schema: { query: pageQuery, response: bankList },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows: items, nextCursor } = await summaries(cloud, tx, query);
        return { items, nextCursor };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/banks/:id',
    access: 'admin',
    glances: true,
    says: 'One bank with each of its doors.',
    schema: { params: bankParams, response: bankDetail },
    async handle({ cloud, actor, params }) {
      const found = await cloud.database.read(actor.tenant, (tx) => detail(cloud, tx, params.id));
      if (!found) throw new HoldfastError('not-found', 'There is no such bank here.');
      return found;
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/map',
    access: 'admin',
    says: 'Every bank as its cabinet: what each door is used for, how it is sensed, and what is wrong with it.',
    schema: { query: pageQuery, response: siteMapPage },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows: items, nextCursor } = await siteMap(cloud, tx, query);
        return { items, nextCursor };
      }),
  }),
  route({
    method: 'POST',
    url: '/api/enrolments',
    access: 'bank',
    guarded: true,
    says: 'A new bank shows its one-time code and proves its key; it gets its client certificate.',
    schema: { body: enrolmentRequest, response: enrolmentAnswer },
    handle: ({ cloud, body }) => enrol(cloud, body),
  }),
  ...suspending,
];
