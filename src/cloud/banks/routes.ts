/** What administrators see of banks, and the one route that a new bank calls. */
import { z } from 'zod';
import { bankDetail, banks as bankList, siteMap as siteMapPage } from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { enrolmentAnswer, enrolmentRequest } from '../../contract/uplink.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type Route, route } from '../http/http.ts';
import { enrol } from './enrol.ts';
import { detail, siteMap, summaries } from './views.ts';

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
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: bankDetail },
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
];
